r"""ART, MAERI's augmented reduction tree: three-input adders, and links between neighbours of one level.

Node k of a level has the children 2k and 2k+1 of the level below. Beside the tree's own links, the right
child of one parent and the left child of the next are linked, both ways::

    level 2               0
                 ┌────────┴────────┐
    level 1      0                 1
              ┌──┴──┐           ┌──┴──┐
    level 0   0     1 ←───────→ 2     3          1 and 2 have different parents
             / \   / \         / \   / \
    lanes   0   1 2   3       4   5 6   7

A link upwards carries one value, a part of one run. A node whose two children belong to different unfinished
runs sends on the part whose run goes on under its sibling, and hands the other, unchanged, over the side
link to the neighbour, which adds it as third operand (``q``, ``r``: parts of runs; node 1 sends q up and r
to node 2)::

            ↑ q        ↑ r + r + r
          node 1  ──→  node 2
          q    r       r    r

If both neighbours have such a pair, their common run has just these two parts: the left node hands over, the
right node adds them and is done, and passes its other child's part upwards beside its adder ("1:1 add plus
1:1 forward"). So no contiguous grouping blocks, on one condition: a sum leaves the tree at the node that
completes it. With links upwards as the only way out, completed sums would have to pass nodes that are in
use; MAERI answers with wider links near the root, its open hardware with a collection bus at every node, and
so does this one: a bus down to the slot of the run's last lane, as in :mod:`dotforge.network.reduction.fan`.

A three-input adder is two adders in floating point, and a row of full adders before one adder for integers.

Source: H. Kwon, A. Samajdar, T. Krishna, "MAERI: Enabling Flexible Dataflow Mapping over DNN Accelerators via
Reconfigurable Interconnects", ASPLOS 2018, augmented reduction tree; 004_cc286613ada5888f (SIGMA), section
IV-A2.
"""

from collections import Counter
from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Value

from .art_node import ArtNode, Side
from .core import Core, TreeShape, core_ports
from .reduction import TreeReduction

__all__ = ["Art", "ArtTree"]


class Art(TreeReduction):
    """Augmented reduction tree: every contiguous run's sum in at most log2(lanes) levels.

    See :class:`TreeReduction` and :class:`Reduction` for parameters and ports, and the module for how it
    works. A level takes ``adder_depth`` cycles, both additions included. The level at which a run is
    complete depends on its neighbours too: :meth:`completion_levels`.
    """

    def core(self) -> Core:
        """Return the tree over all lanes."""
        return ArtTree(self.lanes, TreeShape(self.summation, self.tag_width, self.level_bits))

    def completion_levels(self, joins: Sequence[bool]) -> list[int | None]:
        """Return for each lane the level at which the run that ends there is complete, or ``None``.

        Follows the parts of the runs up the tree: ``parts[k]`` names the run that child k of a level has a
        part of by its last lane, or is ``None``.
        """
        last = self.lanes - 1
        parts: list[int | None] = []
        for lane in reversed(range(self.lanes)):
            last = lane if lane == self.lanes - 1 or not joins[lane] else last
            parts.insert(0, last)
        levels: list[int | None] = [None] * self.lanes
        counts = Counter(parts)
        for lane, part in enumerate(parts):
            if part is not None and counts[part] == 1:
                levels[part], parts[lane] = 0, None
        for level in range(self.levels):
            above = _climb(parts)
            counts = Counter(above)
            for part in set(parts) - {None}:
                if part is not None and counts[part] < 2:
                    levels[part] = level
            parts = [None if part is None or counts[part] < 2 else part for part in above]
        return levels


