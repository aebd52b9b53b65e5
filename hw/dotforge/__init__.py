"""Dot-product engines for deep learning: Amaranth components, flows and the command line.

The front door::

    import dotforge

    mac = dotforge.engine("logmac", lanes=8)
    print(mac.verilog)
    mac.verify()                       # the cocotb bench against golden
    found = mac.run(a, b)              # the RTL on matrices: found.c is the product
    mac.synth("ecp5")["totals"]        # what it costs
    mac.generate("build/mac")          # files for other flows

Importing it imports no hardware, no simulator and no NumPy: each comes with the first use.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from .front_door import ConfiguredEngine

__all__ = ["engine", "load"]


def engine(name: str, /, *, top: str | None = None, **parameters: Any) -> "ConfiguredEngine":
    """Return an engine with parameters, which are checked at once; all else is made when it is asked for.

    Parameters
    ----------
    name : as ``dotforge list`` has it
    top : name of the top module and prefix of all others (default: the engine's)
    parameters : as ``dotforge list NAME`` has them, of their own types or as text

    Raises
    ------
    dotforge.parameters.ParameterError
        There is no such engine or parameter, or a value that is not allowed; in one line.
    """
    from .front_door import ConfiguredEngine  # noqa: PLC0415 - see above

    return ConfiguredEngine.of(name, parameters, top=top)


def load(directory: "str | Path") -> "ConfiguredEngine":
    """Return the engine that ``dotforge generate`` wrote into a directory.

    Raises
    ------
    dotforge.tools.files.OutputError
        The manifest or the Verilog is missing, is not valid, or the two do not belong together.
    """
    from pathlib import Path  # noqa: PLC0415 - see above

    from .front_door import ConfiguredEngine  # noqa: PLC0415

    return ConfiguredEngine.at(Path(directory))
