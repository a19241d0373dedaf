import numpy as np
import pytest

from dcgan_probe.images import ImageSet
from dcgan_probe.investigations import Attribute, Concept, top_samples
from dcgan_probe.runtime import UserError


def faces(labels=(0, 1, 1, 0), names=("male", "female"), **attributes):
    given = {name: np.array(numbers) for name, numbers in ({"age": [20, 60, 30, 59]} | attributes).items()}
    labels = None if labels is None else np.array(labels)
    return ImageSet(np.zeros((4, 3, 2, 2), np.uint8), labels, "faces", "train", "made up", names, given)


@pytest.mark.parametrize(
    ("text", "expected", "shown"),
    [
        ("female", [0, 1, 1, 0], "female"),
        (" label = male ", [1, 0, 0, 1], "male"),
        ("label=1", [0, 1, 1, 0], "1"),
        ("1", [0, 1, 1, 0], "1"),
        ("age>=59.5", [0, 1, 0, 0], "age>=59.5"),
        ("age < 30", [1, 0, 0, 0], "age<30"),
        ("age=30", [0, 0, 1, 0], "age=30"),
    ],
)
def test_an_attribute_is_a_question_about_each_image(text, expected, shown):
    attribute = Attribute.parse(text)
    assert str(attribute) == shown
    np.testing.assert_array_equal(attribute.of(faces()), np.array(expected, bool))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("label>=2", [0, 1, 0, 1, 1]),
        ("label>=2.5", [0, 1, 0, 1, 0]),
        ("label<2", [1, 0, 1, 0, 0]),
        ("label=2", [0, 0, 0, 0, 1]),
        ("2", [0, 0, 0, 0, 1]),
        ("label=02", [0, 0, 0, 0, 1]),
    ],
)
def test_classes_named_by_numbers_compare_as_numbers(text, expected):
    names = ("0", "10", "11", "2")  # as texts are sorted
    images = ImageSet(np.zeros((5, 3, 2, 2), np.uint8), np.array([0, 1, 0, 2, 3]), "ages", "train", "made up", names)
    np.testing.assert_array_equal(Attribute.parse(text).of(images), np.array(expected, bool))


def test_a_number_that_is_no_class_is_refused():
    images = ImageSet(np.zeros((2, 3, 2, 2), np.uint8), np.array([0, 1]), "x", "train", "made up", ("01", "02"))
    np.testing.assert_array_equal(Attribute.parse("1").of(images), [True, False])
    for text in ("label=0", "label>=many"):
        with pytest.raises(UserError, match=r"x has no class .*: expected one of 01, 02"):
            Attribute.parse(text).of(images)


def test_comparisons_of_labels_keep_their_own_names():
    assert [str(Attribute.parse(text)) for text in ("label>=2", "label<2", "label=2")] == ["label>=2", "label<2", "2"]


def test_names_are_compared_in_one_unicode_form():
    np.testing.assert_array_equal(
        Attribute.parse("cafe\u0301").of(faces(names=("caf\u00e9", "b"))), np.array([1, 0, 0, 1], bool)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got the attribute '', expected a class such as female"),
        (">=3", "got the attribute '>=3'"),
        ("age>", "got the attribute 'age>'"),
        ("child", "faces has no class 'child': expected one of male, female"),
        ("label=2", "faces has no class '2': expected one of male, female"),
        ("height>=3", "faces has no attribute 'height': expected one of label, age"),
        ("age>=old", "got age>=old, expected a number after >="),
        ("age<100", "all of the 4 images of faces have age<100, expected some with and some without"),
        ("age=99", "none of the 4 images of faces have age=99"),
    ],
)
def test_what_a_set_cannot_answer_is_refused(text, message):
    with pytest.raises(UserError, match=message) as error:
        Attribute.parse(text).of(faces())
    assert error.value.parameter == "attribute"


def test_a_class_needs_labels():
    with pytest.raises(UserError, match=r"faces .* has no labels, and the attribute female needs them"):
        Attribute.parse("female").of(faces(labels=None))


def test_concepts_are_numbers_or_attributes():
    assert Concept.parse("smiling = 3, 17,42") == Concept("smiling", numbers=(3, 17, 42))
    found = Concept.parse("old-women=female,age>=50")
    assert found == Concept("old-women", attributes=(Attribute.parse("female"), Attribute.parse("age>=50")))


@pytest.mark.parametrize("text", ["", "smiling", "=3", "smiling=", "smiling=,", "age>=50"])
def test_a_concept_without_a_name_or_anything_in_it_is_refused(text):
    with pytest.raises(UserError, match="expected NAME=3,17,42"):
        Concept.parse(text)


def test_a_sample_counts_once():
    with pytest.raises(UserError, match="expected each sample once"):
        Concept.parse("smiling=3,3")


def test_the_top_samples_have_every_attribute():
    # Probabilities of having both: 0.25, almost 0 (one is missing), 0.81 and 0.45.
    odds = np.array([[1, 1], [1e9, 1e-9], [9, 9], [1, 9]])
    np.testing.assert_array_equal(top_samples(list(np.log(odds).T), 3), [2, 3, 0])
    with pytest.raises(UserError, match="got 5 samples of a concept from a pool of 4, expected 1 to 4"):
        top_samples(list(np.log(odds).T), 5)
