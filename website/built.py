"""What is wrong with the HTML of the site: what links, pictures or scripts ask for and is not there, or elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """The addresses and ids of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: Counter[str] = Counter()
        self.unresolved: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what this element asks for or names."""
        given = {name: value or "" for name, value in attrs}
        if given.get("id"):
            self.ids[given["id"]] += 1
        if tag == "a":
            self.links += [given["href"]] if "href" in given else []
            self.ids[given.get("name", "")] += 1
        elif tag == "autoref":
            self.unresolved.append(given.get("identifier", ""))
        elif tag == "link":
            self.loaded += [] if given.get("rel") in {"canonical", "next", "prev"} else [given["href"]]
        elif "src" in given:
            self.loaded.append(given["src"])


def faults(site: Path) -> Iterator[str]:
    """A sentence for each fault."""
    read = {file: _Page(file.read_text(encoding="utf-8")) for file in sorted(site.rglob("*.html"))}
    for file, page in read.items():
        if file.name == "404.html":
            continue  # its addresses start from the site's own
        name = file.relative_to(site)
        for identifier in page.unresolved:
            yield f"{name}: an unresolved reference: {identifier}"
        for address in page.loaded:
            if urlsplit(address).scheme not in ("", "data") or urlsplit(address).netloc:
                yield f"{name}: loads from elsewhere: {address}"
            elif not address.startswith("data:") and not _file(file, address).is_file():
                yield f"{name}: not there: {address}"
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = _file(file, address)
            if not target.is_file():
                yield f"{name}: a link that leads nowhere: {address}"
            elif parts.fragment and target in read and unquote(parts.fragment) not in read[target].ids:
                yield f"{name}: no such anchor: {address}"


def _file(page: Path, address: str) -> Path:
    path = unquote(urlsplit(address).path)
    target = (page.parent / path).resolve() if path else page
    return target / "index.html" if target.is_dir() else target
