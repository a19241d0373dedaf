"""Images from HDF5 files in other layouts: other axes, number types and labels.

No form is guessed silently. An unambiguous form is read with a notice; an ambiguous one is refused with the name of the
option that decides it.
"""

import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from ..runtime import Notice, UserError
from ..storage import ImageLayoutError, file_facts
from .classes import nfc, sorted_names
from .eight_bit import Reading, composited, to_eight_bits
from .settings import Layout
from .streams import ImageStream

BLOCK_BYTES = 1 << 24
CHANNELS = (1, 3, 4)
AXES: dict[Layout, tuple[int, ...]] = {"NHWC": (0, 1, 2, 3), "NCHW": (0, 2, 3, 1), "NHW": (0, 1, 2)}
"""Axes of each layout in the order N, H, W, channels."""


def open_arrays(path: Path, error: ImageLayoutError, reading: Reading) -> ImageStream:
    """Stream an HDF5 file that ``open_image_file`` refuses, with a data set ``images`` and optional ``labels``.

    ``images`` are (N, H, W, C), (N, C, H, W) or (N, H, W) with 1, 3 or 4 channels, of which the fourth is opacity. The
    values are integers from 0 to 255, fractions from 0 to 1, or any numbers if a depth is set. ``labels`` are whole
    numbers (N,) or (N, 1), texts (N,), or one-hot rows (N, K). A ``Notice`` reports how both are read.

    Parameters
    ----------
    path
        Path of the file, for messages.
    error
        Error of ``open_image_file``, which holds the open file.
    reading
        Depth, background and layout.

    Raises
    ------
    UserError
        If the form is ambiguous, or does not fit the settings.
    """
    file, images = error.file, error.file.get("images")
    if not isinstance(images, h5py.Dataset) or images.dtype.kind not in "biuf" or images.size == 0:
        found = f"'images' {images.dtype} {images.shape}" if isinstance(images, h5py.Dataset) else ", ".join(file)
        raise UserError(
            f"{path}: got {found or 'nothing'}, expected a data set 'images' of numbers", parameter="dataset"
        )
    layout = find_layout(path, images.shape, reading.layout)
    low, high = find_range(path, images, reading)
    facts = file_facts(path, file)
    labels, names, form = read_labels(path, file.get("labels"), len(images), facts["class_names"])
    said = f"images {images.dtype} of the layout {layout} are read with {low:g} to {high:g} as 0 to 255"
    warnings.warn(f"{path}: {said}{form and f', {form}'}", Notice, stacklevel=3)
    remarks: Counter[str] = Counter()
    read = _reader(path, images, layout, (low, high), reading, remarks)
    channels = 1 if layout == "NHW" else images.shape[layout.index("C")]
    return ImageStream(
        count=len(images),
        read=read,
        describe=lambda index: f"row {index}",
        find_channels=lambda: 1 if channels == 1 else 3,
        labels=labels,
        name=facts["name"],
        split=facts["split"],
        source=f"{path} ({facts['source']})" if facts["source"] else str(path),
        class_names=names,
        require_unchanged=error.stamp.require_unchanged,
        attributes=facts["attributes"],
        remarks=remarks,
    )


def find_layout(path: Path, shape: tuple[int, ...], given: Layout | None) -> Layout:
    """Return the order of the axes of images: the given order if it fits, else the only order that does.

    Raises
    ------
    UserError
        If no order fits, the given order does not fit, or several fit and none is given.
    """
    fitting: list[Layout] = [
        layout
        for layout in AXES
        if len(layout) == len(shape) and ("C" not in layout or shape[layout.index("C")] in CHANNELS)
    ]
    if given in fitting:
        return given
    # Images with four channels are rare: if another axis has length 1 or 3, that axis holds the channels.
    likely = [layout for layout in fitting if "C" not in layout or shape[layout.index("C")] != 4]
    chosen = likely or fitting
    if given is None and len(chosen) == 1:
        return chosen[0]
    ways = f"one of {', '.join(fitting)} by `layout`" if len(fitting) > 1 else "(N, H, W, C), (N, C, H, W) or (N, H, W)"
    wanted = f" in the layout {given}" if given else ""
    raise UserError(
        f"{path}: got images of shape {shape}{wanted}, expected {ways} with 1, 3 or 4 channels", parameter="layout"
    )


