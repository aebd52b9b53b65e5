"""Log numbers of 5 bits: products are additions of exponents, sums are converted; two accumulators, one result each.

python examples/log_numbers.py
"""

import numpy as np

import dotforge

SHAPE, SEED = (2, 64, 2), 1


def main() -> None:
    """Multiply real matrices as L2.2, with products converted one by one and with sums in bins."""
    rng = np.random.default_rng(SEED)
    m, k, n = SHAPE
    a, b = rng.normal(size=(m, k)), rng.normal(size=(k, n))
    exact = a @ b
    for accumulator in ("convert", "binned"):
        engine = dotforge.engine(
            "logmac",
            weight_code="log:2:2",
            activation_code="log:2:2",
            accumulator=accumulator,
            lanes=4,
            sum_bits=24,
        )
        found = engine.run(a, b, unit="least_error")
        noise = np.square(found.c - exact).sum()
        print(
            f"{accumulator}: SQNR of the product {10 * np.log10(np.square(exact).sum() / noise):.1f} dB, "
            f"mismatches {found.statistics['mismatches']}"
        )


if __name__ == "__main__":
    main()
