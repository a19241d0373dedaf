"""Facts that an accuracy hides: unbalanced classes, and test images that were trained on."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from dcgan_probe.evaluation import (
    Results,
    evaluate,
    protocol_for,
)
from dcgan_probe.features import PixelEncoder, cached_features
from dcgan_probe.images import ImageSet, SplitCaveats, split_caveats
from dcgan_probe.images.split_caveats import balanced_accuracy, imbalance, majority_accuracy


def image_set(labels, split="test", seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (len(labels), 3, 4, 4), dtype=np.uint8)
    return ImageSet(pixels, np.asarray(labels, np.int64), "noise", split, "made by a test")


@pytest.mark.parametrize(
    ("labels", "ratio", "majority"),
    [([0, 1, 2], 1.0, 1 / 3), ([0] * 950 + [1] * 50, 19.0, 0.95), ([0, 3, 3, 3], 3.0, 0.75), ([2], 1.0, 1.0)],
)
def test_imbalance_and_majority_are_of_the_classes_present(labels, ratio, majority):
    assert (imbalance(np.array(labels)), majority_accuracy(np.array(labels))) == (ratio, majority)


def test_balanced_accuracy_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    for _ in range(20):
        labels = rng.choice([0, 1, 4], 50, p=[0.8, 0.15, 0.05])
        predicted = np.where(rng.random(50) < 0.5, labels, rng.choice(np.unique(labels), 50))
        assert balanced_accuracy(predicted, labels) == pytest.approx(balanced_accuracy_score(labels, predicted))
    assert balanced_accuracy(np.array([7, 7, 0]), np.array([0, 1, 0])) == 0.25  # a class that no image has


def test_the_split_of_the_larger_imbalance_counts_and_the_test_labels_give_the_majority():
    train, test = np.array([0] * 6 + [1] * 2), np.array([0, 1, 1])
    found = split_caveats(train, test, None, None)
    assert found == SplitCaveats(duplicates=None, imbalance=3.0, majority_accuracy=2 / 3)
    assert split_caveats(test, train, None, None).imbalance == 3.0


@pytest.mark.parametrize("copies", [0, 1, 20])
def test_test_images_that_are_training_images_are_counted(copies):
    train, test = image_set(np.arange(40) % 2, "train", 1), image_set(np.arange(20) % 2, seed=2)
    test.images[:copies] = train.images[40 - copies :]
    assert test.count_copies_of(train) == copies
    grey = replace(train, images=train.images.reshape(120, 1, 4, 4), labels=None)
    assert test.count_copies_of(grey) == 0
    test = replace(test, images=test.images.copy())  # hashes are kept with a set
    test.images[0, 2, 3, 3] ^= 1
    assert test.count_copies_of(train) == max(0, copies - 1)


def test_each_copy_counts_however_often_it_occurs():
    train, test = image_set([0, 1], "train", 1), image_set([0, 1, 1], seed=2)
    test.images[:2], train.images[:] = test.images[2], test.images[2]
    assert (test.count_copies_of(train), train.count_copies_of(test)) == (3, 2)


@pytest.fixture
def evaluated(tmp_path):
    """Evaluate pixels of two splits; give the summary, and the records as they are read again."""

    def run(train, test, **how):
        encoder, results = PixelEncoder(3, 4, 4), Results(tmp_path / "results")
        splits = [cached_features(encoder, images, tmp_path / "features")[0] for images in (train, test)]
        protocol = protocol_for("noise", len(train), train.classes, None)
        evaluate(*splits, protocol, results=results, **how)
        return results.summaries()[0], results.records()

    return run


def test_noise_of_95_to_5_shows_what_a_constant_answer_has(evaluated):
    labels = [0] * 190 + [1] * 10
    train, test = image_set(labels, "train", 1), image_set(labels, seed=2)
    summary, records = evaluated(train, test)
    assert (summary.imbalance, summary.majority_accuracy, summary.duplicates) == (19.0, 0.95, 0)
    assert summary.caveats.unbalanced
    assert summary.balanced_accuracy < 0.75
    assert all(record.balanced_accuracy is not None for record in records)
    (reported,) = (record for record in records if record.stage == "report")
    assert (reported.evaluation.majority_accuracy, reported.balanced_accuracy) == (0.95, summary.balanced_accuracy)
    plain = summary.to_dict()
    assert plain["balanced_accuracy"] == summary.balanced_accuracy
    assert (plain["imbalance"], plain["majority_accuracy"], plain["duplicates"]) == (19.0, 0.95, 0)
    assert "correct" not in plain


def test_a_test_split_of_training_images_is_counted(evaluated):
    train = image_set(np.arange(60) % 3, "train", 1)
    test = replace(train, images=train.images[:30].copy(), labels=train.labels[:30], split="test")
    summary, records = evaluated(train, test, C=1e-3)
    assert (summary.duplicates, summary.to_dict()["duplicates"], summary.caveats.unbalanced) == (30, 30, False)
    assert {record.evaluation.duplicates for record in records} == {30}
