"""Local HDF5 files of image sets, found by name or path."""

import warnings
from dataclasses import replace
from pathlib import Path

from ..runtime import Notice, UserError
from ..storage import ImageFile, ImageLayoutError, open_image_file
from .arrays_in_files import open_arrays
from .classes import nfc
from .eight_bit import Reading
from .imageset import ImageSet
from .set_names import SPLITS, SUFFIXES
from .streams import ImageStream


def find_named_file(name: str, split: str, data_dir: Path, reading: Reading) -> ImageSet | ImageStream | None:
    """Open ``NAME_SPLIT.h5``, or ``NAME.h5`` if it holds that split; return None if ``data_dir`` has neither.

    If ``NAME_test.h5`` is missing, ``NAME_val.h5`` is the test split, which a ``Notice`` reports. A ``NAME.h5`` without
    the attribute ``split`` is a training set.

    Raises
    ------
    UserError
        If a file exists but cannot be read, or its attribute ``split`` names the other split.
    """
    path = _find_suffixed(data_dir / name, split)
    if path is not None:
        return _image_set(_open_split(path, split, reading), split, path, name)
    path = data_dir / f"{name}.h5"
    if path.is_file():
        file = _open(path, reading)
        if (file.split or "train") == split:
            return _image_set(file, split, path, name)
    return None


def load_file(path: Path, split: str, reading: Reading) -> ImageSet | ImageStream:
    """Open one split of the set that ``path`` belongs to, such as ``X_test.h5`` beside ``X_train.h5``.

    A file ``X.h5`` holds the split that its attribute ``split`` names, ``train`` by default.

    Raises
    ------
    UserError
        If the file of the split is missing, cannot be read, or its attribute ``split`` names the other split.
    """
    base, _, own = path.stem.rpartition("_")
    if not any(own in suffixes for suffixes in SUFFIXES.values()):
        file = _open(path, reading)
        if (file.split or "train") == split:
            return _image_set(file, split, path)
        base = path.stem
    wanted = _find_suffixed(path.with_name(base), split)
    if wanted is None:
        expected = path.with_name(f"{base}_{split}.h5")
        raise UserError(
            f"{path} has no {split} split, expected {expected} beside it, or a file whose attribute 'split' is {split}",
            parameter="dataset",
        )
    return _image_set(_open_split(wanted, split, reading), split, wanted)


def _find_suffixed(base: Path, split: str) -> Path | None:
    for suffix in SUFFIXES[split]:
        path = base.with_name(f"{base.name}_{suffix}.h5")
        if path.is_file():
            if suffix != split:
                missing = base.with_name(f"{base.name}_{split}.h5")
                warnings.warn(f"{missing} is missing, so {path} is the {split} split", Notice, stacklevel=3)
            return path
    return None


def _open(path: Path, reading: Reading) -> ImageFile | ImageStream:
    try:
        file = open_image_file(path)
    except ImageLayoutError as error:
        if not reading.converts:
            raise
        return open_arrays(path, error, reading)
    if reading.layout not in (None, "NHWC"):
        raise UserError(f"{path} has the layout NHWC, got {reading.layout}; omit the layout", parameter="layout")
    if reading.depth not in (None, "scale", (0.0, 255.0)):
        raise UserError(
            f"{path} has 8 bits per channel, got the depth {reading.depth}; omit the depth", parameter="depth"
        )
    return file


def _open_split(path: Path, split: str, reading: Reading) -> ImageFile | ImageStream:
    file = _open(path, reading)
    if file.split in SPLITS and file.split != split:
        raise UserError(
            f"{path} has the attribute split={file.split}, expected {split}; replace it with the file of that split",
            parameter="dataset",
        )
    return file


def _image_set(
    file: ImageFile | ImageStream, split: str, path: Path, name: str | None = None
) -> ImageSet | ImageStream:
    names = None if file.class_names is None else tuple(map(nfc, file.class_names))
    if isinstance(file, ImageStream):
        return replace(file, split=split, name=name or file.name, class_names=names)
    return ImageSet(
        images=file.images,
        labels=file.labels,
        name=name or file.name,
        split=split,
        source=f"{path} ({file.source})" if file.source else str(path),
        class_names=names,
        attributes=file.attributes,
    )
