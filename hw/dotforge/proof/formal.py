"""Rules of streams, proven of exported Verilog.

Run as ``python -m dotforge.proof.formal [-o FILE] [ENGINE …]``; `make formal` does so for every engine at a small and
at an awkward configuration. Property-directed reachability proves a rule for ever; where it does not come to an end
within its seconds, a bounded search says for how many cycles the rule holds.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..console import say
from ..outcome import end_on_error
from ..registry import names as engines
from ..tools import abc
from ..tools.files import write_json
from ..tools.process import ToolError
from .miter import latches
from .rules import READY, rules
from .subjects import Subject, configurations, engine_module, engine_subject

__all__ = ["Proof", "main", "prove", "subjects"]

#: What is said of a rule that holds for ever.
FOR_EVER = "proven"


@dataclass(frozen=True)
class Proof:
    """A rule, and ``proven``, ``broken in cycle N``, or ``holds for N cycles``; of ready in reset, what it is."""

    rule: str
    verdict: str

    @property
    def holds(self) -> bool:
        """Tell whether nothing speaks against it."""
        return not self.verdict.startswith("broken")


def prove(subject: Subject, *, seconds: int = 20, depth: int = 60) -> list[Proof]:
    """Prove the rules of an engine.

    Parameters
    ----------
    subject : the engine
    seconds : of each search of each rule
    depth : cycles of the bounded search, at least; all that results may take, and half as many more

    Raises
    ------
    ToolError
        A tool failed, there is no ABC here, or it did not come to an end.
    """
    made = rules(subject)
    blif = latches(["read_verilog rules.v"], {"rules.v": made.verilog}, "rules")
    depth = max(depth, made.bound * 3 // 2)
    # Every rule by itself: of the others' logic nothing is left.
    commands = ["read_blif made.blif", "strash", "zero", "write_aiger all.aig"]
    for number in range(len(made.outputs)):
        commands += [
            "&read all.aig",
            f"&cone -O {number} -R 1",
            "&scl",
            "&put",
            "scorr",
            f"echo RULE {number}",
        ]
        commands += ["sat", f"pdr -T {seconds}", f"bmc3 -F {depth} -T {seconds}"]
    limit = 60 + 5 * seconds * len(made.outputs)
    said = abc.run(commands, {"made.blif": blif}, [""], timeout=limit)[""]
    parts = re.split(r"^RULE (\d+)\s", said, flags=re.M)[1:]
    found = dict(zip(map(int, parts[::2]), parts[1::2], strict=True))
    if len(found) < len(made.outputs):
        raise ToolError(
            f"ABC: {len(found)} of {len(made.outputs)} rules were tried: {' '.join(said.split())[-200:]}"
        )
    proofs = [Proof(rule, _verdict(found[number])) for number, rule in enumerate(made.outputs)]
    told = [_ready(each) if each.rule.endswith(READY) else each for each in proofs]
    return [*told, *_structure(subject)]


def _ready(proof: Proof) -> Proof:
    return Proof(proof.rule, "low" if proof.verdict == FOR_EVER else "not always low")


def _verdict(said: str) -> str:
    if re.search(r"^UNSATISFIABLE|Property proved", said, re.M):
        return FOR_EVER
    if found := re.search(r"was asserted in frame (\d+)", said):
        return f"broken in cycle {found[1]}"
    if re.search(r"^SATISFIABLE", said, re.M):
        return "broken in cycle 0"
    if found := re.search(r"No output asserted in (\d+) frames", said):
        return f"holds for {found[1]} cycles"
    raise ToolError(f"ABC: nothing was decided: {' '.join(said.split())[-200:]}")


def _structure(subject: Subject) -> list[Proof]:
    """Return that no valid depends on a ready in the same cycle: there is no path in the netlist."""
    assert subject.manifest is not None
    paths = {(path["input"], path["output"]) for path in subject.manifest["combinational_paths"]}
    found = []
    for stream in subject.manifest["streams"]:
        if stream["direction"] == "output":
            bad = sorted(source for source, target in paths if target == f"{stream['prefix']}_tvalid"
                         and source.endswith("_tready"))  # fmt: skip
            verdict = f"broken in cycle 0: by {', '.join(bad)}" if bad else FOR_EVER
            found.append(Proof(f"{stream['name']}: valid does not depend on ready", verdict))
    return found


def subjects(engine: str) -> list[Subject]:
    """Return an engine at its configurations: the small one, those of its kinds, and the awkward one.

    Parameters
    ----------
    engine : its name
    """
    awkward = {f"{engine}, awkward": engine_module(engine).AWKWARD}
    return [
        engine_subject(engine, parameters, name)
        for name, parameters in {**configurations(engine), **awkward}.items()
    ]


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="file of the verdicts")
@click.option("--seconds", type=click.IntRange(1), default=20, show_default=True, help="of each search")
@click.option(
    "--depth", type=click.IntRange(1), default=60, show_default=True, help="cycles of bounded searches"
)
@click.argument("names", nargs=-1, metavar="[ENGINE]…")
def main(output: Path | None, seconds: int, depth: int, names: tuple[str, ...]) -> int:
    """Prove the rules of the engines of that name, or of all; ends with 1 where one is broken."""
    for name in names:
        if name not in engines():
            raise click.UsageError(f"engine {name}: allowed are {', '.join(engines())}")
    records: list[dict[str, Any]] = []
    for engine in names or engines():
        for subject in subjects(engine):
            proofs = prove(subject, seconds=seconds, depth=depth)
            assert subject.manifest is not None
            for proof in proofs:
                say(f"{subject.name}: {proof.rule}: {proof.verdict}")
            records.append(
                {
                    "subject": subject.name,
                    "engine": engine,
                    "parameters": subject.parameters,
                    "verilog_sha256": subject.manifest["verilog_sha256"],
                    "rules": {proof.rule: proof.verdict for proof in proofs},
                }
            )
            owed = [proof for proof in proofs if not proof.rule.endswith(READY)]
            forever = sum(proof.verdict == FOR_EVER for proof in owed)
            click.echo(f"{subject.name}: {len(owed)} rules, {forever} proven for ever")
    if output is not None:
        write_json(output, records)
    return int(any(v.startswith("broken") for each in records for v in each["rules"].values()))


if __name__ == "__main__":
    sys.exit(end_on_error(main))
