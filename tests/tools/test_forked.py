"""Work in forked processes: the same results in the same order, whatever happens to a process."""

import subprocess
import sys
import threading

import pytest

from dotforge.tools.forked import forked_map, workers

needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="skipped: forks on Linux only")

#: Each runs in a process of its own, since one with threads, as that of the tests may be, does not fork.
PREAMBLE = """
import os, signal, time
from dotforge.tools.forked import forked_map, workers
held = lambda number: (number * number, os.getpid())  # cannot be pickled
"""
SCRIPTS = {
    "in order": """
found = forked_map(held, range(40), 2)
assert [square for square, _ in found] == [number * number for number in range(40)]
assert os.getpid() not in {process for _, process in found}
""",
    "one process": """
assert {process for _, process in forked_map(held, range(5), 1)} == {os.getpid()}
assert {process for _, process in forked_map(held, [7], 2)} == {os.getpid()}
assert forked_map(held, [], 2) == []
""",
    "as many as cores": "assert workers() == len(os.sched_getaffinity(0))",
    "an exception": """
def fails(number):
    if number == 3:
        raise ValueError(f"{number} is not wanted")
    return number
try:
    forked_map(fails, range(8), 2)
except ValueError as error:
    assert str(error) == "3 is not wanted"
else:
    raise AssertionError("nothing was raised")
""",
    "what cannot be sent": """
found = forked_map(lambda number: (lambda: number), range(4), 2)
assert [give() for give in found] == [0, 1, 2, 3]
""",
    "a process is killed": """
parent = os.getpid()
def dies(number):
    if os.getpid() != parent and number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number
assert forked_map(dies, range(5), 2) == [0, 1, 2, 3, 4]
""",
    "a process is killed as it takes an item": """
from dotforge.tools import forked
real = forked._work
def holds(function, items, taken, answers):
    with taken.get_lock():
        if taken.value == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    real(function, items, taken, answers)
forked._work = holds
assert forked_map(lambda number: number, range(5), 2) == [0, 1, 2, 3, 4]
""",
    "an interrupt": """
parent = os.getpid()
def waits(number):
    if number == 3:
        os.kill(parent, signal.SIGINT)
        time.sleep(600)
    return number
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs in the background
begun = time.monotonic()
try:
    forked_map(waits, range(8), 2)
except KeyboardInterrupt:
    assert time.monotonic() - begun < 60
else:
    raise AssertionError("not interrupted")
import multiprocessing
assert not multiprocessing.active_children()
""",
    "a daemon": """
import multiprocessing
with multiprocessing.get_context("fork").Pool(1) as pool:
    assert pool.apply(workers) == 1
""",
    "the same Verilog": """
from dotforge.export import verilog
from dotforge.export.design import from_parameters
texts = []
for processes in (1, 2):
    verilog.forked_map = lambda function, items: forked_map(function, items, processes)
    texts.append(from_parameters("vsquant", {}).verilog)
assert texts[0] == texts[1] and "endmodule" in texts[0]
""",
}


@needs_fork
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_forked(script: str) -> None:
    command = [sys.executable, "-c", PREAMBLE + script]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr


def test_threads_do_not_fork() -> None:
    leave = threading.Event()
    other = threading.Thread(target=leave.wait)
    other.start()
    try:
        assert workers() == 1
        assert forked_map(str, [1, 2]) == ["1", "2"]
    finally:
        leave.set()
        other.join()
