"""Names of classes: compared in Unicode's NFC, matched between the splits of a set, and numbers where all are."""

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
Labelled = TypeVar("Labelled", bound=ImageSet | ImageStream)


def nfc(name: str) -> str:
    """Return a name in the composed form of Unicode, in which equal names are equal texts."""
    return unicodedata.normalize("NFC", name)


def class_index(names: Sequence[str], text: str) -> int | None:
    """Return the label of the class with the name ``text``, compared in NFC; None if there is no such class."""
    composed = [nfc(name) for name in names]
    return composed.index(nfc(text)) if nfc(text) in composed else None


def name_numbers(names: Sequence[str]) -> np.ndarray | None:
    """Return class names as numbers, float64 (K,), if all are decimal numbers such as ``7`` or ``0.5``; else None."""
    if not names or not all(NUMBER.fullmatch(name) for name in names):
        return None
    return np.array([float(name) for name in names])


def sorted_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the different names in NFC, sorted, by their numbers if all are numbers."""
    found = sorted({nfc(name) for name in names})
    numbers = name_numbers(found)
    return tuple(found if numbers is None else (found[place] for place in np.argsort(numbers, kind="stable")))


def number_labels(split: Labelled) -> Labelled:
    """Return a split with its labels renumbered from 0 without gaps, and the old ones as names of the classes."""
    values, labels = np.unique(np.asarray(split.labels), return_inverse=True)
    names = tuple(str(value) for value in values)
    warnings.warn(
        f"{split.source}: the labels {', '.join(names[:SHOWN])}{', ...' * (len(names) > SHOWN)} become classes of "
        f"these names, numbered 0 to {len(names) - 1}",
        Notice,
        stacklevel=2,
    )
    return replace(split, labels=labels.astype(np.int64), class_names=names)


def has_gaps(split: ImageSet | ImageStream) -> bool:
    """Return whether labels are numbers without names, of which some from 0 to the largest are unused."""
    if split.labels is None or split.class_names is not None:
        return False
    return len(np.unique(split.labels)) <= int(split.labels.max())


def listed(names: Sequence[str]) -> str:
    """Return the number of classes with their names in order, at most 20 of them, such as ``2 classes (cat, dog)``."""
    more = f", ... {names[-1]}" if len(names) > SHOWN else ""
    return f"{len(names)} class{'es' * (len(names) != 1)} ({', '.join(names[:SHOWN])}{more})"


@dataclass(frozen=True)
class Classes:
    """Classes that the labels of a split are matched with: those of the training split, or of a conditional run."""

    names: tuple[str, ...] | None
    """In the order of the labels; None where only the numbers are known."""
    filled: np.ndarray
    """Labels of the classes that have images, rising, int64 (k,)."""
    source: str
    """What has these classes, for messages."""

    @classmethod
    def of(cls, images: ImageSet | ImageStream) -> "Classes":
        """Return the classes of a labelled split."""
        return cls(images.class_names, np.unique(np.asarray(images.labels)), images.source)

    def name(self, label: int) -> str:
        """Return the name of a class, or else its number."""
        return self.names[label] if self.names is not None and label < len(self.names) else str(label)

    def describe(self) -> str:
        """Return the number of classes and their names or numbers."""
        return listed(self.names or [str(label) for label in self.filled])


def match_classes(split: Labelled, classes: Classes) -> Labelled:
    """Return a split with its labels numbered as in ``classes``, by name where both have names.

    Another order and a class without images are said by a ``Notice``.

    Raises
    ------
    UserError
        If images of the split have a class that ``classes`` lacks or has no images of, or equal names hide which class
        is meant.
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
    split: Labelled, labels: np.ndarray, own: tuple[str, ...], known: tuple[str, ...], classes: Classes
) -> Labelled:
    ours, theirs = [nfc(name) for name in own], [nfc(name) for name in known]
    if ours == theirs:
        return replace(split, class_names=known)
    if len(set(ours)) < len(ours) or len(set(theirs)) < len(theirs):
        raise _refusal(split, classes, "one name stands for several classes; give each class a name of its own")
    place = {name: label for label, name in enumerate(theirs)}
    used = np.unique(labels)
    strange = [own[label] for label in used if ours[label] not in place]
    if strange:
        raise _refusal(split, classes, f"{', '.join(strange[:SHOWN])} cannot be predicted; {_WAYS_ON}")
    renumbered = np.array([place.get(name, -1) for name in ours])
    common = renumbered[renumbered >= 0]
    if (np.diff(common) < 0).any():
        warnings.warn(
            f"{split.source}: the classes have another order ({', '.join(own[:SHOWN])}) than those of "
            f"{classes.source} ({', '.join(known[:SHOWN])}); the labels are renumbered by the names",
            Notice,
            stacklevel=2,
        )
    return replace(split, labels=renumbered[labels].astype(np.int64), class_names=known)


def _check_numbers(split: ImageSet | ImageStream, classes: Classes) -> None:
    """Check labels of a split that cannot be matched by names, since one side has none."""
    known = classes.names
    names = split.class_names or known
    numbers = None if names is None else name_numbers(names)
    if names is None or (numbers is not None and np.array_equal(numbers, np.arange(len(numbers)))):
        return
    if numbers is not None:
        raise UserError(
            f"{split.source} or {classes.source} has labels without names, expected names of {listed(names)} in both: "
            "a label may be the number or the place of a class; add the attribute class_names to the file",
            option="dataset",
        )
    without = split.source if split.class_names is None else classes.source
    used = np.unique(np.asarray(split.labels))
    if not np.array_equal(used, classes.filled):
        # Labels of a part of the classes may be their numbers in the whole, or in the part.
        raise UserError(
            f"{split.source} has the labels {_numbers(used)}, and {classes.source} {_numbers(classes.filled)}; "
            f"expected the same, since {without} has no class names to match those of {listed(names)} with; add the "
            "attribute class_names to that file",
            option="dataset",
        )
    warnings.warn(
        f"{without} has no class names, so labels are compared by their numbers: class 0 is {names[0]} in both "
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
        reason = f"{', '.join(strange[:SHOWN])}: no image there, so it cannot be predicted; {_WAYS_ON}"
        raise _refusal(split, classes, reason)
    missing = [classes.name(label) for label in np.setdiff1d(classes.filled, used)]
    if missing:
        warnings.warn(
            f"{split.source} has no images of {', '.join(missing[:SHOWN])}: scores are of the other "
            f"{len(used)} of {len(classes.filled)} classes; add images of them, or take these classes out of "
            f"{classes.source}",
            Notice,
            stacklevel=3,
        )


_WAYS_ON = "add images of these classes there, or take them out of the split"


def _refusal(split: ImageSet | ImageStream, classes: Classes, reason: str) -> UserError:
    own = "labels without names" if split.class_names is None else listed(split.class_names)
    return UserError(
        f"{split.source}: got {own}, expected those of {classes.source}: {classes.describe()}; {reason}",
        option="dataset",
    )
