"""Pictures of every engine for its page: block diagram and waveforms of its bench, in its default configuration.

``python -m dotforge.figures.all waveforms -o DIR`` writes them; ``waveforms.json`` says which Verilog they show.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..delivery.engine_pictures import picture_name, pictures
from ..front_door import ConfiguredEngine
from ..registry import names
from ..tools.files import write_json, write_text

__all__ = ["draw", "write"]


def draw(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Run the bench of an engine once; return what its pictures show, and file → SVG text.

    Parameters
    ----------
    name : of the engine
    """
    made = ConfiguredEngine.of(name, {})
    found = pictures(made.generated, made.record())
    files = {f"{name}_{picture_name(title)}.svg": svg for title, svg in found.items()}
    told = {
        "verilog_sha256": made.manifest["verilog_sha256"],
        "pictures": dict(zip(files, found, strict=True)),
    }
    return told, files


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``ENGINE_PICTURE.svg`` of every engine and ``waveforms.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each engine
    """
    directory.mkdir(parents=True, exist_ok=True)
    content, paths = {}, []
    for name in names():
        progress(f"bench of {name}")
        content[name], files = draw(name)
        for file, svg in files.items():
            paths.append(directory / file)
            write_text(paths[-1], svg)
    paths.append(directory / "waveforms.json")
    write_json(paths[-1], content)
    return paths
