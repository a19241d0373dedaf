"""Image sets by name or path."""

from pathlib import Path

from ..runtime import UserError
from ..storage import StoredImages
from .classes import Classes, has_gaps, match_classes, number_labels
from .eight_bit import Reading
from .folders import open_folder
from .glyphs import draw_glyph_set
from .imageset import ImageSet
from .local_files import find_named_file, load_file
from .lsun import open_lsun
from .set_names import (
    SPLITS,
    TORCHVISION_NAMES,
    default_data_dir,
    is_path,
    number_of_glyphs,
    require_path,
    unknown_set,
)
from .streams import ImageStream, stack_stream
from .torchvision_sources import load_torchvision

AS_THEY_ARE = Reading()


def load_images(
    dataset: str, split: str, *, data_dir: Path | None = None, download: bool = True, seed: int = 0
) -> ImageSet:
    """Load one split of an image set.

    Labels of a test split are numbered as in the training split, matched by class name. A ``Notice`` reports changed
    labels and skipped entries of a folder.

    Parameters
    ----------
    dataset
        Name or path, resolved in this order: a name with files ``NAME_train.h5`` and ``NAME_test.h5``, or ``NAME.h5``,
        in ``data_dir``; a set of torchvision, read from its files in ``data_dir`` or downloaded; ``glyphs`` or
        ``glyphs:N``; ``lsun:CATEGORY``; the path of a folder or an .h5 file. A text with a slash or the suffix ``.h5``
        is always a path.
    split
        ``train`` or ``test``.
    data_dir
        Folder of the local sets; by default ``DCGAN_PROBE_DATA`` from the environment, or ``data``.
    download
        Whether torchvision's sets may be downloaded into ``data_dir``.
    seed
        Seed of the drawn ``glyphs``.

    Returns
    -------
    ImageSet
        Images of an .h5 file stay on disk until they are sliced; images of other sources are in memory.

    Raises
    ------
    UserError
        If the set is unknown, missing, cannot be downloaded, or cannot be read.
    """
    found = open_source(dataset, split, data_dir=data_dir, download=download, seed=seed)
    if isinstance(found, ImageSet):
        return found
    return stack_stream(found, advice=f"dcgan-probe prepare {dataset} --size 32")


def open_source(
    dataset: str,
    split: str,
    *,
    data_dir: Path | None = None,
    download: bool = True,
    seed: int = 0,
    reading: Reading = AS_THEY_ARE,
) -> ImageSet | ImageStream:
    """Find a set as in ``load_images``, but return the images of a folder or an LMDB as a stream.

    If ``reading`` converts other layouts, labels with gaps become class names.

    Raises
    ------
    UserError
        As for ``load_images``.
    """
    if split not in SPLITS:
        raise UserError(f"got split {split!r}, expected one of {', '.join(SPLITS)}", parameter="split")
    data_dir = default_data_dir() if data_dir is None else Path(data_dir)
    try:
        found = _find(dataset, split, data_dir, download, seed, reading)
        # Other sources have the same class order in both splits.
        own = isinstance(found, ImageStream) or isinstance(found.images, StoredImages)
        if found.labels is None or not own:
            return found
        if split == "train":
            return number_labels(found) if reading.converts and has_gaps(found) else found
        try:
            training = _find(dataset, "train", data_dir, False, seed, reading)
        except UserError:  # reported when that split is read
            return found
    except OSError as error:
        raise UserError(
            f"{error.filename or dataset} cannot be accessed ({error.strerror}); change the permissions of its folder",
            parameter="dataset",
        ) from error
    if training.labels is None:
        return found
    if reading.converts and has_gaps(training) and found.class_names is None:
        found, training = number_labels(found), number_labels(training)
    return match_classes(found, Classes.of(training))


def _find(
    dataset: str, split: str, data_dir: Path, download: bool, seed: int, reading: Reading
) -> ImageSet | ImageStream:
    path = Path(dataset).expanduser()
    if is_path(dataset):
        return _open_path(path, split, reading)
    name = dataset.replace("lsun:", "lsun_")
    found = None if dataset.startswith("glyphs:") else find_named_file(name, split, data_dir, reading)
    if found is not None:
        return found
    if dataset in TORCHVISION_NAMES:
        return load_torchvision(dataset, split, data_dir, download=download)
    kind, _, detail = dataset.partition(":")
    if kind == "glyphs":
        return draw_glyph_set(number_of_glyphs(dataset), split, seed)
    if kind == "lsun" and detail:
        return open_lsun(detail, split, data_dir)
    if dataset and path.exists():
        return _open_path(path, split, reading)
    raise unknown_set(dataset, split, data_dir)


def _open_path(path: Path, split: str, reading: Reading) -> ImageSet | ImageStream:
    require_path(path)
    return open_folder(path, split, reading) if path.is_dir() else load_file(path, split, reading)
