"""What a manifest says beside ports and streams: facts of the engine that hold for these very parameters."""

import json
import random
from dataclasses import asdict
from typing import Any

import jsonschema
import numpy as np
import pytest
from amaranth.sim import Simulator

from dotforge.engines.flexdpe.config import FlexDpeConfig
from dotforge.engines.flexdpe.errors import MEANINGS, Cause
from dotforge.export.design import from_parameters
from dotforge.export.manifest import SCHEMA
from dotforge.facts import Facts
from dotforge.formats.block import ELEMENTS
from dotforge.formats.exponent import parse_code
from dotforge.formats.table import find
from dotforge.registry import configure, engines
from dotforge.stream.payload import Lanes
from dotforge_golden import mx
from dotforge_golden.route import route
from dotforge_sim.models.flexdpe import exact

#: Every engine as it is, and where facts differ.
DESIGNS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in engines()),
    ("logmac", {"lanes": 2, "weight_code": "log:2:2", "log_output": "log:4:2", "log_shift": 3}),
    ("mxdot", {"lanes": 2, "weight_format": "mxint8", "activation_format": "mxfp8_e5m2"}),
    ("flexdpe", {"lanes": 4, "format": "fp8_e4m3", "host_routes": True, "distribution": "multicast-benes"}),
]


def told(engine: str, **parameters: Any) -> dict[str, Any]:
    return from_parameters(engine, parameters).manifest


def fields(engine: str, **parameters: Any) -> dict[str, dict[str, Any]]:
    """Return stream.field → field, as a manifest describes it, without making any hardware."""
    entry, config = configure(engine, parameters)
    block = entry.block(config)
    payloads = {**block.inputs, **block.outputs}
    return {
        f"{name}.{field['name']}": field for name, payload in payloads.items() for field in payload.describe()
    }


def facts(engine: str, **parameters: Any) -> Facts:
    entry, config = configure(engine, parameters)
    return entry.told(config)


@pytest.mark.parametrize(("engine", "parameters"), DESIGNS, ids=str)
def test_it_is_whole(engine: str, parameters: dict[str, Any]) -> None:
    """Valid, JSON that every reader takes, and facts for whatever a host meets."""
    manifest = told(engine, **parameters)
    jsonschema.validate(json.loads(json.dumps(manifest, allow_nan=False)), SCHEMA)
    assert manifest["function"], "an engine says what it does"
    assert manifest["rules"], "an engine says what holds between its streams"
    for stream in manifest["streams"]:
        wire = "tready" if stream["direction"] == "input" else "tvalid"
        assert stream[f"{wire}_in_reset"] in ("low", "high", "follows")
    for port in manifest["ports"]:
        assert port["role"] != "status" or port["meaning"], port["name"]
        assert port["role"] != "stream" or port["stream"] in {
            stream["name"] for stream in manifest["streams"]
        }
    assert fields(engine, **parameters) == {
        f"{stream['name']}.{field['name']}": field
        for stream in manifest["streams"]
        for field in stream["fields"]
    }
    for name, field in fields(engine, **parameters).items():
        # The format is a name alone; units and roles have fields of their own.
        assert " " not in field["format"], name
        assert find(field["format"]).width == field["width"], name
        if not field["format"].startswith(("int", "uint")):
            assert field["encoding"], name
            assert len(field.get("values", ())) == 2 ** field["width"] or field["width"] > 12, name
        else:
            kind, width = field["format"].rstrip("0123456789"), int(field["format"].lstrip("uint"))
            assert (width, kind == "int") == (field["width"], field["signed"]), name
    known = set(manifest["parameters"])
    assert set(manifest["idle"]) <= known
    assert set(manifest["resolved"]) <= known
    assert not set(manifest["resolved"]) & set(manifest["idle"])


def test_a_role_must_be_known() -> None:
    with pytest.raises(ValueError, match=r"role of x: one of element, scale, .* is wanted, not thing"):
        Lanes("x", 1, False, "uint1", role="thing")


def test_units() -> None:
    found = fields("logmac", lanes=2, fold_sign=True)
    assert [found[name]["unit"] for name in ("bias.bias", "sums.sum", "weights.weight")] == [-3, -3, 0]
    assert fields("logmac", lanes=2, weight_code="exponent:-6:0")["sums.sum"]["unit"] == -6
    found = fields("logmac", lanes=2, weight_code="log:2:2", lookup_bits=7)
    assert found["sums.sum"]["unit"] == -6
    found = fields("logmac", lanes=2, weight_code="log:2:2", log_output="log:4:2", log_shift=3)
    assert (found["sums.sum"]["format"], found["sums.sum"]["unit"]) == ("log:4:2", 3)
    found = fields("mxdot", lanes=2, weight_format="mxint8")
    assert (found["weights.weight"]["format"], found["weights.weight"]["unit"]) == ("int8", -6)


