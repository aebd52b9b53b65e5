r"""FAN, the Forwarding Adder Network: a binary adder tree that sums every contiguous run of its lanes.

Adders are numbered in order, adder i between lanes i and i+1, its level ``adderLvl(i)`` the number of
trailing ones of i. It adds iff lanes i and i+1 are of one run, and is linked to the adders i ± 2^(l−1), l =
1…adderLvl(i)::

    level 2                 3
                 ┌──────────┴──────────┐
    level 1      1                     5            links of adder 3: 1, 5 (its children)
              ┌──┴──┐               ┌──┴──┐                           and 2, 4 (forwarding links)
    level 0   0     2               4     6
             / \   / \             / \   / \
    lanes   0   1 2   3           4   5 6   7

Which of its links is an adder's left operand? That of the run's part left of it: the farthest i − 2^l such
that all adders from there to i − 1 add. So a subtree offers two values to its ancestors, whatever it looks
like inside: the sum of the run that reaches its left end (``prefix``) and of the run that reaches its right
end (``suffix``). A subtree's root either replaces the prefix by its own sum, when that sum covers all of its
left half, or passes on what its left child held. One link register a side and level then holds what the
paper's figure draws as one delayed link for each farther level: :func:`link_words`.

A completed sum takes the way back: down the tree to the slot of the run's last lane. A run that ends in a
subtree and is completed above it crosses the subtree's left end, so there is one of them, and one bus down
is enough.

Source: 004_cc286613ada5888f (SIGMA), section IV-A2, Fig. 6a and 6c.
"""

from collections.abc import Sequence

from .core import Core, TreeShape
from .fan_tree import subtree
from .reduction import TreeReduction

__all__ = ["Fan", "adder_level", "completion_level", "link_words"]


def adder_level(adder: int) -> int:
    """Return ``adderLvl``: the level of an adder, the number of trailing ones of its number."""
    return (~adder & (adder + 1)).bit_length() - 1


def completion_level(first: int, last: int) -> int:
    """Return the level at which a run's sum is complete: that of its highest adder, 0 for one lane.

    Parameters
    ----------
    first, last : lanes of the run, both included
    """
    return max((adder_level(adder) for adder in range(first, last)), default=0)


def link_words(lanes: int) -> tuple[int, int]:
    """Return the words that the links of a FAN hold: as drawn, with a delay line a link, and as built.

    Drawn: a link from level l to level h waits h − l − 1 cycles; an idle level-0 adder forwards two lanes.
    Built: a word for each side of each subtree that is not at an edge, and the second lane of level 0. Either
    times ``adder_depth``; the adders' own output registers are not counted.
    """
    levels = (lanes - 1).bit_length()
    waits = sum(
        2 * (adder_level(adder) - link)
        for adder in range(lanes - 1)
        for link in range(1, adder_level(adder) + 1)
    )
    sides = sum(2 * (lanes >> (level + 1)) - 2 for level in range(1, levels))
    return waits + lanes // 2, sides + lanes // 2


class Fan(TreeReduction):
    """Forwarding Adder Network: every contiguous run's sum in at most log2(lanes) levels.

    See :class:`TreeReduction` and :class:`Reduction` for parameters and ports, and the module for how it
    works.

    The sum of a run leaves at the slot of its last lane, ``adder_depth · (completion_level(first, last) +
    1)`` cycles after its vector entered; with ``align_outputs`` after ``adder_depth · log2(lanes)``.
    """

    def core(self) -> "Core":
        """Return the tree over all lanes."""
        shape = TreeShape(self.summation, self.tag_width, self.level_bits)
        return subtree(self.levels - 1, True, True, shape)

    def completion_levels(self, joins: Sequence[bool]) -> list[int | None]:
        """Return for each lane the level at which the run that ends there is complete, or ``None``."""
        levels: list[int | None] = []
        first = 0
        for lane in range(self.lanes):
            ends = lane == self.lanes - 1 or not joins[lane]
            levels.append(completion_level(first, lane) if ends else None)
            first = lane + 1 if ends else first
        return levels
