"""2:4 structured sparsity: of every four activations the two that stored weights multiply."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ...block import Block

__all__ = ["Select"]


class Select(Block):
    """Picks the activations that 2:4 sparse weights multiply: of every four, the two that are named.

    Parameters
    ----------
    lanes : number of weights, even
    activation_bits : width of an activation

    Interface attributes
    --------------------
    activations : 2 · ``lanes`` of them
    indices : 2 bits a lane: which of its four activations a weight takes
    selected : an activation for every lane
    """

    activations: Signal
    indices: Signal
    selected: Signal

    def __init__(self, *, lanes: int, activation_bits: int) -> None:
        self.lanes, self.activation_bits = lanes, activation_bits
        super().__init__(
            {
                "activations": In(2 * lanes * activation_bits),
                "indices": In(2 * lanes),
                "selected": Out(lanes * activation_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        selected = []
        for lane in range(self.lanes):
            four = self.activations.word_select(lane // 2, 4 * self.activation_bits)
            index = self.indices.word_select(lane, 2)
            each = [four.word_select(place, self.activation_bits) for place in range(4)]
            low, high = (Mux(index[0], each[pair + 1], each[pair]) for pair in (0, 2))
            selected.append(Mux(index[1], high, low))
        m.d.comb += self.selected.eq(Cat(*selected))
        return m
