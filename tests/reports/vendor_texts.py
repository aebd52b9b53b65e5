"""Reports in the layout of their tools, of a design ``mac``; figures are made up."""

_VIVADO = """Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.
-----------------------------------------------------------------
| Tool Version : Vivado v.{version} (lin64) Build 5076996 Wed May 22 18:36:09 MDT 2024
| Date         : Sun Nov  3 18:25:14 2024
| Host         : machine running 64-bit Linux
| Command      : {command} -file out.rpt
| Design       : mac
| Device       : {device}
| Design State : Routed
-----------------------------------------------------------------

"""

VIVADO_UTILISATION = (
    _VIVADO
    + """Utilization Design Information

Table of Contents
-----------------
1. Slice Logic

1. Slice Logic
--------------

+----------------------------+------+-------+------------+-----------+-------+
|          Site Type         | Used | Fixed | Prohibited | Available | Util% |
+----------------------------+------+-------+------------+-----------+-------+
| Slice LUTs                 | 1234 |     0 |          0 |     32600 |  3.79 |
|   LUT as Logic             | 1200 |     0 |          0 |     32600 |  3.68 |
| Slice Registers            |  567 |     0 |          0 |     65200 |  0.87 |
+----------------------------+------+-------+------------+-----------+-------+

3. Memory
---------

+-------------------+------+-------+------------+-----------+-------+
|     Site Type     | Used | Fixed | Prohibited | Available | Util% |
+-------------------+------+-------+------------+-----------+-------+
| Block RAM Tile    |  1.5 |     0 |          0 |        75 |  2.00 |
+-------------------+------+-------+------------+-----------+-------+

4. DSP
------

+----------------+------+-------+------------+-----------+-------+
|    Site Type   | Used | Fixed | Prohibited | Available | Util% |
+----------------+------+-------+------------+-----------+-------+
| DSPs           |    8 |     0 |          0 |       120 |  6.67 |
+----------------+------+-------+------------+-----------+-------+
"""
)

VIVADO_TIMING = (
    _VIVADO
    + """Timing Summary Report

------------------------------------------------------------------------------------------------
| Design Timing Summary
| ---------------------
------------------------------------------------------------------------------------------------

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)
    -------      -------  ---------------------  -------------------      -------      -------
     -0.500       -3.100                      9                 1200        0.050        0.000

------------------------------------------------------------------------------------------------
| Clock Summary
| -------------
------------------------------------------------------------------------------------------------

Clock  Waveform(ns)       Period(ns)      Frequency(MHz)
-----  ------------       ----------      --------------
clk    {{0.000 5.000}}      10.000          100.000
fast   {{0.000 2.000}}      4.000           250.000

------------------------------------------------------------------------------------------------
| Intra Clock Table
| -----------------
------------------------------------------------------------------------------------------------

Clock             WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints
-----             -------      -------  ---------------------  -------------------
clk                 2.000        0.000                      0                 1000
fast               -0.500       -3.100                      9                  200

------------------------------------------------------------------------------------------------
| Inter Clock Table
| -----------------
------------------------------------------------------------------------------------------------

From Clock    To Clock          WNS(ns)      TNS(ns)
----------    --------          -------      -------
clk           fast               -9.000       -9.000
"""
)


def vivado(text: str, *, version: str = "2024.1", device: str = "xc7s50csga324-1") -> str:
    """Return a report of Vivado."""
    command = "report_utilization" if "Utilization Design" in text else "report_timing_summary"
    return text.format(version=version, device=device, command=command)


QUARTUS_FIT = """Fitter report for mac
Sat Nov 28 12:00:00 2020
Quartus Prime Version 20.1.1 Build 720 11/11/2020 SJ Lite Edition

+-----------------------------------------------------------------------+
; Fitter Summary                                                        ;
+---------------------------------+-------------------------------------+
; Fitter Status                   ; Successful - Sat Nov 28 12:00:00 2020 ;
; Quartus Prime Version           ; 20.1.1 Build 720 11/11/2020 SJ Lite Edition ;
; Revision Name                   ; mac                                 ;
; Top-level Entity Name           ; mac                                 ;
; Family                          ; Cyclone V                           ;
; Device                          ; 5CEBA4F23C8                         ;
; Logic utilization (in ALMs)     ; 1,280 / 18,480 ( 7 % )              ;
; Total registers                 ; 2006                                ;
; Total block memory bits         ; 4,096 / 3,153,920 ( < 1 % )         ;
; Total RAM Blocks                ; 2 / 308 ( < 1 % )                   ;
; Total DSP Blocks                ; 8 / 66 ( 12 % )                     ;
+---------------------------------+-------------------------------------+
"""

QUARTUS_SUMMARY = """Fitter Status : Successful - Sat Nov 28 12:00:00 2020
Quartus Prime Version : 22.1.0 Build 915 10/25/2022 SC Lite Edition
Top-level Entity Name : mac
Family : MAX 10
Device : 10M08SAE144C8G
Total logic elements : 3,210 / 8,064 ( 40 % )
    Dedicated logic registers : 777 / 8,064 ( 10 % )
Total registers : 777
Total memory bits : 0 / 387,072 ( 0 % )
Embedded Multiplier 9-bit elements : 16 / 48 ( 33 % )
M9Ks : 1 / 42 ( 2 % )
"""

QUARTUS_STA = """Timing Analyzer report for mac
Quartus Prime Version 20.1.1 Build 720 11/11/2020 SJ Lite Edition

+--------------------------------------------------+
; Slow 1100mV 85C Model Fmax Summary               ;
+------------+-----------------+------------+------+
; Fmax       ; Restricted Fmax ; Clock Name ; Note ;
+------------+-----------------+------------+------+
; 131.03 MHz ; 131.03 MHz      ; clk        ;      ;
; 250.5 MHz  ; 250.5 MHz       ; fast       ;      ;
+------------+-----------------+------------+------+

+--------------------------------------------------+
; Slow 1100mV 0C Model Fmax Summary                ;
+------------+-----------------+------------+------+
; Fmax       ; Restricted Fmax ; Clock Name ; Note ;
+------------+-----------------+------------+------+
; 128.5 MHz  ; 128.5 MHz       ; clk        ;      ;
; 240.0 MHz  ; 240.0 MHz       ; fast       ;      ;
+------------+-----------------+------------+------+
"""
