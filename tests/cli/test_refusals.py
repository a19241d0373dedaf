"""Errors reported before any work, each in one message with advice."""

import gzip
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from dcgan_probe.cli import NAMES, main
from dcgan_probe.evaluation import Results, classifiers
from dcgan_probe.features import PixelEncoder
from dcgan_probe.runtime import UserError

EVALUATE = ["eval-svm", "--features", "pixels", "--no-controls", "--C", "1e-3", "-q"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    return tmp_path


@pytest.fixture
def no_work(monkeypatch):
    """Fail if anything is encoded or fitted."""

    def worked(*arguments, **settings):
        raise AssertionError("the refusal comes after the work")

    monkeypatch.setattr(PixelEncoder, "encode", worked)
    monkeypatch.setattr(classifiers, "fit_path", worked)


def write_set(name, labels, test_labels=(0, 1), seed=0):
    random = np.random.default_rng(seed)
    for split, own in (("train", labels), ("test", test_labels)):
        own = np.asarray(own)
        images = random.normal(100 + 60 * (own % 2)[:, None, None, None], 30, (len(own), 4, 4, 3)).clip(0, 255)
        with h5py.File(f"{name}_{split}.h5", "w") as file:
            file["images"], file["labels"] = images.astype(np.uint8), own


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def refused(*arguments, status=2):
    return " ".join(invoke(*arguments, status=status).stderr.split())


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--labels", 4), ("--validate",)], ids=str)
@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([0] * 20 + [1] * 20 + [2], "1 training row of class 2"),
        ([1, 2] * 20, "labels from 1 to 2"),
        ([0, 2] * 20, "labels from 0 to 2"),
        ([0, 1] * 20 + [10**9], "1000000000"),
    ],
    ids=["one row", "from 1", "a gap", "a billion"],
)
def test_labels_are_refused_before_anything_is_encoded(here, no_work, labels, text, more):
    write_set("x", labels, test_labels=labels[-2:])
    message = refused(*EVALUATE, "--dataset", "./x_train.h5", *more)
    assert "Invalid value for --dataset: " in message
    assert text in message
    assert "GB" not in message
    assert not Path("runs").exists()
    assert not Path("results").exists()


def test_a_command_that_is_refused_leaves_no_file_without_a_row(here, monkeypatch):
    write_set("x", [0, 1] * 10)

    def fail(*arguments, **settings):
        raise UserError("a late refusal")

    with monkeypatch.context() as patch:
        patch.setattr(PixelEncoder, "encode", fail)
        patch.setattr("dcgan_probe.evaluation.running.features_of", fail)
        assert refused(*EVALUATE, "--dataset", "./x_train.h5", status=1) == "Error: a late refusal"
    assert not Path("results").exists()
    assert not list(here.rglob(".*"))


def test_a_test_split_of_the_training_images_is_refused_before_anything_is_encoded(here, no_work):
    write_set("x", [0, 1] * 10)
    Path("x_test.h5").write_bytes(Path("x_train.h5").read_bytes())
    assert "are the same images" in refused(*EVALUATE, "--dataset", "./x_train.h5", "--dry-run")


@pytest.mark.parametrize("verb", [EVALUATE, ["eval-supervised", "--preset", "demo"]])
def test_an_impossible_number_of_labels_names_possible_ones(here, no_work, verb):
    write_set("x", [0] * 21 + [1] * 11)
    name = ["--dataset", "./x_train.h5"]
    assert "use at most 20, or all" in refused(*verb, *name, "--labels", 99_999)
    assert "use at most 20, or all" in refused(*verb, *name, "--labels", 22)
    assert "use 18 or 20, at most 20, or all" in refused(*verb, *name, "--labels", 19)
    if verb is EVALUATE:
        invoke(*verb, *name, "--labels", 20, "--draws", 1, "--dry-run")


