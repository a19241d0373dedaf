import numpy as np
import pytest

from dcgan_probe.deduplication import KINDS


def planted(kind, images):
    return KINDS[kind](images, np.random.default_rng(0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_copies_are_images_of_the_same_shape_and_not_the_same(photographs, kind, channels):
    images = photographs(6, channels=channels).images
    before = images.copy()
    copies = planted(kind, images)
    assert (copies.shape, copies.dtype) == (images.shape, np.uint8)
    assert (copies != images).any((1, 2, 3)).all()
    np.testing.assert_array_equal(images, before)


def test_the_size_of_each_change(photographs):
    images = photographs(30).images.clip(60, 190)
    change = planted("brightness", images).astype(int) - images
    assert set(np.unique(change)) == {-25, 25}
    assert (change.min((1, 2, 3)) == change.max((1, 2, 3))).all()
    change = planted("noise", images).astype(int) - images
    assert change.std() == pytest.approx(8, rel=0.02)
    change = planted("re-encoded", images).astype(int) - images
    assert 0.5 < change.std() < 15
    np.testing.assert_array_equal(planted("flip", images)[:, :, 3, 30], images[:, :, 3, 1])


@pytest.mark.parametrize("pixels", [1, 2])
def test_shifts_go_all_ways_and_never_nowhere(photographs, pixels):
    images = photographs(100).images
    copies = planted(f"shift {pixels}", images)
    ways = set()
    for image, copy in zip(images, copies, strict=True):
        inner = copy[:, 4:28, 4:28]
        (way,) = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(image[:, 4 + down : 28 + down, 4 + right : 28 + right], inner)
        ]
        ways.add(way)
    steps = (-pixels, 0, pixels)
    assert ways == {(down, right) for down in steps for right in steps} - {(0, 0)}
