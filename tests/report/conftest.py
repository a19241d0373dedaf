from collections.abc import Callable
from dataclasses import replace

import pytest

from dcgan_probe.evaluation import ImageUncertainty, Summary

SVHN = Summary(
    protocol="svhn-1000",
    dataset="svhn",
    labels=1000,
    label_budget=4434,
    features="dcgan",
    network="cpu32",
    layers=("conv1", "conv2", "conv3"),
    dimension=3584,
    largest_layer=128,
    options={"batch_norm": "real", "dtype": "float32", "grid": 4, "pool": "max"},
    scale="none",
    classifier="l2-svm",
    chosen_name="C",
    chosen=5e-4,
    given=False,
    draws=100,
    overlap=0.25,
    accuracy=0.7012,
    error=0.2988,
    spread=0.0123,
    spread_definition="1.96 x standard deviation over draws",
    standard_error=0.0006,
    over_images=ImageUncertainty(0.0041, 0.6931, 0.7093),
    largest_gap=1e-7,
    unconverged=0,
    trained_on="tiny_imagenet32",
    trained_on_images=100_000,
    images_seen=2_000_000,
    encoder_seed=0,
    run="runs/a",
    seed=0,
    train_rows=4434,
    test_rows=8372,
    images_fingerprint_train="f1",
    images_fingerprint_test="f2",
    evaluation="e1",
    command="dcgan-probe eval-svm",
    date="2026-01-01T00:00:00+00:00",
    seconds=63.4,
    device="cpu (2 threads, x86_64)",
    versions="torch 2; numpy 2",
    notes=("the draws overlap",),
)
CIFAR10 = replace(
    SVHN,
    protocol="cifar10-all",
    dataset="cifar10",
    labels="all",
    draws=1,
    spread=None,
    standard_error=None,
    spread_definition="none, one fit",
    train_rows=50_000,
    test_rows=10_000,
    notes=(),
)
UNTRAINED = {"features": "random", "trained_on": "", "trained_on_images": 0, "images_seen": 0, "evaluation": "e2"}
PIXELS = {
    **UNTRAINED,
    "features": "pixels",
    "network": "",
    "layers": ("pixels",),
    "largest_layer": None,
    "dimension": 3072,
    "run": "",
    "evaluation": "e3",
}


def scored(accuracy: float) -> dict[str, float]:
    return {"accuracy": accuracy, "error": 1 - accuracy}


@pytest.fixture
def svhn() -> Callable[..., list[Summary]]:
    """Make the trained row, its control and pixels on the SVHN subset."""

    def make(dcgan: float = 0.7012, untrained: float = 0.61, **changes) -> list[Summary]:
        rows = [
            replace(SVHN, **scored(dcgan)),
            replace(SVHN, **UNTRAINED, **scored(untrained)),
            replace(SVHN, **PIXELS, **scored(0.25)),
        ]
        return [replace(row, **changes) for row in rows]

    return make


@pytest.fixture
def cifar10() -> Callable[..., list[Summary]]:
    """Make the trained row and its control on CIFAR-10."""

    def make(**changes) -> list[Summary]:
        return [replace(CIFAR10, **changes), replace(CIFAR10, **UNTRAINED, **scored(0.55))]

    return make
