"""Quantised weights in ONNX: an initialiser, its scales, and the ``DequantizeLinear`` in blocks along dimension 1.

Scales of MX are E8M0, those of NVFP4 E4M3 that another ``DequantizeLinear`` multiplies with the unit. Elements of four
and six bits are packed lowest first, which the library does.
"""

from typing import Any

import ml_dtypes
import numpy as np

from dotforge_golden.mx import ELEMENTS

from ..errors import RunError
from .onnx_file import OnnxFile
from .stored import Stored, fault

__all__ = ["FORMATS", "model_of", "stored_in", "weights"]

#: Formats that ONNX has as elements.
FORMATS = ("mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e3m2", "mxfp6_e2m3", "mxfp4", "nvfp4")

#: The first version of the operators with FP6 elements and scales in E8M0.
_OPSET = 28


def weights(file: OnnxFile) -> list[str]:
    """Return what nodes dequantise from initialisers.

    Parameters
    ----------
    file : the model
    """
    return [
        each.output[0]
        for each in file.graph.node
        if each.op_type == "DequantizeLinear" and each.input[0] in file.names
    ]


def stored_in(file: OnnxFile, name: str, operand: str) -> Stored | None:
    """Return a quantised weight, ``None`` where no node dequantises one to this name, or from this initialiser.

    Parameters
    ----------
    file : the model
    name : what the node gives, or its initialiser of elements
    operand : for messages

    Raises
    ------
    RunError
        Its initialisers do not fit each other, or there is a zero point that is not zero.
    """
    made = {output: node for node in file.graph.node for output in node.output}
    node = next(
        (
            each
            for each in file.graph.node
            if each.op_type == "DequantizeLinear" and name in (each.input[0], each.output[0])
        ),
        None,
    )
    attributes = {} if node is None else {each.name: each.i for each in node.attribute}
    if node is None or not attributes.get("block_size") or node.input[0] not in file.names:
        return None

    def refuse(why: str) -> RunError:
        return RunError(f"{operand}: {file.path}:{name} is no quantised weight ({why})")

    raw = file.array(node.input[0])
    if raw.ndim != 2:
        raise refuse(f"elements of {raw.shape}; allowed are two dimensions")
    axis = attributes.get("axis", 1) % 2
    if len(node.input) > 2 and node.input[2] and file.array(node.input[2]).astype(np.float64).any():
        raise refuse("it has zero points")
    scales, unit = _scales(file, node.input[1], made, refuse)
    two_levels = scales.dtype == ml_dtypes.float8_e4m3fn
    wanted = "nvfp4" if two_levels else None
    format = next(
        (each for each in FORMATS if raw.dtype == ELEMENTS[each].dtype and (each == "nvfp4") == bool(wanted)),
        None,
    )
    if format is None or scales.dtype not in (ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e8m0fnu):
        raise refuse(f"elements of {raw.dtype} with scales of {scales.dtype}")
    codes, bytes_ = np.ascontiguousarray(raw).view(np.uint8), np.ascontiguousarray(scales).view(np.uint8)
    if axis == 0:
        codes, bytes_ = codes.T, bytes_.T
    if two_levels and (bytes_ >= 0x80).any():
        raise refuse("a block scale below zero")
    stored = Stored(
        "blocks", format, np.ascontiguousarray(codes), bytes_, np.full(len(codes), unit), attributes["block_size"],
        axis, None, {"layout": "onnx"},
    )  # fmt: skip
    problem = fault(stored)
    if problem:
        raise refuse(problem)
    return stored


def _scales(file: OnnxFile, name: str, made: dict[str, Any], refuse: Any) -> tuple[np.ndarray, float]:
    """Return scales' codes and the unit."""
    if name in file.names:
        return file.array(name), 1.0
    node = made.get(name)
    if node is None or node.op_type != "DequantizeLinear" or not set(node.input[:2]) <= set(file.names):
        raise refuse("its scales are not among the initialisers")
    unit = file.array(node.input[1]).astype(np.float64).ravel()
    if unit.size != 1 or not np.isfinite(unit).all() or unit[0] <= 0:
        raise refuse("the scale of scales is one number above zero")
    return file.array(node.input[0]), float(unit[0])


def model_of(stored: Stored, name: str) -> bytes:
    """Return a model that dequantises a weight.

    Parameters
    ----------
    stored : blocks; what is B, K×N, is written out × in
    name : of the weight that the model gives

    Raises
    ------
    RunError
        ONNX has no such format, it needs one unit and whole blocks, or the library is missing or too old.
    """
    try:
        import onnx  # noqa: PLC0415
        from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415
    except ImportError:
        raise RunError("layout onnx needs the package onnx: pip install 'dotforge[models]'") from None
    if stored.kind != "blocks" or stored.format not in FORMATS:
        raise RunError(f"layout onnx has {', '.join(FORMATS)}, not {stored.format}")
    if onnx.defs.onnx_opset_version() < _OPSET:
        raise RunError(
            f"layout onnx needs operators of version {_OPSET}, onnx {onnx.__version__} has older ones"
        )
    assert stored.scales is not None
    if len(np.unique(stored.units)) > 1:
        raise RunError("layout onnx has one unit for a weight, given one for every row")
    if stored.elements.shape[1] % stored.block:
        raise RunError(
            f"layout onnx has whole blocks of {stored.block}, given {stored.elements.shape[1]} elements"
        )
    two_levels = stored.format == "nvfp4"
    kind: Any = ml_dtypes.float8_e4m3fn if two_levels else ml_dtypes.float8_e8m0fnu
    parts = {
        f"{name}_quantized": stored.elements.view(np.dtype(ELEMENTS[stored.format].dtype)),
        f"{name}_scale": stored.scales.astype(np.uint8).view(kind),
    }
    nodes, scale = [], f"{name}_scale"
    more: dict[str, Any] = {"output_dtype": TensorProto.FLOAT}
    if two_levels:
        parts[f"{name}_unit"] = np.array(stored.units[0], np.float32)
        scale, more = f"{name}_scale_float", {}
        nodes.append(helper.make_node("DequantizeLinear", [f"{name}_scale", f"{name}_unit"], [scale]))
    last = helper.make_node(
        "DequantizeLinear", [f"{name}_quantized", scale], [name], axis=1, block_size=stored.block, **more
    )
    given = helper.make_tensor_value_info(name, TensorProto.FLOAT, stored.elements.shape)
    initialisers = [numpy_helper.from_array(array, each) for each, array in parts.items()]
    graph = helper.make_graph([*nodes, last], "weight", [], [given], initialisers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="dotforge"
    )
    return model.SerializeToString(deterministic=True)
