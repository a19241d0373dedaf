"""Centroids and codes against float64 loops and scikit-learn's k-means."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans

from dcgan_probe.features import (
    DictionaryConfig,
    KMeansEncoder,
    first_centroids,
    kept_dictionary,
    learn_dictionary,
    lloyd,
)
from dcgan_probe.features.kmeans.lloyd import assign
from dcgan_probe.features.kmeans.patches import PatchGrid, normalize, random_patches
from dcgan_probe.images import load_images
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")


def clouds(rows=600, width=5, seed=0):
    random = np.random.default_rng(seed)
    centres = 4.0 * random.standard_normal((12, width))
    return (centres[random.integers(0, 12, rows)] + random.standard_normal((rows, width))).astype(np.float32)


def drawn(points, count, seed=0, start="points"):
    return first_centroids(points, count, start, torch.Generator().manual_seed(seed))


def plain_lloyd(points, centroids, iterations):
    """Compute Lloyd's iterations in a loop over points."""
    centroids = centroids.astype(np.float64)
    for _ in range(iterations):
        nearest = np.array([((point - centroids) ** 2).sum(axis=1).argmin() for point in points])
        centroids = np.stack([points[nearest == k].mean(axis=0, dtype=float) for k in range(len(centroids))])
    return centroids


def test_iterations_are_those_of_a_loop(monkeypatch):
    monkeypatch.setattr("dcgan_probe.features.kmeans.lloyd.PART", 250)
    monkeypatch.setattr("dcgan_probe.features.kmeans.lloyd.CPU_BLOCK", 40)
    points = clouds()
    first = drawn(torch.from_numpy(points), 12, seed=1)
    assert len(np.unique(first.numpy(), axis=0)) == 12
    kept = first.clone()
    found = lloyd(torch.from_numpy(points), first, iterations=6)
    assert torch.equal(first, kept)
    np.testing.assert_allclose(found, plain_lloyd(points, first.numpy(), 6), rtol=1e-4, atol=1e-4)


def test_points_go_to_the_nearest_centroid():
    points, centroids = torch.from_numpy(clouds()), torch.from_numpy(clouds(7, seed=1))
    sums, sizes, distances = assign(points, centroids)
    squares = ((points[:, None, :].double() - centroids.double()) ** 2).sum(dim=2)
    nearest = squares.argmin(dim=1)
    np.testing.assert_array_equal(sizes, np.bincount(nearest, minlength=7))
    np.testing.assert_allclose(distances, squares.min(dim=1).values, rtol=1e-4, atol=1e-4)
    expected = np.stack([points[nearest == k].sum(dim=0).numpy() for k in range(7)])
    np.testing.assert_allclose(sums, expected, rtol=1e-4, atol=1e-3)


def test_a_centroid_without_points_goes_to_zero_and_may_win_points_from_there():
    points = torch.tensor([[-1.0], [-1.0], [4.0], [6.0]])
    first = torch.tensor([[-1.0], [5.0], [50.0]])
    assert lloyd(points, first, iterations=1)[:, 0].tolist() == [-1.0, 5.0, 0.0]
    near_zero = torch.tensor([[0.4], *points.tolist()])
    assert lloyd(near_zero, first, iterations=2)[2].item() == pytest.approx(0.4)


def test_points_that_start_are_distinct_ones_of_the_points():
    points = torch.arange(40.0).view(20, 2)
    first = drawn(points, 20, seed=3)
    assert sorted(first[:, 0].tolist()) == points[:, 0].tolist()
    assert not torch.equal(first, drawn(points, 20, seed=4))


def test_normal_numbers_that_start_are_small():
    first = drawn(torch.zeros(10, 400), 50, start="gaussian")
    assert first.shape == (50, 400)
    assert float(first.std()) == pytest.approx(0.1, rel=0.02)
    assert abs(float(first.mean())) < 0.003


def test_inertia_falls_and_is_that_of_scikit_learn_within_one_percent():
    images = load_images("glyphs:300", "train")
    points = normalize(torch.from_numpy(random_patches(images, 4000, 6, np.random.default_rng(0))))
    inertia = []
    first = drawn(points, 40)
    centroids = lloyd(
        points,
        first,
        iterations=30,
        on_iteration=lambda number, value: inertia.append(value),
    )
    ours = float(assign(points, centroids)[2].sum())
    theirs = KMeans(40, init=first.numpy(), n_init=1, max_iter=30, tol=0, algorithm="lloyd").fit(points.numpy())
    assert all(later <= earlier * 1.000001 for earlier, later in itertools.pairwise(inertia))
    assert ours == pytest.approx(theirs.inertia_, rel=0.01)


