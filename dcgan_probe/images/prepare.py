"""Conversion of an image source to an image-array file of one size.

The shorter side of each image is resized to ``size`` and the center square is cropped, as in the paper for ImageNet.
The paper does not name the filter. The default is Lanczos: its support grows with the reduction factor, so fine
patterns do not alias, and it preserves the most detail of the three filters. Images whose shorter side equals ``size``
are not resampled.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ..runtime import UserError
from ..storage import StoredImages, write_image_file
from .eight_bit import Reading
from .imageset import ImageSet
from .set_names import SPLITS
from .settings import RESAMPLES, Depth, Layout, Resample
from .sources import open_source
from .streams import ImageStream, UnreadableImageError, to_array, to_picture, with_channels

BLOCK_BYTES = 1 << 24  # prepared images in memory
REPORTED = 100  # images between two progress reports of a pass that does not write


def prepare(
    dataset: str,
    split: str,
    size: int,
    path: Path,
    *,
    channels: int | None = None,
    resample: Resample = "lanczos",
    depth: Depth | None = None,
    background: str = "white",
    layout: Layout | None = None,
    skip_unreadable: bool = False,
    data_dir: Path | None = None,
    download: bool = True,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write one split of a source as an image-array file, atomically.

    Images are processed in blocks, so memory does not grow with their number. An HDF5 file may have another layout (see
    ``arrays_in_files``). The attribute ``source`` of the written file records all conversions.

    Parameters
    ----------
    dataset, split, data_dir, download, seed
        As for ``load_images``.
    size
        Height and width of the written images in pixels.
    path
        ``NAME_train.h5`` or ``NAME_test.h5``, or any other name that ends in ``.h5``.
    channels
        1 for grayscale, 3 for RGB; by default grayscale if all images are (in a folder, of both splits), else RGB.
    resample
        Filter of the resize. The file's attribute ``resample`` records the filter, or is empty if no image was resized.
    depth
        Values that become 0 and 255 in images with more than 8 bits per channel: a pair of numbers, or ``"scale"`` for
        the full range of the stored type (fractions: 0 to 1). By default such images are refused.
    background
        Color under transparent pixels, a name or ``#rrggbb``.
    layout
        Order of the axes of images in an HDF5 file; by default the only order that fits.
    skip_unreadable
        Omit images that cannot be decoded, and record their number in the file's attribute ``unreadable``. By default
        they raise an error that names them all.
    progress
        Called after each block with the number of written images and the total, and again when the file is complete.

    Returns
    -------
    int
        Number of images written.

    Raises
    ------
    UserError
        If the source cannot be read or changes during the call, a parameter is invalid, or the disk is full.
    """
    path = Path(path)
    _check(size, channels, resample, path, split)
    reading = Reading(depth, background, layout, converts=True)
    source = open_source(dataset, split, data_dir=data_dir, download=download, seed=seed, reading=reading)
    left_out = None
    if isinstance(source, ImageSet):
        _refuse_itself(source, path)
    elif skip_unreadable:
        unreadable = source.unreadable(on_progress=_first_pass(progress, source.count))
        left_out, source = len(unreadable), source.without(unreadable)
    squares = _Squares.of(source, size, channels, resample, progress)
    return _write(path, split, source, squares, left_out)


def _refuse_itself(source: ImageSet, path: Path) -> None:
    """Check that the file to write is not the source."""
    if isinstance(source.images, StoredImages) and path.exists() and source.images.path.samefile(path):
        raise UserError(f"{path} is the source itself; choose another file to write", parameter="out")


def _write(path: Path, split: str, source: ImageSet | ImageStream, squares: "_Squares", left_out: int | None) -> int:
    """Write prepared images and return their number.

    Parameters
    ----------
    left_out
        Number of omitted unreadable images; None if unreadable images are errors.
    """
    write_image_file(
        path,
        squares,
        rows=squares.rows,
        name=path.stem.removesuffix(f"_{split}"),
        split=split,
        source="",
        class_names=source.class_names,
        attributes=source.attributes,
        facts=partial(_facts, source, squares, left_out),
        check=source.require_unchanged,
    )
    if squares.progress is not None:
        squares.progress(squares.rows, squares.rows)  # the file is complete
    if isinstance(source, ImageStream):
        source.warn_of_remarks()
    return squares.rows


def _facts(source: ImageSet | ImageStream, squares: "_Squares", left_out: int | None) -> dict[str, str | int]:
    """Return the attributes of a file that depend on the conversions of its images."""
    done = "" if isinstance(source, ImageSet) else source.describe_remarks()
    out = f"{left_out} that could not be read left out" if left_out else ""
    about = [f"{source.source}, shorter side to {squares.size}, middle square", done, out]
    counted = {} if left_out is None else {"unreadable": left_out}
    return {
        "source": "; ".join(filter(None, about)),
        "resample": squares.resample if squares.resized else "",
        **counted,
    }


