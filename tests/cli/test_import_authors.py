"""Authors' weights on the command line, with random arrays of the SVHN net's shapes and built-in images."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.gan import Run

SET = "glyphs:300"
DISCRIMINATOR = [
    *[(64, 3, 5, 5), (128, 64, 5, 5), (128,), (128,)],
    *[(256, 128, 5, 5), (256,), (256,), (4096, 1)],
]
GENERATOR = [
    *[(100, 4096), (4096,), (4096,), (256, 128, 5, 5), (128,), (128,)],
    *[(128, 64, 5, 5), (64,), (64,), (64, 3, 5, 5)],
]


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def write(folder, **kinds):
    folder.mkdir()
    random = np.random.default_rng(0)
    for kind, shapes in kinds.items():
        for number, shape in enumerate(shapes, 1):
            deviation = 0.2 if len(shape) == 1 else float(np.prod(shape[1:])) ** -0.5
            array = random.normal(float(len(shape) == 1), deviation, shape).astype(np.float32)
            np.save(folder / f"200_{kind}_params.jl_{number:02d}.npy", array)
    return folder


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """Return a folder with the released net, and the output of its import."""
    folder = tmp_path_factory.mktemp("workplace")
    write(folder / "released", discrim=DISCRIMINATOR, gen=GENERATOR)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("DCGAN_PROBE_DATA", raising=False)
        patch.setattr("dcgan_probe.gan.released.imported_run.BATCHES", 1)
        result = invoke("import", "authors", "released", "--dataset", SET, "--device", "cpu")
    return folder, result


@pytest.fixture
def here(workplace, monkeypatch):
    monkeypatch.chdir(workplace[0])
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    monkeypatch.setattr("dcgan_probe.gan.released.imported_run.BATCHES", 1)
    return workplace[0]


def test_the_import_is_described(workplace):
    assert workplace[1].stdout == (
        "runs/authors-svhn32: authors-svhn32, epoch 200, conv1 to conv3, generator, "
        "statistics of 300 images of glyphs\n"
    )
    assert "trained this net on svhn, and tables report that set; the batch-norm statistics come from glyphs." in (
        workplace[1].stderr
    )
    assert "missing" not in workplace[1].stderr


def test_it_is_an_ordinary_run_for_the_other_verbs(here):
    run = "runs/authors-svhn32"
    (kept,) = (here / run / "batchnorm").iterdir()
    assert kept.name.startswith("real-permuted-")
    written = kept.stat().st_mtime_ns
    assert (
        "300 x 7,168 float32, written" in invoke("extract", "--run", run, "--dataset", SET, "--split", "train").output
    )
    # Extraction uses the statistics of the import.
    assert [path.stat().st_mtime_ns for path in (here / run / "batchnorm").iterdir()] == [written]
    arguments = ["--dataset", SET, "--labels", 50, "--draws", 2, "--C", 0.001, "--no-controls", "--json"]
    (row,) = json.loads(invoke("eval-svm", "--run", run, *arguments).stdout)
    assert (row["network"], row["trained_on"], row["trained_on_images"]) == ("authors-svhn32", "svhn", 63_257)
    assert row["images_seen"] == 6_325_700
    assert row["dimension"] == 7_168
    grid, arrays = invoke("sample", "--run", run, "--count", 4, "--quiet").output.split()
    assert grid.endswith(".png")
    with np.load(arrays) as drawn:
        assert drawn["images"].std() > 10


def test_a_second_import_and_a_training_are_refused(here):
    output = " ".join(invoke("import", "authors", "released", "--dataset", SET, status=2).output.split())
    assert "Invalid value for --run: runs/authors-svhn32 holds a run already; give another --run" in output
    train = ["train", "--preset", "svhn32", "--dataset", SET, "--device", "cpu", "--run", "runs/authors-svhn32"]
    output = " ".join(invoke(*train, status=2).output.split())
    assert "holds imported weights, without the optimizers' state" in output


def test_missing_arrays_are_named_and_the_rest_works(here):
    write(here / "part", discrim=DISCRIMINATOR)
    (here / "part" / "200_discrim_params.jl_05.npy").unlink()
    result = invoke("import", "authors", "part", "--dataset", SET, "--run", "runs/part", "--quiet")
    assert result.stderr.splitlines() == [
        "conv3 is missing: 200_discrim_params.jl_05.npy",
        "The features end at conv2, the last layer before the missing ones.",
        "The discriminator has no output layer, so it cannot score images.",
        "No generator: part holds no 200_gen_params.jl_NN.npy. Commands that need only the discriminator work.",
    ]
    assert "conv1 to conv2, no generator" in result.stdout
    extract = ["extract", "--run", "runs/part", "--dataset", SET, "--split", "test"]
    assert "60 x 3,072 float32, written" in invoke(*extract).output
    output = " ".join(invoke(*extract, "--layers", "conv3", status=2).output.split())
    assert "unknown layer conv3: expected all, or some of conv1, conv2" in output
    assert "was imported without a generator" in invoke("sample", "--run", "runs/part", status=2).output


def test_images_of_another_size_are_refused(here):
    invoke("prepare", "glyphs:20", "--size", 16, "--out", "small.h5", "--quiet")
    command = ["import", "authors", "released", "--dataset", "small.h5", "--run", "runs/small"]
    output = " ".join(invoke(*command, status=2).output.split())
    assert "Invalid value for --dataset" in output
    assert "3 x 16 x 16" in output
    assert "prepare" in output
    assert not Run("runs/small").folder.exists()


def test_a_folder_without_arrays_is_refused(here):
    (here / "empty").mkdir()
    assert (
        "holds no array of a discriminator" in invoke("import", "authors", "empty", "--dataset", SET, status=1).output
    )
    assert "'nowhere' does not exist" in invoke("import", "authors", "nowhere", "--dataset", SET, status=2).output
    assert "Missing option '--dataset'" in invoke("import", "authors", "released", status=2).output


def test_help_shows_an_example_and_defaults():
    output = invoke("import", "authors", "--help").output
    assert "dcgan-probe import authors models/svhn_unsup" in output
    assert "[default:" in output
