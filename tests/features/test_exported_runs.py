"""Exported and imported runs: features of the rounded weights, without training images."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dcgan_probe.features import (
    ExportRunConfig,
    ImportRunConfig,
    export_named_run,
    export_run,
    import_run,
    run_encoder,
)
from dcgan_probe.gan import Run, train
from dcgan_probe.images import load_images
from dcgan_probe.runtime import UserError, Workspace

CPU = torch.device("cpu")


@pytest.fixture
def run(trained_run):
    return trained_run(images=40)


def no_images():
    raise UserError("the training images were asked for", parameter="dataset")


def test_an_imported_run_has_the_features_of_its_rounded_weights(tmp_path, run, tiny_images):
    done = []
    written = export_run(
        run, tmp_path / "out", training_images=tiny_images, device=CPU, piece_bytes=4_000, on_progress=done.append
    )
    assert sorted(path.relative_to(tmp_path / "out") for path in written) == sorted(
        path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    assert max(path.stat().st_size for path in written if path.suffix == ".part") <= 4_000
    assert done == [20, 40]  # once per network
    again = import_run(tmp_path / "out", tmp_path / "again")
    bare = import_run(tmp_path / "out", tmp_path / "bare")
    for path in (bare.folder / "batchnorm").iterdir():
        path.unlink()
    for features in ("dcgan", "random"):
        found = run_encoder(again, features, training_images=no_images, device=CPU, grid=2)
        expected = run_encoder(bare, features, training_images=tiny_images, device=CPU, grid=2)
        assert found.settings == expected.settings
        assert np.array_equal(found.encode(tiny_images().images), expected.encode(tiny_images().images))
    unrounded = run_encoder(run, "random", training_images=tiny_images, device=CPU, grid=2)
    assert unrounded.settings == found.settings
    unrounded = run_encoder(run, "dcgan", training_images=tiny_images, device=CPU, grid=2)
    rounded = run_encoder(again, "dcgan", training_images=no_images, device=CPU, grid=2)
    assert unrounded.settings["weights"] != rounded.settings["weights"]


def test_stored_statistics_of_the_untrained_network_are_copied(tmp_path, run, tiny_images):
    run_encoder(run, "random", training_images=tiny_images, device=CPU, grid=2)
    done = []
    export_run(run, tmp_path / "out", training_images=tiny_images, device=CPU, on_progress=done.append)
    assert done == [20]
    assert len(list((tmp_path / "out/batchnorm").iterdir())) == 2


def test_statistics_of_an_earlier_export_are_deleted(tmp_path, run, tiny_images):
    export_run(run, tmp_path / "out", training_images=tiny_images, device=CPU)
    export_run(run, tmp_path / "out", training_images=None, device=CPU)
    assert list((tmp_path / "out/batchnorm").iterdir()) == []
    with pytest.raises(UserError, match="the training images were asked for"):
        run_encoder(import_run(tmp_path / "out", tmp_path / "again"), training_images=no_images, device=CPU)


def test_an_export_names_no_folder_of_its_machine(tmp_path, run, tiny_images):
    export_run(run, tmp_path / "out", training_images=tiny_images, device=CPU)
    stored = json.loads((tmp_path / "out/config.json").read_text())
    assert stored["trained_on"]["source"] == "tiny (train)"
    assert "command" in json.loads(run.config_path.read_text())["sessions"][0]
    assert all("command" not in session for session in stored["sessions"])
    assert str(tmp_path) not in (tmp_path / "out/config.json").read_text()


def test_a_conditional_run_has_no_statistics(tmp_path, tiny_config, tiny_images):
    train(tiny_config(images=40, classes=3), tiny_images(), tmp_path / "run", device=CPU)
    export_run(Run(tmp_path / "run"), tmp_path / "out", training_images=no_images, device=CPU)
    assert import_run(tmp_path / "out", tmp_path / "again").generator().config.classes == 3
    assert not (tmp_path / "out/batchnorm").exists()


def test_an_earlier_export_stays_whole_where_a_new_one_fails(tmp_path, run, tiny_images):
    export_run(run, tmp_path / "out", training_images=tiny_images, device=CPU)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    with pytest.raises(UserError, match="the training images were asked for"):
        export_run(run, tmp_path / "out", training_images=no_images, device=CPU, piece_bytes=4_000)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_a_run_folder_is_not_written_into(tmp_path, run):
    with pytest.raises(UserError, match="is a run folder; give another folder"):
        export_run(run, run.folder, training_images=None, device=CPU)


def test_other_images_than_those_that_trained_the_run_are_refused(tmp_path, run, tiny_images):
    with pytest.raises(UserError, match="need the images that trained"):
        export_run(run, tmp_path / "out", training_images=lambda: tiny_images(seed=1), device=CPU)


def test_a_run_is_exported_by_its_name_and_imported_under_another(tmp_path, tiny_config, glyphs_run):
    place = Workspace(tmp_path / "runs", download=False, device="cpu")
    steps, notes = [], []
    config = ExportRunConfig(tmp_path / "out", piece=4_000)
    written = export_named_run(config, place, on_step=steps.append, on_note=notes.append)
    assert notes == [f"Using the run trained last: {tmp_path / 'runs' / 'glyphs'}"]
    assert {step.title for step in steps} == {"batch-norm statistics"}
    assert (steps[-1].done, steps[-1].total) == (60, 60)  # once per network
    assert max(path.stat().st_size for path in written if path.suffix == ".part") <= 4_000
    named = ExportRunConfig(tmp_path / "bare", run=Path("glyphs"), statistics=False)
    assert not any(path.suffix == ".pt" for path in export_named_run(named, place, on_note=notes.append))
    assert len(notes) == 1

    back = ImportRunConfig(tmp_path / "out")
    assert back.target(place) == tmp_path / "runs" / "out"
    assert import_run(back.folder, back.target(place)).config == glyphs_run.config
    assert ImportRunConfig(tmp_path / "out", tmp_path / "x").target(place) == tmp_path / "x"


@pytest.fixture
def glyphs_run(tmp_path, tiny_config):
    images = load_images("glyphs:30", "train")
    config = tiny_config(images=20)
    network = replace(config.network, image_size=images.height, strides=(2, 2))
    train(replace(config, dataset="glyphs:30", network=network), images, tmp_path / "runs" / "glyphs", device=CPU)
    return Run(tmp_path / "runs" / "glyphs")


def test_an_export_without_a_run_or_its_images_is_refused(tmp_path, glyphs_run):
    place = Workspace(tmp_path / "none")
    with pytest.raises(UserError, match="there is no trained run under"):
        export_named_run(ExportRunConfig(tmp_path / "out"), place)
    with pytest.raises(UserError, match="none is not a run folder"):
        export_named_run(ExportRunConfig(tmp_path / "out", run=Path("none")), place)
    with pytest.raises(UserError, match="got piece 0, expected at least 1"):
        ExportRunConfig(tmp_path / "out", piece=0)
