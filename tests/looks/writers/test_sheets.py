import dataclasses

import numpy as np
import pytest

from keras_saliency.looks.writers.sheets import draw_sheet
from keras_saliency.render import Caption, contact_sheet, fonts, shrink, using_font


def expected(run, look, captions, title, subtitle):
    heatmaps = look.methods["gradient"].heatmaps
    return contact_sheet(run.pictures, heatmaps, None, captions, title=title, subtitle=subtitle)


def saying(seen, **scores):
    """The look of a method with other scores."""
    return dataclasses.replace(seen, model_scores=dataclasses.replace(seen.model_scores, **scores))


@pytest.fixture
def run(tmp_path, a_run):
    return a_run(tmp_path)


@pytest.fixture
def look(a_look):
    seen = a_look(12, epoch=4)
    probabilities = np.array([0.5, 0.974, np.nan, 1], np.float32)
    gradient = saying(seen.methods["gradient"], probabilities=probabilities)
    return dataclasses.replace(seen, methods={"gradient": gradient})


CAPTIONS = [
    Caption(('0: 猫 "quoted"0', "label cat", "predicted cat (0.50)")),
    Caption(("a/b\\c1", "label 1: 狗", "wrong: b,c (0.97)", "explained: 1: 狗"), wrong=True),
    Caption(("2: naïve|π2", "label b,c", "predicted b,c")),
    Caption(("<b>bold</b>3", "label cat", "predicted cat (1.00)")),
]


@pytest.fixture(autouse=True)
def no_other_font(monkeypatch):
    """As where matplotlib is not installed: what the tests expect does not depend on it."""
    monkeypatch.setattr(fonts, "dejavu", lambda: fonts.BUILT_IN)


def test_captions_title_and_subtitle(run, look):
    """A name with letters that the font lacks stands behind its number, so that it can be found."""
    sheet = expected(
        run, look, CAPTIONS, "gradient, after epoch 5", "step 12, score: logit, accuracy on the probes 0.75"
    )
    np.testing.assert_array_equal(draw_sheet(run, look, "gradient", None), sheet)


def test_before_training(run, look):
    opening = dataclasses.replace(look, step=-1, epoch=-1, probe_accuracy=None)
    sheet = expected(run, opening, CAPTIONS, "gradient, before training", "step -1, score: logit")
    np.testing.assert_array_equal(draw_sheet(run, opening, "gradient", None), sheet)


def test_bare_probes_and_a_model_without_classes(run, look):
    bare = dataclasses.replace(run.probes, labels=None, names=None, class_names=None)
    run = dataclasses.replace(run, probes=bare)
    none = np.full(4, -1)
    gradient = saying(
        look.methods["gradient"],
        predicted_classes=none,
        target_classes=none,
        kind="centred_log_probability",
    )
    look = dataclasses.replace(look, methods={"gradient": gradient}, probe_accuracy=None)
    captions = [Caption((f"probe {number}",)) for number in range(4)]
    sheet = expected(
        run, look, captions, "gradient, after epoch 5", "step 12, score: centred log probability"
    )
    np.testing.assert_array_equal(draw_sheet(run, look, "gradient", None), sheet)


def test_class_numbers_where_there_are_no_names(run, look):
    run = dataclasses.replace(run, probes=dataclasses.replace(run.probes, class_names=None))
    captions = [
        Caption((*caption.lines[:1], *lines), caption.wrong)
        for caption, lines in zip(
            CAPTIONS,
            [
                ("label 0", "predicted 0 (0.50)"),
                ("label 1", "wrong: 2 (0.97)", "explained: 1"),
                ("label 2", "predicted 2"),
                ("label 0", "predicted 0 (1.00)"),
            ],
            strict=True,
        )
    ]
    sheet = expected(
        run, look, captions, "gradient, after epoch 5", "step 12, score: logit, accuracy on the probes 0.75"
    )
    np.testing.assert_array_equal(draw_sheet(run, look, "gradient", None), sheet)


def test_the_look_before_changes_the_sheet(run, look, a_look):
    alone = draw_sheet(run, look, "gradient", None)
    other = draw_sheet(run, look, "gradient", a_look(11))
    assert not np.array_equal(alone, other)
    np.testing.assert_array_equal(
        draw_sheet(run, look, "gradient", a_look(11, methods=("smoothgrad",))), alone
    )


def test_a_look_before_that_was_stored_smaller(run, a_look):
    now, before = (a_look(step, size=(40, 30), methods=("gradient",)) for step in (1, 0))
    maps = {view: shrink(maps, 20) for view, maps in before.methods["gradient"].heatmaps.items()}
    stored = dataclasses.replace(
        before, methods={"gradient": dataclasses.replace(before.methods["gradient"], heatmaps=maps)}
    )
    small = {view: shrink(maps, 20) for view, maps in now.methods["gradient"].heatmaps.items()}
    smaller = dataclasses.replace(
        now, methods={"gradient": dataclasses.replace(now.methods["gradient"], heatmaps=small)}
    )
    np.testing.assert_array_equal(
        draw_sheet(run, now, "gradient", stored), draw_sheet(run, smaller, "gradient", stored)
    )


def test_a_look_before_of_another_shape_is_none(run, a_look):
    now, before = a_look(1), a_look(0, size=(10, 3))
    np.testing.assert_array_equal(
        draw_sheet(run, now, "gradient", before), draw_sheet(run, now, "gradient", None)
    )


def test_a_sheet_shows_the_first_256_probes_and_says_so(tmp_path, a_run, a_look, monkeypatch):
    monkeypatch.setattr("keras_saliency.looks.writers.sheets.MOST_PROBES", 3)
    run, look = a_run(tmp_path), a_look(0)
    drawn = {}
    monkeypatch.setattr(
        "keras_saliency.looks.writers.sheets.contact_sheet",
        lambda *parts, **words: drawn.update(parts=parts, **words),
    )
    draw_sheet(run, look, "gradient", a_look(-1))
    pictures, now, before, captions = drawn["parts"]
    assert [len(part) for part in (pictures, now["signed"], before["signed"], captions)] == [3] * 4
    assert drawn["subtitle"].endswith(", the first 3 of 4 probes")


def test_names_are_drawn_in_the_font_of_the_run(run, look):
    """In DejaVu as the font that is given, some names are legible that no font has otherwise, and have no number."""
    pytest.importorskip("matplotlib")
    from matplotlib import get_data_path

    font = f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf"
    naive = Caption(("naïve|π2", "label b,c", "predicted b,c"))
    with using_font(font):
        sheet = expected(
            run,
            look,
            [*CAPTIONS[:2], naive, *CAPTIONS[3:]],
            "gradient, after epoch 5",
            "step 12, score: logit, accuracy on the probes 0.75",
        )
    drawn = draw_sheet(dataclasses.replace(run, font=font), look, "gradient", None)
    np.testing.assert_array_equal(drawn, sheet)
    assert drawn.shape != (plain := draw_sheet(run, look, "gradient", None)).shape or (drawn != plain).any()
