"""Wheel and source distribution: they hold what is needed, and work from an empty directory."""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dotforge import registry, versions
from dotforge.delivery.flows import FLOWS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_version_shows_the_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dotforge", "--version"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == f"dotforge {PROJECT['project']['version']}"
    assert re.search(r"^amaranth 0\.5\.", done.stdout, re.M)
    monkeypatch.setenv("PATH", "")
    assert versions.versions()["sta"] == "absent"
    monkeypatch.setattr(versions, "PACKAGES", ("no-such-package",))
    assert versions.versions()["no-such-package"] == "absent"


def test_one_version_everywhere() -> None:
    version = PROJECT["project"]["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {version}\n" in citation
    assert f"\nlicense: {PROJECT['project']['license']}\n" in citation
    # What is not released yet stands below this head, a release below its own.
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_pages_of_engines_are_in_the_wheel() -> None:
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for name in registry.names():
        assert included.get(f"docs/{name}.md") == f"dotforge/_data/docs/{name}.md"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("build", reason="skipped: needs build")
    pytest.importorskip("hatchling", reason="skipped: needs hatchling")
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out


@pytest.mark.slow
def test_what_is_inside(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in registry.names():
        assert f"dotforge/_data/docs/{name}.md" in names
        assert f"dotforge/_data/tb/{name}/test_{name}.py" in names
    assert {"dotforge/_data/tb/support/bench_kit.py", "dotforge/_data/constraints/engine.sdc"} <= names
    for flow in FLOWS.values():
        assert {f"dotforge/_data/constraints/flows/{template}" for template in flow.files} <= names
    assert {"dotforge/_data/fusesoc/dotforge.core", "dotforge/_data/fusesoc/generator.py"} <= names
    assert not [name for name in names if name.startswith(("tests/", "build/")) or "__pycache__" in name]
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "Makefile",
        "tests/test_dist.py",
        "docs/index.md",
        "tb/support/bench_kit.py",
        "CITATION.cff",
    } <= inside
    assert not [name for name in inside if name.startswith(("build/", ".git/"))]


@pytest.mark.slow
def test_readme_from_an_empty_directory(built: Path, tmp_path: Path) -> None:
    """The wheel without its dependencies, which come from this environment; nothing of the tree is seen."""
    (wheel,) = built.glob("*.whl")
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install: list[Any] = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True, capture_output=True)
    packages = next((home / "lib").glob("python*/site-packages"))
    # A directory in a .pth file is searched after the environment's own, and its own .pth files are not read.
    (packages / "dependencies.pth").write_text(
        f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n"
    )
    work = tmp_path / "work"
    work.mkdir()
    path = os.pathsep.join([str(home / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PATH": path}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=work, env=environment, capture_output=True, text=True, check=False)

    files = "import dotforge, dotforge_golden, dotforge_sim as s; print(dotforge.__file__, s.__file__)"
    where = run(str(python), "-c", files)
    assert where.stdout.count(str(home)) == 2, where
    readme = re.search(
        r"```console\n(\$ dotforge .*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S
    )
    assert readme is not None
    for line in readme[1].splitlines()[:4]:
        words = shlex.split(line.removeprefix("$ "), comments=True)
        done = run(str(home / "bin" / words[0]), *words[1:])
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert (work / "build" / "mac" / "manifest.json").is_file()
