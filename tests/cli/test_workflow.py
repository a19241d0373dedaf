"""The three main commands and their usage errors, on built-in images."""

import json

import h5py
import numpy as np
import pandas
import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.images import load_images

SET = "glyphs:300"
TINY = ["--preset", "demo", "--ndf", "4", "--ngf", "4", "--nz", "8", "--batch-size", "32", "--device", "cpu"]
TRAIN = ["train", *TINY, "--dataset", SET, "--images", "320"]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """Return a folder in which the three commands have run, and their outputs."""
    folder = tmp_path_factory.mktemp("workplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("DCGAN_PROBE_DATA", raising=False)
        outputs = [
            invoke(*TRAIN),
            invoke("extract", "--layers", "all", "--dataset", SET),
            invoke(
                *["eval-svm", "--dataset", SET, "--labels", "50", "--draws", "3", "--select-draws", "2", "--json"],
            ),
        ]
    return folder, outputs


@pytest.fixture
def here(workplace, monkeypatch):
    monkeypatch.chdir(workplace[0])
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    return workplace[0]


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


@pytest.mark.slow
def test_the_run_is_named_after_its_arguments(here):
    (run,) = (here / "runs").glob("*/config.json")
    assert run.parent.name == "glyphs-300-demo-nz8-ndf4-ngf4-batchsize32-s0"
    assert {path.name for path in run.parent.iterdir()} >= {"checkpoint.pt", "stats.jsonl", "samples", "batchnorm"}


def test_summaries_are_json_with_the_requested_features_first(workplace):
    summaries = json.loads(workplace[1][2].stdout)
    assert [summary["features"] for summary in summaries] == ["dcgan", "random", "pixels"]
    for summary in summaries:
        assert summary["dataset"] == "glyphs"
        assert summary["labels"] == 50
        assert summary["draws"] == 3
        assert summary["accuracy"] + summary["error"] == pytest.approx(1.0)
        assert 0.0 <= summary["spread"] < 0.5
        assert summary["chosen"] > 0
        assert (summary["chosen_name"], summary["given"]) == ("C", False)
    assert summaries[0]["layers"] == ["conv1", "conv2", "conv3"]
    assert [summary["dimension"] for summary in summaries] == [448, 448, 3072]
    first, *others = [summary["command"] for summary in summaries]
    assert first == f"dcgan-probe eval-svm --dataset {SET} --labels 50 --draws 3 --select-draws 2 --no-controls"
    assert [f"--features {each['features']}" in line for each, line in zip(summaries[1:], others, strict=True)]
    assert summaries[0]["trained_on"] == "glyphs"
    assert summaries[1]["trained_on"] == ""


def test_a_dry_run_of_an_evaluation_prints_its_cost_and_writes_nothing(here):
    before = (here / "results" / "evaluations.csv").read_text()
    plan = json.loads(invoke("eval-svm", "--dataset", SET, "--labels", "50", "--dry-run").stdout)
    assert list(plan) == ["dcgan", "random", "pixels"]
    assert [plan[source]["columns"] for source in plan] == [448, 448, 3072]
    assert plan["dcgan"]["fits"] == 80
    assert plan["dcgan"]["fits_in_memory"]
    assert plan["dcgan"]["seconds"] > 0.0
    assert (here / "results" / "evaluations.csv").read_text() == before


@pytest.mark.parametrize("classifier", ["logistic", "ridge"])
def test_other_classifiers_are_recorded_by_name(here, tmp_path, classifier):
    arguments = ["eval-svm", "--dataset", SET, "--labels", "50", "--draws", "2", "--select-draws", "1", "--no-controls"]
    invoke(*arguments, "--classifier", classifier, "--results", tmp_path / "results")
    assert set(pandas.read_csv(tmp_path / "results" / "evaluations.csv")["classifier"]) == {classifier}


KMEANS = ["--centroids", "20", "--patches", "2k", "--iterations", "3"]


@pytest.mark.slow
def test_learned_features_need_no_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    (tmp_path / "data").mkdir()
    for split in ("train", "test"):
        images = load_images(SET, split)
        halved = images.images[:].reshape(-1, 3, 16, 2, 16, 2).mean(axis=(3, 5)).round().astype(np.uint8)
        with h5py.File(f"data/halved_{split}.h5", "w") as file:
            file["images"], file["labels"] = halved.transpose(0, 2, 3, 1), images.labels
    chosen = ["--dataset", "halved", "--features", "kmeans", "--features", "whitened", "--features", "pca", *KMEANS]
    chosen += ["--components", "30"]
    written = invoke("extract", *chosen).stdout
    assert written.count("written") == 6
    assert "300 x 80 float32" in written
    found = invoke("eval-svm", *chosen, "--labels", "50", "--draws", "2", "--select-draws", "2", "--json").stdout
    summaries = json.loads(found)
    assert [summary["features"] for summary in summaries] == ["kmeans", "whitened", "pca", "pixels"]
    assert [summary["scale"] for summary in summaries] == ["standardise+0.01", "none", "none", "none"]
    assert summaries[0]["trained_on"] == "halved"
    assert summaries[0]["accuracy"] > 0.2
    again = invoke("extract", *chosen).stdout
    assert again.count("already in the cache") == 6


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        (["dcgan", "--grid", "3"], "Invalid value for --grid: a grid of 3 does not divide maps of 16 x 16"),
        (["kmeans", "--grid", "100"], "Invalid value for --grid: a grid of 100 does not fit 27 x 27 patch positions"),
        (["kmeans", "--grid", "27", "--stride", "2"], "a grid of 27 does not fit 14 x 14 patch positions"),
        (["kmeans3", "--grid", "100"], "Invalid value for --grid: glyphs has images of 32 x 32 pixels, which leave 3"),
        (["pca", "--components", "5000"], "Invalid value for --components: components is 5000; expected at most 3072"),
    ],
)
def test_a_dry_run_has_the_errors_of_the_run(here, chosen, text):
    sizes = KMEANS if chosen[0].startswith("kmeans") else []
    verb = ["eval-svm", "--dataset", SET, "--labels", "50", "--no-controls", *sizes, "--features", *chosen]
    for more in ([], ["--dry-run"]):
        assert text in " ".join(invoke(*verb, *more, status=2).output.split())


