"""The nearest neighbour at growing counts against scikit-learn's classifier, fitted anew at each count."""

import numpy as np
import pytest
import torch
from sklearn.metrics import recall_score
from sklearn.neighbors import KNeighborsClassifier

from dcgan_probe.images import ImageSet, neighbors
from dcgan_probe.investigations import GeneratedConfig, NeighborError, neighbor_errors, shuffled_blocks
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")


def blurred_classes(rows, seed):
    """Give images of three overlapping classes."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, rows)
    means = np.random.default_rng(0).integers(80, 160, (3, 1, 6, 6))
    pixels = np.clip(means[labels] + random.normal(0, 60, (rows, 1, 6, 6)), 0, 255).astype(np.uint8)
    return pixels, labels


def cut(pixels, labels, size):
    return ((pixels[start : start + size], labels[start : start + size]) for start in range(0, len(labels), size))


@pytest.mark.parametrize("size", [7, 64, 1000])
def test_errors_at_growing_counts_are_scikit_learns(monkeypatch, size):
    monkeypatch.setattr(neighbors, "QUERIES", 50)  # the last block of the test images is short
    (pixels, labels), (queries, known) = blurred_classes(400, 1), blurred_classes(180, 2)
    test, counts, seen = ImageSet(queries, known, "blurred", "test", "made by a test"), (1, 20, 64, 65, 300), []
    found = neighbor_errors("generated", cut(pixels, labels, size), counts, test, CPU, seen.append)
    for count, each in zip(counts, found, strict=True):
        classifier = KNeighborsClassifier(1, algorithm="brute")
        classifier.fit(pixels[:count].reshape(count, -1).astype(float), labels[:count])
        told = classifier.predict(queries.reshape(180, -1).astype(float))
        recall = recall_score(known, told, labels=np.unique(known), average="macro")
        wrong = int((told != known).sum())
        assert each == NeighborError("generated", count, wrong, 180, pytest.approx(1 - recall))
    assert len({each.wrong for each in found}) > 3
    assert (seen[-1], sorted(seen)) == (300, seen)


def test_of_two_images_as_near_the_earlier_one_stays():
    pixels = np.full((4, 1, 2, 2), 7, np.uint8)
    test = ImageSet(pixels[:1], np.array([2]), "one", "test", "made by a test")
    found = neighbor_errors("real", cut(pixels, np.array([2, 0, 1, 0]), 2), (1, 4), test, CPU)
    assert [each.wrong for each in found] == [0, 0]


def test_the_interval_is_that_of_a_share():
    found = NeighborError("real", 10, 25, 100, 0.3)
    assert found.error == 0.25
    assert found.half_width == pytest.approx(1.96 * (0.25 * 0.75 / 100) ** 0.5)


def test_shuffled_blocks_give_every_image_once_with_its_label():
    pixels = np.arange(90, dtype=np.uint8).reshape(90, 1, 1, 1)
    images = ImageSet(pixels, np.arange(90) // 30, "sorted", "train", "made by a test")
    found, labels = (np.concatenate(parts) for parts in zip(*shuffled_blocks(images, 0, 40), strict=True))
    assert sorted(found.ravel()) == list(range(90))
    np.testing.assert_array_equal(found.ravel() // 30, labels)
    assert len(set(labels[:20])) == 3  # not in the set's order
    assert not np.array_equal(found, np.concatenate([block for block, _ in shuffled_blocks(images, 1, 40)]))


@pytest.mark.parametrize(
    ("counts", "shown"), [((), "(none)"), ((0, 5), "0, 5"), ((10, 10), "10, 10"), ((100, 10), "100, 10")]
)
def test_counts_that_do_not_grow_are_refused(counts, shown):
    with pytest.raises(UserError) as caught:
        GeneratedConfig(counts=counts)
    assert str(caught.value) == (
        f"got the counts {shown}, expected increasing numbers from 1 on, such as 1000,10000,100000"
    )
    assert caught.value.parameter == "counts"
