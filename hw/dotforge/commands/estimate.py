"""``dotforge estimate``: cycles of matrix products, without running them."""

from pathlib import Path
from typing import Any

import click

from ..console import print_json, table
from ._shared import JSON_OPTION, OPERAND, engine_argument, parameter_option

_EXAMPLES = """\b
Examples:
  dotforge estimate --model paper --shape 1024,16,500000 --density-a 0.2 --density-b 0.7
  dotforge estimate flexdpe -p lanes=128 --a A.npz --b B.npy --json -
  dotforge estimate --model systolic --array 512,32 --workloads paper
"""

#: Options that only some models take.
_USED = {
    "exact": ("engine", "parameters", "seed"),
    "paper": ("multipliers", "bandwidth", "streaming"),
    "systolic": ("multipliers", "array"),
}
_FLAGS = {"engine": "ENGINE", "parameters": "-p"}


@click.command("estimate", epilog=_EXAMPLES)
@engine_argument(required=False)
@parameter_option
@click.option("--model", type=click.Choice(tuple(_USED)), default="exact", show_default=True,
              help="Our ENGINE (flexdpe by default), SIGMA's formulas, or a systolic array.")  # fmt: skip
@click.option("--shape", help="M,N,K of A, M×K, and B, K×N.")
@click.option(
    "--density-a", help="Nonzeros over elements of A (with --shape and --workloads paper; default: 1)."
)
@click.option("--density-b", help="The same of B.")
@click.option("--a", type=click.Path(), help=f"A, M×K: {OPERAND}.")
@click.option("--b", type=click.Path(), help=f"B, K×N: {OPERAND}.")
@click.option("--workloads", type=click.Path(path_type=Path),
              help="CSV or JSON: name, m, n, k, density_a, density_b; or paper: SIGMA's ten.")  # fmt: skip
@click.option("--stationary", type=click.Choice(("a", "b", "auto")), default="auto", show_default=True,
              help="The operand that stays; auto: what takes fewer cycles.")  # fmt: skip
@click.option("--multipliers", type=int, help="Of the paper's machine or of a square array (default: 16384).")
@click.option("--bandwidth", type=int, help="Words a cycle of the paper's machine (default: 128).")
@click.option("--streaming", type=click.Choice(("limited", "unlimited")),
              help="Whether that bandwidth limits streaming in the paper's machine (default: unlimited).")  # fmt: skip
@click.option("--array", help="R,C of a systolic array (default: square).")
@click.option(
    "--seed", type=click.IntRange(0), help="Of what the exact model draws from densities (default: 1)."
)
@click.option("--json", "output", help="Print JSON instead of a table, or write it to FILE.", **JSON_OPTION)
def command(output: Path | None, **given: Any) -> None:
    """Count the cycles of matrix products: loading, streaming and adding, folds, utilisation, efficiency.

    A product is a --shape with densities, two matrices, or a list. From densities the paper's model takes
    expected values, and the exact one draws fold statistics from the seed that it reports.
    """
    import time  # noqa: PLC0415

    from dotforge_sim.models.counts import report  # noqa: PLC0415
    from dotforge_sim.run.tensors.place import parse  # noqa: PLC0415

    from ..tools.files import write_json  # noqa: PLC0415
    from ..tools.run_record import run_record  # noqa: PLC0415

    _check(given)
    written = output if output is not None and str(output) != "-" else None
    read = [parse(given[name]).file for name in ("a", "b") if given[name]]
    read += [Path(given["workloads"])] if given["workloads"] else []
    with run_record("estimate", None, products=[written] if written else [], inputs=read) as record:
        products = _products(given)
        engine, parameters, count = _counter(given)
        record.start()
        reports = []
        for product in products:
            started = time.monotonic()
            counts = count(product)
            reports.append(
                report(
                    counts, model=given["model"], name=product.name, engine=engine, parameters=parameters,
                    shape=(product.m, product.n, product.k),
                    nonzeros=(round(product.nonzeros_a), round(product.nonzeros_b)),
                    wall_seconds=time.monotonic() - started,
                )
            )  # fmt: skip
        found = reports if given["workloads"] else reports[0]
        if written:
            write_json(written, found)
    if output is not None and not written:
        print_json(found)
    else:
        _print(reports)


