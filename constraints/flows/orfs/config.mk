# $top in OpenROAD-flow-scripts: make -C .../OpenROAD-flow-scripts/flow DESIGN_CONFIG=$$PWD/config.mk
# PLATFORM=sky130hd, or another one, on the command line chooses the technology.
generated := $$(abspath $$(dir $$(lastword $$(MAKEFILE_LIST)))/../..)

export DESIGN_NAME = $top
export PLATFORM ?= nangate45
export VERILOG_FILES = $$(generated)/$top.v
export SDC_FILE = $$(generated)/flows/orfs/constraint.sdc
export ABC_CLOCK_PERIOD_IN_PS = $period_ps

export CORE_UTILIZATION ?= 40
export PLACE_DENSITY_LB_ADDON ?= 0.20
export TNS_END_PERCENT ?= 100