def test_centroids_may_come_from_other_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    chosen = ["--dataset", "glyphs:100", "--features", "kmeans", *KMEANS, "--split", "train"]
    own, other = (invoke("extract", *chosen, *more).stdout for more in ([], ["--learn-from", "glyphs:200"]))
    assert "written" in own
    assert "written" in other
    assert own != other
    refused = invoke("extract", *chosen, "--learn-from", "nowhere", status=2)
    assert "Invalid value for --learn-from: " in refused.output


@pytest.mark.slow
def test_centroids_have_a_seed_with_that_of_the_draws_as_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    chosen = ["--dataset", "glyphs:100", "--features", "kmeans", *KMEANS]
    assert "already in the cache" not in invoke("extract", *chosen, "--seed", "1").stdout
    assert invoke("extract", *chosen, "--kmeans-seed", "1").stdout.count("already in the cache") == 2
    assert "already in the cache" not in invoke("extract", *chosen).stdout
    few = ["--labels", "40", "--draws", "2", "--C", "0.01", "--no-controls", "--json"]
    found = [
        json.loads(invoke("eval-svm", *chosen, *few, *seeds).stdout)[0]
        for seeds in ([], ["--kmeans-seed", "1"], ["--seed", "1", "--kmeans-seed", "0"], ["--seed", "1"])
    ]
    assert [(row["seed"], row["encoder_seed"]) for row in found] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert len({row["accuracy"] for row in found}) > 2
    assert len(list((tmp_path / "runs" / "features").glob("dictionary-*.pt"))) == 2


FIELDS = ["--fields", "3", "--field-maps", "8", "--field-centroids", "6", "--field-components", "8"]


