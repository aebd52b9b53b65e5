"""One layer of a convolutional network on the shift-add MAC, as in 000_a2f672f26786c037, "Core operations".

128 input channels, 128 filters of 3×3, 4-bit activations, 3-bit weights: a tile of the 240×135 feature map goes
through the RTL as a matrix product (im2col), weights stationary, and is compared with the convolution itself.

    python examples/paper_layer.py --seed 1 -o build/paper_layer
"""

import json
from pathlib import Path

import click
import numpy as np

from dotforge.console import progress, say, table
from dotforge.export.design import from_parameters
from dotforge_golden.logmac import weight_code
from dotforge_sim.run.gemm import Design
from dotforge_sim.run.logmac import Options, run

CHANNELS, FILTERS, KERNEL = 128, 128, 3
WIDTH, HEIGHT = 240, 135
ACTIVATION_BITS, WEIGHT_BITS = 4, 3

#: What the paper counts for the whole layer.
PAPER = {"weight bits": 442_368, "activation bits": 33.2e6, "shift-adds": 4.78e9}


def im2col(image: np.ndarray) -> np.ndarray:
    """Turn an image, with a margin of one pixel, into a matrix: a row for each output, a column for each tap.

    Parameters
    ----------
    image : (rows + 2, columns + 2, channels)

    Returns
    -------
    (rows · columns, 9 · channels)
    """
    windows = np.lib.stride_tricks.sliding_window_view(image, (KERNEL, KERNEL), axis=(0, 1))
    return windows.transpose(0, 1, 3, 4, 2).reshape(-1, KERNEL * KERNEL * image.shape[2])


def convolve(image: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Convolve directly: the image shifted nine times.

    Parameters
    ----------
    image : (rows + 2, columns + 2, channels)
    filters : (3, 3, channels, filters)
    """
    rows, columns = image.shape[0] - 2, image.shape[1] - 2
    shifted = (
        (image[y : y + rows, x : x + columns] @ filters[y, x]) for y in range(KERNEL) for x in range(KERNEL)
    )
    return sum(shifted, np.zeros((rows, columns, filters.shape[3])))


@click.command()
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--rows", type=click.IntRange(1, HEIGHT), default=6, show_default=True, help="Height of the tile."
)
@click.option(
    "--columns", type=click.IntRange(1, WIDTH), default=16, show_default=True, help="Width of the tile."
)
@click.option("--lanes", type=click.Choice(["16", "32", "64", "128"]), default="64", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("build/paper_layer"), show_default=True
)
def main(seed: int, rows: int, columns: int, lanes: str, output: Path) -> None:
    """Run a tile of the paper's layer through the RTL."""
    say(f"seed {seed}")
    rng = np.random.default_rng(seed)
    code = weight_code("dally3")
    # Made-up data: activations after a ReLU, weights spread over the eight values.
    image = np.maximum(0, rng.normal(1, 2, (rows + 2, columns + 2, CHANNELS)).round()).clip(0, 7)
    filters = rng.choice(np.array(code.values) * 2.0**code.low, (KERNEL, KERNEL, CHANNELS, FILTERS))
    a, b = im2col(image), filters.reshape(-1, FILTERS)

    taps = KERNEL * KERNEL * CHANNELS
    parameters = {
        "lanes": int(lanes),
        "sum_bits": 18,
        "fold_sign": True,
        "weight_depth": -(-taps // int(lanes)),
    }
    generated = from_parameters("logmac", parameters)
    with progress("streamed beats") as tell:
        result = run(Design(generated.verilog, generated.manifest), a, b, Options(), tell)
    if result.failure:
        raise click.ClickException(result.failure)
    if not np.array_equal(result.c.reshape(rows, columns, FILTERS), convolve(image, filters)):
        raise click.ClickException("the product is not the convolution")

    output.mkdir(parents=True, exist_ok=True)
    for name, matrix in (("A", a), ("B", b), ("C", result.c)):
        np.save(output / f"{name}.npy", matrix)
    (output / "S.json").write_text(
        json.dumps(result.statistics, indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )

    pixels = rows * columns
    whole = WIDTH * HEIGHT
    counts = {
        "weight bits": (b.size * WEIGHT_BITS, b.size * WEIGHT_BITS),
        # read once and written once, as the paper counts
        "activation bits": (2 * pixels * CHANNELS * ACTIVATION_BITS, 2 * whole * CHANNELS * ACTIVATION_BITS),
        "shift-adds": (pixels * taps * FILTERS, whole * taps * FILTERS),
    }
    table(
        ["", f"tile of {columns}×{rows}", f"layer of {WIDTH}×{HEIGHT}", "paper"],
        [[what, f"{tile:,}", f"{layer:,}", f"{PAPER[what]:,.0f}"] for what, (tile, layer) in counts.items()],
    )
    cycles = result.statistics["cycles"]
    say(
        f"exact: {pixels * FILTERS:,} outputs equal the convolution; each weight used {pixels} times; "
        f"{cycles['total']:,} cycles for {cycles['streaming']:,} beats of {lanes} shift-adds"
    )


if __name__ == "__main__":
    main()
