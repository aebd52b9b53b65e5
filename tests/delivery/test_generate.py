"""What `generate` writes beside the Verilog: datasheet, pictures, golden vectors, and files for other flows."""

import itertools
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from dotforge.delivery.block_diagram import block_diagram, hierarchy
from dotforge.delivery.engine_pictures import pictures
from dotforge.delivery.generate import generate
from dotforge.delivery.verilog_bench import verilog_bench
from dotforge.export.design import Generated, from_parameters
from dotforge.verify.recording import Beat, Cycle, Recording, record
from dotforge.verify.vectors import vectors

from ..browser import opened
from .flows import environment


def test_a_recording_is_what_happened(recording: Recording) -> None:
    assert recording.complete
    assert recording.first > 0
    assert recording.cycles[0].reset
    sums = recording.beats("sums")
    assert len(sums) == 60
    assert len(recording.beats("activations")) >= 60
    assert all(later > earlier for (earlier, _), (later, _) in itertools.pairwise(sums))


def test_golden_vectors(generated: Generated, recording: Recording) -> None:
    found = vectors(generated, recording)
    assert found["complete"]
    assert set(found["inputs"]) == {"activations", "weights"}
    assert len(found["outputs"]["sums"]) == 60
    assert found["verilog_sha256"] == generated.manifest["verilog_sha256"]
    # A long run is cut everywhere at the same cycle.
    beat = Beat(True, True, False, 5)
    cycle = Cycle(False, dict.fromkeys(("activations", "weights", "sums"), beat), {})
    cut = vectors(generated, Recording((cycle,) * 700, True, "none", 1))
    assert not cut["complete"]
    assert {len(beats) for side in ("inputs", "outputs") for beats in cut[side].values()} == {500}


def test_datasheet(directory: Path, generated: Generated) -> None:
    text = (directory / "mac.md").read_text()
    for head in (
        "Function", "Throughput", "Parameters", "Ports", "Payloads", "Codes", "Protocol",
        "Combinational paths", "Waveforms", "Resources", "Registers", "Known limits", "Other flows",
        "How to reproduce every figure", "Provenance",
    ):  # fmt: skip
        assert f"\n## {head}\n" in text
    assert "| `lanes` | 2 | products | 1…256 | products a cycle |" in text
    assert re.search(r"\| cmos \| flat \| \d+ \| \d+ \| 0 \|", text)
    assert "dotforge generate logmac -p lanes=2" in text
    assert "--clock-mhz 125" in text
    assert "dotforge synth DIR --target cmos" in text
    assert generated.manifest["verilog_sha256"] in text
    for file in re.findall(r"\]\((images/\S+)\)", text):
        root = ET.parse(directory / file).getroot()
        assert root.tag.endswith("svg")
        assert float(root.get("width", 0)) > 300
    assert len(list((directory / "images").iterdir())) == 3


def test_the_command_of_the_datasheet_makes_the_same_verilog(directory: Path, tmp_path: Path) -> None:
    """Every parameter is in it, in a form that the command line takes."""
    text = (directory / "mac.md").read_text()
    command = re.search(r"^dotforge (generate .*) -o DIR$", text, re.M)
    assert command is not None
    words = command[1].split()
    given = dict(words[i + 1].split("=", 1) for i, word in enumerate(words) if word == "-p")
    again = from_parameters("logmac", given, name=words[words.index("--name") + 1])
    assert again.verilog == (directory / "mac.v").read_text()


def test_datasheet_in_a_browser(directory: Path, tmp_path: Path) -> None:
    with opened(directory / "mac.html") as (view, said):
        assert view.locator("figure svg").count() == 3
        assert view.locator("h2").count() == 15
        assert view.locator("table").count() >= 6
        assert view.locator("body").evaluate("body => body.scrollWidth <= innerWidth")
        assert len(view.screenshot(path=tmp_path / "sheet.png", full_page=True)) > 100_000
        assert said == []
    assert (directory / "mac.html").stat().st_size < 1_000_000


