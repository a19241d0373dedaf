"""Takes nothing, gives the published figures as data, each with its origin; knows no measured row.

Marks of origin: ``P`` the paper (Radford et al., arXiv 1511.06434), ``2`` quoted by a later paper, ``?`` remembered
with no source at hand: unverified, and marked so wherever it is shown.
"""

from dataclasses import dataclass
from typing import Literal

Mark = Literal["", "P", "2", "?"]
MARKS: dict[Mark, str] = {"P": "the paper", "2": "quoted by a later paper", "?": "unverified"}


@dataclass(frozen=True)
class PublishedEncoder:
    """The images that trained a published encoder without labels."""

    description: str
    names: tuple[str, ...]
    """Names under which the same images may be known here."""
    least_images: int
    """A set with fewer images is only a part of them."""


IMAGENET = PublishedEncoder(
    "ImageNet-1k", ("imagenet", "imagenet1k", "imagenet-1k", "imagenet32", "ilsvrc2012"), 1_280_000
)
SVHN = PublishedEncoder("SVHN itself", ("svhn",), 63_257)
"""The authors trained on SVHN's 73,257 images, 10,000 of which are the validation split."""


@dataclass(frozen=True)
class PublishedFigure:
    """One figure of a published table, in percent."""

    protocol: str
    model: str
    measure: Literal["accuracy", "error"]
    value: float
    mark: Mark
    spread: float | None = None
    spread_mark: Mark = ""
    largest_layer: int | None = None
    """Units of the largest layer."""
    layer_mark: Mark = ""
    draws: int | None = None
    encoder: PublishedEncoder | None = None
    """None where nothing was trained on other images, or the tables do not tell."""
    features: str = ""
    """Measured features that it stands beside; empty for a row of its own only."""
    note: str = ""

    @property
    def accuracy(self) -> float:
        """In percent."""
        return self.value if self.measure == "accuracy" else 100.0 - self.value


def _full(model: str, value: float, mark: Mark, layer: int, layer_mark: Mark = "") -> PublishedFigure:
    """CIFAR-10, all 50,000 labels."""
    return PublishedFigure("cifar10-all", model, "accuracy", value, mark, largest_layer=layer, layer_mark=layer_mark)


def _few(
    model: str, value: float, mark: Mark, spread: float, spread_mark: Mark, layer: int, layer_mark: Mark = ""
) -> PublishedFigure:
    """CIFAR-10, 400 labels of each class."""
    return PublishedFigure("cifar10-4000", model, "accuracy", value, mark, spread, spread_mark, layer, layer_mark)


def _svhn(model: str, value: float, mark: Mark, spread: float | None = None) -> PublishedFigure:
    """SVHN, 1000 labels."""
    return PublishedFigure("svhn-1000", model, "error", value, mark, spread, mark if spread else "")


FIGURES: tuple[PublishedFigure, ...] = (
    _full("1-layer k-means", 80.6, "P", 4800),
    _full("3-layer k-means, learned RF", 82.0, "P", 3200, "?"),
    _full("view-invariant k-means", 81.9, "?", 6400, "?"),
    _full("Exemplar CNN", 84.3, "2", 1024),
    PublishedFigure(
        "cifar10-all",
        "DCGAN + L2-SVM",
        "accuracy",
        82.8,
        "P",
        largest_layer=512,
        encoder=IMAGENET,
        features="dcgan",
    ),
    _few("1-layer k-means", 63.7, "?", 0.7, "?", 4800),
    _few("3-layer k-means, learned RF", 70.7, "2", 0.7, "?", 3200, "?"),
    _few("view-invariant k-means", 72.6, "2", 0.7, "?", 6400, "?"),
    _few("Exemplar CNN", 77.4, "2", 0.2, "2", 1024),
    PublishedFigure(
        "cifar10-4000",
        "DCGAN + L2-SVM",
        "accuracy",
        73.8,
        "2",
        0.4,
        "?",
        largest_layer=512,
        encoder=IMAGENET,
        features="dcgan",
    ),
    _svhn("KNN", 77.93, "2"),
    _svhn("TSVM", 66.55, "2"),
    _svhn("M1+KNN", 65.63, "?"),
    _svhn("M1+TSVM", 54.33, "?"),
    _svhn("M1+M2", 36.02, "2"),
    _svhn("SWWAE", 27.83, "2"),
    _svhn("SWWAE with dropout", 23.56, "2"),
    PublishedFigure(
        "svhn-1000",
        "supervised CNN",
        "error",
        28.87,
        "P",
        features="supervised",
        note="of the DCGAN's own architecture; a validation error, the best of a random search over 64 settings",
    ),
    PublishedFigure(
        "svhn-1000",
        "DCGAN + L2-SVM",
        "error",
        22.48,
        "P",
        draws=100,
        encoder=SVHN,
        features="dcgan",
        note="later papers quote 22.18 ± 1.13 for it [2]",
    ),
    _svhn("ALI, L2-SVM", 19.14, "?", 0.50),
    _svhn("IAN, L2-SVM", 18.50, "?", 0.38),
)


def published_figures(protocol: str) -> tuple[PublishedFigure, ...]:
    """Give the published figures of a protocol, such as ``svhn-1000``."""
    return tuple(figure for figure in FIGURES if figure.protocol == protocol)


def beside(protocol: str, features: str) -> PublishedFigure | None:
    """Give the published figure that stands beside measured features, if there is one."""
    return next((figure for figure in published_figures(protocol) if features and figure.features == features), None)
