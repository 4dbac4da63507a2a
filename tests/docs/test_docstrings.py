"""What takes or gives arrays says of what shape. That all has a docstring is for ruff (D102, D103)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(p for room in ("core", "engines", "nodes", "plugin") for p in (ROOT / room).rglob("*.py"))

_ARRAY = re.compile(r"\bNDArray\b|\bTensor\b")
_LENGTH = r"[\w.]+(?: ?[*/]{1,2} ?[\w.]+)*"
_SHAPE = re.compile(
    rf"\((?:{_LENGTH}(?:, ?{_LENGTH})+|{_LENGTH},)\)|\b(?:(?:any|this|same|one|own) shape|shape \(\))"
)


def public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """The functions and methods that others may call."""
    for part in body:
        if isinstance(part, ast.ClassDef) and not part.name.startswith("_"):
            yield from public(part.body)
        elif isinstance(part, ast.FunctionDef) and (part.name == "__call__" or not part.name.startswith("_")):
            yield part


def array_types() -> re.Pattern[str]:
    """The names under which the rooms know arrays: NDArray, Tensor, and their own names for these."""
    parts = [part for path in FILES for part in ast.parse(path.read_text(encoding="utf-8")).body]
    classes = {part.name for part in parts if isinstance(part, ast.ClassDef)}
    own = {
        part.targets[0].id
        for part in parts
        if isinstance(part, ast.Assign)
        and isinstance(part.targets[0], ast.Name)
        and isinstance(part.value, ast.Subscript)
        and _ARRAY.search(ast.unparse(part.value.value))
    } - classes  # a name that is a class elsewhere says nothing
    return re.compile(rf"\b(?:NDArray|Tensor|{'|'.join(sorted(own))})\b")


def without_shape(source: str, arrays: re.Pattern[str]) -> list[str]:
    """The functions that have arrays among arguments or result, and name no shape in their docstring."""
    found = []
    for function in public(ast.parse(source).body):
        given = function.args
        all_given = (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg)
        types = [a.annotation for a in all_given if a and a.annotation]
        types += [function.returns] if function.returns else []
        if any(arrays.search(ast.unparse(t)) for t in types):
            text = " ".join((ast.get_docstring(function) or "").split())
            if not _SHAPE.search(text):
                found.append(f"line {function.lineno}: {function.name}")
    return found


@pytest.mark.parametrize(
    "text", ["(H, W)", "(C, H * scale, W)", "(N,3,H//2,W)", "(T,)", "of any shape", "of shape ()"]
)
def test_a_shape_is_found(text: str) -> None:
    source = f'def f(a: Pixels) -> None:\n    """Do it; {text}, 0..1."""\n'
    assert not without_shape(source, array_types())


@pytest.mark.parametrize(
    "text", ["", "a shape", "see f()", "(see there)", "(light, dark or both)", "float32"]
)
def test_a_missing_shape_is_found(text: str) -> None:
    source = f'class A:\n    def f(self) -> tuple[Pixels, Pixels]:\n        """Do it; {text}."""\n'
    assert without_shape(source, array_types()) == ["line 2: f"]


def test_what_takes_or_gives_arrays_names_their_shape() -> None:
    arrays = array_types()
    lacking = [
        f"{path.relative_to(ROOT)}, {found}"
        for path in FILES
        for found in without_shape(path.read_text(encoding="utf-8"), arrays)
    ]
    assert not lacking, "say in the docstring which shape, (C, H, W): " + "; ".join(lacking)
