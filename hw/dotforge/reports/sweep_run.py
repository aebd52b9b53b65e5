"""Runs the jobs of a sweep: here in parallel processes, or on a Dask cluster."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from dotforge_sim.simulator import processes

from ..synthesis.targets import TargetError
from .sweep_jobs import Job, run_job

__all__ = ["Runner", "dask", "here"]

#: Yields (job, ``{"report": …}`` or ``{"error": …}``) in the order in which jobs end.
Runner = Callable[[Sequence[Job]], Generator[tuple[Job, dict[str, Any]], None, None]]


class _Processes:
    """The processes that run now, so that all can be ended at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(self, job: Job) -> dict[str, Any]:
        with self._lock:
            if self._stopped:
                return {"error": "interrupted"}
        # Each tool has its own limit; this one is for what hangs around them.
        limit = 8 * job.settings.timeout
        with processes.started(
            [sys.executable, "-m", "dotforge.reports.sweep_worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            with self._lock:
                self._running.add(process)
                if self._stopped:
                    process.kill()
            try:
                out, err = process.communicate(job.as_json(), timeout=limit)
            except subprocess.TimeoutExpired:
                return {"error": f"the configuration did not end within {limit:g} s"}
            finally:
                with self._lock:
                    self._running.discard(process)
        try:
            return json.loads(out)
        except ValueError:
            last = err.strip().splitlines()[-1:] or [f"exit {process.returncode}"]
            return {"error": f"its process died: {_signal(process.returncode)}{last[0]}"}

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()


def _signal(code: int) -> str:
    return f"{signal.Signals(-code).name}, " if code < 0 else ""


def here(parallel: int) -> Runner:
    """Run ``parallel`` processes at a time; an interruption ends them all."""

    def run(jobs: Sequence[Job]) -> Generator[tuple[Job, dict[str, Any]], None, None]:
        running = _Processes()
        with ThreadPoolExecutor(parallel) as pool:
            futures = {pool.submit(running.run, job): job for job in jobs}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            finally:
                running.stop()
                pool.shutdown(cancel_futures=True)

    return run


def dask(address: str, *, patience: float = 20) -> Runner:
    """Run on the cluster of a Dask scheduler, whose workers have dotforge and the tools installed.

    Parameters
    ----------
    address : as in ``tcp://host:8786``
    patience : seconds to wait for an answer

    Raises
    ------
    TargetError
        Dask is not installed, or nothing answers at the address.
    """
    try:
        from distributed import Client  # noqa: PLC0415 # pyright: ignore[reportMissingImports] - an extra
        from distributed import as_completed as ended  # noqa: PLC0415 # pyright: ignore[reportMissingImports]
    except ImportError:
        raise TargetError("--dask needs Dask: pip install 'dotforge[dask]'") from None

    def run(jobs: Sequence[Job]) -> Generator[tuple[Job, dict[str, Any]], None, None]:
        try:
            client = Client(address, timeout=patience)
        except (OSError, ValueError, TimeoutError) as error:
            reason = " ".join(str(error).split())[:200]
            raise TargetError(f"no Dask scheduler answers at {address} ({reason})") from None
        try:
            futures = {client.submit(run_job, job.as_json(), pure=False): job for job in jobs}
            for future in ended(list(futures)):
                error = future.exception()
                yield futures[future], {"error": str(error)} if error else future.result()
        finally:
            client.close()

    return run
