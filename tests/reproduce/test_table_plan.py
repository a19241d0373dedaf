"""Plans of tables: plans of the package, scales and errors."""

import re
from collections import Counter

import pytest

from dcgan_probe.evaluation import EvalConfig, SupervisedConfig
from dcgan_probe.presets import TrainingPlan
from dcgan_probe.reproduce import read_plan, shipped_plans
from dcgan_probe.reproduce.table_plan import ImportPlan, plan_at
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


FIGURE = OWN["published"][0]
PIXELS = "row 1 (`[[rows]]`, features = pixels): "
PUBLISHED = "published figure 1 (`[[published]]`, model = Theirs): "


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rosw": []}, "unknown key rosw (did you mean rows?): expected dataset, encoders"),
        ({"dataset": None}, "dataset is missing: expected dataset"),
        ({"dataset": 5}, "got dataset = 5, expected a text"),
        ({"rows": []}, "got no rows, expected tables [[rows]]"),
        ({"rows": {"features": "pixels"}}, "got rows = {'features': 'pixels'}, expected tables [[rows]]"),
        ({"rows": ["pixels"]}, "got rows = ['pixels'], expected tables [[rows]]"),
        (
            {"rows": [{"features": "kmeens"}]},
            "row 1 (`[[rows]]`, features = kmeens): unknown features 'kmeens'",
        ),
        (
            {"rows": [{"features": "pixels", "clasifier": "svm"}]},
            f"{PIXELS}unknown key clasifier (did you mean classif",
        ),
        ({"rows": [{"features": "pixels", "labels": "all"}]}, f"{PIXELS}got labels 'all', expected int or None"),
        ({"rows": [{"features": "pixels", "dataset": "theirs"}]}, f"{PIXELS}got a dataset, expected none: all rows us"),
        ({"rows": [{"features": "pixels", "options": 5}]}, f"{PIXELS}got 5, expected a table of no keys"),
        (
            {"rows": [{"features": "pixels"}, {"features": "kmeans", "options": {"centroids": 0}}]},
            "row 2 (`[[rows]]`, f",
        ),
        (
            {"rows": [{"features": "pixels", "protocols": ["fwe"]}]},
            f"{PIXELS}the plan has no protocols 'fwe' (did you ",
        ),
        ({"rows": [{"features": "pixels", "protocols": "few"}]}, f"{PIXELS}got protocols = 'few', expected a list of "),
        ({"rows": [{"features": "pixels", "scales": ["small"]}]}, f"{PIXELS}the plan has no scales 'small': expected "),
        ({"rows": [{"features": "pixels", "at": {"small": {}}}]}, f"{PIXELS}unknown key small: expected no keys"),
        ({"rows": [{"features": "pixels", "protocols": []}]}, "got no rows, expected at least one"),
        ({"rows": [{"features": "dcgan"}]}, "dcgan features need a run: expected run = NAME, one of net"),
        (
            {"rows": [{"features": "dcgan", "run": "nte"}]},
            "the plan has no run 'nte' (did you mean net?): expected net",
        ),
        ({"rows": [{"features": "dcgan", "run": "net", "options": {"layers": ["conv9"]}}]}, "): unknown layer conv9: "),
        ({"rows": [{"kind": "other"}]}, "row 1 (`[[rows]]`, kind = other): got kind 'other', expected features or sup"),
        (
            {"rows": [{"kind": "supervised", "prset": "demo"}]},
            "row 1 (`[[rows]]`, kind = supervised): unknown key prset",
        ),
        (
            {"runs": {"net": {"train": {"presett": "demo"}}}},
            "runs.net: train: unknown key presett (did you mean preset",
        ),
        ({"runs": {"net": {"train": {"preset": "dmo"}}}}, "runs.net: train: unknown preset 'dmo'"),
        ({"runs": {"net": {"make": {}}}}, "runs.net: got make, expected one table of train and import_authors"),
        (
            {"runs": {"net": {"import_authors": {"net": "svhn", "dataset": "x"}}}},
            "import_authors: got net 'svhn', expect",
        ),
        ({"runs": {"net": 5}}, "got runs = {'net': 5}, expected tables [runs.NAME]"),
        ({"protocols": [{"labels": 5}]}, "protocol 1 (`[[protocols]]`, name = None): name is missing"),
        ({"protocols": [{"name": "a"}, {"name": "a"}]}, "protocol 2 (`[[protocols]]`, name = a): another protocol has"),
        ({"protocols": [{"name": "few", "lables": 50}]}, "name = few): unknown key lables (did you mean labels?)"),
        ({"protocols": "few"}, "got protocols = 'few', expected tables [[protocols]]"),
        ({"plugins": "mine"}, "got plugins = 'mine', expected a list of texts"),
        (
            {"plugins": ["no_such_module"]},
            "plugins: the plugin 'no_such_module' cannot be imported (ModuleNotFoundError",
        ),
        ({"published": {"model": "x"}}, "got published = {'model': 'x'}, expected tables [[published]]"),
        (
            {"published": [{**FIGURE, "encoder": "their"}]},
            f"{PUBLISHED}unknown encoder 'their' (did you mean theirs",
        ),
        ({"published": [{**FIGURE, "vaule": 1}]}, f"{PUBLISHED}unknown key vaule (did you mean value?)"),
        (
            {"published": [FIGURE, {**FIGURE, "value": 715}]},
            "published figure 2 (`[[published]]`, model = Theirs): got ",
        ),
        (
            {"published": [{**FIGURE, "mark": "Z"}]},
            f"{PUBLISHED}got mark 'Z', expected an empty text or P or A or C or",
        ),
        ({"published": [{**FIGURE, "protocol": "51"}]}, f"{PUBLISHED}unknown protocol '51': expected all, few"),
        (
            {"published": [{**FIGURE, "features": "kmean"}]},
            f"{PUBLISHED}unknown features 'kmean' (did you mean kmea",
        ),
        ({"published": [{**FIGURE, "scale": "x"}]}, f"{PUBLISHED}got scale 'x', expected none or standardise or"),
        ({"published": [{"protocol": "few", "model": "Theirs"}]}, f"{PUBLISHED}measure and value and mark are missing"),
        (
            {"encoders": {"theirs": {"description": "x"}}},
            "encoders.theirs: names and least_images and images are missing",
        ),
    ],
)
def test_wrong_plans_are_refused_with_the_place(tmp_path, change, words):
    plan = {key: value for key, value in {**OWN, **change}.items() if value is not None}
    write_toml(tmp_path / "mine.toml", plan)
    with pytest.raises(UserError) as error:
        read_plan(str(tmp_path / "mine.toml"))
    assert str(error.value).startswith("mine.toml: ")
    assert words in str(error.value)
    assert error.value.parameter is None  # the error is in the file, not in an option


