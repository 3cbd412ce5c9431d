"""What all pages share: one file of HTML without scripts, which asks nobody for anything."""

from __future__ import annotations

from keras_saliency.reports.style import CSS
from keras_saliency.terminal import html_text


def start_of(kind: str) -> str:
    """How a page of this kind begins, by which an earlier one is known."""
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">\n'
        f'<meta name="generator" content="keras_saliency {kind}">\n'
    )


def page(kind: str, title: str, body: str, style: str = "") -> str:
    """A whole page in the look of the reports.

    Args:
        kind: what wrote it: report, diff or survey.
        title: any text.
        body: HTML.
        style: what it needs beyond the style of the reports.
    """
    return start_of(kind) + "\n".join(
        [
            # Nothing is ever asked for: not even a picture that a name could smuggle in.
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            f"<title>{html_text(title)}</title>",
            f"<style>{CSS}{style}</style></head>",
            f"<body><main>\n{body}\n</main></body></html>",
            "",
        ]
    )
