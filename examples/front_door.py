"""From parameters to files in one script: an engine is checked, proven, costed and written.

python examples/front_door.py build/front_door
"""

import sys
from pathlib import Path

import dotforge
from dotforge.parameters import ParameterError


def main(directory: Path) -> None:
    """Write the smallest of some MACs whose sums cannot overflow in 1,000 terms."""
    try:
        dotforge.engine("logmac", lanes=3000)
    except ParameterError as error:
        print(f"refused: {error}")
    macs = [dotforge.engine("logmac", lanes=2, sum_bits=18, fold_sign=fold) for fold in (False, True)]
    areas = [mac.synth()["totals"]["transistors"] for mac in macs]
    best = macs[areas.index(min(areas))]
    print(f"transistors {areas}, taken: fold_sign={best.parameters['fold_sign']}")
    summary = best.verify()
    print(f"{summary['vectors']} vectors, {summary['mismatches']} mismatches")
    files = best.generate(directory)
    print(f"{len(files)} files in {directory}")
    assert dotforge.load(directory).verilog == best.verilog


if __name__ == "__main__":
    main(Path(sys.argv[1]))
