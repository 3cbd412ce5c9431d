"""What becomes of files: bytes that change, and documents in which a value is replaced by another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

_PATHS = ("", ".", "..", "../up", "/etc", "a/b\\c", "a\0b", "nul", "COM1.txt", "%2f", "-v", "=1+1")
_MARKUP = ("[/]", "[bold]", "\x1b[2J", "\u202ea", "<b>", "</script>", "<!--", '" id="x', "&amp;", "]]>")
_COMMANDS = ("::stop-commands::x", "a\n\u3000::set-output name=a::b", "##[group]", "##vso[x]", "@you", "$x_$")

NAMES = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp")), min_size=1, max_size=8),
    st.sampled_from([*_PATHS, *_MARKUP, *_COMMANDS]),
    st.sampled_from(["x", "猫", "../", "a b", "\0", "<b>"]).map(lambda part: part * (10_000 // len(part))),
)
"""Names that somebody may have given: any text, control characters, paths, markup, and 10,000 characters."""

_EDITS = st.tuples(st.integers(0, 2**16), st.integers(0, 16), st.binary(max_size=8))


@st.composite
def damaged(draw: st.DrawFn, valid: bytes) -> bytes:
    """The bytes, at a few places of which others stand in the place of some."""
    data = bytearray(valid)
    for place, length, new in draw(st.lists(_EDITS, min_size=1, max_size=4)):
        start = place % (len(data) + 1)
        data[start : start + length] = new
    return bytes(data)


_WORDS = {"@inf": "1e999", "@long": "9" * 5_000, "@deep": "[" * 100_000, "@nested": "[" * 300 + "]" * 300}
"""What Python's JSON would not write."""

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-2, 3),
        st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**400]),
        st.floats(),
        st.text(max_size=4),
        st.sampled_from(list(_WORDS)),
    ),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=2),
    max_leaves=4,
)
"""JSON of any kind; `text_of` writes what stands in it for what JSON cannot."""


def text_of(document: Any) -> str:
    """The document as JSON."""
    text = json.dumps(document)
    for word, meant in _WORDS.items():
        text = text.replace(f'"{word}"', meant)
    return text


@st.composite
def changed(draw: st.DrawFn, document: Any) -> str:
    """The document as JSON in which one or two values are others, or are gone."""
    for _ in range(draw(st.integers(1, 2))):
        document = json.loads(json.dumps(document))
        holder, key = draw(st.sampled_from(list(_places({"": document}))))
        if key != "" and draw(st.integers(0, 5)) == 0:
            del holder[key]
        else:
            holder[key] = draw(VALUES)
            document = holder[""] if key == "" else document
    return text_of(document)


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in the document with each of its keys."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in pairs:
        yield document, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


ARRAYS = npst.arrays(
    st.sampled_from(
        ["uint8", "bool", "int64", "float16", "float32", ">f8", "complex64", "U2", "S1", "M8[s]", "i1,f4"]
    ),
    npst.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
    fill=st.nothing(),
)
"""Small arrays of any kind."""


@st.composite
def with_other_arrays(draw: st.DrawFn, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays, of which up to two are others, or are gone."""
    arrays = dict(arrays)
    for name in draw(st.lists(st.sampled_from([*sorted(arrays), "other"]), max_size=2, unique=True)):
        other = draw(st.none() | ARRAYS)
        arrays.pop(name, None)
        if other is not None:
            arrays[name] = other
    return arrays
