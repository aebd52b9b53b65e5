#!/bin/sh
# Four configurations side by side, as a table and a page of plots: sh examples/sweep.sh build/sweep
set -eu
dotforge sweep logmac -p lanes=1,2 -p fold_sign=false,true -o "$1"
echo "$1/index.html"
