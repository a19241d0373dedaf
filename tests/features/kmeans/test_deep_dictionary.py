"""Three layers of k-means against a float64 reference that loops over positions."""

from dataclasses import replace

import h5py
import numpy as np
import pytest
import torch

from dcgan_probe.features import DeepKMeansEncoder, DictionaryConfig, FieldConfig, kept_deep_kmeans
from dcgan_probe.features.kmeans.deep_dictionary import require_positions
from dcgan_probe.features.kmeans.field_layers import MAP_VARIANCE, random_windows
from dcgan_probe.features.kmeans.lloyd import assign
from dcgan_probe.images import load_images
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")
CONFIG = DictionaryConfig(centroids=12, patch=3, patches=500, iterations=4)
FIELDS = FieldConfig(fields=3, field_maps=5, field_centroids=4, field_components=6, field_windows=200)
SIZE = 24  # 22 positions: 7 x 7 blocks and one position without a block, then 6 x 6, 3 x 3 and 2 x 2


@pytest.fixture
def images(tiny_images):
    return tiny_images(30, size=SIZE)


def learn(images, folder, config=CONFIG, fields=FIELDS, **settings):
    return kept_deep_kmeans(images, config, fields, folder, CPU, **settings)


def numbers(tensor):
    return tensor.double().numpy()


def all_windows(maps):
    """Cut every window, row by row, from maps (n, rows, columns, m)."""
    places = [(n, i, j) for n in range(len(maps)) for i in range(maps.shape[1] - 1) for j in range(maps.shape[2] - 1)]
    return torch.stack([maps[n, i : i + 2, j : j + 2].flatten() for n, i, j in places])


def plain_code(window, added, mean, matrix, centroids):
    window = (window - window.mean()) / np.sqrt(window.var(ddof=1) + added)
    distances = np.sqrt((((window - mean) @ matrix - centroids) ** 2).sum(axis=1))
    return np.maximum(0.0, distances.mean() - distances)


def plain_blocks(maps, size):
    rows, columns = maps.shape[0] // size, maps.shape[1] // size
    result = np.zeros((rows, columns, maps.shape[2]))
    for i in range(rows * size):
        for j in range(columns * size):
            result[i // size, j // size] += maps[i, j]
    return result


def plain_maps(image, deep):
    """Return the maps of each layer for one image."""
    own = deep.dictionary
    weights = [numbers(each) for each in (own.whitening.mean, own.whitening.matrix, own.centroids)]
    side, image = image.shape[1] - 2, image.astype(np.float64)
    codes = [
        [plain_code(image[:, i : i + 3, j : j + 3].reshape(-1), 10.0, *weights) for j in range(side)]
        for i in range(side)
    ]
    maps = [plain_blocks(np.array(codes), 3)]
    for layer, block in zip(deep.layers, (2, 1), strict=True):
        below, codes = maps[-1], []
        for i in range(below.shape[0] - 1):
            row = []
            for j in range(below.shape[1] - 1):
                places = [(i, j), (i, j + 1), (i + 1, j), (i + 1, j + 1)]
                parts = []
                for field in range(len(layer.maps)):
                    window = np.concatenate([below[place][layer.maps[field].numpy()] for place in places])
                    weights = (numbers(each[field]) for each in (layer.means, layer.matrices, layer.centroids))
                    parts.append(plain_code(window, MAP_VARIANCE, *weights))
                row.append(np.concatenate(parts))
            codes.append(row)
        maps.append(plain_blocks(np.array(codes), block))
    return maps


def plain_features(image, deep):
    """Return the sums over the quadrants of each layer, map by map."""
    columns = []
    for maps in plain_maps(image, deep):
        border = (maps.shape[0] + 1) // 2
        for number in range(maps.shape[2]):
            own = maps[:, :, number]
            columns += [own[:border, :border].sum(), own[:border, border:].sum()]
            columns += [own[border:, :border].sum(), own[border:, border:].sum()]
    return np.array(columns)


@pytest.mark.parametrize("components", [6, 20])  # of 20; the last axis is the mean of a window, and has no variance
def test_features_are_those_of_loops(images, tmp_path, monkeypatch, components):
    monkeypatch.setattr("dcgan_probe.features.kmeans.deep_encoder.IMAGES", 2)
    deep = learn(images, tmp_path, fields=replace(FIELDS, field_components=components))
    encoder = DeepKMeansEncoder(deep, images, device=CPU)
    encoder.check(images)
    assert encoder.layers == {"kmeans1": (0, 48), "kmeans2": (48, 96), "kmeans3": (96, 144)}
    found = encoder.encode(images.images[:3])
    expected = np.stack([plain_features(image, deep) for image in images.images[:3]])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-2)
    for first, after in encoder.layers.values():
        assert expected[:, first:after].std() > 0.1


