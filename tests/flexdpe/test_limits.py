"""What a product waits for is named: streaming, loading, routes or sums."""

from typing import Any

import numpy as np
import pytest

from dotforge.registry import configure
from dotforge_golden import flexdpe as golden
from dotforge_sim.models import flexdpe as model
from dotforge_sim.models.flexdpe_plan import Plan, Side
from dotforge_sim.models.flexdpe_timing import Timing

SEED = 11


def spent(parameters: dict[str, Any], rows: int, inner: int, vectors: int, density: float) -> dict[str, int]:
    """Return what the cycles of a random product are spent on; all of them are."""
    _, config = configure("flexdpe", {"optimize": "none", **parameters})
    made = {name: getattr(config, name) for name in config.__dataclass_fields__}
    random, timing = np.random.default_rng(SEED), Timing.of(made)
    print("seed", SEED)
    sides = [
        Side.of_bits(random.random((count, inner)) < density, timing.window) for count in (rows, vectors)
    ]
    plan = Plan(sides[0], sides[1], golden.Arithmetic(), timing.lanes, timing.window, timing.bandwidth)
    found, (cycles, _) = model.spent(made, plan), model.exact_plan(made, plan)
    assert sum(found.values()) == cycles.total
    assert found["streaming"] == cycles.streaming
    return found


@pytest.mark.parametrize(
    ("parameters", "shape", "limit"),
    [
        # A router of one walker takes about N log2 N cycles a fold, and vectors are few.
        ({"lanes": 64, "distribution": "multicast-benes"}, (64, 64, 16), "routes"),
        ({"lanes": 16, "distribution": "crossbar"}, (16, 16, 400), "streaming"),
        # One value a beat into 64 lanes, and a vector or two.
        (
            {"lanes": 64, "distribution": "multicast-benes", "stationary_bandwidth": 1, "host_routes": True},
            (64, 64, 2),
            "loading",
        ),
        # A fold of one vector drains through a chain of adders.
        (
            {"lanes": 64, "reduction": "linear", "host_routes": True, "stationary_bandwidth": 64},
            (4, 64, 1),
            "sums",
        ),
    ],
)
def test_the_limit_is_named(parameters: dict[str, Any], shape: tuple[int, int, int], limit: str) -> None:
    found = spent(parameters, *shape, 0.9)
    assert max(found, key=lambda name: found[name]) == limit, found


@pytest.mark.parametrize("distribution", ["crossbar", "multicast-benes"])
@pytest.mark.parametrize("change", ["overlap", "drain"])
@pytest.mark.parametrize("registered", [False, True])
def test_every_cycle_is_spent_on_something(distribution: str, change: str, registered: bool) -> None:
    for lanes, window, buffer in ((8, 4, 0), (16, 16, 16)):
        parameters = {
            "lanes": lanes,
            "window": window,
            "row_buffer": buffer,
            "distribution": distribution,
            "fold_change": change,
            "control_pipeline": registered,
        }
        found = spent(parameters, 24, 30, 9, 0.4)
        assert min(found.values()) >= 0
        assert found["streaming"] > 0
