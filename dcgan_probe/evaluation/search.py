"""Takes images, a protocol and what is searched, gives checks, a key and the recorder; trains nothing."""

from dataclasses import dataclass

import torch

from ..baselines import SPACE_VERSION
from ..images import ImageSet
from ..networks import NetworkConfig
from ..runtime import UserError, single_thread
from ..storage import fingerprint_settings
from .caveats import split_caveats
from .choice import Grid
from .draws import Layout
from .protocols import Protocol
from .recording import Recorder, shared_fields
from .records import Evaluation


@dataclass(frozen=True)
class Search:
    """What is searched, and with which network."""

    network: NetworkConfig
    preset: str
    """Name of the network."""
    settings: int = 64
    """How many are tried; 64 in the paper."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.settings < 1:
            raise UserError(f"got {self.settings} settings, expected at least 1; the paper tried 64", option="settings")


def check_images(train: ImageSet, test: ImageSet, search: Search) -> None:
    """Refuse images that the network cannot take, and a test split of the same images.

    Raises
    ------
    UserError
        With what was got and expected.
    """
    network = search.network
    expected = (network.nc, network.image_size, network.image_size)
    for images in (train, test):
        shape = tuple(images.images.shape[1:])
        if shape != expected:
            raise UserError(
                f"{images.name} ({images.split}) has images of {shape} (channels, height, width), but the "
                f"{search.preset} network takes {expected}; use `dcgan-probe prepare --size {network.image_size}`, or "
                "a preset of that size",
                option="dataset",
            )
    if train.fingerprint == test.fingerprint:
        raise UserError(
            f"{train.name} ({train.split}) and {test.name} ({test.split}) are the same images (fingerprint "
            f"{train.fingerprint}); expected a test split of other images",
            option="dataset",
        )


def search_key(train: ImageSet, test: ImageSet, protocol: Protocol, search: Search, device: torch.device) -> str:
    """Hash everything that decides the numbers of a training beside its setting, stage and draw."""
    return fingerprint_settings(
        {
            "images": [train.fingerprint, test.fingerprint],
            "protocol": protocol.name,
            "network": search.network.identity(),
            "seed": search.seed,
            "space": SPACE_VERSION,
            "device": device.type,
        }
    )


def search_recorder(
    train: ImageSet,
    test: ImageSet,
    layout: Layout,
    search: Search,
    key: str,
    device: torch.device,
    command: str,
) -> Recorder:
    """Build the recorder of a search: the number of a setting is what is chosen."""
    network = search.network
    with single_thread():  # as in each training, whatever else this process does
        shared = shared_fields(layout, command=command, device=device)
    evaluation = Evaluation(
        **shared,
        features="supervised",
        network=search.preset,
        layers=network.layer_names[-1],
        dimension=network.last_units,
        largest_layer=network.ndf * network.multipliers[-1],
        # A longer search is another experiment: both have read the test split.
        options={"settings": search.settings},
        scale="none",
        classifier="softmax",
        chosen_name="setting",
        given=False,
        test_rows=len(test),
        trained_on="",
        trained_on_images=0,
        encoder_seed=search.seed,
        run="",
        weights="",
        features_key_train=key,
        features_key_test=key,
        images_fingerprint_train=train.fingerprint,
        images_fingerprint_test=test.fingerprint,
        **vars(split_caveats(layout.labels, test.require_labels("a test"), train, test)),
    )
    return Recorder(evaluation, Grid((), (), ()), images_seen=0)
