"""Matrices through engines: a module an engine, found by the engine's name."""
