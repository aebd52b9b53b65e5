"""Hashes of code: what tells a figure made by this code from one that was made by other code.

Comments, docstrings, imports and empty lines make no figure, so they do not change a hash; nor does the version of
Python that it is made with.
"""

import ast
import functools
import hashlib
import importlib
import io
import sys
import tokenize
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

__all__ = ["bench", "code", "digest", "text"]


def digest(*parts: object) -> str:
    """Return a short hash of values whose ``repr`` says all of them."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def code(*modules: ModuleType | str) -> str:
    """Return a short hash of the code of some modules.

    Parameters
    ----------
    modules : themselves, or their full names
    """
    return digest(*(_of_file(_path(module)) for module in modules))


def bench(*directories: Path) -> str:
    """Return a short hash of all Python code below some directories, by name."""
    files = [(path.relative_to(top).as_posix(), path) for top in directories for path in _python(top)]
    return digest(*((name, _of_file(path)) for name, path in files))


def _python(directory: Path) -> Iterable[Path]:
    return sorted(directory.rglob("*.py"))


def _path(module: ModuleType | str) -> Path:
    if isinstance(module, str):
        # What runs as a program is loaded, but under its name it cannot be found.
        module = sys.modules.get(module) or importlib.import_module(module)
    if module.__file__ is None:
        raise ValueError(f"module {module.__name__} has no source")
    return Path(module.__file__)


def _of_file(path: Path) -> str:
    status = path.stat()
    return _hashed(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=1024)
def _hashed(path: Path, _changed: int, _size: int) -> str:
    return hashlib.sha256(text(path.read_text(encoding="utf-8")).encode()).hexdigest()


def text(source: str) -> str:
    """Return Python source without what makes no figure."""
    lines = source.splitlines()
    for number, column in _comments(source):
        lines[number - 1] = lines[number - 1][:column]
    for first, last in _idle(ast.parse(source)):
        lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _comments(source: str) -> list[tuple[int, int]]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.start for token in tokens if token.type == tokenize.COMMENT]


def _idle(tree: ast.Module) -> Iterable[tuple[int, int]]:
    """Yield first and last line of every docstring and import."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for index, statement in enumerate(body if isinstance(body, list) else ()):
            told = (
                index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            )
            if told or isinstance(statement, ast.Import | ast.ImportFrom):
                yield statement.lineno, statement.end_lineno or statement.lineno
