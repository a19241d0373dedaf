"""Pictures of forgetting: boxes on samples, and samples with and without the dropped maps."""

from collections.abc import Sequence

import numpy as np

from ..images import contact_sheet, tiled
from .boxes import outlined
from .map_removal import difference_images, map_images

SHOWN = 12
"""Number of samples in a row of the pictures."""

Row = tuple[str, list[np.ndarray]]


def boxes_sheet(samples: np.ndarray, within: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Draw the first boxed samples with their boxes, with all maps, and without the dropped maps.

    Parameters
    ----------
    samples, after
        uint8 (N, channels, H, W).
    within
        Pixels inside of boxes, bool (N, H, W).
    """
    return contact_sheet(
        [
            ("boxes", [tiled(outlined(samples[:SHOWN], within[:SHOWN]))]),
            ("with", [tiled(samples[:SHOWN])]),
            ("without", [tiled(after[:SHOWN])]),
        ]
    )


def sample_rows(
    group: str,
    numbers: np.ndarray,
    before: np.ndarray,
    after: Sequence[np.ndarray],
    only_map: tuple[int, np.ndarray] | None,
) -> list[Row]:
    """Return rows of pictures: samples with all maps, without the dropped maps, and without random maps.

    Parameters
    ----------
    group
        Beginning of the rows' names.
    numbers
        Numbers of the samples, int64 (n,).
    before, after
        Samples with all maps; samples without the dropped maps, then without as many random maps: uint8 (n, channels,
        H, W) each.
    only_map
        Number and activations float32 (n, h, w) of the dropped map, if exactly one is dropped.
    """
    difference, scale = difference_images(before, after[0])
    rows = [
        (f"{group}with", tiled(before, captions=[str(number) for number in numbers])),
        (f"{group}without", tiled(after[0])),
        (f"difference, white is +{scale} of 255", tiled(difference)),
    ]
    if only_map is None:
        rows.append((f"{group}without random maps", tiled(after[1])))
    else:
        number, maps = only_map
        activation, scale_of_map = map_images(maps, before.shape[-1])
        rows.append((f"map {number}, white is {scale_of_map:.3g}", tiled(activation)))
        rows.append((f"{group}without a random map", tiled(after[1])))
    return [(name, [picture]) for name, picture in rows]
