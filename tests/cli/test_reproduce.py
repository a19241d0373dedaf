"""Whole table by one command: its plan, rows, finished rows and failures."""

import re

import h5py
import numpy as np
import pandas
import pytest
import torch
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.features.pca import PrincipalAxes
from dcgan_probe.gan import RELEASED
from dcgan_probe.images import load_images
from dcgan_probe.runtime import Step, UserError
from dcgan_probe.storage import write_toml

KMEANS = {"patches": 300, "iterations": 2, "centroids": 8}
FIELDS = {"fields": 2, "field_maps": 4, "field_centroids": 4, "field_components": 4, "field_windows": 100}
TRAIN = {"preset": "demo", "dataset": "svhn", "images": 256}


def table_plan(train=TRAIN, untrained=(0, 1), released=False):
    """Return the plan of a tiny table, as parsed from TOML."""
    rows = [
        {"features": "dcgan", "run": "net"},
        *({"features": "random", "run": "net", "options": {"network_seed": seed}} for seed in untrained),
        *({"features": features} for features in ("pixels", "whitened", "pca")),
        {"features": "kmeans", "options": KMEANS},
        {"features": "kmeans3", "options": {**KMEANS, **FIELDS}},
        *({"features": "pixels", "classifier": metric} for metric in ("knn-euclidean", "knn-cosine")),
        *({"features": "dcgan", "run": "net", "classifier": metric} for metric in ("knn-euclidean", "knn-cosine")),
        {"kind": "supervised", "preset": "demo", "settings": 1},
    ]
    runs = {"net": {"train": train}}
    if released:
        for net in ("svhn32", "imagenet32"):
            runs[f"authors-{net}"] = {"import_authors": {"net": net, "dataset": "svhn"}}
            rows += [{"features": features, "run": f"authors-{net}"} for features in ("dcgan", "random")]
    protocols = [{"name": "200", "labels": 200, "draws": 1, "select_draws": 1}]
    return {"dataset": "svhn", "scales": {"smoke": "tiny"}, "protocols": protocols, "runs": runs, "rows": rows}


DISCRIMINATOR = [(4, 3, 5, 5), (8, 4, 5, 5), (8,), (8,), (16, 8, 5, 5), (16,), (16,), (256, 1)]
"""Shapes of the authors' arrays of the SVHN net, at a width of 4 maps."""


def pixel_axes(images):
    """Return the axes of the pixels: principal axes of 3,072 pixels take seconds, and are tested elsewhere."""
    width = images.channels * images.height * images.width
    return PrincipalAxes(torch.zeros(width), torch.eye(width), torch.ones(width))


