"""Whoever asks for help, for a list or for the rest of a word does not wait for what does the work."""

import os
import subprocess
import sys

import pytest

from dotforge.registry import engines, names

#: What takes a tenth of a second to import, or more.
HEAVY = (
    "amaranth",
    "numpy",
    "scipy",
    "ml_dtypes",
    "jsonschema",
    "cocotb_tools",
    "diskcache",
    "pyosys",
    "matplotlib",
    "simpy",
)

MODELS = ("estimate", "metadata", "energy", "roofline", "system")

COMMANDS = {
    "--help": (),
    "list": ("pydantic", "rich"),
    "list logmac": ("pydantic", "rich"),
    "list --json": ("pydantic",),
    "completion bash": (),
    "verify --nothing": (),
    **{f"{name} --help": () for name in ("generate", "synth", "sweep", "draw", "list", *MODELS)},
}


def imported(arguments: list[str], environment: dict[str, str]) -> set[str]:
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('imported', *sys.modules, file=sys.stderr))\n"
        f"sys.argv = ['dotforge', *{arguments!r}]\n"
        "from dotforge.cli import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    line = next(line for line in done.stderr.splitlines() if line.startswith("imported "))
    return {name.partition(".")[0] for name in line.split()}


@pytest.mark.parametrize("command", COMMANDS)
def test_imports_of(command: str) -> None:
    found = imported(command.split(), {})
    assert "click" in found
    unwanted = {*HEAVY, "pydantic", "rich"} - set(COMMANDS[command])
    assert not found & unwanted


@pytest.mark.parametrize(
    ("words", "pydantic"),
    [("dotforge ", False), ("dotforge synth --", False), ("dotforge synth log", False),
     ("dotforge synth --target ", False), ("dotforge generate logmac -p la", True)],
)  # fmt: skip
def test_imports_of_completion(words: str, pydantic: bool) -> None:
    count = str(len(words.split(" ")) - 1)
    found = imported([], {"_DOTFORGE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": count})
    assert not found & set(HEAVY)
    assert ("pydantic" in found) == pydantic


def test_names_are_those_of_the_engines() -> None:
    assert names() == [entry.name for entry in engines().values()] == list(engines())
