"""HDF5 data sets whose disk space is allocated at creation.

HDF5 buffers writes in memory, and on a full disk it can lose the buffered data without an error when a data set is
closed. Here writes are not buffered: the space is allocated when the data set is created, so later writes change no
metadata, and files are opened with ``UNBUFFERED``, so a failed write raises an error itself.
"""

from typing import Any

import h5py
import numpy as np

UNBUFFERED: dict[str, Any] = {"rdcc_nbytes": 0}
"""Keyword arguments of ``h5py.File`` that disable the chunk cache."""


def create_allotted(file: h5py.File, name: str, shape: tuple[int, ...], dtype: Any, chunk_rows: int) -> h5py.Dataset:
    """Create a data set in chunks of whole rows; the content of unwritten rows is undefined.

    Parameters
    ----------
    shape
        Shape of the data set, rows first.
    dtype
        Type that ``numpy.dtype`` accepts.
    chunk_rows
        Rows per chunk, limited to at least 1 and at most all rows.
    """
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_chunk((max(1, min(chunk_rows, shape[0])), *shape[1:]))
    layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    kind = h5py.h5t.py_create(np.dtype(dtype))
    h5py.h5d.create(file.id, name.encode(), kind, h5py.h5s.create_simple(shape), layout)
    return file[name]