def test_three_layers_of_kmeans_are_probed_whole_or_layer_by_layer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    chosen = ["--dataset", SET, "--features", "kmeans3", *KMEANS, *FIELDS, "--field-windows", "400"]
    assert "300 x 224 float32, written" in invoke("extract", *chosen).stdout
    assert "300 x 152 float32, already in the cache" in invoke("extract", *chosen, "--layers", "kmeans1,kmeans3").stdout
    assert len(list((tmp_path / "runs" / "features").glob("layer[23]-*.pt"))) == 2
    chosen += ["--labels", "50", "--draws", "2", "--select-draws", "1", "--no-controls"]
    plan = json.loads(invoke("eval-svm", *chosen, "--layers", "2", "--dry-run").stdout)
    assert plan["kmeans3"]["columns"] == 72
    (summary,) = json.loads(invoke("eval-svm", *chosen, "--json").stdout)
    assert (summary["network"], summary["dimension"], summary["scale"]) == ("20-18-18", 224, "standardise+0.01")
    assert summary["layers"] == ["kmeans1", "kmeans2", "kmeans3"]
    assert summary["accuracy"] > 0.2
    table = (tmp_path / "results" / "tables" / "glyphs-50.md").read_text()
    assert "three-layer k-means 20-18-18" in table
    refused = invoke("extract", *chosen[:4], *KMEANS, "--fields", "21", status=2)
    assert "Invalid value for --fields: fields is 21, but layer 1 has 20 maps" in refused.output


@pytest.mark.slow
@pytest.mark.parametrize("classifier", ["knn-cosine", "knn-euclidean"])
def test_neighbors_are_a_classifier(here, tmp_path, classifier):
    settings = ["--labels", "50", "--draws", "2", "--select-draws", "2", "--features", "pixels", "--no-controls"]
    invoke("eval-svm", "--dataset", SET, *settings, "--classifier", classifier, "--results", tmp_path)
    table = (tmp_path / "tables" / "glyphs-50.md").read_text()
    assert "raw pixels, kNN" in table
    assert "k = " in table


def test_extracting_again_reports_cached_features(here):
    before = {path: path.stat().st_mtime_ns for path in here.glob("runs/*/features/*.h5")}
    assert len(before) == 4  # trained and untrained, train and test
    output = invoke("extract", "--dataset", SET).output
    assert output.count("already in the cache") == 2
    assert before == {path: path.stat().st_mtime_ns for path in here.glob("runs/*/features/*.h5")}


def test_one_layer_needs_no_second_extraction(here):
    result = invoke(
        "eval-svm", "--dataset", SET, "--labels", 50, "--draws", 2, "--C", 0.01, "--layers", 3, "--no-controls"
    )
    assert "conv3" in result.output
    assert len(list(here.glob("runs/*/features/dcgan-*.h5"))) == 2


def test_a_share_of_the_maps_needs_no_second_extraction(here):
    before = {path: path.stat().st_mtime_ns for path in here.glob("runs/*/features/*.h5")}
    arguments = ["--dataset", SET, "--labels", 50, "--draws", 2, "--C", 0.01, "--maps", 0.5, "--maps-seed", 3]
    trained, untrained, pixels = json.loads(invoke("eval-svm", *arguments, "--json").stdout)
    whole = json.loads(invoke("eval-svm", *arguments[:-4], "--no-controls", "--json").stdout)[0]
    assert trained["dimension"] == untrained["dimension"] == whole["dimension"] // 2
    assert (trained["options"]["maps"], trained["options"]["maps_seed"]) == (0.5, 3)
    assert trained["largest_layer"] == whole["largest_layer"] // 2
    assert "maps" not in pixels["options"]
    assert before == {path: path.stat().st_mtime_ns for path in here.glob("runs/*/features/*.h5")}
    planned = json.loads(invoke("eval-svm", *arguments, "--dry-run").stdout)
    assert planned["dcgan"]["columns"] == trained["dimension"]
    refused = invoke("eval-svm", *arguments, "--features", "pixels", "--no-controls", status=2).output
    assert "pixels features have no maps to choose from" in " ".join(refused.split())


