"""Libraries that quantise to block formats, where they are installed: the same numbers through each of them.

microxcaling is no package: its directory has to be on ``PYTHONPATH``.
"""

import importlib
import importlib.metadata
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from dotforge_golden.mx import ELEMENTS, decode

__all__ = ["LIBRARIES", "Found", "installed", "quantised", "sample", "unpacked", "version"]

#: Scales' codes (``None`` where a library does not tell them), elements' codes or values.
Found = tuple[np.ndarray | None, np.ndarray]

#: Rule → the package that it comes from, and the module that shows that it is there.
LIBRARIES = {
    "torchao-floor": ("torchao", "torchao"),
    "torchao-ceil": ("torchao", "torchao"),
    "torchao-rceil": ("torchao", "torchao"),
    "torchao-even": ("torchao", "torchao"),
    "microxcaling": ("microxcaling", "mx.mx_ops"),
    "modelopt": ("nvidia-modelopt", "modelopt"),
    "compressed-tensors": ("compressed-tensors", "compressed_tensors"),
    "gfloat": ("gfloat", "gfloat"),
}


def installed(rule: str) -> bool:
    """Return whether the library of a rule can be imported."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(LIBRARIES[rule][1])
    except ImportError:
        return False
    return True


def version(rule: str) -> str:
    """Return the version of a library; of what is no package that it is there."""
    try:
        return importlib.metadata.version(LIBRARIES[rule][0])
    except importlib.metadata.PackageNotFoundError:
        return "source"


def sample(format: str, count: int, seed: int = 1) -> np.ndarray:
    """Return float32 numbers as 8 blocks a row: half of the rows are bfloat16 numbers, and the last ones corners.

    Corners are blocks whose largest magnitude lies at, or a last bit beside, what separates scales, down to subnormals,
    with elements half-way between two numbers of the format, and blocks of zeros.

    Parameters
    ----------
    format : key of :data:`dotforge_golden.mx.ELEMENTS`
    count : random blocks, a multiple of 16
    seed : of the random numbers
    """
    block = ELEMENTS[format].block
    rng = np.random.default_rng(seed)
    rows = count // 8
    # From the raw bits of the generator: what NumPy makes of them may change with its version.
    bits = rng.bit_generator.random_raw(rows * 8 * block).astype(np.uint64).reshape(rows, 8 * block)
    mantissa = ((bits >> np.uint64(32)) & np.uint64(0xFFFFFF)).astype(np.float64) / (1 << 24) - 0.5
    tail = np.ldexp(1.0, -((bits >> np.uint64(8)) & np.uint64(3)).astype(np.int64))
    scale = np.ldexp(1.0, ((bits[:, ::block] >> np.uint64(16)) & np.uint64(15)).astype(np.int64) - 8)
    values = (mantissa * tail * np.repeat(scale, block, axis=1)).astype(np.float32)
    half = rows // 2
    values[:half] = (values[:half].view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    made = _corners(format, block)
    fill = -len(made) % 8
    made = np.concatenate([made, np.zeros((fill, block), np.float32)])
    return np.concatenate([values, made.reshape(-1, 8 * block)])


def _corners(format: str, block: int) -> np.ndarray:
    powers = range(-24, 12) if format == "nvfp4" else range(-149, 128)
    beside = np.array(
        [1, 1 - 2**-24, 1 + 2**-23, 1.25, 1.5, 1.75 - 2**-23, 1.75, 1.875, 1.9375, 4 / 3, 7 / 6]
    )
    places = np.arange(block)
    steps = np.array([1, 0.75, 0.625, 0.875])[places % 4] * np.where(places % 2, 1, -1) * 2.0 ** -(places % 9)
    found = []
    for power in powers:
        for top in np.ldexp(beside, power):
            row = (top * steps).astype(np.float32)
            row[0] = np.float32(top)
            found.append(row)
    for number in (0.0, -0.0):
        found.append(np.full(block, number, np.float32))
    rows = np.stack(found)
    return rows[np.isfinite(rows).all(axis=1)]


def unpacked(bytes_: Any) -> np.ndarray:
    """Return codes of 4 bits of which two lie in a byte, the first one in the low nibble."""
    packed = np.asarray(bytes_, np.uint8)
    return np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:-1], -1)


def quantised(rule: str, values: np.ndarray, format: str) -> Found:
    """Return what a library makes of numbers.

    Parameters
    ----------
    rule : key of :data:`LIBRARIES`
    values : float32, (rows, K), K a multiple of the block
    format : one that the rule has
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if rule.startswith("torchao-"):
            return _torchao(values, format, rule.removeprefix("torchao-"))
        ways: dict[str, Callable[[np.ndarray, str], Found]] = {
            "microxcaling": _microxcaling,
            "modelopt": _modelopt,
            "compressed-tensors": _compressed_tensors,
            "gfloat": _gfloat,
        }
        return ways[rule](values, format)


def _module(name: str) -> Any:
    return importlib.import_module(name)


