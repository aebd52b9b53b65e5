"""Operands from files of every kind: numbers that stay themselves, and one line for what is damaged or missing."""

import io
import json
import pickle
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from dotforge_sim.run.errors import RunError
from dotforge_sim.run.operands import load_matrix as load
from dotforge_sim.run.tensors.place import parse
from dotforge_sim.run.tensors.tensor import TYPES


def load_matrix(text: str | Path, name: str) -> np.ndarray:
    found = load(text, name)
    assert isinstance(found, np.ndarray)
    return found


W = np.arange(24, dtype=np.float32).reshape(4, 6) - 7


def safetensors(path: Path, tensors: dict[str, tuple[str, tuple[int, ...], bytes]]) -> Path:
    """Write a file by hand, as the format's page says, so that no library has to know a type."""
    header, data = {}, b""
    for name, (kind, shape, content) in tensors.items():
        header[name] = {
            "dtype": kind,
            "shape": list(shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return safetensors(
        tmp_path / "m.safetensors",
        {
            "layer.0.weight": ("F32", W.shape, W.tobytes()),
            "layer.0.bias": ("F32", (4,), W[:, 0].tobytes()),
            "half": ("BF16", W.shape, W.astype(ml_dtypes.bfloat16).tobytes()),
            "odd.T": ("I8", W.shape, W.astype(np.int8).tobytes()),
            "four": ("F4", (2, 4), bytes([0x21, 0x43, 0x65, 0xF7])),
        },
    )


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ("", W), (".T", W.T), ("[0:2, 3:5]", W[:2, 3:5]), ("[1:]", W[1:]), (".T[2:6, :3]", W.T[2:6, :3]),
        ("[1:3].T", W[1:3].T), ("[1:3][0:1]", W[1:2]), (".T.T[3:4]", W[3:4]),
    ],
)  # fmt: skip
def test_parts(model: Path, steps: str, wanted: np.ndarray) -> None:
    for name in ("layer.0.weight", "half", "odd.T"):
        assert np.array_equal(load_matrix(f"{model}:{name}{steps}", "A"), wanted), name
    np.save(model.with_name("a.npy"), W)
    assert np.array_equal(load_matrix(f"{model.with_name('a.npy')}{steps}", "A"), wanted)
    np.save(model.with_name("f.npy"), np.asfortranarray(W))
    assert np.array_equal(load_matrix(f"{model.with_name('f.npy')}{steps}", "A"), wanted)


def test_four_bits_lie_low_nibble_first(model: Path) -> None:
    assert load_matrix(f"{model}:four", "A").tolist() == [[0.5, 1, 1.5, 2], [3, 4, 6, -6]]


@pytest.mark.parametrize("name", sorted(TYPES))
def test_types_without_a_name(name: str, tmp_path: Path) -> None:
    values = np.array([[1, 0], [0, 1]] if "int" in name else [[1, 2], [2, 0.5]]).astype(TYPES[name])
    wanted = values.astype(np.float64)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "a.npz", x=values, y=values)
    assert np.array_equal(load_matrix(f"{tmp_path}/a.npy:{name}", "A"), wanted)
    assert np.array_equal(load_matrix(f"{tmp_path}/a.npz:x:{name}", "A"), wanted)
    if name == "float8_e5m2":  # the one that NumPy gives a name, which it does not read
        assert np.array_equal(load_matrix(tmp_path / "a.npy", "A"), wanted)
        return
    with pytest.raises(RunError, match=rf"no name of their type: give it, .* allowed are .*{name}"):
        load_matrix(tmp_path / "a.npy", "A")


def test_other_files(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "a.csv", W, delimiter=",")
    assert np.array_equal(load_matrix(tmp_path / "a.csv", "A"), W)
    np.savez_compressed(tmp_path / "a.npz", first=W, second=W.T)
    assert np.array_equal(load_matrix(f"{tmp_path}/a.npz:second.T[1:]", "A"), W[1:])
    (tmp_path / "b.csv").write_text("x,y\n1,2\n")
    (tmp_path / "c.csv").write_text("")
    for name, said in (("b.csv", "is not a table of numbers"), ("c.csv", "allowed is at least 1×1")):
        with pytest.raises(RunError, match=said):
            load_matrix(tmp_path / name, "A")


