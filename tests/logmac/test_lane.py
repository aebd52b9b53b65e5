"""The shift-add lane on every weight code and every activation."""

import numpy as np
import pytest

from dotforge.engines.logmac.lane import ShiftAddLane
from dotforge.export.verilog import convert
from dotforge.formats.exponent import parse_code
from dotforge_golden.logmac import weight_code
from dotforge_sim.simulator.cosim import evaluate
from dotforge_sim.simulator.words import signed


@pytest.mark.parametrize("fold_sign", [False, True])
@pytest.mark.parametrize("name", ["dally3", "exponent:-6:0", "exponent:0:0", "exponent:-4:0"])
@pytest.mark.parametrize("activation_bits", [2, 4, 8])
def test_every_product(activation_bits: int, name: str, fold_sign: bool) -> None:
    code, golden = parse_code(name), weight_code(name)
    lane = ShiftAddLane(activation_bits=activation_bits, code=code, fold_sign=fold_sign)
    design = convert(lane)
    words = np.arange(2**activation_bits)
    activation, weight = (grid.ravel() for grid in np.meshgrid(words, np.arange(2**code.bits)))
    found = evaluate(design.verilog, design.top, design.ports, {"activation": activation, "weight": weight})
    product = signed(found["product"], activation_bits + code.max_shift)
    number = activation - ((activation >> (activation_bits - 1)) << activation_bits)
    value = np.array(golden.values)[weight]
    wanted = number * value
    added = np.where(value < 0, -value, 0) if fold_sign else found["negative"]
    assert len(product) == 2 ** (activation_bits + code.bits)
    assert np.array_equal(product.astype(np.int64) + added, wanted)
