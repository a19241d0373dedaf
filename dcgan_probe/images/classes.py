"""Class names, and the matching of labels between the splits of a set."""

import re
import unicodedata
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ..runtime import Notice, UserError
from .imageset import ImageSet
from .streams import ImageStream

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
SHOWN = 20
Labeled = TypeVar("Labeled", bound=ImageSet | ImageStream)


def nfc(name: str) -> str:
    """Return a name in Unicode's composed form NFC, in which names that look equal are equal."""
    return unicodedata.normalize("NFC", name)


def class_index(names: Sequence[str], text: str) -> int | None:
    """Return the label of the class named ``text``, compared in NFC; None if there is no such class."""
    composed = [nfc(name) for name in names]
    return composed.index(nfc(text)) if nfc(text) in composed else None


def name_numbers(names: Sequence[str]) -> np.ndarray | None:
    """Return class names as float64 (K,) if all are decimal numbers such as ``7`` or ``0.5``; else None."""
    if not names or not all(NUMBER.fullmatch(name) for name in names):
        return None
    return np.array([float(name) for name in names])


def sorted_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct names in NFC, sorted as numbers if all are numbers, else as texts."""
    found = sorted({nfc(name) for name in names})
    numbers = name_numbers(found)
    return tuple(found if numbers is None else (found[place] for place in np.argsort(numbers, kind="stable")))


def number_labels(split: Labeled) -> Labeled:
    """Return a split with labels renumbered from 0 without gaps and the original labels as class names."""
    values, labels = np.unique(np.asarray(split.labels), return_inverse=True)
    names = tuple(str(value) for value in values)
    warnings.warn(
        f"{split.source}: the labels {', '.join(names[:SHOWN])}{', ...' * (len(names) > SHOWN)} become class names, "
        f"and the classes are numbered 0 to {len(names) - 1}",
        Notice,
        stacklevel=2,
    )
    return replace(split, labels=labels.astype(np.int64), class_names=names)


def has_gaps(split: ImageSet | ImageStream) -> bool:
    """Return whether the labels have no class names and skip a number between 0 and the largest label."""
    if split.labels is None or split.class_names is not None:
        return False
    return len(np.unique(split.labels)) <= int(split.labels.max())


def listed(names: Sequence[str]) -> str:
    """Return the number of classes and up to 20 of their names in order, such as ``2 classes (cat, dog)``."""
    more = f", ... {names[-1]}" if len(names) > SHOWN else ""
    return f"{len(names)} class{'es' * (len(names) != 1)} ({', '.join(names[:SHOWN])}{more})"


@dataclass(frozen=True)
class Classes:
    """Reference classes for the labels of a split: the classes of the training split or of a conditional run."""

    names: tuple[str, ...] | None
    """Class names in the order of the labels; None if only the numbers are known."""
    filled: np.ndarray
    """Labels of the classes that have images, int64 (k,), increasing."""
    source: str
    """Owner of the classes, for messages."""

    @classmethod
    def of(cls, images: ImageSet | ImageStream) -> "Classes":
        """Return the classes of a labeled split."""
        return cls(images.class_names, np.unique(np.asarray(images.labels)), images.source)

    def name(self, label: int) -> str:
        """Return the name of a class, or its number if it has no name."""
        return self.names[label] if self.names is not None and label < len(self.names) else str(label)

    def describe(self) -> str:
        """Return the number of classes with their names or numbers."""
        return listed(self.names or [str(label) for label in self.filled])


def match_classes(split: Labeled, classes: Classes) -> Labeled:
    """Return a split with labels numbered as in ``classes``, matched by name if both have class names.

    A ``Notice`` reports a different order and classes without images.

    Raises
    ------
    UserError
        If images of the split belong to a class that is missing or empty in ``classes``, or if several classes have the
        same name.
    """
    if split.labels is None:
        return split
    own, known = split.class_names, classes.names
    if own is not None and known is not None:
        matched = _by_name(split, split.labels, own, known, classes)
    else:
        matched = split
        _check_numbers(split, classes)
    _check_filled(split, np.asarray(matched.labels), classes)
    return matched


def _by_name(
    split: Labeled, labels: np.ndarray, own: tuple[str, ...], known: tuple[str, ...], classes: Classes
) -> Labeled:
    ours, theirs = [nfc(name) for name in own], [nfc(name) for name in known]
    if ours == theirs:
        return replace(split, class_names=known)
    if len(set(ours)) < len(ours) or len(set(theirs)) < len(theirs):
        raise _refusal(split, classes, "several classes have the same name; give each class a different name")
    place = {name: label for label, name in enumerate(theirs)}
    used = np.unique(labels)
    strange = [own[label] for label in used if ours[label] not in place]
    if strange:
        raise _refusal(split, classes, f"{', '.join(strange[:SHOWN])} cannot be predicted; {_REMEDY}")
    renumbered = np.array([place.get(name, -1) for name in ours])
    common = renumbered[renumbered >= 0]
    if (np.diff(common) < 0).any():
        warnings.warn(
            f"{split.source}: the classes are in a different order ({', '.join(own[:SHOWN])}) from the classes of "
            f"{classes.source} ({', '.join(known[:SHOWN])}); labels are renumbered by name",
            Notice,
            stacklevel=2,
        )
    return replace(split, labels=renumbered[labels].astype(np.int64), class_names=known)


def _check_numbers(split: ImageSet | ImageStream, classes: Classes) -> None:
    """Check labels that cannot be matched by name because the split or ``classes`` has no class names."""
    known = classes.names
    names = split.class_names or known
    numbers = None if names is None else name_numbers(names)
    if names is None or (numbers is not None and np.array_equal(numbers, np.arange(len(numbers)))):
        return
    if numbers is not None:
        raise UserError(
            f"got labels without class names in {split.source} or {classes.source}, expected the names of "
            f"{listed(names)} in both, since a label could be the name or the position of a class; add the attribute "
            "class_names to the file",
            parameter="dataset",
        )
    without = split.source if split.class_names is None else classes.source
    used = np.unique(np.asarray(split.labels))
    if not np.array_equal(used, classes.filled):
        # If only some classes are used, a label could count all classes or the used classes.
        raise UserError(
            f"got the labels {_numbers(used)} in {split.source} and {_numbers(classes.filled)} in {classes.source}, "
            f"expected the same labels, since {without} has no class names to match with {listed(names)}; add the "
            "attribute class_names to that file",
            parameter="dataset",
        )
    warnings.warn(
        f"{without} has no class names, so labels are matched by number: class 0 is {names[0]} in both "
        f"{split.source} and {classes.source}",
        Notice,
        stacklevel=3,
    )


def _numbers(labels: np.ndarray) -> str:
    shown = ", ".join(map(str, labels[:SHOWN].tolist()))
    return f"{shown}, ... {labels[-1]}" if len(labels) > SHOWN else shown


def _check_filled(split: ImageSet | ImageStream, labels: np.ndarray, classes: Classes) -> None:
    used = np.unique(labels)
    strange = [classes.name(label) for label in np.setdiff1d(used, classes.filled)]
    if strange:
        reason = f"no image of {', '.join(strange[:SHOWN])} there, so it cannot be predicted; {_REMEDY}"
        raise _refusal(split, classes, reason)
    missing = [classes.name(label) for label in np.setdiff1d(classes.filled, used)]
    if missing:
        warnings.warn(
            f"{split.source} has no images of {', '.join(missing[:SHOWN])}: scores cover the other {len(used)} of "
            f"{len(classes.filled)} classes; add images of these classes, or remove them from {classes.source}",
            Notice,
            stacklevel=3,
        )


_REMEDY = "add images of these classes there, or remove them from the split"


def _refusal(split: ImageSet | ImageStream, classes: Classes, reason: str) -> UserError:
    own = "labels without names" if split.class_names is None else listed(split.class_names)
    return UserError(
        f"{split.source}: got {own}, expected the classes of {classes.source}, {classes.describe()}; {reason}",
        parameter="dataset",
    )