@pytest.mark.parametrize(
    "name",
    ["new\nline", "x" * 250, "数" * 80, "a\u2028b\x85c", os.fsdecode(b"bad\xff")],
    ids=["line break", "250 letters", "240 bytes", "other line breaks", "no Unicode"],
)
def test_every_name_of_a_set_has_a_table(here, name):
    write_set("other", [0, 1] * 10)
    invoke(*EVALUATE, "--dataset", "./other_train.h5")
    for split, seed in (("train", 0), ("test", 1)):
        random = np.random.default_rng(seed)
        for label in ("a", "b"):
            folder = Path(name) / split / label
            folder.mkdir(parents=True)
            for number in range(5):
                pixels = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
                (folder / f"{number}.ppm").write_bytes(b"P6 4 4 255\n" + pixels.tobytes())
    for more in ([], ["--validate"]):
        shown = invoke(*EVALUATE, "--dataset", f"./{name}", *more).stdout
        assert "raw pixels" in shown
    assert invoke("table").stdout.count("### ") == 3
    protocols = [evaluation.protocol for evaluation in Results("results").evaluations()]
    assert len(set(protocols)) == 3
    assert protocols[2].endswith("-validation-all")
    assert len(list(Path("results/tables").glob("*.md"))) == 3


def test_a_damaged_fits_file_stops_the_table_of_its_own_protocol_alone(here):
    for name in "xy":
        write_set(name, [0, 1] * 10)
        invoke(*EVALUATE, "--dataset", f"./{name}_train.h5")
    results = Results("results")
    first, second = results.evaluations()
    results.fits_path(first.id).write_bytes(b"damaged")
    for path in Path("results/tables").iterdir():
        path.unlink()
    for more in ([], ["--protocol", first.protocol]):
        told = invoke("table", *more, status=1)
        assert f"{results.fits_path(first.id)} is corrupt" in told.stderr
        assert f"The table of {first.protocol} is omitted until then." in told.stderr
        assert ("raw pixels" in told.stdout) == (more == [])
    assert {path.stem for path in Path("results/tables").iterdir()} == {second.protocol}
    assert "raw pixels" in invoke("table", "--protocol", second.protocol).stdout
    # It does not stop an evaluation under another protocol either.
    invoke(*EVALUATE, "--dataset", "./y_train.h5", "--labels", 4, "--draws", 2)


def test_a_cut_row_and_an_odd_one_are_named_and_left_out(here):
    for name in "xyz":
        write_set(name, [0, 1] * 10)
        invoke(*EVALUATE, "--dataset", f"./{name}_train.h5")
    path = Results("results").path
    evaluations = Results("results").evaluations()
    header, first, *others = path.read_text().splitlines(keepends=True)
    path.write_text("".join([header, "odd\x00\n", first, *others])[:-40])
    told = invoke("table")
    assert told.stdout.count("### ") == 2
    message = " ".join(told.stderr.split())
    assert "evaluations.csv, row 2, cannot be read" in message
    assert f"the last row of evaluation {evaluations[2].id} was cut off and is omitted; rerun the command" in message
    # The command completes its records, and reports the rows that it skips.
    again = invoke(*EVALUATE[:-1], "--dataset", "./z_train.h5")
    assert "was cut off and is omitted" in again.stderr
    assert invoke("table").stdout.count("### ") == 3


def test_a_fit_out_of_range_stops_its_own_table_alone(here):
    write_set("x", [0, 1] * 10)
    invoke(*EVALUATE, "--dataset", "./x_train.h5")
    results = Results("results")
    path = results.fits_path(results.evaluations()[0].id)
    content = gzip.decompress(path.read_bytes()).decode()
    accuracy = str(results.records()[0].accuracy)
    path.write_bytes(gzip.compress(content.replace(f",{accuracy},", ",7.5,").encode()))
    assert "accuracy is 7.5, expected 0 to 1" in invoke("table", status=1).stderr


@pytest.mark.parametrize("blocked", ["fits", "predictions", "tables", "unfinished"])
def test_a_results_folder_that_cannot_be_written_is_refused_before_the_work(here, no_work, blocked):
    write_set("x", [0, 1] * 10)
    Path("results").mkdir()
    Path("results", blocked).touch()
    message = refused(*EVALUATE, "--dataset", "./x_train.h5", status=1)
    assert message == f"Error: results/{blocked} cannot be written (Not a directory); choose another folder"


