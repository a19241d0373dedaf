"""Raw pixels as features without a feature file, against a feature file."""

import os
from dataclasses import replace

import numpy as np
import pytest

from dcgan_probe.features import PixelEncoder, PixelFeatures, cached_features
from dcgan_probe.images import Part
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import (
    FORMAT_VERSION,
    ChangedFileError,
    FeatureFileWriter,
    open_feature_file,
    open_image_file,
    write_image_file,
)

ENCODER = PixelEncoder(3, 8, 8)


def stored(path, images, dtype):
    """Write the pixels into a feature file, as earlier versions did."""
    settings = {"encoder": "pixels", "range": "-1 to 1", "images": images.fingerprint, "dtype": dtype}
    settings["format"] = FORMAT_VERSION
    with FeatureFileWriter(
        path, settings, rows=len(images), layers={"pixels": (0, 192)}, dtype=dtype, labels=images.labels
    ) as writer:
        writer.append(images.images.reshape(len(images), -1).astype(np.float32) / 127.5 - 1.0)
    return open_feature_file(path)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_pixels_equal_a_feature_file_bit_for_bit_and_have_its_key(tmp_path, tiny_images, dtype):
    images = tiny_images(20)
    found, present = cached_features(ENCODER, images, tmp_path / "features", dtype=dtype)
    file = stored(tmp_path / "stored.h5", images, dtype)
    assert present
    assert not (tmp_path / "features").exists()
    assert (found.key, found.file.settings, found.dtype) == (file.key, file.settings, file.dtype)
    assert np.array_equal(np.concatenate([*found.blocks(7, dtype)]), file.read())
    assert found.load().dtype == np.float32
    assert np.array_equal(found.load(), file.read().astype(np.float32))
    assert np.array_equal(found.labels, file.labels)
    assert (len(found), found.dimension, found.layers) == (20, 192, {"pixels": 192})


def on_disk(path, images):
    """Write the images into a file, and return the set read from it."""
    write_image_file(path, [(images.images, images.labels)], rows=20, name="tiny", split="train", source="a test")
    return replace(images, images=open_image_file(path).images)


def test_a_file_that_changes_gives_no_pixels(tmp_path, tiny_images):
    images = on_disk(tmp_path / "images.h5", tiny_images(20))
    found, _ = cached_features(ENCODER, images, tmp_path)
    assert len(found.load()) == 20
    os.utime(tmp_path / "images.h5", ns=(1, 1))
    with pytest.raises(ChangedFileError, match=r"images.h5 changed while it was read"):
        found.load()


def test_rows_and_columns_are_converted_when_they_are_read(tmp_path, tiny_images):
    images = tiny_images(20)
    features = PixelFeatures(ENCODER, on_disk(tmp_path / "images.h5", images), {"dtype": "float32"})
    whole = ENCODER.encode(images.images)
    assert features.shape == (20, 192)
    assert np.array_equal(features.read(3, 9, slice(5, 70)), whole[3:9, 5:70])
    assert np.array_equal(features.read(), whole)


def test_a_part_of_a_set_needs_no_set(tmp_path, tiny_images):
    images, rows = tiny_images(20), np.array([1, 2, 15])
    part = replace(images.subset(rows), part_of=Part(images, rows))
    found, _ = cached_features(ENCODER, part, tmp_path / "features")
    assert np.array_equal(found.load(), ENCODER.encode(images.images[rows]))
    assert found.key == cached_features(ENCODER, replace(part, part_of=None), tmp_path)[0].key


def test_images_of_another_shape_and_an_unknown_dtype_are_refused(tmp_path, tiny_images):
    with pytest.raises(UserError, match="this encoder is for"):
        cached_features(ENCODER, tiny_images(20, size=4), tmp_path)
    with pytest.raises(UserError, match="unknown dtype 'float64': expected float32 or float16"):
        cached_features(ENCODER, tiny_images(20), tmp_path, dtype="float64")
