#!/bin/bash
# gguf 0.19.0 (GGUF, MXFP4) rounds FP4 to the table's nearest entry, and a tie to the one nearer to zero: 0.75 is 0.5, 1.75
# is 1.5, 3.5 is 3, in a block whose scale is 1. IEEE, the MX specification and ml_dtypes 0.6.0 take the even mantissa:
# 1, 2, 4. The halves of a byte are elements i and i + 16 of the block, not 2i and 2i + 1 as in ONNX. Expected: MXFP4 is
# one format, whatever file it lies in. An engine checked against one does not match the other.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'gguf==0.19.0' 'ml_dtypes==0.6.0' 'numpy==2.4.6' 2>pip.txt || { cat pip.txt; exit 2; }
venv/bin/python -W ignore - <<'PY'
import sys

import ml_dtypes
import numpy as np
from gguf import GGMLQuantizationType, quants

ties = [0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0]
block = np.zeros(32, np.float32)
block[:9] = [4.0, *ties, 6.0]  # 6 at most: the scale is 1
block[16] = 3.0
packed = quants.quantize(block, GGMLQuantizationType.MXFP4)
gguf = quants.dequantize(packed, GGMLQuantizationType.MXFP4)[1:8].tolist()
even = [float(v) for v in np.array(ties, np.float32).astype(ml_dtypes.float4_e2m1fn)]
print(f"ties      {ties}\ngguf      {gguf}\nml_dtypes {even}")
print(f"scale {packed[0]:#x}; first byte {packed[1]:#x}: 4 (code 6) is element 0, 3 (code 5) is element 16")
if gguf != [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0] or even != [0.0, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0] or packed[1] != 0x56:
    sys.exit("changed")
PY
