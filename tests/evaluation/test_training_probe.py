"""Probe during training against scikit-learn, on images with classes of different colors, and its errors."""

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
    """Return a function that makes images of three classes with increasingly bright red channels."""

    def make(rows=300, step=60, split="train"):
        random, labels = np.random.default_rng(5), np.arange(rows) % 3
        images = random.integers(0, 100, (rows, 3, 16, 16))
        images[:, 0] += step * labels[:, None, None]
        return ImageSet(images.astype(np.uint8), labels, "coloured", split, "made by a test")

    return make


@pytest.fixture
def make_probe(network, tiny_images):
    """Return a function that makes a probe of these networks, with random images as training images of the GAN."""

    def make(labeled, labels, *, unlabeled=None, **changes):
        unlabeled = unlabeled or tiny_images(200, 16)
        return TrainingProbe(labeled, labels, **{"network": network, "unlabeled": unlabeled, "device": CPU, **changes})

    return make


def test_accuracy_is_that_of_half_of_the_drawn_images(network, coloured, tiny_images, make_probe):
    unlabeled, labeled = tiny_images(200, 16), coloured(step=30)
    probe = make_probe(labeled, 120, unlabeled=unlabeled)
    discriminator = build_discriminator(network, 1)
    found = probe(discriminator)
    statistics = real_statistics(discriminator, unlabeled, CPU)
    origin = EncoderOrigin("dcgan", "", "", 0, 0, "", 0)
    encoder = DiscriminatorEncoder(discriminator, origin, statistics=statistics, device=CPU)
    features, trains, labels = encoder.encode(probe._images), probe._trains, probe._labels
    assert np.bincount(labels[trains]).tolist() == np.bincount(labels[~trains]).tolist() == [20, 20, 20]
    known = {image.tobytes(): label for image, label in zip(labeled.images, labeled.labels, strict=True)}
    assert [known[image.tobytes()] for image in probe._images] == labels.tolist()
    assert len({image.tobytes() for image in probe._images}) == 120
    accuracies = [
        LinearSVC(C=C, tol=1e-6, max_iter=100_000)
        .fit(features[trains], labels[trains])
        .score(features[~trains], labels[~trains])
        for C in C_GRID
    ]
    assert found == pytest.approx(max(accuracies), abs=2.01 / 60)  # a fit is as exact as it takes
    assert 0.4 < found < 0.99


def test_different_classes_are_distinguished(network, coloured, make_probe):
    probe = make_probe(coloured(), 120)
    assert probe(build_discriminator(network, 1)) > 0.95
    same = make_probe(coloured(step=0), 120)
    assert same(build_discriminator(network, 1)) < 0.65


def test_the_discriminator_and_the_random_state_are_left_alone(network, coloured, make_probe):
    probe = make_probe(coloured(), 60)
    discriminator, random = build_discriminator(network, 1).train(), torch.get_rng_state()
    before = deepcopy(discriminator.state_dict())
    accuracies = {probe(discriminator) for _ in range(2)}
    assert len(accuracies) == 1
    assert all(torch.equal(tensor, before[name]) for name, tensor in discriminator.state_dict().items())
    assert discriminator.training
    assert torch.equal(random, torch.get_rng_state())


def test_the_draw_is_described(coloured, make_probe):
    probes = [make_probe(coloured(step=step), 60) for step in (0, 0, 1)]
    first, again, other = (probe.description for probe in probes)
    assert first == again
    assert {name: first[name] for name in ("dataset", "labels", "seed")} == {
        "dataset": "coloured",
        "labels": 60,
        "seed": 0,
    }
    assert other["fingerprint"] != first["fingerprint"]


@pytest.mark.parametrize("labels", [0, 3, 100, 306])
def test_labels_that_cannot_be_halved_are_refused(coloured, make_probe, labels):
    text = f"got {labels} labels for the probe during training, expected a multiple of 6 up to 300: an equal number"
    with pytest.raises(UserError, match=text) as caught:
        make_probe(coloured(), labels)
    assert caught.value.parameter == "probe_labels"


def test_a_test_split_is_refused(coloured, tiny_images, make_probe):
    with pytest.raises(UserError, match=r"got the test split of coloured .* must not choose anything") as caught:
        make_probe(coloured(split="test"), 60)
    assert caught.value.parameter == "probe_dataset"
    with pytest.raises(UserError, match="has no labels, and the probe during training needs them"):
        make_probe(tiny_images(20, 16, labels=False), 60)


def test_images_and_networks_that_do_not_fit_are_refused_at_once(network, coloured, tiny_images, make_probe):
    with pytest.raises(UserError) as caught:
        make_probe(tiny_images(60, 8, channels=1), 60)
    assert str(caught.value) == (
        "got images of (1, 8, 8) (channels, height, width) for the probe during training, expected (3, 16, 16) for the "
        "network; make a copy with `dcgan-probe prepare tiny --size 16 --channels 3`"
    )
    assert caught.value.parameter == "probe_dataset"
    with pytest.raises(UserError, match="a grid of 4 does not divide maps of 2 x 2"):
        make_probe(coloured(), 60, network=replace(network, strides=(2, 2, 2), multipliers=(1, 1, 1)))
