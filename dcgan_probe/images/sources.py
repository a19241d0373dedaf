"""Takes the name or path of a set and a split, gives its ``ImageSet``; knows where to look, not how to read."""

from pathlib import Path

from ..runtime import UserError
from ..storage import StoredImages
from .classes import Classes, has_gaps, match_classes, number_labels
from .folders import open_folder
from .glyphs import draw_glyph_set
from .imageset import ImageSet
from .local_files import find_named_file, load_file
from .lsun import open_lsun
from .names import (
    SPLITS,
    TORCHVISION_NAMES,
    default_data_dir,
    is_path,
    number_of_glyphs,
    require_path,
    unknown_set,
)
from .reading import Reading
from .streams import ImageStream, stack_stream
from .torchvision_sources import load_torchvision

AS_THEY_ARE = Reading()


def load_images(
    dataset: str, split: str, *, data_dir: Path | None = None, download: bool = True, seed: int = 0
) -> ImageSet:
    """Load one split of an image set.

    Labels of a test split are numbered as in the training split beside it, by the names of the classes; a ``Notice``
    says where that changes them, and what of a folder is skipped.

    ``dataset`` is, in this order: a name (``NAME_train.h5`` and ``NAME_test.h5``, or ``NAME.h5``, in ``data_dir``; then
    torchvision's own files there; then its download), ``glyphs`` or ``glyphs:N``, ``lsun:CATEGORY``, or the path of a
    folder or an .h5 file. Text with a slash or a final ``.h5`` is always a path.

    Parameters
    ----------
    dataset
        Name or path.
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
        Images of an .h5 file stay on disk until they are sliced; those of other sources are in memory.

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
    """Find a set as ``load_images`` does, but leave the images of a folder or an LMDB unread, to be streamed.

    Where ``reading`` converts other forms, labels with gaps become names of classes.
    """
    if split not in SPLITS:
        raise UserError(f"got split {split!r}, expected one of {', '.join(SPLITS)}", option="split")
    data_dir = default_data_dir() if data_dir is None else Path(data_dir)
    try:
        found = _find(dataset, split, data_dir, download, seed, reading)
        # Other sources name their classes in one order whatever the split.
        own = isinstance(found, ImageStream) or isinstance(found.images, StoredImages)
        if found.labels is None or not own:
            return found
        if split == "train":
            return number_labels(found) if reading.converts and has_gaps(found) else found
        try:
            training = _find(dataset, "train", data_dir, False, seed, reading)
        except UserError:  # reported by whatever reads that split
            return found
    except OSError as error:
        raise UserError(
            f"{error.filename or dataset} cannot be looked for ({error.strerror}); allow reading and entering its "
            "folder",
            option="dataset",
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
