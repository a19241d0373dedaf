"""Takes a set whose images are decoded one by one, gives its rows or its ``ImageSet``; knows no folder and no LMDB."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..runtime import UserError
from .imageset import ImageSet

GREY_MODES = ("1", "L", "LA")
DEEP_MODES = ("I", "F")  # and those that start with "I;": more than 8 bits a channel


@dataclass(frozen=True)
class ImageStream:
    """Images of any size, decoded when asked for, so that a set larger than memory can be worked through."""

    count: int
    """Number of images."""

    read: Callable[[int], Image.Image]
    """Decodes image i in its own mode and size; raises ``UserError`` if it cannot be read."""

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

    def pixels(self, index: int, channels: int) -> np.ndarray:
        """Decode image ``index`` at its own size: uint8 (channels, H, W)."""
        return to_array(with_channels(self.read(index), channels))


def with_channels(image: Image.Image, channels: int) -> Image.Image:
    """Convert an image to greyscale (1) or RGB (3); transparency is dropped."""
    return image.convert("L" if channels == 1 else "RGB")


def to_array(image: Image.Image) -> np.ndarray:
    """Give the pixels of a greyscale or RGB image, uint8 (channels, H, W)."""
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def to_picture(pixels: np.ndarray) -> Image.Image:
    """Make a greyscale or RGB image from uint8 (channels, H, W), 1 or 3 channels."""
    return Image.fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def stack_stream(stream: ImageStream, advice: str) -> ImageSet:
    """Read all images of a stream into memory; greyscale ones become RGB if any image of the set is in colour.

    Raises
    ------
    UserError
        If the images differ in size (``advice`` is the command that makes them equal), or change meanwhile.
    """
    channels = stream.find_channels()
    first = stream.pixels(0, channels)
    images = np.empty((stream.count, *first.shape), np.uint8)
    for index in range(stream.count):
        pixels = stream.pixels(index, channels) if index else first
        if pixels.shape != first.shape:
            raise UserError(
                f"{stream.source}: got images of different sizes ({_size(first)} {stream.describe(0)}, "
                f"{_size(pixels)} {stream.describe(index)}), expected one size; make a copy of one size with: {advice}",
                option="dataset",
            )
        images[index] = pixels
    stream.require_unchanged()
    return ImageSet(images, stream.labels, stream.name, stream.split, stream.source, stream.class_names)


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[2]}x{pixels.shape[1]}"
