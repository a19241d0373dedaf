"""Takes an open HDF5 file, gives a data set whose space is allotted at once; knows neither layout.

HDF5 keeps what it has not written yet in memory, and loses it without an error where a data set is let go of on a full
disk. Here nothing is kept back: the space is allotted when the data set is made, so that later writes change no
bookkeeping, and files are opened with ``UNBUFFERED``, so that a write that fails says so itself.
"""

from typing import Any

import h5py
import numpy as np

UNBUFFERED: dict[str, Any] = {"rdcc_nbytes": 0}
"""For ``h5py.File``: no chunk is held back in memory."""


def create_allotted(file: h5py.File, name: str, shape: tuple[int, ...], dtype: Any, chunk_rows: int) -> h5py.Dataset:
    """Make a data set of ``shape`` in chunks of whole rows; rows that were never written have no defined value."""
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_chunk((max(1, min(chunk_rows, shape[0])), *shape[1:]))
    layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    kind = h5py.h5t.py_create(np.dtype(dtype))
    h5py.h5d.create(file.id, name.encode(), kind, h5py.h5s.create_simple(shape), layout)
    return file[name]
