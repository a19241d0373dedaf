from dataclasses import replace

import pytest
from click.testing import CliRunner

from dcgan_probe.commands import job as job_module
from dcgan_probe.commands import main
from dcgan_probe.commands.steps import VERBS
from dcgan_probe.evaluation import Results
from dcgan_probe.gan import Run, thinned
from dcgan_probe.reproductions import JOBS

TINY = (
    *("--preset", "demo", "--ndf", "4", "--ngf", "4", "--nz", "8", "--batch-size", "32", "--device", "cpu"),
    *("--dataset", "glyphs:300", "--images", "320"),
)
PROTOCOL = ("--dataset", "glyphs:300", "--labels", "50", "--draws", "2", "--select-draws", "2")


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Make the first job small enough for a test."""
    first = replace(JOBS[0], training=TINY, protocols=(PROTOCOL,))
    monkeypatch.setattr(job_module, "JOBS", (first,))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    return tmp_path


def test_jobs_are_listed_in_order_of_worth():
    lines = invoke("job").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [job.name for job in JOBS]
    assert lines[0].startswith("imagenet32 ")


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_command_of_a_job_is_understood(job, tmp_path):
    given = job_module.Given(tmp_path, tmp_path, tmp_path, "auto", False, False)
    training, evaluations = job_module.steps_of(
        job, job_module.Run(tmp_path / "run"), ("--time-limit", "60s"), given, tmp_path
    )
    for step in training + evaluations:
        verb = VERBS[step.verb]
        with verb.make_context(step.verb, list(step.arguments)) as context:
            assert str(context.params.get("folder") or context.params.get("run_folder")).startswith(str(tmp_path))


def test_a_job_leaves_all_that_is_small_in_one_folder(small):
    invoke("job", "imagenet32", "--out", "out", "--time-limit", "5m")
    kept = {path.relative_to(small / "out").as_posix() for path in (small / "out").rglob("*")}
    assert {"evaluations.csv", "config.json", "weights-01.part", "stats.jsonl", "curves.png"} <= kept
    assert "samples/real.png" in kept
    assert Run(small / "out").stats() == Run(small / "runs/imagenet32").stats()
    assert not any(name.endswith((".h5", ".pt")) for name in kept)
    assert [summary.features for summary in Results(small / "out").summaries()] == ["dcgan", "random"]
    before = (small / "out/evaluations.csv").read_text()
    invoke("job", "imagenet32", "--out", "out")
    assert len((small / "out/evaluations.csv").read_text()) > len(before)
    assert [summary.features for summary in Results(small / "out").summaries()] == ["dcgan", "random"]


def test_long_statistics_are_kept_thinned(small):
    long, empty = Run(small / "runs/long"), Run(small / "runs/empty")
    long.folder.mkdir(parents=True)
    for tick in range(1, 501):
        long.append_stats({"images_seen": 128 * tick, "d_loss": 1.5, "collapse_signs": []})
    for run in (long, empty):
        job_module.copy_stats(run, small / "out" / run.folder.name)
    kept = Run(small / "out/long")
    assert kept.stats() == thinned(long.stats())
    assert len(kept.stats()) == 200
    lines = long.stats_path.read_text().splitlines()
    assert set(kept.stats_path.read_text().splitlines()) < set(lines)
    assert not (small / "out/empty").exists()


def test_a_job_that_trains_nothing_takes_the_run_of_another(small, monkeypatch):
    choices = replace(JOBS[1], protocols=((*PROTOCOL, "--validate"),))
    assert choices.trained_by == "imagenet32"
    monkeypatch.setattr(job_module, "JOBS", (job_module.JOBS[0], choices))
    output = " ".join(invoke("job", choices.name, status=2).output.split())
    assert "takes the run of imagenet32, and there is none in runs/imagenet32" in output
    invoke("train", *TINY, "--run", "runs/imagenet32")
    invoke("job", choices.name, "--out", "out")
    (summary,) = Results(small / "out").summaries()
    assert summary.protocol == "glyphs-validation-50"
    table = (small / "out/tables/glyphs-validation-50.md").read_text()
    assert "| validation accuracy, % |" in " ".join(table.split())
    assert "50 labels: validation accuracy" in table
    assert "the standard error over the validation images" in table
    assert "test images" not in table


def test_what_fails_is_told_and_the_rest_is_kept(small, monkeypatch):
    broken = replace(job_module.JOBS[0], protocols=(("--dataset", "nothing"), PROTOCOL))
    monkeypatch.setattr(job_module, "JOBS", (broken,))
    output = " ".join(invoke("job", "imagenet32", "--out", "out", "--no-download", status=1).output.split())
    assert "1 steps failed: dcgan-probe eval-svm --dataset nothing" in output
    assert len(Results(small / "out").summaries()) == 2
