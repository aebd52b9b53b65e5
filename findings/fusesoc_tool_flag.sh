#!/bin/bash
# FuseSoC 2.4.7: the flag `tool_verilator` that files are chosen by ("tool_verilator? (waive.vlt)") is set for a target
# with `default_tool`, the interface that FuseSoC calls deprecated, and not for one with `flow: sim` and `flow_options:
# {tool: verilator}`, which it says to move to. The files are left out and nothing is said: lint waivers, vendors' models.
# `--tool verilator` sets it. Expected: the same tool, the same files.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'fusesoc==2.4.7' 'edalize==0.6.8' 2>pip.txt || { cat pip.txt; exit 2; }
cat > top.core <<'CORE'
CAPI=2:
name: ::top:0
filesets:
  rtl:
    files:
      - top.v: {file_type: verilogSource}
      - "tool_verilator? (waive.vlt)": {file_type: vlt}
targets:
  default: &default
    filesets: [rtl]
    toplevel: top
  with_flow:
    <<: *default
    flow: sim
    flow_options: {tool: verilator, mode: lint-only}
  with_tool:
    <<: *default
    default_tool: verilator
    tools: {verilator: {mode: lint-only}}
CORE
echo 'module top; endmodule' > top.v
printf '`verilator_config\nlint_off -rule UNUSED\n' > waive.vlt
export XDG_CONFIG_HOME="$work" XDG_DATA_HOME="$work" XDG_CACHE_HOME="$work"
count() { # BUILD OPTIONS...: in how many lists of files of that set-up the waiver is
  local build=$1; shift
  venv/bin/fusesoc --cores-root . run --setup --build-root "$build" "$@" ::top:0 >log.txt 2>&1 || { cat log.txt; exit 2; }
  find "$build" -name '*.eda.yml' -exec grep -l 'waive.vlt' {} + | wc -l
}
tool=$(count a --target with_tool) flow=$(count b --target with_flow) both=$(count c --target with_flow --tool verilator)
echo "waive.vlt taken: default_tool $tool, flow $flow, flow and --tool verilator $both"
[ "$tool $flow $both" = "1 0 1" ] || { echo "changed"; exit 1; }
