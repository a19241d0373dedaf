"""Cache of features, stored under a hash of the settings that determine them.

The key is the hash of everything that determines the numbers: the encoder's settings (weights, batch-norm statistics,
layers, grid, pooling), the images with their labels, the dtype and the file format. A changed checkpoint has
another key, so stale features are never returned.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..images import ImageSet
from ..runtime import ALONE, Ranks, UserError, freed_memory_kept
from ..storage import (
    FORMAT_VERSION,
    ChangedFileError,
    FeatureFile,
    FeatureFileWriter,
    UnreadableFileError,
    file_name,
    fingerprint_settings,
    locked,
    open_feature_file,
)
from .array_features import ArrayFeatures
from .encoder_checks import CheckedEncoder, checked_encoder
from .encoders import Encoder, PixelEncoder
from .feature_set import FeatureSet
from .pixel_features import PixelFeatures
from .settings import DTYPES


def cache_settings(encoder: Encoder, images: ImageSet, dtype: str) -> dict[str, Any]:
    """Return all settings that determine the numbers in a feature file."""
    if dtype not in DTYPES:
        raise UserError(f"unknown dtype {dtype!r}: expected {' or '.join(DTYPES)}", parameter="dtype")
    return {**encoder.settings, "images": images.fingerprint, "dtype": dtype, "format": FORMAT_VERSION}


def cached_features(
    encoder: Encoder,
    images: ImageSet,
    folder: str | Path,
    *,
    dtype: str = "float32",
    ranks: Ranks = ALONE,
    on_progress: Callable[[int], None] = lambda done: None,
    on_resume: Callable[[int], None] = lambda done: None,
) -> tuple[FeatureSet, bool]:
    """Return the features of ``images``, computed block by block into ``folder`` if no file there holds them.

    An interrupted computation resumes at the row where it stopped. Memory use does not grow with the number of images.
    If the images are part of another set, the features of the whole set are computed, and the rows of the part are
    selected. Raw pixels are read from the images, and no file is written.

    Parameters
    ----------
    dtype
        ``float32`` or ``float16``, on disk.
    ranks
        Processes that share the work; each of them calls this function. Each encodes every ``ranks.size``-th block.
        Only the first writes, so that every row is written once and in order.
    on_progress
        Called with the number of rows done.
    on_resume
        Called with the number of rows from an interrupted computation, if there are any.

    Returns
    -------
    tuple
        Features, and whether they existed already.

    Raises
    ------
    UserError
        If the images do not fit the encoder or change during the computation, a feature is not finite, the disk is
        full, or a file that may hold these features is open in another program.
    """
    encoder = checked_encoder(encoder)
    encoder.check(images)
    # On the first rank only, since hashing the images is slow.
    settings = ranks.from_first(partial(cache_settings, encoder, images, dtype))
    if isinstance(encoder.encoder, PixelEncoder):
        return _feature_set(PixelFeatures(encoder.encoder, images, settings), encoder, images, settings), True
    name = file_name(images.name)  # the name comes from a file, and may contain a slash
    prefix = f"{encoder.origin.features}-{name}-{images.split}-"
    find = partial(find_covering, Path(folder), settings, prefix)
    found = ranks.from_first(find)
    if found is None and images.part_of is not None:
        part = images.part_of
        whole, present = cached_features(
            encoder, part.whole, folder, dtype=dtype, ranks=ranks, on_progress=on_progress, on_resume=on_resume
        )
        return replace(_feature_set(whole.file, encoder, images, settings), rows=part.rows), present
    present, path = found is not None, found
    if path is None:
        new = Path(folder) / f"{prefix}{fingerprint_settings(settings)}.h5"
        extraction = _Extraction(encoder, images, new, settings, dtype, ranks, on_progress, on_resume)
        path, present = extraction.run(find)
    return _feature_set(open_feature_file(path), encoder, images, settings), present


def _feature_set(
    file: FeatureFile | PixelFeatures | ArrayFeatures, encoder: Encoder, images: ImageSet, settings: dict[str, Any]
) -> FeatureSet:
    """Build the feature set of ``images`` from an open file."""
    layers = tuple(encoder.layers)
    return FeatureSet(file, layers, encoder.origin, images.name, images.split, settings["images"], images=images)


def find_covering(folder: Path, settings: dict[str, Any], prefix: str) -> Path | None:
    """Find a complete file with the same settings whose layers include the requested ones, or return None.

    Raises
    ------
    UnreadableFileError
        If no file is found, and a file whose name begins with ``prefix`` cannot be read but may hold the features.
    """
    wanted = set(settings.get("layers", ()))
    rest = {name: value for name, value in settings.items() if name != "layers"}
    unread: UnreadableFileError | None = None
    for path in sorted(folder.glob("*.h5")):
        try:
            stored = stored_settings(path)
        except UnreadableFileError as error:
            unread = error if path.name.startswith(prefix) else unread
            continue
        if stored is None or not wanted <= set(stored.get("layers", ())):
            continue
        if {name: value for name, value in stored.items() if name != "layers"} == rest:
            return path
    if unread is not None:
        raise unread
    return None


def stored_settings(path: Path) -> dict[str, Any] | None:
    """Read the settings of a feature file; None for a file that is corrupt, incomplete or of another kind."""
    try:
        return open_feature_file(path).settings
    except UnreadableFileError:
        raise
    except UserError:
        return None


@dataclass(frozen=True)
class _Extraction:
    """Computation of an image set's features into a file."""

    encoder: CheckedEncoder
    images: ImageSet
    path: Path
    settings: dict[str, Any]
    dtype: str
    ranks: Ranks
    on_progress: Callable[[int], None]
    on_resume: Callable[[int], None]

    def run(self, find: Callable[[], Path | None]) -> tuple[Path, bool]:
        """Write the file unless another process has done so; return its path and whether it existed already."""
        ranks = self.ranks
        # A second process that needs the same file waits here and then finds it.
        with ExitStack() as held:
            ranks.from_first(lambda: held.enter_context(locked(self.path)))
            held.enter_context(freed_memory_kept())
            found = ranks.from_first(find)
            if found is None and ranks.first:
                self._write()
            elif found is None:
                ranks.assist(self._encode)
            ranks.from_first(lambda: None)  # all ranks wait until the file exists
        return found or self.path, found is not None

    def _write(self) -> None:
        """Encode the images and write their features, from the row at which an interrupted computation stopped."""
        encoder, images = self.encoder, self.images
        writer = FeatureFileWriter(
            self.path, self.settings, rows=len(images), layers=encoder.layers, dtype=self.dtype, labels=images.labels
        )
        try:
            with writer:
                if writer.rows_written:
                    self.on_resume(writer.rows_written)
                starts = range(writer.rows_written, len(images), encoder.batch)
                for features in self.ranks.in_order(self._encode, starts):
                    writer.append(features)
                    self.on_progress(writer.rows_written)
                images.require_unchanged()  # before the file gets its name, whose hash covers these images
        except ChangedFileError:
            writer.part.unlink(missing_ok=True)  # else a later call would resume it under the same hash
            raise

    def _encode(self, start: int) -> np.ndarray:
        return self.encoder.encode(self.images.images[start : start + self.encoder.batch], start)
