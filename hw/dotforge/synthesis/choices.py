"""What a synthesis can be told to choose from, by name: known without importing what does it."""

__all__ = ["HIERARCHIES", "LIBERTY", "OPTIMIZATIONS", "TARGETS", "is_target"]

#: Names of the targets; ``liberty:PATH`` is one more for every Liberty file.
TARGETS = (
    "cmos", "ecp5", "ice40", "gowin", "nexus", "gatemate", "machxo2", "xilinx", "intel", "quicklogic",
    "nangate45",
)  # fmt: skip

#: What stands before the path of a Liberty file.
LIBERTY = "liberty:"

#: How a hierarchy is measured: as one flat netlist, or a sum over its modules.
HIERARCHIES = ("flat", "sum")

#: What a standard-cell mapping strives for.
OPTIMIZATIONS = ("area", "speed")


def is_target(name: str) -> bool:
    """Tell whether a name is one of a target, whether or not its files are there."""
    return name in TARGETS or (name.startswith(LIBERTY) and len(name) > len(LIBERTY))