def _torchao(values: np.ndarray, format: str, mode: str) -> Found:
    torch = _module("torch")
    given = torch.from_numpy(values)
    if format == "nvfp4":
        nvfp4 = _module("torchao.prototype.mx_formats.nvfp4_tensor")
        unit = nvfp4.per_tensor_amax_to_scale(given.abs().max())
        scales, data = nvfp4.nvfp4_quantize(given, 16, unit)
        return scales.view(torch.uint8).numpy().reshape(len(values), -1), unpacked(data.numpy())
    kind = {
        "mxfp8_e4m3": torch.float8_e4m3fn, "mxfp8_e5m2": torch.float8_e5m2, "mxfp6_e3m2": "fp6_e3m2",
        "mxfp6_e2m3": "fp6_e2m3", "mxfp4": torch.float4_e2m1fn_x2,
    }[format]  # fmt: skip
    modes = _module("torchao.prototype.mx_formats.config").ScaleCalculationMode
    scales, data = _module("torchao.prototype.mx_formats.mx_tensor").to_mx(given, kind, 32, modes(mode))
    codes = data.view(torch.uint8).numpy()
    return scales.view(torch.uint8).numpy(), unpacked(codes) if format == "mxfp4" else codes


def _modelopt(values: np.ndarray, format: str) -> Found:
    torch = _module("torch")
    given = torch.from_numpy(values.copy())
    kinds = "modelopt.torch.quantization.qtensor."
    if format == "mxfp8_e4m3":
        kind = _module(f"{kinds}mxfp8_tensor").MXFP8QTensor
        scales = kind.get_weights_scaling_factor(given)
        return scales.numpy(), kind.quantize_with_scale(given, scales).view(torch.uint8).numpy()
    if format == "mxfp4":
        found, scales = _module(f"{kinds}mxfp4_tensor").MXFP4QTensor.quantize(given, 32)
        return scales.numpy().reshape(len(values), -1), unpacked(found._quantized_data.numpy())
    found, scales, _ = _module(f"{kinds}nvfp4_tensor").NVFP4QTensor.quantize(given, 16)
    return scales.view(torch.uint8).numpy(), unpacked(found._quantized_data.numpy())


def _compressed_tensors(values: np.ndarray, format: str) -> Found:
    torch, own = _module("torch"), "compressed_tensors."
    helpers = _module(f"{own}quantization.utils.helpers")
    two = format == "nvfp4"
    block, bits = ELEMENTS[format].block, ELEMENTS[format].bits
    arguments = _module(f"{own}quantization").QuantizationArgs(
        num_bits=bits,
        type="float",
        strategy="tensor_group" if two else "group",
        group_size=block,
        symmetric=True,
        scale_dtype=torch.float8_e4m3fn if two else torch.uint8,
    )
    given = torch.from_numpy(values)
    cut = given.reshape(len(values), -1, block)
    whole = helpers.generate_gparam(given.min(), given.max()) if two else None
    scales, _ = helpers.calculate_qparams(cut.amin(-1), cut.amax(-1), arguments, whole)
    rounded = _module(f"{own}quantization.lifecycle.forward").quantize(
        given, scales, None, arguments, global_scale=whole
    )
    if bits == 8:
        codes = rounded.to(torch.float8_e4m3fn).view(torch.uint8).numpy()
    else:
        levels = decode(np.arange(1 << bits - 1, dtype=np.uint8), format)
        found = rounded.numpy()
        codes = np.searchsorted(levels, np.abs(found)) | np.signbit(found).astype(np.int64) << bits - 1
    if two:
        return scales.to(torch.float8_e4m3fn).view(torch.uint8).numpy(), codes.astype(np.uint8)
    packed = _module(f"{own}compressors.mx_utils").compress_mx_scale(scales, torch.uint8)
    return packed.numpy(), codes.astype(np.uint8)


def _microxcaling(values: np.ndarray, format: str) -> Found:
    specs = _module("mx.specs").apply_mx_specs(
        {"scale_bits": 8, "w_elem_format": "int8", "block_size": 32, "bfloat": 0, "custom_cuda": False}
    )
    name = {"mxint8": "int8", "mxfp4": "fp4_e2m1"}.get(format, format.removeprefix("mx"))
    given = _module("torch").from_numpy(values.copy())
    return None, _module("mx.mx_ops").quantize_mx_op(given, specs, elem_format=name, axes=[-1]).numpy()


def _gfloat(values: np.ndarray, format: str) -> Found:
    gfloat, formats = _module("gfloat"), _module("gfloat.formats")
    info = getattr(
        formats,
        "format_info_ocp_" + {"mxint8": "int8", "mxfp4": "e2m1"}.get(format, format.rpartition("_")[2]),
    )
    cut = values.astype(np.float64).reshape(len(values), -1, 32)
    # As its `compute_scale_amax`, which takes one block; the rounding is its own.
    largest = np.abs(cut).max(axis=-1)
    with np.errstate(divide="ignore"):
        power = np.clip(np.floor(np.log2(largest)) - info.emax, -127, 127)
    rounded = gfloat.round_ndarray(info, cut / 2.0 ** power[..., None], gfloat.RoundMode.TiesToEven, True)
    return (power + 127).astype(np.uint8), np.asarray(rounded, np.float64).reshape(values.shape)
