"""The settings of the checks: their defaults are those that docs/checks.md states, and how far they may go."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from keras_saliency.checks import CHECKS
from keras_saliency.checks.gate.suites import STRUCTURE, Chosen

PAGE = " ".join((Path(__file__).parents[2] / "docs/checks.md").read_text(encoding="utf-8").split())

NEEDED = {"accuracy": {"limit": 0.5}, "golden": {"path": "none.npz"}, "region": {"region": "corner"}}


def made(name, **options):
    return CHECKS.built_in()[name](**{**NEEDED.get(name, {}), **options})


def listed(pattern):
    """The names of checks in a passage of the page."""
    return re.findall(r"`(\w+)`", re.search(pattern, PAGE)[1])


@pytest.mark.parametrize("name", CHECKS.built_in())
def test_what_a_check_says_of_itself_is_what_the_page_says_of_it(name):
    check = made(name)
    own = "region_corner" if name == "region" else name
    assert (check.registered, check.name) == (name, own)
    of_model = listed(r"reports show the two apart\. (.*?) are about the \*\*model\*\*")
    assert Chosen(check, False).about == ("model" if name in of_model else "maps")
    essential = listed(r"makes them no maps at all: (.*?)\. Then")
    assert Chosen(check, False).counts is (name in [*of_model, *essential])
    assert Chosen(check, True).counts is True
    assert check.cheap is (name in (*STRUCTURE, "accuracy", "region", "completeness"))


WORDS = {0.5: "half", 5: "five", 8: "eight", 10: "ten"}


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("nonzero", lambda c: f"{WORDS[c.limit]} of them fail, one warns"),
        ("input_dependence", lambda c: f"rank correlation ≥ {c.limit} | our maps have 1.00"),
        ("target_dependence", lambda c: f"rank correlation ≤ {c.limit} | it asks for any difference"),
        ("repeatability", lambda c: f"| {100 * c.limit:.3g} % of the largest value"),
        ("finite_difference", lambda c: f"as the gradient says? | {100 * c.limit:.3g} % |"),
        ("untrained", lambda c: f"above all {WORDS[c.initialisations]}, else a warning"),
        ("region", lambda c: f"A forbidden region fails if 1. the value is at least `limit`, {c.limit},"),
        ("region", lambda c: f'It is filled with the {c.fill} of what surrounds it (`fill="blur"`'),
        ("parameter_randomization", lambda c: f"Limit: {c.limit}, between what we measured on the digits"),
        ("random_logit", lambda c: f"Limit {c.limit}: on the digits"),
        ("completeness", lambda c: f"Limit: {c.limit}, which Sundararajan et al."),
        ("completeness", lambda c: f"a single probe beyond {c.worst} (ours) is a warning"),
        ("faithfulness", lambda c: f"{100 * c.limit:.3g} % of random orders beaten (ours)"),
        ("faithfulness", lambda c: f"over 16 probes and {c.orders} orders"),
        ("faithfulness", lambda c: f"the image's {c.baseline} takes the place of a pixel"),
        (
            "stability",
            lambda c: f"over {WORDS[c.samples]} images within {100 * c.radius:.3g} % of the image's",
        ),
        ("stability", lambda c: f"The median probe is judged: {c.limit} passes;"),
        ("golden", lambda c: f"a signed rank correlation of at least {c.correlation} and a top overlap"),
        ("golden", lambda c: f"a top overlap of at least {c.overlap}."),
        ("golden", lambda c: f"leaves in one of {1 / c.error:.0f} cases for all numbers together"),
    ],
)
def test_defaults_are_those_of_the_page(name, stated):
    check = made(name)
    assert stated(check) in PAGE


BOUNDS = [
    # check, setting, the lowest and the highest that it takes; whether these themselves are taken
    ("accuracy", "limit", 0, 1, "[]"),
    ("nonzero", "limit", 0, 1, "[]"),
    ("input_dependence", "limit", -1, 1, "[]"),
    ("target_dependence", "limit", -1, 1, "[]"),
    ("repeatability", "limit", 0, np.inf, "[)"),
    ("finite_difference", "limit", 0, np.inf, "[)"),
    ("parameter_randomization", "limit", -1, 1, "[]"),
    ("random_logit", "limit", -1, 1, "[]"),
    ("completeness", "limit", 0, np.inf, "[)"),
    ("completeness", "worst", 0, np.inf, "[)"),
    ("faithfulness", "limit", 0.5, 1, "(]"),
    ("stability", "limit", 0, np.inf, "[)"),
    ("stability", "radius", 0, np.inf, "()"),
    ("region", "limit", 0, 1, "(]"),
    ("golden", "correlation", -1, 1, "[]"),
    ("golden", "overlap", 0, 1, "[]"),
    ("golden", "error", 0, 1, "()"),
]


@pytest.mark.parametrize(("name", "setting", "low", "high", "ends"), BOUNDS)
def test_how_far_a_setting_may_go(name, setting, low, high, ends):
    taken = (
        [low] * (ends[0] == "[")
        + [high] * (ends[1] == "]")
        + [np.nextafter(low, 2), min(high, 1e9) * (1 - 1e-9)]
    )
    for value in map(float, taken):
        kept = getattr(made(name, **{setting: value}), setting)
        assert (type(kept), kept) == (float, value)
    refused = [np.nextafter(low, -2)] + [low] * (ends[0] == "(") + [high] * (ends[1] == ")") + [high + 1e-9]
    for value in map(float, refused):
        with pytest.raises(ValueError, match=re.escape(f"{setting}={value}")):
            made(name, **{setting: value})


LEAST = [
    ("untrained", "initialisations", 1),
    ("finite_difference", "probes", 1),
    ("parameter_randomization", "draws", 1),
    ("faithfulness", "orders", 1),
    ("faithfulness", "steps", 1),
    ("stability", "samples", 1),
    ("region", "means", 0),
]


@pytest.mark.parametrize(("name", "setting", "least"), LEAST)
def test_how_few_a_setting_may_ask_for(name, setting, least):
    assert getattr(made(name, **{setting: np.int64(least)}), setting) == least
    with pytest.raises(
        ValueError, match=f"{setting} to be a whole number of at least {least}.* {setting}={least - 1}$"
    ):
        made(name, **{setting: least - 1})


def test_every_number_of_every_check_has_bounds_here():
    numbers = {
        (name, field.name)
        for name, kind in CHECKS.built_in().items()
        for field in fields(kind)
        if field.type in ("float", "int", "int | None") and not name.startswith("unexpected")
    }
    assert numbers == {row[:2] for row in (*BOUNDS, *LEAST)}
