"""Reads ``stat -json`` of Yosys: the cells of every module, and how often each module is there."""

import json
from dataclasses import dataclass

from ...tools.yosys import YosysError

__all__ = ["ModuleCells", "modules"]


@dataclass(frozen=True)
class ModuleCells:
    """A distinct module.

    Attributes
    ----------
    name : of the module
    instances : in the whole design
    cells : number by type in one instance, without its children
    children : module → instances in one instance of this one
    """

    name: str
    instances: int
    cells: dict[str, int]
    children: dict[str, int]


def modules(stat: str, top: str) -> list[ModuleCells]:
    """Return the modules below and including ``top``, children before parents.

    Parameters
    ----------
    stat : what ``stat -json`` printed

    Raises
    ------
    YosysError
        The text is not such a report, or has no ``top``.
    """
    try:
        listed = json.loads(stat)["modules"]
        cells = {name.lstrip("\\"): entry["num_cells_by_type"] for name, entry in listed.items()}
    except (ValueError, KeyError, TypeError) as error:
        raise YosysError(f"the report of `stat -json` cannot be read ({error})") from None
    if top not in cells:
        raise YosysError(f"the report of `stat -json` has no module {top}")
    order: list[str] = []

    def visit(name: str) -> None:
        if name not in order:
            for child in cells[name]:
                if child in cells:
                    visit(child)
            order.append(name)

    visit(top)
    instances = dict.fromkeys(order, 0) | {top: 1}
    for name in reversed(order):
        for child, number in cells[name].items():
            if child in instances:
                instances[child] += instances[name] * number
    return [
        ModuleCells(
            name,
            instances[name],
            {cell: number for cell, number in cells[name].items() if cell not in cells},
            {cell: number for cell, number in cells[name].items() if cell in cells},
        )
        for name in order
    ]
