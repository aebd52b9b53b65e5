"""Many reports: compare, sweep, baseline."""
