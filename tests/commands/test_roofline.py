"""Roofline: the ridge that is printed, bounds by hand, and our own engines as devices."""

import json
from pathlib import Path
from typing import Any

import pytest

from dotforge_sim.models.roofline import bound, devices
from dotforge_sim.models.workloads import Gemm

ROOT = Path(__file__).parent.parent.parent


def test_the_ridge_of_an_h100() -> None:
    """003: 989e12 / 3.35e12 = 295."""
    assert devices()["h100"].ridge("fp16") == pytest.approx(295, abs=0.5)


def test_bounds_by_hand() -> None:
    device = devices()["h100"]
    one = bound(Gemm("layer", 1, 4096, 4096), device)
    assert one["operations"] == 2 * 4096**2
    assert one["bytes"] == 2 * (4096 + 4096**2 + 4096)
    assert one["limit"] == "memory"
    assert one["attainable"] == pytest.approx(one["intensity"] * 3.35e12)
    many = bound(Gemm("layer", 1, 4096, 4096), device, batch=1024)
    assert (many["limit"], many["utilisation"]) == ("arithmetic", 1)


def test_model_parallel_layers_wait_for_links() -> None:
    """Weights are shared out, the results of all are gathered: smaller batches gain, larger ones meet the links."""
    device, layer = devices()["h100"], Gemm("layer", 1, 28672, 8192)
    alone, together = (bound(layer, device, batch=4, parallel=parallel) for parallel in (1, 8))
    assert together["seconds"]["memory"] == pytest.approx(alone["seconds"]["memory"] / 8, rel=0.01)
    assert together["seconds"]["links"] == 4 * 28672 / 8 * 7 * 2 / 450e9
    assert bound(layer, device, batch=2048, parallel=64)["limit"] == "links"


def test_an_engine_from_its_report(dotforge: Any) -> None:
    report = json.loads((ROOT / "reports/vsquant/ecp5.json").read_text())
    result = dotforge(
        "roofline", "--shape", "16,64,64", "--device", ROOT / "reports/vsquant/ecp5.json", "--json"
    )
    (found,) = json.loads(result.out)
    fmax = report["timing"]["fmax_mhz"] * 1e6
    assert found["operations"] / found["seconds"]["arithmetic"] == pytest.approx(2 * 16 * fmax)
    assert found["format"] == "int4"


def test_a_picture(dotforge: Any, tmp_path: Path) -> None:
    result = dotforge(
        "roofline", "--shape", "1,64,64", "--batch", "1,64", "--device", "a100", "-o", "roof.svg"
    )
    assert result.code == 0, result.err
    first = (tmp_path / "roof.svg").read_bytes()
    assert b"NVIDIA A100" in first
    dotforge("roofline", "--shape", "1,64,64", "--batch", "1,64", "--device", "a100", "-o", "roof.svg")
    assert (tmp_path / "roof.svg").read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--shape", "1,2,3", "--device", "abacus"], "device abacus: allowed are a100"),
        (["--shape", "1,2,3", "--device", "missing.toml"], "cannot read missing.toml"),
        (["--shape", "1,2,3", "--device", "bad.toml"], "bad.toml: peak"),
        (["--shape", "1,2,3", "--format", "int3"], "format int3"),
        (["--shape", "1,2,3", "--device", "tpuv4", "--format", "fp16"], "Google TPU v4 has no fp16"),
        (["--shape", "1,2,3", "--device", "tpuv1", "--parallel", "2"], "Google TPU v1 has no links"),
        (["--shape", "1,2,3", "--batch", "1,0"], "--batch 0"),
        (["--shape", "1,2,3", "-o", "roof.pdf"], "allowed are .svg and .png"),
        ([], "one of --shape and --workloads"),
    ],
)
def test_bad_input(dotforge: Any, tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "bad.toml").write_text('name = "x"\nsource = "y"\nbandwidth = 1.0\npeak = {}\n')
    result = dotforge("roofline", *arguments)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert words in result.err
