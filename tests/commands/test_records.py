"""What a command writes describes its own last run: nothing of a success survives a later failure."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dotforge.tools import files
from dotforge.tools.process import ToolError
from dotforge_sim.simulator import bench, processes

SMALL = ("logmac", "-p", "lanes=1", "-p", "sum_bits=8")


def read(path: str) -> Any:
    return json.loads(Path(path).read_text())


def failing(monkeypatch: pytest.MonkeyPatch, script: str) -> pytest.MonkeyPatch:
    """Let the bench be something else."""
    real = processes.started
    monkeypatch.setattr(
        bench,
        "processes",
        SimpleNamespace(started=lambda command, **options: real([command[0], "-c", script], **options)),
    )
    return monkeypatch


_RED = (
    "open('results.xml', 'w').write('<testsuites><testsuite><testcase name=\"sums\"><failure error_msg=\"7 is not 8\"/>"
    "</testcase></testsuite></testsuites>')"
)


def test_a_verification_that_fails(dotforge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hangs, is red, or says nothing."""
    assert dotforge("generate", *SMALL, "-o", "mac", "--no-simulate").code == 0
    assert "not verified: no summary" in dotforge("synth", "mac").out
    assert dotforge("verify", "mac").code == 0
    for script, code, said in (
        ("import time; time.sleep(600)", 2, "did not end within 1 s"),
        (_RED, 1, "sums failed: 7 is not 8"),
        ("raise SystemExit(1)", 1, "left no result"),
    ):
        with monkeypatch.context() as patch:
            failing(patch, script)
            failed = dotforge("verify", "mac", "--timeout", "1")
        assert (failed.code, said in failed.err) == (code, True)
        record = read("mac/verify/summary.json")
        assert (record["status"], said in record["reason"]) == ("failed", True)
        assert record["verilog_sha256"] == read("mac/manifest.json")["verilog_sha256"]
        assert record["command"] == "dotforge verify mac --timeout 1"
        shown = dotforge("synth", "mac", "-o", "R.json").out
        assert "verified: the same" not in shown
        assert "NOT VERIFIED: the latest run of `dotforge verify` failed: " in shown
        assert said in shown
    assert "NOT VERIFIED" in dotforge("compare", "R.json", "R.json").out
    assert dotforge("verify", "mac").code == 0
    assert "verified: the same Verilog, 8 tests" in dotforge("synth", "mac").out


