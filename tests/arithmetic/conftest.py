"""Fixtures of the arithmetic tests."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from dotforge.export.verilog import Design


@pytest.fixture
def mutate() -> Callable[[Design, str, str], Design]:
    """Return a function that breaks a design: a pattern, which must occur, is replaced in its Verilog."""

    def change(design: Design, pattern: str, replacement: str) -> Design:
        text, count = re.subn(pattern, replacement, design.verilog)
        assert count, f"nothing in the Verilog is like {pattern}"
        return replace(design, verilog=text)

    return change
