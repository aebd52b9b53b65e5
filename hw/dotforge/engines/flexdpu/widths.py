"""Widths and numbers that follow from the parameters of the Flex-DPU."""

from dataclasses import dataclass

from ...formats.table import Format
from ...sparse.parameters import SparseWidths

__all__ = ["SliceSums", "Widths"]


@dataclass(frozen=True)
class SliceSums:
    """What the reduction network of a Flex-DPE depends on; see :class:`dotforge.sparse.sums.Summed`."""

    lanes: int
    product: Format
    exact_sum: Format
    sum: Format
    sum_latency: int
    index_bits: int
    output_bitmap: bool
    adder_pipeline: int
    flush_subnormals: bool
    operators: bool


class Widths(SparseWidths):
    """What :class:`dotforge.engines.flexdpu.config.FlexDpuConfig` has beside its parameters."""

    engines: int
    groups: int
    bandwidth: int
    accumulator_words: int
    accumulator_banks: int
    stationary_bandwidth: int
    adder_pipeline: int
    row_bits: int
    data_width: int

    @property
    def data_bits(self) -> int:
        """Bits of a beat of packets."""
        return self.data_width or min(1024, max(64, self.positions * self.operand.width))

    @property
    def slots(self) -> int:
        """Jobs in progress at a time."""
        return self.groups or min(2, self.engines)

    @property
    def banks(self) -> int:
        """Banks of an accumulator."""
        return self.accumulator_banks or min(self.lanes, 1 << self.row_bits)

    @property
    def words(self) -> int:
        """Words of an accumulator."""
        return self.accumulator_words or 256 * self.banks

    @property
    def depth(self) -> int:
        """Words of a bank."""
        return self.words // self.banks

    @property
    def sum_latency(self) -> int:
        """Cycles from the products of a vector to its sums."""
        return (self.lanes - 1).bit_length() * self.adder_pipeline

    @property
    def join_latency(self) -> int:
        """Cycles that it takes to join the parts of a row."""
        return self.adder_pipeline if self.is_float else 0

    @property
    def accumulate_latency(self) -> int:
        """Cycles from a word that is read to the one that is written."""
        return self.adder_pipeline if self.is_float else 0

    @property
    def latency(self) -> int:
        """Cycles from a vector to its words in the accumulator, as results see them."""
        lanes = self.distribution_pipeline + self.multiplier_pipeline + self.sum_latency
        return lanes + self.join_latency + self.accumulate_latency + 2

    @property
    def distribution_registers(self) -> tuple[int, ...]:
        """Columns of a distribution network that a register follows."""
        from ...network.distribution.distribution import distribution_columns, evenly  # noqa: PLC0415

        columns = distribution_columns(self.topology, self.lanes, self.positions)
        return evenly(self.distribution_pipeline, columns)

    @property
    def elements(self) -> int:
        """Elements that come in a cycle, at most."""
        most = self.slots * (self.positions + self.stationary_bandwidth)
        return min(self.bandwidth or most, most)

    @property
    def limited(self) -> bool:
        """Whether :attr:`elements` may be less than what the streams ask for."""
        return self.elements < self.slots * (self.positions + self.stationary_bandwidth)

    @property
    def slice_sums(self) -> SliceSums:
        """What the reduction network of a Flex-DPE depends on."""
        return SliceSums(
            self.lanes,
            self.product,
            self.exact_sum,
            self.exact_sum,
            self.sum_latency,
            1,
            False,  # nobody asks for it
            self.adder_pipeline,
            self.flush_subnormals,
            self.operators,
        )