def test_a_verification_is_of_one_configuration(dotforge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    other = ("logmac", "-p", "lanes=2", "-p", "sum_bits=8")
    assert dotforge("verify", *SMALL).code == 0
    assert "verified: the same Verilog" in dotforge("synth", *SMALL).out
    assert "not verified: no summary" in dotforge("synth", *other).out
    with monkeypatch.context() as patch:
        failing(patch, _RED)
        assert dotforge("verify", *other).code == 1
    assert "NOT VERIFIED" in dotforge("synth", *other).out
    assert "verified: the same Verilog" in dotforge("synth", *SMALL).out


def test_results_of_others_beside_a_verification(dotforge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four files that are called as ours, none is touched."""
    failing(monkeypatch, _RED)
    Path("mine").mkdir()
    for name in ("results.xml", "manifest.json", "summary.json", "vectors.json"):
        Path("mine", name).write_text('{"name": "mine"}')
        refused = dotforge("verify", *SMALL, "-o", "mine")
        assert refused.code == 2
        assert f"cannot write mine/{name}: it is there, and not from `dotforge verify`" in refused.err
        assert [path.name for path in Path("mine").iterdir()] == [name]
        Path("mine", name).unlink()
    assert dotforge("generate", *SMALL, "-o", "mac", "--no-simulate").code == 0
    assert "mac/manifest.json: it is there" in dotforge("verify", "mac", "-o", "mac").err
    Path("mine", "notes").write_text("mine")
    for _ in range(2):
        assert dotforge("verify", "mac", "-o", "mine").code == 1
    assert Path("mine", "notes").exists()


def test_a_synthesis_that_fails(dotforge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dotforge("synth", *SMALL, "-o", "R.json").code == 0
    first = read("R.json")
    assert first["status"] == "ok"
    with monkeypatch.context() as patch:
        patch.setattr("dotforge.synthesis.synth.synthesize", lambda *_, **__: broken())
        assert dotforge("synth", *SMALL, "-o", "R.json").code == 2
        assert dotforge("synth", *SMALL, "-o", "new.json").code == 2
    for name in ("R.json", "new.json"):
        failed = read(name)
        assert (failed["status"], failed["reason"]) == ("failed", "Yosys: on purpose")
        assert failed["verilog_sha256"] == first["verilog_sha256"]
        assert "totals" not in failed
    assert dotforge("synth", *SMALL, "-o", "good.json").code == 0
    for pair in (("good.json", "R.json"), (".", "good.json")):
        compared = dotforge("compare", *pair)
        assert compared.code == 2
        assert "holds no report: `dotforge synth` failed: Yosys: on purpose" in compared.err


def broken() -> None:
    raise ToolError("Yosys: on purpose")


def test_a_library_that_is_broken(dotforge: Any) -> None:
    """What a target needs is not there: a failure, unlike an option that does not exist."""
    assert dotforge("synth", *SMALL, "-o", "R.json").code == 0
    for option in (("--device", "45k"), ("--target", "ecp5", "--device", "45K"), ("--target", "none")):
        assert dotforge("synth", *SMALL, *option, "-o", "R.json").code == 2
        assert read("R.json")["status"] == "ok"
    Path("broken.lib").write_text("nothing")
    for name, said in (("broken.lib", "is not a Liberty file"), ("none.lib", "No such file")):
        assert dotforge("synth", *SMALL, "-o", "R.json").code == 0
        assert dotforge("synth", *SMALL, "--target", f"liberty:{name}", "-o", "R.json").code == 2
        failed = read("R.json")
        assert (failed["status"], said in failed["reason"], "totals" in failed) == ("failed", True, False)
        assert dotforge("synth", *SMALL, "--target", f"liberty:{name}", "-o", "new.json").code == 2
        assert not Path("new.json").exists()


def test_a_command_that_is_killed_while_the_verilog_is_made(
    dotforge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a large engine takes a while, in which nobody could write a record any more."""
    small = np.eye(1, 40)
    assert dotforge("synth", *SMALL, "-o", "R.json").code == 0
    assert multiply(dotforge, small).code == 0
    seen: list[tuple[str, str, bool]] = []

    def killed(*_: object, **__: object) -> None:
        seen.append((read("R.json")["status"], read("S.json")["status"], Path("C.npy").exists()))
        raise ToolError("no more")

    monkeypatch.setattr("dotforge.front_door.from_parameters", killed)
    assert dotforge("synth", *SMALL, "-o", "R.json").code == 2
    assert multiply(dotforge, small).code == 2
    assert seen == [("unfinished", "ok", True), ("failed", "unfinished", False)]


def test_a_damaged_directory_leaves_no_old_report(dotforge: Any) -> None:
    assert dotforge("generate", *SMALL, "-o", "mac", "--no-simulate").code == 0
    assert dotforge("synth", "mac", "-o", "R.json").code == 0
    with Path("mac/logmac.v").open("a") as file:
        file.write("module harmless;\nendmodule\n")
    assert dotforge("synth", "mac", "-o", "R.json").code == 2
    assert "was changed" in read("R.json")["reason"]
    # Who asks for something that does not exist is refused, and nothing has run.
    assert dotforge("synth", *SMALL, "-o", "R.json").code == 0
    assert dotforge("synth", "logmac", "-p", "lanes=0", "-o", "R.json").code == 2
    assert read("R.json")["status"] == "ok"


@pytest.mark.parametrize("output", ["mac/logmac.v", "./mac/manifest.json"])
def test_a_report_onto_what_it_is_about(dotforge: Any, output: str) -> None:
    assert dotforge("generate", *SMALL, "-o", "mac", "--no-simulate").code == 0
    before = Path(output).read_bytes()
    refused = dotforge("synth", "mac", "-o", output)
    assert (refused.code, "reads or writes it as something else" in refused.err) == (2, True)
    assert Path(output).read_bytes() == before


def multiply(dotforge: Any, a: Any, *more: str) -> Any:
    np.save("A.npy", a)
    np.save("B.npy", np.ones((40, 1)))
    return dotforge(
        "run", "logmac", "-p", "lanes=8", "-p", "sum_bits=8", "--a", "A.npy", "--b", "B.npy", "-o", "C.npy",
        "--json", "S.json", *more,
    )  # fmt: skip


def test_a_product_that_fails(dotforge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large, wrong = (np.full((1, 40), value) for value in (0, 7, 9))
    small[0, 0] = 1

    real = files.write_bytes

    def full(*_: object) -> None:
        raise files.OutputError("cannot write C.npy: No space left on device")

    def fresh() -> None:
        assert multiply(dotforge, small).code == 0
        assert read("S.json")["status"] == "ok"
        assert np.load("C.npy").tolist() == [[1]]

    fresh()
    assert multiply(dotforge, large).code == 1  # overflows
    record = read("S.json")
    assert (record["status"], "overflowed" in record["reason"]) == ("failed", True)
    assert not Path("C.npy").exists()

    fresh()
    assert multiply(dotforge, wrong).code == 2  # no 4-bit activations
    assert "outside -8…7" in read("S.json")["reason"]
    assert not Path("C.npy").exists()

    fresh()
    with monkeypatch.context() as patch:  # only the product: the record is written as ever
        patch.setattr(files, "write_bytes", lambda path, text: (real, full)[path.name == "C.npy"](path, text))
        assert dotforge(*"run logmac -p lanes=8 --a A.npy --b B.npy -o C.npy --json S.json".split()).code == 2
    assert "No space left" in read("S.json")["reason"]
    assert not Path("C.npy").exists()

    fresh()
    for name in ("A.npy", "./B.npy", "S.json"):
        before = Path(name).read_bytes()
        refused = dotforge(
            "run", "logmac", "-p", "lanes=8", "--a", "A.npy", "--b", "B.npy", "-o", name, "--json", "S.json"
        )
        assert (refused.code, "as something else" in refused.err) == (2, True)
        assert Path(name).read_bytes() == before


def test_a_board_that_fails(dotforge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    result = SimpleNamespace(tests=1, vectors=180, simulator="none")
    monkeypatch.setattr("dotforge.verify.recording.record", lambda *_, **__: None)
    for name, value in (("check_tools", None), ("self_test", None), ("simulate", result)):
        monkeypatch.setattr(f"dotforge.board.bitstream.{name}", lambda *_, value=value, **__: value)
    board = ["board", "icebreaker", *SMALL, "-o", "out"]
    assert dotforge(*board, "--no-build").code == 0
    record = read("out/board.json")
    assert (record["status"], record["simulation"]["vectors"] > 0) == ("ok", True)
    assert "bitstream" not in record

    def built(*given: Any, **_: Any) -> dict[str, Any]:
        files.write_bytes(given[4] / "logmac_icebreaker.bin", b"bits")
        return {"bitstream": "logmac_icebreaker.bin", "fmax_mhz": 20.0, "clock_mhz": 12.0, "load": "load"}

    with monkeypatch.context() as patch:
        patch.setattr("dotforge.board.bitstream.build", built)
        assert dotforge(*board).code == 0
        assert "logmac_icebreaker.bin" in read("out/board.json")["files"]
        patch.setattr("dotforge.board.bitstream.build", lambda *_, **__: broken())
        assert dotforge(*board).code == 2
        assert not Path("out/logmac_icebreaker.bin").exists()
        assert read("out/board.json")["reason"] == "Yosys: on purpose"
        patch.setattr("dotforge.board.bitstream.build", built)
        assert dotforge(*board).code == 0
        patch.setattr("dotforge.board.bitstream.check_tools", lambda *_: broken())
        assert dotforge(*board).code == 2
        assert not Path("out/logmac_icebreaker.bin").exists()
        assert read("out/board.json")["status"] == "failed"
    assert dotforge(*board, "--no-build").code == 0
    assert not Path("out/logmac_icebreaker.bin").exists()
    assert "bitstream" not in read("out/board.json")


def test_an_estimate_that_fails(dotforge: Any) -> None:
    estimate = ["estimate", "--model", "paper", "--json", "E.json"]
    assert dotforge(*estimate, "--shape", "4,4,4").code == 0
    assert read("E.json")["model"] == "paper"
    assert dotforge(*estimate, "--shape", "4,4").code == 2  # refused: it has not run
    assert read("E.json")["model"] == "paper"
    np.save("A.npy", np.ones((4, 4)))
    assert (
        dotforge("estimate", "--model", "paper", "--a", "A.npy", "--b", "A.npy", "--json", "A.npy").code == 2
    )
    assert np.load("A.npy").shape == (4, 4)


def test_a_comparison_that_fails(dotforge: Any) -> None:
    assert dotforge("synth", *SMALL, "-o", "R.json").code == 0
    Path("bad.json").write_text("{")
    for form in ("markdown", "csv", "json"):
        written = ["--format", form, "-o", "delta"]
        assert dotforge("compare", "R.json", "R.json", *written).code == 0
        assert dotforge("compare", "R.json", "bad.json", *written).code == 2
        assert not Path("delta").exists()
    assert dotforge("compare", "R.json", "R.json", "--format", "json", "-o", "R.json").code == 2
    assert read("R.json")["status"] == "ok"
