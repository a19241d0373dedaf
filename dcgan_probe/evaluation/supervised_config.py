"""Config of the supervised row: which images, network and search."""

from dataclasses import dataclass
from typing import ClassVar

from ..gan import PresetName
from ..runtime import Config, option


@dataclass(frozen=True)
class SupervisedConfig(Config):
    """The purely supervised row of a table: everything that decides its numbers, beside the images themselves."""

    verb: ClassVar[str] = "eval-supervised"

    dataset: str = option("svhn", "Labeled images: a name, a folder, an .h5 file.")
    labels: int | None = option(1000, "Labeled images of a training.", min=1, kind="labels", none="all")
    preset: PresetName | None = option(
        None, "Whose discriminator to train.", usual="svhn32 on a CUDA device, else cpu32"
    )
    settings: int = option(64, "Settings to try.", min=1, max=10_000)
    draws: int | None = option(None, "Reported draws of labels.", min=1, usual="10; 1 for all labels")
    workers: int | None = option(None, "Processes of one thread each.", min=1, usual="one a CPU core; 1 on a GPU")
    seed: int = option(0, "Seed of every random choice.", min=0)
