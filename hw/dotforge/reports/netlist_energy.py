"""Energy a useful MAC of a netlist, from its report: what was measured, what is scaled, and what papers print."""

from typing import Any

import numpy as np

from dotforge_sim.models import arithmetic_chain, energy, parameter_file

from ..export.design import Generated as Design
from ..facts import multipliers
from ..synthesis.switching import mapped
from ..tools.files import OutputError

__all__ = ["figures", "proxy"]

#: Of random words, and cycles and sequences of them.
_SEED, _CYCLES, _SEQUENCES = 1, 64, 64

#: Formats of operands whose ratio between nodes the table has.
_RATIOS = {"fp16": "fp16", "bf16": "fp16"}


def figures(report: dict[str, Any], where: str, node: int) -> dict[str, Any]:
    """Return the figures of a report by kind: ``measured``, ``share``, ``scaled``, ``printed``.

    Parameters
    ----------
    report : of ``dotforge synth --power``
    where : its file or engine, for messages
    node : nm that is scaled to, 45 or 7

    Raises
    ------
    OutputError
        The report has no energy.
    """
    power = report.get("power") or {}
    measured = power.get("energy_pj_per_mac")
    if not measured:
        notes = "; ".join(report.get("notes", [])) or "synth --target nangate45 --power measures it"
        raise OutputError(f"{where} has no energy a useful MAC: {notes}")
    cells = report["tools"].get("liberty", report["target"])
    source = power["activity"]["source"] if isinstance(power.get("activity"), dict) else "bench"
    rows = [_row(f"{report['engine']}, all of it", measured, "measured", f"{cells}; {source}")]
    total = power["power_mw"]
    for name in ("internal_mw", "switching_mw", "leakage_mw"):
        if power.get(name) is not None:
            rows.append(
                _row(
                    f"  of that {name.removesuffix('_mw')}",
                    measured * power[name] / total,
                    "measured",
                    "OpenSTA's groups",
                )
            )
    rows += _shares(report, measured)
    format = _RATIOS.get(str(report["parameters"].get("format", "")), "int8")
    if node != 45:
        value, rule = energy.scale(measured, format, node)
        rows.append(_row(f"scaled to {node} nm", value, "scaled", rule))
    operations = parameter_file.load("operations")
    chain = parameter_file.load("arithmetic_chain")
    rows += [
        _row("a shift-add at 16 nm", chain["shift_add_energy"].value * 1e12, "printed",
             chain["shift_add_energy"].source),
        _row("VS-Quant test chip, two operations a MAC", 2 / operations["vsq_tops_per_watt"].value, "printed",
             operations["vsq_tops_per_watt"].source),
        *(_row(f"{format} multiply-add at {each} nm, nothing around it", energy.mac_energy(format, each), "printed",
               "the operation table") for each in energy.NODES),
    ]  # fmt: skip
    return {"engine": report["engine"], "parameters": report["parameters"], "target": report["target"],
            "verilog_sha256": report["verilog_sha256"], "figures": rows,
            "network_mj_at_shift_add": arithmetic_chain.chain()["network_energy"] * 1e3}  # fmt: skip


def proxy(design: Design) -> dict[str, Any]:
    """Return transistors that switch a multiply-add, where no cells can be weighed: random words, valid and ready high.

    Parameters
    ----------
    design : a small engine; its flat netlist is simulated without delays

    Raises
    ------
    OutputError
        The engine makes no products.
    """
    count = multipliers(design.manifest["parameters"])
    if not count:
        raise OutputError(f"{design.engine} makes no products")
    netlist = mapped(design.verilog, design.top)
    rng = np.random.default_rng(_SEED)
    inputs = {}
    for name in set(netlist.inputs) - {"clk", "rst"}:
        bits = rng.integers(0, 2, (_CYCLES, _SEQUENCES, len(netlist.ports[name])), np.uint8)
        if name.endswith(("tvalid", "tready")):
            bits[:] = 1
        inputs[name] = bits
    switched = netlist.simulate(inputs).transistors / count
    row = _row(
        f"{design.engine}, all of it",
        None,
        "proxy",
        f"{switched:.1f} transistors switch a multiplier and cycle",
    )
    return {"engine": design.engine, "parameters": design.manifest["parameters"], "target": "cmos",
            "verilog_sha256": design.manifest["verilog_sha256"], "switched_transistors_per_mac": switched,
            "figures": [row]}  # fmt: skip


def _row(what: str, value: float | None, kind: str, how: str) -> dict[str, Any]:
    return {"what": what, "pj_per_mac": value, "kind": kind, "how": how}


def _shares(report: dict[str, Any], measured: float) -> list[dict[str, Any]]:
    """Share the energy out over modules by their cells' area: no figure of a module's own toggles."""
    sizes: dict[str, float] = {}
    for module in report["modules"]:
        name = module["module"].removeprefix(f"{report['top']}_")
        sizes[name] = sizes.get(name, 0) + (module.get("area_um2") or 0) * module["instances"]
    total = sum(sizes.values())
    if not total:
        return []
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:8]
    return [
        _row(
            f"  share of {name}",
            measured * size / total,
            "shared out by area",
            f"{100 * size / total:.1f} % of the cells",
        )
        for name, size in largest
    ]
