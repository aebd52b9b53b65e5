"""Bad input gets one line, exit code 2, and leaves nothing behind."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

A = np.ones((2, 3))
B = np.ones((3, 2))


def check(result: Any, code: int, *words: str) -> None:
    assert result.code == code, result.err
    last = result.err.strip().splitlines()[-1]
    assert last.startswith("dotforge: ")
    assert result.err.count("dotforge: ") == 1
    assert "Traceback" not in result.err
    for word in words:
        assert word in last


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], ["nonsense"]),
        (["generate", "logmac"], ["-o"]),
        (["generate", "nomac", "-o", "out"], ["engine nomac", "allowed are", "logmac"]),
        (["generate", "logmac", "-p", "lanes", "-o", "out"], ["'lanes' is not of the form name=value"]),
        (["generate", "logmac", "-p", "lines=4", "-o", "out"], ["parameter lines=4", "allowed are", "lanes"]),
        (["generate", "logmac", "-p", "lanes=0", "-o", "out"], ["parameter lanes=0", "1…256"]),
        (["generate", "logmac", "-p", "lanes=257", "-o", "out"], ["parameter lanes=257", "1…256"]),
        (["generate", "logmac", "-p", "lanes=many", "-o", "out"], ["parameter lanes=many", "1…256"]),
        (["generate", "logmac", "-p", "lanes=2.5", "-o", "out"], ["parameter lanes=2.5", "1…256"]),
        (["generate", "logmac", "-p", "lanes=", "-o", "out"], ["parameter lanes=", "1…256"]),
        (
            ["generate", "logmac", "-p", "fold_sign=perhaps", "-o", "out"],
            ["fold_sign=perhaps", "true, false"],
        ),
        (["generate", "logmac", "-p", "overflow=clamp", "-o", "out"], ["overflow=clamp", "wrap, saturate"]),
        (
            ["generate", "logmac", "-p", "weight_code=dally4", "-o", "out"],
            ["weight_code=dally4", "exponent:"],
        ),
        (["generate", "logmac", "-p", "lanes=2", "-p", "lanes=4", "-o", "out"], ["lanes is given 2 times"]),
        (["generate", "logmac", "--name", "9mac", "-o", "out"], ["--name 9mac", "a letter first"]),
        (["generate", "logmac", "--name", "wire", "-o", "out"], ["--name wire"]),
        (["generate", "logmac", "--clock-mhz", "-1", "-o", "out"], ["-1"]),
        (
            ["generate", "logmac", "--flow", "vivaldi", "-o", "out"],
            ["'vivaldi'", "allowed are all, none", "vivado"],
        ),
        (["verify", "logmac", "--simulator", "spice"], ["spice", "verilator"]),
        (["verify", "missing/directory"], ["missing/directory"]),
        (["synth", "logmac", "--target", "vacuum"], ["vacuum", "cmos"]),
        (["synth", "logmac", "-p", "sum_bits=3"], ["sum_bits=3", "4…48"]),
        (["run", "nomac", "--a", "A.npy", "--b", "B.npy"], ["nomac"]),
        (["run", "logmac", "--a", "A.npy"], ["--b"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and len(value) > 1 else "",
)
def test_arguments(dotforge: Any, tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    check(dotforge(*arguments), 2, *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (np.ones((2, 4)), B, ["A is 2×4 and B is 3×2"]),
        (np.ones(3), B, ["A has shape (3,)"]),
        (np.ones((0, 3)), B, ["A has shape (0, 3)", "1×1"]),
        (A, np.ones((3, 0)), ["B has shape (3, 0)"]),
        (A * 1j, B, ["A has dtype complex128"]),
        (A.astype(str), B, ["A has dtype"]),
        (A.astype(object), B, ["A: A.npy holds Python objects"]),
        (A * np.nan, B, ["A holds 6 values that are NaN or infinite"]),
        (A, B * np.inf, ["B holds 6 values"]),
        (A * 8, B, ["outside -8…7"]),
        (A / 2, B, ["not integers"]),
        (A, B * 0.3, ["cannot represent", "--quantize nearest"]),
        (None, B, ["A: A.npy does not exist"]),
        (b"not a matrix", B, ["A: A.npy is not an .npy file"]),
        (b"", B, ["A: A.npy is not an .npy file"]),
    ],
    ids=lambda value: value[0].replace(" ", "_") if isinstance(value, list) else "",
)
def test_matrices(dotforge: Any, tmp_path: Path, a: Any, b: Any, words: list[str]) -> None:
    for name, matrix in (("A.npy", a), ("B.npy", b)):
        if isinstance(matrix, bytes):
            (tmp_path / name).write_bytes(matrix)
        elif matrix is not None:
            np.save(tmp_path / name, matrix)
    before = sorted(tmp_path.iterdir())
    result = dotforge(
        "run", "logmac", "-p", "lanes=2", "--a", "A.npy", "--b", "B.npy", "-o", "C.npy", "--json", "S.json"
    )
    check(result, 2, *words)
    assert sorted(tmp_path.iterdir()) == before


def test_an_overflow_ends_with_1_and_without_a_product(dotforge: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "A.npy", np.full((1, 40), 7))
    np.save(tmp_path / "B.npy", np.ones((40, 1)))
    arguments = [
        "run",
        "logmac",
        "-p",
        "lanes=8",
        "-p",
        "sum_bits=8",
        "--a",
        "A.npy",
        "--b",
        "B.npy",
        "-o",
        "C.npy",
    ]
    check(dotforge(*arguments, "--json", "S.json"), 1, "1 of 1 sums overflowed 8 bits", "--allow-overflow")
    assert (tmp_path / "S.json").exists()  # the report says which
    assert not (tmp_path / "C.npy").exists()
    assert dotforge(*arguments, "--allow-overflow").code == 0
    assert (tmp_path / "C.npy").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", "logmac", "-o", "file/out"],
        ["generate", "logmac", "-o", "file"],
        ["generate", "logmac", "-o", "full"],
        ["synth", "logmac", "-p", "lanes=1", "-p", "sum_bits=6", "-o", "missing/R.json"],
        ["run", "logmac", "-p", "lanes=2", "--a", "A.npy", "--b", "B.npy", "-o", "missing/C.npy"],
        ["run", "logmac", "-p", "lanes=2", "--a", "A.npy", "--b", "B.npy", "--json", "missing/S.json"],
        ["verify", "logmac", "-p", "lanes=1", "-o", "file"],
    ],
    ids=" ".join,
)
def test_nowhere_to_write(dotforge: Any, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    np.save(tmp_path / "A.npy", A)
    np.save(tmp_path / "B.npy", B)
    before = sorted(tmp_path.rglob("*"))
    check(dotforge(*arguments), 2, "cannot write")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("place", ["file", "file/deep/out"])
def test_generate_looks_before_it_simulates(
    dotforge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def simulated(*_: Any, **__: Any) -> None:
        raise AssertionError("simulated")

    monkeypatch.setattr("dotforge.verify.recording.record", simulated)
    (tmp_path / "file").touch()
    check(dotforge("generate", "logmac", "-o", place), 2, f"cannot write {place}", "is a file")


@pytest.mark.skipif(os.geteuid() == 0, reason="skipped: needs a user whom permissions bind")
def test_a_directory_without_permission(dotforge: Any, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    check(dotforge("generate", "logmac", "-o", "locked/out"), 2, "cannot write", "Permission denied")


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_a_missing_program(
    dotforge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulator: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("DOTFORGE_CACHE", str(tmp_path / "cache"))
    wanted = {"verilator": "install g++", "icarus": "install iverilog"}[simulator]
    check(dotforge("verify", "logmac", "-p", "lanes=1", "--simulator", simulator), 2, wanted)


def test_a_changed_file_is_not_taken_for_the_generated_one(dotforge: Any, tmp_path: Path) -> None:
    assert dotforge("generate", "logmac", "-p", "lanes=1", "-o", "mac").code == 0
    with (tmp_path / "mac" / "logmac.v").open("a") as file:
        file.write("module harmless;\nendmodule\n")  # comments may differ
    check(dotforge("synth", "mac"), 2, "was changed")
    (tmp_path / "mac" / "manifest.json").write_text("{}")
    check(dotforge("verify", "mac"), 2, "is not a manifest")
    (tmp_path / "mac" / "manifest.json").write_text("{")
    check(dotforge("verify", "mac"), 2, "is not JSON")
    (tmp_path / "mac" / "manifest.json").unlink()
    check(dotforge("verify", "mac"), 2, "cannot read")


def test_a_directory_has_its_parameters(dotforge: Any) -> None:
    assert dotforge("generate", "logmac", "-p", "lanes=1", "-o", "mac").code == 0
    check(dotforge("synth", "./mac", "-p", "lanes=2"), 2, "-p goes with an engine")


@pytest.mark.parametrize("engine", ["flexdpe", "logmac", "systolic"])
def test_an_unsigned_value_beyond_64_signed_bits_is_an_integer(
    dotforge: Any, tmp_path: Path, engine: str
) -> None:
    """It is outside, and not "not an integer"."""
    np.save(tmp_path / "A.npy", np.array([[2**63 + 5]], np.uint64))
    np.save(tmp_path / "B.npy", np.ones((1, 1)))
    result = dotforge("run", engine, "--a", "A.npy", "--b", "B.npy")
    check(result, 2, "A holds 1 values outside", "9.22337")
    assert "not integers" not in result.err


def test_python_objects_are_called_so(dotforge: Any, tmp_path: Path) -> None:
    """Nobody is told to allow pickles."""
    np.save(tmp_path / "A.npy", np.array([[1, 2]], object), allow_pickle=True)
    np.save(tmp_path / "B.npy", np.ones((2, 1)))
    result = dotforge("run", "logmac", "--a", "A.npy", "--b", "B.npy")
    check(result, 2, "A.npy holds Python objects, allowed are integers and real numbers")
    assert "pickle" not in result.err


def test_a_percentile_needs_its_clipping(dotforge: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "A.npy", A)
    np.save(tmp_path / "B.npy", B)
    result = dotforge("run", "vsquant", "--a", "A.npy", "--b", "B.npy", "--percentile", "99")
    check(result, 2, "--percentile 99 needs --clipping percentile, given max")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--target", "ecp5", "--device", "100k", "-o", "R.json"],
            ["device 100k: allowed are 25k, 45k, 85k"],
        ),
        (["-o", "missing/R.json"], ["cannot write missing/R.json"]),
    ],
    ids=["device", "output"],
)
def test_synth_looks_before_it_synthesizes(
    dotforge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: list[str]
) -> None:
    def synthesized(*_: Any, **__: Any) -> None:
        raise AssertionError("synthesized")

    monkeypatch.setattr("dotforge.synthesis.synth.synthesize", synthesized)
    check(dotforge("synth", "logmac", "-p", "lanes=2", *arguments), 2, *words)
    assert list(tmp_path.iterdir()) == []
