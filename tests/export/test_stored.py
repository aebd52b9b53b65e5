"""Designs on disk: the same as made anew, and never those of other sources, parameters or tools."""

import pytest

from dotforge.export import stored
from dotforge.export.design import from_parameters
from dotforge.parameters import ParameterError
from dotforge.tools import yosys
from dotforge_sim.simulator import cache


@pytest.fixture(autouse=True)
def used(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(stored, "_used", True)
    monkeypatch.setenv("DOTFORGE_CACHE", str(tmp_path))


class Maker:
    """Counts how often a design is made."""

    def __init__(self, **parameters: object) -> None:
        self.parameters, self.times = parameters, 0

    def __call__(self) -> stored.Stored:
        self.times += 1
        made = from_parameters("logmac", self.parameters)
        return made.verilog, made.manifest

    def find(self, name: str | None = None) -> stored.Stored:
        return stored.find("logmac", self.parameters, name, self)


def test_a_design_is_made_once_and_stays_the_same() -> None:
    maker = Maker(lanes=2)
    first = maker.find()
    assert maker.find() == first == Maker(lanes=2)()
    assert maker.times == 1
    # What is given as text, or left to its default, is the same design.
    assert stored.find("logmac", {"lanes": "2", "fold_sign": "false"}, None, maker) == first
    assert maker.times == 1


def test_whatever_a_design_depends_on_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = Maker(lanes=2)
    maker.find()
    stored.find("logmac", {"lanes": 1}, None, maker)
    maker.find("other")
    monkeypatch.setattr(stored, "source_digest", lambda: "other sources")
    maker.find()
    monkeypatch.setattr(yosys, "version", lambda name: "other tool")
    maker.find()
    assert maker.times == 5


def test_sources_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    digests = set()
    (tmp_path / "pack").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(stored, "_PACKAGES", ("pack",))
    for text in ("", "a = 1\n", "a = 2\n"):
        (tmp_path / "pack" / "__init__.py").write_text(text)
        digests.add(stored.source_digest.__wrapped__())
    (tmp_path / "pack" / "more.py").write_text("")
    digests.add(stored.source_digest.__wrapped__())
    assert len(digests) == 4


def test_what_was_changed_on_disk_is_made_anew() -> None:
    maker = Maker(lanes=2)
    first = maker.find()
    (kept,) = (path for path in cache.root().glob("design-*") if path.is_dir())
    text = (kept / "design.v").read_text()
    (kept / "design.v").write_text(text.replace("assign", "assigm", 1))
    assert maker.find() == first
    assert maker.times == 2


def test_modules_that_were_changed_in_memory_are_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "_used", False)
    maker = Maker(lanes=2)
    assert maker.find() == maker.find()
    assert maker.times == 2
    assert not cache.count("design-")


def test_a_wrong_parameter_is_said_and_nothing_is_kept() -> None:
    with pytest.raises(ParameterError, match="lanes"):
        Maker(lanes=0).find()
    assert not cache.count("design-")
