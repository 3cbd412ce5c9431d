"""All probes at one epoch."""

import time
from urllib.parse import unquote

import numpy as np
import pytest

from keras_saliency.engine import Layout
from keras_saliency.explanation import pictures_of

from . import drawn, logs
from .page import Keys

SCRUB = """
const [slider, places, done] = arguments;
for (const place of places) {
  slider.value = place;
  slider.dispatchEvent(new Event('input', {bubbles: true}));
}
done();
"""


BOXES = """
return [...document.querySelectorAll('.card')].map((card) => {
  const [start, end, whole] = card.querySelector('.said .core').children;
  const box = (element) => element.getBoundingClientRect();
  const shortened = start.scrollWidth > start.clientWidth && box(end).width > 0;
  return [box(whole).left, box(whole).right, box(card.querySelector('.said')).right + 0.5, shortened];
});
"""


@pytest.fixture
def grid(page, entry):
    return page.open(entry, run="a/saliency", step=20)


@pytest.mark.parametrize("view", ["magnitude", "positive", "negative", "signed"])
def test_views(grid, written, view):
    grid.choose("Layers", "map").choose("View of the maps", view)
    expected = drawn.coloured(written.folder / "a", "gradient", 20, view)
    for probe in range(0, logs.PROBES, 5):
        drawn.assert_same(grid.heat(probe)[..., :3], expected[probe])
    assert len({tuple(pixel) for pixel in grid.heat(0).reshape(-1, 4)}) > 10


def test_methods_are_different_and_each_its_own(grid, written):
    grid.choose("Layers", "map")
    for method in logs.METHODS:
        grid.choose("Method", method)
        drawn.assert_same(
            grid.heat(1)[..., :3], drawn.coloured(written.folder / "a", method, 20, "magnitude")[1]
        )


@pytest.mark.parametrize("view", ["magnitude", "signed"])
def test_scale_over_time(grid, written, view):
    grid.choose("Layers", "map").choose("View of the maps", view).select("Scale", "time")
    for step in (-1, 20, logs.EPOCHS - 1):
        grid.slide("Epoch", step + 1)
        drawn.assert_same(
            grid.heat(2)[..., :3], drawn.over_time(written.folder / "a", "gradient", step, view)[2]
        )


@pytest.mark.parametrize("opacity", [1, 0.6, 0])
def test_overlay_and_its_opacity_as_they_are_displayed(grid, written, opacity):
    if opacity != 0.6:  # the default
        grid.slide("Opacity of the map", opacity)
    grid.find(".tick input").click()
    grid.slide("Size of the pictures", 320)
    pictures = pictures_of(written.probes, Layout((-1,), (-1,)))
    seen = grid.displayed('.card[data-probe="3"] .cell', *logs.SIZE)
    full = drawn.overlaid(pictures, written.folder / "a", "gradient", 20)[3].astype(float)
    none = np.rint(pictures[3].astype(float) @ (0.299, 0.587, 0.114) * 0.62)[..., None]
    expected = none + opacity * (full - none)
    assert np.abs(seen - expected).max() <= 4


def test_the_image_alone(grid, written):
    grid.choose("Layers", "image")
    seen = grid.canvas('.card[data-probe="5"] canvas.picture')
    np.testing.assert_array_equal(seen[..., :3], pictures_of(written.probes, Layout((-1,), (-1,)))[5])


@pytest.mark.parametrize("opacity", ["", " ", "1e999"])
def test_an_opacity_that_is_no_number_leaves_the_map_visible(page, entry, opacity):
    page.open(entry, run="a/saliency", step=20, opacity=opacity)
    assert page.find('.card[data-probe="3"] canvas.heat').value_of_css_property("opacity") == "0.6"