def test_waveforms_show_what_moved(directory: Path, recording: Recording) -> None:
    root = ET.parse(directory / "images" / "mac_stream.svg").getroot()
    texts = {element.text for element in root.iter() if element.tag.endswith("text")}
    assert {"cycle", "activations tvalid", "sums tvalid", "tready", "tlast", "tdata"} <= texts
    shaded = sum(element.get("fill") == "#d7eadf" for element in root.iter() if element.tag.endswith("rect"))
    assert shaded > 10
    data = {f"{beat.data:04x}" for _, beat in recording.beats("sums")}
    assert texts & data


def test_block_diagram(generated: Generated) -> None:
    rows = hierarchy(generated.verilog, "mac")
    assert rows[0] == (0, "mac", 1)
    assert (1, "mac_engine", 1) in rows
    assert [number for _, name, number in rows if name == "mac_shift_add_lane"] == [2]


def test_captions_of_the_block_diagram_are_whole_and_large() -> None:
    """Every field of every stream is named, in letters that can be read."""
    generated = from_parameters("flexdpe", {"lanes": 4})
    root = ET.fromstring(block_diagram(generated))
    texts = [element for element in root.iter() if element.tag.endswith("text")]
    assert min(float(element.get("font-size", 0)) for element in texts) >= 12
    said = [element.text or "" for element in texts]
    for stream in generated.manifest["streams"]:
        assert any(text.startswith(f"{stream['name']}, {stream['tdata_width']} bits") for text in said)
        for field in stream["fields"]:
            assert any(text.startswith(f"{field['name']}: {field['format']}") for text in said)
    height = float(root.get("height", 0))
    assert all(0 < float(element.get("y", 0)) < height for element in texts)
    assert all(0 < float(element.get("x", 0)) < float(root.get("width", 0)) for element in texts)


def waiting(cycles: int) -> Recording:
    """Return a run in which weights wait that many cycles for activations."""
    silent = Beat(False, False, False, 0)
    found = []
    for number in range(cycles + 30):
        weights = Beat(True, number >= cycles + 2, False, number) if number >= 2 else silent
        moving = Beat(number >= cycles + 2, number >= cycles + 2, False, number)
        found.append(Cycle(number < 1, {"activations": moving, "weights": weights, "sums": moving}, {}))
    return Recording(tuple(found), True, "none", 1)


def test_a_first_beat_that_waits_has_a_picture(generated: Generated) -> None:
    title = "Wait: the first beat of weights is taken 40 cycles after it is there"
    found = pictures(generated, waiting(40))
    assert list(found) == ["Block diagram", "Load: from the first beat on", title, "Stream: results come out"]
    texts = {element.text for element in ET.fromstring(found[title]).iter()}
    assert {"34", "39"} <= texts, "8 cycles before it is taken"
    assert len(pictures(generated, waiting(20))) == 3


def test_files_of_other_flows(directory: Path) -> None:
    librelane = json.loads((directory / "config.json").read_text())
    assert librelane["DESIGN_NAME"] == "mac"
    assert (librelane["CLOCK_PERIOD"], librelane["IO_DELAY_CONSTRAINT"]) == (8.0, 20)
    for key in ("VERILOG_FILES", "LINTER_VLT", "PNR_SDC_FILE", "SIGNOFF_SDC_FILE"):
        for name in [librelane[key]] if isinstance(librelane[key], str) else librelane[key]:
            assert (directory / name.removeprefix("dir::")).is_file()
    sdc = (directory / "constraints" / "mac.sdc").read_text()
    assert "create_clock -name clk -period 8.000 [get_ports clk]" in sdc
    assert "create_clock" in (directory / "constraints" / "mac.xdc").read_text()
    assert 'FREQUENCY PORT "clk" 125 MHZ;' in (directory / "constraints" / "mac.lpf").read_text()
    assert "set_frequency clk 125" in (directory / "constraints" / "mac.pcf").read_text()


def test_without_a_simulator(generated: Generated, tmp_path: Path) -> None:
    files = generate(generated, tmp_path / "mac", missing="needs Verilator")
    text = (tmp_path / "mac" / "mac.md").read_text()
    assert "\nNone: needs Verilator.\n" in text
    assert "Load" not in text
    assert Path("bench/vectors.json") not in files
    core = (tmp_path / "mac" / "mac.core").read_text()
    assert "sim:" not in core
    assert "_tb" not in core
    assert "lint:" in core
    assert "synth:" in core


