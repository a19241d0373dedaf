"""Image set: images in a fixed row order, with their labels, names and origin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..runtime import UserError
from ..storage import StoredImages, fingerprint_blocks, fingerprint_rows, plain_name

BLOCK_ROWS = 2048


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of another set."""

    whole: "ImageSet"
    rows: np.ndarray
    """int64 (N,), increasing."""


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images in a fixed row order, with optional labels."""

    images: np.ndarray | StoredImages
    """uint8 (N, channels, H, W), 0 to 255, 1 or 3 channels: an array, or the images of an open file."""

    labels: np.ndarray | None
    """int64 (N,), 0 to K-1; None for an unlabeled set."""

    name: str
    """Name of the set, such as ``svhn``: one line of at most 100 characters; see ``storage.plain_name``."""

    split: str
    """``train``, ``val`` or ``test``."""

    source: str
    """Origin of the images, for people."""

    class_names: tuple[str, ...] | None = None
    """Class names in the order of the labels; None if unknown."""

    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Numeric attributes of each image by name, such as ``age`` in years: integers or floats (N,)."""

    part_of: Part | None = None
    """Rows of another set that are these images, so that its features are reused; None for a separate set."""

    def __post_init__(self) -> None:
        """Check types, shapes and the range of the labels.

        Raises
        ------
        UserError
            If the images are not uint8 (N, 1 or 3, H, W) with N > 0, the labels are not int64 (N,) from 0 to K-1, or an
            attribute is not a number per image.
        """
        object.__setattr__(self, "name", plain_name(self.name) or "unnamed")
        shape, dtype = self.images.shape, self.images.dtype
        if dtype != np.uint8 or len(shape) != 4 or shape[1] not in (1, 3):
            raise UserError(
                f"{self.name}: got images {dtype} {tuple(shape)}, "
                "expected uint8 (N, channels, H, W) with 1 or 3 channels"
            )
        if min(shape) < 1:
            raise UserError(
                f"{self.name}: got images of shape {tuple(shape)}, expected at least one image of one pixel"
            )
        if self.labels is not None:
            self._check_labels(self.labels)
        for name, numbers in self.attributes.items():
            if numbers.shape != (len(self),) or numbers.dtype.kind not in "iuf":
                raise UserError(
                    f"{self.name}: got {name} {numbers.dtype} {numbers.shape}, expected one number per image "
                    f"({len(self)},)"
                )

    def _check_labels(self, labels: np.ndarray) -> None:
        if labels.dtype != np.int64 or labels.shape != (len(self),):
            raise UserError(f"{self.name}: got labels {labels.dtype} {labels.shape}, expected int64 ({len(self)},)")
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or (self.class_names is not None and high >= len(self.class_names)):
            most = "K-1" if self.class_names is None else len(self.class_names) - 1
            raise UserError(
                f"{self.name}: got labels from {low} to {high}, expected 0 to {most}; give every image a class, or "
                "omit the labels",
                parameter="dataset",
            )

    def __len__(self) -> int:
        """Return the number of images."""
        return self.images.shape[0]

    @property
    def channels(self) -> int:
        """Number of channels: 1 for grayscale, 3 for RGB."""
        return self.images.shape[1]

    @property
    def height(self) -> int:
        """Height of every image in pixels."""
        return self.images.shape[2]

    @property
    def width(self) -> int:
        """Width of every image in pixels."""
        return self.images.shape[3]

    @cached_property
    def classes(self) -> int:
        """Number of classes: the number of class names, or the largest label plus one if classes have no names.

        Raises
        ------
        UserError
            If the set has no labels, or is a training split without class names whose labels skip a number between 0
            and the largest label.
        """
        labels = self.require_labels("counting the classes")
        if self.class_names is not None:
            return len(self.class_names)
        used, classes = np.unique(labels), int(labels.max()) + 1
        if self.split == "train" and len(used) < classes:
            missing = np.setdiff1d(np.arange(min(classes, len(used) + 1)), used)[0]
            raise UserError(
                f"{self.name} ({self.source}): got {len(used)} different labels from {used[0]} to {used[-1]} without "
                f"class names, and no label is {missing}; expected labels 0 to K-1, each with images. `dcgan-probe "
                "prepare` renumbers the labels and keeps the original labels as class names",
                parameter="dataset",
            )
        return classes

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all pixels and labels in row order; independent of name, split, attributes and storage."""
        return fingerprint_blocks(self.images.shape, self.blocks(), self.labels)

    @cached_property
    def row_fingerprints(self) -> np.ndarray:
        """Hash of the pixels of each image, uint64 (N,)."""
        return fingerprint_rows(self.blocks())

    def count_copies_of(self, others: "ImageSet") -> int:
        """Count the images whose pixels equal those of an image in another set; labels are ignored."""
        if self.images.shape[1:] != others.images.shape[1:]:
            return 0
        return int(np.isin(self.row_fingerprints, others.row_fingerprints).sum())

    def blocks(self, rows: int = BLOCK_ROWS) -> Iterator[np.ndarray]:
        """Yield the images in consecutive blocks of at most ``rows`` rows, uint8 (n, channels, H, W)."""
        for start in range(0, len(self), rows):
            yield self.images[start : start + rows]

    def require_unchanged(self) -> None:
        """Check that the file of the images, if any, has not changed since it was opened.

        Raises
        ------
        ChangedFileError
            If the file was changed or removed.
        """
        if isinstance(self.images, StoredImages):
            self.images.require_unchanged()

    def subset(self, indices: np.ndarray) -> "ImageSet":
        """Read some rows into memory, with their labels and attributes.

        Parameters
        ----------
        indices
            Row numbers, integers (n,) in any order, or a mask, bool (N,).
        """
        rows = np.asarray(indices)
        images = self.images[rows]
        return ImageSet(
            images=images,
            labels=None if self.labels is None else self.labels[rows],
            name=self.name,
            split=self.split,
            source=f"{self.source}, {len(images)} of {len(self)} images",
            class_names=self.class_names,
            attributes={name: numbers[rows] for name, numbers in self.attributes.items()},
        )

    def require_labels(self, purpose: str) -> np.ndarray:
        """Return the labels, int64 (N,).

        Parameters
        ----------
        purpose
            Use of the labels, the subject of a sentence in the error.

        Raises
        ------
        UserError
            If the set has no labels.
        """
        if self.labels is None:
            raise UserError(
                f"{self.name} ({self.source}) has no labels, and {purpose} needs them; use a labeled set: "
                "an .h5 file with 'labels', or a folder with one subfolder per class",
                parameter="dataset",
            )
        return self.labels
