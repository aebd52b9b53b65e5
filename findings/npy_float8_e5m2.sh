#!/bin/bash
# NumPy 2.4.6, ml_dtypes 0.6.0: `numpy.save` of a float8_e5m2 array writes the type `<f1`, and `numpy.load` of that file
# ends in ValueError, "descr is not a valid dtype descriptor": it cannot be read at all. The other types of one or two bytes
# are written as `<V1` and `<V2` and come back as raw items without a type. Expected: what is saved can be loaded, as
# bytes at least, and types are alike.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'ml_dtypes==0.6.0' 'numpy==2.4.6' 2>pip.txt || { cat pip.txt; exit 2; }
venv/bin/python - <<'PY'
import io
import sys

import ml_dtypes
import numpy as np

found = {}
for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float4_e2m1fn", "int4"):
    file = io.BytesIO()
    np.save(file, np.ones((2, 2), getattr(ml_dtypes, name)))
    written = file.getvalue().split(b"'descr': '")[1].split(b"'")[0].decode()
    file.seek(0)
    try:
        found[name] = written, str(np.load(file).dtype)
    except ValueError as error:
        found[name] = written, f"ValueError: {error}"
    print(f"{name:15} written as {found[name][0]}, loaded: {found[name][1]}")
if found["float8_e5m2"][0] != "<f1" or "not a valid dtype" not in found["float8_e5m2"][1] or found["bfloat16"][1] != "|V2":
    sys.exit("changed")
PY
