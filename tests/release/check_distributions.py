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


def links(markdown):
    """Links and pictures, in Markdown and in HTML, as a parser of Markdown finds them."""
    return re.findall(r'<(\w+)[^>]*?\s(?:href|src|srcset)="([^"]*)"', MarkdownIt().render(markdown))


def test_a_package_index_shows_the_readme_with_the_files_of_the_tag(metadata):
    """No relative link is left; pictures are files, and all else is a page."""
    name, tag = "keras-saliency/keras-saliency", f"v{notes.version()}"
    readme = links((ROOT / "README.md").read_text(encoding="utf-8"))
    expected = []
    for kind, link in readme:
        path = f"README.md{link}" if link.startswith("#") else link
        place = f"github.com/{name}/blob" if kind == "a" else f"raw.githubusercontent.com/{name}"
        expected.append((kind, link if link.startswith("https://") else f"https://{place}/{tag}/{path}"))
        assert link.startswith("https://") or (ROOT / path.partition("#")[0]).exists()
    assert links(metadata.get_payload()) == expected
    assert {kind for kind, link in readme if not link.startswith("https://")} == {"a", "img"}


def test_the_code_of_the_readme_stays_as_it_is(metadata):
    fenced = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
    assert fenced.findall(metadata.get_payload()) == fenced.findall(
        (ROOT / "README.md").read_text(encoding="utf-8")
    )