@pytest.fixture(scope="module")
def place(tmp_path_factory, narrow_presets):
    """Return a folder with digits named as SVHN, and the settings of a tiny table."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "data").mkdir()
    for split, count in (("train", 300), ("test", 60)):
        images = load_images("glyphs:300", split)
        with h5py.File(folder / "data" / f"svhn_{split}.h5", "w") as file:
            file["images"] = images.images[:count].transpose(0, 2, 3, 1)
            file["labels"] = images.labels[:count]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("DCGAN_PROBE_DATA", raising=False)
        write_toml("svhn-1000.toml", table_plan())
        patch.setattr("os.sched_getaffinity", lambda process: {0})  # one worker: this process
        patch.setattr("dcgan_probe.gan.rehearsal.STEPS", 1)
        narrow_presets(patch, "demo", "svhn32")
        patch.setattr("dcgan_probe.features.pca.principal_axes", pixel_axes)
        yield folder


def reproduce(*arguments, status=0):
    result = CliRunner().invoke(main, ["reproduce", "svhn-1000.toml", "--scale", "smoke", "--no-download", *arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


@pytest.mark.slow
def test_a_table_is_planned_and_made_once(place):
    plan = reproduce("--dry-run").stdout
    assert "svhn-1000 at scale smoke: 13 rows, 0 of them in the records. To do: 13 rows, a training; in about" in plan
    assert plan.count("dcgan-probe ") == 14
    assert not (place / "runs").exists()

    made = reproduce()
    records = pandas.read_csv(place / "runs" / "smoke" / "results" / "evaluations.csv")
    features = records["features"].tolist()
    expected = ["dcgan", "random", "random", "pixels", "whitened", "pca", "kmeans", "kmeans3", *["pixels"] * 2]
    assert features == [*expected, *["dcgan"] * 2, "supervised"]
    assert "[14/14] done in" in made.stderr
    for name in ("DCGAN demo", "untrained demo", "three-layer k-means 8-8-8", "supervised CNN demo", "kNN (cosine)"):
        assert name in made.stdout
    compared = (place / "runs" / "smoke" / "results" / "tables" / "svhn-200-comparisons.csv").read_text()
    assert compared.count("\n") == 13  # a header, and the DCGAN with each of 12 rows
    assert all(command in plan for command in set(records["command"]))

    again = reproduce()
    assert "13 rows, 13 of them in the records; nothing to do." in again.stderr
    assert again.stdout == made.stdout
    assert len(pandas.read_csv(place / "runs" / "smoke" / "results" / "evaluations.csv")) == len(records)


def test_a_row_that_is_missing_is_made_alone(place):
    reproduce()
    path = place / "runs" / "smoke" / "results" / "evaluations.csv"
    records = pandas.read_csv(path, dtype=str, keep_default_na=False)
    last = records[(records["features"] == "pca")].index
    records.drop(last).to_csv(path, index=False, lineterminator="\n")
    made = reproduce()
    assert "13 rows, 12 of them in the records. To do: 1 row; in about" in made.stderr
    assert "[1/1] dcgan-probe eval-svm --dataset svhn --labels 200 --features pca" in made.stderr


@pytest.mark.slow
def test_a_failed_row_leaves_the_others_and_is_reported_at_the_end(place, monkeypatch):
    def fail(*arguments):
        raise UserError("the disk is full")

    monkeypatch.setattr("dcgan_probe.features.source_functions.kept_axes", fail)
    result = reproduce("--results", "other", status=1)
    assert re.search(r"2 of 1[34] steps failed:\ndcgan-probe eval-svm .*--features whitened", result.stderr)
    assert result.stderr.count(": the disk is full") == 2
    assert len(set(pandas.read_csv(place / "other" / "evaluations.csv")["id"])) == 11


def test_an_interruption_keeps_finished_rows(place, monkeypatch):
    def interrupted(config, workspace, on_progress, on_note):
        on_progress(Step("fits", 1, 2, "fits", kept=True))
        raise KeyboardInterrupt

    monkeypatch.setattr("dcgan_probe.reproduce.table_runs.run_evaluation", interrupted)
    result = reproduce("--results", "third", status=130)
    assert "Finished work is kept; rerun the command to resume." in result.stderr


@pytest.mark.slow
def test_rows_that_need_no_run_are_made_without_the_training_images(place, monkeypatch):
    write_toml("svhn-1000.toml", table_plan({**TRAIN, "dataset": "elsewhere"}, untrained=()))
    plan = reproduce("--results", "fourth", "--dry-run").stdout
    assert "Cannot run, nor can the rows that need its run: dcgan-probe train" in plan
    assert "unknown image set 'elsewhere'" in plan
    result = reproduce("--results", "fourth", status=1)
    assert "4 of 12 steps failed" in result.stderr
    assert result.stderr.count("the run elsewhere-demo-s0 is missing") == 3
    assert len(set(pandas.read_csv(place / "fourth" / "evaluations.csv")["id"])) == 8


@pytest.mark.slow
def test_the_authors_weights_have_rows_and_missing_ones_are_reported(place, monkeypatch):
    random = np.random.default_rng(0)
    folder = place / "data" / "authors" / RELEASED["svhn32"].folder
    folder.mkdir(parents=True)
    for number, shape in enumerate(DISCRIMINATOR, 1):
        array = random.normal(len(shape) == 1, 0.05, shape).astype(np.float32)
        np.save(folder / f"200_discrim_params.jl_{number:02d}.npy", array)
    write_toml("svhn-1000.toml", table_plan(released=True))
    plan = " ".join(reproduce("--results", "fifth", "--dry-run").stdout.split())
    work = r"15 rows,( a training,)? an import of the authors' weights; in about"  # trained if this test comes first
    assert re.search(rf"15 rows, 0 of them in the records\. To do: {work}", plan)
    assert "The rows of the authors' imagenet32 net are omitted: data/authors/imagenet_gan_pretrain" in plan
    assert "of https://github.com/Newmu/dcgan_code (MIT license)" in plan
    assert f"dcgan-probe import authors {folder.relative_to(place)} --dataset svhn --runs runs/smoke" in plan

    made = reproduce("--results", "fifth")
    evaluations = pandas.read_csv(place / "fifth" / "evaluations.csv")
    own = evaluations[evaluations["network"] == "authors-svhn32"]
    assert own["features"].tolist() == ["dcgan", "random"]
    assert set(own["run"]) == {"runs/smoke/authors-svhn32"}
    assert "untrained authors-svhn32" in made.stdout
    assert "15 of them in the records; nothing to do." in reproduce("--results", "fifth").stderr


def test_missing_images_are_named_without_an_option_missing_from_the_verb(place):
    result = reproduce("--data-dir", "nowhere", status=1)
    assert "svhn, train split: not in nowhere" in result.stderr
    assert "--dataset:" not in result.stderr


def test_an_unknown_table_is_a_usage_error(place):
    result = CliRunner().invoke(main, ["reproduce", "mnist"])
    assert result.exit_code == 2
    assert "unknown table 'mnist': expected cifar10, guidelines, svhn-1000, or the path of a .toml file" in " ".join(
        result.output.split()
    )
