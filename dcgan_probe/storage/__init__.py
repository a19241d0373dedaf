"""Floor 0. Whole-or-absent files, fingerprints and the two HDF5 layouts: images and features."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .array_files import read_arrays, write_arrays
    from .feature_files import FORMAT_VERSION, FeatureFile, FeatureFileWriter, open_feature_file
    from .files import (
        explained_disk_errors,
        read_bytes,
        read_json,
        require_writable,
        set_aside,
        whole_file,
        write_json,
        write_text,
    )
    from .fingerprints import fingerprint_blocks, fingerprint_rows, fingerprint_settings, fingerprint_tensors
    from .hdf5 import DamagedFileError, UnreadableFileError, open_hdf5
    from .image_files import (
        ImageFile,
        ImageLayoutError,
        StoredImages,
        file_facts,
        open_image_file,
        write_image_file,
    )
    from .locks import NO_LOCKS, locked, remove_stale_locks, without_locks
    from .names import LONGEST, file_name, plain_name, shortened, unicode_text
    from .stamps import ChangedFileError, FileStamp, FileStamps, opened_whole

__all__ = [
    "FORMAT_VERSION",
    "LONGEST",
    "NO_LOCKS",
    "ChangedFileError",
    "DamagedFileError",
    "FeatureFile",
    "FeatureFileWriter",
    "FileStamp",
    "FileStamps",
    "ImageFile",
    "ImageLayoutError",
    "StoredImages",
    "UnreadableFileError",
    "explained_disk_errors",
    "file_facts",
    "file_name",
    "fingerprint_blocks",
    "fingerprint_rows",
    "fingerprint_settings",
    "fingerprint_tensors",
    "locked",
    "open_feature_file",
    "open_hdf5",
    "open_image_file",
    "opened_whole",
    "plain_name",
    "read_arrays",
    "read_bytes",
    "read_json",
    "remove_stale_locks",
    "require_writable",
    "set_aside",
    "shortened",
    "unicode_text",
    "whole_file",
    "without_locks",
    "write_arrays",
    "write_image_file",
    "write_json",
    "write_text",
]

import_when_used(__name__)
