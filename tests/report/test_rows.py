from dataclasses import replace

import pytest

from dcgan_probe.report.display_tables import shown_tables
from dcgan_probe.report.row_names import describe_option, row_name
from dcgan_probe.report.rows import table_rows
from dcgan_probe.report.untrained_controls import control_of


def notes_of(rows):
    return [*rows.measured[0].figure_notes, *rows.measured[0].published_notes]


def test_a_published_figure_of_other_training_images_is_not_comparable_and_says_why(svhn):
    (table,) = table_rows(svhn())
    trained = table.measured[0]
    assert (trained.published.value, trained.comparable) == (22.48, False)
    assert trained.published_notes == (
        "not comparable: the published figure is for a DCGAN trained on SVHN itself, this encoder was trained on Tiny "
        "ImageNet (100,000 of ImageNet-1k's 1.28 million)",
    )
    assert all(row.published is None for row in table.measured[1:])


def test_the_published_encoders_own_images_are_comparable(svhn):
    row = replace(svhn()[0], trained_on="svhn", trained_on_images=73_257)
    (table,) = table_rows([row])
    assert table.measured[0].comparable
    assert table.measured[0].published_notes == ()
    (table,) = table_rows([replace(row, scale="standardise")])
    assert table.measured[0].published_notes == ("the published figure is for unscaled features",)
    (table,) = table_rows([replace(row, trained_on_images=4434)])
    other, size = table.measured[0].published_notes
    assert "this encoder was trained on SVHN subset (4,434 of 73,257)" in other
    assert size == "size relative to the published model: 4,434 of 73,257 training images, 6.1 %"
    (table,) = table_rows([replace(row, classifier="ridge")])
    assert table.measured[0].published_notes == ("the published figure is for an L2-SVM",)


KMEANS = {
    "features": "kmeans",
    "layers": ("kmeans",),
    "scale": "standardise+0.01",
    "trained_on": "cifar10",
    "trained_on_images": 50_000,
    "images_seen": 50_000,
}


def kmeans(cifar10, centroids, **changes):
    return replace(cifar10()[0], **{**KMEANS, "network": f"{centroids}", "largest_layer": centroids, **changes})


def only(row):
    ((found,),) = (table.measured for table in table_rows([row]))
    return found


def test_a_row_at_a_reduced_size_says_its_size_and_share(cifar10):
    # 1,600 / 4,800 is a third.
    row = only(kmeans(cifar10, 1600))
    assert (row.published.value, row.comparable) == (80.6, True)
    assert row.published_notes == (
        "size relative to the published model: 1,600 of 4,800 centroids, 33 %",
        "the published figure for 1,600 centroids is 77.9 [C]",
    )
    assert only(kmeans(cifar10, 4800)).published_notes == ()
    assert "standardized by sqrt(variance + 0.01)" in only(kmeans(cifar10, 4800, scale="none")).published_notes[0]
    row = only(kmeans(cifar10, 800, features="kmeans3", network="200-400-800"))
    assert (row.name, row.published.value) == ("three-layer k-means 200-400-800, standardized +0.01", 82.0)
    assert row.published_notes[0].endswith("800 of 3,200 [?] centroids in the largest layer, 25 %")
    # 128 / 512, 2 M / (30 x 1.28 M / 2), 100,000 / 1,281,167.
    assert only(cifar10()[0]).published_notes[1] == (
        "size relative to the published model: 128 of 512 maps in the largest layer, 25 %; 2,000,000 of "
        "19,200,000 [A] images seen, 10 %; 100,000 of 1,281,167 training images, 7.8 %"
    )


def test_centroids_of_other_images_are_not_comparable(cifar10):
    row = only(kmeans(cifar10, 4800, trained_on="svhn", trained_on_images=73_257))
    assert not row.comparable
    assert row.published_notes == (
        "not comparable: the published figure is for centroids trained on CIFAR-10 itself, this encoder was trained on "
        "SVHN",
    )


def test_untrained_rows_are_comparable_with_published_ones_without_training(svhn):
    pixels = replace(svhn()[2], classifier="knn-cosine")
    assert (only(pixels).published.model, only(pixels).comparable, only(pixels).published_notes) == ("KNN", True, ())


def test_a_supervised_row_says_that_the_published_error_is_one_of_validation(svhn):
    row = only(replace(svhn()[1], features="supervised", classifier="softmax"))
    assert (row.name, row.published.value, row.comparable) == ("supervised CNN cpu32", 28.87, False)
    assert row.published_notes == (
        "not comparable: the published figure is a validation error of the DCGAN's own architecture, the best of a "
        "random search over 64 settings; this one is a test error",
    )


def test_notes_of_all_rows_are_in_the_caption_and_others_at_their_row(svhn):
    rows = svhn()
    rows[1] = replace(rows[1], notes=(*rows[1].notes, "C was given"))
    (table,) = table_rows(rows)
    assert table.notes == ("the draws overlap",)
    assert table.measured[1].figure_notes == ("C was given",)


def test_unconverged_fits_and_single_draws_have_notes(svhn, cifar10):
    (table,) = table_rows([replace(svhn()[0], unconverged=3, largest_gap=2.34e-3)])
    assert (
        "3 of 100 fits stopped before the solver's tolerance; the relative gap of their objective" in notes_of(table)[0]
    )
    (table,) = table_rows([replace(svhn()[0], draws=1, spread=None)])
    assert "a single draw, so no spread" in notes_of(table)
    (table,) = table_rows(cifar10())
    assert not any("one draw" in note for note in notes_of(table))


