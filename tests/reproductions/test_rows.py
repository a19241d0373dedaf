"""Which rows a table has, by which commands, and how they are known in the records."""

import numpy as np
import pytest

from dcgan_probe.evaluation import Summary
from dcgan_probe.evaluation.uncertainty import ImageUncertainty
from dcgan_probe.gan import RELEASED
from dcgan_probe.reproductions import SCALE_NAMES, TABLES, reproduction
from dcgan_probe.runtime import UserError

FINGERPRINTS = ("train", "test")


def summary(row, **changes) -> Summary:
    """Make the summary that a row's command would leave."""
    values = dict.fromkeys(Summary.__dataclass_fields__)
    values |= {
        "protocol": row.protocol,
        "features": row.features,
        "dimension": row.columns,
        "seed": 0,
        "given": False,
        "draws": 10,
        "images_seen": row.least_images_seen,
        "images_fingerprint_train": "train",
        "images_fingerprint_test": "test",
        "over_images": ImageUncertainty(0.1, 0.2, 0.3),
        "options": {**row.made_by, "dtype": "float32"},
        **row.known_by,
        **changes,
    }
    return Summary(**values)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("scale", SCALE_NAMES)
def test_every_row_finds_its_own_summary_only(table, scale):
    rows = reproduction(table, scale).rows
    summaries = [summary(row) for row in rows]
    for row, own in zip(rows, summaries, strict=True):
        assert row.found_in(summaries, FINGERPRINTS, 10) is own
        assert row.found_in([other for other in summaries if other is not own], FINGERPRINTS, 10) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"draws": 9},
        {"images_fingerprint_train": "other"},
        {"images_fingerprint_test": "other"},
        {"over_images": None},
        {"seed": 1},
        {"given": True},
        {"scale": "standardise"},
        {"trained_on": "svhn"},
        {"protocol": "cifar10-50"},
    ],
)
def test_other_experiments_are_not_taken_for_a_row(changes):
    row = next(row for row in reproduction("cifar10", "small").rows if row.features == "kmeans")
    assert row.found_in([summary(row)], FINGERPRINTS, 10) is not None
    assert row.found_in([summary(row, **changes)], FINGERPRINTS, 10) is None


@pytest.mark.parametrize(
    ("features", "setting", "other"),
    [
        ("dcgan", {"pool": "max"}, {"pool": "mean"}),
        ("kmeans", {"whiten": True}, {"whiten": False}),
        ("kmeans", {"patches": 400000}, {"patches": 50}),
        ("kmeans", {"iterations": 50}, {"iterations": 1}),
        ("kmeans3", {"learning": "kmeans"}, {"learning": "patches"}),
        ("kmeans3", {"field_maps": 200}, {"field_maps": 2}),
        ("kmeans3", {"field_windows": 20000}, {"field_windows": 20}),
        ("supervised", {"settings": 64}, {"settings": 1}),
    ],
)
def test_ablations_are_not_taken_for_a_row(features, setting, other):
    row = next(row for row in reproduction("svhn-1000", "small").rows if row.features == features)
    own = summary(row)
    assert setting.items() <= own.options.items()
    changed = summary(row, options={**own.options, **other})
    assert row.found_in([own], FINGERPRINTS, 10) is not None
    assert row.found_in([changed], FINGERPRINTS, 10) is None


def test_a_shorter_training_is_not_taken_for_the_dcgan():
    row = reproduction("svhn-1000", "small").rows[0]
    assert row.features == "dcgan"
    assert row.found_in([summary(row, images_seen=2_000_000)], FINGERPRINTS, 10) is not None
    assert row.found_in([summary(row, images_seen=1_999_999)], FINGERPRINTS, 10) is None


def test_the_tables_have_the_rows_of_the_comparison():
    cifar10, svhn = (reproduction(table, "small") for table in TABLES)
    names = [(row.protocol, row.features, row.classifier) for row in cifar10.rows]
    assert len({row.arguments for row in cifar10.rows}) == len(cifar10.rows)
    for protocol in ("cifar10-all", "cifar10-4000"):
        own = [(features, classifier) for name, features, classifier in names if name == protocol]
        assert own == [
            ("dcgan", "svm"),
            *[("random", "svm")] * 3,
            *[(features, "svm") for features in ("pixels", "whitened", "pca", "kmeans", "kmeans", "kmeans3")],
            *[("pixels", "knn-euclidean"), ("pixels", "knn-cosine")],
            *[("dcgan", "knn-euclidean"), ("dcgan", "knn-cosine")],
        ]
    assert [row.features for row in svhn.rows].count("supervised") == 1
    assert svhn.training == ("--preset", "cpu32", "--dataset", "tiny_imagenet32", "--images", "2000000")
    assert svhn.run_name == "tiny_imagenet32-cpu32-s0"


def test_each_layer_of_a_released_net_is_a_row_of_cifar10(tmp_path):
    net = RELEASED["imagenet32"]
    for number, shape in {1: (128, 3, 3, 3), 2: (128, 128, 3, 3), 3: (128,), 4: (128,)}.items():
        (tmp_path / net.folder).mkdir(exist_ok=True)
        np.save(tmp_path / net.folder / f"30_discrim_params.jl_{number:02d}.npy", np.ones(shape, np.float32))
    with_layers, without = (reproduction("cifar10", "small", authors) for authors in (tmp_path, None))
    assert without.left_out == ()
    assert len(with_layers.left_out) == 1
    assert "authors' svhn32 net" in with_layers.left_out[0]
    # Two of six layers are at hand: too few to show one by one.
    assert [
        (row.protocol, row.features, row.columns) for row in with_layers.rows if row.run == "authors-imagenet32"
    ] == [
        ("cifar10-all", "dcgan", 4096),
        ("cifar10-all", "random", 4096),
        ("cifar10-4000", "dcgan", 4096),
        ("cifar10-4000", "random", 4096),
    ]
    assert all(row.known_by["network"] == "authors-imagenet32 (conv1-conv2)" for row in with_layers.rows[14:16])


def test_unknown_tables_and_scales_are_refused():
    with pytest.raises(UserError, match="there is no table 'mnist': expected cifar10 or svhn-1000"):
        reproduction("mnist", "small")
    with pytest.raises(UserError, match="got scale 'huge', expected one of smoke, small, paper"):
        reproduction("cifar10", "huge")
