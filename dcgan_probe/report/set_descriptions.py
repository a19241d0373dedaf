"""Names of image sets in tables, with the sizes of the official sets."""

from dataclasses import dataclass

from .published import PublishedEncoder


@dataclass(frozen=True)
class OfficialSet:
    """Official name and sizes of a published set."""

    title: str
    train: int
    test: int


OFFICIAL_SETS = {
    "cifar10": OfficialSet("CIFAR-10", 50_000, 10_000),
    "svhn": OfficialSet("SVHN", 73_257, 26_032),
    "mnist": OfficialSet("MNIST", 60_000, 10_000),
    "imagenet": OfficialSet("ImageNet-1k", 1_281_167, 50_000),
}
PARTS_OF_OTHERS = {"tiny_imagenet32": ("Tiny ImageNet", "Tiny ImageNet ({images:,} of ImageNet-1k's 1.28 million)")}
"""Sets that are part of a larger one: short and full name."""


def is_subset(dataset: str, train_rows: int, test_rows: int) -> bool:
    """Return whether a set has fewer images than the official set of its name."""
    official = OFFICIAL_SETS.get(dataset)
    return official is not None and (train_rows < official.train or test_rows < official.test)


def describe_set(dataset: str, train_rows: int, test_rows: int) -> str:
    """Return the name of an evaluated set: ``CIFAR-10 (50,000 / 10,000)``, ``SVHN subset (4,434 / 8,372)``."""
    title = OFFICIAL_SETS[dataset].title if dataset in OFFICIAL_SETS else dataset
    subset = " subset" if is_subset(dataset, train_rows, test_rows) else ""
    return f"{title}{subset} ({train_rows:,} / {test_rows:,})"


def describe_training_images(name: str, images: int) -> tuple[str, str]:
    """Return short and full name of the images that trained an encoder without labels; empty for an untrained one."""
    if not name:
        return "", ""
    if name in PARTS_OF_OTHERS:
        short, full = PARTS_OF_OTHERS[name]
        return short, full.format(images=images)
    official = OFFICIAL_SETS.get(name)
    if official is None:
        text = f"{name} ({images:,})"
    elif images < official.train:
        text = f"{official.title} subset ({images:,} of {official.train:,})"
    else:
        text = official.title
    return text, text


def same_images(name: str, images: int, encoder: PublishedEncoder) -> bool:
    """Return whether an encoder was trained on the images of a published one."""
    return name.lower() in encoder.names and images >= encoder.least_images
