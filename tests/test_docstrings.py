"""Docstrings of what is public: what a function raises, and what each of its parameters is.

Public are the functions and classes that a module's ``__all__`` names, and the methods of those classes.
"""

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Public:
    """A function, or the constructor of a class, with the docstrings that speak of it."""

    module: str
    name: str
    function: Function
    text: str

    @property
    def parameters(self) -> list[str]:
        """Names of what callers give."""
        arguments = self.function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        return [each.arg for each in every if each.arg not in ("self", "cls")]


def exported(tree: ast.Module) -> set[str]:
    """Names in ``__all__``."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return {str(name) for name in ast.literal_eval(node.value)}
    return set()


def counts(function: Function) -> bool:
    """Whether callers read the docstring: not of overloads, commands, and what Amaranth calls."""
    marks = {ast.unparse(each).partition("(")[0].rpartition(".")[2] for each in function.decorator_list}
    return not marks & {"overload", "setter", "command"} and function.name != "elaborate"


def public(path: Path, top: Path) -> Iterator[Public]:
    """What a module offers."""
    module = ".".join(path.relative_to(top).with_suffix("").parts)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = exported(tree)
    for node in tree.body:
        if isinstance(node, Function) and node.name in names and counts(node):
            yield Public(module, node.name, node, ast.get_docstring(node) or "")
        if not isinstance(node, ast.ClassDef) or node.name not in names:
            continue
        about = ast.get_docstring(node) or ""
        for method in node.body:
            if not isinstance(method, Function) or not counts(method):
                continue
            text = ast.get_docstring(method) or ""
            if method.name in ("__init__", "__post_init__"):
                yield Public(module, node.name, method, f"{about}\n{text}")
            elif not method.name.startswith("_"):
                yield Public(module, f"{node.name}.{method.name}", method, text)


@functools.cache
def everything() -> list[Public]:
    return [
        each
        for top in ("hw", "golden", "sim")
        for path in sorted((ROOT / top).rglob("*.py"))
        for each in public(path, ROOT / top)
    ]


class Raised(ast.NodeVisitor):
    """What a function's own body raises, not functions inside of it; raising again does not count."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        pass

    def visit_Lambda(self, node: ast.Lambda) -> None:
        pass

    def visit_Raise(self, node: ast.Raise) -> None:
        if node.exc is not None:
            self.found.add(ast.unparse(node.exc).partition("(")[0].rpartition(".")[2])


def raised(function: Function) -> set[str]:
    visitor = Raised()
    for node in function.body:
        visitor.visit(node)
    return visitor.found - {"NotImplementedError"}  # says that a class is abstract


def without_raises(found: list[Public]) -> list[str]:
    return [
        f"{each.module}:{each.name} raises {', '.join(sorted(raised(each.function)))}"
        for each in found
        if raised(each.function) and not re.search(r"^ *Raises\n *------\n", each.text, re.M)
    ]


def explained(text: str) -> set[str]:
    """Parameters that a docstring speaks of: ``name``, or a line ``name : meaning``, ``a, b : meaning``."""
    lines = re.findall(r"^ *((?:\w+, )*\w+) : ", text, re.M)
    return {name for line in lines for name in line.split(", ")} | set(re.findall(r"``(\w+)", text))


def without_parameters(found: list[Public]) -> list[str]:
    """A parameter that is alone may be plain from the sentence."""
    return [
        f"{each.module}:{each.name}({', '.join(missing)})"
        for each in found
        if len(each.parameters) > 1 and (missing := sorted(set(each.parameters) - explained(each.text)))
    ]


def test_docstrings_say_what_is_raised() -> None:
    found = everything()
    assert sum(bool(raised(each.function)) for each in found) > 150
    assert without_raises(found) == []


def test_docstrings_say_what_parameters_are() -> None:
    found = everything()
    assert sum(len(each.parameters) > 1 for each in found) > 500
    assert without_parameters(found) == []


def test_a_gap_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        '__all__ = ["Bad", "bad", "good", "two"]\n'
        'class Bad:\n    """Says nothing."""\n    def __init__(self):\n        raise ValueError("x")\n'
        'def bad():\n    """Say nothing."""\n    raise LookupError("x")\n'
        'def good():\n    """Say.\n\n    Raises\n    ------\n    ValueError\n        Always.\n    """\n'
        '    raise ValueError("x")\n'
        'def private():\n    raise ValueError("x")\n'
        'def two(a, b):\n    """Add ``a``.\n\n    Parameters\n    ----------\n    c, d : no\n    """\n',
        encoding="utf-8",
    )
    found = list(public(tmp_path / "module.py", tmp_path))
    assert without_parameters(found) == ["module:two(b)"]
    assert without_raises(found) == ["module:Bad raises ValueError", "module:bad raises LookupError"]
