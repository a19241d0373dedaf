"""Workspace: where runs, records and images lie, and on which device the work is done."""

from dataclasses import dataclass
from pathlib import Path

from .config import Config, option


@dataclass(frozen=True)
class Workspace(Config):
    """Folders and device of some work; they decide no number."""

    runs: Path = option(Path("runs"), "Folder of all runs and feature caches.")
    results: Path = option(Path("results"), "Folder of records and tables.")
    data_dir: Path = option(Path("data"), "Folder of image files.", env="DCGAN_PROBE_DATA")
    download: bool = option(True, "Download cifar10, svhn or mnist if missing.")
    device: str = option("auto", "Where to compute.", metavar="auto|cpu|cuda[:N]|mps")
