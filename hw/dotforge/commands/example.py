"""``dotforge example``: sample operands."""

import importlib
import io
import shlex
from pathlib import Path

import click

from ..console import say
from ..registry import names
from ..registry import runner as runner_of
from ._shared import Real, engine_argument, parameter_option


@click.command("example", epilog="Example: dotforge example logmac -o build/operands")
@engine_argument
@parameter_option
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True,
              help="Directory for A.npy and B.npy (B.npz where it is sparse).")  # fmt: skip
@click.option("--m", type=click.IntRange(1, 1 << 20), default=32, show_default=True, help="Rows of A.")
@click.option("--k", type=click.IntRange(1, 1 << 20), default=64, show_default=True,
              help="Columns of A, rows of B.")  # fmt: skip
@click.option("--n", type=click.IntRange(1, 1 << 20), default=32, show_default=True, help="Columns of B.")
@click.option("--sparsity", type=Real(0, 1),
              help="Share of B that is zero (default: 0.8 for engines of sparse matrices, else 0).")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of all random numbers.")
def command(
    engine: str,
    parameters: dict[str, str],
    output: Path,
    m: int,
    k: int,
    n: int,
    sparsity: float | None,
    seed: int,
) -> None:
    """Write sample operands of an engine, A (activations) and B (weights), and print the command that runs them.

    Values are numbers of the engine's formats, or real ones where `dotforge run` quantises.
    """
    import numpy as np  # noqa: PLC0415

    from ..registry import configure  # noqa: PLC0415
    from ..tools.files import OutputError, reason, write_bytes  # noqa: PLC0415

    _, config = configure(engine, parameters)
    module = runner_of(engine)
    if module is None:
        raise click.UsageError(f"{engine} has no `dotforge run`; sample operands are for {_with_runner()}")
    runner = importlib.import_module(module)
    from dotforge_sim.run.samples import sample  # noqa: PLC0415

    share = getattr(runner, "SPARSITY", 0.0) if sparsity is None else sparsity
    a, b = sample(runner, vars(config), (m, k, n), share, seed)
    files = {}
    for name, matrix, sparse in (("A", a, False), ("B", b, share > 0)):
        buffer = io.BytesIO()
        if sparse:
            from scipy.sparse import csr_matrix, save_npz  # noqa: PLC0415

            save_npz(buffer, csr_matrix(matrix))
        else:
            np.save(buffer, matrix)
        files[output / f"{name}.{'npz' if sparse else 'npy'}"] = buffer.getvalue()
    try:
        for path, content in files.items():
            if path.exists() and (not path.is_file() or path.read_bytes() != content):
                raise OutputError(f"cannot write {path}: something else has this name")
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {output}: {reason(error)}") from error
    for path, content in files.items():
        write_bytes(path, content)
    first, second = files
    nonzeros = np.count_nonzero(b) / b.size
    say(f"{first}: {m}×{k} {a.dtype}; {second}: {k}×{n} {b.dtype}, {1 - nonzeros:.0%} zeros")
    given = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
    click.echo(
        shlex.join(
            ["dotforge", "run", engine, *given, "--a", str(first), "--b", str(second), "-o", str(output / "C.npy"),
             "--json", str(output / "S.json")]
        )
    )  # fmt: skip


def _with_runner() -> str:
    return ", ".join(name for name in names() if runner_of(name))
