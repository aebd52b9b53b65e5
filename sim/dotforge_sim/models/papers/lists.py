"""All printed numbers, by paper."""

from .chain import ENTRIES as CHAIN
from .entry import Printed
from .memory_centric import ENTRIES as MEMORY
from .operations import ARCHITECTURE, HOT_CHIPS
from .sigma import ENTRIES as SIGMA

__all__ = ["PAPERS", "entries"]

#: Paper → its title.
PAPERS = {
    "000_a2f672f26786c037": "B. Dally, hardware for deep learning: circuit challenges",
    "001_38c8aab18062c4f0": "Y. Kwon, M. Rhu, Beyond the Memory Wall: a memory-centric HPC system for deep learning",
    "002_68007908e262570b": "B. Dally, Hardware for Deep Learning, Hot Chips 2023",
    "003_dc60a7cc65494b62": "Deep learning accelerator architecture, 2024",
    "004_cc286613ada5888f": "E. Qin et al., SIGMA: a sparse and irregular GEMM accelerator, HPCA 2020",
}


def entries() -> dict[str, list[Printed]]:
    """Return the printed numbers of each paper."""
    return dict(zip(PAPERS, (CHAIN, MEMORY, HOT_CHIPS, ARCHITECTURE, SIGMA), strict=True))
