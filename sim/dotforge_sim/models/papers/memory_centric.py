"""001_38c8aab18062c4f0: Y. Kwon and M. Rhu, Beyond the Memory Wall, MICRO 2018."""

from collections.abc import Callable
from functools import cache
from typing import Any

from ..parameter_file import load, values
from ..system import analysis
from ..system.fabric import fabric, power_table
from ..system.networks import NETWORKS, layers
from .entry import Printed

__all__ = ["ENTRIES"]


@cache
def _summary() -> dict[str, float]:
    return analysis.summary()


@cache
def _variants() -> dict[str, float]:
    return analysis.variants()


def _p() -> dict[str, float]:
    return values(load("system"))


def _average(name: str, scale: float = 1.0) -> Callable[[], float]:
    return lambda: scale * _summary()[name]


def _variant(name: str) -> Callable[[], float]:
    return lambda: _variants()[name]


def _power(row: int, name: str, scale: float = 1.0) -> Callable[[], float]:
    return lambda: scale * power_table(_p())[row][name]


def _backing(system: str, scale: float = 1e-9) -> Callable[[], float]:
    return lambda: scale * (fabric(system, _p()).backing or 0)


def _batches() -> float:
    """Average over all batch sizes."""
    from statistics import harmonic_mean  # noqa: PLC0415

    return harmonic_mean([value for name, value in _variants().items() if name.startswith("batch_")])


def _scaling(system: str, devices: int) -> Callable[[], float]:
    return lambda: analysis.scaling(system, devices)


def _collective(kind: str) -> Callable[[], float]:
    def ratio() -> float:
        rows: Any = {(row["collective"], row["nodes"]): row["to_two"] for row in analysis.collectives()}
        return rows[kind, 16] / rows[kind, 8]

    return ratio


_LAYERS = {"alexnet": 8, "googlenet": 58, "vgg-e": 19, "resnet": 34, "rnn-gemv": 50, "rnn-lstm-1": 25,
           "rnn-lstm-2": 25, "rnn-gru": 187}  # fmt: skip
_ROWS = ((29, 2.8), (66, 2.4), (87, 3.7), (102, 6.3), (127, 10.1))
_NEEDS = "by how much depends on what the paper leaves out: `dotforge system --sensitivity`"

