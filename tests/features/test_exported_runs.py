"""A run that leaves as small files and comes back has the features of its rounded weights, without its images."""

import json

import numpy as np
import pytest
import torch

from dcgan_probe.features import export_run, import_run, run_encoder
from dcgan_probe.gan import Run, train
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")


@pytest.fixture
def run(trained_run):
    return trained_run(images=40)


def no_images():
    raise UserError("the training images were asked for", option="dataset")


def test_an_imported_run_has_the_features_of_its_rounded_weights(tmp_path, run, tiny_images):
    done = []
    written = export_run(
        run, tmp_path / "out", training_images=tiny_images, device=CPU, piece_bytes=4_000, on_progress=done.append
    )
    assert sorted(path.relative_to(tmp_path / "out") for path in written) == sorted(
        path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    assert max(path.stat().st_size for path in written if path.suffix == ".part") <= 4_000
    assert done == [20, 40]  # of either network once
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


def test_known_statistics_of_the_untrained_network_are_taken_from_the_run(tmp_path, run, tiny_images):
    run_encoder(run, "random", training_images=tiny_images, device=CPU, grid=2)
    done = []
    export_run(run, tmp_path / "out", training_images=tiny_images, device=CPU, on_progress=done.append)
    assert done == [20]
    assert len(list((tmp_path / "out/batchnorm").iterdir())) == 2


def test_statistics_of_an_earlier_export_go(tmp_path, run, tiny_images):
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
    with pytest.raises(UserError, match="is a run folder; give another one"):
        export_run(run, run.folder, training_images=None, device=CPU)


def test_other_images_than_those_that_trained_the_run_are_refused(tmp_path, run, tiny_images):
    with pytest.raises(UserError, match="need the images that trained"):
        export_run(run, tmp_path / "out", training_images=lambda: tiny_images(seed=1), device=CPU)
