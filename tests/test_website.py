"""The documentation site: links, nav, notebooks, and what its builder finds wrong. `make docs` builds all of it."""

import base64

import pytest

from tests.pages import ROOT
from website.built import faults
from website.command_line import with_help
from website.links import with_links
from website.names import linked
from website.nav import check_nav
from website.pages import sources

PAGES = dict(sources(ROOT))
REPOSITORY = "https://github.com/keras-saliency/keras-saliency"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.mark.parametrize(
    ("source", "link", "expected"),
    [
        ("docs/ci.md", "checks.md#the-field", "checks.md#the-field"),
        ("docs/ci.md", "../CHANGELOG.md", "changelog.md"),
        ("docs/ci.md", "../examples/notebooks/watch.ipynb", "notebooks/watch.md"),
        ("docs/ci.md", "../examples/ci/", f"{REPOSITORY}/tree/main/examples/ci"),
        (
            "docs/ci.md",
            "../keras_saliency/errors.py#L3",
            f"{REPOSITORY}/blob/main/keras_saliency/errors.py#L3",
        ),
        ("docs/ci.md", "images/sheet.png", "images/sheet.png"),
        ("docs/api/watch.md", "../tab.md", "../tab.md"),
        ("CONTRIBUTING.md", "docs/architecture.md", "architecture.md"),
        ("examples/notebooks/watch.ipynb", "../../docs/checks.md", "../checks.md"),
        ("examples/notebooks/watch.ipynb", "../../docs/images/sheet.png", "../images/sheet.png"),
        ("examples/notebooks/watch.ipynb", "check.ipynb", "check.md"),
        ("examples/notebooks/watch.ipynb", "watch_files/picture_1_0.png", "watch_files/picture_1_0.png"),
        ("examples/notebooks/watch.ipynb", "#What-a-pass-means,-said", "#what-a-pass-means-said"),
        ("docs/ci.md", "../examples/notebooks/watch.ipynb#The-End", "notebooks/watch.md#the-end"),
        ("docs/ci.md", "https://keras.io", "https://keras.io"),
        ("docs/ci.md", "#here", "#here"),
    ],
)
def test_a_link_of_the_repository_becomes_one_of_the_site(source, link, expected):
    text = f"See [this]({link}).\n\n```python\nmaps[0]({link})\n```\n"
    said = with_links(text, ROOT / source, PAGES, ROOT)
    assert said == text.replace(f"[this]({link})", f"[this]({expected})")


def test_a_link_that_leads_nowhere_is_refused():
    with pytest.raises(FileNotFoundError, match=r"docs/ci\.md has a link that leads nowhere: gone\.md"):
        with_links("[this](gone.md)", ROOT / "docs" / "ci.md", PAGES, ROOT)


def test_public_names_become_links():
    text = "`ks.explain(model, [0])`, `ks.nothing`, [a `ks.check([0])` of](x.md)\n\n```python\n`ks.explain`\n```\n"
    expected = text.replace("`ks.explain(model, [0])`", "[`ks.explain(model, [0])`][keras_saliency.explain]")
    assert linked(text) == expected


@pytest.mark.parametrize("pages", [["a.md", "b.md"], []])
def test_a_page_outside_the_nav_is_refused_and_so_is_a_page_that_is_not_there(pages):
    with pytest.raises(ValueError, match=r"the nav of zensical\.toml to have every page"):
        check_nav('["a.md"]', pages)


def test_the_nav_of_the_site_has_every_page():
    check_nav((ROOT / "zensical.toml").read_text(encoding="utf-8"), sorted(PAGES.values()))


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="b/#there">', None),
        ('<a href="https://keras.io">', None),
        ('<a href="c/">', "a link that leads nowhere: c/"),
        ('<a href="b/#gone">', "no such anchor: b/#gone"),
        ('<a href="#gone">', "no such anchor: #gone"),
        ('<img src="gone.png">', "not there: gone.png"),
        ('<img src="picture.png">', None),
        ('<script src="https://unpkg.com/x.js">', "loads from elsewhere: https://unpkg.com/x.js"),
        (
            '<link rel="stylesheet" href="//fonts.example/x.css">',
            "loads from elsewhere: //fonts.example/x.css",
        ),
        ('<link rel="canonical" href="https://example.org/">', None),
        ('<autoref identifier="ks.gone">', "an unresolved reference: ks.gone"),
    ],
)
def test_what_is_wrong_with_a_page_is_found(html, fault, tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "index.html").write_text('<h2 id="there"></h2>')
    (tmp_path / "index.html").write_text(html)
    (tmp_path / "picture.png").write_bytes(PNG)
    assert list(faults(tmp_path)) == ([f"index.html: {fault}"] if fault else [])


def test_a_command_has_all_its_arguments():
    said = with_help("# Check\n\n<!-- help: check -->\n")
    assert "| `--min-accuracy SHARE` | on the probes, 0 to 1 |" in said
    assert "| `probes` |" in said
    assert "<!--" not in said


def test_formulas_are_drawn_and_code_is_left_alone():
    pytest.importorskip("latex2mathml", reason="`make docs` installs it")
    from website.formulas import with_formulas

    said = with_formulas(
        "Of $x_1$, $$s = x_1 + 1$$ costs 5 $, `$a$` and \\$b.\n\n```sh\necho $HOME $PATH\n```\n"
    )
    assert said.count("<math") == 2
    assert "<msub><mi>x</mi><mn>1</mn></msub>" in said
    assert '<div class="formula"><math' in said
    assert "costs 5 $, `$a$` and \\$b.\n\n```sh\necho $HOME $PATH\n```\n" in said


def test_a_notebook_becomes_a_page_without_its_checks(tmp_path):
    pytest.importorskip("nbconvert", reason="`make docs` installs it")
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    from website.notebooks import as_markdown

    picture = new_output("display_data", {"image/png": base64.b64encode(PNG).decode()})
    cells = [
        new_markdown_cell("# A title"),
        new_code_cell("1 + 1", outputs=[new_output("execute_result", {"text/plain": "2"}), picture]),
        new_code_cell("assert 1 + 1 == 2", metadata={"tags": ["checks"]}),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "sums.ipynb")
    page = tmp_path / "site" / "sums.md"
    page.parent.mkdir()
    text = as_markdown(tmp_path / "sums.ipynb", page)
    assert text.strip().startswith("# A title")
    assert "1 + 1" in text
    assert "assert" not in text
    (shown,) = page.parent.glob("sums_files/*.png")
    assert shown.read_bytes() == PNG
    assert f"](sums_files/{shown.name})" in text
