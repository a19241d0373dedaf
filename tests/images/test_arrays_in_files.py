import json

import h5py
import numpy as np
import pytest

from dcgan_probe.images import load_images, prepare
from dcgan_probe.runtime import Notice, UserError
from dcgan_probe.storage import open_image_file

NOISE = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def store(path, images, labels=None, **attributes):
    with h5py.File(path, "w") as file:
        file["images"] = images
        if labels is not None:
            file["labels"] = labels
        file.attrs.update(attributes)
    return path


def prepared(path, split="train", **settings):
    """Return the file that ``prepare`` writes, and its notices."""
    out = path.with_name(f"out_{split}.h5")
    with pytest.warns(Notice) as said:
        prepare(str(path), split, 8, out, **settings)
    return open_image_file(out), " ".join(str(each.message) for each in said)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (NOISE.transpose(0, 3, 1, 2), "images uint8 of the layout NCHW are read with 0 to 255 as 0 to 255"),
        (NOISE.astype(np.uint16), "images uint16 of the layout NHWC are read with 0 to 255"),
        (NOISE.astype(np.uint16) * 257, "images uint16 of the layout NHWC are read with 0 to 65535 as 0 to 255"),
        (NOISE.astype(np.float32), "images float32 of the layout NHWC are read with 0 to 255"),
        ((NOISE / 255).astype(np.float32), "images float32 of the layout NHWC are read with 0 to 1 as 0 to 255"),
        ((NOISE / 255).transpose(0, 3, 1, 2), "images float64 of the layout NCHW are read with 0 to 1"),
        (NOISE.astype(np.int64), "images int64 of the layout NHWC are read with 0 to 255"),
    ],
)
def test_forms_that_can_be_told_are_read_and_said(tmp_path, images, said):
    file, told = prepared(store(tmp_path / "x_train.h5", images, LABELS))
    np.testing.assert_array_equal(file.images[:], NOISE.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(file.labels, LABELS)
    assert said in told


def test_images_without_an_axis_of_channels_are_gray(tmp_path):
    file, told = prepared(store(tmp_path / "x_train.h5", NOISE[..., 0]))
    np.testing.assert_array_equal(file.images[:], NOISE[:, None, :, :, 0])
    assert "of the layout NHW" in told


def test_truth_values_are_black_and_white(tmp_path):
    file, _ = prepared(store(tmp_path / "x_train.h5", NOISE > 127))
    np.testing.assert_array_equal(file.images[:], 255 * (NOISE > 127).transpose(0, 3, 1, 2))


def test_a_fourth_channel_is_opacity(tmp_path):
    opacity = np.zeros((6, 8, 8, 1), np.uint8)
    file, told = prepared(store(tmp_path / "x_train.h5", np.concatenate([NOISE, opacity], 3)), background="black")
    assert file.images[:].max() == 0
    assert file.images.shape == (6, 3, 8, 8)
    assert "6 images with transparent pixels, composited on black" in told
    assert file.source.endswith("; 6 images with transparent pixels, composited on black")


@pytest.mark.parametrize(
    ("images", "depth", "expected"),
    [
        (NOISE.astype(np.uint16) * 16, (0.0, 4080.0), NOISE),
        (NOISE / 127.5 - 1, (-1.0, 1.0), NOISE),
        (np.full((6, 8, 8, 3), 1.0), "scale", np.full_like(NOISE, 255)),
        (np.full((6, 8, 8, 3), 32_768, np.uint16), "scale", np.full_like(NOISE, 128)),
    ],
)
def test_other_numbers_need_a_depth(tmp_path, images, depth, expected):
    path = store(tmp_path / "x_train.h5", images)
    with pytest.raises(UserError, match=r"got images .* from .* set the values that become 0 and 255 with") as error:
        prepare(str(path), "train", 8, tmp_path / "no.h5")
    assert error.value.parameter == "depth"
    np.testing.assert_array_equal(prepared(path, depth=depth)[0].images[:], expected.transpose(0, 3, 1, 2))


@pytest.mark.parametrize(
    ("images", "settings", "message"),
    [
        (NOISE.astype(np.float32), {"depth": "scale"}, "from 0 to 255, expected 0 to 1; set the values"),
        (np.full((6, 8, 8, 3), np.nan), {}, "not finite in row 0 or later"),
        (np.zeros((6, 4, 8, 4)), {}, r"expected one of NHWC, NCHW by `layout`"),
        (np.zeros((6, 3, 8, 3)), {}, r"expected one of NHWC, NCHW by `layout`"),
        (np.zeros((6, 192)), {}, r"shape \(6, 192\), expected \(N, H, W, C\), \(N, C, H, W\) or \(N, H, W\)"),
        (np.zeros((6, 8, 8, 5)), {}, "with 1, 3 or 4 channels"),
        (NOISE.astype(np.uint16), {"layout": "NCHW"}, r"in the layout NCHW, expected"),
        (np.array(["a"] * 6, "S1"), {}, "expected a data set 'images' of numbers"),
    ],
)
def test_forms_that_cannot_be_told_are_refused(tmp_path, images, settings, message):
    path = store(tmp_path / "x_train.h5", images)
    with pytest.raises(UserError, match=message):
        prepare(str(path), "train", 8, tmp_path / "no.h5", **settings)


def test_a_layout_decides_between_two(tmp_path):
    images = np.zeros((6, 3, 8, 3))
    images[:, 0] = 0.5
    path = store(tmp_path / "x_train.h5", images)
    assert prepared(path, layout="NCHW")[0].images[:][:, 0].min() > 0
    assert prepared(path, layout="NHWC")[0].images[:][:, 0].min() == 0


@pytest.mark.parametrize(
    ("labels", "names", "said"),
    [
        (LABELS[:, None], None, "labels (6, 1) as one number per image"),
        (np.eye(3)[LABELS], None, "labels by the position of the 1 in 3 columns"),
        (LABELS.astype(np.float64), None, "labels float64 as whole numbers"),
        (np.array(["ant", "bee", "cat"])[LABELS].astype(object), ("ant", "bee", "cat"), "labels by their texts"),
        (np.array(["2", "10", "30"])[LABELS].astype("S2"), ("2", "10", "30"), "labels by their texts"),
        (np.array([[3], [7], [10**9]])[LABELS], ("3", "7", "1000000000"), "become class names"),
    ],
)
def test_labels_of_other_forms_are_read_and_said(tmp_path, labels, names, said):
    labels = labels.astype(h5py.string_dtype()) if labels.dtype == object else labels
    file, told = prepared(store(tmp_path / "x_train.h5", NOISE, labels))
    np.testing.assert_array_equal(file.labels, LABELS)
    assert file.class_names == names
    assert said in told


@pytest.mark.parametrize(
    "labels",
    [LABELS - 1.0, LABELS + 0.5, np.ones((6, 3)), np.eye(5)[:, :3], np.zeros((6, 2, 2))],
)
def test_other_labels_are_refused(tmp_path, labels):
    path = store(tmp_path / "x_train.h5", NOISE, labels)
    with pytest.raises(UserError, match=r"expected (whole numbers|exactly one 1|6 whole numbers)"):
        prepare(str(path), "train", 8, tmp_path / "no.h5")


def test_labels_that_are_not_finite_are_counted(tmp_path):
    path = store(tmp_path / "x_train.h5", NOISE, np.array([0.0, np.nan, 1.0, np.inf, 0.0, 1.0]))
    with pytest.raises(UserError, match="2 of 6 labels are not finite, first at row 1; give every image a class"):
        prepare(str(path), "train", 8, tmp_path / "no.h5")


def test_labels_from_one_are_numbered_alike_in_both_splits(tmp_path):
    store(tmp_path / "x_train.h5", NOISE, LABELS + 1)
    store(tmp_path / "x_test.h5", NOISE, np.array([1, 1, 3, 3, 3, 3]))
    train, told = prepared(tmp_path / "x_train.h5")
    assert "the labels 1, 2, 3 become class names, and the classes are numbered 0 to 2" in told
    test, told = prepared(tmp_path / "x_test.h5", "test")
    assert train.class_names == test.class_names == ("1", "2", "3")
    np.testing.assert_array_equal(test.labels, [0, 0, 2, 2, 2, 2])
    assert "has no images of 2" in told


def test_class_names_give_texts_their_order(tmp_path):
    texts = np.array(["ant", "bee"])[[0, 1, 0, 1, 0, 1]].astype("S3")
    path = store(tmp_path / "x_train.h5", NOISE, texts, class_names=json.dumps(["bee", "ant"]))
    np.testing.assert_array_equal(prepared(path)[0].labels, [1, 0, 1, 0, 1, 0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"layout": "NCHW"}, "has the layout NHWC"), ({"depth": (0.0, 1.0)}, "has 8 bits per chann")],
)
def test_settings_that_a_file_of_the_own_form_does_not_need_are_refused(tmp_path, settings, message):
    path = store(tmp_path / "x_train.h5", NOISE)
    with pytest.raises(UserError, match=rf"{message}.*omit the"):
        prepare(str(path), "train", 8, tmp_path / "no.h5", **settings)
    prepare(str(path), "train", 8, tmp_path / "yes.h5", layout="NHWC", depth="scale")


def test_other_verbs_point_to_prepare(tmp_path):
    path = store(tmp_path / "x_train.h5", NOISE.astype(np.float32))
    with pytest.raises(UserError, match=r"expected 'images' uint8 .*; `dcgan-probe prepare` converts files"):
        load_images(str(path), "train")


def test_numbers_beside_the_labels_are_kept(tmp_path):
    path = store(tmp_path / "x_train.h5", NOISE.astype(np.int32))
    with h5py.File(path, "r+") as file:
        file["age"] = np.arange(6)
    np.testing.assert_array_equal(prepared(path)[0].attributes["age"], np.arange(6))
