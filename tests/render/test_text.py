import pytest

from keras_saliency.render import fonts, text

LONG = "validation_image_number_17_flipped.jpeg"


@pytest.mark.parametrize("width", range(0, 260, 7))
@pytest.mark.parametrize("size", [11, 12, 18])
def test_shortened_text_fits(width, size):
    shown = text.shorten(LONG, width, size)
    assert text.text_width(shown, size) <= width
    assert shown in ("", LONG) or (shown.endswith("…") and LONG.startswith(shown[:-1]))


def test_shortened_text_is_as_long_as_fits():
    for length in range(4, len(LONG) - 1):
        width = text.text_width(LONG[:length] + "…", 12)
        assert len(text.shorten(LONG, width, 12)) > length


def test_the_longest_name_takes_no_time():
    """Tried from its end on, letter by letter, it took minutes."""
    before = text._width.cache_info().misses
    text.shorten("name " * 2_000, 200, 12)
    assert text._width.cache_info().misses - before < 20


def test_short_text_stays():
    assert text.shorten("cat", text.text_width("cat", 12), 12) == "cat"


def test_no_space_before_the_ellipsis():
    assert text.shorten("one two three", text.text_width("one t…", 12) - 1, 12) == "one…"


def test_wrapped_lines_fit_and_lose_no_word():
    words = "each map is divided by its own quantile and clipped"
    lines = text.wrap(words, 90, 12)
    assert " ".join(lines) == words
    assert all(text.text_width(line, 12) <= 90 for line in lines)
    assert len(lines) > 2


def test_a_word_too_long_for_a_line_is_shortened():
    (line,) = text.wrap(LONG, 80, 12)
    assert line.endswith("…")


def test_nothing_to_wrap():
    assert text.wrap("", 80, 12) == ()


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("Café Ñandú", "Cafe Nandu"),
        ("Straße 2×3 → 6 − 1…", "Strasse 2x3 -> 6 - 1…"),
        ("猫 cat", "□ cat"),
        ("what?", "what?"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("99.5 % · ±1 |map|", "99.5 % · ±1 |map|"),
    ],
)
def test_what_the_font_lacks_is_spelled(monkeypatch, given, printed):
    monkeypatch.setattr(fonts, "dejavu", lambda: fonts.BUILT_IN)
    assert text.printable(given) == printed


def test_the_font_has_every_known_character():
    assert [c for c in sorted(text._KNOWN) if not text._has(fonts.BUILT_IN, c)] == []


def test_masks_have_the_measured_size():
    mask = text.text_mask("raises gy", 12)
    assert mask.shape == (text.line_height(12), text.text_width("raises gy", 12), 1)
    assert mask.max() > 0.8
    assert not mask.flags.writeable
