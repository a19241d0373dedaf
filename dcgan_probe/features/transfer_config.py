"""Configs of runs that leave as small files, come back, or come from the authors' released weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..gan import PIECE_BYTES
from ..runtime import REQUIRED, Config, Workspace, option


@dataclass(frozen=True)
class ExportRunConfig(Config):
    """A run to be written as small files."""

    verb: ClassVar[str] = "export run"
    places: ClassVar[tuple[str, ...]] = ("runs", "data_dir", "download", "device")

    folder: Path = option(REQUIRED, argument=True, metavar="DIR")
    """The folder of the files."""
    run: Path | None = option(None, "Run folder, or its name in --runs.", usual="the run trained last")
    piece: int = option(PIECE_BYTES, "Bytes of a file of weights, at most.", min=1, kind="count", usual="15 MiB")
    statistics: bool = option(True, "Add the batch-norm statistics, which read the run's training images.")


@dataclass(frozen=True)
class ImportRunConfig(Config):
    """A run to be made of such files."""

    verb: ClassVar[str] = "import run"
    places: ClassVar[tuple[str, ...]] = ("runs",)

    folder: Path = option(REQUIRED, argument=True, metavar="DIR", exists=True)
    """The folder of the files."""
    run: Path | None = option(None, "Run folder, a new one.", usual="DIR's name in --runs")

    def target(self, workspace: Workspace) -> Path:
        """Return the run folder to be made."""
        return self.run or workspace.runs / self.folder.resolve().name


@dataclass(frozen=True)
class ImportAuthorsConfig(Config):
    """Released weights to be made a run, and the images that give their batch-norm statistics."""

    verb: ClassVar[str] = "import authors"
    places: ClassVar[tuple[str, ...]] = ("runs", "data_dir", "download", "device")

    directory: Path = option(REQUIRED, argument=True, metavar="DIR", exists=True)
    """Folder of the arrays, ``*_params.jl_NN.npy``."""
    dataset: str = option(REQUIRED, "Training images for the batch-norm statistics: a name, a folder or an .h5 file.")
    run: Path | None = option(None, "Run folder, a new one.", usual="authors-svhn32 or authors-imagenet32 in --runs")
