"""The options of a target, which ``synth`` and ``sweep`` share, and the completion of ``--target``."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from ..synthesis.choices import HIERARCHIES, OPTIMIZATIONS, TARGETS, is_target
from ..tools.yosys import PACKAGES, installed
from ._shared import Real

__all__ = ["target_options"]


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


def target_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--target`` and what targets can be told, as the arguments ``target_name`` and ``chosen``.

    ``chosen`` holds what the user gave, by field of :class:`~dotforge.synthesis.targets.Settings`. The command asks
    :func:`~dotforge.synthesis.targets.check` before anything else runs.
    """

    @functools.wraps(function)
    def command(target_name: str, **given: Any) -> Any:
        context = click.get_current_context()
        values = {name: given.pop(name) for name in _FIELDS}
        chosen = {
            _FIELDS[name]: value
            for name, value in values.items()
            if context.get_parameter_source(name) is not ParameterSource.DEFAULT
        }
        return function(target_name=target_name, chosen=chosen, **given)

    for add in reversed(_OPTIONS):
        command = add(command)
    return command


_OPTIONS = (
    click.option("--target", "target_name", type=_TargetName(), default="cmos", show_default=True,
                 help=f"{', '.join(TARGETS)}, or liberty:PATH for the cells of a Liberty file."),
    click.option("--hierarchy", type=click.Choice(HIERARCHIES), default="flat", show_default=True,
                 help="One flat netlist, or a sum over modules that are synthesized one by one."),
    click.option("--seeds", type=click.IntRange(0, 100), default=3, show_default=True,
                 help="Placements whose Fmax is measured (FPGAs); 0 places nothing."),
    click.option("--device", default="",
                 help="FPGA to place in, such as 85k or up5k (default: the smallest that fits)."),
    click.option("--wide-luts", is_flag=True,
                 help="Map to the multiplexers behind lookup tables too (ecp5, gowin, nexus, machxo2)."),
    click.option("--clock-mhz", type=Real(0.001, 10_000), default=100.0, show_default=True,
                 help="Clock of the constraints, and of the reported power (FPGAs, nangate45, liberty)."),
    click.option("--optimize", type=click.Choice(OPTIMIZATIONS), default="area", show_default=True,
                 help="What standard cells are chosen for (nangate45, liberty)."),
    click.option("--power", is_flag=True,
                 help="Run the bench on the netlist and report power and energy (nangate45, liberty)."),
    click.option("--yosys", type=click.Choice(PACKAGES), default=installed(), show_default=True,
                 help="Which Yosys synthesizes; both give the same counts."),
    click.option("--timeout", type=Real(1), default=1800.0, show_default=True,
                 help="Seconds for one run of one tool."),
)  # fmt: skip

#: The options' arguments, and the fields of the settings that they stand for.
_FIELDS = {
    **{name: name for name in ("seeds", "device", "wide_luts", "clock_mhz", "optimize", "timeout", "yosys")},
    **{"hierarchy": "mode", "power": "activity"},
}
