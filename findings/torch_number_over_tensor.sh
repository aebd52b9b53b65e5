#!/bin/bash
# PyTorch 2.13.0: a Python number over a float32 tensor is reciprocal and product, two roundings, and not the division that
# the same number as a tensor gives: 2688 / 3968 is one unit in the last place less. compressed-tensors finds NVFP4's tensor
# scale so, ModelOpt and torchao divide a tensor: libraries differ in scales of blocks at a tie. Expected: one IEEE division.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'torch==2.13.0' 'numpy==2.4.6' 2>pip.txt || { cat pip.txt; exit 2; }
venv/bin/python - <<'PY'
import sys

import torch

values = torch.arange(1, 8193, dtype=torch.float32)
number, divided = 2688.0 / values, torch.tensor(2688.0) / values
apart = int((number != divided).sum())
print(f"2688.0 / tensor and torch.tensor(2688.0) / tensor differ at {apart} of {len(values)} numbers")
print(f"at 3968: {number[3967].item():.10f} and {divided[3967].item():.10f}")
if number[3967] == divided[3967] or apart < 1000 or not torch.equal(number, values.reciprocal() * 2688):
    sys.exit("changed")
PY
