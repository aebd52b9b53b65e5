"""What a matrix product, a layer or a training system takes, without running it: cycles, sizes, energy, bounds."""
