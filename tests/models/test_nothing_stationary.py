"""Both operands stream: all multipliers are busy, for two elements a product."""

from fractions import Fraction

import pytest

from dotforge_sim.models import nothing_stationary
from dotforge_sim.models.errors import ModelError
from dotforge_sim.models.operands import of_gemm
from dotforge_sim.models.workloads import Gemm, paper_workloads


def test_fig_4e() -> None:
    """A product of 32 useful pairs on 16 multipliers: two cycles, and 32 elements a cycle."""
    found = nothing_stationary.count(of_gemm(Gemm("", 4, 4, 2)), 16)
    assert (found.loading, found.streaming, found.add) == (0, 2, 4)
    assert found.compute_efficiency == 1
    assert nothing_stationary.bandwidth(16) == 32


def test_less_bandwidth_takes_as_many_more_cycles() -> None:
    product = of_gemm(Gemm("", 64, 64, 64, Fraction(1, 5), Fraction(7, 10)))
    whole = nothing_stationary.count(product, 64)
    half = nothing_stationary.count(product, 64, 64)
    assert half.streaming == pytest.approx(2 * whole.streaming, abs=1)
    assert nothing_stationary.count(product, 64, 1000).streaming == whole.streaming


def test_the_papers_workloads_keep_all_multipliers_busy() -> None:
    for gemm in paper_workloads():
        found = nothing_stationary.count(of_gemm(gemm), 16_384)
        assert (found.compute_efficiency or 0) > 0.99 or found.streaming < 100


@pytest.mark.parametrize("wrong", [0, 1, 12])
def test_wrong_multipliers(wrong: int) -> None:
    with pytest.raises(ModelError, match="powers of two"):
        nothing_stationary.count(of_gemm(Gemm("", 2, 2, 2)), wrong)


def test_negative_bandwidth() -> None:
    with pytest.raises(ModelError, match="0 or more"):
        nothing_stationary.count(of_gemm(Gemm("", 2, 2, 2)), 4, -1)
