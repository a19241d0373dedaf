import shutil

import pytest
import torch
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.gan import Run

TINY = ["--preset", "demo", "--ndf", "4", "--ngf", "4", "--nz", "8", "--batch-size", "32", "--device", "cpu"]


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def test_a_verb_of_two_words_has_its_old_name(tmp_path):
    for verb in ("import run", "import authors", "import results", "export run"):
        first, second = verb.split()
        usage, older = (invoke(*words, "--help").stdout for words in ((first, second), (f"{first}-{second}",)))
        assert usage.startswith(f"Usage: main {verb} [OPTIONS] ")
        assert older == usage.replace(f"main {verb}", f"main {first}-{second}", 1)
        assert f"  {second} " in invoke(first, "--help").stdout
        assert f"{first}-{second}" not in invoke("--help").stdout
    assert "No such command 'nothing'" in invoke("import", "nothing", status=2).stderr
    assert "Missing argument 'DIR'" in invoke("export", "run", status=2).stderr


@pytest.fixture(scope="module")
def workplace(tmp_path_factory, tiny_run):
    folder = tmp_path_factory.mktemp("workplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("DCGAN_PROBE_DATA", raising=False)
        shutil.copytree(tiny_run, "runs/here")
        invoke("prepare", "glyphs:300", "--out", "some.h5")
        yield folder


def test_an_exported_run_is_imported_and_probed(workplace):
    told = invoke("export", "run", "carried", "--run", "runs/here").stdout
    assert [line.split(": ")[0].split("-real")[0].split("/real")[0] for line in told.splitlines()] == [
        *("carried/weights-01.part", "carried/config.json"),
        *("carried/batchnorm", "carried/batchnorm"),
    ]
    result = invoke("import", "run", "carried")
    assert "runs/carried: demo (nz 8, ndf 4, ngf 4, batch_size 32), 320 images of glyphs seen" in result.stdout
    invoke("eval-svm", "--run", "runs/carried", "--dataset", "glyphs:300", "--C", "0.001", "--no-controls")
    invoke("sample", "--run", "runs/carried", "--count", "2")


def test_runs_that_cannot_be_exported_are_refused(workplace):
    assert "runs/none is not a run folder" in " ".join(
        invoke("export", "run", "out", "--run", "runs/none", status=2).output.split()
    )
    invoke("train", *TINY, "--dataset", "some.h5", "--images", "64", "--run", "runs/lost")
    (workplace / "some.h5").unlink()
    text = " ".join(invoke("export", "run", "lost", "--run", "runs/lost", status=2).output.split())
    assert "some.h5 does not exist, expected a folder of images or an .h5 file. To export without the images" in text
    assert "that trained the run, use --no-statistics" in text
    # With its statistics, the run does not need the images, and pictures of them are omitted.
    invoke("export", "run", "kept", "--run", "runs/here")
    invoke("import", "run", "kept", "--run", "runs/elsewhere")
    config = workplace / "runs/elsewhere/config.json"
    config.write_text(config.read_text().replace("glyphs:300", "some.h5"))
    checkpoint = torch.load(workplace / "runs/elsewhere/checkpoint.pt", weights_only=True)
    checkpoint["config"]["dataset"] = "some.h5"
    torch.save(checkpoint, workplace / "runs/elsewhere/checkpoint.pt")
    result = invoke("walk", "--run", "runs/elsewhere", "--points", "2", "--steps", "3")
    assert "nearest training images left out, since the images that trained the run are missing" in result.output
    assert {path.suffix for path in (workplace / "runs/elsewhere/figures").iterdir()} == {".png", ".webp", ".json"}
    assert "nearest_mirrored" not in next((workplace / "runs/elsewhere/figures").glob("*.json")).read_text()
    assert invoke("export", "run", "lost", "--run", "runs/lost", "--no-statistics", "--piece", "3k").stdout.count(
        ": 3 kB"
    )
    invoke("export", "run", "again", "--run", "runs/here")
    text = " ".join(invoke("import", "run", "again", "--run", "runs/here", status=2).output.split())
    assert "holds a run already" in text


def test_imported_results_are_added_to_the_records(workplace):
    command = ["eval-svm", "--run", "runs/here", "--dataset", "glyphs:300", "--C", "0.001", "--no-controls"]
    invoke(*command, "--results", "elsewhere")
    invoke(*command, "--features", "pixels", "--results", "here")
    told = invoke("import", "results", "elsewhere", "--results", "here").stdout.splitlines()
    assert told == ["here/evaluations.csv: 1 new evaluations from elsewhere", "here/tables/glyphs-all.md"]
    table = (workplace / "here/tables/glyphs-all.md").read_text()
    assert "| DCGAN demo" in table
    assert "| raw pixels" in table
    assert "0 new evaluations" in invoke("import", "results", "elsewhere", "--results", "here").stdout
    (workplace / "nowhere").mkdir()
    assert "nowhere/evaluations.csv is missing" in " ".join(
        invoke("import", "results", "nowhere", "--results", "here", status=2).output.split()
    )
    assert not list((workplace / "nowhere").iterdir())


def test_a_time_limit_ends_training_and_the_same_command_continues(workplace):
    command = ["train", *TINY, "--dataset", "glyphs:300", "--run", "runs/limited"]
    output = invoke(*command, "--images", "10M", "--time-limit", "0.5s").output
    assert "time limit reached; rerun the command to resume" in output
    run = Run("runs/limited")
    position = run.position()
    assert 0 < position < 10_000_000
    assert (run.folder / "batchnorm").exists()
    invoke(*command, "--images", "10M", "--time-limit", "0.5s")
    assert run.position() > position


@pytest.mark.parametrize("text", ["8", "m", "-1s", "infs", "0s", "2d"])
def test_a_time_needs_its_unit(workplace, text):
    assert f"{text!r} is not a time: expected one such as 90s, 8m or 2h" in invoke(
        "train", "--time-limit", text, status=2
    ).output.replace("\n", " ")


def test_a_conversion_is_reported(made_up_rows, tmp_path, monkeypatch):
    made_up_rows(tmp_path)("a", "dcgan", 120)

    def converted(count, unknown):
        monkeypatch.setattr("dcgan_probe.report.results_folders.convert_results", lambda *arguments: (count, unknown))
        return invoke("convert-results", "--results", tmp_path, "--data-dir", "images")

    done = converted(2, ["a"])
    assert done.stdout.splitlines() == [
        f"{tmp_path}: 2 evaluations converted; the old files are in {tmp_path / 'schema-2'}",
        str(tmp_path / "tables" / "glyphs-30.md"),
    ]
    assert done.stderr == (
        "1 evaluations assume classes of equal size, since images does not hold their training images\n"
    )
    again = converted(0, [])
    assert "already converted; the old files are in" in again.stdout
    assert again.stderr == ""
