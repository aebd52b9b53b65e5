"""The datasheet says what holds for this module, all of it, and nothing that holds for others."""

import inspect
import re
from typing import Any

import pytest

from dotforge.delivery.datasheet import datasheet
from dotforge.delivery.datasheet_interface import timing
from dotforge.export.design import Generated, from_parameters
from dotforge.registry import configure, engines


def sheet(engine: str, **parameters: Any) -> tuple[Generated, str]:
    generated = from_parameters(engine, parameters)
    return generated, datasheet(generated)


@pytest.fixture(scope="module")
def host() -> tuple[Generated, str]:
    parameters = {"format": "fp8_e5m2", "distribution": "multicast-benes", "optimize": "none"}
    return sheet("flexdpe", lanes=4, host_routes=True, **parameters)


@pytest.fixture(scope="module")
def mac() -> tuple[Generated, str]:
    return sheet("logmac", lanes=2, weight_depth=2)


def rows(text: str, head: str) -> list[list[str]]:
    """Return the rows of the table that begins with these columns."""
    lines = text[text.index(head) :].splitlines()[2:]
    table = lines[: next(number for number, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_error_causes_and_settings(host: tuple[Generated, str]) -> None:
    _, text = host
    assert [row[:2] for row in rows(text, "| value | name | meaning |")] == [
        ["0", "`none`"], ["1", "`row_order`"], ["2", "`stationary_count`"], ["3", "`stationary_surplus`"],
        ["4", "`stationary_short`"], ["5", "`route_length`"],
    ]  # fmt: skip
    assert rows(text, "| field | beat | bits | for |") == [
        ["`used`", "0", "0…3", "position 0 … position 3"],
        ["`ends`", "1", "0…2", "slot 0 … slot 2"],
        ["`crossed`", "2", "0, 2…3", "column 0, wires 0 and 1 … column 2, wires 2 and 3"],
        ["`crossed`", "3", "0…1", "column 1, wires 0 and 2 … column 1, wires 1 and 3"],
    ]


def test_folds_and_what_auto_is(host: tuple[Generated, str]) -> None:
    generated, text = host
    assert "ceil(kept values / 4) folds" in text
    assert "| `window` | 0 → 4 |" in text
    assert "| `sum_format` | auto → fp32 |" in text
    (interval,) = generated.manifest["intervals"]
    assert rows(text, "| from | to | cycles | if |")[0][:3] == [
        "first beat of bitmaps", "first streaming vector taken", str(interval["cycles"])
    ]  # fmt: skip


def test_paths_and_reset(mac: tuple[Generated, str]) -> None:
    generated, text = mac
    listed = {
        (source.strip("`"), output.strip("`"))
        for output, sources in rows(text, "| output | inputs |")
        for source in sources.split(", ")
    }
    assert listed == {(path["input"], path["output"]) for path in generated.manifest["combinational_paths"]}
    assert len(listed) > 0
    assert "- In reset `s_axis_activations_tready` is low." in text
    assert "- In reset `s_axis_weights_tready` is high." in text
    assert "- A beat that moves while `rst` is high is lost." in text


def test_products_of_all_multipliers() -> None:
    for parameters, count in (
        ({"lanes": 4, "engines": 2}, 8),
        ({"rows": 3, "columns": 5}, 15),
        ({"lanes": 4}, 4),
    ):
        text = timing({"initiation_interval": 1, "parameters": parameters, "intervals": []})
        assert text[2].startswith(f"One beat a cycle: up to {count} products a cycle,")


def test_codes(mac: tuple[Generated, str]) -> None:
    _, text = mac
    (row,) = rows(text, "| code | +0 | +1 |")
    assert row == ["`0x00`", "0.125", "0.25", "0.5", "1", "0", "-0.25", "-0.5", "-1"]
    assert "| `sum` | 0 | 16 | 1 | signed | int16 | 2^-3 | sum |" in text


def test_only_what_holds_here(mac: tuple[Generated, str], host: tuple[Generated, str]) -> None:
    for name in ("accumulator", "lookup_bits", "bin_bits", "log_output", "log_shift"):
        assert f"| `{name}` |" not in mac[1]
    assert re.search(r"Storage arrays \(\d+ bits\) have no power-up value", mac[1])
    assert "Storage arrays" not in host[1]
    # No report was made, so nothing is said of how its figures are to be read.
    assert "Fmax" not in mac[1]
    assert "Power is" not in mac[1]
    # What goes with routes of the host, with floating point and with narrow sums.
    _, text = sheet("flexdpe", lanes=4)
    others = (
        "`route_length`",
        "s_axis_settings",
        "- **settings**",
        "- **rounding**",
        "| `flush_subnormals` |",
    )
    assert [words for words in others if words not in host[1]] == []
    never = ("- **overflow**", "| `overflow` |", "| `route_walkers` |")
    assert [words for words in (*others, *never) if words in text] == []


def test_every_port_has_a_meaning(mac: tuple[Generated, str], host: tuple[Generated, str]) -> None:
    for made, text in (mac, host):
        found = rows(text, "| port | direction |")
        assert len(found) == len(made.manifest["ports"])
        assert all(row[3] for row in found)
        assert found[0][3] == "clock, rising edge"


@pytest.mark.parametrize("name", list(engines()))
def test_no_docstring_is_pasted(name: str) -> None:
    """Headings are those of the datasheet, and no text of a docstring is in it."""
    entry, config = configure(name, {})
    _, text = sheet(name)
    heads = re.findall(r"^#+ (.*)$", text, re.M)
    assert heads[0] == name
    assert set(heads[1:]) <= {
        "Function", "Throughput", "Parameters", "Ports", "Payloads", "Codes", "Protocol", "Combinational paths",
        "Waveforms", "Resources", "Registers", "Known limits", "Other flows", "How to reproduce every figure",
        "Provenance",
    }  # fmt: skip
    # Text over dashes or equals signs is a heading in Markdown too.
    assert re.search(r"^[-=]{3,}$", text, re.M) is None
    told = [line.strip() for line in (inspect.getdoc(type(entry.block(config))) or "").splitlines()]
    assert [line for line in told if len(line) > 40 and line in text] == []
    assert ":class:" not in text
    assert "``" not in text.replace("```", "")
