"""Checks of feature sets, their features in memory, and their description in records."""

from typing import Any

import numpy as np

from ..features import FeatureSet
from ..runtime import UserError

NOT_OF_THE_ENCODER = ("images", "layers")
"""Settings of feature files that may differ between the two splits of one encoder."""
RECORDED_IN_OTHER_COLUMNS = (*NOT_OF_THE_ENCODER, "encoder", "weights", "format")


def required_labels(features: FeatureSet) -> np.ndarray:
    """Return the labels, int64 (N,).

    Raises
    ------
    UserError
        If the features have no labels.
    """
    if features.labels is None:
        raise UserError(
            f"{features.dataset} ({features.split}) has no labels, and a probe needs them; use a labeled set",
            parameter="dataset",
        )
    return features.labels


def check_pair(train: FeatureSet, test: FeatureSet) -> None:
    """Check that two splits come from one encoder and are different images.

    Raises
    ------
    UserError
        If layers, encoder or settings differ, or the images are the same.
    """
    if train.layers != test.layers:
        raise UserError(
            f"the training features have layers {_columns(train)}, the test features {_columns(test)}; expected the "
            "same, so extract both with the same settings",
            parameter="layers",
        )
    ours, theirs = _encoder(train), _encoder(test)
    different = sorted(name for name in ours | theirs if ours.get(name) != theirs.get(name))
    if different:
        raise UserError(
            "training and test features come from different encoders: "
            + "; ".join(f"{name} is {ours.get(name)} and {theirs.get(name)}" for name in different)
            + "; extract both again from the same run",
        )
    if train.images_fingerprint == test.images_fingerprint:
        raise UserError(
            f"{train.dataset} ({train.split}) and {test.dataset} ({test.split}) are the same images (fingerprint "
            f"{train.images_fingerprint}); expected a test split of other images",
            parameter="dataset",
        )


def _columns(features: FeatureSet) -> str:
    return ", ".join(f"{name} ({columns} columns)" for name, columns in features.layers.items())


def _encoder(features: FeatureSet) -> dict[str, Any]:
    settings = {name: value for name, value in features.file.settings.items() if name not in NOT_OF_THE_ENCODER}
    return {**features.origin.to_dict(), **settings}


def load_finite(features: FeatureSet, order: np.ndarray | None = None) -> np.ndarray:
    """Read features into one array (N, D) in their stored dtype, with image ``order[i]`` in row ``i``.

    Raises
    ------
    UserError
        If a feature is not finite; the message names image, layer and column.
    """
    position = np.arange(len(features))
    if order is not None:
        position[order] = np.arange(len(features))
    result = np.empty((len(features), features.dimension), features.dtype)
    start = 0
    for block in features.blocks(dtype=features.dtype):
        if not np.isfinite(block).all():
            _refuse(features, block, start)
        result[position[start : start + len(block)]] = block
        start += len(block)
    return result


def _refuse(features: FeatureSet, block: np.ndarray, start: int) -> None:
    rows, columns = np.nonzero(~np.isfinite(block))
    name, column = _column_name(features, int(columns[0]))
    raise UserError(
        f"feature {block[rows[0], columns[0]]} at image {start + int(rows[0])} of {features.dataset} "
        f"({features.split}), layer {name}, column {column}, is not finite; check the checkpoint, delete "
        f"{features.file.path} and extract again"
    )


def _column_name(features: FeatureSet, column: int) -> tuple[str, int]:
    """Return the layer of a column, and the number of the column in that layer."""
    names = [name for name, width in features.layers.items() for _ in range(width)]
    return names[column], column - names.index(names[column])


def largest_layer(features: FeatureSet) -> int | None:
    """Return the units of the largest layer, counted in maps as in the paper, not in columns.

    None for features without a grid of positions, such as raw pixels.
    """
    grid: Any = features.file.settings.get("grid")
    return None if grid is None else max(features.layers.values()) // int(grid) ** 2


def source_options(features: FeatureSet) -> dict[str, Any]:
    """Return the settings of file and encoder that no other column of an evaluation holds, JSON-compatible."""
    settings = features.file.settings
    kept = {name: value for name, value in settings.items() if name not in RECORDED_IN_OTHER_COLUMNS}
    share = {} if features.maps is None else features.maps.options()
    return {**kept, **features.origin.recipe, **share}
