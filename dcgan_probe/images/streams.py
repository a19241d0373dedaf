"""Takes a set whose images are decoded one by one, gives its rows or its ``ImageSet``; knows no folder and no LMDB."""

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
    """An image that cannot be decoded, by its path or row, with the reason."""

    def __init__(self, name: str, reason: str):
        super().__init__(f"{name} cannot be read as an image ({reason}); {_WAYS_ON}", option="dataset")
        self.text = f"{name} ({reason})"


_WAYS_ON = "replace or remove it, or write the others with `dcgan-probe prepare --skip-unreadable`"


@dataclass(frozen=True)
class ImageStream:
    """Images of any size, decoded when asked for, so that a set larger than memory can be worked through."""

    count: int
    """Number of images."""

    read: Callable[[int], Image.Image]
    """Decodes image i at its own size, in mode ``L`` or ``RGB``; raises ``UnreadableImageError`` if that fails."""

    describe: Callable[[int], str]
    """Names image i in messages, such as its path."""

    find_channels: Callable[[], int]
    """Gives 1 if all images are greyscale, 3 if not."""

    labels: np.ndarray | None
    """int64 (N,), or None."""

    name: str
    split: str
    source: str
    class_names: tuple[str, ...] | None

    require_unchanged: Callable[[], None]
    """Raises ``ChangedFileError`` if the files are no longer as they were when they were opened."""

    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Further numbers of each image by their names, integers or floats (N,)."""

    remarks: Counter[str] = field(default_factory=Counter)
    """Images that were read so far, counted by what was done to them, such as compositing."""

    def unreadable(
        self, start: int = 0, on_progress: Callable[[int], None] = lambda done: None
    ) -> dict[int, UnreadableImageError]:
        """Decode all images from ``start`` on and return the errors of those that fail, by their numbers."""
        found = {}
        for index in range(start, self.count):
            try:
                self.read(index)
            except UnreadableImageError as error:
                found[index] = error
            on_progress(index + 1)
        return found

    def without(self, left_out: Collection[int]) -> "ImageStream":
        """Return the stream of the other images.

        Raises
        ------
        UserError
            If none is left.
        """
        kept = np.setdiff1d(np.arange(self.count), list(left_out))
        if not len(kept):
            raise UserError(f"{self.source}: none of the {self.count:,} images can be read", option="dataset")
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
        """Return the error of image ``index`` together with those of all later images."""
        errors = [first, *self.unreadable(index + 1, on_progress).values()]
        if len(errors) == 1:
            return first
        texts = [error.text for error in errors[:LISTED]]
        more = f" and {len(errors) - LISTED:,} more" if len(errors) > LISTED else ""
        return UserError(
            f"{self.source}: {len(errors):,} of {self.count:,} images cannot be read: {', '.join(texts)}{more}; "
            f"{_WAYS_ON.replace('it,', 'them,')}",
            option="dataset",
        )

    def describe_remarks(self) -> str:
        """Return what was done to how many images so far, such as ``2 images of several frames, the first taken``."""
        return "; ".join(f"{count:,} image{'s' * (count != 1)} {what}" for what, count in self.remarks.items())

    def warn_of_remarks(self) -> None:
        """Issue a ``Notice`` of what was done to images, if anything was."""
        if self.remarks:
            warnings.warn(f"{self.source}: {self.describe_remarks()}", Notice, stacklevel=3)

    def pixels(self, index: int, channels: int) -> np.ndarray:
        """Decode image ``index`` at its own size: uint8 (channels, H, W)."""
        return to_array(with_channels(self.read(index), channels))


def with_channels(image: Image.Image, channels: int) -> Image.Image:
    """Convert an image without transparency to greyscale (1) or RGB (3)."""
    return image.convert("L" if channels == 1 else "RGB")


def to_array(image: Image.Image) -> np.ndarray:
    """Give the pixels of a greyscale or RGB image, uint8 (channels, H, W)."""
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def to_picture(pixels: np.ndarray) -> Image.Image:
    """Return a greyscale or RGB image of uint8 (channels, H, W), 1 or 3 channels."""
    return Image.fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def stack_stream(stream: ImageStream, advice: str) -> ImageSet:
    """Read all images of a stream into memory; greyscale ones become RGB if any image of the set is in colour.

    Raises
    ------
    UserError
        If images cannot be read (all are named), differ in size (``advice`` is the command that makes them equal), or
        change meanwhile.
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
                f"{_size(pixels)} {stream.describe(index)}), expected one size; make a copy of one size with: {advice}",
                option="dataset",
            )
        images[index] = pixels
    stream.require_unchanged()
    stream.warn_of_remarks()
    return ImageSet(images, stream.labels, stream.name, stream.split, stream.source, stream.class_names)


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[2]}x{pixels.shape[1]}"
