"""``dotforge metadata``: how large a sparse matrix is in each format."""

from typing import Any

import click

from ..console import table
from ._shared import JsonPlace, json_option

_EXAMPLES = """\b
Examples:
  dotforge metadata --shape 1632,36548 --density 0.2
  dotforge metadata weights.npz --value-bits 8 --json
"""


@click.command("metadata", epilog=_EXAMPLES)
@click.argument("matrix", type=click.Path(), required=False)
@click.option("--shape", help="Rows,columns of a matrix whose nonzeros are spread evenly.")
@click.option("--density", help="Its nonzeros over elements, 0…1.")
@click.option(
    "--value-bits", type=click.IntRange(1, 64), default=16, show_default=True, help="Of an element."
)
@json_option
def command(
    matrix: str | None, shape: str | None, density: str | None, value_bits: int, as_json: JsonPlace
) -> None:
    """Compare formats of sparse matrices: None, CSR, CSC, COO, run lengths, bitmaps, blocked ELL, 2:4.

    MATRIX is a file as for `dotforge run --a`. Some formats store zeros too: these count with the values. At which
    sparsities a
    format is smaller than a bitmap holds for nonzeros that are spread evenly over a matrix of this shape.
    """
    from dotforge_sim.models import metadata, workloads  # noqa: PLC0415

    if (matrix is None) == (shape is None):
        raise click.UsageError("one of MATRIX and --shape with --density is allowed")
    if (shape is None) != (density is None):
        raise click.UsageError("--shape and --density go together")
    if matrix is not None:
        from dotforge_sim.run.operands import load_matrix, nonzeros  # noqa: PLC0415

        found = metadata.of_matrix(nonzeros(load_matrix(matrix, "matrix")))
    else:
        parts = str(shape).split(",")
        if len(parts) != 2 or not all(part.strip().isascii() and part.strip().isdecimal() for part in parts):
            raise click.UsageError(f"--shape {shape}: rows,columns is allowed, such as 1632,36548")
        rows, columns = map(int, parts)
        found = metadata.of_density(rows, columns, float(workloads.density(density, "--density")))
    smaller: dict[str, Any] = {
        name: {
            "metadata": metadata.crossover(name, found.rows, found.columns),
            "total": metadata.crossover(name, found.rows, found.columns, value_bits),
        }
        for name in metadata.FORMATS
    }
    made = metadata.sizes(found, value_bits)
    bitmap = next(size.metadata_bits for size in made if size.format == "bitmap")
    report = {
        "shape": {"rows": found.rows, "columns": found.columns},
        "nonzeros": round(found.nonzeros),
        "density": found.nonzeros / (found.rows * found.columns),
        "value_bits": value_bits,
        "formats": [
            {**vars(size), "to_bitmap": size.metadata_bits / bitmap,
             "smaller_than_bitmap_at_sparsity": smaller[size.format]}
            for size in made
        ],
    }  # fmt: skip
    if as_json.tells(report):
        return
    rows_of_table = [
        [size.format, _size(size.metadata_bits), f"{size.metadata_bits / bitmap:.3f}", _size(size.total_bits),
         _range(smaller[size.format]["metadata"]), _range(smaller[size.format]["total"]),
         f"{100 * size.lost:.1f} % of groups do not fit" if size.lost else ""]
        for size in made
    ]  # fmt: skip
    table(
        ["format", "metadata", "of the bitmap's", "with values", "metadata less at sparsity",
         "total less at sparsity", ""],
        rows_of_table,
    )  # fmt: skip
    click.echo(
        f"{found.rows}×{found.columns}, {report['nonzeros']:,} nonzeros ({100 * report['density']:.2f} %), "
        f"{value_bits} bits a value"
    )


def _range(found: tuple[float, float] | None) -> str:
    return "" if found is None else f"{100 * found[0]:.1f} … {100 * found[1]:.1f} %"


def _size(bits: float) -> str:
    for unit, size in (("Gbit", 1e9), ("Mbit", 1e6), ("kbit", 1e3)):
        if bits >= size:
            return f"{bits / size:.2f} {unit}"
    return f"{bits:.0f} bit"
