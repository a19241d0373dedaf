"""Verbs without modules and functions that only Linux has, simulated by their removal on this system."""

import pytest

LACKING = """
import builtins, os, signal
del os.sched_getaffinity, os.sysconf, signal.SIGHUP, signal.SIGUSR1, signal.pthread_sigmask
real = open
def without_memory(path, *arguments, **options):
    if path in ("/proc/meminfo", "/proc/self/statm"):
        raise FileNotFoundError(path)
    return real(path, *arguments, **options)
builtins.open = without_memory
"""
VERBS = """
from dcgan_probe.evaluation.supervised import training
from dcgan_probe.cli import main

training.PASSES = (1, 2)

GLYPHS = ["--dataset", "glyphs:200", "-q"]
FEW = [*GLYPHS, "--device", "cpu", "--labels", "50", "--draws", "1"]
KMEANS = ["--features", "kmeans", "--centroids", "4", "--patches", "300", "--iterations", "2"]
for arguments in (
    ["train", *GLYPHS, "--preset", "demo", "--device", "cpu", "--images", "128", "--ndf", "4", "--ngf", "4"],
    ["extract", *GLYPHS, "--device", "cpu"],
    ["eval-svm", *FEW, "--select-draws", "1"],
    ["eval-svm", *FEW, "--select-draws", "1", *KMEANS, "--no-controls"],
    ["eval-supervised", *FEW, "--preset", "demo", "--settings", "1"],
):
    try:
        main(arguments, prog_name="dcgan-probe")
    except SystemExit as end:
        print(arguments[0], end.code, flush=True)
"""


@pytest.mark.slow
def test_the_verbs_run_without_functions_of_linux(tmp_path, fresh_process):
    done = fresh_process(LACKING + VERBS, tmp_path, lacking=("fcntl", "resource"))
    ends = [line for line in done.stdout.splitlines() if line.split()[-1:] == ["0"] and len(line.split()) == 2]
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in ends] == [
        "train",
        "extract",
        "eval-svm",
        "eval-svm",
        "eval-supervised",
    ], done.stderr
    assert not list(tmp_path.rglob("*.lock"))
    for made in ("checkpoint.pt", "dcgan-*.h5", "kmeans-*.h5", "evaluations.csv", "select-*.npz"):
        assert list(tmp_path.rglob(made)), made
