"""The nav of the site, as `zensical.toml` lists it."""

from __future__ import annotations

import re
from collections.abc import Sequence


def check_nav(config: str, pages: Sequence[str]) -> None:
    """Refuse a configuration whose nav does not have every page, or has one that is not there.

    Raises:
        ValueError: it is so.
    """
    listed = set(re.findall(r'"([^"]+\.md)"', config))
    missing, unknown = sorted({*pages} - listed), sorted(listed - {*pages})
    if missing or unknown:
        raise ValueError(
            f"Expected the nav of zensical.toml to have every page. Not in it: {missing}. Not there: {unknown}."
        )
