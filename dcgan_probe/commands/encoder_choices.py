"""Takes what the user typed about features, gives ``EncoderOptions``; declares no option and makes no encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import torch

from ..features import REAL_RULES, BatchNormRule, DictionaryConfig, FieldConfig
from ..gan import Run
from ..images import ImageSet
from ..runtime import ALONE, Ranks, UserError
from .feature_options import RUN_FEATURES
from .options import chosen_run


@dataclass(frozen=True)
class EncoderOptions:
    """What the user chose about features."""

    device: torch.device
    training_images: Callable[[], ImageSet]
    """Gives the GAN's own training images, if its batch-norm statistics are not in the run yet."""
    layers: tuple[str, ...] | None = None
    grid: int | None = None
    """None: what is usual for the features."""
    pool: str = "max"
    bn_stats: BatchNormRule = REAL_RULES[0]
    network_seed: int | None = None
    """Of untrained networks; None: the run's."""
    dtype: str = "float32"
    ranks: Ranks = ALONE
    quiet: bool = False
    dictionary: DictionaryConfig = field(default_factory=DictionaryConfig)
    fields: FieldConfig = field(default_factory=FieldConfig)
    stride: int = 1
    activation: Literal["triangle", "hard"] = "triangle"
    components: int | None = None
    """None: what is usual for the features."""
    learn_from: Callable[[], ImageSet] | None = None
    """Gives the images that teach centroids or axes, where those are not the probed set's own."""


def needed_run(features: Sequence[str], run_folder: Path | None, runs: Path, *, quiet: bool) -> Run | None:
    """Give the run that was named, or that some of the features come from; None where neither is so."""
    if run_folder is None and not set(features) & set(RUN_FEATURES):
        return None
    return chosen_run(run_folder, runs, quiet=quiet)


def chosen_encoders(
    chosen: dict[str, Any],
    run: Run | None,
    load: Callable[[str, str], ImageSet],
    *,
    device: torch.device,
    seed: int,
    ranks: Ranks = ALONE,
    quiet: bool,
) -> EncoderOptions:
    """Turn what ``encoder_options`` parsed into ``EncoderOptions``.

    Parameters
    ----------
    load
        Gives the images of a data set's name and a split.
    seed
        Of what is learnt from images, where no seed of its own was typed.
    """

    def taken(config: type) -> dict[str, Any]:
        return {each.name: chosen.pop(each.name) for each in fields(config) if each.name in chosen}

    def training_images() -> ImageSet:
        if run is None:
            raise UserError("these features need a run; train first, or give --run", option="run")
        return load(run.config.dataset, "train")

    source, kmeans_seed = chosen.pop("learn_from"), chosen.pop("kmeans_seed")

    def learn_from() -> ImageSet:
        try:
            return load(source, "train")
        except UserError as error:
            raise UserError(str(error), option="learn-from") from error

    return EncoderOptions(
        device=device,
        training_images=training_images,
        ranks=ranks,
        quiet=quiet,
        dictionary=DictionaryConfig(**taken(DictionaryConfig), seed=seed if kmeans_seed is None else kmeans_seed),
        fields=FieldConfig(**taken(FieldConfig)),
        learn_from=None if source is None else learn_from,
        **chosen,
    )
