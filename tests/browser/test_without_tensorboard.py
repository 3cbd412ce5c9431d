"""The page from `keras-saliency view`: while training goes on, and as one file."""

import json
import shutil
import threading
from contextlib import ExitStack, contextmanager
from html import escape

import numpy as np
import pytest

from keras_saliency import records
from keras_saliency.cli import main
from keras_saliency.cli.view_server import make_view_server
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.render import frame
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent
from keras_saliency.tensorboard_plugin.trainings import Trainings
from tests.cli.prefix_proxy import PREFIX, below_a_prefix

from . import drawn, logs, servers
from .page import Keys

COLOURS = """
return [...document.querySelectorAll(".run .swatch")].map((swatch) => getComputedStyle(swatch).backgroundColor)
"""
BEYOND = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


def glance(page):
    """What the head says, by the words below each value."""
    return dict(zip(page.texts(".tiles dt"), page.texts(".tiles dd"), strict=True))


def last_labels():
    return logs.probes().labels


@contextmanager
def serving(log_dir, token=None):
    """A server of a log, as `keras-saliency view` makes it, in a thread of this process."""
    recent = Recent(10**7)
    answers = Answers(Trainings(LogStore(log_dir), recent), recent)
    server = make_view_server(answers, 0, "127.0.0.1", token)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def view(driver):
    """A function: log directory → address of a server, which serves it until the test ends."""
    with ExitStack() as started:
        yield lambda log_dir: f"http://127.0.0.1:{started.enter_context(serving(log_dir)).port}/"


def test_from_nothing_through_a_training_to_a_run_that_is_gone(page, view, tmp_path):
    log_dir = tmp_path / "logs"
    log_dir.mkdir()
    address = view(log_dir)
    page.open(address)
    assert "Nothing to watch yet" in page.text("main")
    assert page.text("main code").count("\n") == 4
    assert "SaliencyCallback" in page.text("main code")
    assert not page.find(".transport").is_displayed()

    logs.train(log_dir / "run", 2)
    page.wait(lambda: page.epoch == "epoch 2")  # the page asks now and then: also in the middle of a training
    page.settle()
    assert page.find(".live").get_attribute("aria-pressed") == "true"

    def last():
        return int(page.find(".scrubber").get_attribute("max"))

    assert last() == 2

    logs.train(log_dir / "run", 3, initial_epoch=2, run="saliency")  # more looks, and the newest is shown
    page.wait(lambda: last() > 2)
    page.settle()
    assert page.epoch == "epoch 3"

    page.press(Keys.HOME, Keys.ARROW_RIGHT)  # elsewhere: more looks come, and what is shown stays
    before, count = page.heat(3), last()
    logs.train(log_dir / "run", 5, initial_epoch=3, run="saliency")
    page.wait(lambda: last() > count)
    page.settle()
    assert page.epoch == "epoch 1"
    assert (page.heat(3) == before).all()

    shutil.rmtree(log_dir / "run")
    page.wait(lambda: "no longer in the log directory" in page.text(".problems"))
    assert page.all(".card")
    assert page.complaints() == []


def test_each_training_is_a_run_and_phases_are_marked(page, view, tmp_path):
    log_dir = tmp_path / "logs"
    logs.train(log_dir, 3)
    logs.train(log_dir, 2, seed=1)
    logs.train(log_dir, 5, initial_epoch=2, run="saliency_2")
    address = view(log_dir)
    page.open(address, tab="strip")  # the newest run
    assert page.texts(".frame.phase .name") == ["3"]
    assert len(page.all(".frame")) == 6
    page.open(address, tab="strip", run="saliency")
    assert page.all(".frame.phase") == []
    assert len(page.all(".frame")) == 4
    page.open(address, tab="curves")
    assert [chip.strip() for chip in page.texts(".chip.run")] == ["saliency", "saliency_2"]
    assert len(page.all('figure[data-number="drift"] .phase')) == 1
    assert page.complaints() == []


