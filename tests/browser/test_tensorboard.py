"""The tab in real TensorBoard processes, on both loaders."""

from . import drawn, logs
from .page import Keys

RUN = "a/saliency"


def test_all_epochs_are_there_and_drawn_as_numpy_draws_them(page, tensorboard, written):
    page.open_tensorboard(tensorboard, "saliency&s.run=a%2Fsaliency&s.layer=map")
    assert page.epoch == f"epoch {logs.EPOCHS}"
    assert page.find(".scrubber").get_attribute("max") == str(logs.EPOCHS)
    for step in (logs.EPOCHS - 1, 0, 57, 3, -1):
        page.slide("Epoch", step + 1)
        assert page.epoch == ("before training" if step == -1 else f"epoch {step + 1}")
        expected = drawn.coloured(written.folder / "a", "gradient", step, "magnitude")
        for probe in (0, 7, 15):
            drawn.assert_same(page.heat(probe)[..., :3], expected[probe])
    assert page.complaints() == []


def test_the_address_keeps_the_tab_and_holds_the_state(page, rustboard):
    page.open_tensorboard(rustboard, "saliency&s.run=b%2Fsaliency")
    page.slide("Epoch", 41).choose("Method", "smoothgrad").choose("View of the maps", "signed")
    link = page.link
    assert link.split("#")[1].split("&")[0] == "saliency"
    seen = page.heat(4)
    page.driver.switch_to.new_window("tab")
    page.driver.get(link)
    page.enter_frame()
    assert page.epoch == "epoch 41"
    assert page.find('select[aria-label="Run"]').get_property("value") == "b/saliency"
    assert (page.heat(4) == seen).all()
    page.driver.close()
    page.driver.switch_to.window(page.driver.window_handles[0])


def test_another_tab_of_tensorboard_and_back(page, rustboard):
    page.open_tensorboard(rustboard, "saliency&s.run=a%2Fsaliency&s.step=9")
    page.driver.switch_to.default_content()
    page.driver.execute_script("location.hash = location.hash.replace('saliency', 'text')")
    page.wait(lambda: not page.find("iframe[src*=plugin_entry]").is_displayed())
    page.driver.execute_script("history.back()")
    page.wait(lambda: page.find("iframe[src*=plugin_entry]").is_displayed())
    page.enter_frame()
    assert page.epoch == "epoch 10"
    page.find("output.epoch").click()
    page.press(Keys.ARROW_RIGHT)
    assert page.state["s.step"] == "10"
    page.choose("What to see", "strip")
    assert page.state["s.tab"] == "strip"
    page.driver.execute_script("parent.history.back()")  # one view back, in the same tab of TensorBoard
    page.wait(lambda: page.all(".card"))
    assert page.epoch == "epoch 11"


def test_dark_mode_follows_tensorboard(page, tensorboard):
    page.open_tensorboard(tensorboard, "saliency&s.run=a%2Fsaliency")
    colour = "return getComputedStyle(document.body).backgroundColor"
    light = page.driver.execute_script(colour)
    page.driver.execute_script("parent.document.body.classList.add('dark-mode')")
    page.wait(lambda: page.driver.execute_script(colour) != light)
    dark = [
        int(part) for part in page.driver.execute_script(colour).removeprefix("rgb(").rstrip(")").split(",")
    ]
    assert max(dark) < 60
    page.driver.execute_script("parent.document.body.classList.remove('dark-mode')")
    page.wait(lambda: page.driver.execute_script(colour) == light)


def test_nothing_sticks_out(page, rustboard):
    page.open_tensorboard(rustboard, "saliency&s.run=a%2Fsaliency")
    for width in (1400, 800):
        page.resize(width, 900)
        for tab in ("grid", "probe", "strip", "compare", "curves"):
            page.choose("What to see", tab)
            beyond = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.driver.execute_script(beyond) == 0, (width, tab)