def simulated(directory: Path, verilog: str, bench: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (directory / "design.v").write_text(verilog)
    (directory / "bench.v").write_text(bench)
    build = ["iverilog", "-g2012", "-Wall", "-o", "bench.vvp", "design.v", "bench.v"]
    subprocess.run(build, cwd=directory, check=True, capture_output=True)
    return subprocess.run(
        ["vvp", "-n", "bench.vvp", *arguments], cwd=directory, capture_output=True, text=True, check=False
    )


@pytest.mark.usefixtures("icarus")
def test_verilog_testbench(directory: Path, generated: Generated, tmp_path: Path) -> None:
    bench = (directory / "bench" / "mac_tb.v").read_text()
    for arguments in ((), ("+pauses",)):
        done = simulated(tmp_path, generated.verilog, bench, *arguments)
        assert done.returncode == 0
        assert "PASS mac: 60 beats compared" in done.stdout

    broken = {
        "sum": ("= enable ? ", "= ~enable ? "),
        "bank": ("array[read_address]", "array[~read_address]"),
    }
    for name, (old, new) in broken.items():
        verilog = generated.verilog.replace(old, new)
        assert verilog != generated.verilog, name
        done = simulated(tmp_path, verilog, bench)
        assert done.returncode == 1, name
        assert "FATAL" in done.stdout, name


@pytest.mark.usefixtures("icarus")
def test_vectors_that_are_cut(generated: Generated, recording: Recording, tmp_path: Path) -> None:
    """After the last expected beat more may come."""
    short = vectors(generated, recording)
    short |= {"complete": False, "outputs": {"sums": short["outputs"]["sums"][:20]}}
    done = simulated(tmp_path, generated.verilog, verilog_bench(generated, short))
    assert "PASS mac: 20 beats compared" in done.stdout
    done = simulated(tmp_path, generated.verilog, verilog_bench(generated, {**short, "complete": True}))
    assert "a beat more than golden" in done.stdout


@pytest.mark.usefixtures("icarus")
def test_bits_that_mean_nothing(generated: Generated, recording: Recording, tmp_path: Path) -> None:
    """The masks of the vectors leave them out, and only them."""
    golden = vectors(generated, recording)
    flipped = [[f"{int(data, 16) ^ 1:x}", last] for data, last in golden["outputs"]["sums"]]
    masked = [[f"{int(data, 16) & 0xFFFE:x}", last, "fffe"] for data, last in flipped]
    done = simulated(
        tmp_path, generated.verilog, verilog_bench(generated, {**golden, "outputs": {"sums": masked}})
    )
    assert "PASS mac: 60 beats compared" in done.stdout
    for wrong in (flipped, [[data, last, "ffff"] for data, last, _ in masked]):
        bench = verilog_bench(generated, {**golden, "outputs": {"sums": wrong}})
        assert simulated(tmp_path, generated.verilog, bench).returncode == 1


@pytest.mark.usefixtures("icarus")
def test_stand_alone_cocotb(directory: Path, tmp_path: Path) -> None:
    """Golden vectors by make, and red when they are wrong."""
    if " " in sys.prefix:
        pytest.skip(
            "skipped: needs a virtual environment without spaces in its path, as cocotb's makefiles do"
        )
    copied = tmp_path / "mac"
    shutil.copytree(directory, copied)
    run = ["make", "-C", "bench", "vectors", "SIM=icarus"]
    done = subprocess.run(
        run, cwd=copied, env=environment(), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "TESTS=4 PASS=4" in done.stdout + done.stderr
    wrong = json.loads((copied / "bench" / "vectors.json").read_text())
    wrong["outputs"]["sums"][7][0] = f"{int(wrong['outputs']['sums'][7][0], 16) ^ 1:x}"
    (copied / "bench" / "vectors.json").write_text(json.dumps(wrong))
    done = subprocess.run(
        run, cwd=copied, env=environment(), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode != 0
    assert "sums, beat 7" in done.stdout + done.stderr


def test_recordings_are_kept(generated: Generated, recording: Recording, monkeypatch: Any) -> None:
    monkeypatch.setattr("dotforge_sim.simulator.bench.run", lambda *_, **__: pytest.fail("ran again"))
    assert record(generated) == recording
