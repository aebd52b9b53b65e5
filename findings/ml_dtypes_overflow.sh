#!/bin/bash
# ml_dtypes 0.6.0: what does not fit is treated in four ways, silently, by one `astype`: NaN in FP8 E4M3 (448 is the
# greatest), infinity in E5M2, the greatest number in FP6 and FP4 (even for infinity), the low bits in INT4 (9 becomes
# -7). NaN becomes -0.0 in FP4 and FP6, with the sign bit set, and 0 in INT4: a NaN upstream vanishes from quantised
# weights. Expected: one policy in one library, and NaN not turned into a number (gfloat refuses).
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

found = {}
for name in ("float8_e4m3fn", "float8_e5m2", "float6_e3m2fn", "float4_e2m1fn"):
    given = np.array([1e6, np.inf, np.nan], np.float32)
    found[name] = str([float(v) for v in given.astype(getattr(ml_dtypes, name))])
    print(f"{name:14} 1e6, inf, NaN -> {found[name]}")
found["int4"] = str([int(v) for v in np.array([9, -9, np.nan], np.float32).astype(ml_dtypes.int4)])
print(f"int4           9, -9, NaN -> {found['int4']}")
if list(found.values()) != ["[nan, nan, nan]", "[inf, inf, nan]", "[28.0, 28.0, -0.0]", "[6.0, 6.0, -0.0]", "[-7, 7, 0]"]:
    sys.exit("changed")
PY