@pytest.mark.parametrize("layers", ["kmeans1", "kmeans2", "1,3"])
def test_chosen_layers_are_columns_of_all(images, tmp_path, layers):
    deep = learn(images, tmp_path)
    whole = DeepKMeansEncoder(deep, images, device=CPU)
    some = DeepKMeansEncoder(deep, images, layers=layers, device=CPU)
    everything = whole.encode(images.images[:3])
    parts = [everything[:, slice(*whole.layers[name])] for name in some.layers]
    np.testing.assert_array_equal(some.encode(images.images[:3]), np.concatenate(parts, axis=1))
    assert next(reversed(some.layers.values()))[1] == sum(part.shape[1] for part in parts)


def test_windows_are_cut_at_all_places(images):
    maps = torch.arange(2 * 4 * 5 * 3.0).view(2, 4, 5, 3)
    cut = random_windows(maps, 200, np.random.default_rng(0))
    assert cut.shape == (400, 4, 3)
    for image in range(2):
        found = {tuple(window) for window in cut[200 * image : 200 * image + 200].flatten(1).tolist()}
        assert found == {tuple(window.tolist()) for window in all_windows(maps[image : image + 1])}


def test_centroids_are_means_of_their_own_whitened_windows(images, tmp_path):
    """Lloyd's iterations have converged in each field: one more on the training windows changes nothing."""
    deep = learn(images, tmp_path, replace(CONFIG, iterations=60))
    layer, below = deep.layers[0], replace(deep, layers=())
    maps = next(below.maps(torch.from_numpy(images.images)))
    for field in range(3):
        windows = all_windows(maps[..., layer.maps[field]])
        centered = windows - windows.mean(dim=1, keepdim=True)
        windows = centered / torch.sqrt(windows.var(dim=1, keepdim=True) + MAP_VARIANCE)
        points = (windows - layer.means[field]) @ layer.matrices[field]
        assert 0.3 < float(points.var(dim=0).mean()) < 1.2
        sums, sizes, _ = assign(points, layer.centroids[field])
        # These are all windows; the centroids were learned from a sample of them.
        assert torch.cdist(sums / sizes[:, None], layer.centroids[field]).argmin(dim=1).tolist() == [0, 1, 2, 3]


def test_each_layer_is_learned_once_and_stored_when_finished(images, tmp_path, monkeypatch):
    calls = []

    def tell(what, done, total):
        calls.append((what, done, total))
        if what == "layer 3, fields":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(images, tmp_path, on_progress=tell)
    assert {what for what, _, _ in calls} == {"layer 1"} | {
        f"layer {n}, {part}" for n in (2, 3) for part in ("windows", "fields")
    }
    assert ("layer 2, windows", 200, 200) in calls
    again = []
    made = learn(images, tmp_path, on_progress=lambda *what: again.append(what[0]))
    assert set(again) == {"layer 3, windows", "layer 3, fields"}
    third = learn(images, tmp_path, on_progress=lambda *what: pytest.fail("learned again"))
    fresh = learn(images, tmp_path / "elsewhere")
    for name, tensor in made.tensors.items():
        torch.testing.assert_close(third.tensors[name], tensor, rtol=0, atol=0)
        torch.testing.assert_close(fresh.tensors[name], tensor, rtol=0, atol=0)


