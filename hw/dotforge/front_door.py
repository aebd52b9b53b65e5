"""One engine with its parameters, and all that can be done with it: what the commands do, for Python."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .export import stored
from .export.design import Generated, from_parameters, load
from .export.names import is_legal
from .export.vivado import with_attributes
from .parameters import ParameterError
from .registry import configure, is_directory, runner
from .tools.files import OutputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from scipy.sparse import sparray

    from dotforge_sim.run.gemm import RunResult
    from dotforge_sim.run.operands import Matrix, Stored

    from .verify.recording import Recording

__all__ = ["ConfiguredEngine", "resolve"]


@dataclass(frozen=True)
class ConfiguredEngine:
    """An engine with parameters; made by :func:`dotforge.engine` and :func:`dotforge.load`.

    Attributes
    ----------
    name : of the engine
    top : name of the top module
    directory : where it was read from, ``None`` for one that is made from parameters
    """

    name: str
    top: str
    directory: Path | None
    _make: Callable[[], Generated]

    @classmethod
    def of(
        cls,
        name: str,
        parameters: dict[str, Any],
        *,
        top: str | None = None,
        vivado_attributes: bool = False,
    ) -> "ConfiguredEngine":
        """Return an engine with parameters; see :func:`dotforge.engine`.

        Parameters
        ----------
        name : of the engine
        parameters : values by name; others keep their defaults
        top : name of the top module (default: the engine's)
        vivado_attributes : ports say which bus interface they belong to; see :mod:`dotforge.export.vivado`

        Raises
        ------
        ParameterError
            There is no such engine or parameter, a value or the name of the top module is not allowed.
        """
        configure(name, parameters)
        if top is not None and not is_legal(top):
            raise ParameterError(
                f"top {top}: allowed are letters, digits and single underscores, a letter first"
            )

        def make() -> stored.Stored:
            made = from_parameters(name, parameters, name=top)
            return made.verilog, made.manifest

        def found() -> Generated:
            kept = stored.find(name, parameters, top, make)
            return Generated(*(with_attributes(*kept) if vivado_attributes else kept))

        return cls(name, top or name, None, found)

    @classmethod
    def at(cls, directory: Path) -> "ConfiguredEngine":
        """Return what was generated into a directory; see :func:`dotforge.load`.

        Raises
        ------
        OutputError
            The manifest or the Verilog is missing, is not valid, or the two do not belong together.
        """
        found = load(directory)
        return cls(found.engine, found.top, directory, lambda: found)

    @cached_property
    def generated(self) -> Generated:
        """Verilog and manifest; made at the first use."""
        return self._make()

    @property
    def verilog(self) -> str:
        """The Verilog: one text, children before parents, the same bytes for the same parameters."""
        return self.generated.verilog

    @property
    def manifest(self) -> dict[str, Any]:
        """What ``manifest.json`` holds; see :data:`dotforge.export.manifest.SCHEMA`."""
        return self.generated.manifest

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters with their values."""
        return self.manifest["parameters"]

    def verify(
        self,
        directory: str | Path | None = None,
        *,
        simulator: str = "verilator",
        seed: int = 1,
        timeout: float = 600,
        waves: bool = False,
    ) -> dict[str, Any]:
        """Run the cocotb bench against the golden model.

        Parameters
        ----------
        directory : where ``results.xml``, ``bench.log`` and ``summary.json`` go (default: nowhere)
        simulator : ``verilator`` or ``icarus``
        seed : of all random numbers, 0 or more
        timeout : seconds
        waves : also write a waveform, into ``directory``

        Returns
        -------
        The summary: engine, parameters, simulator, seed, tests, vectors, mismatches, sha256 of the Verilog.

        Raises
        ------
        dotforge_sim.simulator.bench.BenchFailure
            A test failed, or nothing was compared.
        """
        from .verify.verify import verify  # noqa: PLC0415 - simulators

        given: dict[str, Any] = {"simulator": simulator, "seed": seed, "timeout": timeout, "waves": waves}
        if directory is not None:
            return verify(self.generated, Path(directory), **given)
        from dotforge_sim.simulator.processes import scratch  # noqa: PLC0415

        with scratch() as place:
            return verify(self.generated, place, **given)

    def run(
        self,
        a: "ArrayLike | sparray | Matrix | Stored",
        b: "ArrayLike | sparray | Matrix | Stored",
        progress: Callable[[int, int], None] = lambda done, total: None,
        **options: Any,
    ) -> "RunResult":
        """Multiply matrices on the compiled RTL, and compare every output with golden.

        Parameters
        ----------
        a : M×K, numbers of the engine's formats, or real ones with ``quantize``; SciPy's sparse ones where the
            engine takes them
        b : K×N
        progress : is told the streamed beats and how many there are
        options : those of ``dotforge run NAME``, with underscores: ``quantize="scaled"``

        Returns
        -------
        The product ``c`` (M×N), the ``statistics`` that ``--json`` writes, ``arrays``, and ``failure``: ``None``, or
        why the result is not to be used.

        Raises
        ------
        ParameterError
            The engine multiplies no matrices, or has no such option.
        dotforge_sim.run.gemm.RunError
            The operands do not fit the engine or each other.
        """
        module = self._runner()
        known = [field.name for field in fields(module.Options)]
        for option in options:
            if option not in known:
                raise ParameterError(f"option {option} of {self.name}: allowed are {', '.join(known)}")
        from dotforge_sim.run.gemm import Design  # noqa: PLC0415 - simulators

        made = Design(self.verilog, self.manifest)
        return module.run(made, a, b, module.Options(**options), progress)

    def _runner(self) -> Any:
        module = runner(self.name)
        if module is None:
            raise ParameterError(f"engine {self.name} multiplies no matrices")
        return importlib.import_module(module)

    def synth(
        self, target: str = "cmos", *, hierarchy: str = "flat", yosys: str | None = None, **choices: Any
    ) -> dict[str, Any]:
        """Synthesize it, and report what it costs.

        Parameters
        ----------
        target : as ``dotforge synth --target``
        hierarchy : ``flat``, or ``sum`` over modules that are synthesized one by one
        yosys : ``pyosys`` or ``yowasp`` (default: the one that is there)
        choices : options of the target, with underscores: ``seeds=1``, ``clock_mhz=200``

        Returns
        -------
        A report; see :data:`dotforge.synthesis.synth.SCHEMA`.

        Raises
        ------
        dotforge.synthesis.targets.TargetError
            There is no such target, what it needs is not there, or it makes no use of what was chosen.
        dotforge.tools.yosys.YosysError
            Synthesis failed, or did not end in time.
        """
        from .synthesis.synth import synthesize  # noqa: PLC0415 - tools

        return synthesize(self.generated, target=target, mode=hierarchy, yosys=yosys, **choices)

    def generate(
        self,
        directory: str | Path,
        *,
        clock_mhz: float = 100.0,
        flow: str = "all",
        recording: "Recording | None" = None,
        missing: str = "",
    ) -> list[Path]:
        """Write Verilog, manifest, constraints, bench, datasheet, and files for flows of other tools.

        Parameters
        ----------
        directory : to write
        clock_mhz : clock of the constraints
        flow : ``all``, ``none``, or names with commas, as `generate --flow` takes them
        recording : what :meth:`record` returns, for waveforms and golden vectors
        missing : why there is none

        Returns
        -------
        The files, relative to ``directory``.

        Raises
        ------
        dotforge.tools.files.OutputError
            The directory cannot be written.
        ValueError
            There is no such flow.
        """
        from .delivery.flows import chosen  # noqa: PLC0415 - with the next one
        from .delivery.generate import generate  # noqa: PLC0415 - pictures

        return generate(
            self.generated,
            Path(directory),
            clock_mhz=clock_mhz,
            flows=chosen(flow),
            recording=recording,
            missing=missing,
        )

    def record(self, *, timeout: float = 600) -> "Recording":
        """Run the bench once without pauses and keep what happens at the ports.

        Parameters
        ----------
        timeout : seconds

        Raises
        ------
        dotforge_sim.simulator.bench.BenchFailure
            The bench failed.
        dotforge_sim.simulator.toolchain.ToolMissing, dotforge_sim.simulator.native.SimulatorError
            There is no simulator, or it refuses the Verilog.
        """
        from .verify.recording import record  # noqa: PLC0415 - simulators

        return record(self.generated, timeout=timeout)


def resolve(design: str, parameters: dict[str, Any]) -> ConfiguredEngine:
    """Return what the command line calls a design: a directory, or an engine with parameters.

    Parameters
    ----------
    design : directory with a generated engine, or name of an engine
    parameters : values by name, for an engine

    Raises
    ------
    ParameterError, OutputError
        See :meth:`ConfiguredEngine.of` and :meth:`ConfiguredEngine.at`; a directory takes no parameters.
    """
    if not is_directory(design):
        return ConfiguredEngine.of(design, parameters)
    if parameters:
        raise OutputError(f"{design} is generated already: -p goes with an engine, not with a directory")
    return ConfiguredEngine.at(Path(design))
