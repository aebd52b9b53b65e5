"""``dotforge run --layer``: convolutions as products, against sums written out and against ONNX' reference."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge_sim.run.convolution import Convolution, parse
from dotforge_sim.run.errors import RunError


def straight(layer: Convolution, inputs: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Convolve two-dimensional images by the definition."""
    (sy, sx), (dy, dx) = layer.stride, layer.dilation
    padded = np.pad(inputs, ((0, 0), (0, 0), *layer.padding))
    rows, columns = layer.places(inputs, filters)
    found = np.zeros((len(inputs), len(filters), rows, columns))
    each, channels = len(filters) // layer.groups, filters.shape[1]
    for n, o, y, x in itertools.product(*map(range, found.shape)):
        for c, ky, kx in itertools.product(*map(range, filters.shape[1:])):
            channel = o // each * channels + c
            found[n, o, y, x] += (
                padded[n, channel, y * sy + ky * dy, x * sx + kx * dx] * filters[o, c, ky, kx]
            )
    return found


@pytest.mark.parametrize(
    "text",
    [
        "conv", "conv:stride=2", "conv:stride=2x1,padding=1", "conv:padding=2x1,dilation=2x1", "conv:groups=2",
        "conv:stride=2,padding=1,dilation=2,groups=2",
    ],
)  # fmt: skip
def test_patches(text: str) -> None:
    found = parse(text)
    stride, padding, dilation = (
        each * 2 if len(each) == 1 else each for each in (found.stride, found.padding, found.dilation)
    )
    two = Convolution(stride, padding, dilation, found.groups)  # pyright: ignore[reportArgumentType]
    rng = np.random.default_rng(9)
    inputs, filters = rng.integers(-5, 5, (2, 4, 7, 6)), rng.integers(-5, 5, (6, 4 // found.groups, 3, 2))
    parts = [
        found.raised(np.matmul(*found.lowered(inputs, filters, group)), inputs, filters)
        for group in range(found.groups)
    ]
    assert np.array_equal(np.concatenate(parts, axis=1), straight(two, inputs, filters))


@pytest.mark.parametrize(
    "attributes",
    [
        {}, {"strides": [2, 1], "pads": [1, 0, 2, 1]}, {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
        {"auto_pad": "SAME_LOWER", "dilations": [2, 1]}, {"group": 2},
    ],
    ids=str,
)  # fmt: skip
def test_a_node_of_a_model(attributes: dict[str, Any], dotforge: Any, tmp_path: Path) -> None:
    onnx, reference = pytest.importorskip("onnx"), pytest.importorskip("onnx.reference")
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    rng = np.random.default_rng(3)
    groups = attributes.get("group", 1)
    image = rng.integers(-4, 4, (1, 2, 4, 4)).astype(np.float32)
    filters = rng.integers(-4, 4, (2, 2 // groups, 2, 2)).astype(np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["y"], "first", **attributes)
    given, made = (helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xy")
    graph = helper.make_graph([node], "g", [given], [made], [numpy_helper.from_array(filters, "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), tmp_path / "m.onnx")
    np.save(tmp_path / "x.npy", image)
    (wanted,) = reference.ReferenceEvaluator(str(tmp_path / "m.onnx")).run(None, {"x": image})
    per_group = len(filters) // groups
    done = dotforge(
        "run", "systolic", "-p", "rows=4", "-p", "columns=2", "--layer", "m.onnx:first", "--a", "x.npy",
        "-o", "y.npy", *(("--group", "1") if groups > 1 else ()),
    )  # fmt: skip
    assert done.code == 0, done.err
    assert np.array_equal(np.load(tmp_path / "y.npy"), wanted[:, per_group:] if groups > 1 else wanted)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--layer", "pool"), "allowed are conv"),
        (("--layer", "conv:stride=0"), "stride=0: allowed are stride, padding, dilation, groups"),
        (("--layer", "conv:stride=2,stride=1"), "once each"),
        (("--layer", "conv:groups=3", "--group", "0"), "do not make 3 groups"),
        (("--layer", "conv:stride=1x1x1"), "stride has 3 numbers for 2 dimensions"),
        (("--layer", "conv:dilation=9"), "does not fit images"),
        (
            ("--layer", "conv:groups=2", "--save-beats", "d"),
            "--save-beats is of one product: --group names one",
        ),
        (
            ("--layer", "conv:groups=2", "--timeline", "t.html"),
            "--timeline is of one product: --group names one",
        ),
        (("--layer", "conv:groups=2", "--save-quantized", "q.npz"), "--save-quantized is of one product"),
        (("--group", "1"), "--group goes with --layer"),
    ],
)
def test_refusals(arguments: tuple[str, ...], message: str, dotforge: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((1, 2, 4, 4)))
    groups = 2 if "conv:groups=2" in arguments else 1
    np.save(tmp_path / "w.npy", np.ones((2, 2 // groups, 2, 2)))
    done = dotforge(
        "run", "systolic", "-p", "rows=4", "-p", "columns=2", "--a", "x.npy", "--b", "w.npy", *arguments
    )
    assert (done.code, message in done.err) == (2, True), done.err


def test_all_groups_are_one_report(dotforge: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    inputs, filters = rng.integers(-9, 9, (1, 4, 4, 4)), rng.integers(-9, 9, (6, 2, 2, 2))
    np.save(tmp_path / "x.npy", inputs)
    np.save(tmp_path / "w.npy", filters)
    given = ["run", "systolic", "-p", "rows=4", "-p", "columns=2", "--a", "x.npy", "--b", "w.npy"]
    given += ["--layer", "conv:stride=2x1,groups=2", "-o", "y.npy", "--json", "s.json"]
    done = dotforge(*given)
    assert done.code == 0, done.err
    layer = Convolution((2, 1), ((0, 0), (0, 0)), (1, 1), 2)
    assert np.array_equal(np.load(tmp_path / "y.npy"), straight(layer, inputs, filters))
    told = json.loads((tmp_path / "s.json").read_text())
    assert (told["status"], told["groups"], told["mismatches"], told["error"]["largest"]) == ("ok", 2, 0, 0)
    assert "2 groups of 6×8 @ 8×3" in done.err
    parts = []
    for group in (0, 1):
        assert dotforge(*given, "--group", group).code == 0
        parts.append(json.loads((tmp_path / "s.json").read_text()))
    for name in ("useful_macs", "folds"):
        assert told[name] == sum(each[name] for each in parts) > 0
    assert told["cycles"] == {
        name: sum(each["cycles"][name] for each in parts) for name in ("loading", "streaming", "add", "total")
    }
    assert told["overall_efficiency"] == pytest.approx(told["useful_macs"] / (8 * told["cycles"]["total"]))
    assert [each["cycles"] for each in told["each"]] == [each["cycles"] for each in parts]


def test_values_of_parts() -> None:
    with pytest.raises(RunError, match="--group 2: allowed 0…1"):
        parse("conv:groups=2").lowered(np.ones((1, 2, 4, 4)), np.ones((2, 1, 2, 2)), 2)