def test_a_supervised_row_has_the_labels_of_its_protocol(tmp_path):
    write_toml(tmp_path / "mine.toml", {**OWN, "rows": [{"kind": "supervised", "preset": "demo"}]})
    assert [row.config.labels for row in read_plan(tmp_path / "mine.toml").rows] == [None, 50]
    held_out = [{"name": "held out", "validate": True}]
    write_toml(
        tmp_path / "mine.toml", {**OWN, "published": [], "protocols": held_out, "rows": [{"kind": "supervised"}]}
    )
    text = "a supervised row reports on the test split, but protocol held out on held-out"
    with pytest.raises(UserError, match=text):
        read_plan(tmp_path / "mine.toml")


def test_unknown_tables_and_scales_are_refused(tmp_path):
    assert shipped_plans() == ("cifar10", "guidelines", "svhn-1000")
    with pytest.raises(UserError, match="unknown table 'mnist': expected cifar10, guidelines, svhn-1000, or the"):
        read_plan("mnist")
    with pytest.raises(UserError, match="got scale 'huge', expected one of smoke, small, paper"):
        read_plan("cifar10", "huge")
    write_toml(tmp_path / "mine.toml", OWN)
    with pytest.raises(UserError, match="got scale 'small', but the plan defines no scales; omit `scale`"):
        read_plan(str(tmp_path / "mine.toml"), "small")
    with pytest.raises(UserError, match=r"nowhere.toml is missing: expected the path of a TOML file"):
        read_plan(str(tmp_path / "nowhere.toml"))
    for typed in ("mien.toml", "mien"):
        with pytest.raises(UserError, match=rf"\(did you mean {re.escape(str(tmp_path / 'mine.toml'))}\?\)"):
            read_plan(str(tmp_path / typed))
    with pytest.raises(UserError, match=r"unknown table 'guideline' \(did you mean guidelines\?\)"):
        read_plan("guideline")
    (tmp_path / "broken.toml").write_text("dataset = \n")
    with pytest.raises(UserError, match=r"broken.toml is not TOML: .*line 1"):
        read_plan(str(tmp_path / "broken.toml"))


def test_imports_name_net_and_images():
    assert read_plan("cifar10", "paper").runs["authors-imagenet32"] == ImportPlan("imagenet32", "imagenet")