def test_a_link_with_the_old_name_of_inferno(page, entry, written):
    page.open(entry, run="a/saliency", step=20, layer="map", colours="ember")
    assert page.find('select[aria-label="Colours"]').get_property("value") == "inferno"
    expected = drawn.coloured(written.folder / "a", "gradient", 20, "magnitude")
    drawn.assert_same(page.heat(3)[..., :3], expected[3])


def test_colours(grid):
    grid.choose("Layers", "map").select("Colours", "grey")
    heat = grid.heat(0)
    assert (heat[..., 0] == heat[..., 1]).all()
    assert heat[..., 0].max() == 255
    grid.choose("View of the maps", "signed")
    assert (grid.heat(0)[..., 0] != grid.heat(0)[..., 2]).any()


def test_keys(grid):
    grid.press(Keys.ARROW_RIGHT)
    assert grid.epoch == "epoch 22"
    grid.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert grid.epoch == "epoch 20"
    grid.press(Keys.HOME)
    assert grid.epoch == "before training"
    grid.press(Keys.ARROW_LEFT)
    assert grid.epoch == "before training"
    grid.press(Keys.END)
    assert grid.epoch == f"epoch {logs.EPOCHS}"
    grid.press("4")
    assert grid.state["s.view"] == "signed"


def test_keys_where_the_mouse_or_tab_left_the_focus(grid):
    def playing():
        return grid.find(".play").get_attribute("aria-pressed") == "true"

    for selector in (".forward", '[data-value="map"]', ".tick", ".keys summary"):
        grid.click(selector).press(" ")
        assert playing()
        grid.press(" ")
        assert not playing()
    grid.press(Keys.ESCAPE)
    at = int(grid.epoch.removeprefix("epoch "))
    grid.click_at(grid.find('input[aria-label="Size of the pictures"]'), 0.9, 0.5).press(Keys.ARROW_RIGHT)
    assert grid.epoch == f"epoch {at + 1}"
    grid.click('[data-value="overlay"]').press(Keys.TAB)  # to the button on the right
    grid.press(Keys.TAB, " ")
    assert grid.state["s.layer"] == "image"
    assert not playing()
    grid.find("input[type=search]").click()
    grid.press(" ", "4", Keys.ARROW_LEFT)
    assert grid.find("input[type=search]").get_property("value") == " 4"
    assert grid.epoch == f"epoch {at + 1}"
    assert "s.view" not in grid.state
    assert not playing()


def test_fast_scrubbing_ends_on_the_right_step(page, entry, written):
    page.open(entry, run="b/saliency", step=0, layer="map")
    rng = np.random.default_rng(0)
    for _ in range(5):
        places = rng.integers(0, logs.EPOCHS + 1, 60).tolist()
        page.driver.execute_async_script(SCRUB, page.find(".scrubber"), places)
        page.settle()
        expected = drawn.coloured(written.folder / "b", "gradient", places[-1] - 1, "magnitude")
        drawn.assert_same(page.heat(9)[..., :3], expected[9])


def test_playing(grid):
    def place():
        return int(grid.find(".scrubber").get_property("value"))

    grid.select("Speed of playing", 8)
    before, started = place(), time.monotonic()
    grid.click(".play")
    grid.wait(lambda: place() >= before + 5)
    assert time.monotonic() - started > 4 / 8
    grid.click(".play")
    stopped = place()
    time.sleep(0.4)
    assert place() == stopped
    grid.press(Keys.END)
    grid.click(".play")
    grid.wait(lambda: 0 < place() < logs.EPOCHS)
    grid.click(".play")


def test_cards_say_what_the_model_says(grid, written):
    look = drawn.looks(written.folder / "a")[20].methods["gradient"]
    for probe in (0, 6, 15):
        card, predicted = grid.card(probe), int(look.predicted_classes[probe])
        words = card.get_property("textContent")
        assert f"label {logs.CLASS_NAMES[probe % 3]}" in words
        assert f"says {logs.CLASS_NAMES[predicted]} {look.probabilities[probe]:.2f}" in words
        assert ("wrong" in card.get_attribute("class")) == (predicted != probe % 3)
        drift, enrichment = words.rpartition("drift ")[2].split("corner ×")
        assert float(drift) == pytest.approx(look.per_probe["drift"][probe], rel=0.06, abs=0.005)
        assert float(enrichment) == pytest.approx(look.per_probe["corner_enrichment"][probe], rel=0.06)
    grid.press(Keys.HOME)
    assert "no drift yet" in grid.card(6).get_property("textContent")


