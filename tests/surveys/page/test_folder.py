"""What lies in the folder of a survey, as people see it."""

import pytest

from keras_saliency.surveys.page.folder import page_of, write_page
from tests.surveys.page.conftest import without_images


def test_the_page_and_its_pictures(findings):
    write_page(findings)
    folder = findings.survey.path
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    pictures = {path.name: path.read_bytes() for path in (folder / "pictures").iterdir()}
    own = findings.survey.strategies[2]
    assert pictures["class_1_strategy_2_typical_0.png"] == findings.examples[own.typical[0]].picture
    assert pictures["class_1_strategy_2_extreme_1.png"] == findings.examples[own.extreme[1]].picture
    assert len(pictures) == len(findings.examples) == 68


def test_no_pictures_where_none_are_kept(findings):
    write_page(findings)
    write_page(without_images(findings))
    assert [path.name for path in findings.survey.path.iterdir()] == ["report.html"]


def test_the_page_of_a_folder(findings):
    folder = findings.survey.path
    assert page_of(folder) is None
    write_page(findings)
    assert page_of(folder) is None  # survey.json comes last
    (folder / "parts").mkdir()
    (folder / "parts" / "settings.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match="not finished: run it again, and it goes on"):
        page_of(folder)
    findings.survey.save()
    assert page_of(folder) == folder / "report.html"
    (folder / "report.html").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no report\.html: run it again"):
        page_of(folder)
