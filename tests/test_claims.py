"""Numbers in the prose of the pages are those of the code: counts, limits and defaults."""

import re
import tomllib

import pytest

import keras_saliency as ks
from keras_saliency.checks.experiment.experiment import _PLACES, UNSPECIFIC
from keras_saliency.checks.proposals import casts, windows
from keras_saliency.checks.region import HOT, MOST_CLASSES
from keras_saliency.cli import diff_page, view_server
from keras_saliency.looks.page import log_store
from keras_saliency.looks.writers import mlflow, notebook, sheets
from keras_saliency.methods import METHODS
from keras_saliency.methods.integrated_gradients import MOST
from keras_saliency.probes import sampling
from keras_saliency.render.display import MOST_DISPLAYED
from keras_saliency.training import runs, said
from tests.pages import ROOT

LIMITS = {
    name: getattr(ks, name)().limit for name in ("InputDependence", "TargetDependence", "Repeatability")
}
LIMITS |= {
    name: getattr(ks, name)().limit
    for name in ("FiniteDifference", "Completeness", "Faithfulness", "Stability")
}
GOLDEN = ks.Golden("golden.npz")
FRAMES = re.search(
    r"MOST_FRAMES = (\d+)", (ROOT / "keras_saliency/tensorboard_plugin/static/views/strip.js").read_text()
)[1]
CLAIMS = [
    ("README.md", f"There are {len(METHODS.built_in())} [methods]"),
    ("docs/callback.md", f"more than {runs._SAME * 100:.1f} %"),
    ("docs/callback.md", f"At most {sampling.LIMIT:,} examples".replace(",", " ")),
    ("docs/callback.md", f"up to {sampling.MOST_BYTES // 2**30} GiB of images"),
    ("docs/callback.md", f"shows the first {sheets.MOST_PROBES} probes"),
    ("docs/ci.md", f"({diff_page._MOST} images at most)"),
    ("docs/notebooks.md", f"the first {MOST_DISPLAYED} images"),
    ("docs/notebooks.md", {1.0: "at most once a second"}[notebook._SECONDS]),
    ("docs/trackers.md", f"larger than {mlflow._PAGE_MEGABYTES} MB"),
    ("docs/tab.md", f"up to {said._MOST} finite numbers"),
    ("docs/tab.md", f"more than {FRAMES} looks"),
    (
        "docs/safety.md",
        f"{view_server._MOST_CONNECTIONS} connections at most, {view_server._SECONDS} s of silence",
    ),
    ("docs/safety.md", f"{log_store._MOST_FOLDERS:,} folders at most"),
    ("docs/methods.md", f"`max_steps={MOST}`"),
    ("docs/methods.md", f"`tolerance={ks.IntegratedGradients().tolerance}`"),
    ("docs/checks.md", f"rank correlation ≥ {LIMITS['InputDependence']}"),
    ("docs/checks.md", f"rank correlation ≤ {LIMITS['TargetDependence']}"),
    ("docs/checks.md", f"{LIMITS['Repeatability']:.1%} of the largest".replace("%", " %")),
    ("docs/checks.md", f"as the gradient says? | {LIMITS['FiniteDifference']:.0%}".replace("%", " %")),
    ("docs/checks.md", f"median error ≤ {LIMITS['Completeness']:.0%}".replace("%", " %")),
    ("docs/checks.md", f"{LIMITS['Faithfulness']:.0%} of random orders".replace("%", " %")),
    ("docs/checks.md", f"max-sensitivity ≤ {LIMITS['Stability']}"),
    ("docs/checks.md", f"rank correlation ≥ {GOLDEN.correlation} and top overlap ≥ {GOLDEN.overlap}"),
    ("docs/checks.md", f"value is at least `limit`, {ks.Region('corner').limit}"),
    ("docs/checks.md", f"lies above {UNSPECIFIC}"),
    ("docs/checks.md", {8: "at eight other places"}[_PLACES]),
    ("docs/checks.md", {10: "is tried (at most ten)"}[MOST_CLASSES]),
    ("docs/checks.md", {3.0: "three times the region's share of the area"}[HOT]),
    ("docs/checks.md", f"**Windows** of {windows._SIDE:.0%} of the sides".replace("%", " %")),
    ("docs/checks.md", {5.0: "*five* times as far"}[casts._FACTOR]),
    ("docs/checks.md", f"Limit: {ks.ParameterRandomization().limit}, between"),
    ("docs/checks.md", f"Limit {ks.RandomLogit().limit}: on the digits"),
]
"""Pages, and what they must say for the code to be as it is."""


@pytest.mark.parametrize(("page", "claim"), CLAIMS, ids=[claim for _, claim in CLAIMS])
def test_what_a_page_says_is_so(page, claim):
    assert claim in " ".join((ROOT / page).read_text(encoding="utf-8").split())


def test_the_networks_of_the_zoo_are_counted():
    members = (ROOT / "tests" / "zoo" / "members.py").read_text(encoding="utf-8")
    listed = re.search(r"^MEMBERS[^{]*\{(.*?)^\}", members, re.DOTALL | re.MULTILINE)[1]
    count = len(re.findall(r'^    "', listed, re.MULTILINE))
    assert f"The zoo has {count} networks" in (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")


def test_the_pythons_of_the_readme_are_those_that_are_promised():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pythons = [text.rpartition(" ")[2] for text in project["classifiers"] if "Python :: 3." in text]
    for page in ("README.md", "docs/start.md"):
        said = (ROOT / page).read_text(encoding="utf-8")
        assert f"Python {', '.join(pythons[:-1])} or {pythons[-1]}" in said
    assert f"Python {', '.join(pythons)}](" in (ROOT / "README.md").read_text(encoding="utf-8")
