"""The paper's Fig. 5 on the Flex-DPE, step by step, with the values of the RTL's own signals.

``python -m dotforge.figures.walkthrough DIR`` writes the page ``docs/flexdpe_walkthrough.md``.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

import dotforge_golden
from dotforge_sim.simulator import bench, processes

from ..export.design import from_parameters
from ..pictures import markdown
from ..tools.files import data_directory, write_json

__all__ = ["PARAMETERS", "main", "observe", "page", "write"]

#: Four multipliers, as in the figure.
PARAMETERS = {"lanes": 4, "window": 4, "distribution": "multicast-benes", "row_bits": 4, "index_bits": 4}


def observe(directory: Path) -> tuple[dict[str, Any], int]:
    """Run the walk-through's bench; return what it saw, and how many values it compared."""
    made = from_parameters("flexdpe", PARAMETERS)
    seen = directory / "walkthrough.json"
    write_json(directory / "manifest.json", made.manifest)
    result = bench.run(
        made.verilog,
        made.top,
        data_directory("tb") / "flexdpe",
        "test_walkthrough",
        build_dir=directory,
        manifest=directory / "manifest.json",
        python_path=[Path(dotforge_golden.__file__).parent.parent],
        internals=True,
        env={"DOTFORGE_WALKTHROUGH": str(seen)},
    )
    return json.loads(seen.read_text(encoding="utf-8")), result.vectors


def _matrix(rows: Sequence[Sequence[int]]) -> list[str]:
    return ["```", *(" ".join(f"{value:2d}" for value in row) for row in rows), "```"]


def _bits(bits: Sequence[int]) -> str:
    return " ".join(map(str, bits))


def page(seen: dict[str, Any]) -> str:
    """Return the page as Markdown."""
    regor = seen["regor"][0]
    vectors = len(seen["n"][0])
    lines = [
        "# The paper's walk-through on the hardware",
        "",
        "SIGMA's Fig. 5 shows how sparse matrices get onto a Flex-DPE of four multipliers, in steps i to vii.",
        "Here is the same with matrices of that kind, and at each step what the RTL's signals hold while it runs.",
        "The bench `tb/flexdpe/test_walkthrough.py` reads them and compares them with golden;",
        "`python -m dotforge.figures.walkthrough DIR` writes this page.",
        "",
        "## i: bitmaps",
        "",
        "The stationary matrix M×K and the streaming matrix K×N:",
        "",
        *_matrix(seen["m"]),
        "",
        *_matrix(seen["n"]),
        "",
        "## ii: REGOR, and stationary'",
        "",
        f"The OR of the streaming bitmaps (`load.gather.regor`): `{_bits(regor)}`. Position "
        f"{', '.join(str(k) for k, bit in enumerate(regor) if not bit)} is in no vector.",
        "",
        *markdown.table(
            ["row", "bitmap", "AND REGOR"],
            [[row["row"], f"`{_bits(row['bitmap'])}`", f"`{_bits(row['useful'])}`"] for row in seen["rows"]],
            align="rl",
        ),
    ]
    folds = seen["folds"]
    positions = seen["positions"]
    lines += [
        "",
        "## iii, iv: useful stationary values into the multipliers",
        "",
        f"{sum(sum(row['useful']) for row in seen['rows'])} values stay, for 4 multipliers: {len(folds)} folds "
        "without a gap (`load.fill.registers.in_use`).",
        "",
        *markdown.table(
            ["fold", "multiplier 0", 1, 2, 3],
            [[number, *fold["values"]] for number, fold in enumerate(folds)],
            align="r",
        ),
        "",
        "## v: sources and destinations",
        "",
        "The position that each multiplier wants, in the order in which `load.scan` gives them to the route engine,",
        "and the settings that it makes of them (`network.settings`; slots in the order of positions, then a",
        "permutation):",
        "",
        *markdown.table(
            ["fold", "positions", "used positions", "ends of runs of slots", "crossed switches"],
            [
                [
                    number,
                    f"`{_bits(positions[4 * number : 4 * number + 4])}`",
                    *(
                        f"`{' '.join(str(settings[name] >> bit & 1) for bit in range(width))}`"
                        for name, width in (("used", 4), ("ends", 3), ("crossed", 4))
                    ),
                ]
                for number, settings in enumerate(seen["settings"])
            ],
            align="rl",
        ),
        "",
        "## vi: streaming values through the distribution network",
        "",
        "What the multipliers get of each vector; a dot where its bit is clear. One value goes to several",
        "multipliers where they want one position.",
        "",
        *markdown.table(
            ["fold", "vector", "multiplier 0", 1, 2, 3],
            [
                [
                    *divmod(number, vectors),
                    *(
                        value if useful else "·"
                        for value, useful in zip(lanes["values"], lanes["useful"], strict=True)
                    ),
                ]
                for number, lanes in enumerate(seen["vectors"])
            ],
            align="r",
        ),
        "",
        "## vii: products, vecIDs, sums",
        "",
        "Neighbouring lanes of one row have one vecID; one bit tells neighbours apart "
        "(`load.vec_ids`): "
        + ", ".join(f"fold {n} `{_bits(fold['vec_ids'])}`" for n, fold in enumerate(folds))
        + ". A sum leaves in the slot of its run's last lane; *goes on* where the row has more in the next fold.",
        "",
        *markdown.table(
            ["fold", "vector", "products", "sums"],
            [
                [*divmod(number, vectors), " ".join(map(str, products)), _sums(sums)]
                for number, (products, sums) in enumerate(zip(seen["products"], seen["sums"], strict=True))
            ],
            align="rrl",
        ),
    ]
    return "\n".join(lines) + "\n"


def _sums(sums: dict[str, Any]) -> str:
    """Say what leaves in a beat."""
    return "; ".join(
        f"row {sums['row'][slot]}: {sums['value'][slot]}" + (", goes on" if sums["partial"][slot] else "")
        for slot in range(4)
        if sums["valid"][slot]
    )


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``flexdpe_walkthrough.md``; return its path.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    directory.mkdir(parents=True, exist_ok=True)
    progress("walk-through of the Flex-DPE")
    with processes.scratch() as scratch:
        seen, _ = observe(scratch)
    path = directory / "flexdpe_walkthrough.md"
    path.write_text(page(seen), encoding="utf-8")
    return [path]


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
def main(directory: Path) -> None:
    """Write the page into DIRECTORY."""
    for path in write(directory, lambda line: print(line, file=sys.stderr, flush=True)):
        print(path)


if __name__ == "__main__":
    main()
