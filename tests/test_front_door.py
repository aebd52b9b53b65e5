"""``import dotforge``: what the commands do, for Python; cheap until it is used."""

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import dotforge
from dotforge.front_door import ConfiguredEngine
from dotforge.parameters import ParameterError
from dotforge.tools.files import OutputError
from dotforge_sim.simulator.bench import BenchFailure


@pytest.fixture(scope="module")
def mac() -> ConfiguredEngine:
    return dotforge.engine("logmac", lanes=2, sum_bits=12)


def test_importing_it_imports_nothing() -> None:
    code = "import dotforge, sys; print([name for name in sys.modules if name.startswith('dotforge.')]); " \
        "print({'numpy', 'amaranth', 'pydantic', 'cocotb', 'click'} & set(sys.modules))"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\nset()\n"


def test_verilog_and_manifest(mac: ConfiguredEngine) -> None:
    assert (mac.name, mac.top, mac.directory) == ("logmac", "logmac", None)
    assert mac.parameters["lanes"] == 2
    assert mac.verilog.count("\nmodule logmac(") + mac.verilog.startswith("module logmac(") == 1
    assert mac.generated is mac.generated, "it is made once"
    named = dotforge.engine("logmac", top="mac", lanes="2", sum_bits="12")
    assert named.parameters == mac.parameters
    assert named.manifest["top"] == named.top == "mac"


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("logmax", {}, "engine logmax: allowed are .*logmac"),
        ("logmac", {"lane": 2}, "parameter lane=2: allowed are .*lanes"),
        ("logmac", {"lanes": 0}, "parameter lanes=0: allowed 1…256"),
        ("logmac", {"top": "a__b"}, "top a__b: allowed are letters, digits"),
    ],
)
def test_wrong_parameters_are_told_at_once(name: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        dotforge.engine(name, **given)


def test_run(mac: ConfiguredEngine) -> None:
    a, b = np.array([[1, -2, 3], [4, 5, -6]]), np.array([[1, 0.5], [-0.25, 1], [0.125, -1]])
    told: list[tuple[int, int]] = []
    found = mac.run(a, b, lambda done, total: told.append((done, total)))
    np.testing.assert_array_equal(found.c, a @ b)
    assert (found.failure, found.statistics["mismatches"]) == (None, 0)
    assert told[-1][0] == told[-1][1] > 0
    # Options are those of the command, and operands are whatever NumPy and SciPy take.
    real = mac.run((a / 7).tolist(), sparse.csr_array(b), quantize="scaled")
    assert np.abs(real.c - a / 7 @ b).max() < 0.2
    with pytest.raises(ParameterError, match=r"option quantise of logmac: allowed are .*quantize"):
        mac.run(a, b, quantise="scaled")
    with pytest.raises(ParameterError, match="engine requantise multiplies no matrices"):
        dotforge.engine("requantise").run(a, b)


def test_verify(mac: ConfiguredEngine, tmp_path: Path) -> None:
    summary = mac.verify(tmp_path / "verify", seed=3)
    assert (summary["mismatches"], summary["seed"]) == (0, 3)
    assert summary["vectors"] > 100
    assert json.loads((tmp_path / "verify" / "summary.json").read_text())["seed"] == 3


def test_a_fault_is_no_success(mac: ConfiguredEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = mac.verilog.replace("= enable ? ", "= ~enable ? ")
    assert wrong != mac.verilog
    broken = dotforge.engine("logmac", lanes=2, sum_bits=12)
    broken.__dict__["generated"] = type(mac.generated)(wrong, mac.manifest)
    with pytest.raises(BenchFailure):
        broken.verify()


def test_synth(mac: ConfiguredEngine) -> None:
    report = mac.synth()
    assert report["target"] == "cmos"
    assert report["totals"]["transistors"] > 1000
    assert report["verilog_sha256"] == mac.manifest["verilog_sha256"]


def test_generate_and_load(mac: ConfiguredEngine, tmp_path: Path) -> None:
    files = mac.generate(tmp_path / "out", clock_mhz=200, missing="not asked for")
    assert Path("logmac.v") in files
    again = dotforge.load(tmp_path / "out")
    assert (again.verilog, again.manifest, again.name) == (mac.verilog, mac.manifest, "logmac")
    assert again.directory == tmp_path / "out"
    with pytest.raises(OutputError, match=r"manifest\.json"):
        dotforge.load(tmp_path)


def test_the_command_line_uses_it() -> None:
    """Commands that make, verify, run or cost an engine do it by the front door alone."""
    commands = Path(dotforge.__file__).parent / "commands"
    for name in ("generate", "verify", "run", "synth"):
        text = (commands / f"{name}.py").read_text(encoding="utf-8")
        assert "front_door import" in text, name
        for other in (
            "from_parameters",
            "verify.verify import",
            "synth import synthesize",
            "gemm import Design",
        ):
            assert other not in text, (name, other)


def test_it_is_documented_and_typed() -> None:
    public = [dotforge.engine, dotforge.load]
    public += [
        member for name, member in inspect.getmembers(ConfiguredEngine, inspect.isfunction) if name[0] != "_"
    ]
    assert {member.__name__ for member in public} >= {"engine", "load", "verify", "run", "synth", "generate"}
    for member in public:
        text, signature = inspect.getdoc(member) or "", inspect.signature(member)
        assert signature.return_annotation is not inspect.Signature.empty, member
        named = [name for name in signature.parameters if name != "self"]
        assert [name for name in named if name not in text] == [], member
        assert "Raises" in text, member
