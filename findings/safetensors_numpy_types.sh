#!/bin/bash
# safetensors 0.8.0: `safetensors.numpy.save` writes ml_dtypes' bfloat16, FP8 and E8M0 arrays (BF16, F8_E4M3, F8_E5M2,
# F8_E8M0 in the header, the right bytes) and `safetensors.numpy.load` of the same bytes ends in KeyError: the table for
# reading lacks them. FP4 and INT4 arrays are refused at saving: F4 is spelt for torch's packed pairs only. Expected: what
# a module writes it can read. Without torch the header and the bytes have to be read by hand.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'safetensors==0.8.0' 'ml_dtypes==0.6.0' 'numpy==2.4.6' 2>pip.txt || { cat pip.txt; exit 2; }
venv/bin/python - <<'PY'
import json
import sys

import ml_dtypes
import numpy as np
from safetensors import numpy as st


def attempt(name):
    array = np.array([1, 2, 4], getattr(ml_dtypes, name))
    try:
        data = st.save({"w": array})
    except Exception as error:
        return "not saved: " + str(error).split(".")[0]
    size = int.from_bytes(data[:8], "little")
    assert data[8 + size :] == array.tobytes()
    try:
        return f"saved as {json.loads(data[8 : 8 + size])['w']['dtype']}, loaded as {st.load(data)['w'].dtype}"
    except KeyError as error:
        return f"saved as {json.loads(data[8 : 8 + size])['w']['dtype']}, load: KeyError {error}"


names = "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float4_e2m1fn", "int4"
found = {name: attempt(name) for name in names}
print("\n".join(f"{name:14} {said}" for name, said in found.items()))
if sum("load: KeyError" in said for said in found.values()) != 4 or sum("not saved" in s for s in found.values()) != 2:
    sys.exit("changed")
PY
