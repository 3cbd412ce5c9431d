"""The demo of a survey: its data have the answer that is claimed, and the survey finds it."""

import json

import numpy as np
import pytest

from keras_saliency import cli
from keras_saliency.demo import digits, survey


def test_a_part_of_the_threes_is_marked_and_nothing_else():
    images, labels, is_marked = survey.marked_digits()
    corner = images[:, digits.CORNER].min(axis=(1, 2))
    np.testing.assert_array_equal(corner == 1, is_marked)
    assert len(images) == 2400
    assert set(labels[is_marked]) == {digits.MARKED_CLASS}
    assert 0.3 < is_marked.sum() / (labels == digits.MARKED_CLASS).sum() < 0.5


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What the command says, and its folder."""
    out = tmp_path_factory.mktemp("demo") / "survey"
    with pytest.MonkeyPatch.context() as patched:
        lines = []
        patched.setattr("keras_saliency.cli.survey.Console.print", lambda self, *said: lines.extend(said))
        code = cli.main(["survey", "--demo", "--out", str(out)])
    return code, lines, out


def test_the_corner_is_proven(shown):
    code, lines, out = shown
    about = json.loads((out / "survey" / "survey.json").read_text(encoding="utf-8"))
    failed = [result for result in about["report"]["results"] if result["status"] == "failed"]
    assert code == 1
    assert len(failed) == 1
    (strategy,) = (one for one in about["strategies"] if failed[0]["name"].endswith(f"_{one['number']}"))
    assert strategy["class_index"] == digits.MARKED_CLASS
    _, _, is_marked = survey.marked_digits()
    assert all(is_marked[int(one)] for one in strategy["typical"])
    assert "Not passed: 1 shortcut proven." in lines
    assert "top left" in " ".join(lines)


def test_a_second_demo_gets_a_folder_of_its_own(shown, monkeypatch):
    _, _, out = shown
    made = []
    monkeypatch.setattr(survey, "make", lambda folder: made.append(folder) or 1 / 0)
    assert cli.main(["survey", "--demo", "--out", str(out)]) == cli.WRONG_USE
    assert made == [out.with_name("survey-2")]
