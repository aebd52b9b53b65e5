#!/bin/bash
# LibreLane 3.0.17: a variable in config.json that there is not is an error ("Unknown key 'CLOCK_PROT' provided."), which
# catches a misspelt name. One whose name has `_OPT` in it is not: SYNTH_OPTIMISE, PL_OPTS, RUN_CTS_OPTIMIZATION are
# taken without an error or a warning and do nothing (old OpenLane PDKs set STD_CELL_LIBRARY_OPT and the like).
# Expected: the same answer to every name that is not known. The PDK here holds values of the right types alone.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'librelane==3.0.17' 2>pip.txt || { cat pip.txt; exit 2; }
cat > load.py <<'PY'
import json, sys, typing
from decimal import Decimal
from pathlib import Path
from librelane.config import Config
from librelane.flows import Flow

def value(kind):
    if typing.get_origin(kind) in (list, dict):
        inner = value(typing.get_args(kind)[-1])
        return inner if typing.get_origin(kind) is list else "nom " + inner
    path = getattr(kind, "__name__", "") == "Path"
    return str(Path("file").resolve()) if path else "1" if kind in (int, Decimal) else "any"

classic = Flow.factory.get("Classic")
variables = classic.get_all_config_variables(classic.__new__(classic))
wanted = [each for each in variables if each.pdk and not each.optional and each.default is None]
place = Path("pdk/libs.tech/librelane")
(place / "cells").mkdir(parents=True, exist_ok=True)
for name in ("file", "top.v", place / "cells/config.tcl"):
    Path(name).touch()
lines = [f"set ::env({each.name}) {{{value(each.type)}}}" for each in wanted] + ["set ::env(STD_CELL_LIBRARY) cells"]
(place / "config.tcl").write_text("\n".join(lines))
design = {"meta": {"version": 2}, "DESIGN_NAME": "top", "VERILOG_FILES": ["dir::top.v"], sys.argv[1]: 1}
Path("config.json").write_text(json.dumps(design))
try:
    found, _ = Config.load("config.json", variables, pdk="pdk", pdk_root=".")
except Exception as error:
    print("refused:", str(error).split("*")[-1].strip())
else:
    print("taken, and is in the configuration:", sys.argv[1] in found)
PY
for name in SYNTH_STRATEGY_X SYNTH_OPTIMISE PL_OPTS; do
  said=$(venv/bin/python load.py $name 2>&1 | tail -n 1)
  echo "$name: $said" | tee -a found.txt
done
cat > expected.txt <<'TXT'
SYNTH_STRATEGY_X: refused: Unknown key 'SYNTH_STRATEGY_X' provided.
SYNTH_OPTIMISE: taken, and is in the configuration: False
PL_OPTS: taken, and is in the configuration: False
TXT
cmp -s found.txt expected.txt || { echo "changed"; exit 1; }
