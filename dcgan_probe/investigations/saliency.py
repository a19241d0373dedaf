"""Saliency of the discriminator's features, compared with that of an untrained discriminator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..features import DiscriminatorEncoder, choose_layer
from ..gan import Run
from ..images import ImageSet, contact_sheet, tiled, to_signed
from ..runtime import OnNote, OnStep, UserError, Workspace, no_note, no_step, numpy_generator
from .attribute_probes import encode_images
from .backpropagation import (
    as_images,
    concentration,
    feature_saliency,
    likeness,
    seen_pixels,
    selectivity,
    strongest,
    with_rule,
)
from .config import FIRST_FEATURES, SaliencyConfig
from .feature_investigation import FeatureInvestigation
from .result import InvestigationResult
from .settings import Rule

NETWORKS = {"trained": "dcgan", "untrained": "random"}
UNITS = {
    "rows": "of the training split",
    "activations": "of the layer after its activation function, the largest over the map's positions",
    "stands_out": "standard deviations over the images searched, above their mean",
    "best_quarter": "share of the squared saliency in the best quarter of the pixels that the position sees",
    "likeness": "correlation over pixels of both networks' squared saliency, -1 to 1",
}


@dataclass(frozen=True, kw_only=True)
class SaliencyResult(InvestigationResult):
    """Images that excite features most, and the saliency of their pixels."""

    features: np.ndarray
    """int64 (F,): numbers of the layer's maps."""
    rows: np.ndarray
    """int64 (F, count): images of each feature, as rows of the training split."""
    images: np.ndarray
    """uint8 (F, count, channels, H, W)."""
    saliencies: Mapping[str, np.ndarray]
    """float32 (F, count, channels, H, W) of the ``trained`` and of the ``untrained`` network."""


def saliency(
    run: Run,
    config: SaliencyConfig | None = None,
    *,
    workspace: Workspace | None = None,
    on_step: OnStep = no_step,
    on_note: OnNote = no_note,
) -> SaliencyResult:
    """Find the images that excite a layer's features most, and the pixels that excite them.

    Parameters
    ----------
    workspace
        Folder of the images, and device; the folder ``data`` by default.
    on_step, on_note
        Called with the progress of each step, and with notes.

    Raises
    ------
    UserError
        If the run or the images cannot be read, or the layer has no such feature.
    """
    config = config or SaliencyConfig()
    look = FeatureInvestigation(run, config, workspace, on_step, on_note)
    layer = choose_layer(config.layer, look.run.config.network.layer_names)
    # A grid of 1x1 pools the largest activation over a map's positions.
    encoders = {key: look.make_encoder(kind, layers=(layer,), grid=1) for key, kind in NETWORKS.items()}
    images = look.labeled(config.dataset)
    encoders["trained"].check(images)
    _check(config, encoders["trained"].layers[layer][1], min(config.scan, len(images)))
    found = _search(look, config, encoders, images)
    shown = found.images
    explained = {
        key: _saliencies(look, encoder, config.rule, layer, shown, np.repeat(found.features, config.count))
        for key, encoder in encoders.items()
    }
    saliencies = {key: each for key, (each, _) in explained.items()}
    numbers = {
        "units": UNITS,
        "layer": layer,
        "rule": config.rule,
        "dataset": images.name,
        "scanned": found.scanned,
        **_numbers(found, explained),
    }
    kinds = [shown, *map(as_images, saliencies.values())]
    return look.result(
        SaliencyResult,
        numbers=numbers,
        pictures={".png": _sheet(config, layer, found.features, found.scanned, kinds)},
        summary=_summary(numbers, config.count),
        features=found.features,
        rows=found.rows,
        images=shown.reshape(*found.rows.shape, *shown.shape[1:]),
        saliencies={key: each.reshape(*found.rows.shape, *each.shape[1:]) for key, each in saliencies.items()},
    )


@dataclass(frozen=True, eq=False)
class _Found:
    """Features, and the images that excite them most."""

    features: np.ndarray
    """int64 (F,): numbers of the layer's maps."""
    rows: np.ndarray
    """int64 (F, count): images of each feature, as rows of the training split."""
    images: np.ndarray
    """uint8 (F * count, channels, H, W): images of these rows."""
    activations: dict[str, np.ndarray]
    """float32 (F, count) of each network on these images."""
    stands_out: dict[str, np.ndarray]
    """float (F,) of each network."""
    scanned: int
    """Number of images searched."""


