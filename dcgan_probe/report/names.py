"""Takes summaries, gives the names of their rows, each told apart from the others; knows no published figure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..evaluation import Summary
from ..features import SOURCES, feature_sources
from ..runtime import UserError, has_type
from ..storage import read_json, write_json

LABELS = "labels.json"
"""File of a results folder with labels of sources of features that the package does not have."""
Labels = Mapping[str, tuple[str, str]]
"""By the name of the features: their label, and what stands between it and the name of the network."""
SUPERVISED = ("supervised CNN", " ")
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
DISTINGUISHING = {
    "run": "run {}",
    "encoder_seed": "network seed {}",
    "seed": "draw seed {}",
}
"""Additions to the names of rows that would read the same otherwise, in this order, after their options."""


def row_names(group: Sequence[Summary], labels: Labels | None = None) -> list[str]:
    """Name each row, with as much as it takes to tell it from the others; ``labels`` as ``source_labels`` has them."""
    known = source_labels() if labels is None else labels
    names = [row_name(summary, known) for summary in group]
    keys = [(name, s.layers, s.trained_on, s.images_seen) for name, s in zip(names, group, strict=True)]
    layers = [short_layers(summary.layers) for summary in group]
    for name in set(names):
        same = [index for index, other in enumerate(names) if other == name]
        if len({layers[index] for index in same}) > 1:
            for index in same:
                names[index] += f", {layers[index]}"
    keys = [(name, *key[1:]) for name, key in zip(names, keys, strict=True)]
    parts = [_described_options(summary) for summary in group]
    _tell_apart(names, keys, parts)
    for attribute, text in DISTINGUISHING.items():
        _tell_apart(names, keys, [[text.format(getattr(summary, attribute))] for summary in group])
    return names


def _tell_apart(names: list[str], keys: list[tuple[Any, ...]], parts: Sequence[Sequence[str]]) -> None:
    """Add to the names of rows of one key, in place, those parts that not all of these rows have."""
    for key in set(keys):
        same = [index for index, other in enumerate(keys) if other == key]
        for index in same:
            different = [part for part in parts[index] if not all(part in parts[other] for other in same)]
            if different:
                names[index] += ", " + ", ".join(different)
                keys[index] = (names[index], *keys[index][1:])


def short_layers(layers: tuple[str, ...]) -> str:
    """Write layer names in short: ``conv1–conv3`` for three in a row."""
    stems = [name.rstrip("0123456789") for name in layers]
    numbers = [name[len(stem) :] for name, stem in zip(layers, stems, strict=True)]
    in_a_row = len(layers) > 2 and len(set(stems)) == 1 and all(numbers)
    if in_a_row and [int(number) for number in numbers] == list(range(int(numbers[0]), int(numbers[0]) + len(layers))):
        return f"{layers[0]}–{layers[-1]}"
    return ", ".join(layers)


def _described_options(summary: Summary) -> list[str]:
    """Return the options of a row as a reader would name them, with the defaults of its source where it is known."""
    known = [source.options for source in feature_sources() if source.name == summary.features]
    defaults = {each.name: each.default for options in known for each in fields(options)}
    texts = [describe_option(name, value, defaults.get(name)) for name, value in sorted(summary.options.items())]
    return [text for text in texts if text]


def describe_option(name: str, value: Any, default: Any = None) -> str:
    """Write an option of a source in a row's name: ``batch_norm real``, ``learning_rate 0.0011``, ``no norm``.

    A switch is named where it is not at its default, and None where the default is a value; else the text is empty.
    """
    if name == "maps_seed":
        return f"seed {value}"  # follows the share of the maps
    if value is None or isinstance(value, bool):
        usual = default is True if isinstance(value, bool) else default not in (None, False)
        return "" if bool(value) == usual else name if value else f"no {name}"
    return f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"


def row_name(summary: Summary, labels: Labels | None = None) -> str:
    """Name a measured row: ``DCGAN cpu32, standardised``; ``labels`` as ``source_labels`` has them."""
    known = source_labels() if labels is None else labels
    label, between = known.get(summary.features, (summary.features, " "))
    name = between.join(filter(None, (label, summary.network)))
    scaled = SCALED.get(summary.scale, f", {summary.scale}")
    kind = CLASSIFIERS.get(summary.classifier, f", {summary.classifier}")
    given = f", {summary.chosen_name} = {summary.chosen:g} given" if summary.given else ""
    share = f", {100 * summary.options['maps']:g} % of the maps" if "maps" in summary.options else ""
    return f"{name}{share}{scaled}{kind}{given}"


def source_labels(results: Path | None = None) -> Labels:
    """Return the label of each source of features, registered or kept in a results folder."""
    registered = {source.name: (source.label, source.separator) for source in feature_sources()}
    kept = {} if results is None else _kept_labels(results)
    return {"supervised": SUPERVISED, **kept, **registered}


def keep_labels(results: Path, features: Collection[str]) -> None:
    """Keep the labels of those features whose source is registered, but not by the package, in a results folder."""
    own = {
        source.name: (source.label, source.separator)
        for source in feature_sources()
        if source.name in features and source not in SOURCES
    }
    _add_labels(results, own)


def merge_labels(results: Path, other: Path) -> None:
    """Add the labels that another results folder keeps."""
    _add_labels(results, {**_kept_labels(other), **_kept_labels(results)})


def _add_labels(results: Path, labels: Labels) -> None:
    kept = _kept_labels(results)
    if not labels.items() <= kept.items():
        write_json(results / LABELS, {**kept, **labels})


def _kept_labels(results: Path) -> dict[str, tuple[str, str]]:
    path = results / LABELS
    if not path.exists():
        return {}
    stored = read_json(path)
    if not isinstance(stored, dict) or not all(has_type(each, list) and len(each) == 2 for each in stored.values()):
        raise UserError(f"{path} holds no labels of features; delete it: tables then show the names of the features")
    return {name: (str(label), str(between)) for name, (label, between) in stored.items()}
