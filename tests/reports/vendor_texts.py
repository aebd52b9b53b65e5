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

_DASHES = "-" * 96
_SETUP = ("WNS(ns)", "TNS(ns)", "TNS Failing Endpoints", "TNS Total Endpoints")
_HOLD = ("WHS(ns)", "THS(ns)", "THS Failing Endpoints", "THS Total Endpoints")
_PULSE = ("WPWS(ns)", "TPWS(ns)", "TPWS Failing Endpoints", "TPWS Total Endpoints")


def _section(title: str, body: str) -> str:
    return f"{_DASHES}\n| {title}\n| {'-' * len(title)}\n{_DASHES}\n\n{body}\n\n"


def _columns(first: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table as timing reports have it: names at the left, figures under the right ends of their heads."""
    width = max(10, *(len(row[0]) for row in rows)) if rows else 10
    lines = [
        f"{first:{width}}" + "".join(f"  {head:>11}" for head in heads),
        f"{'-' * len(first):{width}}" + "".join(f"  {'-' * len(head):>11}" for head in heads),
    ]
    for name, *figures in rows:
        cells = [f"  {figure:>{max(11, len(head))}}" for figure, head in zip(figures, heads, strict=True)]
        lines.append(f"{name:{width}}" + "".join(cells) + "  ")
    return "\n".join(lines)


#: A clock whose edges drive nothing but a PLL has pulse widths alone; generated clocks are indented.
VIVADO_TIMING = (
    _VIVADO
    + "Timing Summary Report\n\n"
    + _section(
        "Design Timing Summary",
        _columns(
            "", (*_SETUP, *_HOLD), [("", "-0.500", "-3.100", "9", "1200", "0.050", "0.000", "0", "1200")]
        ),
    )
    + _section(
        "Clock Summary",
        "Clock      Waveform(ns)         Period(ns)      Frequency(MHz)\n"
        "-----      ------------         ----------      --------------\n"
        "pin        {{0.000 10.000}}       20.000          50.000          \n"
        "  clk      {{0.000 5.000}}        10.000          100.000         \n"
        "  fast     {{0.000 2.000}}        4.000           250.000         \n",
    )
    + _section(
        "Intra Clock Table",
        _columns(
            "Clock",
            (*_SETUP, *_HOLD, *_PULSE),
            [
                ("pin", *[""] * 8, "7.000", "0.000", "0", "1"),
                (
                    "  clk",
                    "2.000",
                    "0.000",
                    "0",
                    "1000",
                    "0.050",
                    "0.000",
                    "0",
                    "1000",
                    "4.500",
                    "0.000",
                    "0",
                    "500",
                ),
                (
                    "  fast",
                    "-0.500",
                    "-3.100",
                    "9",
                    "200",
                    "0.050",
                    "0.000",
                    "0",
                    "200",
                    "1.500",
                    "0.000",
                    "0",
                    "90",
                ),
            ],
        ),
    )
    + _section(
        "Inter Clock Table",
        "From Clock    To Clock          WNS(ns)      TNS(ns)\n"
        "----------    --------          -------      -------\n"
        "clk           fast               -9.000       -9.000\n",
    )
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

#: Pro: one table of rates for all corners, and another name of registers.
QUARTUS_PRO_SUMMARY = """Fitter Status : Successful - Sun Nov 29 12:00:00 2026
Quartus Prime Version : 25.1.0 Build 129 03/26/2025 SC Pro Edition
Revision Name : mac
Top-level Entity Name : mac
Family : Agilex 5
Device : A5ED065BB32AE6SR0
Timing Models : Preliminary
Logic utilization (in ALMs) : 1,842 / 222,400 ( < 1 % )
Total dedicated logic registers : 9216
Total pins : 2 / 566 ( < 1 % )
Total block memory bits : 4,096 / 32,931,840 ( < 1 % )
Total RAM Blocks : 1 / 1,611 ( < 1 % )
Total DSP Blocks : 4 / 846 ( < 1 % )
"""

QUARTUS_PRO_STA = """Timing Analyzer report for mac
Quartus Prime Version 25.1.0 Build 129 03/26/2025 SC Pro Edition

+--------------------------------------------------------------------------------------------------------------+
; Fmax Summary                                                                                                 ;
+-----------+-----------------+------------+-----------------------------------------+-------------------------+
; Fmax      ; Restricted Fmax ; Clock Name ; Note                                    ; Worst-Case Conditions   ;
+-----------+-----------------+------------+-----------------------------------------+-------------------------+
; 581.4 MHz ; 352.98 MHz      ; clk        ; limit due to minimum pulse width        ; Slow vid1 100C Model    ;
+-----------+-----------------+------------+-----------------------------------------+-------------------------+
"""

#: Adaptive lookup tables came before adaptive logic modules were counted.
QUARTUS_OLD_SUMMARY = """Fitter Status : Successful - Sat Nov 30 12:00:00 2013
Quartus II 64-Bit Version : 13.1.0 Build 162 10/23/2013 SJ Full Version
Revision Name : mac
Top-level Entity Name : mac
Family : Stratix IV
Device : EP4SGX230KF40C2
Timing Models : Final
Logic utilization : 3 %
    Combinational ALUTs : 4,321 / 182,400 ( 2 % )
    Memory ALUTs : 0 / 91,200 ( 0 % )
    Dedicated logic registers : 2,222 / 182,400 ( 1 % )
Total registers : 2222
Total block memory bits : 0 / 14,625,792 ( 0 % )
DSP block 18-bit elements : 16 / 1,288 ( 1 % )
"""

QUARTUS_STA_SUMMARY = """------------------------------------------------------------
Timing Analyzer Summary
------------------------------------------------------------

Type  : Slow 1100mV 85C Model Setup 'clk'
Slack : 2.000
TNS   : 0.000

Type  : Slow 1100mV 85C Model Hold 'clk'
Slack : 0.332
TNS   : 0.000

Type  : Slow 1100mV 0C Model Setup 'clk'
Slack : 1.500
TNS   : 0.000
"""

QUARTUS_MAP = """Analysis & Synthesis report for mac
Sat Nov 28 12:00:00 2020
Quartus Prime Version 20.1.1 Build 720 11/11/2020 SJ Lite Edition

+------------------------------------------------------+
; Analysis & Synthesis Summary                         ;
+-----------------------------+------------------------+
; Analysis & Synthesis Status ; Successful - Sat Nov 28 ;
; Logic utilization (in ALMs) ; N/A                    ;
+-----------------------------+------------------------+
"""
