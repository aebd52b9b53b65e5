"""Networks that bring values to multipliers: any value to any subset of them."""
