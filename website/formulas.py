"""Formulas as MathML, which browsers draw by themselves: no script, and no font from elsewhere."""

from __future__ import annotations

import re

from latex2mathml.converter import convert

from website.links import outside_code

_CODE = re.compile(r"(`[^`\n]*`)")
_BLOCK = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
_INLINE = re.compile(r"(?<![\\\w$])\$(?=[^\s$])([^$\n]*[^\s$\\])\$(?![\w$])")


def with_formulas(text: str) -> str:
    """The Markdown of a cell, with MathML in the place of `$…$` and `$$…$$`."""
    return outside_code(lambda part: "".join(map(_drawn, _CODE.split(part))), text)


def _drawn(part: str) -> str:
    if part.startswith("`"):
        return part
    part = _BLOCK.sub(
        lambda formula: f'\n<div class="formula">{convert(formula[1], display="block")}</div>\n', part
    )
    return _INLINE.sub(lambda formula: convert(formula[1]), part)
