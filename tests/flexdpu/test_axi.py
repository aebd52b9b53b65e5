"""The Flex-DPU with packets and registers: its bench with our kit and with cocotbext-axi; what software is given."""

import gc
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Any

import pytest

from dotforge.delivery import registers, software
from dotforge.engines.flexdpu import axi_engine, axi_slot
from dotforge.export.design import Generated, from_parameters
from dotforge.parameters import ParameterError
from dotforge.stream.packets.reader import TileReader
from dotforge.stream.packets.writer import ResultWriter
from dotforge_sim.simulator.bench import BenchFailure

from .benches import on_icarus

ROOT = Path(__file__).parents[2]
TB = ROOT / "tb"

SMALL: dict[str, Any] = {
    "interface": "axi",
    "engines": 2,
    "lanes": 4,
    "groups": 2,
    "format": "int4",
    "stationary_bandwidth": 2,
    "row_bits": 5,
    "index_bits": 6,
    "accumulator_words": 256,
    "data_width": 64,
    "job_queue": 2,
}


@pytest.fixture(scope="module")
def small() -> Generated:
    return from_parameters("flexdpu", SMALL)


@pytest.fixture
def cocotbext() -> None:
    """Skip where cocotbext-axi is not installed."""
    if find_spec("cocotbext") is None:
        pytest.skip("skipped: needs cocotbext-axi")


@pytest.mark.filterwarnings("error")
def test_nothing_is_made_in_vain(capfd: pytest.CaptureFixture[str]) -> None:
    """Amaranth warns of what is made and not used when it is thrown away."""
    from_parameters("flexdpu", SMALL)
    gc.collect()
    assert "UnusedElaboratable" not in capfd.readouterr().err


@pytest.mark.usefixtures("icarus")
def test_bench(small: Generated, tmp_path: Path) -> None:
    found = on_icarus(small, tmp_path)
    assert (found.tests, found.failures, found.mismatches) == (12, 0, 0)
    assert found.vectors > 200


@pytest.mark.usefixtures("icarus", "cocotbext")
def test_bench_with_a_client_that_is_not_ours(small: Generated, tmp_path: Path) -> None:
    """Masters, sources and sinks of cocotbext-axi."""
    found = on_icarus(small, tmp_path, client="cocotbext")
    assert (found.tests, found.failures, found.mismatches) == (12, 0, 0)
    assert found.vectors > 200


#: One slot with all Flex-DPEs; beats wider than a window's values, and narrower; floating point; three jobs at a time.
SHAPES = {
    "one slot": {"groups": 1, "format": "int8", "data_width": 128},
    "wide beats": {"format": "int16", "data_width": 1024, "job_queue": 1},
    "narrow beats": {"lanes": 8, "format": "int16", "data_width": 64, "accumulator_banks": 2},
    "bf16": {"format": "bf16", "data_width": 0},
    "fp8": {"format": "fp8_e5m2", "window": 2},
    "three slots": {"engines": 3, "groups": 3, "format": "int8", "accumulator_banks": 1},
}


@pytest.mark.slow
@pytest.mark.usefixtures("icarus", "cocotbext")
@pytest.mark.parametrize("client", ["", "cocotbext"])
@pytest.mark.parametrize("name", SHAPES)
def test_other_shapes(name: str, client: str, tmp_path: Path) -> None:
    made = from_parameters("flexdpu", {**SMALL, **SHAPES[name]})
    assert on_icarus(made, tmp_path, client=client, seed=2).tests == 12


def without_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TileReader, "_check_end", lambda *_: None)


def without_range(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(axi_engine, "_fits", lambda value, target: value[: len(target)])


def with_other_counters(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(axi_slot.COUNTERS, "loading", 1)


def with_other_strips(patch: pytest.MonkeyPatch) -> None:
    line = ResultWriter._line
    patch.setattr(ResultWriter, "_line", lambda self, result: line(self, result).rotate_left(self.value_bits))


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("mutation", [without_check, without_range, with_other_counters, with_other_strips])
def test_a_broken_wrapper_fails(mutation: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mutation(monkeypatch)
    broken = from_parameters("flexdpu", SMALL)
    with pytest.raises(BenchFailure) as failure:
        on_icarus(broken, tmp_path)
    print(failure.value)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"data_width": 96}, "parameter data_width=96: allowed powers of two"),
        ({"data_width": 32}, "parameter data_width=32: allowed 0, 64, 128, 256, 512, 1024"),
        ({"tag_bits": 8}, "parameter tag_bits=8: allowed 16 with interface=axi"),
        ({"interface": "wires"}, "parameter interface=wires: allowed streams, axi"),
    ],
)
def test_parameters_are_checked(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        from_parameters("flexdpu", {**SMALL, **parameters})


def test_the_page_is_what_datasheets_say(small: Generated) -> None:
    """``docs/flexdpu-packets.md`` is the template of the datasheet's section, of an engine of that name."""
    template = Template((ROOT / "hw/dotforge/engines/flexdpu/packets.md").read_text(encoding="utf-8"))
    text = template.safe_substitute(top="flexdpu", TOP="FLEXDPU")
    page = (ROOT / "docs/flexdpu-packets.md").read_text(encoding="utf-8")
    assert page == text.replace(
        "## Packets and registers", "# Packets and registers of the Flex-DPU"
    ).replace("\n### ", "\n## ")
    assert text.rstrip() == software.register_section(small.manifest)[0]


def test_what_software_is_given_compiles(small: Generated, tmp_path: Path) -> None:
    """The start sequence of the datasheet, with the headers that are delivered."""
    if not registers.is_installed():
        pytest.skip("skipped: needs peakrdl")
    if (compiler := shutil.which("cc")) is None:
        pytest.skip("skipped: needs cc")
    software.write_software(small.manifest, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "flexdpu.rdl",
        "flexdpu_packets.h",
        *(f"flexdpu_registers.{end}" for end in ("h", "md", "xml")),
    }
    sheet = "\n".join(software.register_section(small.manifest))
    (snippet,) = re.findall(r"```c\n(.*?)```", sheet, re.S)
    stubs = "#define UNIT_BASE 0x40000000\nvoid dma_start(void);\nint dma_done(void);\nvoid dma_wait_sent(void);\n"
    (tmp_path / "start.c").write_text(stubs + snippet, encoding="utf-8")
    command = [
        compiler,
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Wno-int-to-pointer-cast",
        "-c",
        "start.c",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    header = (tmp_path / "flexdpu_registers.h").read_text(encoding="utf-8")
    assert "#define FLEXDPU__GEOMETRY__GROUPS_reset 0x2\n" in header
    assert "#define FLEXDPU__FORMATS__BEAT_reset 0x3\n" in header
