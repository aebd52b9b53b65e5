"""Runs the hardware and models it: ``run`` and ``models`` above ``simulator``; nothing imports the other way."""
