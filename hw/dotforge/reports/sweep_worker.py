"""The process of one configuration of a sweep: reads a job on standard input, writes its result on output."""

import os
import sys

from ..json_text import json_text
from .sweep_jobs import run_job

__all__ = ["main"]


def main() -> None:
    """Run the job; what libraries print goes to standard error."""
    answer = os.dup(1)
    os.dup2(2, 1)
    text = json_text(run_job(sys.stdin.read()))
    with os.fdopen(answer, "w", encoding="utf-8") as stream:
        stream.write(text)


if __name__ == "__main__":
    main()
