import re
import unicodedata

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

from dcgan_probe.images import load_images
from dcgan_probe.runtime import Notice, UserError


def draw(path, value=0, size=(6, 5), mode="RGB"):
    """Save a picture of noise; its mean differs with ``value``."""
    channels = {"L": (), "RGB": (3,), "RGBA": (4,), "LA": (2,)}[mode]
    noise = np.random.default_rng(value).integers(0, 256, (size[1], size[0], *channels), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise).save(path)
    return noise


def load(path, split="train"):
    return load_images(str(path), split)


def test_a_tree_gives_the_rows_and_labels_of_torchvision(tmp_path):
    for index, name in enumerate(["b/2.png", "b/10.png", "a/x.PNG", "a/sub/y.png", "a/sub/a.bmp", "c/z.png"]):
        draw(tmp_path / name, index)
    images, expected = load(tmp_path), ImageFolder(str(tmp_path))
    assert len(images) == 6
    assert images.class_names == tuple(expected.classes) == ("a", "b", "c")
    np.testing.assert_array_equal(images.labels, expected.targets)
    for index, (picture, _) in enumerate(expected):
        np.testing.assert_array_equal(images.images[index].transpose(1, 2, 0), np.asarray(picture))
    assert (images.name, images.split, images.source) == (tmp_path.name, "train", str(tmp_path))


def test_a_flat_folder_has_no_labels_and_sorted_rows(tmp_path):
    second, first = draw(tmp_path / "b.png", 1), draw(tmp_path / "a.png", 2)
    images = load(tmp_path)
    assert images.labels is None
    assert images.class_names is None
    np.testing.assert_array_equal(images.images, np.stack([first, second]).transpose(0, 3, 1, 2))


def test_a_folder_in_the_current_one_is_found_by_its_bare_name(tmp_path, monkeypatch):
    draw(tmp_path / "pictures" / "a.png")
    monkeypatch.chdir(tmp_path)
    assert load("pictures").name == "pictures"


def test_splits_are_subfolders(tmp_path):
    for index, name in enumerate(["train/a/1.png", "train/b/2.png", "test/a/3.png", "test/b/4.png", "test/b/5.png"]):
        draw(tmp_path / name, index)
    assert len(load(tmp_path)) == 2
    test = load(tmp_path, "test")
    np.testing.assert_array_equal(test.labels, [0, 1, 1])
    assert (test.split, test.name) == ("test", tmp_path.name)


def test_the_whole_folder_has_no_test_split(tmp_path):
    draw(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"has no test split, expected the folders .*/train and .*/test"):
        load(tmp_path, "test")


def test_a_test_folder_that_is_missing_is_named(tmp_path):
    draw(tmp_path / "train" / "a.png")
    with pytest.raises(UserError, match="has no test split"):
        load(tmp_path, "test")


def test_other_classes_in_the_test_folder_are_refused(tmp_path):
    for name in ("train/cat/1.png", "train/dog/2.png", "test/dog/3.png", "test/fox/3.png"):
        draw(tmp_path / name)
    expected = (
        r"got 2 classes \(dog, fox\), expected the classes of .*train, 2 classes \(cat, dog\); fox cannot be predicted"
    )
    with pytest.raises(UserError, match=expected):
        load(tmp_path, "test")


@pytest.mark.parametrize("empty", [False, True])
def test_a_class_without_test_images_is_said_and_keeps_the_numbers_of_the_others(tmp_path, empty):
    for name in ("train/cat/1.png", "train/dog/2.png", "test/dog/3.png"):
        draw(tmp_path / name)
    if empty:
        (tmp_path / "test" / "cat").mkdir()
    with pytest.warns(Notice, match=r"test has no images of cat: scores cover the other 1 of 2 classes; add images"):
        test = load(tmp_path, "test")
    np.testing.assert_array_equal(test.labels, [1])
    assert test.class_names == ("cat", "dog")


def test_names_that_differ_in_their_unicode_form_alone_are_equal(tmp_path):
    for split, form in (("train", "NFC"), ("test", "NFD")):
        for index, name in enumerate(("caf\u00e9", "caff", "b")):
            draw(tmp_path / split / unicodedata.normalize(form, name) / "1.png", index)
    train, test = load(tmp_path), load(tmp_path, "test")
    assert train.class_names == test.class_names == ("b", "caff", "caf\u00e9")
    assert train.fingerprint == test.fingerprint


def test_grayscale_stays_and_a_single_color_image_makes_all_rgb(tmp_path):
    gray = draw(tmp_path / "a.png", mode="L")
    opaque = draw(tmp_path / "b.png", 1, mode="LA")
    opaque[:, :, 1] = 255
    Image.fromarray(opaque).save(tmp_path / "b.png")
    images = load(tmp_path)
    assert images.channels == 1
    np.testing.assert_array_equal(images.images[0, 0], gray)
    color = draw(tmp_path / "c.png", 2)
    images = load(tmp_path)
    assert images.channels == 3
    np.testing.assert_array_equal(images.images[0], np.stack([gray] * 3))
    np.testing.assert_array_equal(images.images[2].transpose(1, 2, 0), color)