@pytest.mark.parametrize(
    "change",
    [
        {"fields": 4},
        {"field_maps": 4},
        {"field_centroids": 5},
        {"field_components": 5},
        {"field_windows": 199},
        {"iterations": 5},
        {"seed": 1},
        {"whiten": False},
        {"learning": "patches"},
    ],
)
def test_each_setting_makes_other_features(images, tmp_path, change):
    first = DeepKMeansEncoder(learn(images, tmp_path), images, device=CPU)
    config, fields = (
        replace(each, **{name: value for name, value in change.items() if hasattr(each, name)})
        for each in (CONFIG, FIELDS)
    )
    other = DeepKMeansEncoder(learn(images, tmp_path, config, fields), images, device=CPU)
    assert other.settings["weights"] != first.settings["weights"]


def test_the_origin_states_the_size_and_the_training_images(images, tmp_path):
    encoder = DeepKMeansEncoder(learn(images, tmp_path), images, grid=1, device=CPU)
    origin = encoder.origin
    assert (origin.features, origin.network, origin.trained_on) == ("kmeans3", "12-12-12", "tiny")
    assert encoder.layers["kmeans3"] == (24, 36)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fields": 0}, "fields is 0; expected at least 1"),
        ({"field_centroids": 201}, "field_centroids is 201; expected at most 200"),
        ({"field_components": 21}, "field_components is 21; expected at most 20, .* 2 x 2 positions of 5 maps"),
    ],
)
def test_sizes_out_of_range_are_refused(changes, message):
    with pytest.raises(UserError, match=message):
        replace(FIELDS, **changes)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            replace(FIELDS, fields=13),
            r"fields is 13, but layer 1 has 12 maps \(centroids\) and layer 2 52 \(fields x field_centroids\); "
            "use at most as many as the smaller has, or increase that number",
        ),
        (replace(FIELDS, field_maps=13), r"field_maps is 13, but layer 1 has 12 maps .* and layer 2 12 "),
    ],
)
def test_fields_larger_than_the_layer_below_are_refused(images, tmp_path, fields, message):
    with pytest.raises(UserError, match=message):
        learn(images, tmp_path, fields=fields)


def test_images_too_small_for_three_layers_are_refused(tiny_images, images, tmp_path):
    message = "tiny has images of 12 x 12 pixels, which leave 1 positions .* too few for a grid of 2; use larger images"
    with pytest.raises(UserError, match="leave 0 positions"):
        learn(tiny_images(5, size=8), tmp_path)
    require_positions(images, 3, 2)
    with pytest.raises(UserError, match=message.replace("12 x 12", "17 x 17")):
        require_positions(tiny_images(5, size=17), 3, 2)


def test_images_in_a_file_give_the_same_layers(images, tmp_path):
    path = tmp_path / "tiny.h5"
    with h5py.File(path, "w") as file:
        file["images"] = images.images.transpose(0, 2, 3, 1)
        file["labels"] = images.labels
    stored = load_images(str(path), "train")
    learned = (learn(each, tmp_path / name).tensors for each, name in ((images, "memory"), (stored, "file")))
    for one, other in zip(*(each.values() for each in learned), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_more_windows_than_memory_are_refused_before_any_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr("dcgan_probe.features.kmeans.deep_dictionary.available_memory", lambda: 10_000)
    images = load_images("glyphs:30", "train")
    config = DictionaryConfig(centroids=8, patches=100, iterations=1)
    fields = FieldConfig(fields=2, field_maps=4, field_centroids=4, field_components=4, field_windows=1000)
    with pytest.raises(UserError, match=r"layer 2 from 1,000 windows of 8 maps needs about 0\.0 GB") as caught:
        kept_deep_kmeans(images, config, fields, tmp_path, torch.device("cpu"))
    assert caught.value.parameter == "field_windows"
    assert fields.learning_bytes(8) == 1000 * 16 * (8 + 12)


def test_windows_that_do_not_fit_are_refused_before_the_first_layer_is_learned(images, tmp_path, monkeypatch):
    monkeypatch.setattr("dcgan_probe.features.kmeans.deep_dictionary.kept_dictionary", None)
    with pytest.raises(UserError, match=r"learning layer 2 from 1,000,000,000,000 windows of 12 maps needs about"):
        learn(images, tmp_path, fields=replace(FIELDS, field_windows=10**12))