def test_table_writes_three_formats(here):
    output = invoke("table").output
    assert "untrained" in output
    for suffix in ("csv", "md", "tex"):
        assert (here / "results" / "tables" / f"glyphs-50.{suffix}").read_text().strip()


def test_the_same_training_command_again_does_nothing(here):
    assert "already finished" in invoke(*TRAIN).output


def test_another_setting_in_the_same_run_is_refused_with_the_difference(here):
    run = next((here / "runs").glob("glyphs*"))
    output = invoke(*TRAIN, "--lr", 0.001, "--run", run, status=2).output
    assert "lr: 0.0002 -> 0.001" in output
    assert "another --run" in output


def test_sample_writes_a_grid_and_arrays(here):
    paths = invoke("sample", "--count", 5, "--seed", 2, "--quiet").output.split()
    assert [path.rpartition(".")[2] for path in paths] == ["png", "npz"]
    with np.load(paths[1]) as arrays:
        assert arrays["images"].shape == (5, 3, 32, 32)
        assert arrays["z"].shape == (5, 8)


def test_dry_run_prints_config_time_and_memory_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = json.loads(invoke(*TRAIN, "--dry-run").stdout)
    assert plan["config"]["network"]["ndf"] == 4
    assert plan["expects"]["seconds"] >= 0
    assert plan["expects"]["memory_bytes"] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "status", "texts"),
    [
        (["train", "--device", "cuda:99"], 2, ["--device", "cuda:99", "auto or cpu"]),
        (["train", "--preset", "cpu16"], 2, ["--preset", "cpu16", "imagenet32"]),
        (["train", "--dataset", SET, "--image-size", "30"], 2, ["--image-size", "30", "multiple of 8"]),
        (["train", "--dataset", SET, "--preset", "faces64"], 2, ["--dataset", "3 x 32 x 32", "prepare --size 64"]),
        (["train", "--dataset", SET, "--batch-size", "1000"], 2, ["--batch-size", "300", "1000"]),
        (["train", "--images", "2 million"], 2, ["--images", "64k or 2M"]),
        (["train", "--no-download"], 2, ["prepare", "glyphs"]),
        (["train", "--dataset", "cifar11"], 2, ["--dataset", "cifar11", "glyphs"]),
        (["extract", "--dataset", SET], 2, ["no trained run", "dcgan-probe train"]),
        (["extract", "--dataset", SET, "--run", "nowhere"], 2, ["--run", "nowhere", "config.json"]),
        (
            ["eval-svm", "--dataset", SET, "--features", "pixels", "--no-controls", "--labels", "55"],
            2,
            ["--labels", "50"],
        ),
        (["eval-svm", "--dataset", SET, "--features", "pixels", "--no-controls", "--C", "-1"], 2, ["--C", "-1"]),
        (["eval-svm", "--dataset", SET, "--features", "pixels", "--C", "0", "--dry-run"], 2, ["--C", "C = 0"]),
        (
            ["eval-svm", "--dataset", SET, "--features", "pixels", "--classifier", "knn-cosine", "--C", "2.5"],
            2,
            ["--C", "k = 2.5", "whole number"],
        ),
        (["eval-svm", "--dataset", SET, "--features", "pixels", "--memory", "5"], 2, ["--memory", "500MB"]),
        (
            ["eval-svm", "--dataset", "glyphs:4000", "--features", "pixels", "--no-controls", "--memory", "1MB"],
            2,
            ["--memory", "needs at least", "the bound is 1 MB"],
        ),
        (["eval-svm", "--dataset", SET, "--features", "pixels", "--classifier", "rbf"], 2, ["--classifier", "svm"]),
        (["table"], 2, ["--results", "eval-svm"]),
        (["sample"], 2, ["no trained run"]),
    ],
)
def test_usage_errors_are_answered_with_advice(arguments, status, texts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    output = " ".join(invoke(*arguments, status=status).output.split())
    for text in texts:
        assert text in output


@pytest.mark.parametrize("layers", ["conv9", "0", "conv1,nonsense"])
def test_unknown_layers_are_refused(here, layers):
    output = invoke("eval-svm", "--dataset", SET, "--labels", 50, "--layers", layers, status=2).output
    assert "--layers" in output
    assert "conv1, conv2, conv3" in output


def test_images_without_labels_are_refused(here, tmp_path):
    path = tmp_path / "bare_train.h5"
    for split in ("train", "test"):
        with h5py.File(tmp_path / f"bare_{split}.h5", "w") as file:
            file["images"] = np.zeros((40, 32, 32, 3), np.uint8)
    output = invoke("eval-svm", "--dataset", path, status=2).output
    assert "has no labels" in output


def test_defaults_that_are_missing_are_reported_and_the_others_done(here, tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    for shade, split in enumerate(("train", "test")):
        with h5py.File(data / f"svhn_{split}.h5", "w") as file:
            file["images"] = np.full((20, 32, 32, 3), shade, np.uint8)
            file["labels"] = np.arange(20) % 10
    result = invoke("extract", "--data-dir", data, "--no-download")
    assert "cifar10: not done" in result.output
    assert result.output.count("written") == 2
    assert (
        "cifar10: not done"
        in invoke("extract", "--data-dir", data, "--no-download", "--dataset", "cifar10", status=1).output
    )


def test_version():
    assert invoke("--version").output.startswith("dcgan-probe, version ")


@pytest.mark.parametrize(
    ("arguments", "option", "takers"),
    [
        (["--features", "kmeans3", "--activation", "hard"], "--activation", "kmeans do"),
        (["--features", "pca", "--kmeans-seed", "1"], "--kmeans-seed", "kmeans, kmeans3 do"),
        (["--features", "kmeans", "--fields", "3"], "--fields", "kmeans3 do"),
        (["--features", "pixels", "--layers", "conv1"], "--layers", "dcgan, random, kmeans3 do"),
        (["--features", "kmeans", "--features", "pca", "--pool", "max"], "--pool", "dcgan, random do"),
    ],
)
def test_options_of_other_features_are_refused(tmp_path, monkeypatch, arguments, option, takers):
    monkeypatch.chdir(tmp_path)
    for verb in (["extract", "--dataset", SET], ["eval-svm", "--dataset", SET, "--no-controls"]):
        result = invoke(*verb, *arguments, status=2)
        assert f"Invalid value for {option}: " in result.stderr
        assert f"features do not have this option; {takers}: omit it" in " ".join(result.stderr.split())


def test_settings_are_compared_on_cached_features(here, monkeypatch):
    def fail(*arguments):
        raise AssertionError("encoded again")

    before = sorted(here.glob("runs/**/*.h5"))
    assert not [path for path in before if path.name.startswith("pixels")]
    monkeypatch.setattr("dcgan_probe.features.cache._Extraction._write", fail)
    arguments = ["--dataset", SET, "--labels", 20, "--draws", 1, "--select-draws", 1, "--results", "compared"]
    found = json.loads(invoke("eval-svm", *arguments, "--validate", "--json").stdout)
    assert [summary["features"] for summary in found] == ["dcgan", "random", "pixels"]
    assert {summary["protocol"] for summary in found} == {"glyphs-validation-20"}
    assert sorted(here.glob("runs/**/*.h5")) == before


def test_pixels_are_not_written_by_extract(here):
    before = sorted(here.glob("runs/**/*.h5"))
    told = invoke("extract", "--features", "pixels", "--dataset", SET, "--split", "train").output
    assert "300 x 3,072 float32, read from the images; no file is written" in told
    assert sorted(here.glob("runs/**/*.h5")) == before


def test_settings_are_compared_without_the_test_split(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    invoke("prepare", SET, "--size", 32, "--out", "data/digits_train.h5")
    arguments = ["--dataset", "digits", "--labels", 50, "--draws", 2, "--select-draws", 2, "--features", "pixels"]
    assert "digits has no test split" in invoke("eval-svm", *arguments, "--no-controls", status=2).output
    (summary,) = json.loads(invoke("eval-svm", *arguments, "--no-controls", "--validate", "--json").stdout)
    assert summary["protocol"] == "digits-validation-50"
