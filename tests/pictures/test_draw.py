"""Pictures of networks: well-formed, repeatable, and true."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner

from dotforge.commands.draw import command
from dotforge.pictures.fan import draw_fan
from dotforge.pictures.group import draw_group
from dotforge.pictures.networks import draw_benes, draw_copy, draw_distribution

SEED = 44


def labels(picture: str) -> dict[str, str]:
    """Return text → colour."""
    root = ET.fromstring(picture)
    return {item.text or "": item.get("fill") or "" for item in root.iter("{http://www.w3.org/2000/svg}text")}


@pytest.mark.parametrize(
    "make",
    [
        lambda: draw_benes([2, 0, 3, 1]),
        lambda: draw_copy([3, 1, 2]),
        lambda: draw_distribution([0, 0, 3, -1], [1, 0, 1, 1]),
        lambda: draw_fan([3, 4, 1]),
        lambda: draw_group([3, 4, 2, 4], 2, 4),
    ],
)
def test_pictures_are_well_formed_and_repeatable(make):
    picture = make()
    assert ET.fromstring(picture).tag.endswith("svg")
    assert picture == make()


def test_every_lane_gets_the_colour_of_its_value():
    print("seed", SEED)
    random = np.random.default_rng(SEED)
    for _ in range(40):
        positions = np.where(random.random(8) < 0.2, -1, random.integers(0, 8, 8))
        bitmap = random.integers(0, 2, 8)
        colour = labels(draw_distribution(positions.tolist(), bitmap.tolist()))
        value = {
            int(found[1]): fill
            for text, fill in colour.items()
            if (found := re.match(r"value \d+ \(k=(\d+)", text))
        }
        for lane, position in enumerate(positions):
            if position >= 0 and bitmap[position]:
                assert colour[f"lane {lane}: k={position}"] == value[position]


def test_permutations_and_copies_keep_their_colours():
    colour = labels(draw_benes([5, 2, 7, 0, 4, 1, 6, 3]))
    for output, source in enumerate([5, 2, 7, 0, 4, 1, 6, 3]):
        assert colour[f"out {output} = in {source}"] == colour[f"in {source}"]
    colour = labels(draw_copy([3, 1, 2, 1]))
    for slot, source in enumerate([0, 0, 0, 1, 2, 2, 3]):
        assert colour[f"slot {slot} = in {source}"] == colour[f"in {source}"]


def test_fan_colours_the_adders_of_a_run():
    picture = draw_fan([3, 1, 4])
    colours = set(re.findall(r"<circle[^>]*fill='(#\w+)'", picture))
    assert len(colours) == 4  # three runs, and adders that do not add
    assert {"sum 0", "sum 1", "sum 2"} <= set(labels(picture))


def test_rows_of_a_group_keep_their_colours_and_say_where_they_go():
    """Row 1 goes over to the second Flex-DPE, row 3 into the second fold."""
    picture = draw_group([3, 2, 2, 3], 2, 4)
    colour = labels(picture)
    assert {"bank 0", "+ →, bank 1", "↖", "bank 2", "bank 3"} <= set(colour)
    circles = re.findall(r"<circle[^>]*fill='(#\w+)'", picture)
    assert len(circles) == 16
    assert [circles[lane] for lane in (0, 3, 5)] == [
        colour["bank 0"],
        colour["+ →, bank 1"],
        colour["bank 2"],
    ]
    assert circles[-6:] == ["#ffffff"] * 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["benes", "1,1"], "permutation"),
        (["benes", "a"], "integers with commas"),
        (["copy", "0,1"], "at least one"),
        (["fan", "3,2"], "power of two"),
        (["distribution", "0,1,2"], "power of two"),
        (["distribution", "0,1", "--bitmap", "102"], "zeros and ones"),
        (["distribution", "0,9"], "0…1"),
        (["flexdpu", "3,9"], "0…8 elements"),
        (["flexdpu", "3,2", "--engines", "0"], "1 Flex-DPE or more"),
        (["fan", "3,1", "--lanes", "4"], "only for flexdpu"),
    ],
)
def test_wrong_numbers_are_named(tmp_path, arguments, message):
    result = CliRunner().invoke(command, [*arguments, "-o", str(tmp_path / "x.svg")])
    assert result.exit_code == 2
    assert message in result.output
    assert not (tmp_path / "x.svg").exists()


def test_command_writes_a_picture(tmp_path):
    path = tmp_path / "net.svg"
    result = CliRunner().invoke(command, ["distribution", "0,3,3,1", "--bitmap", "1011", "-o", str(path)])
    assert result.exit_code == 0, result.output
    assert path.read_text() == draw_distribution([0, 3, 3, 1], [1, 0, 1, 1])
