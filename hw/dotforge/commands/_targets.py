"""The option ``--target`` and its completion."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..flow.targets import TARGETS, is_target

__all__ = ["target_option"]


class _TargetName(click.ParamType):
    name = "target"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_target(str(value)):
            self.fail(f"{value!r} is not one of {', '.join(TARGETS)}, liberty:PATH", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        names = [name for name in (*TARGETS, "liberty:") if name.startswith(incomplete)]
        start = incomplete.removeprefix("liberty:")
        if incomplete != start:
            names = [f"liberty:{path}" for path in sorted(Path().glob(f"{start}*"))]
        return [CompletionItem(name) for name in names]


def target_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--target``, as the argument ``target_name``."""
    return click.option(
        "--target", "target_name", type=_TargetName(), default="cmos", show_default=True,
        help=f"{', '.join(TARGETS)}, or liberty:PATH for the cells of a Liberty file.",
    )(function)  # fmt: skip
