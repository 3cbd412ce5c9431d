"""Names of files, letter by letter; tests/fuzz/test_names.py tries random ones."""

import hashlib

import pytest

from keras_saliency.records.file_names import file_name, step_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gradient", "gradient"),
        ("", "%"),
        ("..", "%2e%2e"),
        (" a b ", "%20a b%20"),
        (".a.b.", "%2ea.b%2e"),
        ('/\\:*?"<>|%', "%2f%5c%3a%2a%3f%22%3c%3e%7c%25"),
        ("a\x00b\x1fc\x7fd\x9fe\ud800f\udfff", "a%00b%1fc%7fd%9fe%d800f%dfff"),
        ("猫 ~\xa0", "猫 ~\xa0"),
        ("nul", "%6eul"),
        ("Con.txt", "%43on.txt"),
        ("PRN", "%50RN"),
        ("aux.", "aux%2e"),
        ("conin$", "%63onin$"),
        ("CONOUT$.a", "%43ONOUT$.a"),
        ("com0", "%63om0"),
        ("lpt³", "%6cpt³"),
        ("null", "null"),
        ("com10", "com10"),
        ("my nul", "my nul"),
        ("a" * 200, "a" * 200),
        ("a" * 201, "a" * 135 + "%" + hashlib.sha256(b"a" * 201).hexdigest()),
        ("é" * 100, "é" * 100),
        ("é" * 101, "é" * 67 + "%" + hashlib.sha256("é".encode() * 101).hexdigest()),
    ],
)
def test_a_name_as_that_of_a_file(name, expected):
    assert file_name(name) == expected


def test_names_of_steps_sort_by_step():
    names = [step_name(step) for step in (-1, 0, 12, 123_456)]
    assert names == ["step_-00001", "step_000000", "step_000012", "step_123456"]
    assert sorted(names) == names
