"""Unique names of the measured rows of a table."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ..evaluation import Summary
from ..features import feature_sources, source_label

SUPERVISED = "supervised"
SCALED = {"none": "", "standardise": ", standardized", "standardise+0.01": ", standardized +0.01"}
CLASSIFIERS = {
    "l2-svm": "",
    "logistic": ", logistic regression",
    "ridge": ", ridge",
    "knn-cosine": ", kNN (cosine)",
    "knn-euclidean": ", kNN (Euclidean)",
    "softmax": "",
}
"""Additions to the names of rows; none for an L2-SVM, the default of the tables, and for the softmax of a CNN."""
DISTINGUISHING = {
    "run": "run {}",
    "encoder_seed": "network seed {}",
    "seed": "draw seed {}",
}
"""Additions to names that would otherwise be the same, in this order, after the options."""


def row_names(group: Sequence[Summary]) -> list[str]:
    """Return the name of each row, with the layers, options and seeds that distinguish it from the others."""
    names = [row_name(summary) for summary in group]
    keys = [(name, s.layers, s.trained_on, s.images_seen) for name, s in zip(names, group, strict=True)]
    layers = [short_layers(summary.layers) for summary in group]
    for name in set(names):
        same = [index for index, other in enumerate(names) if other == name]
        if len({layers[index] for index in same}) > 1:
            for index in same:
                names[index] += f", {layers[index]}"
    keys = [(name, *key[1:]) for name, key in zip(names, keys, strict=True)]
    parts = [_described_options(summary) for summary in group]
    _distinguish(names, keys, parts)
    for attribute, text in DISTINGUISHING.items():
        _distinguish(names, keys, [[text.format(getattr(summary, attribute))] for summary in group])
    return names


def _distinguish(names: list[str], keys: list[tuple[Any, ...]], parts: Sequence[Sequence[str]]) -> None:
    """Add the parts that differ among the rows of one key to the names of these rows, in place."""
    for key in set(keys):
        same = [index for index, other in enumerate(keys) if other == key]
        for index in same:
            different = [part for part in parts[index] if not all(part in parts[other] for other in same)]
            if different:
                names[index] += ", " + ", ".join(different)
                keys[index] = (names[index], *keys[index][1:])


def short_layers(layers: tuple[str, ...]) -> str:
    """Abbreviate layer names: ``conv1–conv3`` for three in a row."""
    stems = [name.rstrip("0123456789") for name in layers]
    numbers = [name[len(stem) :] for name, stem in zip(layers, stems, strict=True)]
    in_a_row = len(layers) > 2 and len(set(stems)) == 1 and all(numbers)
    if in_a_row and [int(number) for number in numbers] == list(range(int(numbers[0]), int(numbers[0]) + len(layers))):
        return f"{layers[0]}–{layers[-1]}"
    return ", ".join(layers)


def _described_options(summary: Summary) -> list[str]:
    """Describe the options of a row, against the defaults of its source if that is registered."""
    known = [source.options for source in feature_sources() if source.name == summary.features]
    defaults = {each.name: each.default for options in known for each in fields(options)}
    texts = [describe_option(name, value, defaults.get(name)) for name, value in sorted(summary.options.items())]
    return [text for text in texts if text]


def describe_option(name: str, value: Any, default: Any = None) -> str:
    """Describe an option of a source for a row's name: ``batch_norm real``, ``learning_rate 0.0011``, ``no norm``.

    The text is empty for a switch at its default, and for None unless the default is a value.
    """
    if name == "maps_seed":
        return f"seed {value}"  # follows the share of the maps
    if value is None or isinstance(value, bool):
        usual = default is True if isinstance(value, bool) else default not in (None, False)
        return "" if bool(value) == usual else name if value else f"no {name}"
    return f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"


def row_name(summary: Summary) -> str:
    """Return the name of a measured row: ``DCGAN cpu32, standardized``."""
    name = _label(summary)
    scaled = SCALED.get(summary.scale, f", {summary.scale}")
    kind = CLASSIFIERS.get(summary.classifier, f", {summary.classifier}")
    given = f", {summary.chosen_name} = {summary.chosen:g} given" if summary.given else ""
    share = f", {100 * summary.options['maps']:g} % of the maps" if "maps" in summary.options else ""
    return f"{name}{share}{scaled}{kind}{given}"


def _label(summary: Summary) -> str:
    """Return the label of features and network, from their source if it is registered, else from the record."""
    if summary.features == SUPERVISED:
        return f"supervised CNN {summary.network}".rstrip()
    known = source_label(summary.features, summary.network) or summary.label
    return known or f"{summary.features} {summary.network}".rstrip()
