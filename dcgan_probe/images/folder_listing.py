"""Image files below a folder by class, with the names of all skipped entries.

Each real folder is visited once. Its own path takes precedence over links to it, and a link to a folder that contains
the listed folder is not followed.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..runtime import UserError
from ..storage import unicode_text
from .classes import nfc

EXTENSIONS = (
    *(".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"),  # those of torchvision
    *(".jfif", ".jpe", ".gif", ".pbm", ".pnm"),
)
LITTER = ("__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information")
"""Folders that archivers, network drives and file systems create."""
SHOWN = 5

HIDDEN = "hidden, since the name starts with a dot"
LEFT = "created by an archiver or a file system"
NO_SUFFIX = "no image suffix"
NO_FILE = "neither a file nor a folder"
LISTED = "a folder that is listed under another path"
LOOP = "a link to a folder that contains this folder"
NO_IMAGES = "a folder without images"


@dataclass
class Listing:
    """Image files of one folder."""

    root: Path
    flat: list[Path] = field(default_factory=list)
    """Images in the folder itself, sorted."""
    classes: dict[str, list[Path]] = field(default_factory=dict)
    """Images below each subfolder, by its name in NFC; both sorted as in torchvision's ``ImageFolder``."""
    skipped: dict[str, list[str]] = field(default_factory=dict)
    """Relative paths of all skipped entries, by reason."""

    def skip(self, reason: str, path: Path) -> None:
        """Record the path of a skipped entry."""
        self.skipped.setdefault(reason, []).append(str(path.relative_to(self.root)))

    def unskip(self, path: Path) -> None:
        """Remove an entry from the skipped ones, since it is used in another way."""
        for reason, names in list(self.skipped.items()):
            self.skipped[reason] = [name for name in names if self.root / name != path]
            if not self.skipped[reason]:
                del self.skipped[reason]

    def describe_skipped(self) -> str:
        """Return a sentence on the skipped entries, such as ``PATH: 2 entries are skipped: ...``; empty if none is."""
        count = sum(map(len, self.skipped.values()))
        reasons = "; ".join(f"{shown(names)} ({reason})" for reason, names in self.skipped.items())
        return (
            f"{self.root}: {count:,} {'entry is' if count == 1 else 'entries are'} skipped: {reasons}" if count else ""
        )


def shown(names: Sequence[str], most: int = SHOWN) -> str:
    """Join the first ``most`` names by commas, followed by the number of the others."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def list_images(root: Path) -> Listing:
    """List the images of a folder and of each of its subfolders.

    Raises
    ------
    UserError
        If a folder cannot be read, or two subfolders have the same name in NFC.
    """
    listing = Listing(root)
    walk = _Walk(listing)
    below: dict[Path, list[Path]] = {}
    walk.visit(root, listing.flat, below)
    while walk.links:  # after all real folders, which take precedence; shallow links before deep ones
        link = min(walk.links, key=lambda path: (len(path.parts), path))
        walk.follow(link, walk.links.pop(link), below)
    for folder in sorted(below, key=lambda folder: nfc(folder.name)):
        name = nfc(unicode_text(folder.name))
        if name in listing.classes:
            raise UserError(
                f"{root}: got two folders {name!r} whose names differ only in their Unicode form; rename one of them",
                parameter="dataset",
            )
        listing.classes[name] = sorted(below[folder], key=lambda path: (str(path.parent), path.name))
    listing.flat.sort()
    return listing


class _Walk:
    """Depth-first walk through real folders that collects links to folders for later."""

    def __init__(self, listing: Listing):
        self.listing = listing
        self.links: dict[Path, list[Path]] = {}
        """Links to folders, each with the list that collects its images."""
        self.seen: set[tuple[int, int]] = set()
        with explained_listing(listing.root):
            self.holders = {_identity(folder) for folder in listing.root.resolve().parents}

    def visit(self, folder: Path, files: list[Path], below: dict[Path, list[Path]] | None = None) -> None:
        """Collect the images of a folder and of its subfolders.

        Parameters
        ----------
        files
            List to which the images are appended.
        below
            Lists for the images of each subfolder, by its path; None appends these to ``files`` too.
        """
        with explained_listing(folder):
            self.seen.add(_identity(folder))
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                path = folder / entry.name
                reason = self._reason_to_skip(entry, path)
                if reason:
                    self.listing.skip(reason, path)
                elif path.is_dir():
                    inner = files if below is None else below.setdefault(path, [])
                    if entry.is_symlink():
                        self.links[path] = inner
                    elif _identity(path) in self.seen:  # already visited through a link
                        self.listing.skip(LISTED, path)
                    else:
                        self.visit(path, inner)
                else:
                    files.append(path)

    def follow(self, link: Path, files: list[Path], below: dict[Path, list[Path]]) -> None:
        """Visit the target of a link, unless it was visited or contains the listed folder."""
        with explained_listing(link):
            identity = _identity(link)
        if identity not in self.seen | self.holders:
            self.visit(link, files)
            return
        self.listing.skip(LISTED if identity in self.seen else LOOP, link)
        below.pop(link, None)  # the class is only another name of a listed one

    def _reason_to_skip(self, entry: os.DirEntry[str], path: Path) -> str:
        if entry.name.startswith("."):
            return HIDDEN
        broken = entry.is_symlink() and not path.exists()
        if not broken and entry.is_dir():
            return LEFT if entry.name in LITTER else ""
        if path.suffix.lower() not in EXTENSIONS:
            return NO_SUFFIX
        # A broken link is listed, so that reading it raises an error.
        return "" if broken or entry.is_file() else NO_FILE


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(folder)
    return found.st_dev, found.st_ino


@contextmanager
def explained_listing(folder: Path) -> Iterator[None]:
    """Turn an ``OSError`` into a ``UserError`` that names the folder."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{folder} cannot be listed ({error.strerror}), expected a readable folder, since all images below a data "
            "set's folder are counted; change its permissions, or move it away",
            parameter="dataset",
        ) from error
