"""What is proven: every engine at the configurations of ``tests/ENGINE/configurations.py``, and two networks.

They are looked for in a checkout, as the benches are; an installed dotforge has no tests.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import dotforge_golden

from ..block import Block
from ..export.design import from_parameters
from ..export.verilog import convert
from ..formats.table import IntegerFormat
from ..network.distribution.distribution import DistributionNetwork, distribution_columns, evenly
from ..network.reduction.fan import Fan
from ..registry import names as engines
from ..tools.files import OutputError, data_directory
from ..verify.benches import bench_directory, bench_module

__all__ = ["Subject", "configurations", "engine_module", "engine_subject", "names", "subject"]


@dataclass(frozen=True)
class Subject:
    """A design with its bench.

    Attributes
    ----------
    name : of the subject
    top, verilog : module under test, and the text
    bench : module of the bench
    directory : where that module lies
    manifest : of an engine; ``None`` for a network
    parameters : of the engine, or what a network's bench wants to know
    ports : of the module: ``name``, ``direction``, ``width``
    flags : output of a network → the output whose bits say, lane by lane, whether it means anything
    steady : input of a network that must not change while this output of it is low
    least : input stream of an engine → field → the least value that it may have
    ends : of an engine, the input whose beats end an item that gives one beat of the output: those with ``tlast``, or
        also every so many; ``None`` where results follow from items in another way
    """

    name: str
    top: str
    verilog: str = field(repr=False)
    bench: str
    directory: Path
    manifest: dict[str, Any] | None
    parameters: dict[str, Any]
    ports: list[dict[str, Any]] = field(repr=False)
    flags: dict[str, str] = field(default_factory=dict)
    steady: dict[str, str] = field(default_factory=dict)
    least: dict[str, dict[str, int]] = field(default_factory=dict)
    ends: tuple[str, int | None] | None = None

    @property
    def python_path(self) -> list[Path]:
        """Directories that the bench imports from, besides its own and the kit's."""
        return [self.directory, Path(dotforge_golden.__file__).parent.parent]


def configurations(engine: str) -> dict[str, dict[str, Any]]:
    """Return the configurations that are proven, by name: the engine's own name is the small one.

    Parameters
    ----------
    engine : its name
    """
    module = engine_module(engine)
    return {engine: module.SMALL, **getattr(module, "PROVEN", {})}


def engine_module(engine: str) -> Any:
    """Return ``tests/ENGINE/configurations.py`` as a module.

    Parameters
    ----------
    engine : its name

    Raises
    ------
    OutputError
        There is none.
    """
    path = data_directory("tests") / engine / "configurations.py"
    if not path.is_file():
        raise OutputError(f"engine {engine}: {path} is missing")
    spec = importlib.util.spec_from_file_location(f"proven_{engine}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def engine_subject(engine: str, parameters: dict[str, Any], name: str = "") -> Subject:
    """Return an engine as a subject.

    Parameters
    ----------
    engine, parameters : what is generated
    name : of the subject (default: the engine's)
    """
    made = from_parameters(engine, parameters)
    return Subject(
        name or engine,
        made.top,
        made.verilog,
        bench_module(made.manifest),
        bench_directory(engine),
        made.manifest,
        made.manifest["parameters"],
        made.manifest["ports"],
        least=getattr(engine_module(engine), "LEAST", {}),
        ends=_ends(engine, made.manifest["parameters"]),
    )


def _ends(engine: str, parameters: dict[str, Any]) -> tuple[str, int | None] | None:
    found = getattr(engine_module(engine), "ENDS", None)
    if found is None:
        return None
    stream, every = found
    return stream, parameters[every] if isinstance(every, str) else every


def _fan() -> tuple[Block, dict[str, Any]]:
    block = Fan(8, sum_format=IntegerFormat(10), tag_width=2)
    told = {"kind": "fan", "lanes": 8, "format": "INT10", "input_width": 10, "sum_width": 10}
    return block, {**told, "id_width": block.id_width, "tag_width": 2}


def _distribution() -> tuple[Block, dict[str, Any]]:
    told = {"lanes": 8, "width": 3, "window": 4, "topology": "multicast-benes"}
    columns = evenly(2, distribution_columns("multicast-benes", 8, 4))
    return DistributionNetwork(8, 3, 4, "multicast-benes", registers=columns), told


_NETWORKS = {"fan": _fan, "distribution": _distribution}

#: Network → :attr:`Subject.flags`.
_FLAGS: dict[str, dict[str, str]] = {
    "fan": dict.fromkeys(("sums", "sum_ids", "sum_tags"), "sum_valid"),
    "distribution": {"lanes_out_payload": "lanes_out_valid"},
}

#: Network → :attr:`Subject.steady`.
_STEADY: dict[str, dict[str, str]] = {"fan": dict.fromkeys(("vec_ids", "occupied"), "idle")}


def _engines() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for engine in engines():
        for name, parameters in configurations(engine).items():
            yield name, engine, parameters


def names() -> list[str]:
    """Return the names of all subjects."""
    return [*(name for name, _, _ in _engines()), *_NETWORKS]


def subject(name: str) -> Subject:
    """Return a subject.

    Raises
    ------
    KeyError
        None has this name.
    """
    if name in _NETWORKS:
        block, told = _NETWORKS[name]()
        design = convert(block, name=name)
        ports = [asdict(port) for port in design.ports]
        directory = data_directory("tb") / name
        bench, steady = f"test_{name}", _STEADY.get(name, {})
        return Subject(
            name, design.top, design.verilog, bench, directory, None, told, ports, _FLAGS[name], steady
        )
    for found, engine, parameters in _engines():
        if found == name:
            return engine_subject(engine, parameters, name)
    raise KeyError(name)
