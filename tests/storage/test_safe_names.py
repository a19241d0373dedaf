"""Names of sets and files: one line, short enough for any file system, and different for different texts."""

import pytest

from dcgan_probe.storage import file_name, plain_name, shortened


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cifar10", "cifar10"),
        ("new\nline", "new line"),
        ("  a\r\n\tb  c ", "a b c"),
        ("a\x00b\x1b[1mc", "a b [1mc"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("Größe 数字", "Größe 数字"),
        ("not utf-8 \udcff", r"not utf-8 \udcff"),
        ("\n", ""),
        ("x" * 100, "x" * 100),
    ],
)
def test_a_name_is_one_line_of_unicode(text, name):
    assert plain_name(text) == name
    assert plain_name(name) == name
    name.encode()


def test_long_names_are_cut_and_stay_two():
    names = {plain_name("x" * 250 + end) for end in ("", "a", "b")} | {plain_name("x" * 300, 50)}
    assert len(names) == 4
    assert {len(name) for name in names} == {100, 50}
    assert all(plain_name(name) == name for name in names)


@pytest.mark.parametrize("text", ["a b", "a/b", "数" * 100, "é" * 51, "x" * 101, "../up", "a\nb", "not utf-8 \udcff"])
def test_a_file_name_is_at_most_100_bytes_and_no_path(text):
    name = file_name(text)
    assert len(name.encode()) <= 100
    assert not {"/", "\n", " "} & set(name)
    assert name != file_name(text + "2")


@pytest.mark.parametrize("text", ["svhn-1000", "x" * 100, "Größe-all"])
def test_a_name_that_a_file_can_have_is_kept(text):
    assert file_name(text) == text


def test_a_cut_splits_no_letter():
    assert shortened("ééé", 5) == "éé"