def test_initialisers(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    numpy_helper = pytest.importorskip("onnx.numpy_helper")
    tensors = [
        numpy_helper.from_array(W, "w"),
        numpy_helper.from_array(W.astype(ml_dtypes.bfloat16), "half"),
        numpy_helper.from_array(W.astype(ml_dtypes.float4_e2m1fn), "four"),
    ]
    node = onnx.helper.make_node("Identity", ["w"], ["y"])
    graph = onnx.helper.make_graph([node], "g", [], [], tensors)
    model = onnx.helper.make_model(graph)
    onnx.save(model, tmp_path / "m.onnx")
    onnx.save(model, tmp_path / "e.onnx", save_as_external_data=True, location="e.bin", size_threshold=0)
    for file in ("m.onnx", "e.onnx"):
        assert np.array_equal(load_matrix(f"{tmp_path}/{file}:w.T[2:4]", "A"), W.T[2:4])
        assert np.array_equal(load_matrix(f"{tmp_path}/{file}:half", "A"), W)
        assert np.array_equal(
            load_matrix(f"{tmp_path}/{file}:four", "A"), W.astype(ml_dtypes.float4_e2m1fn).astype(float)
        )
    (tmp_path / "e.bin").write_bytes(b"short")
    with pytest.raises(RunError, match=r"e\.onnx:w is damaged"):
        load_matrix(f"{tmp_path}/e.onnx:w", "A")
    (tmp_path / "x.onnx").write_bytes(b"no model")
    with pytest.raises(RunError, match="is not an ONNX model"):
        load_matrix(f"{tmp_path}/x.onnx:w", "A")
    with pytest.raises(RunError, match="has no v; near are"):
        load_matrix(f"{tmp_path}/m.onnx:v", "A")


def claims(shape: tuple[int, ...], size: int = 8) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return buffer.getvalue() + bytes(size)


def zipped(path: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("m.safetensors", r"holds 5 tensors \(four, half, .*\): name one"),
        ("m.safetensors:layer.0.wieght", r"has no layer\.0\.wieght; near are layer\.0\.weight"),
        ("m.safetensors:layer.0.bias", r"has shape \(4,\), allowed is a matrix"),
        ("m.safetensors:half[0:5]", r"0:5 is no range within 0:4 of a tensor of 4×6"),
        ("m.safetensors:half[2:2]", r"2:2 is no range"),
        ("m.safetensors:half[:, :, :]", r"has 3 ranges for a tensor of 4×6"),
        ("m.safetensors:half[0:4:2]", r"is no slice; allowed are"),
        ("m.safetensors:half[-1:]", r"is no slice; allowed are"),
        ("none.safetensors:x", r"none\.safetensors does not exist"),
        ("cut.safetensors:half", r"is not a whole \.safetensors file"),
        ("lies.safetensors:x", r"is not a whole \.safetensors file"),
        ("far.safetensors:x", r"is not a whole \.safetensors file"),
        ("overflow.safetensors:x", r"is not a whole \.safetensors file"),
        ("noise.safetensors:x", r"is not a whole \.safetensors file"),
        ("complex.safetensors:x", r"has dtype C64, allowed are BOOL"),
        ("lies.npy", r"its header claims 8796093022208 bytes of data, the file holds 8"),
        ("overflow.npy", r"its header claims \d{30,} bytes of data"),
        ("negative.npy", r"its header is damaged"),
        ("deep.npy", r"its header is damaged"),
        ("lies.npz:x", r"its header claims 8796093022208 bytes of data"),
        ("objects.npz:x", r"holds Python objects"),
        ("weights.pt", r"needs unpickling, which can run code of the file: save it as \.safetensors"),
        ("weights.npz", r"needs unpickling"),
        ("weights.pkl", r"needs unpickling"),
        ("a.npy:bfloat16", r"is not of type bfloat16; allowed are none, the file says float32"),
    ],
)
def test_refusals(model: Path, text: str, message: str) -> None:
    """One line, and no memory for what a header claims."""
    here = model.parent
    whole = model.read_bytes()
    (here / "cut.safetensors").write_bytes(whole[:-3])
    (here / "noise.safetensors").write_bytes(b"\xff" * 64)
    safetensors(here / "lies.safetensors", {"x": ("F64", (1 << 40,), bytes(8))})
    safetensors(here / "far.safetensors", {"x": ("F64", (4, 4), bytes(8))})
    safetensors(here / "overflow.safetensors", {"x": ("F64", (1 << 62, 1 << 62), bytes(8))})
    safetensors(here / "complex.safetensors", {"x": ("C64", (1, 1), bytes(8))})
    (here / "lies.npy").write_bytes(claims((1 << 20, 1 << 20)))
    (here / "overflow.npy").write_bytes(claims((1 << 62, 1 << 62)))
    (here / "negative.npy").write_bytes(claims((-1, 4)))
    (here / "deep.npy").write_bytes(b"\x93NUMPY\x01\x00\x10\x27" + b"(" * 10_000)
    zipped(here / "lies.npz", "x.npy", claims((1 << 20, 1 << 20)))
    np.savez(here / "objects.npz", x=np.array([[None]]))
    zipped(here / "weights.npz", "archive/data.pkl", b"")
    for name in ("weights.pt", "weights.pkl"):
        (here / name).write_bytes(pickle.dumps({"w": [1]}))
    np.save(here / "a.npy", W)
    tracemalloc.start()
    with pytest.raises(RunError, match=message) as caught:
        load_matrix(f"{here}/{text}", "A")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20, peak
    assert "\n" not in str(caught.value)


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    """Of a file of 36 MB a tensor of 4 MB: its size as float64, and at most a fifth more."""
    random = np.random.default_rng(1).normal(size=(1024, 1024)).astype(np.float32)
    filler = bytes(32 << 20)
    path = safetensors(
        tmp_path / "m.safetensors",
        {"w": ("F32", random.shape, random.tobytes()), "rest": ("U8", (len(filler),), filler)},
    )
    load_matrix(f"{path}:w[0:1]", "A")  # imports libraries
    for text, size in ((f"{path}:w", random.size), (f"{path}:w.T[0:64, 0:64]", 64 * 64)):
        tracemalloc.start()
        found: Any = load_matrix(text, "A")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.size == size
        assert peak < 1.2 * 8 * size + (1 << 20), (text, peak)
    assert np.array_equal(load_matrix(f"{path}:w", "A"), random)


def test_a_file_that_looks_like_a_place(tmp_path: Path) -> None:
    for name in ("a.npy.T", "b:c.npy", "d[0:1].npy"):
        with (tmp_path / name).open("wb") as file:
            np.save(file, W)
        assert parse(str(tmp_path / name)).file == tmp_path / name
        assert np.array_equal(load_matrix(tmp_path / name, "A"), W)
    assert np.array_equal(load_matrix(f"{tmp_path}/b:c.npy[1:]", "A"), W[1:])
