"""Probe, film strip, comparison and curves."""

import json

import numpy as np
import pytest

from keras_saliency.engine import Layout
from keras_saliency.explanation import pictures_of
from keras_saliency.looks.numbers import descriptions
from keras_saliency.render.colormaps import diverging

from . import drawn, logs
from .page import Keys


def test_a_card_opens_its_probe_with_every_method(page, entry, written):
    page.open(entry, run="a/saliency", step=33, layer="map")
    page.card(6).click()
    page.settle()
    assert page.state["s.tab"] == "probe"
    assert page.state["s.probe"] == "6"
    assert page.texts(".panel .title") == ["Image", *logs.METHODS]
    assert page.texts('[aria-label="Method"] button') == [*logs.METHODS]  # as they were given
    for method in logs.METHODS:
        seen = page.canvas(f'.panel[data-method="{method}"] canvas.heat')
        drawn.assert_same(seen[..., :3], drawn.coloured(written.folder / "a", method, 33, "magnitude")[6])
    page.press("n")
    assert page.text(".headline .name") == logs.NAMES[7]
    assert page.state["s.probe"] == "7"
    page.press(Keys.ESCAPE)
    assert page.all(".card")
    page.press(Keys.ARROW_RIGHT)
    assert page.state["s.step"] == "34"
    for name in (logs.NAMES[7], logs.NAMES[6]):  # the browser's Back goes one view or probe back
        page.driver.back()
        page.wait(lambda name=name: page.text(".headline .name") == name)
    page.driver.back()
    page.wait(lambda: page.all(".card"))
    page.driver.forward()
    page.wait(lambda: page.find(".headline").is_displayed())


@pytest.mark.parametrize("view", ["magnitude", "signed"])
def test_the_value_under_the_pointer(page, entry, written, view):
    page.open(entry, run="a/saliency", step=33, tab="probe", probe=6, view=view)
    row, column = 5, 2
    cell = page.find('.panel[data-method="gradient"] .cell')
    page.point(cell, (column + 0.5) / logs.SIZE[1], (row + 0.5) / logs.SIZE[0])
    page.wait(lambda: page.text('.panel[data-method="gradient"] .value'))
    assert f"row {row}, column {column}" in page.text(".headline .reading")
    for method in logs.METHODS:
        said = page.text(f'.panel[data-method="{method}"] .value').replace("−", "-")
        value = drawn.maps(written.folder / "a", method, 33, view)[6, row, column]
        assert float(said) == pytest.approx(value, rel=0.01)


def test_the_film_strip_shows_every_epoch(page, entry, written):
    page.open(entry, run="a/saliency", step=50, tab="strip", probe=3, layer="map")
    frames = page.all(".frame")
    assert len(frames) == logs.EPOCHS + 1
    assert page.texts(".frame .name")[:3] == ["start", "1", "2"] or page.texts(".frame .name")[1].startswith(
        "1"
    )
    assert "current" in page.find('.frame[data-step="50"]').get_attribute("class")
    look = drawn.looks(written.folder / "a")[50].methods["gradient"]
    predicted, sure = int(look.predicted_classes[3]), look.probabilities[3]
    lead = page.text(".lead")
    assert f"{logs.NAMES[3]}label {logs.CLASS_NAMES[0]}" in lead
    assert f"says {logs.CLASS_NAMES[predicted]} {sure:.2f}epoch 51" in lead
    pictures = pictures_of(written.probes, Layout((-1,), (-1,)))
    np.testing.assert_array_equal(page.canvas(".lead canvas.picture")[..., :3], pictures[3])
    words = page.text('.frame[data-step="50"] .change').replace("−", "-")
    assert float(words.removeprefix("drift ")) == pytest.approx(
        look.per_probe["drift"][3], rel=0.06, abs=0.005
    )
    for step in (49, 50, 51):
        seen = page.canvas(f'.frame[data-step="{step}"] canvas.heat')
        drawn.assert_same(
            seen[..., :3], drawn.coloured(written.folder / "a", "gradient", step, "magnitude")[3]
        )
    page.click('.frame[data-step="49"]')
    assert page.epoch == "epoch 50"


