"""``dotforge run``: the RTL on the user's own matrices."""

import contextlib
import importlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from ..console import print_json, progress, say
from ..registry import engine, is_directory, names, runner
from . import _layer
from ._shared import JSON_OPTION, OPERAND, design_files, parameter_option, sentence, with_loudness


class _Engines(click.Group):
    """A subcommand an engine that has a runner of its name in ``dotforge_sim.run``; so has what was generated."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in names() if runner(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = _engine_of(Path(cmd_name)) if is_directory(cmd_name) else cmd_name
        module = runner(name) if name in names() else None
        return _command(name, cmd_name, importlib.import_module(module)) if module else None


def _engine_of(directory: Path) -> str:
    from ..export.design import load  # noqa: PLC0415

    return load(directory).engine


@click.command(
    "run",
    cls=_Engines,
    subcommand_metavar="DIR|ENGINE [OPTIONS]",
    epilog="Example: dotforge run logmac --a A.npy --b B.npy -o C.npy --json S.json",
)
def command() -> None:
    """Multiply matrices on the RTL of an engine: C = A @ B, compared with golden."""


def _command(name: str, design: str, module: Any) -> click.Command:
    path, place = click.Path(path_type=Path), click.Path()
    options: list[click.Parameter] = [
        click.Option(["--a", "a"], type=place, required=True, help=f"A, M×K: {OPERAND}."),
        click.Option(["--b", "b"], type=place, help=f"B, K×N: {OPERAND}."),
        click.Option(
            ["--layer", "layer"],
            help="Convolve: A are images (N, C, spatial …), B filters (O, C/groups, kernel …) with "
            "conv[:stride=2,padding=1,dilation=1,groups=1] (2x1 for two dimensions), or, without --b, those of "
            "MODEL.onnx:NODE.",
        ),
        click.Option(
            ["--group", "group"],
            type=click.IntRange(0),
            help="Of a layer: the one to run (default: all).",
        ),
        click.Option(["-o", "--output"], type=path, help="C, M×N, to write: .npy, or sparse .npz."),
        click.Option(
            ["--json", "report"], help="Print statistics as JSON, or write them to FILE.", **JSON_OPTION
        ),
        click.Option(
            ["--save-beats", "beats"],
            type=click.Path(path_type=Path, file_okay=False),
            help="Directory to write: the beats of every stream, .hex and .npy, with what the outputs give, for "
            "other benches and for boards.",
        ),
        click.Option(
            ["--timeline"],
            type=path,
            help="Page to write, HTML: folds, lanes and stalls over the cycles of the run.",
        ),
    ]
    for option in fields(module.Options):
        flag = "--" + option.name.replace("_", "-")
        choices = option.metadata.get("choices")
        if choices:
            kind: dict[str, Any] = {
                "type": click.Choice(choices),
                "default": option.default,
                "show_default": True,
            }
        elif isinstance(option.default, bool):
            kind = {"is_flag": True}
        else:
            kind = {"type": option.metadata.get("type", str), "default": option.default}
        options.append(click.Option([flag], help=sentence(option.metadata["help"]), **kind))

    def callback(
        a: str,
        b: str | None,
        layer: str | None,
        group: int | None,
        output: Path | None,
        report: Path | None,
        beats: Path | None,
        timeline: Path | None,
        parameters: dict[str, str],
        **given: Any,
    ) -> None:
        _layer.check(b, layer, group, output)
        further = module.files(given) if hasattr(module, "files") else ([], [])
        written = _Written(output, report, beats, timeline)
        _run(name, design, (a, b, layer, group), written, parameters, given, further)

    made = click.Command(
        design,
        params=options,
        callback=callback,
        help=sentence(engine(name).summary),
        epilog=f"Example: dotforge run {name} {module.EXAMPLE}",
    )
    parameter_option(made)
    return with_loudness(made)


@dataclass(frozen=True)
class _Written:
    """What a run is to write."""

    output: Path | None
    report: Path | None
    beats: Path | None
    timeline: Path | None

    @property
    def printed(self) -> bool:
        """Whether the report goes to standard output."""
        return str(self.report) == "-"


def _run(
    name: str,
    design: str,
    taken: tuple[str, str | None, str | None, int | None],
    written: _Written,
    parameters: dict[str, str],
    options: dict[str, Any],
    further: tuple[list[Path], list[Path]],
) -> None:
    from dotforge_sim.run.gemm import RunError  # noqa: PLC0415
    from dotforge_sim.run.quality import MOST_OUTPUTS  # noqa: PLC0415
    from dotforge_sim.simulator.recorder import recorded  # noqa: PLC0415

    from ..front_door import resolve  # noqa: PLC0415
    from ..tools.files import write_bytes  # noqa: PLC0415
    from ..tools.run_record import run_record  # noqa: PLC0415

    saved = options.get("save_quantized")
    quantized = None if saved is None else Path(saved)
    output = written.output
    products = [each for each in (output, quantized, written.timeline) if each is not None]
    with contextlib.ExitStack() as stack:
        record = stack.enter_context(
            run_record(
                "run",
                None if written.printed else written.report,
                products=[*products, *further[1]],
                inputs=[*_layer.files(*taken[:3]), *design_files(design), *further[0]],
            )
        )
        made = resolve(design, parameters)
        record.start(engine=name)  # what it takes to make the Verilog of a large engine is part of the run
        record.know(parameters=made.parameters, verilog_sha256=made.manifest["verilog_sha256"])
        beats = stack.enter_context(_beats_record(written.beats, made.manifest))
        groups, raised = _layer.operands(*taken)
        if len(groups) > 1:
            _refuse_of_groups(written, options)
        outputs = sum(first.shape[0] * second.shape[1] for first, second in groups)
        if outputs > MOST_OUTPUTS and output is not None and output.suffix != ".npz":
            raise RunError(f"C has {outputs} elements: -o {output} must be a sparse .npz")
        recording = stack.enter_context(recorded()) if written.beats or written.timeline else []
        with progress(f"{name}: streamed beats") as tell:
            result = _product(made, groups, tell, options)
        statistics = record.content = result.statistics
        if written.printed:
            status = {"status": "failed", "reason": result.failure} if result.failure else {"status": "ok"}
            print_json({**status, **statistics})
        for warning in statistics.get("warnings", []):
            say(f"{name}: warning: {warning}")
        if result.failure:
            raise click.ClickException(result.failure)
        if output is not None:
            write_bytes(output, _product_file(raised(result.c), sparse=output.suffix == ".npz"))
        if quantized is not None:
            write_bytes(quantized, _archive(result.arrays))
        if beats is not None:
            beats.content |= _beats_said(beats.directory, made, recording, result)
        if written.timeline is not None:
            from ..delivery.timeline import page  # noqa: PLC0415

            write_bytes(written.timeline, page(recording, result).encode())
    shape, cycles, efficiency = statistics["shape"], statistics["cycles"], statistics["overall_efficiency"]
    times = f"{statistics['groups']} groups of " if "groups" in statistics else ""
    said = "nothing to multiply" if efficiency is None else f"overall efficiency {efficiency:.3f}"
    if limits := statistics.get("limits"):
        said += f", limited by {limits['by']} ({limits['cycles'][limits['by']]} cycles)"
    say(
        f"{name}: {times}{shape['m']}×{shape['k']} @ {shape['k']}×{shape['n']}, {cycles['total']} cycles "
        f"(streaming {cycles['streaming']}), {said}, "
        f"{statistics['mismatches']} mismatches with golden"
    )


def _product(made: Any, groups: list[tuple[Any, Any]], tell: Any, options: dict[str, Any]) -> Any:
    """Run a product, or those of all groups one after the other."""
    from dotforge_sim.run.grouped import summed  # noqa: PLC0415

    if len(groups) == 1:
        return made.run(*groups[0], tell, **options)
    results = []
    for number, (first, second) in enumerate(groups):
        results.append(made.run(first, second, **options))
        tell(number + 1, len(groups))
    return summed(results, groups)


def _refuse_of_groups(written: _Written, options: dict[str, Any]) -> None:
    """Refuse what is written of one product alone."""
    given = {"--save-beats": written.beats, "--timeline": written.timeline}
    given |= {f"--{name.replace('_', '-')}": options.get(name) for name in ("save_quantized", "jobs")}
    for name, value in given.items():
        if value:
            raise click.UsageError(f"{name} is of one product: --group names one of the layer's groups")


@contextlib.contextmanager
def _beats_record(directory: Path | None, manifest: dict[str, Any]) -> Iterator[Any]:
    """Keep the record of the directory of ``--save-beats``, if there is one: of an earlier run nothing is left."""
    if directory is None:
        yield None
        return
    from ..delivery.saved_beats import RECORD, names  # noqa: PLC0415
    from ..tools.run_record import run_record  # noqa: PLC0415

    with run_record("run --save-beats", directory / RECORD, names=names(manifest)) as record:
        record.start(engine=manifest["engine"], verilog_sha256=manifest["verilog_sha256"])
        yield record


def _beats_said(directory: Path, made: Any, recording: list[Any], result: Any) -> dict[str, Any]:
    """Write the beats, and return what their record says."""
    from ..delivery.saved_beats import settings_of, write_beats  # noqa: PLC0415

    said = write_beats(directory, made.manifest, recording, result.arrays, result.c)
    return {
        "engine": made.name,
        "top": made.manifest["top"],
        "parameters": made.parameters,
        "shape": result.statistics["shape"],
        "settings": settings_of(result.statistics),
        **said,
    }


def _archive(arrays: dict[str, Any]) -> bytes:
    import numpy as np  # noqa: PLC0415

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _product_file(c: Any, *, sparse: bool) -> bytes:
    """Return the bytes of an ``.npy`` file, or of a sparse ``.npz``."""
    import numpy as np  # noqa: PLC0415

    buffer = io.BytesIO()
    if sparse:
        import scipy.sparse  # noqa: PLC0415

        scipy.sparse.save_npz(buffer, scipy.sparse.csr_array(c))
    else:
        np.save(buffer, c)
    return buffer.getvalue()
