"""Golden models in NumPy, written from the papers; nothing here imports the hardware."""