ENTRIES = [
    Printed("abstract", "speedup over DC-DLA", 2.8, "×", _average("mc-b"),
            "harmonic mean of 16; 6.7 GB/s of PCIe a device give 2.8, our 6.0 (12 of 16 GB/s, two GPUs a switch) more"),
    Printed("V-B", "MC-DLA(B), data-parallel", 3.5, "×", _average("mc-b_data"), _NEEDS),
    Printed("V-B", "MC-DLA(B), model-parallel", 2.1, "×", _average("mc-b_model"), _NEEDS),
    Printed("V-B", "the average of both", 2.8, "×", lambda: (3.5 + 2.1) / 2,
            "arithmetic mean of the two printed; their harmonic mean is 2.6"),
    Printed("V-B", "HC-DLA, data-parallel", 1.32, "×", _average("hc_data"),
            "with gradients reduced after each timestep 1.34 (reduce_timesteps=1)"),
    Printed("V-B", "HC-DLA, model-parallel", 1.38, "×", _average("hc_model"), "harmonic mean of eight networks"),
    Printed("V-B", "of the oracle, average", 95, "%", _average("mc-b_of_oracle", 100), "harmonic mean of 16",
            within=0.08),
    Printed("V-B", "of the oracle, least", 84, "%", _average("mc-b_of_oracle_least", 100),
            "the least of 16: GoogLeNet"),
    Printed("V-B", "of the oracle, most", 99, "%", _average("mc-b_of_oracle_most", 100), "the greatest of 16"),
    Printed("V-B", "loss of MC-DLA(S)", 14, "%", lambda: 100 * (1 - _summary()["mc-s_of_mc-b"]),
            "of MC-DLA(B), average"),
    Printed("V-B", "MC-DLA(L) of MC-DLA(B)", 96, "%", _average("mc-l_of_mc-b", 100), "average of 16", within=0.08),
    Printed("V-A", "less virtualization in HC-DLA", 88, "%", _average("hc_virtualization", 100), "1 - 6 / 75 GB/s",
            within=0.05),
    Printed("V-A", "more synchronization in HC-DLA", 90, "%", _average("hc_synchronization", 100),
            "half of the links, beside what a hop takes"),
    Printed("V-A", "runs bound by virtualization", 14, "", _average("dc_virtualization_bound"), "of 16 in DC-DLA"),
    Printed("II-C", "CPU bandwidth of HC-DLA, most", 92, "%", _average("hc_host_bandwidth_most", 100),
            "of 300 GB/s, the greatest average of a run", within=0.05),
    Printed("V-B", "gen4 helps DC-DLA", 38, "%", lambda: 100 * (_variants()["gen4_dc_gain"] - 1),
            "PCIe twice as fast"),
    Printed("V-B", "speedup over gen4", 2.1, "×", _variant("gen4"),
            "PCIe twice as fast; the printed 2.8 / 1.38 is 2.03"),
    Printed("V-B", "faster device-node", 3.2, "×", _variant("faster"), "PEs times 1.44"),
    Printed("V-B", "DGX-2", 2.9, "×", _variant("dgx2"), "16 devices; the batch stays 512"),
    Printed("V-B", "with compression, CNNs", 2.3, "×", _variant("compressed_cnns"), "PCIe traffic / 2.6, both ways"),
    Printed("V-B", "over all batch sizes", 2.17, "×", _batches, "128…2048; the paper's sizes are in a picture"),
    Printed("V-D", "DC-DLA on 4 devices", 1.3, "×", _scaling("dc", 4),
            "CNNs; it needs a third of one device's PCIe bandwidth on each of four"),
    Printed("V-D", "DC-DLA on 8 devices", 2.7, "×", _scaling("dc", 8), "CNNs; the same third"),
    Printed("V-D", "without virtualization on 4 devices", 4, "×", _scaling("oracle", 4), "CNNs, close to it",
            within=0.05),
    Printed("V-D", "without virtualization on 8 devices", 8, "×", _scaling("oracle", 8), "CNNs, close to it"),
    Printed("III-B", "MC-DLA's bandwidth to memory", 150, "GB/s", _backing("mc-b"), "(N/2)·(2·B)"),
    Printed("III-B", "of eight devices", 1200, "GB/s", lambda: 8 * (fabric("mc-b", _p()).backing or 0) * 1e-9,
            "8 · 150"),
    Printed("III-B", "bandwidth under a star", 50, "GB/s", _backing("mc-s"), "two links of 25"),
    Printed("IV", "HC-DLA's CPU bandwidth", 300, "GB/s", lambda: 4 * (fabric("hc", _p()).backing or 0) * 1e-9,
            "4 devices · 3 links · 25"),
    Printed("II-C", "a link for each of four devices", 100, "GB/s", lambda: 4 * _p()["link_bandwidth"] * 1e-9,
            "4 · 25"),
    Printed("II-C", "links of a V100", 300, "GB/s", lambda: 2 * _p()["links"] * _p()["link_bandwidth"] * 1e-9,
            "six links of 25, both ways"),
    Printed("V-B", "DC-DLA's bandwidths, rings to PCIe", 10, "×",
            lambda: fabric("dc", _p()).ring / (fabric("dc", _p()).backing or 1), "150 / 6 GB/s", bound=">"),
    Printed("IV", "HC-DLA's overprovision, Power9", 3, "×", lambda: 300 / 120, "300 / 120 GB/s"),
    Printed("IV", "HC-DLA's overprovision, Xeon", 4, "×", lambda: 300 / 80, "300 / 80 GB/s", within=0.07),
    Printed("Fig. 9", "all-reduce, 16 to 8 nodes", 1, "×", _collective("all-reduce"), "'negligible': 8 MB"),
    Printed("Fig. 9", "all-gather, 16 to 8 nodes", 1, "×", _collective("all-gather"), "the same"),
    Printed("Fig. 9", "broadcast, 16 to 8 nodes", 1, "×", _collective("broadcast"), "the same", within=0.05),
    Printed("III-A", "bandwidth of a memory-node, least", 170, "GB/s", lambda: 10 * 2133.33 * 8 / 1000,
            "ten PC4-17000"),
    Printed("III-A", "bandwidth of a memory-node, most", 256, "GB/s", lambda: 10 * 3200 * 8 / 1000, "ten PC4-25600"),
    Printed("III-A", "capacity of a memory-node, least", 80, "GB", _power(0, "node_gb"), "ten of 8 GB"),
    Printed("III-A", "capacity of a memory-node, most", 1.3, "TB", _power(4, "node_gb", 1e-3), "ten of 128 GB"),
    Printed("III-B", "capacity of eight", 10.4, "TB", _power(4, "system_tb"), "8 · 1.28; the paper rounds 1.3 first"),
    Printed("Table III", "layers and timesteps: " + ", ".join(_LAYERS), 406, "",
            lambda: sum(len(layers(each)) for each in NETWORKS), "sum of the eight, each as printed (tests)"),
    *(Printed("Table IV", f"power, {8 << number} GB DIMMs", watts, "W", _power(number, "node_w"), "ten of them")
      for number, (watts, _) in enumerate(_ROWS)),
    *(Printed("Table IV", f"capacity, {8 << number} GB DIMMs", density, "GB/W", _power(number, "gb_per_w"), "GB / W")
      for number, (_, density) in enumerate(_ROWS)),
    Printed("V-C", "GPUs' share of power", 75, "%", lambda: 100 * 8 * 300 / 3200, "8 · 300 / 3200"),
    Printed("V-C", "added power, least", 232, "W", _power(0, "added_w"), "8 · 29"),
    Printed("V-C", "added power, most", 1016, "W", _power(4, "added_w"), "8 · 127"),
    Printed("V-C", "added power, least", 7, "%", _power(0, "added", 100), "232 / 3200", within=0.04),
    Printed("V-C", "added power, most", 31, "%", _power(4, "added", 100), "1016 / 3200"),
    Printed("V-C", "performance per watt, least", 2.1, "×", lambda: 2.8 / 1.31, "2.8 / 1.31 with the printed 2.8"),
    Printed("V-C", "performance per watt, most", 2.6, "×", lambda: 2.8 / 1.07, "2.8 / 1.07 with the printed 2.8"),
    Printed("introduction", "speedup of devices in five years, least", 20, "×", None, "measured on five GPUs"),
    Printed("introduction", "speedup of devices in five years, most", 34, "×", None, "measured on five GPUs"),
    Printed("introduction", "InfiniBand, FDR to HDR", 3.5, "×", lambda: 200 / 56, "200 / 56 Gb/s"),
    Printed("II-C", "Lake Crest's links to PCIe", 20, "×", None, "its links' rate is not printed"),
]  # fmt: skip
