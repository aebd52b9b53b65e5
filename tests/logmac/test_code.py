"""Weight codes: the hardware's, golden's and the paper's are the same table."""

from fractions import Fraction

import numpy as np
import pytest

from dotforge.formats.exponent import DALLY3, parse_code
from dotforge_golden.logmac import weight_code

NAMES = ["dally3", "exponent:-6:0", "exponent:-2:2", "exponent:0:0", "exponent:-15:0", "exponent:3:5"]


def test_the_papers_eight_values() -> None:
    assert DALLY3.bits == 3
    values = sorted(DALLY3.value(code) for code in range(8))
    assert values == [Fraction(n, 8) for n in (-8, -4, -2, 0, 1, 2, 4, 8)]


@pytest.mark.parametrize("name", NAMES)
def test_golden_has_the_same_table(name: str) -> None:
    code, golden = parse_code(name), weight_code(name)
    assert code.bits == golden.bits
    assert [float(code.value(word)) for word in range(2**code.bits)] == list(
        golden.decode(np.arange(2**code.bits))
    )


@pytest.mark.parametrize("name", NAMES)
def test_golden_encodes_what_it_decodes(name: str) -> None:
    golden = weight_code(name)
    weights = golden.decode(np.arange(2**golden.bits))
    codes, errors = golden.encode(weights)
    assert np.array_equal(golden.decode(codes), weights)
    assert not errors.any()


def test_golden_rounds_to_the_nearest_weight() -> None:
    golden = weight_code("dally3")
    wanted = np.array([0.3, 0.375, -0.1, -0.2, 5.0, -7.0, 0.0624, 0.0625, -0.125])
    codes, errors = golden.encode(wanted)
    assert list(golden.decode(codes)) == [0.25, 0.25, 0.0, -0.25, 1.0, -1.0, 0.0, 0.0, 0.0]
    assert np.allclose(wanted + errors, golden.decode(codes))


@pytest.mark.parametrize(
    "name", ["", "dally4", "exponent:1", "exponent:2:1", "exponent:-9:9", "exponent:90:91", "exponent:a:b"]
)
def test_refuses_other_names(name: str) -> None:
    with pytest.raises(ValueError, match=r"allowed|must not"):
        parse_code(name)
