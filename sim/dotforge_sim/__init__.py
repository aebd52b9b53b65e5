"""RTL runner, cycle models and baselines."""