def test_pictures_are_turned_upright(tmp_path):
    noise = draw(tmp_path / "a.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turned by a quarter
    Image.fromarray(noise).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(load(tmp_path).images[0].transpose(1, 2, 0), np.rot90(noise, -1))


def test_images_of_different_sizes_are_refused_with_the_way_out(tmp_path):
    draw(tmp_path / "a.png", size=(6, 5))
    draw(tmp_path / "b.png", size=(7, 5))
    with pytest.raises(UserError) as error:
        load(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: got images of different sizes (6x5 {tmp_path / 'a.png'}, 7x5 {tmp_path / 'b.png'}), expected one "
        f"size; write such a copy with: dcgan-probe prepare {tmp_path} --size 32"
    )


@pytest.mark.parametrize("keep", [0, 30, 60])
def test_an_unreadable_image_is_named(tmp_path, keep):
    for name in ("a.png", "b.png"):
        draw(tmp_path / name)
    content = (tmp_path / "b.png").read_bytes()
    (tmp_path / "b.png").write_bytes(content[:keep])
    with pytest.raises(UserError, match=r"b\.png cannot be read as an image \(.*replace or remove it, or .*--skip-unr"):
        load(tmp_path)


def test_all_unreadable_images_are_named_at_once(tmp_path):
    for index in range(9):
        draw(tmp_path / "a" / f"{index}.png")
    for index in (0, 4, 8):
        (tmp_path / "a" / f"{index}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(UserError) as error:
        load(tmp_path)
    found = re.findall(r"a/(\d)\.png \(", str(error.value))
    assert found == ["0", "4", "8"]
    assert "3 of 9 images cannot be read" in str(error.value)
    assert str(error.value).endswith(
        "replace or remove them, or write the other images with `dcgan-probe prepare --skip-unreadable`"
    )


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Val", "Test", "testing"])
def test_another_name_of_the_test_split_is_taken_and_said(tmp_path, name):
    for index, path in enumerate(["train/a/1.png", "train/b/2.png", f"{name}/a/3.png", f"{name}/b/4.png"]):
        draw(tmp_path / path, index)
    if name.lower().startswith("val"):
        with pytest.warns(Notice, match=rf"test is missing, so .*/{name} is the test split"):
            test = load(tmp_path, "test")
    else:
        test = load(tmp_path, "test")
    np.testing.assert_array_equal(test.labels, [0, 1])


def test_other_candidates_for_the_test_split_are_named(tmp_path):
    for index, path in enumerate(["train/a/1.png", "train/b/2.png", "val/a/3.png", "val/b/4.png", "valid/a/5.png"]):
        draw(tmp_path / path, index)
    with pytest.warns(Notice, match=r"val is the test split; not read: valid$"):
        assert len(load(tmp_path, "test")) == 2


def test_test_comes_before_val_and_training_is_train(tmp_path):
    for index, path in enumerate(
        ["Training/a/1.png", "Training/b/2.png", "test/a/3.png", "test/b/4.png", "val/a/5.png"]
    ):
        draw(tmp_path / path, index)
    assert len(load(tmp_path)) == len(load(tmp_path, "test")) == 2


def test_splits_without_a_training_split_are_no_classes(tmp_path):
    draw(tmp_path / "test" / "a.png")
    draw(tmp_path / "val" / "b.png")
    with pytest.raises(UserError, match=r"has the folders test, val but no training split, expected a folder train"):
        load(tmp_path)


@pytest.mark.parametrize("colored", ["train", "test"])
def test_channels_are_decided_once_for_both_splits(tmp_path, colored):
    other = "test" if colored == "train" else "train"
    for index, name in enumerate(("a", "b")):
        draw(tmp_path / colored / name / "1.png", index)
        draw(tmp_path / other / name / "1.png", index, mode="L")
    assert load(tmp_path).channels == load(tmp_path, "test").channels == 3


def test_a_gray_palette_in_a_gray_set_is_gray(tmp_path):
    for split in ("train", "test"):
        for index, name in enumerate(("a", "b")):
            draw(tmp_path / split / name / "1.png", index, mode="L")
    gray = draw(tmp_path / "test" / "a" / "1.png", 7, mode="L")
    Image.fromarray(gray).convert("P").save(tmp_path / "test" / "a" / "1.png")
    test = load(tmp_path, "test")
    assert load(tmp_path).channels == test.channels == 1
    np.testing.assert_array_equal(test.images[0, 0], gray)


def test_more_than_eight_bits_are_refused_with_the_way_on(tmp_path):
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"a\.png has more than 8 bits per channel \(mode I;16, .* `depth=scale`"):
        load(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    expected = r"got no images, expected files that end in \.jpg \.jpeg \.png .* 1 entry is skipped: notes\.txt"
    with pytest.raises(UserError, match=expected):
        load(tmp_path)


def test_an_empty_class_is_refused_since_it_would_shift_the_labels(tmp_path):
    draw(tmp_path / "a" / "1.png")
    (tmp_path / "b").mkdir()
    with pytest.raises(UserError, match="got no images in the class folders b, expected"):
        load(tmp_path)


def test_images_beside_class_folders_are_refused(tmp_path):
    draw(tmp_path / "a" / "1.png")
    draw(tmp_path / "2.png")
    with pytest.raises(UserError, match=r"got 1 images beside folders of images \(a\), expected only images or only"):
        load(tmp_path)
