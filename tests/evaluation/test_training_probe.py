"""The probe during training against scikit-learn, on images whose classes differ in colour, and what it refuses."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC

from dcgan_probe.evaluation import C_GRID, TrainingProbe
from dcgan_probe.features import DiscriminatorEncoder, EncoderOrigin, real_statistics
from dcgan_probe.images import ImageSet
from dcgan_probe.networks import build_discriminator
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")


@pytest.fixture
def network(tiny_config):
    return replace(tiny_config().network, image_size=16)


@pytest.fixture
def coloured():
    """Give a function that makes images of three classes, whose red channel is brighter from class to class."""

    def make(rows=300, step=60, split="train"):
        random, labels = np.random.default_rng(5), np.arange(rows) % 3
        images = random.integers(0, 100, (rows, 3, 16, 16))
        images[:, 0] += step * labels[:, None, None]
        return ImageSet(images.astype(np.uint8), labels, "coloured", split, "made by a test")

    return make


def test_accuracy_is_that_of_half_of_the_drawn_images(network, coloured, tiny_images):
    unlabelled, labelled = tiny_images(200, 16), coloured(step=2)
    probe = TrainingProbe(labelled, 120, unlabelled, device=CPU)
    discriminator = build_discriminator(network, 1)
    found = probe(discriminator)
    statistics = real_statistics(discriminator, unlabelled, CPU)
    origin = EncoderOrigin("dcgan", "", "", 0, 0, "", 0)
    encoder = DiscriminatorEncoder(discriminator, origin, statistics=statistics, device=CPU)
    features, trains, labels = encoder.encode(probe._images), probe._trains, probe._labels
    assert np.bincount(labels[trains]).tolist() == np.bincount(labels[~trains]).tolist() == [20, 20, 20]
    known = {image.tobytes(): label for image, label in zip(labelled.images, labelled.labels, strict=True)}
    assert [known[image.tobytes()] for image in probe._images] == labels.tolist()
    assert len({image.tobytes() for image in probe._images}) == 120
    accuracies = [
        LinearSVC(C=C, tol=1e-6, max_iter=100_000)
        .fit(features[trains], labels[trains])
        .score(features[~trains], labels[~trains])
        for C in C_GRID
    ]
    assert found == pytest.approx(max(accuracies), abs=1 / 60)
    assert 0.4 < found < 0.99


def test_classes_that_differ_are_told_apart(network, coloured, tiny_images):
    probe = TrainingProbe(coloured(), 120, tiny_images(200, 16), device=CPU)
    assert probe(build_discriminator(network, 1)) > 0.95
    same = TrainingProbe(coloured(step=0), 120, tiny_images(200, 16), device=CPU)
    assert same(build_discriminator(network, 1)) < 0.65


def test_the_discriminator_and_the_random_state_are_left_alone(network, coloured, tiny_images):
    probe = TrainingProbe(coloured(), 60, tiny_images(200, 16), device=CPU)
    discriminator, random = build_discriminator(network, 1).train(), torch.get_rng_state()
    before = deepcopy(discriminator.state_dict())
    accuracies = {probe(discriminator) for _ in range(2)}
    assert len(accuracies) == 1
    assert all(torch.equal(tensor, before[name]) for name, tensor in discriminator.state_dict().items())
    assert discriminator.training
    assert torch.equal(random, torch.get_rng_state())


def test_the_draw_is_described(coloured, tiny_images):
    probes = [TrainingProbe(coloured(), 60, tiny_images(20, 16), device=CPU, seed=seed) for seed in (0, 0, 1)]
    first, again, other = (probe.description for probe in probes)
    assert first == again
    assert {name: first[name] for name in ("dataset", "labels", "seed")} == {
        "dataset": "coloured",
        "labels": 60,
        "seed": 0,
    }
    assert other["fingerprint"] != first["fingerprint"]


@pytest.mark.parametrize("labels", [0, 3, 100, 306])
def test_labels_that_cannot_be_halved_are_refused(coloured, tiny_images, labels):
    text = (
        f"got {labels} labels for the probe during training, expected a multiple of 6 up to 300: as many of each of 3"
    )
    with pytest.raises(UserError, match=text) as caught:
        TrainingProbe(coloured(), labels, tiny_images(20, 16), device=CPU)
    assert caught.value.option == "probe-labels"


def test_a_test_split_is_refused(coloured, tiny_images):
    with pytest.raises(UserError, match="got the test split of coloured .* must not be what is reported") as caught:
        TrainingProbe(coloured(split="test"), 60, tiny_images(20, 16), device=CPU)
    assert caught.value.option == "probe-dataset"
    with pytest.raises(UserError, match="has no labels, and the probe during training needs them"):
        TrainingProbe(tiny_images(20, 16, labels=False), 60, tiny_images(20, 16), device=CPU)