@pytest.mark.parametrize(("against", "reference"), [("before", 49), ("first", -1)])
def test_the_film_strip_shows_changes(page, entry, written, against, reference):
    page.open(entry, run="a/saliency", step=50, tab="strip", probe=3, against=against)
    now, then = (drawn.normalized(written.folder / "a", "gradient", s, "signed")[3] for s in (50, reference))
    seen = page.canvas('.frame[data-step="50"] canvas.heat')
    drawn.assert_same(seen[..., :3], diverging((now - then) / 2))


def test_comparing_runs_at_the_same_epoch(page, entry, written):
    page.open(entry, run="a/saliency", step=12, tab="compare", layer="map")
    assert page.texts(".part b") == ["a", "b", "torn"] or page.texts(".part b") == ["a", "b"]
    for step in (12, 60):
        page.slide("Epoch", step + 1)
        for run in "ab":
            seen = page.canvas(f'.compare-cell[data-run="{run}/saliency"][data-probe="8"] canvas.heat')
            drawn.assert_same(
                seen[..., :3], drawn.coloured(written.folder / run, "gradient", step, "magnitude")[8]
            )


def test_comparing_methods_and_runs_that_do_not_line_up(page, entry, written):
    columns = [
        ["a/saliency", "gradient"],
        ["a/saliency", "smoothgrad"],
        ["other/saliency", "gradient"],
        ["no such run", "gradient"],
    ]
    page.open(entry, run="a/saliency", step=12, tab="compare", columns=json.dumps(columns), layer="map")
    seen = page.canvas('.compare-cell[data-method="smoothgrad"][data-probe="8"] canvas.heat')
    drawn.assert_same(seen[..., :3], drawn.coloured(written.folder / "a", "smoothgrad", 12, "magnitude")[8])
    other, missing = (part.get_property("textContent") for part in page.all(".part.apart"))
    assert logs.probes(seed=1).fingerprint[:8] in other
    assert written.probes.fingerprint[:8] in other
    assert "not in the log directory" in missing
    assert page.all('.compare-cell[data-run="other/saliency"]') == []
    page.select("Add", json.dumps(["b/saliency", "gradient"], separators=(",", ":")))
    assert page.find('.compare-cell[data-run="b/saliency"]')
    page.find(".part .remove").click()
    page.settle()
    assert page.texts(".part b")[0] == "a"
    assert len(page.all(".part")) == 4


def test_curves_show_the_numbers_of_every_run(page, entry, written):
    page.open(entry, run="a/saliency", step=12, tab="curves")
    ours = ["drift", "entropy", "corner enrichment", "probe accuracy"]
    assert page.texts(".chart h3") == [*ours, "training’s loss"]
    for run, position in (("a", 0), ("b", 1)):
        look = drawn.looks(written.folder / run)[12]
        for number, value in (
            ("entropy", look.methods["gradient"].numbers["entropy"]),
            ("probe_accuracy", look.probe_accuracy),
        ):
            reading = page.all(f'.chart[data-number="{number}"] .reading b')[position].get_property(
                "textContent"
            )
            assert float(reading) == pytest.approx(value, abs=0.006)
        said = page.texts('.chart[data-said="loss"] .reading b')[position]
        assert float(said) == pytest.approx(look.logs["loss"], abs=0.006)
    line = page.find('.chart[data-number="entropy"] .line[data-line="a"]').get_dom_attribute("d")
    assert line.count("L") == logs.EPOCHS


def test_numbers_are_explained_in_the_words_of_the_log(page, entry):
    words = descriptions(["corner"])
    page.open(entry, run="a/saliency", step=12, tab="curves")
    for number in ("drift", "corner_enrichment", "probe_accuracy"):
        shown = page.find(f'.chart[data-number="{number}"] h3')
        assert shown.get_dom_attribute("title") == words[number]
    page.open(entry, run="a/saliency", step=12, tab="probe", probe=1)
    titles = {row.get_dom_attribute("title") for row in page.all(".numbers div")}
    assert titles == set(words.values()) - {words["probe_accuracy"]}


