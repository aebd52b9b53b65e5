"""An engine of another distribution: sums of integers. Nothing of dotforge names it."""

from dotforge.entry import Engine

from .config import TallyConfig

__all__ = ["ENGINE"]

ENGINE = Engine(
    name="tally",
    summary="sums of integers of any number",
    source="an example",
    config=TallyConfig,
    build=f"{__name__}.engine:Tally",
    facts=f"{__name__}.facts:facts",
    bench=f"{__name__}.bench",
)
