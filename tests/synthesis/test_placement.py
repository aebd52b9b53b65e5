"""What nextpnr is asked for: devices, the smallest first, and options."""

from typing import Any

import pytest

from dotforge.synthesis.targets import Settings, place, placers
from dotforge.synthesis.targets.fpga import FPGAS
from dotforge.tools.process import ToolError


@pytest.mark.parametrize("name", [name for name, fpga in FPGAS.items() if fpga.placer])
def test_the_smallest_device_that_fits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger ones are tried where cells do not fit and where wires do not; other kinds only when asked for."""
    placer = FPGAS[name].placer
    assert placer is not None
    tried: list[str] = []
    said = "ERROR: Unable to place cell 'x', no BELs remaining"

    def full(_: Any, __: str, ___: Any, device: str, *____: Any) -> Any:
        tried.append(device)
        raise ToolError(f"nextpnr ({device}): {said}")

    monkeypatch.setattr(place.Placer, "run", full)
    assert place.fmax(placer, "", {}, Settings()) == (
        None,
        [f"no Fmax: the design does not fit {placer.automatic[-1]}"],
    )
    assert tried == placer.automatic
    assert set(tried) <= set(placer.devices)
    said = "ERROR: Failed to route net 'clk'"
    assert place.fmax(placer, "", {}, Settings())[1] == [f"no Fmax: nextpnr ({tried[-1]}): {said}"]
    last = list(placer.devices)[-1]
    tried.clear()
    place.fmax(placer, "", {}, Settings(device=last))
    assert tried == [last]
    said = "ERROR: no such option"
    with pytest.raises(ToolError, match="no such option"):
        place.fmax(placer, "", {}, Settings())


@pytest.mark.parametrize("rip_up", [False, True])
def test_ripping_up_is_a_choice(rip_up: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def run(_: str, command: list[str], *__: Any, **___: Any) -> dict[str, str]:
        asked.extend(command)
        return {"report.json": "{}"}

    monkeypatch.setattr(place, "run_tool", run)
    placers.ecp5.run(
        "{}", {"top": "t", "engine": "e", "clock": "clk", "reset": "rst"}, "25k", 1, Settings(rip_up=rip_up)
    )
    assert ("--tmg-ripup" in asked) == rip_up
    assert "--seed" in asked
