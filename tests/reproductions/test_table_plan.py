"""Plans of tables: those of the package, scales, and what is refused."""

from collections import Counter

import pytest

from dcgan_probe.evaluation import EvalConfig, SupervisedConfig
from dcgan_probe.presets import TrainingPlan
from dcgan_probe.reproductions import read_plan, shipped_plans
from dcgan_probe.reproductions.table_plan import ImportPlan, plan_at
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import write_toml

TABLES = ("cifar10", "svhn-1000")
SCALES = ("smoke", "small", "paper")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("scale", SCALES)
def test_the_plans_of_the_package_are_whole(table, scale):
    plan = read_plan(table, scale)
    assert (plan.name, plan.scale) == (table, scale)
    assert len({(row.config, row.run) for row in plan.rows}) == len(plan.rows)
    assert {row.run for row in plan.rows} - {""} <= set(plan.runs)
    for row in plan.rows:
        assert type(row.config).from_mapping(row.config.to_mapping()) == row.config


def test_the_tables_have_the_rows_of_the_comparison():
    cifar10, svhn = (read_plan(table) for table in TABLES)
    for labels in (None, 4000):
        own = [
            (row.config.features, row.config.classifier)
            for row in cifar10.rows
            if row.config.labels == labels and not row.run.startswith("authors")
        ]
        assert own == [
            ("dcgan", "svm"),
            *[("random", "svm")] * 3,
            *[(features, "svm") for features in ("pixels", "whitened", "pca", "kmeans", "kmeans", "kmeans3")],
            *[("pixels", "knn-euclidean"), ("pixels", "knn-cosine")],
            *[("dcgan", "knn-euclidean"), ("dcgan", "knn-cosine")],
        ]
    assert Counter(type(row.config) for row in svhn.rows)[SupervisedConfig] == 1
    assert svhn.runs["dcgan"] == TrainingPlan(preset="cpu32", dataset="tiny_imagenet32", images=2_000_000)
    alone = [row.config for row in cifar10.rows if row.run == "authors-imagenet32" and row.config.options.layers]
    assert [(config.labels, config.options.layers) for config in alone] == [(None, (f"conv{i}",)) for i in range(1, 7)]


def test_wide_features_are_kept_in_half_precision():
    for table in TABLES:
        for row in read_plan(table, "paper").rows:
            if isinstance(row.config, EvalConfig) and row.config.features == "kmeans":
                assert (row.config.dtype == "float16") == (row.config.options.centroids >= 4000)


@pytest.mark.parametrize("table", TABLES)
def test_a_smoke_test_is_small_and_imports_nothing(table):
    plan = read_plan(table, "smoke")
    assert not any(row.run.startswith("authors") for row in plan.rows)
    assert all(row.config.draws == 1 for row in plan.rows if row.config.labels is not None)
    assert plan.runs["dcgan"].images == 6_400
    assert all(
        row.config.options.centroids == 32 for row in plan.rows if "kmeans" in getattr(row.config, "features", "")
    )


OWN = {
    "dataset": "mine",
    "protocols": [{"name": "all"}, {"name": "few", "labels": 50}],
    "runs": {"net": {"train": {"preset": "demo", "dataset": "mine"}}},
    "rows": [
        {"features": "dcgan", "run": "net", "options": {"layers": ["conv1"]}},
        {"features": "kmeans", "options": {"centroids": 9}, "protocols": ["few"]},
    ],
    "encoders": {"theirs": {"description": "their set", "names": ["theirs"], "least_images": 5, "images": 6}},
    "published": [
        {"protocol": "few", "model": "Theirs", "measure": "accuracy", "value": 71.5, "mark": "2", "encoder": "theirs"}
    ],
}


def test_a_plan_of_ones_own(tmp_path):
    write_toml(tmp_path / "mine.toml", OWN)
    plan = read_plan(str(tmp_path / "mine.toml"))
    assert (plan.name, plan.dataset, plan.scale) == ("mine", "mine", "")
    assert [(row.config.features, row.config.labels, row.run) for row in plan.rows] == [
        ("dcgan", None, "net"),
        ("dcgan", 50, "net"),
        ("kmeans", 50, ""),
    ]
    (figure,) = plan.figures
    assert (figure.protocol, figure.text, figure.encoder.images) == ("mine-50", "71.5 [2]", 6)


