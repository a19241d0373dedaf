"""Takes nothing, gives the published figures as data, each with its origin; knows no measured row.

Marks of origin: ``P`` the paper (Radford et al., arXiv 1511.06434), ``2`` quoted by a later paper, ``?`` remembered
with no source at hand: unverified, and marked so wherever it is shown; ``A`` the authors' released code; ``C`` Coates,
Lee and Ng, "An analysis of single-layer networks in unsupervised feature learning", 2011.
"""

from dataclasses import dataclass
from typing import Any, Literal

Mark = Literal["", "P", "A", "C", "2", "?"]
MARKS: dict[Mark, str] = {
    "P": "the paper",
    "A": "inferred from the authors' code",
    "C": "Coates, Lee and Ng, 2011",
    "2": "quoted by a later paper",
    "?": "unverified",
}


@dataclass(frozen=True)
class PublishedEncoder:
    """The images that trained a published encoder without labels."""

    description: str
    names: tuple[str, ...]
    """Names under which the same images may be known here."""
    least_images: int
    """A set with fewer images is only a part of them."""
    images: int


IMAGENET = PublishedEncoder(
    "ImageNet-1k", ("imagenet", "imagenet1k", "imagenet-1k", "imagenet32", "ilsvrc2012"), 1_280_000, 1_281_167
)
SVHN = PublishedEncoder("SVHN itself", ("svhn",), 63_257, 73_257)
"""The authors trained on SVHN's 73,257 images, 10,000 of which are the validation split."""
CIFAR10 = PublishedEncoder("CIFAR-10 itself", ("cifar10",), 50_000, 50_000)


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
    layers: int | None = None
    """Number of layers that the features come from, by the authors' code; None where it is not known."""
    unit: str = "units in the largest layer"
    images_seen: int | None = None
    seen_mark: Mark = ""
    draws: int | None = None
    encoder: PublishedEncoder | None = None
    """None where nothing was trained on other images, or the tables do not tell."""
    trained: str = "an encoder"
    """What was trained without labels."""
    features: str = ""
    """Measured features that it stands beside; empty for a row of its own only."""
    classifier: str = ""
    """How the names of the classifiers begin that it stands beside; empty for an L2-SVM's, beside all with a note."""
    scale: str | None = None
    """Of the features; None where that is not told."""
    note: str = ""
    incomparable: str = ""
    """Why no measured row that it stands beside is comparable; empty where that depends on the training images."""

    @property
    def accuracy(self) -> float:
        """In percent."""
        return self.value if self.measure == "accuracy" else 100.0 - self.value

    @property
    def text(self) -> str:
        """The figure with as many decimals as were published, and its marks: ``73.8 [2] ± 0.4 [?]``."""
        decimals = 1 if self.measure == "accuracy" else 2
        value = f"{self.value:.{decimals}f}"
        if self.spread is None:
            return marked(value, self.mark)
        spread = f"{self.spread:.{decimals}f}"
        if self.spread_mark == self.mark:
            return marked(f"{value} ± {spread}", self.mark)
        return f"{marked(value, self.mark)} ± {marked(spread, self.spread_mark)}"


def marked(text: str, mark: Mark) -> str:
    """Write a number with its mark of origin."""
    return f"{text} [{mark}]" if mark else text


def _full(model: str, value: float, mark: Mark, layer: int, layer_mark: Mark = "", **more: Any) -> PublishedFigure:
    """CIFAR-10, all 50,000 labels."""
    return PublishedFigure(
        "cifar10-all", model, "accuracy", value, mark, largest_layer=layer, layer_mark=layer_mark, **more
    )


def _few(
    model: str,
    value: float,
    mark: Mark,
    spread: float,
    spread_mark: Mark,
    layer: int,
    layer_mark: Mark = "",
    **more: Any,
) -> PublishedFigure:
    """CIFAR-10, 400 labels of each class."""
    return PublishedFigure(
        "cifar10-4000", model, "accuracy", value, mark, spread, spread_mark, layer, layer_mark, **more
    )


def _svhn(model: str, value: float, mark: Mark, spread: float | None = None, **more: Any) -> PublishedFigure:
    """SVHN, 1000 labels."""
    return PublishedFigure("svhn-1000", model, "error", value, mark, spread, mark if spread else "", **more)