@pytest.mark.parametrize(("width", "size", "dark"), [(1400, 152, False), (800, 72, True)])
def test_long_names_shorten_in_the_middle_and_push_nothing_away(page, entry, width, size, dark):
    page.open(entry, width=width, dark=dark, run="a/saliency", step=20, size=size)
    boxes = page.driver.execute_script(BOXES)
    assert len(boxes) == logs.PROBES
    assert all(left < right <= edge for left, right, edge, _ in boxes)
    assert any(shortened for *_, shortened in boxes)


def test_sorting_and_filtering(grid, written):
    look = drawn.looks(written.folder / "a")[20].methods["gradient"]

    def shown():
        return [int(card.get_attribute("data-probe")) for card in grid.all(".card")]

    grid.select("Sort", "change")
    assert shown() == np.argsort(-look.per_probe["drift"], kind="stable").tolist()
    grid.select("Sort", "in corner")
    assert shown() == np.argsort(-look.per_probe["corner_enrichment"], kind="stable").tolist()
    grid.select("Sort", "label")
    assert shown() == np.argsort(np.arange(logs.PROBES) % 3, kind="stable").tolist()
    wrong = np.flatnonzero(look.predicted_classes != np.arange(logs.PROBES) % 3)
    grid.select("Sort", "order").choose("Which probes", "wrong")
    assert shown() == wrong.tolist()
    grid.choose("Which probes", "right")
    assert len(shown()) == logs.PROBES - len(wrong)
    grid.choose("Which probes", "all")
    grid.find("input[type=search]").send_keys("NUMBER 12")
    grid.settle()
    assert shown() == [12]
    grid.find("input[type=search]").send_keys("zzz")
    grid.settle()
    assert shown() == []
    assert "No probe fits" in grid.text("main")


def test_pinned_probes_come_first_and_stay_in_links(grid, entry):
    def shown():
        return [int(card.get_attribute("data-probe")) for card in grid.all(".card")]

    for probe in (12, 5):
        grid.point(grid.card(probe), 0.5, 0.5)
        grid.click(f'.card[data-probe="{probe}"] .pin')
    assert shown()[:4] == [5, 12, 0, 1]
    grid.open(entry, run="a/saliency", step=20, pinned=unquote(grid.state["s.pinned"]))
    assert shown()[:4] == [5, 12, 0, 1]
    grid.click('.card[data-probe="12"]').click(".probe-view .pin").press(Keys.ESCAPE)
    assert shown()[:3] == [5, 0, 1]


def test_regions_are_outlined(grid):
    frame = '.card[data-probe="0"] .outlines [data-region="corner"]'
    assert grid.find(frame).get_dom_attribute("viewBox") == f"0 0 {logs.SIZE[1]} {logs.SIZE[0]}"
    edges = grid.find(f"{frame} .line").get_dom_attribute("d")
    assert edges.count("M") == 2 * (2 + 3)
    assert "M2 2h1" in edges
    grid.find(".tick input").click()
    grid.settle()
    assert grid.all(frame) == []


def test_names_are_text_and_never_run(grid):
    assert logs.HTML in grid.texts(".card .name")
    assert grid.all(".saliency img") == []
    assert grid.all(".card b") == []
    assert grid.driver.title != "run"
    grid.choose("What to see", "probe")
    assert grid.text(".headline .name") == logs.HTML
    assert grid.all(".saliency img") == []
    assert grid.complaints() == []
