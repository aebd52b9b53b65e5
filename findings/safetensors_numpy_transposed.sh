#!/bin/bash
# safetensors 0.8.0: `safetensors.numpy.save` of a transposed array (`w.T`) writes the transposed shape with the bytes as
# they lie in memory: what is loaded has the right shape and the wrong numbers, and nothing is said. The docstring asks for
# contiguous arrays; the same module for torch refuses others. Expected: a copy, or an error. Weights are transposed
# between frameworks all the time; `np.ascontiguousarray` before saving is the cure.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'safetensors==0.8.0' 'numpy==2.4.6' 2>pip.txt || { cat pip.txt; exit 2; }
venv/bin/python - <<'PY'
import sys

import numpy as np
from safetensors import numpy as st

weights = np.arange(6, dtype=np.int8).reshape(2, 3)
loaded = st.load(st.save({"w": weights.T}))["w"]
copied = st.load(st.save({"w": np.ascontiguousarray(weights.T)}))["w"]
print(f"given               {weights.T.tolist()}\nsaved and loaded    {loaded.tolist()}\nascontiguousarray   {copied.tolist()}")
if loaded.tolist() != [[0, 1], [2, 3], [4, 5]] or copied.tolist() != weights.T.tolist():
    sys.exit("changed")
PY
