"""The nav of the site: what `zensical.toml` says, with the pages that there are in the place of each `*`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase


def with_nav(config: str, pages: Sequence[str]) -> str:
    """The configuration with a nav that has every page.

    Raises:
        ValueError: a page is not in the nav, or the nav has a page that is not there.
    """

    def found(pattern: re.Match[str]) -> str:
        return "".join(f'"{page}", ' for page in pages if fnmatchcase(page, pattern[1]))

    config = re.sub(r'"([\w/]+/\*\.md)"(?:, )?', found, config)
    listed = set(re.findall(r'"([^"]+\.md)"', config))
    missing, unknown = sorted({*pages} - listed), sorted(listed - {*pages})
    if missing or unknown:
        raise ValueError(
            f"Expected the nav of zensical.toml to have every page. Not in it: {missing}. Not there: {unknown}."
        )
    return config
