"""Small changes to a source file, by the operators of mutmut, and which lines they are in.

mutmut itself changes nothing in a decorated function, as most of ours are (`@property`, `@override`), nor constants
of a module. So its operators are applied here to all that a file says, without what mostly crashes and would flatter
the tests (None for what is assigned or handed on), and without other words in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_assignment, operator_string

_OPERATORS = [item for item in mutation_operators if item[1] not in (operator_assignment, operator_string)]


@dataclass(frozen=True, eq=False)
class Mutant:
    """One change of one file.

    Attributes:
        path: the file.
        lines: those of the statement that is changed.
        at_import: whether it is made when the file is imported, not in a function that is called later.
        module: the syntax tree of the whole file.
        node: what is replaced.
        new: by what.
    """

    path: Path
    lines: range
    at_import: bool
    module: cst.Module
    node: cst.CSTNode
    new: cst.CSTNode

    @property
    def source(self) -> str:
        """The whole file with the change."""
        changed = self.module.deep_replace(self.node, self.new)
        return changed.code if isinstance(changed, cst.Module) else ""

    @property
    def change(self) -> tuple[str, str]:
        """What was there and what is, of the lines that differ, without white space around."""
        before, after = self.module.code.splitlines(), self.source.splitlines()
        start = next((i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
        end = next(
            i for i, pair in enumerate(zip(before[::-1], after[::-1], strict=False)) if pair[0] != pair[1]
        )
        said = before[start : len(before) - end], after[start : len(after) - end]
        old, new = (" ".join(line.strip() for line in lines) for lines in said)
        return old, new


def mutants_of(path: Path) -> list[Mutant]:
    """All changes of a file, in its order."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")), unsafe_skip_copy=True)
    places = wrapper.resolve(PositionProvider)
    found = []
    for node, statement, is_called in _walk(wrapper.module, None, False):
        place = places[statement or node]
        lines = range(place.start.line, place.end.line + 1)
        found += [Mutant(path, lines, not is_called, wrapper.module, node, new) for new in _changes(node)]
    return found


def _changes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in _OPERATORS:
        if isinstance(node, kind):
            yield from (new for new in operator(node) if not _only_words(node, new))
    if isinstance(node, cst.SimpleString) and not _is_sentence(node):
        yield from islice(operator_string(node), 1)


def _only_words(node: cst.CSTNode, new: cst.CSTNode) -> bool:
    """Whether an argument of a call became None, or one was dropped that is a sentence or guards alone."""
    if not isinstance(node, cst.Call) or not isinstance(new, cst.Call) or not new.func.deep_equals(node.func):
        return False
    dropped = [arg for arg in node.args if arg not in new.args]
    return len(node.args) == len(new.args) or any(_is_sentence(arg.value) or _guards(arg) for arg in dropped)


def _guards(arg: cst.Arg) -> bool:
    """Whether an argument is `strict` of a zip, or says whether numbers are copied."""
    return arg.keyword is not None and arg.keyword.value in ("strict", "copy")


def _is_sentence(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.BaseString) and not (
        isinstance(node, cst.SimpleString) and " " not in node.value
    )


def _walk(
    node: cst.CSTNode, statement: cst.CSTNode | None, is_called: bool
) -> Iterator[tuple[cst.CSTNode, cst.CSTNode | None, bool]]:
    """Everything below a node that may be changed, the simple statement around it, and whether a function is."""
    for child in node.children:
        if not _is_left_alone(child):
            inside = child if isinstance(child, cst.SimpleStatementLine) else statement
            called = is_called or (isinstance(node, cst.FunctionDef) and child is node.body)
            yield child, inside, called
            yield from _walk(child, inside, called)


def _is_left_alone(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Expr):
        return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)
    if isinstance(node, cst.If):
        return isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"
    if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Name):
        return node.value.value in ("Literal", "Callable", "ClassVar")  # types
    if isinstance(node, cst.Assign):
        return any(
            isinstance(part.target, cst.Name) and part.target.value == "__all__" for part in node.targets
        )
    if isinstance(node, cst.Arg) and _guards(node):
        return True
    return isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom | cst.Del)