_KMEANS: dict[str, Any] = {
    "features": "kmeans",
    "encoder": CIFAR10,
    "trained": "centroids",
    "unit": "centroids",
    "scale": "standardise+0.01",
}
_KMEANS3: dict[str, Any] = {
    **_KMEANS,
    "features": "kmeans3",
    "unit": "centroids in the largest layer",
    "scale": None,
}
_DCGAN: dict[str, Any] = {
    "features": "dcgan",
    "trained": "a DCGAN",
    "unit": "maps in the largest layer",
    "scale": "none",
}
_ON_IMAGENET: dict[str, Any] = {
    **_DCGAN,
    "encoder": IMAGENET,
    "images_seen": 19_200_000,
    "seen_mark": "A",
    "layers": 6,
}
"""30 epochs of 1.28 million images by the authors' clock, which shows half of the images to the discriminator."""

FIGURES: tuple[PublishedFigure, ...] = (
    _full("1-layer k-means", 80.6, "P", 4800, **_KMEANS),
    _full("1-layer k-means, 1,600 centroids", 77.9, "C", 1600, **_KMEANS),
    _full("1-layer k-means, 4,000 centroids", 79.6, "C", 4000, **_KMEANS),
    _full("3-layer k-means, learned RF", 82.0, "P", 3200, "?", **_KMEANS3),
    _full("view-invariant k-means", 81.9, "?", 6400, "?"),
    _full("Exemplar CNN", 84.3, "2", 1024),
    _full("DCGAN + L2-SVM", 82.8, "P", 512, **_ON_IMAGENET),
    _few("1-layer k-means", 63.7, "?", 0.7, "?", 4800, **_KMEANS),
    _few("3-layer k-means, learned RF", 70.7, "2", 0.7, "?", 3200, "?", **_KMEANS3),
    _few("view-invariant k-means", 72.6, "2", 0.7, "?", 6400, "?"),
    _few("Exemplar CNN", 77.4, "2", 0.2, "2", 1024),
    _few("DCGAN + L2-SVM", 73.8, "2", 0.4, "?", 512, **_ON_IMAGENET),
    _svhn("KNN", 77.93, "2", features="pixels", classifier="knn"),
    _svhn("TSVM", 66.55, "2"),
    _svhn("M1+KNN", 65.63, "?"),
    _svhn("M1+TSVM", 54.33, "?"),
    _svhn("M1+M2", 36.02, "2"),
    _svhn("SWWAE", 27.83, "2"),
    _svhn("SWWAE with dropout", 23.56, "2"),
    _svhn(
        "supervised CNN",
        28.87,
        "P",
        features="supervised",
        classifier="softmax",
        note="of the DCGAN's own architecture; a validation error, the best of a random search over 64 settings",
        incomparable="the published figure is a validation error of the DCGAN's own architecture, the best of a random "
        "search over 64 settings; this one is a test error",
    ),
    _svhn(
        "DCGAN + L2-SVM",
        22.48,
        "P",
        draws=100,
        encoder=SVHN,
        layers=3,
        note="later papers quote 22.18 ± 1.13 for it [2]",
        **_DCGAN,
    ),
    _svhn("ALI, L2-SVM", 19.14, "?", 0.50),
    _svhn("IAN, L2-SVM", 18.50, "?", 0.38),
)


def published_figures(protocol: str) -> tuple[PublishedFigure, ...]:
    """Give the published figures of a protocol, such as ``svhn-1000``."""
    return tuple(figure for figure in FIGURES if figure.protocol == protocol)


def beside(protocol: str, features: str, classifier: str) -> PublishedFigure | None:
    """Give the published figure that stands beside measured features: the one of the paper's table, if there is one."""
    for figure in published_figures(protocol):
        if features and figure.features == features and classifier.startswith(figure.classifier):
            return figure
    return None


def same_size(published: PublishedFigure, largest_layer: int | None) -> PublishedFigure | None:
    """Give another published figure of the same features, of just this size, if there is one."""
    for figure in published_figures(published.protocol):
        same = bool(figure.features) and figure.features == published.features
        if same and figure is not published and figure.largest_layer == largest_layer:
            return figure
    return None
