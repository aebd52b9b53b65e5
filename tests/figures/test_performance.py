"""What commands take: measured side by side, and written down as it was measured."""

import subprocess
from pathlib import Path

import pytest

from dotforge.cli import cli
from dotforge.figures import performance
from dotforge.figures.performance import TASKS, Task, choices, choices_table, collect, table
from dotforge.tools.process import ToolError

ROOT = Path(__file__).parents[2]


def test_the_page_holds_what_is_chosen() -> None:
    assert choices_table(choices()) in (ROOT / "docs/performance.md").read_text()


def test_every_task_is_a_command() -> None:
    for name, task in TASKS.items():
        assert task.arguments[0] in (*cli.list_commands(None), "--help"), name  # pyright: ignore[reportArgumentType]


def work_trees() -> set[str]:
    git = ["git", "worktree", "list", "--porcelain"]
    told = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {line for line in told.splitlines() if line.startswith("worktree ")}


def test_a_commit_is_measured_beside_this_tree() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    before = work_trees()
    found = collect(("help",), against="HEAD")
    assert work_trees() <= before
    row = found["tasks"]["help"]
    assert 0.02 < row["old"]["cpu_seconds"] < 10
    assert 0.02 < row["new"]["cpu_seconds"] < 10
    assert "| help | `dotforge --help` | 0.79 |" in table(found)


def test_what_fails_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(performance.TASKS, "wrong", Task(("list", "no-such-engine")))
    with pytest.raises(ToolError, match="engine no-such-engine"):
        collect(("wrong",))


def test_a_commit_that_is_not_there_is_said() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    with pytest.raises(ToolError, match="no work tree of no-such-commit"):
        collect(("help",), against="no-such-commit")