def test_codes() -> None:
    code = parse_code("exponent:-2:1")
    values = fields("logmac", lanes=1, weight_code="exponent:-2:1")["weights.weight"]["values"]
    assert values == [float(code.value(word)) for word in range(2**code.bits)]
    for name in ("mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e2m3", "mxfp4"):
        field = fields("mxdot", lanes=1, weight_format=name)["weights.weight"]
        golden = mx.decode(np.arange(2 ** ELEMENTS[name].width), name)
        np.testing.assert_array_equal([float(value) for value in field["values"]], golden)
    scale = fields("mxdot", lanes=1)["weights.scale"]["values"]
    assert (scale[0], scale[127], scale[254], scale[255]) == (2.0**-127, 1, 2.0**127, "nan")


def test_error_causes() -> None:
    """The enumeration is that of the hardware; a cause that cannot come is not in it."""
    for host, wanted in ((True, set(Cause)), (False, set(Cause) - {Cause.ROUTE_LENGTH})):
        ports = facts("flexdpe", lanes=4, host_routes=host).ports
        assert {each.value: each.meaning for each in ports["error_cause"].choices} == {
            int(cause): MEANINGS[cause] for cause in wanted
        }
        assert set(ports) == {"error", "error_cause"}
    assert "overflow" in facts("flexdpe", lanes=4, sum_format="int8").ports
    assert set(MEANINGS) == set(Cause)


def test_what_auto_stands_for() -> None:
    assert facts("flexdpe", lanes=8, optimize="none").resolved == {
        "window": 8, "sum_format": "int32", "fold_change": "overlap", "distribution": "multicast-benes"
    }  # fmt: skip
    found = facts("flexdpe", lanes=4, optimize="none", format="bf16", reduction="art", window=2).resolved
    assert found == {"sum_format": "fp32", "fold_change": "drain", "distribution": "crossbar"}
    # What stands for itself is not in it.
    assert facts("vsquant", lanes=4).resolved == {}
    assert facts("vsquant", lanes=4, scale_product_bits=0).resolved == {"scale_product_bits": 8}


def test_parameters_without_effect_change_nothing() -> None:
    """What is called idle gives the same Verilog with another value, or takes none."""
    cases = [
        ("flexdpe", {"lanes": 4}, {"route_engines": 2, "route_walkers": 2}),
        (
            "flexdpe",
            {"lanes": 8, "optimize": "none", "host_routes": True},
            {"row_buffer": 8, "route_engines": 2, "route_walkers": 2},
        ),
        ("vsquant", {"lanes": 4, "scale_product_bits": 0}, {"scale_rounding": "half_even"}),
    ]
    for engine, given, idle in cases:
        manifest = told(engine, **given)
        assert set(idle) <= set(manifest["idle"])
        assert told(engine, **given, **idle)["verilog_sha256"] == manifest["verilog_sha256"]
    assert set(facts("flexdpe", lanes=4).idle) == {"flush_subnormals", "route_engines", "route_walkers"}
    assert set(facts("logmac", lanes=2).idle) == {
        "activation_code",
        "accumulator",
        "lookup_bits",
        "bin_bits",
        "log_output",
        "log_shift",
        "clock_mhz",
        "device",
    }
    for name, other in (("accumulator", "binned"), ("lookup_bits", 6), ("bin_bits", 20), ("log_shift", 1)):
        with pytest.raises(ValueError, match=f"parameter {name}={other}: allowed"):
            configure("logmac", {"lanes": 2, name: other})


@pytest.mark.parametrize("topology", ["multicast-benes", "crossbar"])
def test_settings_bit_by_bit(topology: str) -> None:
    """The packet that the manifest describes is the one that golden makes."""
    lanes, rng = 8, np.random.default_rng(5)
    entry, config = configure("flexdpe", {"lanes": lanes, "host_routes": True, "distribution": topology})
    packet = entry.block(config).inputs["settings"].describe_packet()
    places = {
        name: [(bit["beat"], bit["bit"]) for bit in field["bits"]]
        for name, field in ((field["name"], field) for field in packet["fields"])
    }
    for positions in rng.integers(-1, lanes, (50, lanes)):
        rows = route(topology, positions[None], lanes)[0]
        assert rows.shape == (packet["beats"], lanes)
        # Bits that no field has are 0, and all others are in one.
        taken = {place for bits in places.values() for place in bits}
        assert sum(map(len, places.values())) == len(taken)
        assert not any(rows[row, bit] for row, bit in np.ndindex(rows.shape) if (row, bit) not in taken)
        if topology == "crossbar":
            assert [bool(rows[place]) for place in places["occupied"]] == list(positions >= 0)
            labels = [bit["of"] for bit in packet["fields"][0]["bits"]]
            for place, label in zip(places["numbers"], labels, strict=True):
                lane, bit = (int(part.split()[1]) for part in label.split(", "))
                assert rows[place] == (max(positions[lane], 0) >> bit & 1)
        else:
            assert [bool(rows[place]) for place in places["used"]] == [k in positions for k in range(lanes)]
            assert _delivered(packet, rows, positions.max() < 0) == list(positions)