def _search(
    look: FeatureInvestigation, config: SaliencyConfig, encoders: dict[str, DiscriminatorEncoder], images: ImageSet
) -> _Found:
    """Find the images, in a random part of a set, that excite the trained network's features most."""
    rows = np.sort(numpy_generator(look.seed, "saliency").permutation(len(images))[: config.scan])
    scanned = images.subset(rows)
    peaks = {key: _peaks(look, encoder, scanned, key) for key, encoder in encoders.items()}
    stands_out = {key: selectivity(each, config.count) for key, each in peaks.items()}
    features = _chosen(config, stands_out["trained"])
    best = strongest(peaks["trained"][:, features], config.count).T  # (features, count), rows of ``scanned``
    return _Found(
        features=features,
        rows=rows[best],
        images=scanned.images[best.ravel()],
        activations={key: each[best, features[:, np.newaxis]] for key, each in peaks.items()},
        stands_out={key: each[features] for key, each in stands_out.items()},
        scanned=len(rows),
    )


def _numbers(found: _Found, explained: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    """Return the numbers of each feature and their means, from each network's saliencies and counts of pixels seen."""
    quarter = {key: _means(concentration(*each), found.rows) for key, each in explained.items()}
    alike = _means(likeness(*(each for each, _ in explained.values())), found.rows)
    return {
        "features": [
            {
                "feature": number,
                "rows": found.rows[i],
                "activations": {key: each[i] for key, each in found.activations.items()},
                "stands_out": {key: each[i] for key, each in found.stands_out.items()},
                "best_quarter": {key: each[i] for key, each in quarter.items()},
                "likeness": alike[i],
            }
            for i, number in enumerate(found.features)
        ],
        "stands_out": {key: each.mean() for key, each in found.stands_out.items()},
        "best_quarter": {key: each.mean() for key, each in quarter.items()},
        "likeness": alike.mean(),
    }


def _means(per_image: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Return the mean for each feature of numbers of images, (features * count,)."""
    return per_image.reshape(best.shape).mean(axis=1)


def _peaks(look: FeatureInvestigation, encoder: DiscriminatorEncoder, images: ImageSet, key: str) -> np.ndarray:
    return encode_images(encoder, images.images[:], look.counter(f"activations, {key}", len(images)))


def _check(config: SaliencyConfig, maps: int, searched: int) -> None:
    """Check, before the search, that the layer has the features and that fewer images are shown than searched."""
    features = config.features
    if features and not 0 <= min(features) <= max(features) < maps:
        raise UserError(f"got features {features}, expected numbers from 0 to {maps - 1}", parameter="features")
    if config.top and config.top > maps:
        raise UserError(f"got the top {config.top} features, but the layer has {maps}", parameter="top")
    if config.count >= searched:
        raise UserError(
            f"got the {config.count} strongest of {searched} images, expected fewer than are searched: lower count, or "
            "raise scan",
            parameter="count",
        )


def _chosen(config: SaliencyConfig, stands_out: np.ndarray) -> np.ndarray:
    """Return the numbers of the features to show, int64."""
    if config.top:
        return np.argsort(-stands_out, kind="stable")[: config.top]
    return np.array(config.features or range(min(FIRST_FEATURES, len(stands_out))))


def _saliencies(
    look: FeatureInvestigation,
    encoder: DiscriminatorEncoder,
    rule: Rule,
    layer: str,
    images: np.ndarray,
    features: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the saliencies, and the number of pixels seen by each position that they explain."""
    network, blocks, positions = with_rule(encoder.network, rule), [], []
    for start in range(0, len(images), encoder.batch):
        block = slice(start, start + encoder.batch)
        signed = to_signed(torch.from_numpy(images[block]).to(look.device))
        found, _, places = feature_saliency(network, layer, signed, features[block].tolist())
        blocks.append(found.cpu())
        positions.append(places.cpu())
    return torch.cat(blocks).numpy(), seen_pixels(network, layer, torch.cat(positions).numpy())


def _sheet(
    config: SaliencyConfig, layer: str, features: np.ndarray, scanned: int, kinds: list[np.ndarray]
) -> np.ndarray:
    """Draw a row for each feature: its images, and the saliencies of both networks."""
    return contact_sheet(
        [
            (f"{layer}, {number}", [tiled(np.split(each, len(features))[i]) for each in kinds])
            for i, number in enumerate(features)
        ],
        [
            f"strongest of {scanned:,} images",
            f"{config.rule}, trained",
            f"{config.rule}, untrained, same images",
        ],
    )


def _summary(numbers: dict[str, Any], count: int) -> tuple[str, ...]:
    return (
        f"{numbers['layer']}, {len(numbers['features'])} features, each network's {count} strongest of "
        f"{numbers['scanned']:,} images stand out by {_of_both(numbers['stands_out'], '.1f')} standard deviations",
        "share of the squared saliency inside the best quarter of the pixels that the position sees: "
        + _of_both(numbers["best_quarter"], ".2f"),
        f"likeness of the two saliencies, correlation over pixels: {numbers['likeness']:.2f}",
    )


def _of_both(means: dict[str, float], form: str) -> str:
    """Format a number of both networks."""
    return ", ".join(f"{mean:{form}} ({key})" for key, mean in means.items())