CONFIG = DictionaryConfig(centroids=9, patch=3, patches=500, iterations=5)


def test_more_patches_than_memory_are_refused_before_any_is_cut(tiny_images, monkeypatch):
    monkeypatch.setattr(
        "dcgan_probe.features.kmeans.dictionaries.random_patches", lambda *_: pytest.fail("began to cut")
    )
    images = tiny_images(20, size=9)
    text = r"learning from 2,000,000,000 patches of 108 numbers needs about 2640\.0 GB of memory, but only .* GB"
    with pytest.raises(UserError, match=text) as caught:
        learn_dictionary(images, DictionaryConfig(patches=2_000_000_000), CPU)
    assert caught.value.parameter == "patches"
    monkeypatch.setattr("dcgan_probe.features.kmeans.dictionaries.available_memory", lambda: 1000 * 1320 - 1)
    with pytest.raises(UserError, match=r"needs about 0\.0 GB of memory, but only 0\.0 GB are available; use"):
        learn_dictionary(images, DictionaryConfig(centroids=9, patches=1000), CPU)


def plain_codes(images, dictionary, stride, activation, grid):
    """Encode images in float64 loops over images, patches and centroids."""
    centroids = dictionary.centroids.double().numpy()
    mean, matrix = (each.double().numpy() for each in (dictionary.whitening.mean, dictionary.whitening.matrix))
    side = (images.shape[2] - 3) // stride + 1
    border = int(side / 2 + 0.5) if grid == 2 else side
    result = np.zeros((len(images), len(centroids), grid, grid))
    for n, image in enumerate(images.astype(np.float64)):
        for i in range(side):
            for j in range(side):
                patch = image[:, i * stride : i * stride + 3, j * stride : j * stride + 3].reshape(-1)
                patch = (patch - patch.mean()) / np.sqrt(patch.var(ddof=1) + 10.0)
                distances = np.sqrt((((patch - mean) @ matrix - centroids) ** 2).sum(axis=1))
                if activation == "triangle":
                    code = np.maximum(0.0, distances.mean() - distances)
                else:
                    code = np.arange(len(centroids)) == distances.argmin()
                result[n, :, int(i >= border), int(j >= border)] += code
    return result.reshape(len(images), -1)


@pytest.mark.parametrize("whiten", [True, False])
@pytest.mark.parametrize(
    ("stride", "activation", "grid"), [(1, "triangle", 2), (2, "triangle", 2), (1, "hard", 2), (1, "triangle", 1)]
)
def test_codes_are_those_of_a_loop(tiny_images, stride, activation, grid, whiten):
    images = tiny_images(20, size=9)  # seven positions: the border is at four
    config = DictionaryConfig(centroids=9, patch=3, patches=500, iterations=5, whiten=whiten)
    dictionary = learn_dictionary(images, config, CPU)
    encoder = KMeansEncoder(dictionary, images, stride=stride, activation=activation, grid=grid, device=CPU)
    encoder.check(images)
    found = encoder.encode(images.images[:4])
    assert found.dtype == np.float32
    assert encoder.layers == {"kmeans": (0, 9 * grid**2)}
    expected = plain_codes(images.images[:4], dictionary, stride, activation, grid)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-3)
    assert expected.std() > 0.05


@pytest.mark.parametrize("together", [1, 6])
def test_the_number_of_images_at_once_changes_nothing(tiny_images, monkeypatch, together):
    images = tiny_images(20, size=9)
    encoder = KMeansEncoder(learn_dictionary(images, CONFIG, CPU), images, device=CPU)
    expected = encoder.encode(images.images)
    monkeypatch.setattr("dcgan_probe.features.kmeans.encoder.CPU_IMAGES", together)
    np.testing.assert_allclose(encoder.encode(images.images), expected, rtol=1e-5, atol=1e-4)
    # As on a GPU, cells of several images share one product.
    several = encoder._encode(torch.from_numpy(images.images))
    monkeypatch.setattr(encoder, "_together", lambda images: len(images))
    np.testing.assert_allclose(encoder._encode(torch.from_numpy(images.images)), several, rtol=1e-5, atol=1e-4)