def _climb(parts: list[int | None]) -> list[int | None]:
    """Return which run's part each node of a level sends up, completed or not."""
    above: list[int | None] = []
    for node in range(len(parts) // 2):
        left, right = parts[2 * node], parts[2 * node + 1]
        if left is not None and right is not None and left != right:
            above.append(left if node % 2 else right)
        else:
            above.append(right if left is None else left)
    return above


class ArtTree(Core):
    """The tree below the vecID comparators.

    Parameters
    ----------
    lanes : power of two
    shape : how values are added and what travels with them
    """

    def __init__(self, lanes: int, shape: TreeShape) -> None:
        self.lanes = lanes
        self.levels = (lanes - 1).bit_length()
        self.shape = shape
        self.latency = self.levels * shape.summation.depth
        super().__init__(core_ports(self.levels - 1, shape))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        rows = [self._row(m, level) for level in range(self.levels)]
        joins: list[Value] = [self.joins[lane] for lane in range(self.lanes - 1)]
        size = self.shape.summation.input_width
        for lane, (node, child) in enumerate((node, child) for node in rows[0] for child in "ab"):
            before = joins[lane - 1] if lane else Const(0, 1)
            after = joins[lane] if lane < self.lanes - 1 else Const(0, 1)
            m.d.comb += [
                getattr(node, f"value_{child}").eq(self.values.word_select(lane, size)),
                getattr(node, f"has_{child}").eq(before | after),
                getattr(node, f"occupied_{child}").eq(self.occupied[lane]),
            ]
        for level, row in enumerate(rows):
            self._connect_level(m, level, row, joins)
            if level + 1 < self.levels:
                _connect_up(m, row, rows[level + 1])
                joins = [_link(row, joins, node) for node in range(len(row) - 1)]
        ends = [~self.joins[lane] for lane in range(self.lanes - 1)] + [Const(1, 1)]
        width = self.shape.summation.width
        slots: list[Value] = []
        for lane, end in enumerate(ends):
            slot = rows[0][lane // 2].down_b if lane % 2 else rows[0][lane // 2].down_a
            slots.append(Cat(slot[:width], slot[width] & end[0], slot[width + 1 :]))
        m.d.comb += self.slots.eq(Cat(slots))
        return m

    def _row(self, m: Module, level: int) -> list[ArtNode]:
        """Make the nodes of a level."""
        count = self.lanes >> (level + 1)
        row: list[ArtNode] = []
        for node in range(count):
            side = Side.NONE if node in (0, count - 1) else Side.RIGHT if node % 2 else Side.LEFT
            row.append(ArtNode(level, side, self.shape, count == 1))
            m.submodules[f"node_{level}_{node}"] = row[-1]
        return row

    def _connect_level(self, m: Module, level: int, row: list[ArtNode], joins: list[Value]) -> None:
        """Connect a level's nodes to what all share, to the joins of their children, and side by side."""
        tag_width = self.shape.tag_width
        for number, node in enumerate(row):
            m.d.comb += [
                node.valid.eq(self.valid[level]),
                node.same.eq(joins[2 * number]),
                node.goes_left.eq(joins[2 * number - 1] if number else 0),
                node.goes_right.eq(joins[2 * number + 1] if number < len(row) - 1 else 0),
            ]
            if tag_width:
                m.d.comb += node.tag.eq(self.tags.word_select(level, tag_width))
            if self.shape.summation.stallable:
                m.d.comb += node.enable.eq(self.enable)
        for left, right in zip(row[1::2], row[2::2], strict=False):
            m.d.comb += [
                left.neighbour.eq(right.value_a),
                left.neighbour_occupied.eq(right.occupied_a),
                left.neighbour_mixed.eq(right.mixed),
                right.neighbour.eq(left.value_b),
                right.neighbour_occupied.eq(left.occupied_b),
                right.neighbour_mixed.eq(left.mixed),
                right.neighbour_result.eq(left.result),
            ]


def _connect_up(m: Module, row: list[ArtNode], above: list[ArtNode]) -> None:
    """Connect a level to the next: parts upwards, completed sums downwards."""
    for parent, a, b in zip(above, row[::2], row[1::2], strict=True):
        m.d.comb += [
            parent.value_a.eq(a.up),
            parent.value_b.eq(b.up),
            parent.has_a.eq(a.has_up),
            parent.has_b.eq(b.has_up),
            parent.occupied_a.eq(a.occupied_up),
            parent.occupied_b.eq(b.occupied_up),
            a.bus.eq(parent.down_a),
            b.bus.eq(parent.down_b),
        ]


def _link(row: list[ArtNode], joins: list[Value], node: int) -> Value:
    """Tell whether a node and the next one send parts of the same run up."""
    join = joins[2 * node + 1]
    if node % 2:  # neighbours under different parents: a side link joins the two parts
        join = join & ~row[node].mixed & ~row[node + 1].mixed
    return join
