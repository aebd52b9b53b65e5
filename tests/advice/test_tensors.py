"""Lists of layers: patterns, files, activations of their own, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from dotforge.advice.tensors import Layer, read_layers
from dotforge_sim.run.errors import RunError
from dotforge_sim.run.tensors.listing import matching

NAMES = [
    f"layer.{number}.{part}" for number in (2, 10) for part in ("query.weight", "query.bias", "key.weight")
]


@pytest.fixture(autouse=True)
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_file({name: np.ones(4) if "bias" in name else np.ones((4, 6)) for name in NAMES}, "m.safetensors")
    arrays: dict[str, Any] = {name: np.ones((2, 6)) for name in NAMES if "bias" not in name}
    np.savez("a.npz", **arrays)


def weights(listed: str, a: str | None = "a.npy") -> list[str]:
    return [each.b for each in read_layers(listed, a)]


def test_patterns_are_matrices_in_the_order_of_their_numbers() -> None:
    assert weights("m.safetensors:*query.*.T") == [
        "m.safetensors:layer.2.query.weight.T", "m.safetensors:layer.10.query.weight.T",
    ]  # fmt: skip
    assert weights("m.safetensors:layer.?.*.T[0:3, 0:2]") == [
        "m.safetensors:layer.2.key.weight.T[0:3, 0:2]", "m.safetensors:layer.2.query.weight.T[0:3, 0:2]",
    ]  # fmt: skip


def test_an_entry_without_a_file_is_in_the_one_before() -> None:
    listed = (
        "m.safetensors:layer.2.key.weight.T[0:6, 0:2],layer.10.key.weight.T, layer.2.key.weight.T[0:6, 0:2]"
    )
    assert weights(listed) == [
        "m.safetensors:layer.2.key.weight.T[0:6, 0:2]", "m.safetensors:layer.10.key.weight.T",
    ]  # fmt: skip


def test_activations_of_each_layer() -> None:
    assert read_layers("m.safetensors:*key.weight.T", "a.npz:*[0:1]") == [
        Layer(f"a.npz:{name}[0:1]", f"m.safetensors:{name}.T") for name in NAMES if "key" in name
    ]
    Path("list").write_text("# mine\nm.safetensors:layer.2.key.weight.T x.npy\n\nlayer.10.key.weight.T\n")
    assert [each.a for each in read_layers("list", "a.npy")] == ["x.npy", "a.npy"]
    assert read_layers("list", "a.npy")[1].files == [Path("a.npy"), Path("m.safetensors")]


def test_quantised_weights_go_by_their_names() -> None:
    parts = {"l.weight_packed": np.ones((4, 8), np.uint8), "l.weight_scale": np.ones((4, 1), np.uint8)}
    parts |= {"t._weight_qdata": parts["l.weight_packed"], "t._weight_scale": parts["l.weight_scale"]}
    save_file(parts, "q.safetensors")
    assert matching("q.safetensors:*.weight.T", "B") == [
        "q.safetensors:l.weight.T",
        "q.safetensors:t.weight.T",
    ]


@pytest.mark.parametrize(
    ("listed", "a", "message"),
    [
        (
            "m.safetensors:layer.*.quer.weight",
            "a.npy",
            "has no layer.*.quer.weight; near are layer.2.query.weight",
        ),
        ("m.safetensors:*.bias", "a.npy", "none of layer.2.query.bias, layer.10.query.bias is a matrix"),
        ("m.safetensors:*key.weight", None, "has no activations: --a, or a second word"),
        ("m.safetensors:*key.weight,,", "a.npy", "allowed are tensors with commas between them"),
        ("absent.safetensors:*", "a.npy", "absent.safetensors does not exist"),
        ("list.txt", "a.npy", "list.txt does not exist"),
        ("m.npy:x*", "a.npy", "patterns are for .safetensors, .onnx, .npz"),
    ],
)
def test_lists_that_are_none(listed: str, a: str | None, message: str) -> None:
    with pytest.raises(RunError) as refused:
        read_layers(listed, a)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"# nothing\n", "lists nothing"),
        (b"a b c\n", "line 1: allowed is WEIGHTS"),
        (b'x "y\n', "line 1: No closing quotation"),
        (b"\xff\xfe", "is no list of tensors"),
    ],
)
def test_files_that_are_no_lists(text: bytes, message: str) -> None:
    Path("list").write_bytes(text)
    with pytest.raises(RunError, match=message):
        read_layers("list", "a.npy")
