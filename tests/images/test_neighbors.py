import numpy as np
import pytest

from dcgan_probe.images import ImageSet, imageset as module, nearest_images, usual_distances
from dcgan_probe.runtime import UserError


@pytest.fixture
def images(monkeypatch):
    monkeypatch.setattr(module.ImageSet.blocks, "__defaults__", (7,))
    return ImageSet(noise(40, 0), None, "noise", "train", "made up")


def noise(rows, seed):
    return np.random.default_rng(seed).integers(0, 256, (rows, 3, 4, 4), dtype=np.uint8)


def brute_force(pictures, images):
    """Compute root mean square distances to images or nearer mirror images, float64 (pictures, images)."""
    differences = [pictures[:, None].astype(float) - each[None] for each in (images, images[..., ::-1])]
    return np.minimum(*(np.sqrt((each**2).mean(axis=(2, 3, 4))) for each in differences))


def test_the_nearest_image_is_that_of_brute_force(images):
    pictures = noise(11, 1)
    found, expected = nearest_images(pictures, images), brute_force(pictures, images.images)
    np.testing.assert_array_equal(found.rows, expected.argmin(axis=1))
    np.testing.assert_allclose(found.distances, expected.min(axis=1), rtol=1e-5)


def test_an_image_of_the_set_finds_itself_unless_it_is_left_out(images):
    rows = np.array([0, 6, 7, 39])
    itself = nearest_images(images.images[rows], images)
    np.testing.assert_array_equal(itself.rows, rows)
    assert itself.distances.max() < 0.1
    other = nearest_images(images.images[rows], images, leave_out=rows)
    expected = brute_force(images.images[rows], images.images)
    expected[np.arange(4), rows] = np.inf
    np.testing.assert_array_equal(other.rows, expected.argmin(axis=1))
    np.testing.assert_allclose(other.distances, expected.min(axis=1), rtol=1e-5)


def test_a_mirrored_copy_is_found_and_said_to_be_one(images):
    rows = np.array([3, 20])
    pictures = images.images[rows].copy()
    pictures[1] = pictures[1, ..., ::-1]
    found = nearest_images(pictures, images)
    np.testing.assert_array_equal(found.rows, rows)
    np.testing.assert_array_equal(found.mirrored, [False, True])
    assert found.distances.max() < 0.1


def test_usual_distances_are_those_to_other_images(images):
    expected = brute_force(images.images, images.images)
    np.fill_diagonal(expected, np.inf)
    np.testing.assert_allclose(np.sort(usual_distances(images, 40, 0)), np.sort(expected.min(axis=1)), rtol=1e-5)
    assert len(usual_distances(images, 10, 0)) == 10


def test_pictures_of_another_size_are_refused(images):
    with pytest.raises(UserError, match=r"got pictures of shape \(3, 5, 5\) .*, expected \(3, 4, 4\), the shape of"):
        nearest_images(np.zeros((1, 3, 5, 5), np.uint8), images)
