import pytest

from dcgan_probe.report import MARKS, figures_shown, published_figures
from dcgan_probe.report.published import reference_figure, same_size
from dcgan_probe.report.set_descriptions import describe_set, describe_training_images, is_subset, same_images

# Typed in from the paper's tables and the papers that quote them, apart from the code.
CIFAR10 = """
1-layer k-means | 80.6 P | 63.7 ? 0.7 ? | 4800
3-layer k-means, learned RF | 82.0 P | 70.7 2 0.7 ? | 3200 ?
view-invariant k-means | 81.9 ? | 72.6 2 0.7 ? | 6400 ?
Exemplar CNN | 84.3 2 | 77.4 2 0.2 2 | 1024
DCGAN + L2-SVM | 82.8 P | 73.8 2 0.4 ? | 512
"""
SVHN_ERRORS = {
    "KNN": (77.93, "2"),
    "TSVM": (66.55, "2"),
    "M1+KNN": (65.63, "?"),
    "M1+TSVM": (54.33, "?"),
    "M1+M2": (36.02, "2"),
    "SWWAE": (27.83, "2"),
    "SWWAE with dropout": (23.56, "2"),
    "supervised CNN": (28.87, "P"),
    "DCGAN + L2-SVM": (22.48, "P"),
    "ALI, L2-SVM": (19.14, "?"),
    "IAN, L2-SVM": (18.50, "?"),
}

FIGURES = figures_shown()
IMAGENET = reference_figure("cifar10-all", "dcgan", "l2-svm").encoder
SVHN = reference_figure("svhn-1000", "dcgan", "l2-svm").encoder


def figure(protocol, model):
    (found,) = (f for f in published_figures(protocol) if f.model == model)
    return found


@pytest.mark.parametrize("line", CIFAR10.strip().splitlines())
def test_cifar10_figures(line):
    model, full, few, layer = (part.split() for part in line.split("|"))
    all_labels, few_labels = figure("cifar10-all", " ".join(model)), figure("cifar10-4000", " ".join(model))
    assert (all_labels.value, all_labels.mark, all_labels.spread) == (float(full[0]), full[1], None)
    assert (few_labels.value, few_labels.mark) == (float(few[0]), few[1])
    assert (few_labels.spread, few_labels.spread_mark) == (float(few[2]), few[3])
    for row in (all_labels, few_labels):
        assert (row.largest_layer, row.layer_mark, row.measure) == (int(layer[0]), "".join(layer[1:]), "accuracy")


def test_svhn_errors():
    found = {f.model: (f.value, f.mark) for f in published_figures("svhn-1000")}
    assert found == SVHN_ERRORS
    assert {f.measure for f in published_figures("svhn-1000")} == {"error"}
    assert figure("svhn-1000", "DCGAN + L2-SVM").accuracy == pytest.approx(77.52)
    assert "validation error" in figure("svhn-1000", "supervised CNN").note
    assert figure("svhn-1000", "DCGAN + L2-SVM").draws == 100


def test_every_figure_has_an_origin_and_a_measure_of_its_protocol():
    assert {f.mark for f in FIGURES} <= set(MARKS)
    assert MARKS["?"] == "unverified"
    assert all(f.spread_mark in MARKS for f in FIGURES if f.spread is not None)
    assert len({(f.protocol, f.model) for f in FIGURES}) == len(FIGURES) == 23


def test_the_published_encoders_images():
    assert reference_figure("cifar10-all", "dcgan", "l2-svm").encoder is IMAGENET
    assert reference_figure("cifar10-4000", "dcgan", "ridge").encoder is IMAGENET
    assert reference_figure("svhn-1000", "dcgan", "l2-svm").encoder is SVHN


@pytest.mark.parametrize(
    ("protocol", "features", "classifier", "value"),
    [
        ("cifar10-all", "kmeans", "l2-svm", 80.6),
        ("cifar10-4000", "kmeans", "l2-svm", 63.7),
        ("cifar10-all", "kmeans3", "l2-svm", 82.0),
        ("cifar10-4000", "kmeans3", "l2-svm", 70.7),
        ("svhn-1000", "pixels", "knn-cosine", 77.93),
        ("svhn-1000", "pixels", "knn-euclidean", 77.93),
        ("svhn-1000", "supervised", "softmax", 28.87),
        ("cifar10-all", "dcgan", "ridge", 82.8),
    ],
)
def test_each_kind_of_row_has_its_published_figure_beside_it(protocol, features, classifier, value):
    assert reference_figure(protocol, features, classifier).value == value


@pytest.mark.parametrize(
    ("protocol", "features", "classifier"),
    [
        ("svhn-1000", "random", "l2-svm"),
        ("glyphs-500", "dcgan", "l2-svm"),
        ("svhn-1000", "", "l2-svm"),
        ("svhn-1000", "pixels", "l2-svm"),
        ("cifar10-all", "pixels", "knn-cosine"),
        ("svhn-1000", "kmeans", "l2-svm"),
        ("svhn-1000", "supervised", "l2-svm"),
    ],
)
def test_other_rows_stand_alone(protocol, features, classifier):
    assert reference_figure(protocol, features, classifier) is None


def test_coates_and_ngs_own_figures():
    table_row = reference_figure("cifar10-all", "kmeans", "l2-svm")
    assert (same_size(table_row, 1600).value, same_size(table_row, 1600).mark) == (77.9, "C")
    assert (same_size(table_row, 4000).value, same_size(table_row, 4000).mark) == (79.6, "C")
    assert same_size(table_row, 4800) is same_size(table_row, None) is None
    assert same_size(reference_figure("cifar10-all", "dcgan", "l2-svm"), 3200) is None


@pytest.mark.parametrize(
    ("name", "images", "encoder", "same"),
    [
        ("svhn", 73_257, SVHN, True),
        ("svhn", 63_257, SVHN, True),
        ("svhn", 4434, SVHN, False),
        ("svhn", 73_257, IMAGENET, False),
        ("imagenet", 1_281_167, IMAGENET, True),
        ("tiny_imagenet32", 100_000, IMAGENET, False),
        ("cifar10", 50_000, IMAGENET, False),
        ("", 0, SVHN, False),
    ],
)
def test_same_images(name, images, encoder, same):
    assert same_images(name, images, encoder) == same


def test_sets_are_named_as_they_have_to_be():
    assert describe_set("svhn", 4434, 8372) == "SVHN subset (4,434 / 8,372)"
    assert describe_set("svhn", 73_257, 26_032) == "SVHN (73,257 / 26,032)"
    assert describe_set("cifar10", 50_000, 10_000) == "CIFAR-10 (50,000 / 10,000)"
    assert describe_set("glyphs", 2000, 500) == "glyphs (2,000 / 500)"
    assert is_subset("svhn", 73_257, 8372)
    assert not is_subset("glyphs", 1, 1)
    tiny = "Tiny ImageNet (100,000 of ImageNet-1k's 1.28 million)"
    assert describe_training_images("tiny_imagenet32", 100_000) == ("Tiny ImageNet", tiny)
    assert describe_training_images("svhn", 4434)[1] == "SVHN subset (4,434 of 73,257)"
    assert describe_training_images("cifar10", 50_000)[1] == "CIFAR-10"
    assert describe_training_images("", 0) == ("", "")