def test_a_folder_that_cannot_be_entered_is_refused_in_one_line_before_the_work(here, no_work, monkeypatch):
    write_set("x", [0, 1] * 10)
    Path("closed").mkdir()
    stat = os.stat

    def closed(path, *arguments, **settings):
        if str(path).startswith(("closed/", str(here / "closed") + "/")):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *arguments, **settings)

    monkeypatch.setattr(os, "stat", closed)
    for option in (("--results", "closed"), ("--runs", "closed", "--features", "pca", "--components", 5)):
        message = refused(*EVALUATE, "--dataset", "./x_train.h5", *option, status=1)
        assert message.startswith("Error: closed/")
        assert "(Permission denied); " in message


def test_a_path_that_is_too_long_is_refused_in_one_line(here):
    for verb in (["table", "--results"], ["sample", "--run"]):
        assert "cannot be accessed (File name too long); " in refused(*verb, "x" * 300, status=1)


@pytest.mark.parametrize("word", ["--epochs", "--num-epochs", "--epochs=5"])
def test_epochs_are_explained_in_images(word):
    message = refused("train", word, *([] if "=" in word else [5]))
    assert f"No such option '{word.split('=')[0]}'; use --images: training is counted in images shown to D" in message
    assert "an epoch is one pass over the training images" in message
    assert "--eps" not in message


@pytest.mark.parametrize("verb", NAMES)
def test_every_verb_explains_epochs(verb):
    message = refused(verb, "--epochs")
    assert "No such option '--epochs'; " in message
    assert "Did you mean" not in message


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["train", "--iterations", 5], "use --images: training is counted in images shown to D, --batch-size images"),
        (["train", "--learning-rate", 5], "No such option '--learning-rate'; use --lr."),
        (["train", "--gpu"], "use --device: such as --device cuda"),
        (["train", "--resume"], "No such option '--resume'; rerun the command to resume."),
        (["eval-svm", "--checkpoint", "x"], "use --run: a run folder"),
        (
            ["eval-svm", "--epochs", 5],
            "'--epochs'; a GAN is trained by `dcgan-probe train --images N`; k-means has --it",
        ),
        (["extract", "--n-epochs", 5], "a GAN is trained by `dcgan-probe train --images N`"),
        (["eval-supervised", "--epochs", 5], "use --settings: how many settings are tried; the number of passes is"),
        (["job", "demo32", "--epochs", 5], "use --time-limit: the length of a job is fixed"),
        (["reproduce", "svhn-1000", "--epochs", 5], "use --scale: the scale determines the length of every training"),
        (["dedup", "x", "--epochs", 5], "use --images: training is counted in images shown to D"),
        (["eval-svm", "--lr", 1], "fits are solved to their optimum"),
        (["eval-svm", "--max_iter", 100], "fits stop at a relative duality gap"),
        (["extract", "--batch-size", 8], "images are read in blocks whose size does not affect results."),
        (["prepare", "x", "--image-size", 8], "use --size."),
        (["prepare", "x", "--output", "y"], "use --out."),
        (["prepare", "--dataset", "x"], "`dcgan-probe prepare SOURCE`"),
        (["eval-svm", "--image-size", 8], "`dcgan-probe prepare SOURCE --size N`"),
        (["sample", "--num-samples", 8], "use --count."),
        (["table", "--gpu"], "this verb computes on the CPU"),
        (["table", "--resluts", "x"], "--results"),
    ],
)
def test_options_of_other_programs_are_explained(arguments, text):
    assert text in refused(*arguments)


def test_the_empty_name_is_no_set(here):
    for verb in (["train"], ["prepare"], ["eval-svm", "--features", "pixels"]):
        name = [""] if verb == ["prepare"] else ["--dataset", ""]
        assert "unknown image set ''" in refused(*verb, *name)


@pytest.mark.parametrize(
    "verb", [["dedup", "glyphs:20", "--out", "x.h5", "--distance"], ["eval-svm", "--features", "random", "--maps"]]
)
def test_shares_are_numbers(here, verb):
    assert f"Invalid value for {verb[-1]}: got {verb[-1][2:]} nan, expected float" in refused(*verb, "nan")


def test_a_deleted_current_folder_is_reported(here, monkeypatch):
    def gone():
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "getcwd", gone)
    message = refused("sample", status=1)
    assert message == "Error: the current folder is unreadable (No such file or directory); cd to another"
