"""What one design costs: the area flow, targets, and the report."""