def test_a_server_that_ends_is_told_and_nothing_is_lost(page, tmp_path):
    """The command itself, in a process of its own."""
    logs.train(tmp_path / "logs" / "run", 2)
    server = servers.Server("keras_saliency", "view", str(tmp_path / "logs"), log=tmp_path / "ended.txt")
    server.wait_until("runs", lambda answer: True)
    page.open(server.address)
    server.stop()
    page.wait(lambda: "does not answer" in page.text(".problems"))
    page.press(Keys.ARROW_LEFT)
    assert page.epoch == "epoch 1"
    assert page.all(".card")


def test_without_pictures_there_are_maps(page, view, tmp_path):
    log_dir = tmp_path / "logs"
    logs.train(log_dir / "run", 2, store_images=False)
    page.open(view(log_dir), step=1)
    assert not page.find('[aria-label="Layers"]').is_displayed()
    drawn.assert_same(page.heat(5)[..., :3], drawn.coloured(log_dir / "run", "gradient", 1, "magnitude")[5])


def test_a_log_that_lost_its_probes_shows_maps_and_says_so(page, view, tmp_path):
    log_dir = tmp_path / "logs"
    logs.train(log_dir / "run", 2)
    logs.lose_probes(log_dir / "run")
    page.open(view(log_dir), step=1)
    assert "probes of this run are not in its log" in page.text(".problems")
    assert len(page.all(".card")) == logs.PROBES
    drawn.assert_same(page.heat(5)[..., :3], drawn.coloured(log_dir / "run", "gradient", 1, "magnitude")[5])
    page.choose("What to see", "probe").press("p")
    assert page.text(".headline .name") == f"probe {logs.PROBES - 1}"
    for tab in ("strip", "compare", "curves"):
        page.choose("What to see", tab)


def test_at_a_glance_and_what_checks_found(page, view, tmp_path):
    log_dir = tmp_path / "logs"
    logs.train(log_dir / "run", 2)
    logs.train(log_dir / "unchecked", 1)
    logs.add_checks(log_dir / "run", 0, region="passed")
    logs.add_checks(log_dir / "run", 1)
    address = view(log_dir)
    last = drawn.looks(log_dir / "run")[1]
    for width, dark, step in ((800, True, 0), (1400, False, "latest")):
        page.open(address, width=width, dark=dark, run="run/saliency", step=step)
        page.wait(lambda: page.all(".glance .matrix-cells path"))
        assert glance(page)["run"] == "run"
        assert glance(page)["epochs"] == "2 of 2"
        assert page.text(".tabs .badge") == "1"
        assert "maps of the score of the label" in page.text(".filters")
        (passed, failed), *_ = page.displayed(".glance .matrix-cells", 3, 2).astype(int)
        assert passed[1] > passed[0] + 20
        assert failed[0] > failed[1] + 60
        assert page.driver.execute_script(BEYOND) == 0
    right = sum(last.methods["gradient"].predicted_classes == last_labels())
    assert glance(page)["right, epoch 2"] == f"{right} of {logs.PROBES}"
    assert float(glance(page)["loss"]) == pytest.approx(last.logs["loss"], abs=0.006)
    assert page.text(".verdict-words") == "epoch 2: 1 of 3 checks fails"
    before = drawn.looks(log_dir / "run")[0].methods["gradient"].predicted_classes
    flipped = (before != last.methods["gradient"].predicted_classes).nonzero()[0].tolist()
    chips = [int(chip.get_dom_attribute("data-probe")) for chip in page.all(".flip")]
    assert chips == flipped[:8]
    page.click(".settings summary")
    assert page.find(".settings dl").is_displayed()
    assert "the label" in page.texts(".settings dd")
    page.press(Keys.ESCAPE)
    assert not page.find(".settings dl").is_displayed()

    page.choose("What to see", "checks")
    assert page.text(".report h3") == "epoch 2: 1 of 3 checks fails"
    assert page.texts(".report .status") == ["failed", "warned", "passed"]
    assert page.texts(".report h4") == [
        "Failed (1)",
        "About the model (1)",
        "About what, this log does not say (1)",
    ]
    assert page.texts(".report td:nth-child(3)") == [logs.CHECKED[i]["sentence"] for i in (2, 1, 0)]
    assert page.texts(".report .measured") == ["12.1 (at most 3.00)", "0.50", ""]
    assert page.all(".report img") == []
    page.press(Keys.ARROW_LEFT)
    assert page.text(".report h3") == "epoch 1: none of 3 checks fails"
    page.click_at(page.find(".all-looks .matrix-cells"), 0.75, 0.5)
    assert page.epoch == "epoch 2"
    assert page.complaints() == []
    page.choose("What to see", "grid").select("Run", "unchecked/saliency")
    page.wait(lambda: not page.all('[data-value="checks"]'))
    assert not page.find(".glance-checks").is_displayed()