def test_a_table_for_each_protocol_and_size(svhn, cifar10):
    full = [replace(row, train_rows=73_257, test_rows=26_032, images_fingerprint_train="f3") for row in svhn()]
    tables = table_rows([*svhn(), *cifar10(), *full])
    assert [(t.protocol, t.train_rows, len(t.measured)) for t in tables] == [
        ("svhn-1000", 4434, 3),
        ("cifar10-all", 50_000, 2),
        ("svhn-1000", 73_257, 3),
    ]
    assert [t.measure for t in tables] == ["error", "accuracy", "error"]


def test_a_net_that_lacks_layers_is_not_comparable(cifar10):
    changes = {"trained_on": "imagenet", "trained_on_images": 1_281_167, "dimension": 12_288}
    names = tuple(f"conv{i}" for i in range(1, 7))
    whole, part, alone = (replace(cifar10()[0], layers=names[:n], **changes) for n in (6, 4, 1))
    rows = table_rows([whole, part, alone])[0].measured
    assert [row.comparable for row in rows] == [True, False, False]
    assert rows[1].published_notes[0] == "not comparable: 4 of 6 [A] layers, 12,288 features"
    assert [row.name for row in rows] == [f"DCGAN cpu32, {name}" for name in ("conv1–conv6", "conv1–conv4", "conv1")]


def test_two_sets_of_images_under_one_name_are_two_tables_that_say_which(svhn, cifar10):
    other = [replace(row, images_fingerprint_test="g2") for row in svhn()[:2]]
    first, all_labels, second = table_rows([*svhn(), *cifar10(), *other])
    assert [(len(t.measured), t.images) for t in (first, all_labels, second)] == [
        (3, "f1 / f2"),
        (2, ""),
        (2, "f1 / g2"),
    ]
    # Each has the control of its own table.
    assert control_of(second.measured[0].summary, [row.summary for row in second.measured]) is other[1]
    titles = [table.title for table in shown_tables([*svhn(), *other])]
    assert titles[0].endswith("1,000 labels, images f1 / f2: test error")
    assert titles[1].endswith("1,000 labels, images f1 / g2: test error")


def test_rows_that_read_the_same_get_names_that_differ(svhn):
    row = svhn()[0]
    running = replace(row, options={**row.options, "batch_norm": "running"}, evaluation="e4")
    seeded = replace(row, seed=7, evaluation="e5")
    names = [r.name for r in table_rows([row, running])[0].measured]
    assert names == ["DCGAN cpu32, batch_norm real", "DCGAN cpu32, batch_norm running"]
    names = [r.name for r in table_rows([row, seeded])[0].measured]
    assert names == ["DCGAN cpu32, draw seed 0", "DCGAN cpu32, draw seed 7"]
    names = [r.name for r in table_rows([row, replace(row, images_seen=5)])[0].measured]
    assert names == ["DCGAN cpu32", "DCGAN cpu32"]
    names = [r.name for r in table_rows([row, running, seeded])[0].measured]
    assert len(set(names)) == 3


@pytest.mark.parametrize(
    ("name", "value", "default", "text"),
    [
        ("norm", False, None, ""),
        ("norm", True, None, "norm"),
        ("norm", True, True, ""),
        ("norm", False, True, "no norm"),
        ("norm", False, False, ""),
        ("power", None, None, ""),
        ("power", None, 2.0, "no power"),
        ("power", 0.5, None, "power 0.5"),
        ("power", 0, None, "power 0"),
        ("batch_norm", "real", None, "batch_norm real"),
        ("maps_seed", 0, None, "seed 0"),
    ],
)
def test_options_are_named_as_a_reader_would(name, value, default, text):
    assert describe_option(name, value, default) == text


def test_a_switch_of_a_source_is_named_where_it_is_not_at_its_default(svhn):
    row = replace(svhn()[0], features="kmeans", network="9", options={"whiten": True, "kmeans_seed": None})
    other = replace(row, options={"whiten": False, "kmeans_seed": 1}, evaluation="e4")
    assert [r.name for r in table_rows([row, other])[0].measured] == [
        "k-means 9",
        "k-means 9, kmeans_seed 1, no whiten",
    ]


@pytest.mark.parametrize(
    ("features", "network", "name"),
    [
        ("pca", "256 components", "PCA of pixels, 256 components"),
        ("whitened", "64 components", "whitened pixels, 64 components"),
        ("whitened", "", "whitened pixels"),
        ("kmeans", "1600", "k-means 1600"),
    ],
)
def test_a_number_of_components_follows_a_comma(svhn, features, network, name):
    assert row_name(replace(svhn()[0], features=features, network=network)) == name


def test_a_supervised_network_has_a_validation_error_beside_it(svhn):
    dcgan, *_ = svhn()
    changes = {"features": "supervised", "classifier": "softmax", "trained_on": "", "layers": ("conv3",)}
    (table,) = table_rows([dcgan, replace(dcgan, **changes, notes=("setting 17 of 64",))])
    row = table.measured[1]
    assert row.name == "supervised CNN cpu32"
    assert row.published.value == 28.87
    assert not row.comparable
    (note,) = row.published_notes
    assert note.startswith("not comparable: the published figure is a validation error of the DCGAN's own architecture")
    assert row.figure_notes == ("setting 17 of 64",)
