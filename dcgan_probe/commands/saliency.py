"""``dcgan-probe saliency``: what excites the discriminator's features, beside the same of an untrained one."""

from typing import Any

import numpy as np
import torch

from ..features import DiscriminatorEncoder, choose_layer
from ..images import ImageSet, to_signed
from ..latent import (
    Rule,
    as_images,
    concentration,
    encode_images,
    feature_saliency,
    likeness,
    seen_pixels,
    selectivity,
    strongest,
    with_rule,
)
from ..report import save_contact_sheet, tiled
from ..runtime import UserError, numpy_generator
from .investigations import Investigation

FIRST = 6
"""Features that the paper shows."""
NETWORKS = {"trained": "dcgan", "untrained": "random"}
UNITS = {
    "rows": "of the training split",
    "activations": "of the layer after its activation function, the largest over the map's positions",
    "stands_out": "standard deviations over the images searched, above their mean",
    "best_quarter": "share of the squared saliency in the best quarter of the pixels that the position sees",
    "likeness": "correlation over pixels of both networks' squared saliency, -1 to 1",
}


def saliency_verb(
    layer: str | None,
    features: tuple[int, ...] | None,
    top: int | None,
    dataset: str | None,
    scan: int,
    count: int,
    rule: Rule,
    **common: Any,
) -> None:
    """Show the images that excite a layer's features most, and which of their pixels do."""
    if features and top:
        raise UserError("got --features and --top, expected one of them", option="top")
    chosen_by = f"top{top}" if top else "+".join(map(str, features or ())) or f"first{FIRST}"
    parts = [part for part in (layer or "last", chosen_by, rule, dataset) if part is not None]
    look = Investigation(parts, **common)
    name = choose_layer(layer, look.run.config.network.layer_names)
    # The largest activation over a map's positions is that map on a grid of 1x1.
    encoders = {key: look.make_encoder(kind, layers=(name,), grid=1) for key, kind in NETWORKS.items()}

    images = look.training_images if dataset is None else look.load(dataset, "train")
    encoders["trained"].check(images)
    _check(features, top, encoders["trained"].layers[name][1], count, min(scan, len(images)))
    rows = np.sort(numpy_generator(look.seed, "saliency").permutation(len(images))[:scan])
    scanned = images.subset(rows)
    peaks = {key: _peaks(look, encoder, scanned, key) for key, encoder in encoders.items()}
    stands_out = {key: selectivity(each, count) for key, each in peaks.items()}
    numbers = _chosen(features, top, stands_out["trained"])

    best = strongest(peaks["trained"][:, numbers], count).T  # (features, count), rows of those scanned
    shown = scanned.images[best.ravel()]
    repeated = np.repeat(numbers, best.shape[1])
    found = {key: _saliency(look, encoder, rule, name, shown, repeated) for key, encoder in encoders.items()}
    saliencies = {key: saliency for key, (saliency, _) in found.items()}

    def of_features(per_image: np.ndarray) -> np.ndarray:
        """Give each feature's mean of (features * count,)."""
        return per_image.reshape(best.shape).mean(axis=1)

    told = {key: of_features(concentration(*each)) for key, each in found.items()}
    alike = of_features(likeness(*saliencies.values()))
    pictures = [shown, *map(as_images, saliencies.values())]
    save_contact_sheet(
        look.path(),
        [
            (f"{name}, {number}", [tiled(np.split(each, len(numbers))[i]) for each in pictures])
            for i, number in enumerate(numbers)
        ],
        headings=[f"strongest of {len(rows):,} images", f"{rule}, trained", f"{rule}, untrained, same images"],
    )
    look.finish(
        {
            "units": UNITS,
            "layer": name,
            "rule": rule,
            "dataset": images.name,
            "scanned": len(rows),
            "features": [
                {
                    "feature": number,
                    "rows": rows[best[i]],
                    "activations": {key: each[best[i], number] for key, each in peaks.items()},
                    "stands_out": {key: each[number] for key, each in stands_out.items()},
                    "best_quarter": {key: each[i] for key, each in told.items()},
                    "likeness": alike[i],
                }
                for i, number in enumerate(numbers)
            ],
            "stands_out": {key: each[numbers].mean() for key, each in stands_out.items()},
            "best_quarter": {key: each.mean() for key, each in told.items()},
            "likeness": alike.mean(),
        },
        [
            f"{name}, {len(numbers)} features, each network's {count} strongest of {len(rows):,} images stand out by "
            + told_of(stands_out, numbers, "{:.1f}")
            + " standard deviations",
            "share of the squared saliency inside the best quarter of the pixels that the position sees: "
            + told_of(told, slice(None), "{:.2f}"),
            f"likeness of the two saliencies, correlation over pixels: {alike.mean():.2f}",
        ],
    )


def told_of(numbers: dict[str, np.ndarray], which: Any, form: str) -> str:
    """Write the means of both networks."""
    return ", ".join(f"{form.format(each[which].mean())} ({key})" for key, each in numbers.items())


def _peaks(look: Investigation, encoder: DiscriminatorEncoder, images: ImageSet, key: str) -> np.ndarray:
    with look.progress(f"activations, {key}", len(images), "images") as progress:
        return encode_images(encoder, images.images[:], progress.update)


def _check(features: tuple[int, ...] | None, top: int | None, maps: int, count: int, searched: int) -> None:
    """Refuse what the layer or the images do not have, before any is searched."""
    if features and len(set(features)) < len(features):
        raise UserError(f"got features {features}, expected each once", option="features")
    if features and not 0 <= min(features) <= max(features) < maps:
        raise UserError(f"got features {features}, expected numbers from 0 to {maps - 1}", option="features")
    if top and top > maps:
        raise UserError(f"got the top {top} features, but the layer has {maps}", option="top")
    if count >= searched:
        raise UserError(
            f"got the {count} strongest of {searched} images, expected fewer than are searched: lower --count, or "
            "raise --scan",
            option="count",
        )


def _chosen(features: tuple[int, ...] | None, top: int | None, stands_out: np.ndarray) -> np.ndarray:
    if top:
        return np.argsort(-stands_out, kind="stable")[:top]
    return np.array(features or range(min(FIRST, len(stands_out))))


def _saliency(
    look: Investigation,
    encoder: DiscriminatorEncoder,
    rule: Rule,
    layer: str,
    images: np.ndarray,
    features: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Give the saliencies, and how many pixels the positions that they explain see."""
    network, blocks, positions = with_rule(encoder.network, rule), [], []
    for start in range(0, len(images), encoder.batch):
        block = slice(start, start + encoder.batch)
        signed = to_signed(torch.from_numpy(images[block]).to(look.device))
        saliency, _, places = feature_saliency(network, layer, signed, features[block].tolist())
        blocks.append(saliency.cpu())
        positions.append(places.cpu())
    return torch.cat(blocks).numpy(), seen_pixels(network, layer, torch.cat(positions).numpy())
