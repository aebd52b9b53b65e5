#!/bin/bash
# E8M0 (shared exponents of MX blocks): three libraries, three roundings. ml_dtypes 0.6.0: nearest, halfway between
# powers goes up; gfloat 0.5.2: nearest, halfway to the even code; ONNX 1.23.2 `Cast` as it comes: up. So 3 is 4, 2 and 4;
# 1.2 is 1, 1 and 2. Zero is NaN, NaN and 2**-127. The MX specification's own recipe (section 6.3) takes the floor.
# gfloat's `round_float` gives back 0, -1 and 2**-128, which the format does not have and `encode_float` makes NaN.
# Expected: formats with nothing but exponents leave no choice. Scales made by one and used by another are off by two.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'ml_dtypes==0.6.0' 'gfloat==0.5.2' 'onnx==1.23.2' 'numpy==2.4.6' 2>pip.txt || { cat pip.txt; exit 2; }
venv/bin/python -W ignore - <<'PY'
import sys

import gfloat
import numpy as np
from gfloat.formats import format_info_ocp_e8m0 as e8m0
from ml_dtypes import float8_e8m0fnu
from onnx import TensorProto, checker, helper
from onnx.reference import ReferenceEvaluator

values = [1.2, 1.5, 3.0, 6.0, 0.0]
x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT8E8M0, [None])
graph = helper.make_graph([helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT8E8M0)], "g", [x], [y])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)])
checker.check_model(model, full_check=True)
(cast,) = ReferenceEvaluator(model).run(None, {"x": np.array(values, np.float32)})
nearest = np.array(values, np.float32).astype(float8_e8m0fnu)


def by_gfloat(value):
    return gfloat.decode_float(e8m0, gfloat.encode_float(e8m0, gfloat.round_float(e8m0, value))).fval


found = [[float(f"{float(v):.4g}") for v in (a, by_gfloat(x), c)] for x, a, c in zip(values, nearest, cast, strict=True)]
for value, row in zip(values, found, strict=True):
    print(f"{value:4}: ml_dtypes {row[0]}, gfloat {row[1]}, ONNX {row[2]}")
absent = [gfloat.round_float(e8m0, v) for v in (0.0, -1.0, 2.0**-128)]
print(f"gfloat.round_float of 0, -1, 2**-128: {absent}; codes {[gfloat.encode_float(e8m0, v) for v in absent]}")
expected = "[[1.0, 1.0, 2.0], [2.0, 2.0, 2.0], [4.0, 2.0, 4.0], [8.0, 8.0, 8.0], [nan, nan, 5.877e-39]]"
if str(found) != expected or absent != [0.0, -1.0, 2.0**-128]:
    sys.exit("changed")
PY