def _first_pass(progress: Callable[[int, int], None] | None, rows: int) -> Callable[[int], None]:
    """Return a function that reports the progress of a pass over all images that does not write."""
    return lambda done: None if progress is None or done % REPORTED or done >= rows else progress(done, rows)


def _explained(source: ImageStream, progress: Callable[[int, int], None] | None) -> Callable[[int], Image.Image]:
    """Return a function that decodes an image; after a failure it decodes all later images, to name all that fail."""

    def read(index: int) -> Image.Image:
        try:
            return source.read(index)
        except UnreadableImageError as error:
            raise source.all_unreadable(index, error, _first_pass(progress, source.count)) from error

    return read


def _check(size: int, channels: int | None, resample: str, path: Path, split: str) -> None:
    if size < 1:
        raise UserError(f"got size {size}, expected at least 1 pixel", parameter="size")
    if channels not in (None, 1, 3):
        raise UserError(f"got {channels} channels, expected 1 or 3", parameter="channels")
    if resample not in RESAMPLES:
        raise UserError(f"got the filter {resample!r}, expected one of {', '.join(RESAMPLES)}", parameter="resample")
    if path.suffix != ".h5":
        raise UserError(f"got the file name {path.name}, expected one that ends in .h5", parameter="out")
    for other in SPLITS:
        if other != split and path.stem.endswith(f"_{other}"):
            raise UserError(
                f"got the file name {path.name} for the {split} split, expected *_{split}.h5", parameter="out"
            )


def _reader(images: ImageSet) -> Callable[[int], Image.Image]:
    """Return a function that builds the picture of a row; the rows of a file are read in blocks."""
    rows = max(1, BLOCK_BYTES // (images.channels * images.height * images.width))
    first, block = 0, images.images[:rows]

    def read(index: int) -> Image.Image:
        nonlocal first, block
        if not first <= index < first + len(block):
            first = index
            block = images.images[first : first + rows]
        return to_picture(block[index - first])

    return read


@dataclass
class _Squares:
    """Blocks of prepared images of one source."""

    read: Callable[[int], Image.Image]
    labels: np.ndarray | None
    rows: int
    size: int
    channels: int
    resample: Resample
    progress: Callable[[int, int], None] | None
    resized: bool = False
    """Whether the shorter side of any image so far differed from ``size``."""

    @classmethod
    def of(
        cls,
        source: ImageSet | ImageStream,
        size: int,
        channels: int | None,
        resample: Resample,
        progress: Callable[[int, int], None] | None,
    ) -> "_Squares":
        """Return the blocks of a source with ``channels`` channels, by default the channels of its images."""
        if isinstance(source, ImageSet):
            read, channels = _reader(source), channels or source.channels
            return cls(read, source.labels, len(source), size, channels, resample, progress)
        channels = channels or source.find_channels()
        source.remarks.clear()  # remarks of the search for channels
        return cls(_explained(source, progress), source.labels, source.count, size, channels, resample, progress)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield blocks of images, uint8 (n, channels, size, size), with their labels, int64 (n,) or None."""
        at_once = max(1, BLOCK_BYTES // (self.channels * self.size * self.size))
        for start in range(0, self.rows, at_once):
            stop = min(start + at_once, self.rows)
            images = np.empty((stop - start, self.channels, self.size, self.size), np.uint8)
            for index in range(start, stop):
                image = with_channels(self.read(index), self.channels)
                self.resized |= min(image.size) != self.size
                images[index - start] = to_array(fit(image, self.size, self.resample))
            yield images, None if self.labels is None else self.labels[start:stop]
            if self.progress is not None and stop < self.rows:
                self.progress(stop, self.rows)


def fit(image: Image.Image, size: int, resample: Resample) -> Image.Image:
    """Resize the shorter side of a grayscale or RGB image to ``size`` and crop the center square."""
    shorter = min(image.size)
    width, height = (round(side * size / shorter) for side in image.size)
    left, top = (width - size) // 2, (height - size) // 2
    resized = image if shorter == size else _resize(image, width, height, resample)
    return resized.crop((left, top, left + size, top + size))


def _resize(image: Image.Image, width: int, height: int, resample: Resample) -> Image.Image:
    factor = image.width // width
    if resample == "box" and image.size == (factor * width, factor * height):
        # The mean is rounded once. Pillow's resize rounds after each axis, which makes a halved image 3/8 of a gray
        # level brighter on average.
        return image.reduce(factor)
    return image.resize((width, height), Image.Resampling[resample.upper()])
