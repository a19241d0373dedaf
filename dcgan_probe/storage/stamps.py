"""Stamps of files that are read: size, time of change and inode, by which a change under a reader is noticed.

HDF5 gives zeros for what lies past the end of a file that was cut off, and new bytes for old ones without an error. So
what is made of a file's content is kept only if the file still is as it was when it was opened.
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
    """A file changed while it was read, so that nothing may be made of it."""


@dataclass(frozen=True)
class FileStamp:
    """Size, time of change and inode of a file at one moment."""

    path: Path
    size: int
    """Bytes."""
    changed_ns: int
    """Time of the last change of the content."""
    inode: int
    """Number of the file itself, which another file of the same name does not have."""

    @classmethod
    def of(cls, path: str | Path, handle: int | None = None) -> "FileStamp":
        """Look at a file by its path, or by an open handle; raises ``OSError`` where it is missing."""
        found = os.stat(path if handle is None else handle)
        return cls(Path(path), found.st_size, found.st_mtime_ns, found.st_ino)

    def require_unchanged(self) -> None:
        """Check that the path still leads to the same file, and that the file is as it was.

        Raises
        ------
        ChangedFileError
            If not, or if the file is missing.
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


ADVICE = "repeat the command once nothing writes to it"


@contextmanager
def opened_whole(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file that is read whole; another file that gets its name meanwhile does no harm.

    Raises
    ------
    OSError
        If it cannot be opened.
    ChangedFileError
        At the end of the block, if the opened file itself was changed within the block.
    """
    with open(path, "rb") as file:
        before = FileStamp.of(path, file.fileno())
        yield file
        before._require_same(FileStamp.of(path, file.fileno()))


class FileStamps:
    """Stamps of many files that are read one by one, each taken before the first reading; 25 bytes a file."""

    def __init__(self, paths: Sequence[Path]):
        self._paths = paths
        import numpy as np  # late, since a file is read and written without it

        self._stamps = np.zeros(len(paths), _STAMP)

    def path(self, index: int) -> Path:
        """Return the path of a file that is about to be read, and stamp the file if that was not done before."""
        if not self._stamps[index]["taken"]:
            try:
                stamp = FileStamp.of(self._paths[index])
            except OSError:
                return self._paths[index]  # opening it reports what is wrong
            self._stamps[index] = (stamp.size, stamp.changed_ns, stamp.inode, True)
        return self._paths[index]

    def require_unchanged(self) -> None:
        """Check all files that were read; raises as ``FileStamp.require_unchanged``."""
        for index in self._stamps["taken"].nonzero()[0].tolist():
            size, changed_ns, inode, _ = self._stamps[index].tolist()
            FileStamp(self._paths[index], size, changed_ns, inode).require_unchanged()
