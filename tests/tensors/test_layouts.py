"""Quantised weights of libraries: codes in and out unchanged, by hand-made files and by the libraries themselves."""

import importlib
import json
import warnings
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from dotforge_golden.mx import ELEMENTS, quantise
from dotforge_sim.run.errors import RunError
from dotforge_sim.run.operands import Stored, load_operand
from dotforge_sim.run.tensors.layout_onnx import FORMATS, model_of
from dotforge_sim.run.tensors.layouts import LAYOUTS, arrays_of, packed, swizzled, unswizzled
from dotforge_sim.run.tensors.safetensors_file import to_bytes
from dotforge_sim.run.tensors.tensor import unpack

CASES = [(layout, format) for layout, formats in LAYOUTS.items() for format in formats]


def weight(format: str, rows: int = 130, k: int = 192) -> Stored:
    values = np.random.default_rng(4).laplace(size=(rows, k))
    found = quantise(values, format=format)
    block = ELEMENTS[format].block
    return Stored(
        "blocks", format, found.elements, found.scales, found.units, block, 1, None, {"rule": "ocp"}
    )


def written(path: Path, stored: Stored, layout: str) -> Path:
    path.write_bytes(to_bytes(*arrays_of(stored, layout, "l.weight"), "B"))
    return path


def same(one: Stored, other: Any) -> None:
    assert isinstance(other, Stored)
    assert one.scales is not None and other.scales is not None
    assert (one.format, one.along) == (other.format, other.along)
    assert np.array_equal(one.elements, other.elements)
    assert np.array_equal(one.scales, other.scales)
    assert np.allclose(one.units, other.units, rtol=1e-7)


@pytest.mark.parametrize(("layout", "format"), CASES)
def test_codes_come_back(layout: str, format: str, tmp_path: Path) -> None:
    stored = weight(format)
    path = written(tmp_path / "w.safetensors", stored, layout)
    same(stored, load_operand(f"{path}:l.weight", "A"))
    part = load_operand(f"{path}:l.weight.T[0:64, 3:5]", "B")
    assert isinstance(part, Stored)
    assert (part.shape, part.along) == ((64, 2), 0)
    assert np.allclose(part.values(), stored.values().T[:64, 3:5], rtol=1e-7)
    with_turned = arrays_of(Stored(**{**vars(stored), "along": 0}), layout, "l.weight")[0]
    for name, array in arrays_of(stored, layout, "l.weight")[0].items():
        assert array.tobytes() == with_turned[name].tobytes(), name


@pytest.mark.parametrize("format", FORMATS)
def test_onnx(format: str, tmp_path: Path) -> None:
    reference = pytest.importorskip("onnx.reference")
    stored = weight(format, 5, 64)
    (tmp_path / "w.onnx").write_bytes(model_of(stored, "l.weight"))
    for name in ("l.weight", "l.weight_quantized"):
        same(stored, load_operand(f"{tmp_path}/w.onnx:{name}", "A"))
    (found,) = reference.ReferenceEvaluator(str(tmp_path / "w.onnx")).run(None, {})
    assert np.allclose(found, stored.values(), rtol=1e-6)


def test_order_in_bytes() -> None:
    assert packed(np.array([[1, 2, 3, 15]]), 4).tolist() == [[0x21, 0xF3]]
    assert packed(np.array([[1, 0, 0, 63]]), 6).tolist() == [[0x01, 0x00, 0xFC]]
    codes = np.random.default_rng(1).integers(0, 64, (3, 8)).astype(np.uint8)
    assert np.array_equal(unpack(packed(codes, 6), 6), codes)


@pytest.mark.parametrize("shape", [(1, 1), (128, 4), (130, 12), (300, 5)])
def test_swizzled_scales(shape: tuple[int, int]) -> None:
    scales = np.random.default_rng(2).integers(1, 255, shape).astype(np.uint8)
    turned = swizzled(scales)
    assert np.array_equal(unswizzled(turned, *shape), scales)
    # cuBLAS: scale (row, block) of a tile is byte (row mod 32) · 16 + (row div 32) · 4 + block.
    if shape == (128, 4):
        assert turned.ravel()[5 * 16 + 2 * 4 + 3] == scales[2 * 32 + 5, 3]
    with pytest.raises(ValueError, match="swizzled scales"):
        unswizzled(turned.ravel()[:-1], *shape)


def test_refusals(tmp_path: Path) -> None:
    stored = weight("nvfp4", 4, 64)
    arrays, metadata = arrays_of(stored, "modelopt", "l.weight")

    def file(**changed: np.ndarray) -> str:
        parts = {**arrays, **{f"l.weight{name}": array for name, array in changed.items()}}
        (tmp_path / "w.safetensors").write_bytes(to_bytes(parts, metadata, "B"))
        return f"{tmp_path}/w.safetensors:l.weight"

    for changed, message in (
        ({"_scale": arrays["l.weight_scale"][:3]}, "scales of 4×4 are wanted"),
        ({"_scale_2": np.zeros((), np.float32)}, "is one number above zero"),
        ({"_scale": -arrays["l.weight_scale"]}, "a block scale below zero"),
    ):
        with pytest.raises(RunError, match=message):
            load_operand(file(**changed), "A")
    for layout, format, message in (
        ("modelopt", "mxint8", "layout modelopt has mxfp8_e4m3, mxfp4, nvfp4, not mxint8"),
        ("compressed-tensors", "mxfp8_e5m2", "not mxfp8_e5m2"),
    ):
        with pytest.raises(RunError, match=message):
            arrays_of(weight(format, 2, 32), layout, "w")
    with pytest.raises(RunError, match="has whole blocks of 16, given 40 elements"):
        arrays_of(weight("nvfp4", 2, 40), "torchao", "w")


