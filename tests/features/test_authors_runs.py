"""Import of released weights from Python: runs, missing parts and refused inputs."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from dcgan_probe.features import ImportAuthorsConfig, authors_runs, import_authors, missing_parts
from dcgan_probe.gan import RELEASED, AuthorsWeights, preset_config
from dcgan_probe.networks import build_discriminator
from dcgan_probe.runtime import UserError, Workspace


@pytest.fixture
def weights():
    """Return the weights of a small discriminator in the form of released weights."""
    config = preset_config("demo", dataset="glyphs:256", ndf=4, ngf=4, precision="float32")
    config = replace(config, preset="authors-svhn32")
    return AuthorsWeights(
        config=config,
        released=RELEASED["svhn32"],
        discriminator=build_discriminator(config.network, 0).state_dict(),
        generator=None,
        without_generator="its arrays are missing",
        folder="released",
        epoch=200,
        missing={},
        fingerprints={},
    )


@pytest.fixture
def place(tmp_path, monkeypatch, weights):
    monkeypatch.setattr(authors_runs, "read_authors", lambda folder, configs: weights)
    return Workspace(tmp_path / "runs", download=False, device="cpu")


def test_a_run_is_made_with_the_statistics_of_its_images(place, tmp_path):
    config = ImportAuthorsConfig(tmp_path, "glyphs:256")
    steps, losses, notes = [], [], []
    imported = import_authors(config, place, on_step=steps.append, on_loss=losses.append, on_note=notes.append)
    assert imported.run.folder == tmp_path / "runs" / "authors-svhn32"
    assert imported.describe() == (
        f"{imported.run.folder}: authors-svhn32, epoch 200, conv1 to conv3, no generator, "
        "statistics of 256 images of glyphs"
    )
    assert losses == ["No generator: its arrays are missing. Commands that need only the discriminator work."]
    (note,) = notes
    assert note.startswith("The authors trained this net on svhn, and tables report that set; the batch-norm ")
    assert (steps[-1].title, steps[-1].done, steps[-1].total) == ("batch-norm statistics of dcgan", 256, 256)
    assert len(list((imported.run.folder / "batchnorm").glob("real-permuted-*.pt"))) == 1
    (session,) = json.loads(imported.run.config_path.read_text())["sessions"]
    assert session["command"] == shlex.split(config.to_command(place))
    with pytest.raises(UserError, match="holds a run already"):
        import_authors(config, place)
    other = import_authors(replace(config, run=tmp_path / "other"), place, command=["typed"])
    assert json.loads(other.run.config_path.read_text())["sessions"][0]["command"] == ["typed"]


def test_missing_images_are_refused_before_the_run_is_made(place, tmp_path):
    with pytest.raises(UserError, match="unknown image set 'no-set'"):
        import_authors(ImportAuthorsConfig(tmp_path, "no-set"), place)
    assert not place.runs.exists()


@pytest.mark.parametrize(
    ("missing", "lines"),
    [
        ({}, 1),
        ({"output": ["8.npy"]}, 3),
        ({"conv3": ["5.npy"]}, 4),
    ],
)
def test_missing_layers_are_named_with_the_consequences(weights, missing, lines):
    said = missing_parts(replace(weights, missing=missing))
    assert len(said) == lines
    assert ("The discriminator has no output layer, so it cannot score images." in said) == bool(missing)
    assert ("The features end at conv3, the last layer before the missing ones." in said) == ("conv3" in missing)
    assert all(f"{layer} is missing: {', '.join(files)}" in said for layer, files in missing.items())


def test_a_config_is_typed():
    config = ImportAuthorsConfig(Path("models/svhn"), "svhn", Path("runs/x"))
    assert config.to_command(Workspace(results=Path("elsewhere"), device="cpu")) == (
        "dcgan-probe import authors models/svhn --dataset svhn --run runs/x --device cpu"
    )
