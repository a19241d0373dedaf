"""Copies hidden in a set of otherwise different images; what each is a copy of is known from how it was made."""

import numpy as np
import pytest

from dcgan_probe.deduplication import KINDS, DedupConfig, deduplicate
from dcgan_probe.deduplication.autoencoder import train_encoder
from dcgan_probe.deduplication.candidates import HashIndex
from dcgan_probe.deduplication.search import find_near_duplicates
from dcgan_probe.deduplication.views import ALL_VIEWS
from dcgan_probe.images import ImageSet

CONFIG = DedupConfig(images_seen=2560, plants=20)


def hide(photographs):
    """Return 60 images, the last 12 of them copies of the first 12, two of each kind."""
    pixels = photographs(60).images
    for number, change in enumerate(KINDS.values()):
        rows = np.arange(2 * number, 2 * number + 2)
        pixels[48 + rows] = change(pixels[rows], np.random.default_rng(number))
    return ImageSet(pixels, np.arange(60) % 5, "hidden", "train", "made by a test")


@pytest.fixture(scope="module")
def hidden(photographs):
    return hide(photographs)


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    """Give the folder of the encoders of that set, which are trained once."""
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="module")
def searched(hidden, encoders):
    """Give what a search in that set finds."""
    return deduplicate(hidden, CONFIG, encoders)


@pytest.mark.slow
def test_copies_within_a_set_are_removed_and_the_originals_stay(searched):
    assert searched.removed.tolist() == list(range(48, 60))
    assert [group.tolist() for group in searched.groups] == [[row, 48 + row] for row in range(12)]
    np.testing.assert_array_equal(searched.pairs.first, np.arange(48, 60))
    np.testing.assert_array_equal(searched.pairs.second, np.arange(12))
    assert searched.pairs.distance[10:].max() < 1e-5  # mirrored ones lose nothing
    assert searched.pairs.distance[:2].min() > 1e-4  # re-encoded ones do


@pytest.mark.slow
def test_planted_copies_are_counted_and_the_papers_rule_finds_few_shifted_ones(searched):
    planted = searched.planted
    assert list(planted) == list(KINDS)
    for row in planted.values():
        assert row["planted"] == 20
        assert row["found"] >= 0.9, planted
    assert planted["shift 2"]["paper"] < 0.2
    assert planted["flip"]["paper"] < 0.2


@pytest.mark.slow
def test_nothing_is_found_beyond_the_pixels_distance(hidden, encoders):
    strict = deduplicate(hidden, DedupConfig(images_seen=2560, plants=5, distance=1e-5), encoders)
    assert {58, 59} <= set(strict.pairs.first) <= {50, 51, 58, 59}  # mirrored; lighter or darker where none was clipped
    assert strict.planted["noise"]["found"] == 0


@pytest.mark.slow
def test_a_set_against_another_loses_what_the_other_has(hidden, tmp_path):
    copies, originals = hidden.subset(np.arange(48, 60)), hidden.subset(np.arange(40))
    found = deduplicate(copies, CONFIG, tmp_path, against=originals)
    assert found.removed.tolist() == list(range(12))
    np.testing.assert_array_equal(found.pairs.second, np.arange(12))
    assert found.groups == []


@pytest.mark.slow
def test_a_pair_says_how_its_pictures_lie(photographs, tmp_path):
    """One copy comes after its original in the set, one before; so the latter's pair is named the other way round."""
    pixels = photographs(60).images
    pixels[40] = np.roll(pixels[3], (1, -2), axis=(1, 2))
    pixels[4] = np.roll(pixels[41, :, :, ::-1], (2, 1), axis=(1, 2))
    pixels[5] = np.roll(pixels[42], (0, 1), axis=(1, 2))
    images = ImageSet(pixels, None, "moved", "train", "made by a test")
    pairs = deduplicate(images, CONFIG, tmp_path).pairs
    views = {row: str(ALL_VIEWS[view]) for row, view in zip(pairs.first.tolist(), pairs.view, strict=True)}
    assert views == {40: "+1 -2", 41: "flip -2 +1", 42: "+0 -1"}
    copies, originals = images.subset(np.array([4, 5, 40])), images.subset(np.array([3, 41, 42]))
    pairs = deduplicate(copies, CONFIG, tmp_path, against=originals).pairs
    assert [str(ALL_VIEWS[view]) for view in pairs.view] == ["flip +2 +1", "+0 +1", "+1 -2"]


def test_half_of_the_views_do_in_one_set_what_all_do_between_two(hidden):
    encoder = train_encoder(hidden, "detail", images_seen=2560, seed=0)
    index = HashIndex(encoder.hash_set(hidden))
    within, between = (
        find_near_duplicates(hidden, others, index, encoder, bits=20, distance=0.2)
        for others in (hidden, hidden.subset(np.arange(60)))
    )
    pairs = {tuple(sorted(pair)) for pair in zip(between.first.tolist(), between.second.tolist(), strict=True)}
    pairs -= {(row, row) for row in range(60)}
    assert {(second, first) for first, second in zip(within.first, within.second, strict=True)} == pairs
    assert len(pairs) >= 12


@pytest.mark.slow
@pytest.mark.parametrize(("side", "channels"), [(64, 3), (32, 1)])
def test_other_sizes_and_gray_images(photographs, tmp_path, side, channels):
    pixels = photographs(20, side=side, channels=channels).images
    pixels[19] = KINDS["re-encoded"](pixels[:1], np.random.default_rng(0))[0]
    images = ImageSet(pixels, None, "others", "train", "made by a test")
    assert deduplicate(images, CONFIG, tmp_path).removed.tolist() == [19]
