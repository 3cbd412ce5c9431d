"""What fails a run: one rule, for reports, exit codes, tests and trainings."""

from dataclasses import replace
from itertools import product

import junitparser
import pytest

from keras_saliency.reports import as_html
from keras_saliency.reports.as_github import summary, workflow_commands
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import fails

MAPS = CheckResult("stability", "failed", "Maps move.", 1.2, 0.75, "at_most", about="maps", counts=False)


@pytest.mark.parametrize(
    ("status", "counts", "fail_on"),
    list(
        product(
            ["passed", "warned", "failed", "skipped", "errored"], [True, False], ["failed", "any", "warned"]
        )
    ),
)
def test_what_fails_a_run(status, counts, fail_on):
    expected = {
        "errored": True,
        "failed": counts or fail_on in ("any", "warned"),
        "warned": fail_on == "warned",
    }.get(status, False)
    assert fails(CheckResult("mine", status, "", counts=counts), fail_on) is expected


@pytest.fixture
def apart(report):
    """One check of the model that passed, one of the maps that failed and does not count."""
    return replace(report, model="net", results=(MAPS, report.results[0]), advice="Maps by smoothgrad pass.")


def test_a_failure_of_the_maps_is_seen_and_does_not_fail_the_run(apart):
    assert apart.passed
    assert not replace(apart, fail_on="any").passed
    assert not replace(apart, results=(replace(MAPS, counts=True),)).passed
    assert (apart.verdict(MAPS), apart.weight(MAPS)) == ("failed", "warned")
    assert apart.count_words() == "the model 1 passed; its maps 1 failed"


def test_the_table_shows_the_model_first_and_the_maps_apart(apart):
    lines = [line.rstrip() for line in str(apart).splitlines()]
    assert lines[2:12] == [
        "The model",
        "check      verdict  found",
        "finite     passed   All maps are finite.",
        "",
        "Its maps by gradient",
        "check      verdict  found",
        "stability  failed   Maps move.",
        "",
        "What fails here says how far these maps can be read, and nothing against the model. Maps by smoothgrad pass.",
        "",
    ]
    assert "nothing against the model" not in str(replace(apart, fail_on="any"))
    assert "Its maps" not in str(replace(apart, results=(apart.results[1],), advice=""))


def test_junit_has_two_suites_and_skips_what_does_not_count(apart, tmp_path):
    apart.to_junit(tmp_path / "report.xml")
    found = junitparser.JUnitXml.fromfile(str(tmp_path / "report.xml"))
    model, maps = found
    assert (found.tests, found.failures, found.skipped) == (2, 0, 1)
    assert (model.name, maps.name) == ("net", "net: maps by gradient")
    (case,) = maps
    assert case.classname == "keras_saliency.net.maps"
    assert case.result[0].message == "The maps fail this, not the model: Maps move."
    replace(apart, fail_on="any").to_junit(tmp_path / "report.xml")
    assert junitparser.JUnitXml.fromfile(str(tmp_path / "report.xml")).failures == 1


def test_github_warns_of_what_does_not_count(apart):
    assert workflow_commands(apart).splitlines() == [
        "::warning title=net%3A stability failed::Maps move.",
        "::notice title=net%3A maps by gradient::What fails here says how far these maps can be read, and nothing "
        "against the model. Maps by smoothgrad pass.",
    ]
    assert workflow_commands(replace(apart, fail_on="any")).startswith("::error title=net%3A stability")
    assert summary(apart).index("The model") < summary(apart).index("Its maps by gradient")
    assert "⚠️ failed" in summary(apart)


def test_the_page_has_a_heading_for_each(apart):
    page = as_html.encode(apart)
    assert page.index('<h2 class="group">The model') < page.index('<h2 class="group">Its maps by gradient')
    assert '<section id="stability" class="warned">' in page
    assert '<section id="stability" class="failed">' in as_html.encode(replace(apart, fail_on="any"))
    assert '<p class="on-maps">' in page
    assert 'class="group"' not in as_html.encode(replace(apart, results=(MAPS,)))
