"""What `optimize` chooses: from measured areas and counted cycles, and as good as what is near."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dotforge.cli import cli
from dotforge.engines.flexdpe import choose as chooser
from dotforge.engines.flexdpe.choose import CHOSEN, LANES, Choice, choose, listed
from dotforge.engines.flexdpe.presets import PUBLISHED
from dotforge.export.design import from_parameters
from dotforge.figures import flexdpe_choices as made
from dotforge.figures.flexdpe_fit import REST, area, fit
from dotforge.parameters import ParameterError
from dotforge.registry import configure

STORED: dict[str, Any] = json.loads((Path(chooser.__file__).parent / "choices.json").read_text())


def values(**parameters: Any) -> dict[str, Any]:
    _, config = configure("flexdpe", parameters)
    return {name: getattr(config, name) for name in CHOSEN}


def chosen(optimize: str, lanes: int, name: str) -> Choice:
    wanted = choose(optimize, lanes, name, {})
    (found,) = [each for each in listed(lanes, name) if each.values == wanted]
    return found


def shortfalls() -> list[tuple[int, str, float]]:
    """Return where a configuration of up to 1.15 times the area is more than 1 / 0.95 as efficient."""
    found = []
    for lanes in LANES:
        for name in made.FORMATS:
            best = chosen("balanced", lanes, name)
            near = min(each.cycles for each in listed(lanes, name) if each.area <= 1.15 * best.area)
            if near < 0.95 * best.cycles:
                found.append((lanes, name, near / best.cycles))
    return found


def test_nothing_near_is_much_better() -> None:
    assert shortfalls() == []


@pytest.mark.parametrize("lanes", [16, *(pytest.param(each, marks=pytest.mark.slow) for each in LANES)])
def test_nothing_drawn_near_is_much_better(lanes: int, request: pytest.FixtureRequest) -> None:
    """Not among configurations that are not offered either: efficiency of the default is 0.95 times theirs or more."""
    slow = request.node.get_closest_marker("slow") is not None
    seed = random.randrange(1000)
    print("seed", seed)
    found = made.against_drawn(lanes, 200 if slow else 16, seed)
    assert sum(count for _, count in found.values()) > 0
    assert all(ratio >= 0.95 for ratio, _ in found.values()), found


def test_what_is_near_and_better_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chooser, "_GAIN", 0.0)
    assert shortfalls()


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", made.FORMATS)
def test_each_aim_is_met(lanes: int, name: str) -> None:
    fast, balanced, small = (chosen(aim, lanes, name) for aim in ("throughput", "balanced", "area"))
    every = listed(lanes, name)
    assert small.area == min(each.area for each in every)
    assert fast.cycles <= 1.02 * min(each.cycles for each in every)
    assert small.area <= balanced.area
    least = min(each.area * each.cycles for each in every)
    assert balanced.area * balanced.cycles <= 1.15 * least


@pytest.mark.parametrize("row", STORED["configurations"]["int8"]["16"][::9])
def test_cycles_are_those_of_the_model(row: list[Any]) -> None:
    parameters = {**REST, "lanes": 16, **dict(zip(CHOSEN, row, strict=False))}
    assert made.mean(made.cycles(parameters)) == row[-1]


def test_areas_are_those_of_the_fit() -> None:
    fitted = fit([(parameters, found) for parameters, found in STORED["measured"]])
    for name, by_lanes in STORED["configurations"].items():
        for lanes, rows in by_lanes.items():
            for row in rows:
                parameters = {"lanes": int(lanes), "format": name, **dict(zip(CHOSEN, row, strict=False))}
                assert round(area(fitted, parameters)) == row[-2]
    errors = [area(fitted, each) / sum(found.values()) - 1 for each, found in STORED["measured"]]
    assert max(map(abs, errors)) == pytest.approx(STORED["largest_error"], abs=1e-4)
    assert STORED["largest_error"] < 0.03


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 9])
def test_areas_are_measured(index: int) -> None:
    parameters, found = STORED["measured"][index]
    assert made.parts(parameters) == found


def test_what_is_measured_is_what_is_stored() -> None:
    assert [each for each, _ in STORED["measured"]] == list(made.measured_configurations())
    assert [list(each) for each in made.REFERENCE] == STORED["reference"]


def test_what_is_given_stays() -> None:
    free = values(lanes=64, optimize="balanced")
    assert values(lanes="64", optimize="balanced", stationary_bandwidth="16")["stationary_bandwidth"] == 16
    assert values(lanes=64, optimize="balanced", window=64)["window"] == 64
    assert values(lanes=64, optimize="balanced", window=0)["window"] == 0
    # Nobody measured this; the rest is as it is without it.
    assert values(lanes=64, optimize="balanced", row_buffer=7) == {**free, "row_buffer": 7}
    assert values(lanes=64, optimize="area", reduction="linear")["fold_change"] == "drain"


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", made.FORMATS)
def test_balanced_is_the_default(lanes: int, name: str) -> None:
    assert values(lanes=lanes, format=name) == chosen("balanced", lanes, name).values
    assert values(lanes=lanes, format=name, optimize="balanced") == values(lanes=lanes, format=name)


def test_none_chooses_nothing() -> None:
    assert values(lanes=64, optimize="none") == dict(
        zip(CHOSEN, (0, "auto", 1, 1, 0, 4, "auto"), strict=True)
    )


def test_a_network_has_places_for_the_registers_that_are_given() -> None:
    assert values(lanes=16)["window"] == 8
    deep = values(lanes=16, distribution_pipeline="9")
    assert (deep["distribution"], deep["window"]) == ("crossbar", 16)
    with pytest.raises(ParameterError, match="distribution_pipeline=40: allowed 0…"):
        values(lanes=16, distribution_pipeline=40)


@pytest.mark.parametrize("optimize", ["none", "balanced"])
def test_auto_is_as_if_not_given(optimize: str) -> None:
    every = dict.fromkeys(CHOSEN, "auto")
    assert values(lanes=64, optimize=optimize, **every) == values(lanes=64, optimize=optimize)
    assert values(lanes=64, optimize=optimize, **every | {"window": 32})["window"] == 32


def test_folds_that_cannot_overlap_drain() -> None:
    """Also where ``auto`` is said."""
    for given in ({}, {"fold_change": "auto"}):
        assert values(lanes=16, reduction="art", **given)["fold_change"] == "drain"
    with pytest.raises(ParameterError, match="fold_change=overlap: allowed drain"):
        values(lanes=16, reduction="art", fold_change="overlap")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"optimize": "speed"}, "parameter optimize=speed: allowed none, throughput, balanced, area"),
        ({"optimize": "area", "lanes": 12}, "parameter lanes=12: allowed powers of two"),
        ({"optimize": "area", "lanes": 1024}, "parameter lanes=1024: allowed 4…512"),
        ({"optimize": "area", "format": "int9"}, "parameter format=int9"),
        ({"route_engines": 9}, "parameter route_engines=9: allowed auto, 1…8"),
        ({"route_engines": "most"}, "parameter route_engines=most: allowed auto, 1…8"),
        ({"adder_pipeline": "auto"}, "parameter adder_pipeline=auto: allowed 1…4"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        values(**given)


def test_the_manifest_says_why() -> None:
    first = from_parameters("flexdpe", {"lanes": 4, "format": "int4", "optimize": "balanced"})
    told = [text for text in first.manifest["function"] if "optimize=balanced" in text]
    assert len(told) == 1
    assert "transistors" in told[0]
    again = from_parameters("flexdpe", first.manifest["parameters"])
    assert again.verilog == first.verilog


def test_published_configurations_choose_nothing() -> None:
    assert all(parameters["optimize"] == "none" for parameters in PUBLISHED.values())


def test_list_says_what_is_chosen_and_why() -> None:
    def listed_by(*arguments: str) -> Any:
        done = CliRunner().invoke(cli, ["list", "flexdpe", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    assert "auto is chosen: `dotforge list flexdpe -p NAME=VALUE` says what, and why" in listed_by()
    found = json.loads(listed_by("--json", "-p", "lanes=256", "-p", "row_buffer=0"))
    rows = {row["name"]: row for row in found["parameters"]}
    assert {name: rows[name]["value"] for name in CHOSEN} == values(lanes=256, row_buffer=0)
    assert rows["window"]["default"] == "auto"
    assert rows["window"]["allowed"] == "auto, 0…512"
    assert found["choice"] in listed_by("-p", "lanes=256", "-p", "row_buffer=0").replace("\n", " ")
    assert "least area × cycles" in found["choice"]
    assert json.loads(listed_by("--json", "-p", "optimize=none"))["choice"] == ""


def test_the_page_says_what_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what stands in the table, only the last column takes long to count again."""
    monkeypatch.setattr(made, "cycles", lambda parameters: [1])
    page = (Path(__file__).parents[2] / "docs/flexdpe.md").read_text()
    for line in made.table()[2:]:
        assert line.rsplit("|", 2)[0] in page
