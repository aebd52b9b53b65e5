"""``beats.py``: how a program packs operands and unpacks results of one engine, a file that needs NumPy alone."""

import ast
import importlib.util
from pathlib import Path
from typing import Any

__all__ = ["host_module"]

_HOST = "dotforge_sim.host"

#: What every file has, and what an engine's layout stands on.
_COMMON = ("dotforge_sim.simulator.payload", f"{_HOST}.common", f"{_HOST}.files")
_BELOW = {
    "flexdpe": (
        f"{_HOST}.compressed",
        "dotforge_golden.switch",
        "dotforge_golden.benes",
        "dotforge_golden.route",
    ),
    "flexdpu": (f"{_HOST}.compressed",),
}


def host_module(manifest: dict[str, Any]) -> str:
    """Return the text of ``beats.py``.

    Parameters
    ----------
    manifest : of the engine; one without a layout of its own gets fields and files
    """
    kind, names = _modules(manifest)
    imports: dict[str, set[str]] = {}
    bodies = []
    for name in names:
        found, body = _split(_text(name))
        for module, wanted in found.items():
            imports.setdefault(module, set()).update(wanted)
        bodies.append(f"# --- {name.rpartition('.')[2]}\n\n{body.strip()}\n")
    head = (
        f'"""Beats of {manifest["top"]} ({manifest["engine"]}): {_WHAT[kind]}.\n\n'
        f"Needs NumPy alone, and nothing of dotforge.\n\n{_USAGE[kind]}"
        '"""\n'
    )
    end = _END if kind == "layout" else ""
    return "\n".join([head, *_imports(imports), "", "", "\n\n".join(bodies), end]).rstrip() + "\n"


def _modules(manifest: dict[str, Any]) -> tuple[str, list[str]]:
    """Return what the file is to be, and the modules that it is made of."""
    engine = manifest["engine"]
    own = f"{_HOST}.{engine}"
    if any(stream["name"] == "streaming_0" for stream in manifest["streams"]):
        return "packets", [f"dotforge_golden.{name}" for name in ("packet_format", "packets", "packet_job")]
    if engine == own.rpartition(".")[2] and importlib.util.find_spec(own) is not None:
        return "layout", [*_COMMON, *_BELOW.get(engine, ()), own]
    return "fields", list(_COMMON)


_WHAT = {
    "layout": "matrices of codes to beats, and beats to the product",
    "packets": "matrices of codes to packets of a job, and packets of results to the product",
    "fields": "fields to beats, and beats to fields",
}

_USAGE = {
    "layout": """\
    python beats.py --settings SAVED/beats.json pack SAVED/operands.npz IN      # IN/STREAM.hex, .npy, .tlast.npy
    python beats.py --settings SAVED/beats.json unpack SAVED/operands.npz OUT -o C.npy

SAVED is what `dotforge run --save-beats SAVED` wrote; operands may be any others of the same formats. From Python:
beats(manifest, operands, settings), product(manifest, operands, received, settings), and pack(stream, values),
unpack(stream, beats) for the fields of one stream of manifest.json.
""",
    "packets": """\
    stationary, streaming = job_packets(rows, vectors, window=…, lanes=…, format=…, tag=…, beat_bytes=…)
    c = result_matrix(results, shape, beat_bytes, tag=…)
    pack(Tile(…), beat_bytes), unpack(packet, beat_bytes), unpack_stream(packets, beat_bytes), compress(codes)
""",
    "fields": """\
    stream = json.loads(Path("manifest.json").read_text())["streams"][0]
    data = pack(stream, {name: values})
    to_hex(stream, data, last)
""",
}

_END = """
if __name__ == "__main__":
    sys.exit(main())
"""


def _text(module: str) -> str:
    found = importlib.util.find_spec(module)
    assert found is not None and found.origin is not None
    return Path(found.origin).read_text(encoding="utf-8")


def _imports(found: dict[str, set[str]]) -> list[str]:
    """Return lines in the order of linters: the standard library first, ``import`` before ``from``."""
    plain = sorted(module for module, names in found.items() if not names and module != "numpy as np")
    named = sorted((module, sorted(names)) for module, names in found.items() if names)
    return [
        *(f"import {module}" for module in plain),
        *(
            f"from {module} import {', '.join(names)}"
            for module, names in named
            if not module.startswith("numpy")
        ),
        "",
        "import numpy as np",
        *(
            f"from {module} import {', '.join(names)}"
            for module, names in named
            if module.startswith("numpy")
        ),
    ]


def _split(text: str) -> tuple[dict[str, set[str]], str]:
    """Return what comes from outside of dotforge, and the text without docstring, ``__all__`` and imports."""
    lines = text.splitlines()
    tree = ast.parse(text)
    imports: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        own = isinstance(node, ast.ImportFrom) and (node.level > 0 or str(node.module).startswith("dotforge"))
        top = node in tree.body
        if own or (top and isinstance(node, ast.Import | ast.ImportFrom)):
            assert isinstance(node, ast.Import | ast.ImportFrom)
            if isinstance(node, ast.ImportFrom) and not own:
                imports.setdefault(str(node.module), set()).update(ast.unparse(each) for each in node.names)
            elif not own:
                imports.update({ast.unparse(each): set() for each in node.names})
            _blank(lines, node)
    first = tree.body[0]
    assert isinstance(first, ast.Expr), "a module begins with its docstring"
    _blank(lines, first)
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            _blank(lines, node)
    return imports, "\n".join(line for line in lines if line is not None)


def _blank(lines: list[Any], node: ast.stmt) -> None:
    for number in range(node.lineno - 1, node.end_lineno or node.lineno):
        lines[number] = None
