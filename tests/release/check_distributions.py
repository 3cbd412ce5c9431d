"""The wheel and the sdist: what is in them, and what a package index shows of them."""

import re
import sys
import tarfile
import zipfile
from email import message_from_bytes

import pytest
from markdown_it import MarkdownIt

from tests.release import notes
from tests.release.conftest import ROOT, done


@pytest.fixture(scope="module")
def metadata(distributions):
    wheel, _ = distributions
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def files_of_the_repository():
    """Those that git does not ignore."""
    return {*done(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT).splitlines()}


def test_twine_takes_them(distributions):
    assert done([sys.executable, "-m", "twine", "check", "--strict", *distributions]).count("PASSED") == 2


def test_the_sdist_is_the_repository(distributions):
    """So what its tests and its documentation need is there."""
    _, sdist = distributions
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    assert files ^ files_of_the_repository() == {"PKG-INFO"}


def test_the_wheel_is_the_package(distributions):
    wheel, _ = distributions
    with zipfile.ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert files == {name for name in files_of_the_repository() if name.startswith("keras_saliency/")}


def test_the_tree_builds_the_wheel_that_the_sdist_builds(distributions, tmp_path):
    wheel, _ = distributions
    done([sys.executable, "-m", "build", "--installer", "uv", "--wheel", "--outdir", tmp_path, ROOT])
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_version_is_the_packages(distributions, metadata):
    assert metadata["Version"] == notes.version()
    assert all(f"-{notes.version()}" in path.name for path in distributions)


def test_a_package_index_shows_no_relative_link(metadata):
    """Links and pictures, in Markdown and in HTML, as a parser of Markdown finds them."""
    html = MarkdownIt().render(metadata.get_payload())
    links = re.findall(r'<(\w+)[^>]*?\s(?:href|src|srcset)="([^"]*)"', html)
    assert [link for link in links if not link[1].startswith("https://")] == []
    assert {name for name, _ in links} >= {"a", "img"}


def test_what_the_index_links_to_is_in_this_tree(metadata):
    """Under the release's tag, so that a link never shows a later state."""
    places = (
        "raw.githubusercontent.com/keras-saliency/keras-saliency",
        "github.com/keras-saliency/keras-saliency/blob",
    )
    linked = {
        path
        for place in places
        for path in re.findall(rf"https://{place}/v{notes.version()}/([^)\s\"#]+)", metadata.get_payload())
    }
    assert [path for path in linked if not (ROOT / path).exists()] == []
    assert len(linked) > 3


def test_the_code_of_the_readme_stays_as_it_is(metadata):
    fenced = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
    assert fenced.findall(metadata.get_payload()) == fenced.findall(
        (ROOT / "README.md").read_text(encoding="utf-8")
    )
