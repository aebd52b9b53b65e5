"""Every command does its job from the command line, for people and for machines."""

import importlib
import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from dotforge.export.comments import code_sha256
from dotforge.export.manifest import SCHEMA
from dotforge.registry import engines
from dotforge.synthesis import synth

COMMANDS = (
    "board",
    "compare",
    "completion",
    "draw",
    "example",
    "generate",
    "list",
    "run",
    "sweep",
    "synth",
    "verify",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(dotforge: Any, command: str) -> None:
    result = dotforge(command, "--help")
    assert result.code == 0
    assert re.search(rf"Examples?: .*dotforge {command}", " ".join(result.out.split()))


def test_help_lists_the_commands(dotforge: Any) -> None:
    assert all(f"  {command} " in dotforge("--help").out for command in COMMANDS)


def test_list(dotforge: Any) -> None:
    text, machine = dotforge("list").out, json.loads(dotforge("list", "--json").out)
    assert {entry["engine"] for entry in machine} == set(engines())
    logmac = next(entry for entry in machine if entry["engine"] == "logmac")
    lanes = next(row for row in logmac["parameters"] if row["name"] == "lanes")
    assert (lanes["type"], lanes["unit"], lanes["allowed"], lanes["default"]) == (
        "integer",
        "products",
        "1…256",
        16,
    )
    assert all(row["name"] in text and row["help"] for entry in machine for row in entry["parameters"])
    assert "log:X:Y" in text


def test_generate_verify_synth(dotforge: Any, tmp_path: Path) -> None:
    made = dotforge(
        "generate", "logmac", "-p", "lanes=2", "-p", "sum_bits=8", "-o", "mac", "--name", "my_mac", "--json"
    )
    described = json.loads(made.out)
    assert set(described["files"]) == {
        str(path.relative_to(tmp_path / "mac")) for path in (tmp_path / "mac").rglob("*") if path.is_file()
    }
    manifest = json.loads((tmp_path / "mac/manifest.json").read_text())
    jsonschema.validate(manifest, SCHEMA)
    assert manifest["top"] == "my_mac"

    verified = json.loads(dotforge("verify", "mac", "--json").out)
    assert (verified["mismatches"], verified["verilog_sha256"]) == (0, manifest["verilog_sha256"])
    assert verified["vectors"] >= 350
    assert (tmp_path / "mac/verify/results.xml").is_file()

    report = json.loads(dotforge("synth", "mac", "-o", "R.json", "--json").out)
    jsonschema.validate(report, synth.SCHEMA)
    assert report["verilog_sha256"] == manifest["verilog_sha256"]
    assert json.loads((tmp_path / "R.json").read_text()) == report
    shown = dotforge("synth", "mac").out
    assert str(report["totals"]["transistors"]) in shown


def test_generate_with_attributes(dotforge: Any, tmp_path: Path) -> None:
    """Only where they are asked for."""
    for flags in ((), ("--vivado-attributes",)):
        made = dotforge("generate", "logmac", "-p", "lanes=2", "-o", "mac", "--no-simulate", "--json", *flags)
        described = json.loads(made.out)
        text = (tmp_path / "mac/logmac.v").read_bytes()
        assert code_sha256(text.decode()) == described["verilog_sha256"]
        assert described.get("vivado_attributes", False) == (b"X_INTERFACE_INFO" in text) == bool(flags)


def test_generate_again_replaces(dotforge: Any, tmp_path: Path) -> None:
    for lanes in (1, 2):
        assert dotforge("generate", "logmac", "-p", f"lanes={lanes}", "-o", "mac").code == 0
        assert json.loads((tmp_path / "mac/manifest.json").read_text())["parameters"]["lanes"] == lanes


def test_run(dotforge: Any, tmp_path: Path) -> None:
    a, b = np.arange(-6, 6).reshape(3, 4) % 7, np.array([[0.5], [-0.25], [1], [0]])
    np.save(tmp_path / "A.npy", a)
    np.save(tmp_path / "B.npy", b)
    arguments = ["run", "logmac", "-p", "lanes=2", "--a", "A.npy", "--b", "B.npy", "-o", "C.npy"]
    result = dotforge(*arguments, "--json", "S.json")
    assert result.code == 0
    assert "0 mismatches" in result.err
    assert np.array_equal(np.load(tmp_path / "C.npy"), a @ b)
    report = json.loads((tmp_path / "S.json").read_text())
    assert set(report) >= {
        "engine", "parameters", "shape", "stationary", "nonzeros", "folds", "useful_macs", "cycles",
        "stationary_utilisation", "compute_efficiency", "overall_efficiency", "mismatches", "accumulated_by",
        "verilog_sha256", "wall_seconds",
    }  # fmt: skip
    assert json.loads(dotforge(*arguments, "--json", "-").out)["mismatches"] == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(dotforge: Any, shell: str) -> None:
    result = dotforge("completion", shell)
    assert result.code == 0
    assert "_DOTFORGE_COMPLETE" in result.out


def test_completes_parameters() -> None:
    words = {"COMP_WORDS": "dotforge synth logmac -p la", "COMP_CWORD": "4"}
    environment = {**os.environ, "_DOTFORGE_COMPLETE": "bash_complete", **words}
    done = subprocess.run(
        [Path(sys.executable).parent / "dotforge"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "lanes=" in done.stdout


def test_version(dotforge: Any) -> None:
    assert dotforge("--version").out.startswith("dotforge 0.")


def test_list_of_one_engine(dotforge: Any) -> None:
    text, machine = dotforge("list", "logmac").out, json.loads(dotforge("list", "logmac", "--json").out)
    assert machine["engine"] == "logmac"
    assert machine in json.loads(dotforge("list", "--json").out)
    assert text.startswith("logmac: ")
    assert "flexdpe" not in text
    refused = dotforge("list", "nomac")
    assert refused.code == 2
    assert "engine nomac: allowed are flexdpe, flexdpu, logmac" in refused.err


def test_help_keeps_capitals(dotforge: Any) -> None:
    """Summaries and help texts become sentences; what is written in capitals stays so."""
    text = " ".join(dotforge("run", "mxdot", "--help").out.split())
    for entry in engines().values():
        name = entry.name
        if name in dotforge("run", "--help").out:
            shown = " ".join(dotforge("run", name, "--help").out.split())
            assert f"{entry.summary[1:]}." in shown
            options = importlib.import_module(f"dotforge_sim.run.{name}").Options
            for option in fields(options):
                assert f"{option.metadata['help'][1:]}." in shown
    assert "NVFP4" in text


def test_run_takes_what_was_generated(dotforge: Any, tmp_path: Path) -> None:
    a, b = np.arange(-6, 6).reshape(3, 4) % 7, np.array([[0.5], [-0.25], [1], [0]])
    np.save(tmp_path / "A.npy", a)
    np.save(tmp_path / "B.npy", b)
    assert dotforge("generate", "logmac", "-p", "lanes=2", "-o", "mac", "--no-simulate").code == 0
    arguments = ["--a", "A.npy", "--b", "B.npy", "-o", "C.npy", "--json", "-"]
    report = json.loads(dotforge("run", "mac", *arguments).out)
    assert (report["engine"], report["parameters"]["lanes"], report["mismatches"]) == ("logmac", 2, 0)
    assert (
        report["verilog_sha256"] == json.loads((tmp_path / "mac/manifest.json").read_text())["verilog_sha256"]
    )
    assert np.array_equal(np.load(tmp_path / "C.npy"), a @ b)
    refused = dotforge("run", "./mac", "-p", "lanes=4", *arguments)
    assert refused.code == 2
    assert "-p goes with an engine" in refused.err
    (tmp_path / "mac/logmac.v").write_text("// another")
    assert "was changed" in dotforge("run", "mac", *arguments).err
    assert "not a directory" not in dotforge("run", "./missing", *arguments).err


def test_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dotforge", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("dotforge 0.")


def test_a_waveform_is_where_it_is_said_to_be(dotforge: Any, tmp_path: Path) -> None:
    result = dotforge("verify", "logmac", "-p", "lanes=1", "-p", "sum_bits=8", "--waves", "-o", "v")
    assert result.code == 0, result.err
    said = re.search(r"^waveform: (.*)$", result.err, re.M)
    assert said is not None
    assert "$enddefinitions" in Path(said[1]).read_text()
