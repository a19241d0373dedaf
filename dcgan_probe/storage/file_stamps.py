"""Stamps that detect changes of a file while it is read: size, modification time and inode.

HDF5 returns zeros past the end of a truncated file, and new bytes of a file that is overwritten, both without an error.
A result is therefore accepted only if the file has not changed since it was opened.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..runtime import UserError

_STAMP = [("size", "u8"), ("changed_ns", "i8"), ("inode", "u8"), ("taken", "?")]


class ChangedFileError(UserError):
    """Error for a file that changed while it was being read, so its content cannot be used."""


@dataclass(frozen=True)
class FileStamp:
    """Size, modification time and inode of a file at one time."""

    path: Path
    size: int
    """Bytes."""
    changed_ns: int
    """Modification time, in nanoseconds since 1970."""
    inode: int
    """Number of the file in its file system, which differs for another file of the same name."""

    @classmethod
    def of(cls, path: str | Path, handle: int | None = None) -> "FileStamp":
        """Read the stamp of a file by its path, or by an open handle.

        Raises
        ------
        OSError
            If the file is missing or cannot be accessed.
        """
        found = os.stat(path if handle is None else handle)
        return cls(Path(path), found.st_size, found.st_mtime_ns, found.st_ino)

    def require_unchanged(self) -> None:
        """Check that the path still refers to the same file and that the file has not changed.

        Raises
        ------
        ChangedFileError
            If the file was changed, replaced or removed.
        """
        try:
            now = FileStamp.of(self.path)
        except OSError as error:
            raise ChangedFileError(f"{self.path} can no longer be read ({error.strerror}); {ADVICE}") from error
        self._require_same(now)

    def _require_same(self, now: "FileStamp") -> None:
        if now != self:
            raise ChangedFileError(f"{self.path} changed while it was read ({self._difference(now)}); {ADVICE}")

    def _difference(self, now: "FileStamp") -> str:
        if now.inode != self.inode:
            return "another file has its name"
        if now.size != self.size:
            return f"from {self.size:,} to {now.size:,} bytes"
        return "its content was written"


ADVICE = "rerun the command once no program writes to it"


@contextmanager
def opened_whole(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file that is read as a whole; it may be replaced by another file of the same name within the block.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ChangedFileError
        At the end of the block, if the content of the opened file changed within the block.
    """
    with open(path, "rb") as file:
        before = FileStamp.of(path, file.fileno())
        yield file
        before._require_same(FileStamp.of(path, file.fileno()))


class FileStamps:
    """Stamps of many files that are read one by one, taken before each file is first read; 25 bytes per file."""

    def __init__(self, paths: Sequence[Path]):
        self._paths = paths
        import numpy as np  # late, since reading and writing one file needs no numpy

        self._stamps = np.zeros(len(paths), _STAMP)

    def path(self, index: int) -> Path:
        """Return the path of a file before it is read, and stamp the file if it has no stamp."""
        if not self._stamps[index]["taken"]:
            try:
                stamp = FileStamp.of(self._paths[index])
            except OSError:
                return self._paths[index]  # the error is reported when the file is opened
            self._stamps[index] = (stamp.size, stamp.changed_ns, stamp.inode, True)
        return self._paths[index]

    def require_unchanged(self) -> None:
        """Check all stamped files; errors as for ``FileStamp.require_unchanged``."""
        for index in self._stamps["taken"].nonzero()[0].tolist():
            size, changed_ns, inode, _ = self._stamps[index].tolist()
            FileStamp(self._paths[index], size, changed_ns, inode).require_unchanged()