def test_a_click_on_a_curve_goes_there(page, entry):
    page.open(entry, run="a/saliency", step=12, tab="curves")
    plot = page.find('.chart[data-number="drift"] .plot')

    def marker():
        return float(page.find('.chart[data-number="drift"] .marker').get_dom_attribute("x1"))

    before = marker()
    page.click_at(plot, 0.75, 0.5)
    left, right, width = 44, 12, plot.size["width"]
    expected = -1 + logs.EPOCHS * (0.75 * width - left) / (width - left - right)
    clicked = int(page.epoch.removeprefix("epoch ")) - 1
    assert clicked == pytest.approx(expected, abs=1)
    assert marker() > before
    page.choose("What to see", "grid")
    assert page.epoch == f"epoch {clicked + 1}"


def test_when_a_run_has_stabilised(page, entry, written):
    drifts = {
        look.epoch: look.methods["gradient"].numbers.get("drift")
        for look in drawn.looks(written.folder / "a").values()
    }
    last = [drifts[epoch] for epoch in range(50, logs.EPOCHS)]
    level = max(round(max(last) + 0.005, 2), 0.01)
    expected = 1 + min(
        e for e in range(logs.EPOCHS) if all(drifts[later] < level for later in range(e, logs.EPOCHS))
    )
    page.open(entry, run="a/saliency", tab="curves", level=level)
    assert f"stabilised at epoch {expected + 0}" in page.texts(".stable li")[0]
    page.open(entry, run="a/saliency", tab="curves", level=0)
    assert "has not stabilised" in page.texts(".stable li")[0]


def test_a_damaged_step_is_told_and_the_rest_works(page, entry, written):
    page.open(entry, run="torn/saliency", step=2, layer="map")
    assert page.epoch == "epoch 3"
    assert "damaged" in page.text(".grid-view .problem")
    assert "cannot be read" in page.card(0).get_property("textContent")
    page.press(Keys.ARROW_RIGHT)
    assert page.epoch == "epoch 4"
    drawn.assert_same(page.heat(0)[..., :3], drawn.coloured(written.whole, "gradient", 3, "magnitude")[0])
    assert page.text(".grid-view .problem") == ""
    for tab in ("strip", "curves", "probe"):
        page.choose("What to see", tab)
    assert page.complaints() == []


def test_dark_on_its_own(page, entry):
    page.open(entry, run="a/saliency", dark=True)
    assert page.find("html").get_attribute("data-theme") == "dark"
    page.open(entry, run="a/saliency")
    assert page.find("html").get_attribute("data-theme") == "light"


def test_a_foreign_address_is_no_harm(page, entry):
    page.driver.get("about:blank")
    page.driver.get(
        f"{entry}#s.run=a/saliency&s.step=abc&s.columns=%7B&s.view=evil&s.opacity=x&junk&s.probe=999&s.tab=nope"
    )
    page.settle()
    assert page.epoch.startswith("epoch ")
    assert page.all(".card")
    assert page.complaints() == []


@pytest.mark.parametrize(
    ("asked", "said", "instead"),
    [
        ({"run": "%E0%A4%A"}, "The run “%E0%A4%A” is not in this log directory.", ".card"),
        (
            {"run": "a/saliency", "method": "rise"},
            "The run “a” has no maps by “rise”. It has gradient,",
            ".card",
        ),
        (
            {"run": "a/saliency", "tab": "strip", "probe": 16},
            "has 16 probes: there is no probe 17.",
            ".frame",
        ),
    ],
)
def test_what_a_link_asks_for_and_is_gone(page, entry, asked, said, instead):
    page.open(entry, **asked)
    assert said in page.text("main")
    assert page.all(instead) == []
    page.click(".missing button")
    assert page.all(instead)
    assert page.complaints() == []
