"""Takes summaries, gives the names of their rows, each told apart from the others; knows no published figure."""

from collections.abc import Sequence

from ..evaluation import Summary

NAMES = {
    "dcgan": "DCGAN",
    "random": "untrained",
    "pixels": "raw pixels",
    "whitened": "whitened pixels",
    "pca": "PCA of pixels",
    "kmeans": "k-means",
    "kmeans3": "three-layer k-means",
    "supervised": "supervised CNN",
}
SEPARATORS = {"whitened": ", ", "pca": ", "}
"""Between the name and that of the network, or the number of components, where that is not a space."""
SCALED = {"none": "", "standardise": ", standardised", "standardise+0.01": ", standardised +0.01"}
CLASSIFIERS = {
    "l2-svm": "",
    "logistic": ", logistic regression",
    "ridge": ", ridge",
    "knn-cosine": ", kNN (cosine)",
    "knn-euclidean": ", kNN (Euclidean)",
    "softmax": "",
}
"""What is added to the names of rows; an L2-SVM is what the tables are about, softmax what a supervised CNN has."""
SYMBOLS = {"knn-cosine": "k", "knn-euclidean": "k", "softmax": "setting"}
"""What was chosen, where that is not C: the number of neighbours, the number of the setting in the random search."""
DISTINGUISHING = {
    "extraction": "{}",
    "run": "run {}",
    "encoder_seed": "network seed {}",
    "seed": "draw seed {}",
}
"""What is added to the names of rows that would read the same otherwise, in this order."""


def row_names(group: Sequence[Summary]) -> list[str]:
    """Name each row, with as much as it takes to tell it from the others."""
    names = [row_name(summary) for summary in group]
    keys = [(name, s.layers, s.trained_on, s.images_seen) for name, s in zip(names, group, strict=True)]
    for attribute, text in DISTINGUISHING.items():
        for key in set(keys):
            same = [index for index, other in enumerate(keys) if other == key]
            parts = [str(getattr(group[index], attribute)).split("; ") for index in same]
            for index, own in zip(same, parts, strict=True):
                different = [part for part in own if not all(part in others for others in parts)]
                if different:
                    names[index] += ", " + text.format(", ".join(different))
                    keys[index] = (names[index], *keys[index][1:])
    return names


def row_name(summary: Summary) -> str:
    """Name a measured row: ``DCGAN cpu32, standardised``."""
    between = SEPARATORS.get(summary.features, " ")
    name = between.join(filter(None, (NAMES.get(summary.features, summary.features), summary.network)))
    scaled = SCALED.get(summary.scale, f", {summary.scale}")
    kind = CLASSIFIERS.get(summary.classifier, f", {summary.classifier}")
    given = f", {symbol_of(summary)} given" if summary.c_given else ""
    return f"{name}{scaled}{kind}{given}"


def symbol_of(summary: Summary) -> str:
    """Give the word for what was chosen: C, k for nearest neighbours, the setting of a supervised CNN."""
    return SYMBOLS.get(summary.classifier, "C")
