"""Programs that are run, and the scratch directories that they use: none outlives this process, however it ends.

Each program has a process group of its own, which ends with it. A process that is told to end (SIGTERM of a batch
scheduler, SIGHUP of a terminal that closes, an interrupt) ends its programs and removes its scratch directories
before it goes: see :func:`ended_by_signals`. One that is killed cannot; for that there is a guardian, a small process
(``guardian.py``) at the other end of a pipe: what it has been told of, it ends and removes when the pipe breaks. It
needs nothing but POSIX. A program that was just starting when this process was killed, within about a millisecond, is
the one thing that it cannot know.
"""

import atexit
import contextlib
import ctypes
import json
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Any

__all__ = ["Ended", "clean_up", "ended_by_signals", "follow_parent", "held", "run", "scratch", "started"]

#: What tells a process to end.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_GUARDIAN = Path(__file__).with_name("guardian.py")

_log = logging.getLogger(__name__)


class Ended(BaseException):
    """Raised in a process that was told to end.

    Attributes
    ----------
    number : of the signal
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.number = number


class _State:
    """What this process has to take with it; a forked one begins with nothing."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.groups: set[int] = set()
        self.places: set[Path] = set()
        self.guardian: subprocess.Popen[bytes] | None = None
        #: Blocks that the main thread is in and must not be torn out of.
        self.holds = 0
        #: The signal that this process ends by, and whether the main thread knows.
        self.ended: int | None = None
        self.raised = False


_state = _State()


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Let signals wait until the end of the block; for short ones that must not be torn in two."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    state = _state
    state.holds += 1
    try:
        yield
    finally:
        state.holds -= 1
    if state.ended is not None and not state.raised and not state.holds:
        _leave(state.ended)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise :class:`Ended` where the main thread is, once, when a signal tells this process to end.

    What has been started is ended first, so that threads that wait for it go on. A signal that is ignored, as by
    ``nohup``, stays so. When the block ends by one, all that is left is cleaned up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    hook = sys.unraisablehook
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    sys.unraisablehook = _again
    try:
        yield
    finally:
        if _state.ended is not None:
            clean_up()
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)
        _state.ended, _state.raised = None, False


def _on_signal(number: int, frame: FrameType | None) -> None:
    if _state.ended is not None:  # what ends already is left to end
        return
    _state.ended = number
    if not _state.holds:
        _leave(number)


def _leave(number: int) -> None:
    _state.raised = True
    # What is dropped half-made is no mistake of anybody.
    warnings.simplefilter("ignore")
    _kill_all()
    raise Ended(number)


def _again(unraisable: Any) -> None:
    """Raise it a little later where nothing can be raised, as in a finalizer."""
    if not isinstance(unraisable.exc_value, Ended):
        sys.__unraisablehook__(unraisable)
        return
    number = unraisable.exc_value.number

    def late(_: int, frame: FrameType | None) -> None:
        raise Ended(number)

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 0.001)


@contextlib.contextmanager
def started(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    stdin: int | IO[Any] = subprocess.DEVNULL,
    stdout: int | IO[Any] = subprocess.DEVNULL,
    stderr: int | IO[Any] = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
    temporary: Path | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Start a program; when the block ends, so does it, with all that it started.

    Parameters
    ----------
    command : program and arguments
    cwd : directory that it runs in (default: that of this process)
    stdin, stdout, stderr : as :class:`subprocess.Popen` takes them; pipes are text
    environment : its environment variables (default: those of this process)
    temporary : directory for its temporary files (default: the system's), so that they go where its others go

    Raises
    ------
    OSError
        It cannot be started.
    """
    variables = dict(os.environ if environment is None else environment)
    if temporary is not None:
        variables |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary.absolute()))
    with held(), _state.lock:
        if _state.ended is not None:
            raise Ended(_state.ended)
        _guard()
        process = subprocess.Popen(
            list(map(str, command)), cwd=cwd, env=variables, stdin=stdin, stdout=stdout, stderr=stderr,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        _state.groups.add(process.pid)
        _tell("+group", process.pid)
    begun = time.monotonic()
    _log.debug("%d: %s (in %s)", process.pid, shlex.join(map(str, command)), cwd or Path.cwd())
    try:
        yield process
    finally:
        _kill(process.pid)
        code = process.wait()
        _log.debug("%d: exit %d after %.1f s", process.pid, code, time.monotonic() - begun)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        with held(), _state.lock:
            _state.groups.discard(process.pid)
            _tell("-group", process.pid)


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    timeout: float | None = None,
    environment: Mapping[str, str] | None = None,
    temporary: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return its exit code and what it printed.

    Parameters
    ----------
    command, cwd, environment, temporary : see :func:`started`
    timeout : seconds

    Raises
    ------
    OSError
        It cannot be started.
    subprocess.TimeoutExpired
        It did not end in time.
    """
    with started(
        command, cwd=cwd, environment=environment, temporary=temporary,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@contextlib.contextmanager
def scratch(directory: Path | None = None, prefix: str = "dotforge-") -> Iterator[Path]:
    """Make an empty directory that is gone when the block ends.

    Parameters
    ----------
    directory : that it lies in (default: the system's for temporary files)
    prefix : of its name

    Raises
    ------
    OSError
        It cannot be made.
    """
    place = Path(directory or tempfile.gettempdir()).absolute() / (prefix + os.urandom(8).hex())
    with held():
        with _state.lock:
            _guard()
            _state.places.add(place)
            _tell("+place", str(place))
        try:
            place.mkdir(mode=0o700)
        except BaseException:
            _forget(place)
            raise
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        _forget(place)


def _forget(place: Path) -> None:
    with held(), _state.lock:
        _state.places.discard(place)
        _tell("-place", str(place))


def clean_up() -> None:
    """End every program that still runs, and remove the scratch directories."""
    _kill_all()
    with _state.lock:
        for place in list(_state.places):
            shutil.rmtree(place, ignore_errors=True)
            _forget(place)


def follow_parent(parent: int) -> None:
    """Let this process, which was forked or spawned by ``parent``, be killed when that is no more."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it was faster
            os._exit(1)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _kill(group: int) -> None:
    # A group of which nothing is left but what waits to be collected may not be killed on some systems.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _kill_all() -> None:
    with _state.lock:
        for group in _state.groups:
            _kill(group)


def _guard() -> None:
    """Start the guardian where there is none."""
    if _state.guardian is None:
        _state.guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARDIAN)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, bufsize=0, cwd="/",
        )  # fmt: skip


def _tell(*what: Any) -> None:
    """Tell the guardian."""
    if _state.guardian is not None and _state.guardian.stdin is not None:
        with contextlib.suppress(OSError):  # it was killed: then nobody guards
            _state.guardian.stdin.write((json.dumps(what, allow_nan=False) + "\n").encode())


@atexit.register
def _dismiss() -> None:
    """Let the guardian go, which ends what there is still."""
    if _state.guardian is not None and _state.guardian.stdin is not None:
        _state.guardian.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            _state.guardian.wait(10)


def _forked() -> None:
    """Begin anew in a forked process, which its parent ends, and whose parent's guardian must not wait for it."""
    global _state  # noqa: PLW0603
    if _state.guardian is not None and _state.guardian.stdin is not None:
        _state.guardian.stdin.close()
        _state.guardian.returncode = 0  # nothing to wait for
    _state = _State()
    for number in SIGNALS:
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)


os.register_at_fork(after_in_child=_forked)
