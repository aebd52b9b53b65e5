"""``dotforge run --save-beats``: the beats of somebody's own matrices, and nothing else of theirs touched."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge_sim.host.files import from_hex, to_hex

RUN = ("run", "logmac", "-p", "lanes=2", "-p", "sum_bits=12", "--a", "A.npy", "--b", "B.npy")


@pytest.fixture
def operands(tmp_path: Path) -> None:
    np.save(tmp_path / "A.npy", np.array([[1, -2, 3], [7, 0, -8]]))
    np.save(tmp_path / "B.npy", np.array([[1.0, 0.5], [-0.25, 0.0], [0.125, -1.0]]))


@pytest.mark.usefixtures("operands")
def test_what_is_written(dotforge: Any, tmp_path: Path) -> None:
    done = dotforge(*RUN, "--save-beats", "saved")
    assert done.code == 0, done.err
    saved = json.loads((tmp_path / "saved" / "beats.json").read_text())
    assert (saved["status"], saved["shape"]) == ("ok", {"m": 2, "k": 3, "n": 2})
    streams = {stream["name"]: stream for stream in saved["streams"]}
    assert {name: stream["beats"] for name, stream in streams.items()} == {
        "activations": 8, "weights": 8, "sums": 4
    }  # fmt: skip
    # The first dot product: 1, -2, then 3 and what fills the beat; tlast is above tdata.
    lines = (tmp_path / "saved" / streams["activations"]["hex"]).read_text().split()
    assert lines[:2] == ["0e1", "103"]
    sums = (tmp_path / "saved" / streams["sums"]["hex"]).read_text().split()
    assert len(sums) == 4
    assert int(sums[0], 16) & 0xFFF == 8 * (1 * 1 + -2 * -0.25 + 3 * 0.125)
    assert np.array_equal(
        np.load(tmp_path / "saved" / "product.npy"), np.load(tmp_path / "A.npy") @ np.load(tmp_path / "B.npy")
    )
    assert set(saved["files"]) == {
        str(path.relative_to(tmp_path / "saved"))
        for path in (tmp_path / "saved").rglob("*")
        if path.is_file() and path.name != "beats.json"
    }


@pytest.mark.usefixtures("operands")
def test_nothing_of_others_is_touched(dotforge: Any, tmp_path: Path) -> None:
    mine = tmp_path / "saved" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert dotforge(*RUN, "--save-beats", "saved").code == 0
    assert dotforge(*RUN, "--save-beats", "saved").code == 0, "its own files it replaces"
    (tmp_path / "saved" / "inputs" / "weights.hex").write_text("mine")
    refused = dotforge(*RUN, "--save-beats", "saved")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert (
        "weights.hex: it was changed since `dotforge run --save-beats` wrote it: move it away" in refused.err
    )
    assert (tmp_path / "saved" / "inputs" / "weights.hex").read_text() == "mine"
    assert mine.read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    refused = dotforge(*RUN, "--save-beats", "file")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.usefixtures("operands")
def test_a_run_that_fails_leaves_no_beats(dotforge: Any, tmp_path: Path) -> None:
    assert dotforge(*RUN, "--save-beats", "saved", "--timeline", "t.html").code == 0
    assert (tmp_path / "t.html").is_file()
    np.save(tmp_path / "A.npy", np.full((1, 60), 7))
    np.save(tmp_path / "B.npy", np.ones((60, 1)))
    failed = dotforge(*RUN, "--save-beats", "saved", "--timeline", "t.html")
    assert failed.code == 1
    assert "overflowed" in failed.err
    record = json.loads((tmp_path / "saved" / "beats.json").read_text())
    assert (record["status"], record["files"]) == ("failed", {})
    assert [path for path in (tmp_path / "saved").rglob("*") if path.is_file()] == [
        tmp_path / "saved" / "beats.json"
    ]
    assert not (tmp_path / "t.html").exists()


@pytest.mark.parametrize(("width", "tlast"), [(7, True), (8, True), (8, False), (12, False), (31, True)])
def test_text_of_beats(width: int, tlast: bool) -> None:
    random = np.random.default_rng(width)
    words = random.integers(0, 1 << width, 50)
    data = words.astype("<u4").view(np.uint8).reshape(50, 4)[:, : -(-width // 8)]
    last = random.integers(0, 2, 50).astype(bool) & tlast
    stream = {"name": "s", "tdata_width": width, "tlast": tlast}
    text = to_hex(stream, data, last)
    assert [int(line, 16) for line in text.split()] == (words + (last.astype(int) << width)).tolist()
    assert {len(line) for line in text.split()} == {-(-(width + tlast) // 4)}
    found = from_hex(stream, f"// comment\n@0\n{text}\n")
    assert np.array_equal(found[0], data)
    assert np.array_equal(found[1], last)
    with pytest.raises(ValueError, match=f"s: a word has more than {width + tlast} bits"):
        from_hex(stream, f"{1 << width + tlast:x}\n")
