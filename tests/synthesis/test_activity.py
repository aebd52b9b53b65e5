"""Activity of nets, from waveforms and netlists."""

from dotforge.synthesis.targets import activity

VCD = """$timescale 1ps $end
 $scope module rootio $end
  $var wire 1 ! clk $end
 $upscope $end
 $scope module top $end
  $var wire 1 ! clk $end
  $var wire 2 # bus [1:0] $end
  $var wire 1 $ alias $end
  $scope module inner $end
   $var wire 1 % hidden $end
  $upscope $end
 $upscope $end
$enddefinitions $end
#0
0!
b00 #
1$
1%
#10
1!
b11 #
#20
0!
b01 #
#30
1!
0$
#40
0!
"""


def test_toggles() -> None:
    found = activity.count_toggles(iter(VCD.splitlines(keepends=True)), "top", "clk")
    assert found.cycles == 2
    assert found.nets == {
        "clk": (4, 0.5),
        "bus[0]": (1, 0.75),
        "bus[1]": (2, 0.25),
        "alias": (1, 0.75),
    }


def test_pins() -> None:
    netlist = (
        "module top(a);\n  NAND2 n_1 (\n    .A(a[3]),\n    .B(\\x.y ),\n    .Y(n_2)\n  );\n"
        "  DFF n_3 (\n    .C(clk),\n    .D(1'h0)\n  );\nendmodule\n"
    )
    assert list(activity.pins(netlist)) == [
        ("n_1/A", "a[3]"), ("n_1/B", "x.y"), ("n_1/Y", "n_2"), ("n_3/C", "clk"), ("n_3/D", "1'h0"),
    ]  # fmt: skip
