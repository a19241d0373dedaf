"""Axes and projections against a float64 singular value decomposition in numpy."""

import numpy as np
import pytest
import torch

from dcgan_probe.features.pca import (
    LEAST_VARIANCE,
    PrincipalConfig,
    PrincipalEncoder,
    kept_axes,
    principal_axes,
)
from dcgan_probe.runtime import Notice, UserError

CPU = torch.device("cpu")


def by_hand(images):
    pixels = images.reshape(len(images), -1).astype(np.float64) / 127.5 - 1.0
    centered = pixels - pixels.mean(axis=0)
    _, values, axes = np.linalg.svd(centered, full_matrices=True)
    variances = np.zeros(pixels.shape[1])
    variances[: len(values)] = values**2 / len(images)
    return centered, axes.T, variances


def test_axes_are_those_of_the_singular_values(tiny_images, monkeypatch):
    monkeypatch.setattr("dcgan_probe.features.pca.READ_IMAGES", 17)
    images = tiny_images(200, size=4)
    _, axes, variances = by_hand(images.images)
    found = principal_axes(images)
    np.testing.assert_allclose(found.variances, variances, rtol=1e-4, atol=1e-6)
    cosines = np.abs((found.axes.double().numpy() * axes).sum(axis=0))
    np.testing.assert_allclose(cosines, 1.0, rtol=1e-3)


@pytest.mark.parametrize("projection", ["pca", "whitened"])
@pytest.mark.parametrize("components", [None, 5])
def test_projections_match_an_explicit_computation(tiny_images, projection, components):
    images = tiny_images(200, size=4)
    encoder = PrincipalEncoder(principal_axes(images), PrincipalConfig(projection, components), images, CPU)
    centered, axes, variances = by_hand(images.images)
    count = components or 48
    expected = (centered @ axes)[:, :count]
    if projection == "whitened":
        expected /= np.sqrt(variances[:count] + LEAST_VARIANCE)
    found = encoder.encode(images.images)
    assert (found.dtype, encoder.layers) == (np.float32, {projection: (0, count)})
    np.testing.assert_allclose(
        np.abs(found), np.abs(expected), rtol=1e-2, atol=2e-3
    )  # the sign of an axis is arbitrary
    assert encoder.origin.features == projection


def test_fewer_images_than_pixels_leave_variances_of_zero(tiny_images):
    images = tiny_images(10, size=4)
    found = principal_axes(images)
    assert (found.variances[10:] < 1e-6).all()
    encoder = PrincipalEncoder(found, PrincipalConfig(), images, CPU)
    assert np.isfinite(encoder.encode(images.images)).all()


def test_axes_are_computed_once(tiny_images, tmp_path, monkeypatch):
    images = tiny_images(30, size=4)
    first = kept_axes(images, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("dcgan_probe.features.pca.principal_axes", lambda images: pytest.fail("found again"))
        again = kept_axes(images, tmp_path)
    torch.testing.assert_close(again.axes, first.axes, rtol=0, atol=0)
    (path,) = tmp_path.glob("axes-*.pt")
    path.write_bytes(b"half a file")
    with pytest.warns(Notice, match="the file is renamed to axes-.*unreadable"):
        made = kept_axes(images, tmp_path)
    torch.testing.assert_close(made.variances, first.variances)


@pytest.mark.parametrize("components", [0, 49])
def test_a_number_of_components_out_of_range_is_refused(tiny_images, components):
    images = tiny_images(30, size=4)
    with pytest.raises(UserError, match=f"components is {components}"):
        PrincipalEncoder(principal_axes(images), PrincipalConfig("pca", components), images, CPU)


def test_images_of_another_shape_are_refused(tiny_images):
    images = tiny_images(30, size=4)
    encoder = PrincipalEncoder(principal_axes(images), PrincipalConfig(), images, CPU)
    with pytest.raises(UserError, match="the axes come from images of"):
        encoder.check(tiny_images(4, size=5))