def test_a_scale_changes_what_it_names_and_nothing_else():
    rows = [{"features": "kmeans", "options": {"centroids": 9, "patch": 5}, "at": {"tiny": {"options": {"patch": 4}}}}]
    plan = {**OWN, "scales": {"whole": "", "tiny": ""}, "rows": rows}
    whole, tiny = (plan_at("mine", plan, scale).rows[0].config.options for scale in ("whole", "tiny"))
    assert (whole.centroids, whole.patch, tiny.centroids, tiny.patch) == (9, 5, 9, 4)
    assert plan_at("mine", plan).scale == "whole"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rosw": []}, "unknown key rosw: expected dataset, encoders"),
        ({"dataset": None}, "dataset is missing"),
        ({"rows": [{"features": "nope"}]}, "row 1: unknown features 'nope'"),
        ({"rows": [{"features": "pixels", "clasifier": "svm"}]}, "row 1: unknown key clasifier"),
        ({"rows": [{"features": "kmeans", "options": {"centroids": 0}}]}, "row 1: got centroids 0"),
        ({"rows": [{"features": "dcgan"}]}, "row 1: dcgan features need a run: expected run = NAME, one of net"),
        ({"rows": [{"features": "dcgan", "run": "other"}]}, "row 1: the plan has no run 'other': expected net"),
        ({"rows": [{"kind": "other"}]}, "row 1: got kind 'other', expected features or supervised"),
        ({"runs": {"net": {"train": {"presett": "demo"}}}}, "runs.net: unknown key presett"),
        ({"runs": {"net": {"make": {}}}}, "runs.net: got make, expected one of train and import_authors"),
        ({"protocols": [{"labels": 5}]}, "ProtocolPlan needs name"),
        ({"published": [{**OWN["published"][0], "encoder": "nobody"}]}, "the plan has no encoder 'nobody'"),
        ({"published": [{**OWN["published"][0], "vaule": 1}]}, "unknown key vaule"),
        ({"published": [{**OWN["published"][0], "protocol": "51"}]}, "no protocol '51', expected one of all, few"),
    ],
)
def test_wrong_plans_are_refused_with_the_place(tmp_path, change, words):
    plan = {key: value for key, value in {**OWN, **change}.items() if value is not None}
    write_toml(tmp_path / "mine.toml", plan)
    with pytest.raises(UserError) as error:
        read_plan(str(tmp_path / "mine.toml"))
    assert str(error.value).startswith("mine.toml: ")
    assert words in str(error.value)


def test_unknown_tables_and_scales_are_refused(tmp_path):
    assert shipped_plans() == ("cifar10", "guidelines", "svhn-1000")
    with pytest.raises(UserError, match="there is no table 'mnist': expected cifar10, guidelines, svhn-1000, or the"):
        read_plan("mnist")
    with pytest.raises(UserError, match="got scale 'huge', expected one of smoke, small, paper"):
        read_plan("cifar10", "huge")
    write_toml(tmp_path / "mine.toml", OWN)
    with pytest.raises(UserError, match="got scale 'small', expected one of none: the plan has one size"):
        read_plan(str(tmp_path / "mine.toml"), "small")
    with pytest.raises(UserError, match=r"nowhere.toml does not exist, expected a TOML file"):
        read_plan(str(tmp_path / "nowhere.toml"))
    (tmp_path / "broken.toml").write_text("dataset = \n")
    with pytest.raises(UserError, match=r"broken.toml is not TOML: .*line 1"):
        read_plan(str(tmp_path / "broken.toml"))


def test_imports_name_net_and_images():
    assert read_plan("cifar10", "paper").runs["authors-imagenet32"] == ImportPlan("imagenet32", "imagenet")
