# Compiles $top: quartus_sh -t compile.tcl [FAMILY DEVICE]
load_package flow
lassign $$quartus(args) family device
project_open -revision $top $top
if {$$family ne ""} {
  set_global_assignment -name FAMILY $$family
}
if {$$device ne ""} {
  set_global_assignment -name DEVICE $$device
}
execute_flow -compile
project_close
