"""Configs of exporting a run, importing it, and importing the authors' released weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..gan import PIECE_BYTES
from ..runtime import REQUIRED, Config, Workspace, option


@dataclass(frozen=True)
class ExportRunConfig(Config):
    """Export of a run as small files."""

    verb: ClassVar[str] = "export run"
    places: ClassVar[tuple[str, ...]] = ("runs", "data_dir", "download", "device")

    folder: Path = option(REQUIRED, argument=True, metavar="DIR")
    """Folder to write the files into."""
    run: Path | None = option(None, "Run folder, or its name in --runs.", usual="the run trained last")
    piece: int = option(PIECE_BYTES, "Largest size of a weight file in bytes.", min=1, kind="count", usual="15 MiB")
    statistics: bool = option(True, "Add the batch-norm statistics, computed from the run's training images.")


@dataclass(frozen=True)
class ImportRunConfig(Config):
    """Import of a run from exported files."""

    verb: ClassVar[str] = "import run"
    places: ClassVar[tuple[str, ...]] = ("runs",)

    folder: Path = option(REQUIRED, argument=True, metavar="DIR", exists=True)
    """Folder of the exported files."""
    run: Path | None = option(None, "New run folder.", usual="DIR's name in --runs")

    def target(self, workspace: Workspace) -> Path:
        """Return the run folder to create."""
        return self.run or workspace.runs / self.folder.resolve().name


@dataclass(frozen=True)
class ImportAuthorsConfig(Config):
    """Import of the authors' released weights, with batch-norm statistics of an image set."""

    verb: ClassVar[str] = "import authors"
    places: ClassVar[tuple[str, ...]] = ("runs", "data_dir", "download", "device")

    directory: Path = option(REQUIRED, argument=True, metavar="DIR", exists=True)
    """Folder of the arrays, ``*_params.jl_NN.npy``."""
    dataset: str = option(REQUIRED, "Training images for the batch-norm statistics: a name, a folder or an .h5 file.")
    run: Path | None = option(None, "New run folder.", usual="authors-svhn32 or authors-imagenet32 in --runs")
