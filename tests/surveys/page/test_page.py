"""The page of a survey, read by Python's own parser, and opened by a browser where there is one."""

import re
from base64 import b64decode
from dataclasses import replace

import pytest

from keras_saliency.reports.result import CheckResult
from keras_saliency.surveys.page import words
from keras_saliency.surveys.page.page import START, encode
from keras_saliency.terminal import visible
from tests.reports.test_as_html import CHROMIUM, Page, opened
from tests.surveys.page.conftest import HOSTILE, without_images


def with_results(findings, results):
    survey = findings.survey
    return replace(findings, survey=replace(survey, report=replace(survey.report, results=results)))


def test_the_verdict_first_then_the_classes_the_worst_first(findings):
    text = encode(findings)
    assert text.startswith(START)
    page = Page(text)
    assert page.open == []
    cards = [(a["id"], a["class"]) for tag, a in page.elements if tag == "section"]
    assert cards == [
        ("class_1_strategy_2", "failed"),
        ("class_1_strategy_1", ""),
        ("class_2_strategy_3", "passed"),
        ("class_0_strategy_0", ""),
    ]
    links = [a["href"] for tag, a in page.elements if tag == "a"]
    assert links == ["#class_1_strategy_2", "#class_2_strategy_3", "#class_0_strategy_0"]
    said = [
        "Not passed",
        "1 shortcut proven",
        f"It rests on {visible(HOSTILE)}.",
        "2,050 examples of 3 classes",
    ]
    assert [page.text.index(one) for one in said] == sorted(page.text.index(one) for one in said)
    assert "4 strategies, 2 of them tried by experiment." in page.text
    assert page.text.index("tried by experiment") < page.text.index("Strategy 2")


def test_only_classes_with_something_to_look_after_are_unfolded(findings):
    folded = [
        ("open" in a)
        for tag, a in Page(encode(findings)).elements
        if tag == "details" and a.get("class") == "class"
    ]
    assert folded == [True, False, False]


def test_numbers_of_a_card(findings):
    text = Page(encode(findings)).text
    assert "examples100share of the class10%accuracy75%hottest window9.5 × chance" in text
    assert "1,000 examples, accuracy 75%, 2 strategies" in text
    assert "hottest at the bottom" in text


def test_names_are_text_and_nothing_is_asked_for(findings):
    text = encode(findings)
    page = Page(text)
    for count in (visible(HOSTILE), "猫"):
        assert page.text.count(count) >= 3
    assert {tag for tag, _ in page.elements} & {"script", "iframe", "object"} == set()
    sources = [a[key] for _, a in page.elements for key in ("src", "href") if key in a]
    assert [one for one in sources if not one.startswith(("data:", "#"))] == []
    assert re.search(r"url\(|@import|\x1b", text) is None
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_examples_stand_on_their_cards_and_all_ids_one_click_away(findings):
    page = Page(encode(findings))
    pictures = {visible(one): example.picture for one, example in findings.examples.items()}
    drawn = {a["alt"]: a["src"] for tag, a in page.elements if tag == "img" and a["alt"] in pictures}
    assert {one: b64decode(src.partition(";base64,")[2]) for one, src in drawn.items()} == pictures
    for one in pictures:
        assert page.text.count(one) == 2  # below its picture, and in the list
    assert "猫, predicted" not in page.text
    assert f"{visible(HOSTILE)}, predicted 猫 0.98" in page.text


def test_examples_that_are_not_drawn_are_named(findings):
    page = Page(encode(replace(findings, examples={})))
    assert all(page.text.count(visible(one)) == 1 for one in findings.examples)


def test_what_could_not_be_read_is_counted_and_named(findings):
    text = Page(encode(findings)).text
    assert "104 more examples could not be read and are not counted." in text
    assert "broken.png" in text
    assert "… and 102 more" in text
    survey = replace(findings.survey, unreadable=(), unreadable_count=0)
    clean = Page(encode(replace(findings, survey=survey))).text
    assert "could not be read" not in clean


def test_without_images_the_page_says_so(findings):
    assert "store_images=False" not in encode(findings)
    assert "No images were kept" in encode(without_images(findings))


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ({"survey_1_2": "passed"}, "Passed: no shortcut was proven"),
        ({"survey_1_2": "failed", "survey_2_3": "failed"}, "Not passed: 2 shortcuts proven"),
        ({"survey": "passed"}, "Passed: nothing looked like a shortcut"),
        ({"survey": "skipped"}, "Not passed: nothing could be judged"),
        ({"run": "errored"}, "Not passed: 1 errored"),
    ],
)
def test_the_headline(findings, statuses, said):
    results = tuple(CheckResult(name, status, "Said.") for name, status in statuses.items())
    changed = with_results(findings, results)
    assert words.headline(changed) == said
    assert said.partition(": ")[2] in Page(encode(changed)).text


def test_a_suspect_that_was_not_judged_is_no_pass(findings):
    text = encode(with_results(findings, findings.survey.results[:1]))
    card = text[text.index('id="class_2_strategy_3"') :]
    assert "warned" in card[: card.index("</h3>")]


@pytest.mark.parametrize(
    ("peak", "said"),
    [((0.1, 0.1), "top left"), ((0.5, 0.5), "middle"), ((0.9, 0.5), "bottom"), ((0.4, 0.66), "right")],
)
def test_where_it_is_hottest(survey, peak, said):
    assert words.place(replace(survey.strategies[0], peak=peak)) == said


def test_of_many_classes_those_with_something_to_look_after_have_cards(findings):
    survey = findings.survey
    many = [replace(survey.strategies[0], class_index=index, number=index) for index in range(130)]
    failed = CheckResult("survey_129_129", "failed", "It rests.")
    changed = replace(findings, survey=replace(survey, strategies=tuple(many)))
    page = Page(encode(with_results(changed, (failed,))))
    cards = [a["id"] for tag, a in page.elements if tag == "section"]
    assert len(cards) == 100
    assert cards[:2] == ["class_129_strategy_129", "class_0_strategy_0"]
    assert [a["href"] for tag, a in page.elements if tag == "a"] == [f"#{one}" for one in cards]
    assert "30 more classes with nothing to look after" in page.text


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_browser_shows_it_and_asks_nobody(findings, tmp_path):
    page = tmp_path / "report.html"
    page.write_text(encode(findings), encoding="utf-8")
    text, asked = opened(page, tmp_path)
    assert "1 shortcut proven" in text
    assert asked == []
