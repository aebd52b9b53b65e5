"""Quantised weights as libraries store them in ``.safetensors``: found by the names beside a weight, read and written.

Weights are out × in, blocks along in. Of two elements of four bits in a byte the first is the low nibble, and six bits
are a stream, lowest first. Scales are float8_e4m3fn (NVFP4), or bytes of E8M0.

=====================  ==============================================================================================
``torchao``            ``L._weight_qdata``, ``L._weight_scale``, ``L._weight_per_tensor_scale`` (the unit), and JSON
                       for each tensor in the metadata; scales may be swizzled as cuBLAS takes them
``compressed-tensors`` ``L.weight_packed`` (8 bits: ``L.weight``), ``L.weight_scale``, ``L.weight_global_scale`` (the
                       reciprocal of the unit)
``modelopt``           ``L.weight``, ``L.weight_scale``, ``L.weight_scale_2`` (the unit)
=====================  ==============================================================================================
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from dotforge_golden.mx import ELEMENTS

from ..errors import RunError
from .safetensors_file import SafeFile
from .stored import Stored, fault
from .tensor import unpack

__all__ = ["LAYOUTS", "Arrays", "arrays_of", "packed", "stored_in", "swizzled", "unswizzled", "weights"]

#: Layout → formats that the library has.
LAYOUTS = {
    "torchao": ("mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e3m2", "mxfp6_e2m3", "mxfp4", "nvfp4"),
    "compressed-tensors": ("mxfp8_e4m3", "mxfp6_e2m3", "mxfp4", "nvfp4"),
    "modelopt": ("mxfp8_e4m3", "mxfp4", "nvfp4"),
}

#: Tensors and metadata of a file.
Arrays = tuple[dict[str, np.ndarray], dict[str, str]]

_EIGHT = {
    np.dtype(ml_dtypes.float8_e4m3fn): "mxfp8_e4m3",
    np.dtype(ml_dtypes.float8_e5m2): "mxfp8_e5m2",
}


@dataclass(frozen=True)
class _Parts:
    """Names of the tensors that make a weight."""

    layout: str
    elements: str
    scales: str
    unit: str | None


def _parts(name: str, names: set[str]) -> _Parts | None:
    """Return the tensors of a weight, ``None`` where it is none that is quantised."""
    layer, dot, weight = name.rpartition(".")
    torchao = f"{layer}{dot}_{weight}_"
    for layout, elements, scales, unit in (
        ("torchao", f"{torchao}qdata", f"{torchao}scale", f"{torchao}per_tensor_scale"),
        ("compressed-tensors", f"{name}_packed", f"{name}_scale", f"{name}_global_scale"),
        ("modelopt", name, f"{name}_scale", f"{name}_scale_2"),
    ):
        if {elements, scales} <= names:
            return _Parts(layout, elements, scales, unit if unit in names else None)
    return None


def weights(names: Sequence[str]) -> list[str]:
    """Return the quantised weights of a file, as they are called without quantisation.

    Parameters
    ----------
    names : of its tensors
    """
    known = set(names)
    found = {re.sub(r"(_packed|_scale|_qdata)$", "", each) for each in names}
    found |= {re.sub(r"(^|\.)_(\w+)$", r"\1\2", each) for each in found}
    return sorted(each for each in found if _parts(each, known))


def stored_in(file: SafeFile, name: str, operand: str) -> Stored | None:
    """Return a quantised weight, ``None`` where the file has no such of this name.

    Parameters
    ----------
    file : that may hold it
    name : of the weight, as it is called without quantisation
    operand : for messages

    Raises
    ------
    RunError
        Its tensors do not fit each other.
    """
    parts = _parts(name, set(file.names))
    if parts is None or (parts.elements == name and file.tensor(parts.scales).dtype.itemsize != 1):
        return None

    def refuse(why: str) -> RunError:
        return RunError(f"{operand}: {file.path}:{name} is no quantised weight of {parts.layout} ({why})")

    raw, scales = (file.tensor(each).read() for each in (parts.elements, parts.scales))
    if raw.ndim != 2 or scales.ndim != 2:
        raise refuse(f"elements of {raw.shape}, scales of {scales.shape}; allowed are two dimensions")
    two_levels = scales.dtype == ml_dtypes.float8_e4m3fn
    block = 16 if two_levels else 32
    told = _torchao_data(file, name) if parts.layout == "torchao" else {}
    six = {"fp6_e2m3": "mxfp6_e2m3", "fp6_e3m2": "mxfp6_e3m2"}.get(str(told.get("elem_dtype")))
    width = raw.shape[1] * 2
    if six or raw.dtype in _EIGHT:
        width, format = raw.shape[1], six or _EIGHT[raw.dtype]
        elements = raw.view(np.uint8)
    elif raw.dtype != np.uint8:
        raise refuse(f"elements of dtype {raw.dtype}")
    elif not told and not two_levels and raw.shape[1] * 4 == scales.shape[1] * block * 3:
        width, format, elements = raw.shape[1] * 4 // 3, "mxfp6_e2m3", unpack(raw, 6)
    else:
        format, elements = "nvfp4" if two_levels else "mxfp4", unpack(raw, 4)
    codes = scales.view(np.uint8)
    if told.get("is_swizzled_scales"):
        try:
            codes = unswizzled(codes, len(raw), -(-width // block))
        except ValueError as error:
            raise refuse(str(error)) from None
    if two_levels and (codes >= 0x80).any():
        raise refuse("a block scale below zero")
    unit = 1.0
    rule: dict[str, Any] = {"layout": parts.layout}
    if parts.unit is not None:
        given = file.tensor(parts.unit).numbers().ravel()
        if given.size != 1 or not np.isfinite(given).all() or given[0] <= 0:
            raise refuse(f"{parts.unit} is one number above zero")
        unit = 1 / float(given[0]) if parts.layout == "compressed-tensors" else float(given[0])
    stored = Stored(
        "blocks", format, np.ascontiguousarray(elements), codes, np.full(len(raw), unit), block, 1, None, rule
    )
    problem = fault(stored)
    if problem:
        raise refuse(problem)
    return stored


def _torchao_data(file: SafeFile, name: str) -> dict[str, Any]:
    try:
        found = json.loads(file.metadata[name])["_data"]
        return found if isinstance(found, dict) else {}
    except (KeyError, ValueError, TypeError):
        return {}


def arrays_of(stored: Stored, layout: str, name: str) -> Arrays:
    """Return the tensors and the metadata of a quantised weight.

    Parameters
    ----------
    stored : blocks; what is B, K×N, is written out × in, as libraries have it
    layout : key of :data:`LAYOUTS`
    name : of the weight, such as ``layer.0.weight``

    Raises
    ------
    RunError
        The layout does not have the format, or needs one unit and whole blocks.
    """
    if stored.kind != "blocks" or stored.format not in LAYOUTS[layout]:
        raise RunError(f"layout {layout} has {', '.join(LAYOUTS[layout])}, not {stored.format}")
    assert stored.scales is not None
    if len(np.unique(stored.units)) > 1:
        raise RunError(f"layout {layout} has one unit for a weight, given one for every row")
    if stored.elements.shape[1] % stored.block:
        raise RunError(
            f"layout {layout} has whole blocks of {stored.block}, given {stored.elements.shape[1]} elements"
        )
    two_levels, bits = stored.format == "nvfp4", ELEMENTS[stored.format].bits
    kind: Any = ml_dtypes.float8_e4m3fn if two_levels else np.uint8
    scales: np.ndarray = stored.scales.astype(np.uint8).view(kind)
    if bits == 8:
        elements = stored.elements.view(np.dtype(ELEMENTS[stored.format].dtype))
    else:
        elements = stored.elements if bits == 6 and layout == "torchao" else packed(stored.elements, bits)
    unit = float(stored.units[0])
    about = {"format": stored.format, "rule": stored.rule, "orientation": "out × in, blocks along in"}
    metadata = {
        "dotforge": json.dumps(about, sort_keys=True, ensure_ascii=False, allow_nan=False),
        "format": "pt",
    }
    if layout == "compressed-tensors":
        found = {f"{name}_packed" if bits < 8 else name: elements, f"{name}_scale": scales}
        if two_levels:
            found[f"{name}_global_scale"] = np.array([1 / unit], np.float32)
        return found, metadata
    if layout == "modelopt":
        found = {name: elements, f"{name}_scale": scales}
        if two_levels:
            found[f"{name}_scale_2"] = np.array(unit, np.float32)
        return found, metadata
    layer, dot, weight = name.rpartition(".")
    before = f"{layer}{dot}_{weight}_"
    found = {f"{before}qdata": elements, f"{before}scale": scales}
    if two_levels:
        found[f"{before}per_tensor_scale"] = np.array(unit, np.float32)
    else:
        found[f"{before}scale"] = stored.scales.astype(np.uint8).view(ml_dtypes.float8_e8m0fnu)
    metadata[name] = json.dumps(_torchao_metadata(stored.format), allow_nan=False)
    metadata["tensor_names"] = json.dumps([name], allow_nan=False)
    return found, metadata


def _torchao_metadata(format: str) -> dict[str, Any]:
    """Return what torchao keeps of a tensor beside its parts."""

    def dtype(name: str) -> dict[str, str]:
        return {"_type": "torch.dtype", "_data": name}

    shared = {"act_quant_kwargs": None, "is_swizzled_scales": False, "orig_dtype": dtype("float32")}
    if format == "nvfp4":
        return {
            "_type": "NVFP4Tensor",
            "_data": {**shared, "use_triton_kernel": False, "block_size": 16},
            "_tensor_data_names": ["per_tensor_scale", "qdata", "scale"],
        }
    kinds: dict[str, Any] = {
        "mxfp8_e4m3": dtype("float8_e4m3fn"), "mxfp8_e5m2": dtype("float8_e5m2"), "mxfp4": dtype("float4_e2m1fn_x2"),
        "mxfp6_e3m2": "fp6_e3m2", "mxfp6_e2m3": "fp6_e2m3",
    }  # fmt: skip
    preference = {"_type": "KernelPreference", "_data": "EMULATED"}
    return {
        "_type": "MXTensor",
        "_data": {**shared, "elem_dtype": kinds[format], "block_size": 32, "kernel_preference": preference},
        "_tensor_data_names": ["qdata", "scale"],
    }


def packed(codes: np.ndarray, bits: int) -> np.ndarray:
    """Return codes as a stream of bits, lowest first, in bytes: of 4 bits the first one in the low nibble.

    Parameters
    ----------
    codes : uint8, (rows, K), K · bits a multiple of 8
    bits : of a code, 1…8
    """
    each = np.unpackbits(codes[..., None].astype(np.uint8), axis=-1, count=bits, bitorder="little")
    return np.packbits(each.reshape(*codes.shape[:-1], -1), axis=-1, bitorder="little")


def swizzled(scales: np.ndarray) -> np.ndarray:
    """Return scales as cuBLAS takes them: tiles of 128 × 4, in each 32 rows of 4 × 4.

    Parameters
    ----------
    scales : uint8, (rows, blocks); filled up with 0 to whole tiles
    """
    filled = np.pad(scales, ((0, -scales.shape[0] % 128), (0, -scales.shape[1] % 4)))
    tiles = filled.reshape(filled.shape[0] // 128, 4, 32, filled.shape[1] // 4, 4)
    return tiles.transpose(0, 3, 2, 1, 4).reshape(filled.shape[0] // 4, filled.shape[1] * 4)


def unswizzled(scales: np.ndarray, rows: int, blocks: int) -> np.ndarray:
    """Return scales row by row: the inverse of :func:`swizzled`.

    Parameters
    ----------
    scales : uint8, as many as whole tiles of 128 × 4 hold
    rows, blocks : of the result

    Raises
    ------
    ValueError
        There are more, or fewer.
    """
    down, across = -(-rows // 128), -(-blocks // 4)
    if scales.size != down * across * 512:
        raise ValueError(f"{scales.size} swizzled scales, {down * across * 512} are wanted")
    tiles = scales.reshape(down, across, 32, 4, 4).transpose(0, 3, 2, 1, 4)
    return np.ascontiguousarray(tiles.reshape(down * 128, across * 4)[:rows, :blocks])
