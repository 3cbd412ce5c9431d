"""The page from `keras-saliency view`: while training goes on, and as one file."""

import shutil

import pytest

from keras_saliency.cli import main

from . import drawn, logs, servers
from .page import Keys


@pytest.fixture
def view(driver, tmp_path):
    """A function: log directory → address, of a process that serves it until the test ends."""
    started = []

    def serve(log_dir):
        server = servers.Server("keras_saliency", "view", str(log_dir), log=tmp_path / "view.txt")
        started.append(server)
        server.wait_until("runs", lambda answer: True)
        return server.address

    yield serve
    for server in started:
        server.stop()


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


def test_a_server_that_ends_is_told_and_nothing_is_lost(page, view, tmp_path):
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


def test_what_checks_found(page, view, tmp_path):
    log_dir = tmp_path / "logs"
    logs.train(log_dir / "run", 2)
    logs.train(log_dir / "unchecked", 1)
    logs.add_checks(log_dir / "run", 2)
    page.open(view(log_dir), run="run/saliency")
    page.wait(lambda: page.all('[data-value="checks"]'))
    page.choose("What to see", "checks")
    page.wait(lambda: page.all(".report tr"))
    assert page.text(".report h3") == "epoch 3"
    assert page.texts(".report .status") == ["passed", "failed"]
    assert page.texts(".report td:nth-child(3)") == [check["sentence"] for check in logs.CHECKED]
    assert page.texts(".report .measured") == ["", "12.1 (at most 3.00)"]
    assert page.all(".report img") == []
    assert page.complaints() == []
    page.choose("What to see", "grid").select("Run", "unchecked/saliency")
    page.wait(lambda: not page.all('[data-value="checks"]'))


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
    for tab in ("probe", "strip", "compare", "curves"):
        page.choose("What to see", tab)
    asked = page.driver.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert [address for address in asked if not address.startswith("data:")] == []
    assert page.complaints() == []


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
    assert titles == ["step 0", "step 100", "step 250"]
    assert page.complaints() == []
