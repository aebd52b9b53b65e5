"""Proof by induction that the distribution network loses, doubles and reorders no vector, whatever stalls it.

Vectors are numbered as they are accepted; what leaves must be numbered in the same order. The induction needs
to know what is in between: each register that holds a vector holds the number that is its turn.
"""

import re

import pytest

from dotforge.export.verilog import convert
from dotforge.network.distribution.distribution import DistributionNetwork
from dotforge.tools import yosys

LANES, WIDTH, TAG = 4, 2, 6
REGISTERS = (0, 3, 6)


def properties(network: DistributionNetwork) -> str:
    """Verilog to put into the module, where it sees the registers."""
    payload = network.window * (network.width + 1)
    result = network.lanes * network.width
    stages = len(network.registers)
    tags = [f"tag_{stage}" for stage in range(stages)]
    if network.registered_ready:
        # A vector waits at the output whenever none is taken: two registers tell, always the opposite of each other.
        valid = [*(f"valid_{stage}" for stage in range(stages)), "!vectors_ready"]
        tags.append(f"waiting[{result + TAG - 1}:{result}]")
    else:
        valid = [f"valid_{stage}" for stage in range(stages - 1)] + ["lanes_out_valid"] * (stages > 0)
    ahead = [" + ".join(["leaving", *valid[stage + 1 :]]) for stage in range(len(valid))]
    turns = "\n        ".join(
        f"assert (!{valid[stage]} || {tag} == (({ahead[stage]}) & {(1 << TAG) - 1}));"
        for stage, tag in enumerate(tags)
    )
    count = " + ".join(valid) or "0"
    return f"""
    reg [{TAG - 1}:0] entering = 0, leaving = 0;
    reg past = 0;
    always @(posedge clk) begin
      past <= 1;
      entering <= rst ? 0 : entering + (vectors_valid && vectors_ready);
      leaving <= rst ? 0 : leaving + (lanes_out_valid && lanes_out_ready);
    end
    always @* begin
      assume (rst == !past);
      assume (vectors_payload[{payload + TAG - 1}:{payload}] == entering);
      if (past) begin
        assert (entering == ((leaving + {count}) & {(1 << TAG) - 1}));
        assert (!lanes_out_valid || lanes_out_payload[{result + TAG - 1}:{result}] == leaving);
        assert (vectors_ready || {valid[-1] if valid else "!lanes_out_ready"});
        {turns}
      end
    end
    reg held = 0;
    reg [{result + TAG - 1}:0] before = 0;
    always @(posedge clk) begin
      held <= !rst && lanes_out_valid && !lanes_out_ready;
      before <= lanes_out_payload;
    end
    // Without registers the lanes are as stable as what is offered.
    always @* if (past && held && {stages} > 0) assert (lanes_out_valid && lanes_out_payload == before);
"""


def prove(verilog: str, top: str) -> str:
    """Return what Yosys says about the assertions of a module."""
    script = [
        "read_verilog -formal design.v",
        f"hierarchy -top {top}",
        "proc",
        "flatten",
        "async2sync",
        "opt -full",
        "tee -q -o proof.txt sat -tempinduct -prove-asserts -set-assumes -maxsteps 6",
    ]
    return yosys.run(script, {"design.v": verilog}, ["proof.txt"])["proof.txt"]


def with_properties(network: DistributionNetwork) -> tuple[str, str]:
    design = convert(network)
    start = design.verilog.index(f"module {design.top}(")
    end = design.verilog.index("endmodule", start)
    return design.verilog[:end] + properties(network) + design.verilog[end:], design.top


CASES = [
    ("multicast-benes", REGISTERS, False),
    ("multicast-benes", REGISTERS, True),
    ("crossbar", (1, 3), False),
    ("crossbar", (), False),
]


@pytest.mark.parametrize(("topology", "registers", "registered_ready"), CASES)
def test_no_vector_is_lost_or_doubled(topology, registers, registered_ready):
    network = DistributionNetwork(
        LANES,
        WIDTH,
        topology=topology,
        registers=registers,
        tag_width=TAG,
        registered_ready=registered_ready,
    )
    assert "Induction step proven: SUCCESS!" in prove(*with_properties(network))


@pytest.mark.parametrize(
    ("pattern", "broken"),
    [
        (r"valid_1 <= .*;", "valid_1 <= valid_0;"),  # moves on while it is stalled
        (r"tag_2 <= .*;", "tag_2 <= tag_1;"),
        (r"assign vectors_ready = .*;", "assign vectors_ready = 1'h1;"),
    ],
)
def test_a_broken_pipeline_is_not_proven(pattern, broken):
    network = DistributionNetwork(LANES, WIDTH, topology="crossbar", registers=(0, 2, 4), tag_width=TAG)
    verilog, top = with_properties(network)
    mutated, count = re.subn(pattern, broken, verilog)
    assert count == 1
    assert "SUCCESS" not in prove(mutated, top)
