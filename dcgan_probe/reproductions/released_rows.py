"""Rows of the authors' released weights: their features, each layer alone, and the same networks untrained."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..features import count_columns
from ..gan import RELEASED, AuthorsWeights, read_authors
from ..presets import preset_config
from .scales import Scale

REPOSITORY = "https://github.com/Newmu/dcgan_code"


@dataclass(frozen=True, eq=False)
class ReleasedNet:
    """One released net that is at hand."""

    folder: Path
    """Folder of its arrays."""
    weights: AuthorsWeights
    images: str
    """Name of the set that gives the batch-norm statistics: the net's own training images, or what stands for them."""

    @property
    def run_name(self) -> str:
        """Name of the run that it is imported into: ``authors-imagenet32``."""
        return self.weights.config.preset.partition(" ")[0]


def find_released(authors: Path, scale: Scale) -> tuple[list[ReleasedNet], list[str]]:
    """Find the released nets in a folder of the authors' ``models/``; say of each that is missing where it comes from.

    Raises
    ------
    UserError
        If arrays that are there cannot be read, or fit no released net.
    """
    found, missing = [], []
    for preset, released in RELEASED.items():
        folder = authors / released.folder
        if not folder.is_dir():
            missing.append(
                f"The rows of the authors' {preset} net are left out: {folder} is missing. It is models/"
                f"{released.folder} of {REPOSITORY} (MIT license); its *_params.jl_NN.npy suffice."
            )
            continue
        images = scale.unlabelled if released.dataset == "imagenet" else released.dataset
        configs = [preset_config(name, dataset=images, precision="float32") for name in RELEASED]
        found.append(ReleasedNet(folder, read_authors(folder, configs), images))
    return found, missing


def released_features(net: ReleasedNet, labels: int | None, *, svhn: bool) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Return the rows of one net in one protocol: features, columns, and what is known of their summaries.

    Each layer alone is a row of CIFAR-10 with all labels.
    """
    config = net.weights.config
    names = config.network.layer_names
    shape = {"network": config.preset, "layers": names}
    trained = {**shape, "trained_on": net.weights.released.dataset}
    columns = count_columns(config.network, None, 4)
    yield "dcgan", columns, trained
    yield "random", columns, {**shape, "encoder_seed": config.seed}
    if labels is None and not svhn and len(names) > 3:
        for name in names:
            yield "dcgan", count_columns(config.network, (name,), 4), {**trained, "layers": (name,)}
