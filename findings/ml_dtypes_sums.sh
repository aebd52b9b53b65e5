#!/bin/bash
# ml_dtypes 0.6.0 with NumPy 2.4.6: sums in narrow formats are accumulated in the format itself, dot products are not.
# A thousand ones: `sum` is 256 in bfloat16 and 16 in FP8 E4M3 (adding 1 changes nothing any more) and `mean` is 0.256
# and 0.0156, while `dot` is 1000 in bfloat16, and NaN in E4M3 (accumulated in float32, then out of range). Expected:
# the mean of ones is 1, as in float16, which NumPy accumulates wider. INT4 wraps (4 times 7 is -4) where int8 widens,
# and E8M0, which has no zero to start from, sums to NaN.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'ml_dtypes==0.6.0' 'numpy==2.4.6' 2>pip.txt || { cat pip.txt; exit 2; }
venv/bin/python -W ignore - <<'PY'
import sys

import ml_dtypes
import numpy as np

found = []
for kind in (np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn):
    ones = np.ones(1000, kind)
    found.append([float(v) for v in (ones.sum(), ones.mean(), ones.dot(ones))])
    print(f"{kind.__name__:14} 1000 ones: sum {found[-1][0]:g}, mean {found[-1][1]:g}, dot {found[-1][2]:g}")
for kind in (np.int8, ml_dtypes.int4):
    found.append([int(np.full(4, 7).astype(kind).sum())])
    print(f"{kind.__name__:14} 7 + 7 + 7 + 7: {found[-1][0]}")
scales = np.array([1, 2, 4], ml_dtypes.float8_e8m0fnu)
print(f"float8_e8m0fnu 1 + 2 + 4: {float(scales.sum())}")
expected = "[[1000.0, 1.0, 1000.0], [256.0, 0.255859375, 1000.0], [16.0, 0.015625, nan], [28], [-4]]"
if str(found) != expected or not np.isnan(float(scales.sum())):
    sys.exit("changed")
PY
