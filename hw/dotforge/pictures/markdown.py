"""Tables as Markdown: for documentation, datasheets and figures."""

from collections.abc import Sequence

__all__ = ["table"]


def table(head: Sequence[object], rows: Sequence[Sequence[object]], *, align: str | None = None) -> list[str]:
    """Return the lines of a table.

    Parameters
    ----------
    head : titles of the columns
    rows : cells, as many as there are titles; ``None`` is an empty cell, and a vertical bar is escaped
    align : a letter a column: ``l`` left, ``r`` right; the last letter stands for all that follow
        (default: the first column left, all others right)

    Raises
    ------
    ValueError
        A row has another number of cells than the table has titles.
    """
    letters = align or "lr"
    rules = ["---:" if letters[min(index, len(letters) - 1)] == "r" else "---" for index in range(len(head))]
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"a table of {len(head)} columns has a row of {len(row)} cells")
    return [_line(head), _line(rules), *map(_line, rows)]


def _line(cells: Sequence[object]) -> str:
    texts = ("" if cell is None else str(cell).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(texts)} |"
