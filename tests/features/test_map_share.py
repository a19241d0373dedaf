"""Random shares of each layer's maps, against columns chosen by hand."""

import numpy as np
import pytest

from dcgan_probe.features import EncoderOrigin, FeatureSet, MapShare
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import FeatureFileWriter, open_feature_file

LAYERS = {"conv1": (0, 32), "conv2": (32, 96)}
"""8 and 16 maps on a grid of 2 x 2."""


@pytest.fixture
def features(tmp_path):
    """Return a function that opens 5 rows whose values identify row and column."""

    def make(**settings):
        path = tmp_path / "x.h5"
        numbers = np.arange(5)[:, None] * 1000.0 + np.arange(96)
        with FeatureFileWriter(path, settings, rows=5, layers=LAYERS, dtype="float32", labels=None) as writer:
            writer.append(numbers.astype(np.float32))
        origin = EncoderOrigin("dcgan", "demo", "glyphs", 500, 64_000, "runs/demo", 0)
        return lambda names=("conv1", "conv2"), **more: FeatureSet(
            open_feature_file(path), names, origin, "glyphs", "train", "f1", **more
        )

    return make


def test_whole_maps_are_kept_a_share_of_each_layer(features):
    part = features(grid=2)(maps=MapShare(0.25, seed=3))
    assert part.layers == {"conv1": 8, "conv2": 16}
    assert part.dimension == 24
    loaded = part.load()
    columns = loaded[0].astype(int)
    assert (loaded == np.arange(5)[:, None] * 1000 + columns).all()
    for name, (start, stop) in LAYERS.items():
        own = columns[(columns >= start) & (columns < stop)]
        maps = (own - start).reshape(-1, 4)
        assert (maps % 4 == [0, 1, 2, 3]).all()
        assert len(set(maps[:, 0])) == len(maps) == {"conv1": 2, "conv2": 4}[name]
        assert (np.diff(own) > 0).all()
    assert np.array_equal(np.concatenate([*part.blocks(rows=2)]), loaded)


def test_one_layer_keeps_the_maps_that_it_has_among_all(features):
    share, of = MapShare(0.5, seed=1), features(grid=2)
    whole, alone = of(maps=share).load(), of(("conv2",), maps=share).load()
    assert np.array_equal(alone, whole[:, 16:])
    assert np.array_equal(of(maps=share).select(["conv2"]).load(), alone)


def test_the_seed_decides_the_maps_and_a_whole_share_is_all(features):
    of = features(grid=2)
    first, again, other = (of(maps=MapShare(0.5, seed=seed)).load() for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(of(maps=MapShare(1.0)).load(), of().load())
    assert of(maps=MapShare(0.001)).layers == {"conv1": 4, "conv2": 4}  # at least one map


@pytest.mark.parametrize("share", [0.0, -0.5, 1.5, float("nan")])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(UserError, match=", expected above 0 and at most 1") as caught:
        MapShare(share)
    assert caught.value.parameter == "maps"


def test_features_that_are_not_maps_are_refused(features):
    with pytest.raises(UserError, match="dcgan features are not maps on a grid"):
        features()(maps=MapShare(0.5))
