"""Streams of images that are decoded one by one."""

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from ..runtime import Notice, UserError
from .imageset import ImageSet

LISTED = 100


class UnreadableImageError(UserError):
    """Image that cannot be decoded, named by its path or row, with the reason."""

    def __init__(self, name: str, reason: str):
        super().__init__(f"{name} cannot be read as an image ({reason}); {_REMEDY}", parameter="dataset")
        self.text = f"{name} ({reason})"


_REMEDY = "replace or remove it, or write the other images with `dcgan-probe prepare --skip-unreadable`"


@dataclass(frozen=True)
class ImageStream:
    """Images of any size, decoded on request, so that a set larger than memory can be processed."""

    count: int
    """Number of images."""

    read: Callable[[int], Image.Image]
    """Function that decodes image i at its original size in mode ``L`` or ``RGB``, or raises
    ``UnreadableImageError``."""

    describe: Callable[[int], str]
    """Function that returns the name of image i for messages, such as its path."""

    find_channels: Callable[[], int]
    """Function that returns 1 if all images are grayscale, else 3."""

    labels: np.ndarray | None
    """int64 (N,), or None for an unlabeled set."""

    name: str
    split: str
    source: str
    class_names: tuple[str, ...] | None

    require_unchanged: Callable[[], None]
    """Function that raises ``ChangedFileError`` if the files have changed since they were opened."""

    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Numeric attributes of each image by name: integers or floats (N,)."""

    remarks: Counter[str] = field(default_factory=Counter)
    """Number of images read so far by conversion, such as compositing."""

    def unreadable(
        self, start: int = 0, on_progress: Callable[[int], None] = lambda done: None
    ) -> dict[int, UnreadableImageError]:
        """Decode all images from number ``start`` and return the errors of unreadable images by their numbers."""
        found = {}
        for index in range(start, self.count):
            try:
                self.read(index)
            except UnreadableImageError as error:
                found[index] = error
            on_progress(index + 1)
        return found

    def without(self, left_out: Collection[int]) -> "ImageStream":
        """Return the stream without some images, given by their numbers.

        Raises
        ------
        UserError
            If no image is left.
        """
        kept = np.setdiff1d(np.arange(self.count), list(left_out))
        if not len(kept):
            raise UserError(f"{self.source}: none of the {self.count:,} images can be read", parameter="dataset")
        return replace(
            self,
            count=len(kept),
            read=lambda index: self.read(int(kept[index])),
            describe=lambda index: self.describe(int(kept[index])),
            labels=None if self.labels is None else self.labels[kept],
            attributes={name: numbers[kept] for name, numbers in self.attributes.items()},
        )

    def all_unreadable(
        self, index: int, first: UnreadableImageError, on_progress: Callable[[int], None] = lambda done: None
    ) -> UserError:
        """Return one error for image ``index`` and all later unreadable images."""
        errors = [first, *self.unreadable(index + 1, on_progress).values()]
        if len(errors) == 1:
            return first
        texts = [error.text for error in errors[:LISTED]]
        more = f" and {len(errors) - LISTED:,} more" if len(errors) > LISTED else ""
        return UserError(
            f"{self.source}: {len(errors):,} of {self.count:,} images cannot be read: {', '.join(texts)}{more}; "
            f"{_REMEDY.replace('it,', 'them,')}",
            parameter="dataset",
        )

    def describe_remarks(self) -> str:
        """Return the conversions and their image counts, such as ``2 images of several frames, the first taken``."""
        return "; ".join(f"{count:,} image{'s' * (count != 1)} {what}" for what, count in self.remarks.items())

    def warn_of_remarks(self) -> None:
        """Issue a ``Notice`` of the conversions, if any."""
        if self.remarks:
            warnings.warn(f"{self.source}: {self.describe_remarks()}", Notice, stacklevel=3)

    def pixels(self, index: int, channels: int) -> np.ndarray:
        """Decode image ``index`` at its original size, uint8 (channels, H, W)."""
        return to_array(with_channels(self.read(index), channels))


def with_channels(image: Image.Image, channels: int) -> Image.Image:
    """Convert an image without transparency to grayscale (1 channel) or RGB (3 channels)."""
    return image.convert("L" if channels == 1 else "RGB")


def to_array(image: Image.Image) -> np.ndarray:
    """Return the pixels of a grayscale or RGB image, uint8 (channels, H, W)."""
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def to_picture(pixels: np.ndarray) -> Image.Image:
    """Build a grayscale or RGB image from pixels uint8 (channels, H, W), 1 or 3 channels."""
    return Image.fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def stack_stream(stream: ImageStream, advice: str) -> ImageSet:
    """Read all images of a stream into memory; grayscale images become RGB if any image of the set has color.

    Parameters
    ----------
    advice
        Command that writes images of one size, for the error of different sizes.

    Raises
    ------
    UserError
        If images cannot be read (all are named), differ in size, or change during the call.
    """
    channels = stream.find_channels()
    first, images = None, np.empty(0, np.uint8)
    for index in range(stream.count):
        try:
            pixels = stream.pixels(index, channels)
        except UnreadableImageError as error:
            raise stream.all_unreadable(index, error) from error
        if first is None:
            first, images = pixels, np.empty((stream.count, *pixels.shape), np.uint8)
        if pixels.shape != first.shape:
            raise UserError(
                f"{stream.source}: got images of different sizes ({_size(first)} {stream.describe(0)}, "
                f"{_size(pixels)} {stream.describe(index)}), expected one size; write such a copy with: {advice}",
                parameter="dataset",
            )
        images[index] = pixels
    stream.require_unchanged()
    stream.warn_of_remarks()
    return ImageSet(images, stream.labels, stream.name, stream.split, stream.source, stream.class_names)


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[2]}x{pixels.shape[1]}"
