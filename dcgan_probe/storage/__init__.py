"""Floor 0. Atomic files, locks, fingerprints, and the two HDF5 layouts: images and features."""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .array_files import read_arrays as read_arrays, write_arrays as write_arrays
    from .feature_files import (
        FORMAT_VERSION as FORMAT_VERSION,
        FeatureFile as FeatureFile,
        FeatureFileWriter as FeatureFileWriter,
        open_feature_file as open_feature_file,
    )
    from .file_stamps import (
        ChangedFileError as ChangedFileError,
        FileStamp as FileStamp,
        FileStamps as FileStamps,
        opened_whole as opened_whole,
    )
    from .files import (
        explained_disk_errors as explained_disk_errors,
        read_bytes as read_bytes,
        read_json as read_json,
        require_writable as require_writable,
        set_aside as set_aside,
        whole_file as whole_file,
        write_json as write_json,
        write_text as write_text,
    )
    from .fingerprints import (
        fingerprint_blocks as fingerprint_blocks,
        fingerprint_rows as fingerprint_rows,
        fingerprint_settings as fingerprint_settings,
        fingerprint_tensors as fingerprint_tensors,
    )
    from .hdf5 import (
        DamagedFileError as DamagedFileError,
        UnreadableFileError as UnreadableFileError,
        open_hdf5 as open_hdf5,
    )
    from .image_files import (
        ImageFile as ImageFile,
        ImageLayoutError as ImageLayoutError,
        StoredImages as StoredImages,
        file_facts as file_facts,
        open_image_file as open_image_file,
        write_image_file as write_image_file,
    )
    from .locks import (
        NO_LOCKS as NO_LOCKS,
        locked as locked,
        remove_stale_locks as remove_stale_locks,
        without_locks as without_locks,
    )
    from .safe_names import (
        LONGEST as LONGEST,
        file_name as file_name,
        plain_name as plain_name,
        shortened as shortened,
        unicode_text as unicode_text,
    )
    from .toml_checks import (
        TEXT as TEXT,
        TEXTS as TEXTS,
        check_forms as check_forms,
        check_parts as check_parts,
        is_list_of_texts as is_list_of_texts,
        is_table as is_table,
        table as table,
        tables as tables,
        tables_in as tables_in,
        texts_in as texts_in,
        value_text as value_text,
    )
    from .toml_files import PLANS as PLANS, TABLES as TABLES, read_toml as read_toml, write_toml as write_toml

import_when_used(__name__)
