"""What turns the positions of a fold into switch settings, in hardware."""
