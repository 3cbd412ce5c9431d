"""Which private parts of Keras the package uses, as its source says."""

import ast
from collections.abc import Iterator
from pathlib import Path

import keras_saliency

MODULES = ("backend", "functions", "masking", "global_state")
"""The names under which `engine/seams.py` offers modules of Keras."""


def private_parts() -> set[str]:
    """Names of private modules, private attributes that the package does not define itself, and what seams offer."""
    trees = [ast.parse(file.read_text()) for file in Path(keras_saliency.__file__).parent.rglob("*.py")]
    own = {name for tree in trees for name in _defined(tree)}
    return {part for tree in trees for part in _parts(tree)} - own


def _parts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(name)) if ".src" in name or name.startswith("tensorflow.python"):
                yield name
            case ast.Import(names=names):
                yield from (alias.name for alias in names if ".src" in alias.name)
            case ast.Constant(value=str(name)) if name.startswith("keras.src."):
                yield name
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="seams"), attr=module), attr=name) if (
                module in MODULES
            ):
                yield f"seams.{module}.{name}"
            case ast.Attribute(attr=name) if _is_private(name):
                yield name


def _defined(tree: ast.Module) -> Iterator[str]:
    """Functions, and attributes that are declared or set on `self`."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")
