"""Takes any image source, gives its local form at one size; knows no format but the image-array file.

Each image's shorter side is resized to ``size`` and its middle square is kept, as the paper does with ImageNet. The
filter is Lanczos: its support grows with the reduction, so that fine patterns do not alias, and of Pillow's filters it
keeps the most detail. Images that already are ``size`` x ``size`` are kept as they are.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ..runtime import UserError
from ..storage import StoredImages, write_image_file
from .imageset import ImageSet
from .local_files import SPLITS
from .sources import open_source
from .streams import to_array, to_picture, with_channels

BLOCK_BYTES = 1 << 24  # of prepared images held at a time


def prepare(
    dataset: str,
    split: str,
    size: int,
    path: Path,
    *,
    channels: int | None = None,
    data_dir: Path | None = None,
    download: bool = True,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write one split of a source as the image-array file ``path``, whole or not at all.

    Images of a folder, an LMDB or an .h5 file pass through in blocks, so memory does not grow with their number.

    Parameters
    ----------
    dataset, split, data_dir, download, seed
        As for ``load_images``.
    size
        Height and width of the written images in pixels.
    path
        ``NAME_train.h5`` or ``NAME_test.h5``, or any other name that ends in ``.h5``.
    channels
        1 writes greyscale, 3 RGB; by default greyscale if all images are, RGB if not.
    progress
        Called after each block with the images written so far and the number of all.

    Returns
    -------
    int
        Number of images written.

    Raises
    ------
    UserError
        If the source cannot be read, ``size``, ``channels`` or ``path`` do not fit, or the disk is full.
    """
    path = Path(path)
    _check(size, channels, path, split)
    source = open_source(dataset, split, data_dir=data_dir, download=download, seed=seed)
    if isinstance(source, ImageSet):
        if isinstance(source.images, StoredImages) and path.exists() and source.images.path.samefile(path):
            raise UserError(f"{path} is the source itself; choose another file to write", option="out")
        read, own_channels, rows = _reader(source), source.channels, len(source)
        attributes = source.attributes
    else:
        read, rows, attributes = source.read, source.count, None
        own_channels = source.find_channels() if channels is None else channels
    write_image_file(
        path,
        _blocks(read, source.labels, rows, size, channels or own_channels, progress),
        rows=rows,
        name=path.stem.removesuffix(f"_{split}"),
        split=split,
        source=f"{source.source}, shorter side to {size}, middle square",
        class_names=source.class_names,
        attributes=attributes,
    )
    return rows


def _check(size: int, channels: int | None, path: Path, split: str) -> None:
    if size < 1:
        raise UserError(f"got size {size}, expected at least 1 pixel", option="size")
    if channels not in (None, 1, 3):
        raise UserError(f"got {channels} channels, expected 1 or 3", option="channels")
    if path.suffix != ".h5":
        raise UserError(f"got the file name {path.name}, expected one that ends in .h5", option="out")
    for other in SPLITS:
        if other != split and path.stem.endswith(f"_{other}"):
            raise UserError(f"got the file name {path.name} for the {split} split, expected *_{split}.h5", option="out")


def _reader(images: ImageSet) -> Callable[[int], Image.Image]:
    """Give the function that makes a picture of row i, reading the rows of a file in blocks."""
    rows = max(1, BLOCK_BYTES // (images.channels * images.height * images.width))
    first, block = 0, images.images[:rows]

    def read(index: int) -> Image.Image:
        nonlocal first, block
        if not first <= index < first + len(block):
            first = index
            block = images.images[first : first + rows]
        return to_picture(block[index - first])

    return read


def _blocks(
    read: Callable[[int], Image.Image],
    labels: np.ndarray | None,
    rows: int,
    size: int,
    channels: int,
    progress: Callable[[int, int], None] | None,
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Give blocks of prepared images, uint8 (n, channels, size, size), with their labels, int64 (n,) or None."""
    at_once = max(1, BLOCK_BYTES // (channels * size * size))
    for start in range(0, rows, at_once):
        stop = min(start + at_once, rows)
        images = np.empty((stop - start, channels, size, size), np.uint8)
        for index in range(start, stop):
            images[index - start] = to_array(fit(with_channels(read(index), channels), size))
        yield images, None if labels is None else labels[start:stop]
        if progress is not None:
            progress(stop, rows)


def fit(image: Image.Image, size: int) -> Image.Image:
    """Resize the shorter side of a greyscale or RGB image to ``size`` and cut out the middle ``size`` x ``size``."""
    shorter = min(image.size)
    width, height = (round(side * size / shorter) for side in image.size)
    left, top = (width - size) // 2, (height - size) // 2
    resized = image if shorter == size else image.resize((width, height), Image.Resampling.LANCZOS)
    return resized.crop((left, top, left + size, top + size))
