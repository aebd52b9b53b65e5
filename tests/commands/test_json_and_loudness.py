"""``--json``, ``--quiet`` and ``--verbose`` mean the same for every command."""

import json
from pathlib import Path
from typing import Any

import click
import pytest

from dotforge import console
from dotforge.cli import cli
from dotforge.registry import names
from dotforge_sim.simulator import processes

#: Commands without ``--json``: what they make is files, or text for a shell (a directory, of `fusesoc`).
WITHOUT = {"completion", "draw", "example", "export", "fusesoc"}


def commands() -> dict[str, click.Command]:
    context = click.Context(cli)
    found: dict[str, click.Command] = {}
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):  # run: a command an engine
            command = command.get_command(context, "logmac")
            assert command is not None
        found[name] = command
    return found


def option(command: click.Command, flag: str) -> click.Option | None:
    found = [each for each in command.params if isinstance(each, click.Option) and flag in each.opts]
    assert len(found) < 2
    return found[0] if found else None


@pytest.mark.parametrize(("name", "command"), commands().items())
def test_options_are_the_same(name: str, command: click.Command) -> None:
    asked = option(command, "--json")
    assert (asked is None) == (name in WITHOUT)
    if asked is not None:
        assert (asked.metavar, asked.flag_value, asked.is_flag) == ("[FILE]", "-", False)
    for flag in ("--quiet", "--verbose", "-q", "-v"):
        said = option(command, flag)
        assert said is not None
        assert said.is_flag


@pytest.mark.parametrize(
    ("words", "table"),
    [
        (("list", "logmac"), "fold_sign"),
        (("metadata", "--shape", "16,16", "--density", "0.1"), "bitmap"),
        (("roofline", "--shape", "64,64,64"), "OP/byte"),
        (("roofline", "--list"), "h100"),
        (("system", "--list"), "networks:"),
        (("energy", "--chain"), "SI units"),
        (("estimate", "--shape", "64,64,64"), "streaming"),
    ],
)
def test_json_is_printed_alone_or_written_beside_the_table(
    words: tuple[str, ...], table: str, dotforge: Any, tmp_path: Path
) -> None:
    printed = dotforge(*words, "--json")
    assert (printed.code, printed.err) == (0, "")
    found = json.loads(printed.out)
    assert _timeless(json.loads(dotforge(*words, "--json", "-").out)) == _timeless(found)
    written = dotforge(*words, "--json", "found.json")
    assert (written.code, table in written.out) == (0, True)
    assert _timeless(json.loads((tmp_path / "found.json").read_text())) == _timeless(found)


def _timeless(found: Any) -> Any:
    return {**found, "wall_seconds": None} if isinstance(found, dict) and "wall_seconds" in found else found


def test_a_file_of_json_is_of_its_own_run(dotforge: Any, tmp_path: Path) -> None:
    words = ("metadata", "M.npy", "--json", "found.json")
    assert dotforge("metadata", "--shape", "16,16", "--density", "0.1", "--json", "found.json").code == 0
    (tmp_path / "M.npy").write_bytes(b"no array")
    failed = dotforge(*words)
    assert failed.code == 2
    same = dotforge("metadata", "M.npy", "--json", "M.npy")
    assert (same.code, len(same.err.splitlines())) == (2, 1)
    assert (tmp_path / "M.npy").read_bytes() == b"no array"
    no_place = dotforge("list", "--json", "nowhere/found.json")
    assert (no_place.code, len(no_place.err.splitlines())) == (2, 1)


@pytest.mark.parametrize("name", names())
def test_an_engine_behind_json_is_no_file(name: str, dotforge: Any, tmp_path: Path) -> None:
    refused = dotforge("list", "--json", name)
    assert refused.code == 2
    assert f"{name} is no file to write: `--json -` prints" in refused.err
    assert not (tmp_path / name).exists()


def test_how_much_is_said(dotforge: Any) -> None:
    words = ("generate", "logmac", "-p", "lanes=1", "--no-simulate", "-o")
    for quiet in (("--quiet", *words, "a"), (*words, "a", "-q")):
        assert dotforge(*quiet).err == ""
    both = dotforge("-q", *words, "b", "-v")
    assert both.code == 2
    assert "one of --quiet and --verbose is allowed" in both.err
    assert dotforge(*words, "b").code == 0, "of an earlier command nothing is left"


def test_verbose_tells_programs_and_where_errors_were_found(
    dotforge: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = dotforge("metadata", "none.npy")
    assert len(silent.err.splitlines()) == 1
    said = dotforge("metadata", "none.npy", "--verbose")
    assert said.code == silent.code == 2
    assert "Traceback" in said.err
    assert said.err.splitlines()[-1] == silent.err.strip()
    console.be_verbose(True)
    try:
        processes.run(["sh", "-c", "exit 3"])
    finally:
        console.be_verbose(False)
    lines = capsys.readouterr().err.splitlines()
    assert "sh -c 'exit 3' (in " in lines[0]
    assert "exit 3 after " in lines[1]
    processes.run(["true"])
    assert capsys.readouterr().err == ""
