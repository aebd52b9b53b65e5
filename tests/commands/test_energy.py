"""Energy: the figures that the documents print, recomputed, and a product by hand."""

import json
from fractions import Fraction
from typing import Any

import pytest

from dotforge.export.design import from_parameters
from dotforge.synthesis.synth import synthesize
from dotforge_sim.models.arithmetic_chain import chain
from dotforge_sim.models.energy import Levels, mac_energy, of_product, scale
from dotforge_sim.models.errors import ModelError
from dotforge_sim.models.operands import of_gemm
from dotforge_sim.models.workloads import Gemm

#: Figure → what the paper prints, to within how much of it.
PRINTED = {
    "weight_bits": (442_368, 0),
    "activation_bits": (33.2e6, 0.005),
    "weight_reuse": (32e3, 0.02),
    "activation_reuse": (1.2e3, 0.05),
    "layer_operations": (4.78e9, 0.001),
    "layer_energy": (48e-6, 0.005),
    "network_operations": (96e9, 0.005),
    "network_energy": (1e-3, 0.05),
    "network_power": (30e-3, 0.05),
    "tile_flops": (512 * 1024, 0),
    "tile_bytes": (16 * 1024, 0),
    "tile_intensity": (32, 0),
    "arithmetic_power": (36, 1e-9),
    "sm_bandwidth_from_tile": (50e9, 0.07),
    "chip_bandwidth": (4e12, 1e-9),
    "bandwidth_distance": (80e12, 1e-9),
    "wire_power": (26, 0.02),
    "charge_recycling_gain": (4, 1e-9),
    "fabric_width": (1, 1e-9),
    "module_power_grs": (8, 1e-9),
    "pam4_swing_db": (-10, 0.05),
    "sub_batch": (8, 1e-9),
    "exchange_bandwidth": (400e9, 0.07),
    "flex_bandwidth_low": (400e9, 0.07),
    "flex_bandwidth_high": (500e9, 1e-9),
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_chain(name: str) -> None:
    printed, within = PRINTED[name]
    assert chain()[name] == pytest.approx(printed, rel=within, abs=0)


def test_the_chain_follows_its_inputs() -> None:
    assert chain(layers=40)["network_power"] == 2 * chain()["network_power"]
    assert chain(gradient_bytes=4)["exchange_bandwidth"] == 2 * chain()["exchange_bandwidth"]
    with pytest.raises(ModelError, match="parameter nothing: allowed are"):
        chain(nothing=1)


def test_a_multiply_add() -> None:
    assert mac_energy("int8", 45) == pytest.approx(0.3)
    assert mac_energy("fp16", 7) == pytest.approx(0.34 + 0.38)
    with pytest.raises(ModelError, match="multiply_bf16 has no energy at 45 nm: allowed is 7 nm"):
        mac_energy("bf16", 45)
    assert scale(3.0, "int8", 7)[0] == pytest.approx(1.0)


def test_a_product_by_hand() -> None:
    found = of_product(of_gemm(Gemm("x", 64, 32, 16)), "int8", 45, Levels("sram_8kb", "ddr", 16))
    macs = 64 * 32 * 16
    # Three tiles of 8 KB at 1 + 1 + 4 bytes an element: 36×36.
    on_chip = 2 * macs / 16 + 64 * 32 * 4
    dram = 64 * 16 * 1 + 16 * 32 * 2 + 64 * 32
    assert found["bytes"] == {"on_chip_memory": on_chip, "dram": dram}
    assert found["energy_pj"]["total"] == pytest.approx(macs * 0.3 + on_chip / 8 * 10 + dram / 8 * 1300)


def test_zeros_that_are_skipped() -> None:
    dense, sparse = (
        of_product(of_gemm(Gemm("x", 64, 64, 64, Fraction(1, 4), Fraction(1, 2))), "int8", 7, skip_zeros=skip)
        for skip in (False, True)
    )
    assert sparse["energy_pj"]["arithmetic"] == pytest.approx(dense["energy_pj"]["arithmetic"] / 8)
    assert sparse["energy_pj"]["dram"] < dense["energy_pj"]["dram"]


def test_a_report(dotforge: Any, tmp_path: Any) -> None:
    report = {
        "engine": "logmac", "parameters": {"lanes": 4}, "top": "logmac", "target": "nangate45", "tools": {},
        "verilog_sha256": "0", "power": {"power_mw": 2.0, "internal_mw": 1.0, "switching_mw": 0.5, "leakage_mw": 0.5,
                                         "energy_pj_per_mac": 0.6},
        "modules": [{"module": "logmac_heap", "area_um2": 30.0, "instances": 2},
                    {"module": "logmac_sum", "area_um2": 40.0, "instances": 1}],
    }  # fmt: skip
    (tmp_path / "R.json").write_text(json.dumps(report))
    result = dotforge("energy", "R.json", "--node", "7", "--json")
    rows = {row["what"].strip(): row for row in json.loads(result.out)["figures"]}
    assert rows["logmac, all of it"]["pj_per_mac"] == 0.6
    assert rows["of that internal"]["pj_per_mac"] == pytest.approx(0.3)
    assert rows["share of heap"]["pj_per_mac"] == pytest.approx(0.36)
    assert (rows["scaled to 7 nm"]["kind"], rows["logmac, all of it"]["kind"]) == ("scaled", "measured")
    assert rows["scaled to 7 nm"]["pj_per_mac"] == pytest.approx(0.2)
    assert rows["VS-Quant test chip, two operations a MAC"]["pj_per_mac"] == pytest.approx(0.02092, abs=1e-5)
    (tmp_path / "R.json").write_text(json.dumps({**report, "power": None, "notes": ["needs OpenSTA"]}))
    result = dotforge("energy", "R.json")
    assert result.code == 2 and "needs OpenSTA" in result.err


def test_switching_where_cells_cannot_be_weighed(dotforge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OpenSTA there is no energy in pJ: the netlist's own switching instead, and a line that says so."""
    monkeypatch.setattr("dotforge.synthesis.targets.sta.opensta_version", lambda: None)
    result = dotforge("energy", "logmac", "-p", "lanes=1", "--json")
    assert result.code == 0
    assert (
        "no energy in pJ: it needs OpenSTA (apt-get install opensta); switching of the netlist" in result.err
    )
    found = json.loads(result.out)
    (row,) = found["figures"]
    assert (row["kind"], row["pj_per_mac"], found["target"]) == ("proxy", None, "cmos")
    one = found["switched_transistors_per_mac"]
    assert f"{one:.1f} transistors switch" in row["how"]
    area = synthesize(from_parameters("logmac", {"lanes": 1}))["totals"]["transistors"]
    assert area / 10 < one < area
    four = json.loads(dotforge("energy", "logmac", "-p", "lanes=4", "--json").out)
    assert four["switched_transistors_per_mac"] < one, "the running sum is shared by all lanes"
    result = dotforge("energy", "requantise")
    assert (result.code, result.err.splitlines()[-1]) == (2, "dotforge: requantise makes no products")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing given"),
        (["--chain", "--shape", "1,2,3"], "--shape and --chain given"),
        (["--shape", "1,2,3", "--format", "fp3"], "format fp3: allowed are int8"),
        (["--shape", "1,2,3", "--memory", "tape"], "memory tape"),
        (["--shape", "1,2,3", "--dram", "hbm2"], "dram_hbm2 has no energy at 45 nm"),
        (["--shape", "1,2,3", "--reuse", "0"], "reuse 0"),
        (["nomac"], "engine nomac"),
        (["missing.json"], "cannot read missing.json"),
    ],
)
def test_bad_input(dotforge: Any, arguments: list[str], words: str) -> None:
    result = dotforge("energy", *arguments)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert words in result.err
