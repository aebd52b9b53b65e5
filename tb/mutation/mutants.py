"""Runs the tests of a bench on mutants, one after the other, each until a test fails.

``DOTFORGE_BENCH`` names the module of the bench, ``DOTFORGE_MUTANTS`` the mutants, as a list of numbers in JSON, and
``DOTFORGE_MUTANTS_LOG`` the file that gets a line of JSON when a mutant begins and one when it ends. The port
``mutsel`` of the design chooses the mutant; 0 is the design as it is. Every test has the seed that it has in a run of
its bench alone.
"""

import copy
import hashlib
import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cocotb
from cocotb.regression import Test, TestGenerator

_SEED = cocotb.RANDOM_SEED
_LOG = Path(os.environ["DOTFORGE_MUTANTS_LOG"])

#: Mutant → the test that failed, once one has.
_killed: dict[int, str] = {}


def _tests() -> Iterator[Test]:
    for found in vars(importlib.import_module(os.environ["DOTFORGE_BENCH"])).values():
        if isinstance(found, Test):
            yield found
        elif isinstance(found, TestGenerator):
            yield from found.generate_tests()


def _say(**facts: Any) -> None:
    with _LOG.open("a", encoding="utf-8") as log:
        log.write(json.dumps(facts, allow_nan=False) + "\n")


def _on(mutant: int, test: Test, *, first: bool, last: bool) -> Test:
    """Return the test for a mutant: it passes where an earlier one has failed."""
    own = copy.copy(test)
    own.name = f"mutant_{mutant}.{test.name}"
    # Some mutants never end; a bench with a limit on cycles is done long before this.
    own.timeout = own.timeout or (5, "ms")
    seed = _SEED + int(hashlib.sha1(test.fullname.encode()).hexdigest(), 16)  # as cocotb makes it

    async def run(dut: Any, *args: Any, **kwargs: Any) -> None:
        if first:
            _say(mutant=mutant, begins=True)
        if mutant in _killed:
            return
        dut.mutsel.value = mutant
        cocotb.RANDOM_SEED = seed
        _killed[mutant] = f"{test.name}: a source or a sink failed, or it did not end"
        try:
            await test.func(dut, *args, **kwargs)
        except Exception as error:
            _killed[mutant] = f"{test.name}: {(str(error) or type(error).__name__).splitlines()[0]}"
            raise
        except BaseException:  # a task failed, and cocotb cancels what waits
            raise
        else:
            del _killed[mutant]
        finally:
            if last or mutant in _killed:
                _say(mutant=mutant, killed_by=_killed.get(mutant))

    own.func = run
    return own


def _all() -> Iterator[Test]:
    tests = list(_tests())
    for mutant in json.loads(os.environ["DOTFORGE_MUTANTS"]):
        for index, test in enumerate(tests):
            yield _on(mutant, test, first=index == 0, last=index == len(tests) - 1)


globals().update({test.name: test for test in _all()})
