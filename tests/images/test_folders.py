import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

from dcgan_probe.images import load_images
from dcgan_probe.runtime import UserError


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
    (tmp_path / "a" / "notes.txt").write_text("not an image")
    images, expected = load(tmp_path), ImageFolder(str(tmp_path))
    assert len(images) == 6
    assert images.class_names == tuple(expected.classes) == ("a", "b", "c")
    np.testing.assert_array_equal(images.labels, expected.targets)
    for index, (picture, _) in enumerate(expected):
        np.testing.assert_array_equal(images.images[index].transpose(1, 2, 0), np.asarray(picture))
    assert (images.name, images.split, images.source) == (tmp_path.name, "train", str(tmp_path))


def test_a_flat_folder_has_no_labels_and_sorted_rows(tmp_path):
    second, first = draw(tmp_path / "b.png", 1), draw(tmp_path / "a.png", 2)
    draw(tmp_path / ".hidden.png", size=(1, 1))
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
    with pytest.raises(UserError, match=r"has no test split: expected the folders .*/train and .*/test"):
        load(tmp_path, "test")


def test_a_test_folder_that_is_missing_is_named(tmp_path):
    draw(tmp_path / "train" / "a.png")
    with pytest.raises(UserError, match="has no test split"):
        load(tmp_path, "test")


def test_other_classes_in_the_test_folder_are_refused(tmp_path):
    for name in ("train/cat/1.png", "train/dog/2.png", "test/dog/3.png"):
        draw(tmp_path / name)
    with pytest.raises(UserError, match=r"got 1 classes \(dog\), expected those of .*train: 2 classes \(cat, dog\)"):
        load(tmp_path, "test")


def test_greyscale_stays_and_a_single_colour_image_makes_all_rgb(tmp_path):
    grey = draw(tmp_path / "a.png", mode="L")
    draw(tmp_path / "b.png", 1, mode="LA")
    images = load(tmp_path)
    assert images.channels == 1
    np.testing.assert_array_equal(images.images[0, 0], grey)
    colour = draw(tmp_path / "c.png", 2)
    images = load(tmp_path)
    assert images.channels == 3
    np.testing.assert_array_equal(images.images[0], np.stack([grey] * 3))
    np.testing.assert_array_equal(images.images[2].transpose(1, 2, 0), colour)


def test_transparency_is_dropped(tmp_path):
    pixels = draw(tmp_path / "a.png", mode="RGBA")
    np.testing.assert_array_equal(load(tmp_path).images[0].transpose(1, 2, 0), pixels[:, :, :3])


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
        f"size; make a copy of one size with: dcgan-probe prepare {tmp_path} --size 32"
    )


@pytest.mark.parametrize("keep", [0, 30, 60])
def test_an_unreadable_image_is_named(tmp_path, keep):
    for name in ("a.png", "b.png"):
        draw(tmp_path / name)
    content = (tmp_path / "b.png").read_bytes()
    (tmp_path / "b.png").write_bytes(content[:keep])
    with pytest.raises(UserError, match=r"b\.png cannot be read as an image \(.*replace or remove it"):
        load(tmp_path)


def test_more_than_eight_bits_are_refused(tmp_path):
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"a\.png has more than 8 bits a channel \(mode I;16\), expected an 8-bit"):
        load(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UserError, match=r"got no images, expected files that end in \.jpg \.jpeg \.png"):
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
