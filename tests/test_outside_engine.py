"""An engine of another distribution, which dotforge finds by its entry point and knows nothing of otherwise."""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent / "examples" / "outside_engine"


def wheel(directory: Path, *, value: str = "tally") -> Path:
    """Write the package as a wheel: no backend has to be there to build one."""
    path = directory / "tally-1.0-py3-none-any.whl"
    info = {
        "METADATA": "Metadata-Version: 2.1\nName: tally\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: by-hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": f"[dotforge.engines]\ntally = {value}\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        files = sorted((EXAMPLE / "tally").rglob("*.py"))
        for file in files:
            archive.write(file, str(file.relative_to(EXAMPLE)))
        for name, text in info.items():
            archive.writestr(f"tally-1.0.dist-info/{name}", text)
        names = [*archive.namelist(), "tally-1.0.dist-info/RECORD"]
        archive.writestr("tally-1.0.dist-info/RECORD", "".join(f"{name},,\n" for name in names))
    return path


def install(directory: Path, **given: str) -> Path:
    """Install the wheel into a directory of its own and return that."""
    place = directory / "site"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--target",
        place,
    ]
    subprocess.run([*command, wheel(directory, **given)], check=True, capture_output=True, timeout=120)
    return place


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("outside"))


def dotforge(site: Path, work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "dotforge", *arguments], cwd=work, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_list(site: Path, tmp_path: Path) -> None:
    found = json.loads(dotforge(site, tmp_path, "list", "--json").stdout)
    by_name = {entry["engine"]: entry for entry in found}
    assert list(by_name) == sorted(by_name)
    assert {"logmac", "tally"} <= set(by_name)
    assert by_name["tally"]["parameters"][0]["unit"] == "bits"
    # Without the package there is no such engine.
    done = dotforge(tmp_path, tmp_path, "list", "tally")
    assert (done.returncode, "tally: allowed are" in done.stderr) == (2, True)


def test_generate_verify_synth(site: Path, tmp_path: Path) -> None:
    done = dotforge(site, tmp_path, "generate", "tally", "-p", "bits=4", "-o", "out")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["parameters"]["bits"] == 4
    assert manifest["function"] == ["Adds up integers of 4 bits."]
    assert "Adds up integers of 4 bits." in (tmp_path / "out" / "tally.md").read_text()
    assert (tmp_path / "out" / "bench" / "test_tally.py").is_file()
    # The bench was recorded: golden vectors are there.
    assert (tmp_path / "out" / "bench" / "vectors.json").is_file(), done.stderr
    done = dotforge(site, tmp_path, "verify", "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["vectors"] > 100
    done = dotforge(site, tmp_path, "synth", "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["totals"]["transistors"] > 500
    points = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["entry-points"]
    assert points == {"dotforge.engines": {"tally": "tally"}}
    done = dotforge(site, tmp_path, "run", "tally", "--help")
    assert done.returncode == 2, "it has no runner"


@pytest.mark.slow
def test_a_bench_notices_a_fault(site: Path, tmp_path: Path) -> None:
    broken = tmp_path / "site" / "tally"
    broken.parent.mkdir()
    for file in site.rglob("*"):
        place = tmp_path / "site" / file.relative_to(site)
        if file.is_dir():
            place.mkdir(exist_ok=True)
        elif file.suffix != ".pyc":
            place.write_bytes(file.read_bytes())
    engine = broken / "engine.py"
    text = engine.read_text()
    engine.write_text(text.replace("Mux(first, 0, running)", "running"))
    assert engine.read_text() != text
    done = dotforge(tmp_path / "site", tmp_path, "verify", "tally")
    assert done.returncode == 1, done.stdout


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("tally.nowhere", "engine tally of tally cannot be loaded: ModuleNotFoundError: No module named 'tally."),
        ("tally.config:TallyConfig", "engine tally of tally: tally.config:TallyConfig is not a dotforge.entry.Engine"),
    ],
)  # fmt: skip
def test_an_entry_point_that_leads_nowhere(value: str, message: str, tmp_path: Path) -> None:
    site = install(tmp_path, value=value)
    done = dotforge(site, tmp_path, "generate", "tally", "-o", "out")
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    # Other engines are not held up by it.
    assert dotforge(site, tmp_path, "list", "logmac").returncode == 0
