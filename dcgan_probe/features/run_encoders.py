"""Encoders of a run's discriminator, with batch-norm statistics stored in the run folder."""

import warnings
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import torch

from ..gan import Run
from ..images import ImageSet
from ..networks import Discriminator, build_discriminator, load_discriminator
from ..runtime import ALONE, Ranks, UserError
from ..storage import fingerprint_tensors, read_bytes, set_aside, whole_file
from .batchnorm import Statistics, real_statistics
from .encoders import DiscriminatorEncoder
from .feature_set import EncoderOrigin
from .settings import BN_STATS, REAL_RULES, BatchNormRule, RealRule

STATISTICS = "batchnorm"
"""Folder of the batch-norm statistics in a run folder or an exported run."""


def run_encoder(
    run: Run,
    features: str = "dcgan",
    *,
    training_images: Callable[[], ImageSet],
    device: torch.device,
    layers: Sequence[str] | str | None = None,
    grid: int = 4,
    pool: str = "max",
    bn_stats: BatchNormRule = "real-permuted",
    network_seed: int | None = None,
    ranks: Ranks = ALONE,
    on_progress: Callable[[int], None] = lambda done: None,
) -> DiscriminatorEncoder:
    """Make the encoder of a run's discriminator, after or before training.

    Parameters
    ----------
    features
        ``dcgan`` (trained) or ``random`` (untrained weights).
    training_images
        Function that returns the GAN's training images; called only if the run folder lacks the batch-norm statistics.
    layers
        Names, or numbers from 1 on; None selects all.
    grid
        Windows along a side of each map.
    pool
        ``max`` or ``avg``.
    bn_stats
        ``real-permuted``: the authors' rule over those images in a fixed random order. ``real``: in stored order.
        ``running``: the averages of training, over real and generated batches; an untrained network has none.
    network_seed
        Seed of the untrained weights; None selects the run's initial weights.
    ranks
        Processes that share the work of the statistics; each of them calls this function.
    on_progress
        Called with the number of training images processed for the statistics.

    Raises
    ------
    UserError
        If an option is unknown, the run cannot be read, or the training images are not the run's.
    """
    # Only the first rank reads the run, since a running training may replace the checkpoint.
    discriminator, origin = ranks.from_first(lambda: run_discriminator(run, features, network_seed))
    if bn_stats not in BN_STATS:
        raise UserError(f"unknown statistics {bn_stats!r}: expected one of {', '.join(BN_STATS)}", parameter="bn_stats")
    if bn_stats == "running" and features == "random":
        raise UserError(
            f"an untrained network has no running statistics; use `bn_stats={REAL_RULES[0]}`", parameter="bn_stats"
        )
    statistics = None
    if bn_stats != "running":
        statistics = kept_statistics(run, discriminator, bn_stats, training_images, device, on_progress, ranks)
    return DiscriminatorEncoder(
        discriminator,
        origin,
        statistics=statistics,
        batch_norm=bn_stats,
        layers=layers,
        grid=grid,
        pool=pool,
        device=device,
    )


def run_discriminator(run: Run, features: str, network_seed: int | None = None) -> tuple[Discriminator, EncoderOrigin]:
    """Return a run's discriminator, trained (``dcgan``) or before training (``random``), and its origin."""
    config = run.config
    if config.network.classes:
        raise UserError(
            f"{run.folder} is conditional on {config.network.classes} classes: its discriminator needs an image and "
            "its label, and has no features of the image alone; give a `run` trained with `classes=0`",
            parameter="run",
        )
    if features == "dcgan":
        return trained_discriminator(run, features)
    if features != "random":
        raise UserError(f"a run has no features {features!r}: expected dcgan or random", parameter="features")
    seed = config.seed if network_seed is None else network_seed
    network = build_discriminator(config.network, seed)
    weights = fingerprint_tensors(network.state_dict())
    return network, EncoderOrigin(features, config.preset, "", 0, 0, str(run.folder), seed, weights)


def trained_discriminator(run: Run, features: str) -> tuple[Discriminator, EncoderOrigin]:
    """Return a run's trained discriminator, and the origin of ``features`` from it."""
    config, trained_on = run.config, run.trained_on
    # Read once, since a running training may replace it.
    stored = run.load()
    network, recipe = load_discriminator(config.network, stored["discriminator"]), {}
    if "probe" in stored:
        recipe = {"chosen_by": stored["probe"]["dataset"], "chosen_by_labels": stored["probe"]["labels"]}
    seen = (trained_on.name, trained_on.images, stored["position"])
    weights = fingerprint_tensors(network.state_dict())
    return network, EncoderOrigin(features, config.preset, *seen, str(run.folder), config.seed, weights, recipe)


def kept_statistics(
    run: Run,
    discriminator: Discriminator,
    rule: RealRule,
    training_images: Callable[[], ImageSet],
    device: torch.device,
    on_progress: Callable[[int], None] = lambda done: None,
    ranks: Ranks = ALONE,
) -> Statistics:
    """Return the statistics of these weights over the run's training images; compute and store them if missing."""
    path = statistics_path(run, discriminator, rule)
    kept = ranks.from_first(lambda: read_statistics(path, discriminator))
    if kept is not None:
        return kept
    images = training_images()
    ranks.from_first(lambda: _check_training_images(run, images))
    statistics = real_statistics(discriminator, images, device, on_progress, ranks, rule=rule)
    ranks.from_first(lambda: write_statistics(path, statistics))
    return statistics


def statistics_path(run: Run, discriminator: Discriminator, rule: RealRule) -> Path:
    """Return the path of a run's stored statistics for these weights and this rule."""
    return run.folder / STATISTICS / f"{rule}-{fingerprint_tensors(discriminator.state_dict())}.pt"


def _check_training_images(run: Run, images: ImageSet) -> None:
    expected = run.trained_on
    if images.fingerprint != expected.fingerprint:
        raise UserError(
            f"the batch-norm statistics need the images that trained {run.folder}: got {images.source} with "
            f"fingerprint {images.fingerprint}, expected {expected.source} with {expected.fingerprint}; "
            "restore those images, or use `bn_stats=running`",
            parameter="bn_stats",
        )


def write_statistics(path: Path, statistics: Statistics) -> None:
    """Write statistics to a file atomically."""
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        torch.save(statistics, file)


def read_statistics(path: Path, discriminator: Discriminator) -> Statistics | None:
    """Read stored statistics of a discriminator; None if they are missing or invalid, since they can be computed again.

    An invalid file is kept under another name, with a warning.

    Raises
    ------
    UserError
        If the file exists and the system cannot read it.
    """
    try:
        content = BytesIO(read_bytes(path))
    except FileNotFoundError:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on the content of a corrupt file
            stored = torch.load(content, weights_only=True)
    except MemoryError:
        raise
    except Exception:  # torch.load raises exceptions of many types on corrupt bytes
        stored = None
    if isinstance(stored, dict) and stored.keys() == discriminator.norms().keys():
        return stored
    set_aside(path, "does not hold the statistics of this discriminator")
    return None
