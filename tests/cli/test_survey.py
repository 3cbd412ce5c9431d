"""`keras-saliency survey` in this process: what it refuses, what it writes, what it says."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_saliency import cli
from keras_saliency.reports import read_report
from keras_saliency.surveys.survey import Survey


@pytest.fixture
def survey(capsys):
    def run(*arguments):
        code = cli.main(["survey", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def refused(survey):
    def run(*arguments):
        code, out, error = survey(*arguments)
        assert (code, out) == (2, "")
        assert error.splitlines()[-1].startswith("keras-saliency survey: ")
        assert "Traceback" not in error
        return error

    return run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "x"], "Expected a model and a data set, or --demo."),
        (["m.keras", "--out", "x"], "Expected a model and a data set, or --demo."),
        (["m.keras", "--demo"], "either --demo or a model and a data set. Received: --demo and m.keras"),
        (["m.keras", "photos"], "Expected --out FOLDER"),
        (["m.keras", "photos", "--out", "x"], "No such model: m.keras"),
    ],
)
def test_what_does_not_say_what_to_look_at(refused, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert said in refused(*arguments)
    assert list(tmp_path.iterdir()) == []


def test_no_such_data_set(refused, ci, tmp_path):
    assert "No such data set: " in refused(ci.clean, tmp_path / "photos", "--out", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_survey_is_no_part_of_its_data_set(refused, ci, tmp_path):
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    out = tmp_path / "photos" / "survey"
    assert "in the data set" in refused(ci.clean, tmp_path / "photos", "--out", out)
    assert not out.exists()


def test_a_folder_of_something_else(refused, ci, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert "Expected a folder that is empty" in refused(ci.clean, ci.probes, "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_reports_take_nobodys_place(refused, ci, tmp_path):
    mine, out = tmp_path / "mine.json", tmp_path / "survey"
    mine.write_text("mine")
    assert "was not written as one" in refused(ci.clean, ci.probes, "--out", out, "--json", mine)
    page = out / "report.html"
    assert "the path of the page" in refused(ci.clean, ci.probes, "--out", out, "--html", page)
    assert mine.read_text() == "mine"
    assert not out.exists()


def test_an_unknown_method_is_told_before_the_model_is_loaded(refused, ci, tmp_path):
    error = refused(ci.clean, ci.probes, "--out", tmp_path / "x", "--method", "gradiant")
    assert "No method 'gradiant'. Did you mean 'gradient'" in error


def test_a_mask_is_read_before_the_model(refused, ci, tmp_path):
    arguments = [ci.clean, ci.probes, "--out", tmp_path / "x", "--region"]
    assert "No such mask: " in refused(*arguments, f"corner={tmp_path / 'corner.npy'}")
    assert not (tmp_path / "x").exists()


def test_a_run_that_dies_leaves_no_verdict(refused, ci, tmp_path):
    """Labels that are no classes of the model are met in the middle of the pass."""
    data, report, page = tmp_path / "data.npz", tmp_path / "r.json", tmp_path / "p.html"
    np.savez(data, images=np.zeros((4, 8, 8, 1), "float32"), labels=[0, 1, 0, 7])
    error = refused(ci.clean, data, "--out", tmp_path / "x", "--json", report, "--html", page)
    assert "label" in error
    (result,) = read_report(report).results
    assert (result.name, result.status) == ("run", "errored")
    assert "Not passed" in page.read_text()
    assert "of an earlier run: nothing was checked now" in refused(
        ci.folder / "none.keras", data, "--out", tmp_path / "x", "--json", report
    )


def test_ctrl_c_says_what_stays(survey, ci, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    out = tmp_path / "survey"
    with monkeypatch.context() as patched:
        patched.setattr("keras_saliency.surveys.parts.Parts.write", interrupted)
        code, said, error = survey(ci.clean, ci.probes, "--out", out)
    assert (code, said) == (cli.INTERRUPTED, "")
    assert error == (
        f"keras-saliency survey: 0 of 24 examples are measured, in {out}: the same call goes on from there.\n"
    )
    assert survey(ci.clean, ci.probes, "--out", out)[2] == ""


def test_reports_may_stand_in_the_folder_and_the_page_is_the_folders(survey, ci, tmp_path):
    out, page, mask = tmp_path / "survey", tmp_path / "page.html", tmp_path / "top-row.npy"
    np.save(mask, np.arange(64).reshape(8, 8) < 8)
    reports = ["--json", out / "report.json", "--junit", out / "junit.xml", "--html", page]
    code, said, error = survey(ci.shortcut, ci.probes, "--out", out, "--region", mask, *reports)
    assert error == ""
    assert code == (0 if json.loads((out / "report.json").read_text())["passed"] else 1)
    assert page.read_text() == (out / "report.html").read_text()
    assert "top_row_enrichment" in Survey.load(out).table()
    assert "24 examples of 2 classes, with maps by gradient" in said
    assert f"keras-saliency view {out}" in said


def test_pictures_are_read_with_a_scale_that_is_given(refused, survey, ci, tmp_path):
    """The model does not tell its range; the folders are not its classes, so their names say nothing."""
    for name in "ab":
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(3):
            image = np.full((8, 8), 40 * number, "uint8")
            Image.fromarray(image).save(tmp_path / "photos" / name / f"{number}.png")
    (tmp_path / "photos" / "a" / "broken.png").write_bytes(b"none")
    arguments = [ci.clean, tmp_path / "photos", "--out", tmp_path / "survey"]
    assert "Give --scale 1/255 for pixels from 0 to 1, or --scale 1 for" in refused(*arguments)
    _, said, _ = survey(*arguments, "--scale", "1/255")
    assert "1 more example could not be read and is not counted. a/broken.png" in said
    found = Survey.load(tmp_path / "survey")
    assert found.table(["id"])["id"].tolist() == [
        f"{name}/{number}.png" for name in "ab" for number in range(3)
    ]
    assert found.settings["data"]["read"]["scale"] == 1 / 255
    for option in (["--scale", "1/255"], ["--resize", "8x8"]):
        assert "are for pictures" in refused(ci.clean, ci.probes, "--out", tmp_path / "other", *option)
