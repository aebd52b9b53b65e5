"""What a product takes, without hardware: cycles that equal those of the RTL, and estimates."""
