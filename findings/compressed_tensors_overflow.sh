#!/bin/bash
# compressed-tensors 0.20.1: an MXFP4 or MXFP8 block whose largest magnitude is 1.75 * 2**127 or more (a float32 number, and
# 2**125 with the scale of 2**127 would hold it) gets the scale byte 127 and elements that are all zero: the rounding of
# the magnitude ends in infinity, and the exponent of that is an integer that wraps. Expected: scale byte 254 at most.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'compressed-tensors==0.20.1' 'torch==2.13.0' 2>pip.txt || { cat pip.txt; exit 2; }
venv/bin/python - <<'PY'
import sys

import torch
from compressed_tensors.compressors.mx_utils import compress_mx_scale
from compressed_tensors.quantization import QuantizationArgs
from compressed_tensors.quantization.lifecycle.forward import quantize
from compressed_tensors.quantization.utils.helpers import calculate_qparams

arguments = QuantizationArgs(
    num_bits=4, type="float", strategy="group", group_size=32, symmetric=True, scale_dtype=torch.uint8
)
found = {}
for factor in (1.5, 1.75):
    block = torch.full((1, 32), factor * 2.0**127)
    scale, _ = calculate_qparams(block.amin(-1, keepdim=True), block.amax(-1, keepdim=True), arguments)
    elements = quantize(block, scale, None, arguments)
    found[factor] = int(compress_mx_scale(scale, torch.uint8)), float(elements[0, 0])
    print(f"{factor} * 2**127: scale byte {found[factor][0]}, elements {found[factor][1]}")
if found != {1.5: (252, 6.0), 1.75: (127, 0.0)}:
    sys.exit("changed")
PY
