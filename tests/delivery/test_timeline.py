"""``run --timeline``: a page that opens from disk, without a network and without a complaint."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge_sim.run.timeline import timeline

from ..browser import opened
from ..commands.conftest import dotforge as dotforge  # noqa: PLC0414 - a fixture

SMALL = ("engines=2", "lanes=4", "groups=1", "format=int4", "stationary_bandwidth=2", "row_bits=4", "index_bits=6",
         "accumulator_words=256")  # fmt: skip


#: Counts the colours of a canvas.
_COLOURS = """name => {
  const canvas = document.getElementById(name), pen = canvas.getContext("2d");
  return new Set(new Uint32Array(pen.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
}"""


def test_nothing_to_show() -> None:
    with pytest.raises(ValueError, match="nothing was streamed"):
        timeline([], 1)


@pytest.mark.slow
def test_in_a_browser(dotforge: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    for name, size in (("A", (9, 40)), ("B", (40, 30))):
        np.save(tmp_path / f"{name}.npy", random.integers(-8, 8, size) * (random.random(size) < 0.5))
    chosen = [word for each in SMALL for word in ("-p", each)]
    done = dotforge("run", "flexdpu", *chosen, "--a", "A.npy", "--b", "B.npy", "--timeline", "t.html")
    assert done.code == 0, done.err
    with opened(tmp_path / "t.html") as (view, said):
        for width in (1280, 390):
            view.set_viewport_size({"width": width, "height": 844})
            assert view.evaluate("document.documentElement.scrollWidth <= innerWidth")
            for name in ("folds", "lanes", "causes"):
                assert view.evaluate(_COLOURS, name) >= 3, name
        assert "Flex-DPE 1" in view.content()
        before = view.locator("#range").text_content()
        view.locator("#in").click()
        assert view.locator("#range").text_content() != before
        view.locator("#folds").hover(position={"x": 200, "y": 10})
        assert view.locator("#at").text_content().startswith("cycle ")
        view.locator("#all").click()
        assert view.locator("#range").text_content() == before
        # Reading pixels back, as above, is what Chromium complains of.
        own = ("request: data:", "console: Canvas2D: Multiple readback")
        assert [line for line in said if not line.startswith(own)] == []