def test_random_patches_can_be_centroids(tiny_images):
    images = tiny_images(20)
    config = DictionaryConfig(centroids=9, patch=3, patches=500, learning="patches")
    dictionary = learn_dictionary(images, config, CPU)
    every = dictionary.whitening(normalize(PatchGrid(3).of(torch.from_numpy(images.images)).flatten(0, 1)))
    assert torch.cdist(dictionary.centroids, every).min(dim=1).values.max() < 1e-2
    # Distances of zero: rounding may make their squares negative.
    assert np.isfinite(KMeansEncoder(dictionary, images, device=CPU).encode(images.images)).all()


def test_a_dictionary_is_learned_once(tiny_images, tmp_path):
    images, calls = tiny_images(20), []
    settings = {"on_iteration": lambda number, inertia: calls.append(number)}
    first = kept_dictionary(images, CONFIG, tmp_path, CPU, **settings)
    assert calls == [1, 2, 3, 4, 5]
    again = kept_dictionary(images, CONFIG, tmp_path, CPU, **settings)
    assert len(calls) == 5
    torch.testing.assert_close(again.centroids, first.centroids, rtol=0, atol=0)
    kept_dictionary(tiny_images(20, seed=1), CONFIG, tmp_path, CPU, **settings)
    assert len(calls) == 10


def test_a_broken_dictionary_is_learned_again(tiny_images, tmp_path):
    first = kept_dictionary(tiny_images(20), CONFIG, tmp_path, CPU)
    (path,) = tmp_path.glob("dictionary-*.pt")
    path.write_bytes(b"half a file")
    with pytest.warns(UserWarning, match="the file is renamed to dictionary-"):
        again = kept_dictionary(tiny_images(20), CONFIG, tmp_path, CPU)
    torch.testing.assert_close(again.centroids, first.centroids, rtol=0, atol=0)


def test_the_origin_names_the_training_images(tiny_images):
    images = tiny_images(20)
    encoder = KMeansEncoder(learn_dictionary(images, CONFIG, CPU), images, device=CPU)
    origin = encoder.origin
    assert (origin.features, origin.network, origin.trained_on, origin.trained_on_images) == ("kmeans", "9", "tiny", 20)
    other = KMeansEncoder(learn_dictionary(tiny_images(20, seed=1), CONFIG, CPU), images, device=CPU)
    assert encoder.settings != other.settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"centroids": 501}, "501 centroids cannot be learned from 500 patches"),
        ({"iterations": 0}, "iterations is 0; expected at least 1"),
        ({"learning": "guess"}, "got learning 'guess', expected kmeans or patches"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(UserError, match=message):
        DictionaryConfig(**{"centroids": 9, "patches": 500, **changes})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"grid": 7}, "a grid of 7 does not fit 6 x 6 patch positions; use 1 to 6"),
        ({"activation": "relu"}, "got activation 'relu', expected triangle or hard"),
    ],
)
def test_encodings_out_of_range_are_refused(tiny_images, settings, message):
    images = tiny_images(20)
    with pytest.raises(UserError, match=message):
        KMeansEncoder(learn_dictionary(images, CONFIG, CPU), images, device=CPU, **settings)


def test_images_of_another_shape_are_refused(tiny_images):
    images = tiny_images(20)
    encoder = KMeansEncoder(learn_dictionary(images, CONFIG, CPU), images, device=CPU)
    with pytest.raises(UserError, match=r"tiny has images of \(1, 8, 8\).* come from images of \(3, 8, 8\)"):
        encoder.check(tiny_images(4, channels=1))


def test_centroids_move_on_a_device_without_float64(on_mps):
    points, first = torch.randn(300, 5), torch.randn(4, 5)
    calls, expected = [], []
    found = lloyd(on_mps(points), on_mps(first), iterations=3, on_iteration=lambda *state: calls.append(state))
    moved = lloyd(points, first, iterations=3, on_iteration=lambda *state: expected.append(state))
    assert found.device.type == "mps"
    torch.testing.assert_close(found.cpu(), moved)
    np.testing.assert_allclose(calls, expected, rtol=1e-5)


def test_a_device_without_float64_refuses_it(on_mps):
    with pytest.raises(TypeError, match="doesn't support float64"):
        on_mps(torch.ones(3)).sum(dtype=torch.float64)
