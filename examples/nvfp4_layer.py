"""A layer of real numbers in NVFP4: quantised, multiplied by the RTL of `mxdot`, and how much of it is left.

python examples/nvfp4_layer.py
"""

import numpy as np

import dotforge

TOKENS, INPUTS, OUTPUTS, SEED = 3, 128, 4, 1


def main() -> None:
    """Run the layer in NVFP4 and MXFP4 and print what each is worth."""
    rng = np.random.default_rng(SEED)
    activations = rng.normal(size=(TOKENS, INPUTS))
    weights = rng.normal(scale=INPUTS**-0.5, size=(INPUTS, OUTPUTS))
    exact = activations @ weights
    for name in ("nvfp4", "mxfp4"):
        engine = dotforge.engine("mxdot", weight_format=name, activation_format=name)
        found = engine.run(activations, weights)
        assert found.statistics["mismatches"] == 0
        noise = np.square(found.c - exact).sum()
        print(f"{name}: SQNR of the outputs {10 * np.log10(np.square(exact).sum() / noise):.1f} dB")


if __name__ == "__main__":
    main()
