"""Names in any script: DejaVu where matplotlib is installed, a font that is given, boxes where neither has a letter."""

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from keras_saliency.errors import UnreadableFileError
from keras_saliency.render import Caption, contact_sheet, fonts, text, using_font

DEJAVU_HAS = ["кошка", "γάτα", "Ñandú", "naïve", "gęś", "Việt", "חתול", "قطة"]


def square(side):
    """The outline of a square that stands on the baseline."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in [(0, side), (side, side), (side, 0)]:
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


@pytest.fixture
def cats(tmp_path):
    """A font in which 猫 is a black square, three quarters of the font's size; it has nothing else but a space."""
    builder = FontBuilder(1000, isTTF=True)
    names = [".notdef", "space", "cat"]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(" "): "space", ord("猫"): "cat"})
    builder.setupGlyf({".notdef": square(100), "space": TTGlyphPen(None).glyph(), "cat": square(750)})
    builder.setupHorizontalMetrics({name: (1000, 0) for name in names})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Cats", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "cats.ttf")
    return tmp_path / "cats.ttf"


@pytest.mark.parametrize("name", DEJAVU_HAS)
def test_dejavu_has_them(name):
    assert (text.printable(name), text.is_legible(name)) == (name, True)
    assert text.font_of(name) == fonts.dejavu() != fonts.BUILT_IN
    assert text.text_mask(name, 12).shape == (text.line_height(12), text.text_width(name, 12), 1)


@pytest.mark.parametrize("name", [*DEJAVU_HAS, "猫", "बिल्ली"])
def test_without_any_other_font_names_are_spelled_or_boxes(monkeypatch, name):
    monkeypatch.setattr(fonts, "dejavu", lambda: fonts.BUILT_IN)
    shown = text.printable(name)
    assert shown.isascii() or text.BOX in shown
    assert text.is_legible(name) == (text.BOX not in shown)
    assert text.text_mask(name, 12).max() > 0.5  # a box is seen


def test_what_the_built_in_font_has_looks_the_same_everywhere(cats):
    plain = text.text_mask("cat 0.98", 12)
    with using_font(cats):
        np.testing.assert_array_equal(text.text_mask("cat 0.98", 12), plain)
    assert text.font_of("cat 0.98") == fonts.BUILT_IN


def test_a_given_font_draws_what_others_lack(cats):
    assert text.printable("猫") == text.BOX
    with using_font(cats):
        assert text.printable("猫") == "猫"
        mask = text.text_mask("猫", 16)[..., 0]
    baseline = fonts.opened_font(fonts.BUILT_IN, 16).getmetrics()[0]
    expected = np.zeros((text.line_height(16), 16), np.float32)
    expected[baseline - 12 : baseline, :12] = (
        1  # three quarters of 16 pixels, on the line of the other letters
    )
    np.testing.assert_array_equal(mask, expected)
    assert text.printable("猫") == text.BOX


def test_of_several_fonts_the_one_that_lacks_least(cats):
    with using_font(cats):
        assert text.printable("кошка 猫") == "кошка □"
        assert text.printable("猫 猫 к") == "猫 猫 □"


def test_letters_from_the_right_need_a_layout_that_knows_them(monkeypatch):
    has = text._has.__wrapped__
    assert has(fonts.dejavu(), "ق")
    monkeypatch.setattr(text.features, "check", lambda feature: False)
    assert not has(fonts.dejavu(), "ق")
    assert not has(fonts.dejavu(), "ח")
    assert has(fonts.dejavu(), "я")


def test_a_sheet_with_boxes_says_what_to_do(cats):
    maps = np.ones((1, 8, 8), np.float32)

    def note(name):
        """The last lines of a sheet."""
        views = {"signed": maps, "magnitude": maps}
        return contact_sheet(None, views, None, [Caption((name,))], "title", changes=False)[-30:]

    assert not np.array_equal(note("猫"), note("cat"))
    with using_font(cats):
        np.testing.assert_array_equal(note("猫"), note("cat"))


def test_a_file_that_is_no_font(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such font: "), using_font(tmp_path / "none.ttf"):
        pass
    (tmp_path / "text.ttf").write_text("no font")
    with pytest.raises(UnreadableFileError, match="text.ttf cannot be drawn as a font: "):
        fonts.checked_font(tmp_path / "text.ttf")
    with pytest.raises(FileNotFoundError, match="No such font: "):
        fonts.checked_font(tmp_path)


def test_a_long_name_does_not_push_its_probability_away():
    from keras_saliency.render.captions import _fitted

    shown = _fitted("predicted a very long name of a class that nobody can read (0.98)", 120)
    assert shown.endswith("… (0.98)")
    assert text.text_width(shown, 12) <= 120
    assert _fitted("a cat (0.98)", 120) == "a cat (0.98)"
    assert _fitted("short (in parentheses that are longer than the room there is)", 120).endswith("…")