def _delivered(packet: dict[str, Any], rows: np.ndarray, empty: bool) -> list[int]:
    """Return the position whose value each lane gets, from the labels of the manifest alone."""
    fields_of = {field["name"]: field["bits"] for field in packet["fields"]}
    used = [number for number, bit in enumerate(fields_of["used"]) if rows[bit["beat"], bit["bit"]]]
    ends = [bool(rows[bit["beat"], bit["bit"]]) for bit in fields_of["ends"]] + [True]
    slots, run = [], 0
    for end in ends:
        slots.append(used[run] if run < len(used) else -1)
        run += end
    columns: dict[int, list[tuple[int, int]]] = {}
    for bit in fields_of["crossed"]:
        column, wires = bit["of"].split(", ")
        low, high = (int(word) for word in wires.removeprefix("wires ").split(" and "))
        if rows[bit["beat"], bit["bit"]]:
            columns.setdefault(int(column.split()[1]), []).append((low, high))
    for _, crossed in sorted(columns.items()):
        for low, high in crossed:
            slots[low], slots[high] = slots[high], slots[low]
    return [-1] * len(slots) if empty else slots


def load_cycles(config: FlexDpeConfig) -> int:
    """Return what the cycle model, which equals the RTL, says of a window with one full row."""
    row = np.ones((1, config.positions), bool)
    cycles, folds = exact(asdict(config), row, row, given_regor=True)
    assert folds == 1
    return cycles.loading


def test_load_to_first_vector_is_that_of_the_cycle_model() -> None:
    rng, seen = random.Random(11), set()
    for _ in range(150):
        levels = rng.randint(2, 6)
        lanes = 2**levels
        parameters = {
            "optimize": "none",
            "lanes": lanes, "window": 2 ** rng.randint(1, levels), "host_routes": rng.random() < 0.3,
            "stationary_bandwidth": 2 ** rng.randint(0, levels), "control_pipeline": rng.random() < 0.5,
            "distribution": rng.choice(["auto", "crossbar", "multicast-benes"]),
            "route_walkers": 2 ** rng.randint(0, levels - 1), "route_engines": rng.randint(1, 4),
            "row_buffer": rng.choice([0, 0, 4, 64]), "reduction": rng.choice(["fan", "linear", "art"]),
        }  # fmt: skip
        _, config = configure("flexdpe", parameters)
        assert config.load_cycles == load_cycles(config), parameters
        seen.add((config.topology, config.host_routes, config.control_pipeline))
    assert len(seen) == 8


def test_load_to_first_vector_in_hardware() -> None:
    (interval,) = facts("flexdpe", lanes=4, distribution="multicast-benes").intervals
    entry, config = configure("flexdpe", {"lanes": 4, "distribution": "multicast-benes"})
    dut: Any = entry.block(config)
    beats = {
        "bitmaps": {"bitmap": 15, "last": 1},
        "rows": {"row": 0, "bitmap": 15, "last": 1},
        "stationary": {"values": 0, "count": 4, "last": 1},
        "vectors": {"values": 0, "bitmap": 0, "last": 1},
    }
    moved: dict[str, int] = {}

    async def bench(ctx: Any) -> None:
        for name, beat in beats.items():
            for field, value in beat.items():
                ctx.set(getattr(getattr(dut, name).payload, field), value)
            ctx.set(getattr(dut, name).valid, 1)
        for cycle in range(200):
            now = [name for name in beats if name not in moved and ctx.get(getattr(dut, name).ready)]
            moved.update(dict.fromkeys(now, cycle))
            await ctx.tick()
            for name in now:
                ctx.set(getattr(dut, name).valid, 0)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert set(moved) == set(beats)
    assert moved["vectors"] - moved["bitmaps"] == interval.cycles == config.load_cycles


def test_a_set_of_weights_is_used_when_the_manifest_says() -> None:
    parameters = {"lanes": 1, "weight_depth": 2}
    (interval,) = facts("logmac", **parameters).intervals
    entry, config = configure("logmac", parameters)
    dut: Any = entry.block(config)
    moved: dict[str, int] = {}

    async def bench(ctx: Any) -> None:
        ctx.set(dut.weights.payload.last, 1)
        ctx.set(dut.weights.valid, 1)
        ctx.set(dut.activations.valid, 1)
        for cycle in range(10):
            for name in ("weights", "activations"):
                if ctx.get(getattr(dut, name).ready):
                    moved.setdefault(name, cycle)
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert moved["activations"] - moved["weights"] == interval.cycles
