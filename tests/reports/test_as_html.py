"""The page, read by Python's own parser, and opened by a browser where there is one."""

import re
import shutil
import subprocess
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from keras_saliency.checks.gate.suites import FULL
from keras_saliency.render import from_png
from keras_saliency.reports import as_html, words
from keras_saliency.reports.result import CheckResult
from keras_saliency.terminal import visible
from tests.patience import LIMIT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Page(HTMLParser):
    """The elements and the text of a page."""

    VOID = ("meta", "link", "img", "br")

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data


def test_verdict_first_then_the_checks_the_worst_first(report):
    page = Page(as_html.encode(report))
    assert page.open == []
    sections = [attributes["id"] for tag, attributes in page.elements if tag == "section"]
    assert sections == ["region_corner", "mine", "accuracy", "finite", "repeatability", "golden"]
    anchors = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert anchors == [f"#{name}" for name in sections]
    assert page.text.index("Not passed") < page.text.index("region_corner")
    assert "Measured: 0.875 (must be at least 0.9)" in page.text
    assert "Is the model right on the probes?" in page.text
    for result in report.results:
        assert visible(result.sentence) in page.text


def test_names_and_sentences_are_text_and_nothing_is_asked_for(report):
    text = as_html.encode(report)
    page = Page(text)
    assert report.model in page.text
    assert {tag for tag, _ in page.elements} & {"script", "b-model", "iframe", "object"} == set()
    sources = [a[key] for _, a in page.elements for key in ("src", "href") if key in a]
    assert [s for s in sources if not s.startswith(("data:", "#"))] == []
    assert "url(" not in text
    assert "@import" not in text
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")


def test_the_pictures_are_the_pictures(report):
    shown = [a for tag, a in Page(as_html.encode(report)).elements if tag == "img"]
    for attributes, picture in zip(shown, report.results[3].pictures.values(), strict=True):
        png = b64decode(attributes["src"].removeprefix("data:image/png;base64,"))
        np.testing.assert_array_equal(from_png(png), picture)
    assert shown[1]["alt"] == "a <picture>"


def test_a_value_is_drawn_where_it_lies_and_the_good_side_is_shaded(report):
    text = as_html.encode(replace(report, results=(report.results[2],)))
    assert '<i class="value" style="left:87.50%">' in text
    assert '<i class="good" style="left:90.00%;width:10.00%">' in text


@pytest.mark.parametrize(
    ("value", "limit", "ends"),
    [
        (0.3, 0.5, (0, 1)),
        (-0.5, 0.3, (-1, 1)),
        (-0.02, 1.0, (-1, 1)),
        (0.001, 0.01, (0, 0.012)),
        (-3.0, 2.0, (-4, 3)),
        (0, 0, (0, 1)),
    ],
)
def test_the_ends_of_the_line(value, limit, ends):
    assert as_html._ends(value, limit) == pytest.approx(ends)
    assert ends[0] <= min(value, limit) <= max(value, limit) <= ends[1]


def test_details_are_folded_and_long_ones_end(report):
    third = CheckResult("finite", "passed", "Fine.", details={"parts": [{"third": 1 / 3}]})
    many = CheckResult("finite", "passed", "Fine.", per_probe={"found": np.arange(250.0)})
    page = Page(as_html.encode(replace(report, results=(many, report.results[3]))))
    folded = [a for tag, a in page.elements if tag == "details"]
    assert len(folded) == 2
    assert all("open" not in attributes for attributes in folded)
    assert "… and 50 more probes" in page.text
    assert '"low": "-Infinity"' in page.text
    assert '"third": 0.3333' in Page(as_html.encode(replace(report, results=(third,)))).text


def test_what_fails_the_report_is_said(report):
    assert "a warning does not" in as_html.encode(report)
    assert "or a warning fails the run" in as_html.encode(replace(report, fail_on="warned"))
    passed = as_html.encode(replace(report, results=report.results[:2]))
    assert '<header class="passed">' in passed


def test_every_check_has_a_question_and_variants_ask_that_of_their_kind():
    assert [name for name in FULL if not words.question(name)] == []
    assert words.question("region_top_left") == words.QUESTIONS["region"]
    assert words.question("unexpected_region") == words.QUESTIONS["unexpected_region"]
    assert words.question("somebody_elses") == ""


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.5, "0.5"),
        (0, "0"),
        (1.0, "1"),
        (0.00041, "0.00041"),
        (123456.0, "1.23e+05"),
        (-0.02, "-0.02"),
        (99.96, "99.96"),
    ],
)
def test_numbers_are_short(number, written):
    assert words.number(number) == written


def opened(path, folder):
    """The text of a page in Chromium, and the addresses that it asked."""
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            f"--user-data-dir={folder / 'profile'}",
            f"--log-net-log={folder / 'net.json'}",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    asked = re.findall(r'"url":"(https?://127\.0\.0\.1[^"]*)"', (folder / "net.json").read_text())
    return Page(done.stdout).text, asked


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_browser_shows_it_and_asks_nobody(report, tmp_path):
    report.to_html(tmp_path / "report.html")
    text, asked = opened(tmp_path / "report.html", tmp_path)
    assert "Not passed" in text
    assert asked == []
