"""Every module says what it is, in ASCII, and words are no part of a design's hash."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from dotforge import registry
from dotforge.export.comments import code, code_sha256, comment
from dotforge.export.design import from_parameters, load
from dotforge.network.reduction.parts import Gate
from dotforge.tools.files import OutputError


@pytest.mark.parametrize("engine", registry.names())
def test_every_module_has_its_line(engine: str) -> None:
    made = from_parameters(engine, {})
    lines = made.verilog.splitlines()
    modules = [number for number, line in enumerate(lines) if line.startswith("module ")]
    assert len(modules) >= 4
    for number in modules:
        assert re.fullmatch(r"// \S.*", lines[number - 1]), lines[number]
    assert made.verilog.isascii()
    assert max(len(line) for line in lines if line.startswith("//")) <= 118
    assert "``" not in made.verilog
    assert ":class:" not in made.verilog


def test_what_a_line_says() -> None:
    words = "combinational: ANDs, and one OR where the neutral element is -0"
    assert comment(Gate(4, neutral=8)) == f"// o = keep ? i : neutral, {words}: width=4, neutral=8\n"


def test_words_are_no_hardware() -> None:
    made = from_parameters("logmac", {"lanes": 2})
    assert code(made.verilog) != made.verilog
    assert "//" not in code(made.verilog)
    sha256 = hashlib.sha256(code(made.verilog).encode()).hexdigest()
    assert made.manifest["verilog_sha256"] == sha256 == code_sha256(made.verilog)
    other = re.sub("^// ", "// Of a team: ", made.verilog, flags=re.M)
    assert code_sha256(other) == sha256
    assert code_sha256(made.verilog.replace("assign", "assign  ", 1)) != sha256


def written(directory: Path, verilog: bytes, manifest: dict[str, object]) -> Path:
    (directory / "logmac.v").write_bytes(verilog)
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return directory


def test_a_design_is_read_back_with_words_of_others_and_nothing_else(tmp_path: Path) -> None:
    made = from_parameters("logmac", {"lanes": 2})
    text = made.verilog.encode()
    assert load(written(tmp_path, b"// Of a team\n" + text, made.manifest)).engine == "logmac"
    with pytest.raises(OutputError, match="was changed: sha256"):
        load(written(tmp_path, text.replace(b"assign", b"assign ", 1), made.manifest))
    with pytest.raises(OutputError, match="was changed: it is not UTF-8"):
        load(written(tmp_path, b"// \xff\n" + text, made.manifest))
