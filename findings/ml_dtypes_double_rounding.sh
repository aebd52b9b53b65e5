#!/bin/bash
# ml_dtypes 0.6.0: the same double becomes another FP8, FP6 or FP4 number by `a.astype(t)` than by `np.array(a, dtype=t)`
# or `t(x)`. `astype` rounds to float32 first and then again (just above a tie the first step lands on the tie, the
# second goes to even); the other two round once and are right. bfloat16 rounds twice both ways, integers too. Expected:
# one correctly rounded answer. A golden model in double precision has to choose the way, or to round by itself.
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

twice, once = [], []
for name in ("float8_e4m3fn", "float8_e5m2", "float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn", "bfloat16"):
    kind = getattr(ml_dtypes, name)
    step = 2.0 ** -ml_dtypes.finfo(kind).nmant
    x = 1 + step / 2 + 2.0**-40  # just above the tie between 1 and 1 + step
    astype, array, scalar = (float(v) for v in (np.array([x]).astype(kind)[0], np.array([x], dtype=kind)[0], kind(x)))
    print(f"{name:14} 1 + {step / 2} + 2**-40: astype {astype}, dtype= {array}, constructor {scalar}, nearest {1 + step}")
    twice += [name] * (astype == 1.0)
    once += [name] * (array == scalar == 1 + step)
whole = 2**24 + 2**16 + 1
print(f"bfloat16({whole}) = {int(float(ml_dtypes.bfloat16(whole)))}, nearest {2**24 + 2**17}")
if len(twice) != 6 or len(once) != 5 or int(float(ml_dtypes.bfloat16(whole))) != 2**24:
    sys.exit("changed")
PY