def library(name: str) -> Any:
    """Return a module of a library, or skip."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError:
        pytest.skip(f"needs {name.partition('.')[0]}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format", LAYOUTS["torchao"])
@pytest.mark.parametrize("swizzle", [False, True])
def test_torchao_reads_and_writes(format: str, swizzle: bool, tmp_path: Path) -> None:
    support = library("torchao.prototype.safetensors.safetensors_support")
    torch, files = library("torch"), library("safetensors.torch")
    stored = weight(format, 128, 128)
    path = written(tmp_path / "w.safetensors", stored, "torchao")
    with library("safetensors").safe_open(path, "pt") as file:
        metadata = file.metadata()
    metadata.pop("dotforge"), metadata.pop("format")
    read, _ = support.unflatten_tensor_state_dict(files.load_file(path), metadata)
    found = read["l.weight"]
    assert np.allclose(found.dequantize(torch.float32).numpy(), stored.values(), rtol=1e-5, atol=1e-30)
    if swizzle:
        assert stored.scales is not None
        found.is_swizzled_scales = True
        kind = found.scale.dtype
        found.scale = (
            torch.from_numpy(swizzled(stored.scales)).view(kind).reshape(-1, 16 * stored.scales.shape[1] // 4)
        )
    tensors, told = support.flatten_tensor_state_dict({"l.weight": found})
    files.save_file(tensors, tmp_path / "again.safetensors", told)
    same(stored, load_operand(f"{tmp_path}/again.safetensors:l.weight", "A"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format", ["mxfp4", "nvfp4", "mxfp8_e4m3", "mxfp6_e2m3"])
def test_compressed_tensors_reads(format: str, tmp_path: Path) -> None:
    compressors = library("compressed_tensors.compressors")
    quantization, files = library("compressed_tensors.quantization"), library("safetensors.torch")
    torch = library("torch")
    stored = weight(format, 8, 64)
    state = {
        name.removeprefix("l."): tensor
        for name, tensor in files.load_file(
            written(tmp_path / "w.safetensors", stored, "compressed-tensors")
        ).items()
    }
    two = format == "nvfp4"
    arguments = quantization.QuantizationArgs(
        num_bits=ELEMENTS[format].bits, type="float", strategy="tensor_group" if two else "group",
        group_size=stored.block, symmetric=True, scale_dtype=torch.float8_e4m3fn if two else torch.uint8,
    )  # fmt: skip
    scheme = quantization.QuantizationScheme(targets=["Linear"], weights=arguments)
    names = {"mxfp4": "mxfp4-pack-quantized", "nvfp4": "nvfp4-pack-quantized", "mxfp8_e4m3": "mxfp8-quantized",
             "mxfp6_e2m3": "mxfp6-pack-quantized"}  # fmt: skip
    compressor = compressors.BaseCompressor.get_value_from_registry(names[format])
    found = compressor.decompress(state, scheme)["weight"]
    # It decodes to bfloat16.
    assert np.allclose(found.float().numpy(), stored.values(), rtol=2**-7, atol=1e-30)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format", LAYOUTS["modelopt"])
def test_modelopt_reads(format: str, tmp_path: Path) -> None:
    kinds = {"mxfp4": "MXFP4QTensor", "nvfp4": "NVFP4QTensor", "mxfp8_e4m3": "MXFP8QTensor"}
    module = library(f"modelopt.torch.quantization.qtensor.{kinds[format][:-7].lower()}_tensor")
    torch, files = library("torch"), library("safetensors.torch")
    stored = weight(format, 8, 64)
    read = files.load_file(written(tmp_path / "w.safetensors", stored, "modelopt"))
    tensor = getattr(module, kinds[format])(torch.Size((8, 64)), torch.float32, read["l.weight"])
    arguments = {"scale": read["l.weight_scale"], "block_sizes": {-1: stored.block}}
    if format == "nvfp4":
        arguments["double_scale"] = read["l.weight_scale_2"]
    found = tensor.dequantize(torch.float32, **arguments)
    assert np.allclose(found.float().numpy(), stored.values(), rtol=1e-6, atol=1e-30)
    assert json.loads(read_metadata(tmp_path / "w.safetensors")["dotforge"])["format"] == format


def read_metadata(path: Path) -> dict[str, str]:
    with library("safetensors").safe_open(path, "np") as file:
        return file.metadata()


def test_raw_parts_stay_readable(tmp_path: Path) -> None:
    path = written(tmp_path / "w.safetensors", weight("nvfp4", 4, 64), "modelopt")
    scales = load_operand(f"{path}:l.weight_scale", "A")
    assert isinstance(scales, np.ndarray)
    assert scales.shape == (4, 4)
    assert np.dtype(ml_dtypes.float8_e4m3fn).itemsize == 1
