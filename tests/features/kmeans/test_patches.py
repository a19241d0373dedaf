"""Patches, their normalization and whitening against float64 loops and an explicit eigendecomposition."""

import numpy as np
import pytest
import torch

from dcgan_probe.features.kmeans.patches import PatchGrid, Whitening, normalize, random_patches
from dcgan_probe.runtime import UserError


@pytest.mark.parametrize(("size", "stride", "positions"), [(3, 1, 6), (3, 2, 3), (8, 1, 1), (4, 3, 2)])
def test_all_patches_are_cut_row_by_row(tiny_images, size, stride, positions):
    images = tiny_images(2).images
    patches = PatchGrid(size, stride).of(torch.from_numpy(images))
    assert patches.shape == (2, positions**2, 3 * size * size)
    corners = [(i * stride, j * stride) for i in range(positions) for j in range(positions)]
    for number, (top, left) in enumerate(corners):
        expected = images[:, :, top : top + size, left : left + size].reshape(2, -1)
        np.testing.assert_array_equal(patches[:, number], expected)


def test_random_patches_come_from_anywhere_in_any_image(tiny_images, monkeypatch):
    monkeypatch.setattr("dcgan_probe.features.kmeans.patches.READ_IMAGES", 7)  # 20 images are three blocks
    images = tiny_images(20)
    patches = random_patches(images, 2000, 6, np.random.default_rng(0))
    every = PatchGrid(6).of(torch.from_numpy(images.images)).flatten(0, 1).numpy()
    found = {patch.tobytes() for patch in patches}
    known = {patch.tobytes() for patch in every}
    assert patches.shape == (2000, 108)
    assert found <= known
    assert len(found) > 0.95 * len(known)  # 180 different patches, 2000 draws


def test_random_patches_do_not_depend_on_the_blocks(tiny_images, monkeypatch):
    first = random_patches(tiny_images(20), 50, 6, np.random.default_rng(0))
    monkeypatch.setattr("dcgan_probe.features.kmeans.patches.READ_IMAGES", 3)
    np.testing.assert_array_equal(random_patches(tiny_images(20), 50, 6, np.random.default_rng(0)), first)


def test_patches_are_normalized_one_by_one():
    patches = np.random.default_rng(0).uniform(0, 255, (5, 108))
    expected = [(patch - patch.mean()) / np.sqrt(patch.var(ddof=1) + 10.0) for patch in patches]
    np.testing.assert_allclose(normalize(torch.from_numpy(patches)), expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(normalize(torch.full((2, 108), 7.0)), 0.0)


def test_whitening_matches_an_explicit_eigendecomposition(monkeypatch):
    random = np.random.default_rng(0)
    patches = (random.standard_normal((30_000, 6)) @ random.standard_normal((6, 6)) + 3.0).astype(np.float32)
    whitening = Whitening.fit(patches)
    covariance = np.cov(patches.astype(np.float64), rowvar=False)
    values, vectors = np.linalg.eigh(covariance)
    expected = sum(np.outer(v, v) / np.sqrt(value + 0.1) for value, v in zip(values, vectors.T, strict=True))
    np.testing.assert_allclose(whitening.matrix, expected, rtol=1e-4, atol=1e-6)
    white = whitening(torch.from_numpy(patches)).double().numpy()
    np.testing.assert_allclose(white, (patches - patches.mean(0, dtype=float)) @ expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(np.linalg.eigvalsh(np.cov(white, rowvar=False)), values / (values + 0.1), rtol=1e-3)


def test_whitening_can_be_none():
    patches = torch.randn(3, 6)
    torch.testing.assert_close(Whitening.none(6)(patches), patches)


@pytest.mark.parametrize(
    ("size", "stride", "message"), [(0, 1, "patch is 0; expected at least 1 pixel"), (6, 0, "stride")]
)
def test_sizes_out_of_range_are_refused(size, stride, message):
    with pytest.raises(UserError, match=message):
        PatchGrid(size, stride)


def test_a_patch_larger_than_the_image_is_refused(tiny_images):
    with pytest.raises(UserError, match="a patch of 9 pixels is larger than a side of 8"):
        random_patches(tiny_images(2), 5, 9, np.random.default_rng(0))
