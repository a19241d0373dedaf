import numpy as np
import pytest

from dcgan_probe.images import glyphs, load_images
from dcgan_probe.images.glyph_masks import BLANK, SIDE, TYPEFACES, glyph_masks
from dcgan_probe.runtime import UserError


def draw(dataset="glyphs:200", split="train", seed=0, tmp="nowhere"):
    return load_images(dataset, split, data_dir=tmp, seed=seed)


@pytest.fixture(scope="module")
def train():
    return draw("glyphs:1500")


def test_the_set_is_rgb_with_ten_classes(train):
    assert train.images.shape == (1500, 3, 32, 32)
    assert train.class_names == tuple("0123456789")
    counts = np.bincount(train.labels, minlength=10)
    assert counts.min() > 110
    assert counts.max() < 190


def test_the_default_sizes(tmp_path, monkeypatch):
    blank = [np.zeros((glyphs.BLOCK, *rest)) for rest in ((3, 32, 32), (), (2,))]
    monkeypatch.setattr(glyphs, "draw_block", lambda _: blank)
    assert [len(draw("glyphs", split, tmp=tmp_path)) for split in ("train", "test")] == [20_000, 4_000]


def test_a_smaller_set_is_the_beginning_of_a_larger_one():
    small, large = draw("glyphs:70"), draw("glyphs:200")
    np.testing.assert_array_equal(small.images, large.images[:70])
    np.testing.assert_array_equal(small.labels, large.labels[:70])
    assert len(draw("glyphs:200", "test")) == 40


def test_the_same_seed_draws_the_same_images_and_another_does_not():
    assert draw(seed=3).fingerprint == draw(seed=3).fingerprint
    assert draw(seed=3).fingerprint != draw(seed=4).fingerprint
    assert not np.array_equal(draw().images[:40], draw(split="test").images)


def test_the_global_random_state_is_left_alone():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    draw()
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_no_two_images_are_the_same(train):
    assert len(np.unique(train.images.reshape(1500, -1), axis=0)) == 1500


def test_neighbors_reach_in_at_the_sides_of_many_images():
    rng = np.random.default_rng(0)
    ink = np.concatenate([glyphs._draw_ink(rng, rng.integers(0, 10, (glyphs.BLOCK, 3)))[0] for _ in range(10)])
    ink = ink.reshape(-1, 32, 32)
    assert ink.min() >= 0
    assert ink.max() <= 1.001
    assert 0.3 < (ink[:, :, :2].max(axis=(1, 2)) > 0.5).mean() < 0.9
    assert ((ink[:, 8:24, 8:24] > 0.5).mean(axis=(1, 2)) > 0.05).all()


def test_the_neighbors_ink_is_counted():
    rng = np.random.default_rng(0)
    drawn = [glyphs._draw_ink(rng, rng.integers(0, 10, (glyphs.BLOCK, 3))) for _ in range(10)]
    ink, neighbors = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    ink = ink.reshape(-1, 32, 32)
    for side, strip in enumerate((ink[:, :, :2], ink[:, :, -2:])):
        # Ink in the outermost columns belongs to a neighbor: a neighbor covers these columns first.
        reaches_in = strip.sum(axis=(1, 2)) > 3
        assert (neighbors[reaches_in, side] > 3).mean() > 0.95
        assert (strip[neighbors[:, side] == 0] < 0.5).mean() > 0.99
        assert 0.2 < (neighbors[:, side] > 0).mean() < 0.65
    small = draw()
    assert set(small.attributes) == {"left", "right", "neighbours"}
    np.testing.assert_allclose(small.attributes["neighbours"], small.attributes["left"] + small.attributes["right"])


def test_the_masks_are_the_digits_of_the_typefaces():
    atlas = glyph_masks()
    assert atlas.masks.shape == (10 * len(TYPEFACES) + 1, SIDE, SIDE)
    assert not atlas.masks[BLANK].any()
    edge = np.concatenate([atlas.masks[:, [0, -1]].ravel(), atlas.masks[:, :, [0, -1]].ravel()])
    assert edge.max() == 0  # sampling repeats the edge outside a mask
    assert (atlas.masks[:-1].mean(axis=(1, 2)) > 0.02).all()
    flat = np.unique(np.round(atlas.masks[:-1].reshape(BLANK, -1), 3), axis=0)
    assert len(flat) == BLANK


def test_sampling_is_bilinear():
    mask = glyph_masks().masks[:1]
    u, v = np.random.default_rng(0).uniform(-20, 20, (2, 1, 50)).astype(np.float32)
    left, top = np.floor(u + 23.5).astype(int), np.floor(v + 23.5).astype(int)
    a, b = u + 23.5 - left, v + 23.5 - top
    expected = (
        mask[0, top, left] * (1 - a) * (1 - b)
        + mask[0, top, left + 1] * a * (1 - b)
        + mask[0, top + 1, left] * (1 - a) * b
        + mask[0, top + 1, left + 1] * a * b
    )
    sampled = glyphs._sample(mask, np.zeros((1, 50), int), u.copy(), v.copy())
    np.testing.assert_allclose(sampled, expected, atol=1e-5)


def test_blur_keeps_the_mean_and_a_flat_picture():
    rng = np.random.default_rng(0)
    picture = rng.uniform(0, 255, (glyphs.BLOCK, 3, 32, 32)).astype(np.float32)
    before = picture.copy()
    blurred = glyphs._blurred(rng, picture)
    np.testing.assert_allclose(blurred.mean(axis=(1, 2, 3)), before.mean(axis=(1, 2, 3)), rtol=1e-4)
    assert (blurred.std(axis=(1, 2, 3)) <= before.std(axis=(1, 2, 3)) + 1e-3).all()
    flat = np.full_like(before, 7)
    np.testing.assert_allclose(glyphs._blurred(rng, flat.copy()), flat, rtol=1e-5)


def test_the_coarse_grid_is_interpolated_as_torch_does():
    import torch

    grid = torch.randn(1, 1, glyphs.COARSE, glyphs.COARSE, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.interpolate(grid, (32, 32), mode="bilinear", align_corners=True)
    ours = grid.flatten().numpy() @ glyphs.COARSE_TO_PIXELS
    np.testing.assert_allclose(ours, expected.flatten().numpy(), atol=1e-5)


def test_the_labeled_digit_is_in_the_middle(train):
    """Nearest class means by correlation of the centers are far more accurate than chance."""
    gray = train.images.mean(axis=1)[:, 4:28, 8:24].reshape(1500, -1)
    gray -= gray.mean(axis=1, keepdims=True)
    gray /= np.linalg.norm(gray, axis=1, keepdims=True)
    means = np.stack([gray[:1000][train.labels[:1000] == digit].mean(axis=0) for digit in range(10)])
    right = (abs(gray[1000:] @ means.T).argmax(axis=1) == train.labels[1000:]).mean()
    assert right > 0.35


@pytest.mark.parametrize("dataset", ["glyphs:", "glyphs:4", "glyphs:many", "glyphs:-5"])
def test_another_number_is_refused(dataset):
    with pytest.raises(UserError, match=f"got dataset '{dataset}', expected glyphs:N with a whole N of at least 5"):
        draw(dataset)