def _check(given: dict[str, Any]) -> None:
    """Refuse what is given twice, or for nothing."""
    sources = {
        "--shape": given["shape"],
        "--a and --b": given["a"] or given["b"],
        "--workloads": given["workloads"],
    }
    named = [name for name, value in sources.items() if value]
    if len(named) != 1:
        said = f"{' and '.join(named)} are given" if named else "no product is given"
        raise click.UsageError(f"{said}: one of --shape, --a and --b, --workloads is allowed")
    if bool(given["a"]) != bool(given["b"]):
        raise click.UsageError(f"--{'a' if given['a'] else 'b'} is given alone: a product takes --a and --b")
    for name in ("density_a", "density_b"):
        if given[name] is not None and not (given["shape"] or str(given["workloads"]) == "paper"):
            flag = "--" + name.replace("_", "-")
            raise click.UsageError(f"{flag} goes with --shape and --workloads paper, not with {named[0]}")
    model = given["model"]
    for name in sorted({each for used in _USED.values() for each in used} - set(_USED[model])):
        if given[name] not in (None, {}):
            flag = _FLAGS.get(name, f"--{name}")
            takers = ", ".join(each for each, used in _USED.items() if name in used)
            raise click.UsageError(f"{flag} goes with --model {takers}, not with {model}")
    if given["array"] and given["multipliers"]:
        raise click.UsageError("--array and --multipliers are given: an array has R·C multipliers")


def _products(given: dict[str, Any]) -> list[Any]:
    from dotforge_sim.models import operands, workloads  # noqa: PLC0415

    if given["a"]:
        from dotforge_sim.run.operands import load_matrix, nonzeros  # noqa: PLC0415

        a, b = (nonzeros(load_matrix(given[name], name.upper())) for name in "ab")
        return [operands.of_matrices(a, b)]
    densities = [
        workloads.density("1" if given[name] is None else given[name], "--" + name.replace("_", "-"))
        for name in ("density_a", "density_b")
    ]
    if given["shape"]:
        m, n, k = workloads.shape(given["shape"])
        return [operands.of_gemm(workloads.Gemm(f"{m}-{n}-{k}", m, n, k, *densities))]
    if str(given["workloads"]) == "paper":
        gemms = workloads.paper_workloads(*densities)
    else:
        gemms = workloads.read_workloads(given["workloads"])
    return [operands.of_gemm(gemm) for gemm in gemms]


def _counter(given: dict[str, Any]) -> tuple[str | None, dict[str, Any], Any]:
    """Return the engine, what is modelled, and what counts a product."""
    stationary = given["stationary"]
    if given["model"] == "exact":
        from dataclasses import asdict  # noqa: PLC0415

        from dotforge_sim.models.exact import SEED, exact  # noqa: PLC0415

        from ..registry import configure  # noqa: PLC0415

        engine = given["engine"] or "flexdpe"
        parameters = asdict(configure(engine, given["parameters"])[1])
        seed = SEED if given["seed"] is None else given["seed"]
        return engine, parameters, lambda product: exact(engine, parameters, product, stationary, seed=seed)
    multipliers = 16_384 if given["multipliers"] is None else given["multipliers"]
    if given["model"] == "paper":
        from dotforge_sim.models.paper import Sigma  # noqa: PLC0415

        made = Sigma(
            multipliers,
            128 if given["bandwidth"] is None else given["bandwidth"],
            given["streaming"] or "unlimited",
        )
        parameters = {name: vars(made)[name] for name in ("multipliers", "bandwidth", "streaming")}
        return None, parameters, lambda product: made.count(product, stationary)
    from dotforge_sim.models.systolic_array import array, square  # noqa: PLC0415

    shaped = array(given["array"]) if given["array"] else square(multipliers)
    return None, vars(shaped), lambda product: shaped.count(product, stationary)


def _print(reports: list[dict[str, Any]]) -> None:
    rows = []
    for found in reports:
        shape, cycles = found["shape"], found["cycles"]
        rows.append(
            [found["name"] or f"{shape['m']}-{shape['n']}-{shape['k']}", found["stationary"], f"{found['folds']:,}",
             *(f"{cycles[bucket]:,}" for bucket in ("loading", "streaming", "add", "total")),
             *(_percent(found[name])
               for name in ("stationary_utilisation", "compute_efficiency", "overall_efficiency"))]
        )  # fmt: skip
    table(
        ["M-N-K", "stationary", "folds", "loading", "streaming", "add", "total", "utilisation", "compute eff.",
         "overall eff."],
        rows,
    )  # fmt: skip
    first = reports[0]
    told = {**first["parameters"], **{name: first[name] for name in ("seed", "counted") if name in first}}
    if first["engine"]:
        told = {name: told[name] for name in ("lanes", "stationary_bandwidth", "seed") if name in told}
    click.echo(
        f"model {first['model']}{' of ' + first['engine'] if first['engine'] else ''}: "
        + ", ".join(f"{name} {value}" for name, value in told.items() if value is not None)
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"