def find_range(path: Path, images: h5py.Dataset, reading: Reading) -> tuple[float, float]:
    """Return the two values that become 0 and 255, after reading all images in blocks.

    Raises
    ------
    UserError
        If a value is not finite; if no depth is set and the values are neither whole numbers from 0 to 255, nor uint16
        multiples of 257, nor fractions from 0 to 1; or if a depth is set and the values exceed it.
    """
    least, most, whole, by_257 = np.inf, -np.inf, True, images.dtype.kind == "u" and images.dtype.itemsize == 2
    rows = max(1, BLOCK_BYTES // max(1, images.nbytes // len(images)))
    for start in range(0, len(images), rows):
        block = images[start : start + rows]
        if block.dtype.kind == "f":
            if not np.isfinite(block).all():
                raise UserError(
                    f"{path}: got images with values that are not finite in row {start} or later; replace them"
                )
            whole = whole and bool((block == np.rint(block)).all())
        by_257 = by_257 and bool((block % 257 == 0).all())
        least, most = min(least, float(block.min())), max(most, float(block.max()))
    limits = reading.value_range(images.dtype)
    if limits is None and images.dtype.kind == "b":
        limits = (0.0, 1.0)
    if limits is None and reading.depth is None and least >= 0:
        binary = images.dtype.kind == "f" and whole and most <= 1
        if whole and most <= 255 and not binary:
            return 0.0, 255.0
        if by_257:
            return 0.0, 65535.0
        if not whole and most <= 1:
            return 0.0, 1.0
    if limits is None or least < limits[0] or most > limits[1]:
        wanted = (
            "whole numbers from 0 to 255 or fractions from 0 to 1"
            if limits is None
            else f"{limits[0]:g} to {limits[1]:g}"
        )
        raise UserError(
            f"{path}: got images {images.dtype} from {least:g} to {most:g}, expected {wanted}; set the values "
            "that become 0 and 255 with `depth=LOW,HIGH`, or `depth=scale` for the full range of the type (fractions: "
            "0 to 1)",
            parameter="depth",
        )
    return limits


def read_labels(
    path: Path, dataset: h5py.Dataset | None, rows: int, names: tuple[str, ...] | None
) -> tuple[np.ndarray | None, tuple[str, ...] | None, str]:
    """Return labels int64 (N,), the class names if known, and a remark on any conversion of the stored labels.

    Raises
    ------
    UserError
        If the labels are not one whole number of at least 0, one text or one one-hot row for each image.
    """
    if dataset is None:
        return None, None, ""
    texts = h5py.check_string_dtype(dataset.dtype) is not None
    values = dataset.asstr()[()] if texts else dataset[()]
    form = ""
    if values.ndim == 2 and values.shape[1] == 1:
        values, form = values[:, 0], f"labels {dataset.shape} as one number per image"
    if values.shape[:1] != (rows,) or values.ndim > 2 or not (texts or values.dtype.kind in "biuf"):
        raise UserError(
            f"{path}: got labels {dataset.dtype} {dataset.shape}, expected {rows} whole numbers, texts or one-hot rows",
            parameter="dataset",
        )
    if texts and values.ndim == 1:
        composed = [nfc(text) for text in values]
        found, given = sorted_names(composed), tuple(map(nfc, names or ()))
        known = given if set(found) <= set(given) else found
        place = {name: label for label, name in enumerate(known)}
        return np.array([place[text] for text in composed], np.int64), known, "labels by their texts"
    if values.ndim == 2:
        if texts or not np.isin(values, (0, 1)).all() or not (values.sum(axis=1) == 1).all():
            raise UserError(
                f"{path}: got labels {dataset.shape}, expected exactly one 1 in each row", parameter="dataset"
            )
        values, form = values.argmax(axis=1), f"labels by the position of the 1 in {dataset.shape[1]} columns"
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise UserError(
            f"{path}: {(~np.isfinite(values)).sum()} of {rows} labels are not finite, first at row {row}; give every "
            "image a class, or leave 'labels' out",
            parameter="dataset",
        )
    numbers = values.astype(np.int64)
    if not (numbers == values).all() or (names is not None and numbers.max() >= len(names)) or numbers.min() < 0:
        most = "up" if names is None else f"to {len(names) - 1}"
        raise UserError(
            f"{path}: got labels {dataset.dtype} from {values.min():g} to {values.max():g}, expected whole numbers "
            f"from 0 {most}; give every image a class, or leave 'labels' out",
            parameter="dataset",
        )
    return numbers, names, form or ("" if values.dtype.kind in "iu" else f"labels {dataset.dtype} as whole numbers")


def _reader(
    path: Path,
    images: h5py.Dataset,
    layout: Layout,
    limits: tuple[float, float],
    reading: Reading,
    remarks: Counter[str],
) -> Callable[[int], Image.Image]:
    """Return a function that builds the picture of a row; rows are read in blocks."""
    rows = max(1, BLOCK_BYTES // max(1, images.nbytes // len(images)))
    first, block = 0, np.empty((0, 0, 0), np.uint8)

    def read(index: int) -> Image.Image:
        nonlocal first, block
        if not first <= index < first + len(block):
            first = index
            block = to_eight_bits(images[first : first + rows].transpose(AXES[layout]), *limits)
        pixels = block[index - first]
        picture = Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if pixels.shape[2:] == (1,) else pixels))
        return composited(picture, reading, remarks, gray=picture.mode == "L")

    return read
