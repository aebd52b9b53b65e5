#!/bin/bash
# FuseSoC 2.4.7: the core that asks for a generator depends on every `.core` file that the generator leaves, at whatever
# depth and whatever its name, not only on the one of the name that FuseSoC gave it (`vlnv`). What calls a program that
# writes a core of its own beside its Verilog (dotforge, LiteX, a second generator) compiles each of its files twice,
# and nothing is said. Expected: the core of that name, or an error for others.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'fusesoc==2.4.7' 'edalize==0.6.8' 2>pip.txt || { cat pip.txt; exit 2; }
cat > top.core <<'CORE'
CAPI=2:
name: ::top:0
filesets: {rtl: {files: [top.v: {file_type: verilogSource}]}}
generators: {program: {interpreter: python3, command: program.py}}
generate: {part: {generator: program}}
targets:
  default: {filesets: [rtl], generate: [part], toplevel: top, flow: lint, flow_options: {tool: verilator}}
CORE
echo 'module top; part part(); endmodule' > top.v
cat > program.py <<'PY'
import pathlib, re, sys
name = re.search(r"vlnv: (\S+)", pathlib.Path(sys.argv[1]).read_text())[1]
core = """CAPI=2:
name: {}
filesets: {{rtl: {{files: [part.v: {{file_type: verilogSource}}]}}}}
targets: {{default: {{filesets: [rtl]}}}}
"""
for place, called in ((".", name), ("deep/below", "::stranger:0")):
    pathlib.Path(place).mkdir(parents=True, exist_ok=True)
    pathlib.Path(place, "part.core").write_text(core.format(called))
    pathlib.Path(place, "part.v").write_text("module part; endmodule\n")
PY
export XDG_CONFIG_HOME="$work" XDG_DATA_HOME="$work" XDG_CACHE_HOME="$work"
venv/bin/fusesoc --cores-root . run --setup ::top:0 >log.txt 2>&1 || { cat log.txt; exit 2; }
files=$(cat build/*/default/*.eda.yml | grep -c 'name: .*part\.v')
strangers=$(grep -ci 'stranger' log.txt || true)
echo "part.v is compiled $files times; lines about the other core: $strangers"
[ "$files $strangers" = "2 0" ] || { echo "changed"; exit 1; }
