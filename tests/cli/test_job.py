import shlex
import shutil
from dataclasses import replace

import pytest
from click.testing import CliRunner

from dcgan_probe.cli import job as job_module, main
from dcgan_probe.evaluation import EvalConfig, Results
from dcgan_probe.gan import Run, thinned
from dcgan_probe.presets import TrainingPlan
from dcgan_probe.reproduce import Job, evaluation_steps, job_training, jobs as jobs_module, keep_samples, read_jobs
from dcgan_probe.runtime import Workspace

JOBS = read_jobs()
TINY = (
    *("--preset", "demo", "--ndf", "4", "--ngf", "4", "--nz", "8", "--batch-size", "32", "--device", "cpu"),
    *("--dataset", "glyphs:300", "--images", "320"),
)
PLAN = TrainingPlan(preset="demo", ndf=4, ngf=4, nz=8, batch_size=32, dataset="glyphs:300", images=320)
PROTOCOL = EvalConfig(dataset="glyphs:300", labels=50, draws=2, select_draws=2)


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Make the first job small enough for a test."""
    first = replace(JOBS[0], train=replace(PLAN, probe_labels=200), protocols=(PROTOCOL,))
    monkeypatch.setattr(job_module, "read_jobs", lambda: (first,))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    return tmp_path


def test_jobs_are_listed_most_informative_first(monkeypatch, tmp_path):
    monkeypatch.setattr(jobs_module, "training_rate", lambda device: 2.5e11)
    lines = invoke("job", "--list", "--device", "cpu", "--data-dir", tmp_path, "--no-download").stdout.splitlines()
    assert lines == invoke("job", "--device", "cpu", "--data-dir", tmp_path, "--no-download").stdout.splitlines()
    assert lines[0].split() == ["job", "training", "images", "time", "MB", "in", "MB", "out"]
    assert [line.split()[0] for line in lines[1::2]] == [job.name for job in JOBS]
    assert [line.strip() for line in lines[2::2]] == [job.question for job in JOBS]
    assert [job.name for job in JOBS][:4] == ["imagenet32", "imagenet32-flips", "imagenet32-seed1", "svhn32"]
    # 0.5354 G operations for each of 19.2 million images, at 0.25 T a second: 41,000 s.
    assert lines[1].split() == ["imagenet32", "tiny_imagenet32", "(missing)", "11.4", "h", "?", "23"]


def test_the_list_shows_the_size_of_the_images_on_this_machine(small):
    assert invoke("job", "--device", "cpu").stdout.splitlines()[1].split()[1:3] == ["glyphs:300", "(300)"]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_command_of_a_job_is_valid(job, tmp_path):
    run = Run(tmp_path / "run")
    commands = [step.command for step in evaluation_steps(job, run, Workspace(runs=tmp_path))]
    if not job.trained_by:
        plan = job_training(job, 60.0)
        assert (plan.probe_every is None) == (not job.protocols)
        assert plan.time_limit == 60.0
        commands.append(plan.to_command(Workspace(runs=tmp_path), run.folder))
    for command in commands:
        _, verb, *arguments = shlex.split(command)
        with main.commands[verb].make_context(verb, arguments) as context:
            assert str(context.params.get("folder") or context.params.get("run")).startswith(str(tmp_path))


@pytest.mark.slow
def test_a_job_exports_weights_that_are_evaluated_elsewhere(small):
    invoke("job", "imagenet32", "--out", "out", "--time-limit", "5m", "--probe-dataset", "glyphs:600")
    kept = {path.relative_to(small / "out").as_posix() for path in (small / "out").rglob("*")}
    assert {"config.json", "weights-01.part", "stats.jsonl", "curves.png", "samples/real.png", "batchnorm"} <= kept
    assert not any(name.endswith((".h5", "checkpoint.pt", ".csv")) for name in kept)
    rows = Run(small / "out").stats()
    assert rows == Run(small / "runs/imagenet32").stats()
    assert rows[-1]["probe_accuracy"] is not None
    # Another machine has neither the run nor its training images.
    shutil.rmtree(small / "runs")
    for _ in range(2):  # an interrupted evaluation is repeated
        invoke("job", "imagenet32", "--evaluate", "out", "--results", "found")
        assert [summary.features for summary in Results(small / "found").summaries()] == ["dcgan", "random"]
    assert Run(small / "runs/imagenet32").position() == 320
    assert (small / "found/tables/glyphs-50.md").exists()


@pytest.mark.slow
def test_weights_that_differ_from_an_earlier_import_are_refused(small, tiny_run):
    invoke("train", *TINY, "--images", 32, "--seed", 1, "--run", "another")
    invoke("export", "run", "one", "--run", tiny_run)
    invoke("export", "run", "two", "--run", "another")
    invoke("job", "imagenet32", "--evaluate", "one")
    output = " ".join(invoke("job", "imagenet32", "--evaluate", "two", status=2).output.split())
    assert "runs/imagenet32 and two hold different weights; move runs/imagenet32, or use another folder" in output
    (small / "nowhere").mkdir()
    assert "nowhere has no config.json" in invoke("job", "imagenet32", "--evaluate", "nowhere", status=1).output


@pytest.mark.slow
def test_a_run_trained_here_is_not_evaluated_as_an_import(small, tiny_run):
    shutil.copytree(tiny_run, "runs/imagenet32")
    invoke("export", "run", "out", "--run", "runs/imagenet32")
    output = " ".join(invoke("job", "imagenet32", "--evaluate", "out", status=2).output.split())
    assert "runs/imagenet32 holds a run trained here, not an import of out; evaluate" in output
    invoke("job", "imagenet32", "--evaluate", "runs/imagenet32")
    assert len(Results(small / "results").summaries()) == 2


def test_a_job_without_training_evaluates_the_run_of_another(small, tiny_run, monkeypatch):
    first = job_module.read_jobs()[0]
    choices = Job("imagenet32-choices", "?", None, (replace(PROTOCOL, validate=True),), trained_by="imagenet32")
    monkeypatch.setattr(job_module, "read_jobs", lambda: (first, choices))
    output = " ".join(invoke("job", choices.name, status=2).output.split())
    assert "it evaluates the run of `dcgan-probe job imagenet32`; name its folder" in output
    shutil.copytree(tiny_run, "runs/imagenet32")
    invoke("job", choices.name, "--evaluate", "runs/imagenet32", "--results", "out")
    (summary,) = Results(small / "out").summaries()
    assert summary.protocol == "glyphs-validation-50"
    table = (small / "out/tables/glyphs-validation-50.md").read_text()
    assert "| validation accuracy, % |" in " ".join(table.split())
    assert "50 labels: validation accuracy" in table
    assert "the standard error over the validation images" in table
    assert "test images" not in table


def test_a_job_without_protocols_has_no_evaluation(small, monkeypatch):
    samples = replace(job_module.read_jobs()[0], protocols=())
    monkeypatch.setattr(job_module, "read_jobs", lambda: (samples,))
    invoke("job", "imagenet32", "--out", "out")  # and no probe
    output = " ".join(invoke("job", "imagenet32", "--evaluate", "out", status=2).output.split())
    assert "imagenet32 has no protocols: its samples are in out/samples" in output


def test_long_statistics_are_kept_thinned(small):
    long, empty = Run(small / "runs/long"), Run(small / "runs/empty")
    long.folder.mkdir(parents=True)
    for tick in range(1, 501):
        long.append_stats({"images_seen": 128 * tick, "d_loss": 1.5, "collapse_signs": []})
    for run in (long, empty):
        keep_samples(run, small / "out" / run.folder.name)
    kept = Run(small / "out/long")
    assert kept.stats() == thinned(long.stats())
    assert len(kept.stats()) == 200
    lines = long.stats_path.read_text().splitlines()
    assert set(kept.stats_path.read_text().splitlines()) < set(lines)
    assert not (small / "out/empty").exists()


@pytest.mark.slow
def test_failures_are_reported_and_the_rest_is_kept(small, tiny_run, monkeypatch):
    first = job_module.read_jobs()[0]
    broken = replace(first, protocols=(replace(PROTOCOL, dataset="nothing"), PROTOCOL))
    monkeypatch.setattr(job_module, "read_jobs", lambda: (broken,))
    shutil.copytree(tiny_run, "runs/imagenet32")
    command = ["job", "imagenet32", "--evaluate", "runs/imagenet32", "--no-download", "--results", "out"]
    output = " ".join(invoke(*command, status=1).output.split())
    assert "2 steps failed: dcgan-probe eval-svm --dataset nothing" in output
    assert len(Results(small / "out").summaries()) == 2


def test_a_failed_training_is_reported_and_leaves_its_statistics(small):
    output = " ".join(
        invoke("job", "imagenet32", "--out", "out", "--probe-dataset", "nothing", status=1).output.split()
    )
    assert "1 steps failed: dcgan-probe train" in output
    assert "unknown image set 'nothing'" in output