def test_one_file_that_asks_for_nothing(page, written, tmp_path):
    exported = tmp_path / "page.html"
    assert main(["view", str(written.folder), "--export", str(exported), "--every", "20"]) == 0
    page.open(exported.as_uri(), run="b/saliency", layer="map", method="smoothgrad")
    assert page.epoch == f"epoch {logs.EPOCHS}"
    for step in (19, 39):
        page.slide("Epoch", (step + 1) // 20)
        assert page.epoch == f"epoch {step + 1}"
        drawn.assert_same(
            page.heat(1)[..., :3], drawn.coloured(written.folder / "b", "smoothgrad", step, "magnitude")[1]
        )
    column = page.find('.card[data-probe="1"] .cell').rect
    picture = np.asarray(page.saved("Save PNG", tmp_path / "picture").convert("RGB"))
    expected = drawn.coloured(written.folder / "b", "smoothgrad", 39, "magnitude")
    assert drawn.shows(picture, expected[1], 2 * column["x"], 2 * column["width"])
    for tab in ("probe", "strip", "compare", "curves"):
        page.choose("What to see", tab)
        assert page.saved("Save PNG", tmp_path / tab).width == 2 * 1400
    film = page.choose("What to see", "strip").saved("Save GIF", tmp_path / "film")
    assert (film.n_frames, film.width, film.info["duration"]) == (5, 320, 250)  # start, 20, 40, 60, 64
    film.seek(3)
    frame = np.asarray(film.convert("RGB"))
    expected = drawn.coloured(written.folder / "b", "smoothgrad", 59, "magnitude")
    assert drawn.shows(frame, expected[0], 0, 320)
    asked = page.driver.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert [address for address in asked if not address.startswith(("data:", "blob:"))] == []
    assert page.complaints() == []


@pytest.fixture(scope="module")
def exported(written, tmp_path_factory):
    """The page of a run as one file."""
    file = tmp_path_factory.mktemp("exported") / "page.html"
    assert main(["view", str(written.folder / "other"), "--export", str(file)]) == 0
    return file.read_text()


@pytest.mark.parametrize(
    "framed",
    [lambda page: frame(page, scripts=True), lambda page: f'<iframe srcdoc="{escape(page)}"></iframe>'],
    ids=["sandboxed", "in the page's own origin"],
)
def test_frames_without_an_address_or_a_history(page, exported, tmp_path, framed):
    """Chromium refuses every change of the history where the document of a frame is text."""
    around = tmp_path / "around.html"
    around.write_text(f'<!DOCTYPE html><meta charset="utf-8">{framed(exported)}')
    page.driver.get(around.as_uri())
    page.driver.get_log("browser")
    page.driver.switch_to.frame(page.find("iframe"))
    page.settle()
    assert page.epoch == "epoch 2"
    for tab in ("strip", "curves", "grid"):
        page.choose("What to see", tab)
    page.slide("Epoch", 1)
    assert page.epoch == "epoch 1"
    assert len(page.all(".card")) == logs.PROBES
    page.driver.execute_script("dispatchEvent(new Event('pagehide'))")  # the address is written at once
    assert page.complaints() == []
    page.driver.switch_to.default_content()


def test_without_scripts_the_page_says_so(page, exported, tmp_path):
    around = tmp_path / "around.html"
    around.write_text(f'<!DOCTYPE html><meta charset="utf-8">{frame(exported)}')
    page.driver.get(around.as_uri())
    page.driver.switch_to.frame(page.find("iframe"))
    assert page.find("noscript p").is_displayed()
    assert "drawn by scripts, which are off here" in page.find("noscript p").text
    page.driver.switch_to.default_content()


def test_behind_a_token_and_below_the_prefix_of_a_proxy(page, written):
    log_dir = written.folder / "other"
    with serving(log_dir, "of-this-test") as server, below_a_prefix(server.port) as address:
        page.driver.get(address)
        assert "Expected the token of this server" in page.text("body")
        page.driver.get(f"{address}?token=of-this-test")
        page.settle()
        assert len(page.all(".card")) == logs.PROBES
        assert page.driver.current_url.partition("#")[0] == f"{address}static/index.html"
        (cookie,) = page.driver.get_cookies()
        assert (cookie["path"], cookie["httpOnly"], cookie["sameSite"]) == (PREFIX, True, "Strict")
        page.driver.delete_all_cookies()


def test_a_run_that_counts_batches(page, view, write_by_hand, tmp_path):
    write_by_hand(tmp_path / "logs" / "run" / "saliency", steps=(0, 100, 250), epoch=None)
    address = view(tmp_path / "logs")
    page.open(address)
    assert page.epoch == "step 250"
    page.press(Keys.ARROW_LEFT)
    assert page.epoch == "step 100"
    page.open(address, tab="curves")
    assert "step 250" in page.text(".chart")
    assert "epoch" not in page.text("main").lower()
    page.open(address, tab="strip")
    titles = [frame.get_attribute("title") for frame in page.all(".strip-view [title^=step]")]
    assert [title.split(",")[0] for title in titles] == ["step 0", "step 100", "step 250"]
    assert page.complaints() == []

    for name in "bcdefghij":
        write_by_hand(tmp_path / "logs" / name / "saliency", steps=(0, 1))
    zero = {view: np.zeros((2, 4, 3), np.float32) for view in records.VIEWS}
    nothing = {"numbers": {}, "per_probe": {"drift": np.full(2, np.nan)}}
    write_by_hand(tmp_path / "logs" / "zero" / "saliency", steps=(0, 1), heatmaps=zero, **nothing)
    for dark in (False, True):
        page.open(address, tab="curves", run="zero/saliency", dark=dark)
        assert page.texts(".over") == ["Over epochs", "Over steps: these runs count batches"]
        epochs, steps = page.all('.chart[data-number="drift"]')
        assert [len(chart.find_elements("css selector", ".line")) for chart in (epochs, steps)] == [10, 1]
        assert "250" in steps.text
        assert "epoch 12" in epochs.text
        assert "all maps are zero" in epochs.text
        colours = page.driver.execute_script(COLOURS)
        assert len(set(colours)) == len(colours) == 11
    page.choose("What to see", "grid")
    assert page.texts(".card .change") == ["map is all zero"] * 2
    page.choose("What to see", "probe")
    assert "map is all zero" in page.text(".probe-view .chart .reading")
    columns = json.dumps([["b/saliency", "gradient"], ["run/saliency", "gradient"]])
    page.open(address, tab="compare", columns=columns, run="b/saliency", method="gradient")
    assert "counts in steps, the scrubber in epochs" in page.text(".part.apart")
    assert page.complaints() == []
