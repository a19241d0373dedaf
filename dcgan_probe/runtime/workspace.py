"""Workspace of a computation: its folders and its device."""

from dataclasses import dataclass
from pathlib import Path

from .config import Config, option


@dataclass(frozen=True)
class Workspace(Config):
    """Folders and device of a computation, none of which affects results."""

    runs: Path = option(Path("runs"), "Folder of all runs and feature caches.")
    results: Path = option(Path("results"), "Folder of records and tables.")
    data_dir: Path = option(Path("data"), "Folder of image files.", env="DCGAN_PROBE_DATA")
    download: bool = option(True, "Download cifar10, svhn or mnist if missing.")
    device: str = option("auto", "Device of the computation.", metavar="auto|cpu|cuda[:N]|mps")
