"""The trial for a GPU, small and on the CPU, from a copy of the tree and with the packages of the GPU's machine."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from dcgan_probe.cli import job as job_module, main
from dcgan_probe.evaluation import EvalConfig, Results
from dcgan_probe.reproduce import read_jobs
from dcgan_probe.storage import write_image_file

ROOT = Path(__file__).parents[2]
COPIED = ("benchmarks", "dcgan_probe", "tests", "pyproject.toml", "cli.py")
INSTALLED = (
    *("torch", "torchvision", "numpy", "scipy", "scikit-learn", "threadpoolctl", "joblib", "h5py", "click", "pandas"),
    *("matplotlib", "pillow", "tqdm", "filelock", "jinja2", "safetensors", "pytest"),
)
BLOCKING = f"""
import re
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

allowed, asked = set(), list({INSTALLED!r})
while asked:
    name = asked.pop()
    if name in allowed:
        continue
    allowed.add(name)
    try:
        needed = requires(name) or []
    except PackageNotFoundError:
        continue
    asked += [re.match(r"[\\w.-]+", text)[0].lower().replace("_", "-") for text in needed if "extra ==" not in text]
blocked = {{
    package
    for package, names in packages_distributions().items()
    if package != "dcgan_probe" and not any(name.lower().replace("_", "-") in allowed for name in names)
}}


class Blocker:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"{{name}} is not on this machine", name=name)


sys.meta_path[:] = [Blocker, *(finder for finder in sys.meta_path if "editable" not in str(finder).lower())]
sys.path[:] = [path for path in sys.path if path != {str(ROOT)!r}]  # the copy of the package, not the installed one
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """Give a folder like the machine's: a bare tree, blocked imports, and image sets to prepare from."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "tree").mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / "tree" / name)
    (folder / "blocking").mkdir()
    (folder / "blocking/sitecustomize.py").write_text(BLOCKING)
    random = np.random.default_rng(0)
    for name, rows, labels in (("tiny_imagenet32", 400, None), ("cifar10", 4_000, np.arange(4_000) % 10)):
        coarse = random.integers(0, 256, (rows, 3, 4, 4), dtype=np.uint8)
        pixels = coarse.repeat(8, axis=2).repeat(8, axis=3)
        (folder / "data").mkdir(exist_ok=True)
        write_set(folder / f"data/{name}_train.h5", pixels, labels)
        if labels is not None:  # few for the evaluation
            (folder / "probed").mkdir()
            for split, few in (("train", slice(200)), ("test", slice(200, 260))):
                write_set(folder / f"probed/{name}_{split}.h5", pixels[few], labels[few])
    return folder


def write_set(path, pixels, labels):
    name, _, split = path.stem.rpartition("_")
    write_image_file(path, [(pixels, labels)], rows=len(pixels), name=name, split=split, source="made by a test")


SCRIPT = f"""
import runpy

{BLOCKING}
for name in list(sys.modules):
    if not blocked.isdisjoint(name.split(".")):  # torch.utils.tensorboard too
        del sys.modules[name]
installed = [path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix))]
sys.path[:] = [f"{{folder}}/benchmarks", *installed]
runpy.run_path(f"{{folder}}/benchmarks/gpu_trial.py", run_name="__main__")
assert sys.modules["dcgan_probe"].__file__ == f"{{folder}}/dcgan_probe/__init__.py"
assert sys.modules["bench_training"].__file__ == f"{{folder}}/benchmarks/bench_training.py"
"""


@pytest.fixture(scope="module")
def run(machine, fresh_process):
    """Give a function that runs the trial as the machine would."""

    def start(*arguments):
        environment = {name: value for name, value in os.environ.items() if name != "DCGAN_PROBE_DATA"}
        environment["PYTHONPATH"] = str(machine / "blocking")  # for what the trial starts
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # those of this machine, whose packages are blocked
        done = fresh_process(SCRIPT, machine / "tree", environment=environment, arguments=arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return start


@pytest.fixture(scope="module")
def trial():
    """Give the script as a module, for what is done on the machine that has the images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        import gpu_trial

        yield gpu_trial


def run_here(trial, *arguments):
    """Run the script in this process; return what it prints."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as told:
        patch.setenv("PYTHONPATH", "")  # which the script changes
        patch.setattr(sys, "argv", ["gpu_trial.py", *map(str, arguments)])
        trial.main()
    return told.getvalue()


@pytest.fixture(scope="module")
def carried(machine, trial):
    told = run_here(trial, "prepare", "--data-dir", machine / "data", "--out", machine / "carried")
    assert f"170 s: python3 benchmarks/gpu_trial.py first {machine / 'carried/one'} --out $OUT" in told
    assert f"450 s: python3 benchmarks/gpu_trial.py second {machine / 'carried/two'} --out $OUT" in told
    return machine / "carried"


def rehearsed(machine):
    return "--home", machine / "home", "--rehearse", "--device", "cpu"


@pytest.fixture(scope="module")
def first(machine, carried, run):
    run("first", carried / "one", "--out", machine / "first", *rehearsed(machine))
    return {line["what"]: line for line in map(json.loads, (machine / "first/first.jsonl").read_text().splitlines())}


@pytest.mark.slow
def test_the_first_call_writes_a_figure_each(machine, first):
    assert [what for what in first if "error" in json.dumps(first[what])] == []
    wanted = [
        "machine",
        "kept",
        "tests",
        "training demo",
        "extraction demo",
        "seven C",
        "training demo, padded channels",
    ]
    assert [what for what in first if what != "rate"] == wanted
    assert first["rate"]["loop"] == "ours, padded channels"  # the last one; each as it comes
    assert first["kept"]["result"] == ["cifar10_4000.npz", "tiny_imagenet32.one.npz"]
    assert "passed" in first["tests"]["result"], (machine / "first/tests.log").read_text()
    assert "failed" not in first["tests"]["result"], (machine / "first/tests.log").read_text()
    assert first["training demo"]["result"]["images_per_second"]["ours"] > 0
    assert first["extraction demo"]["result"]["images_per_second"]["batch-norm statistics"] > 0
    assert first["seven C"]["result"]["status"] == ["converged"]


@pytest.fixture(scope="module")
def second(machine, carried, first, run):
    out = machine / "second"
    told = run("second", carried / "two", "--out", out, *rehearsed(machine))
    assert "tiny_imagenet32.one.npz, tiny_imagenet32.two.npz" in told
    return out


@pytest.mark.slow
def test_the_second_call_leaves_weights_and_a_probe_in_a_few_files(machine, second):
    files = {path.name: path.stat().st_size for path in second.iterdir()}
    assert set(files) == {"weights-01.part", "rest.tar.gz", "log.txt"}
    assert max(files.values()) < 16_000_000
    with tarfile.open(second / "rest.tar.gz") as archive:
        names = archive.getnames()
        rows = [json.loads(line) for line in archive.extractfile("stats.jsonl").read().splitlines()]
    assert {"config.json", "curves.png", "samples/real.png"} <= set(names)
    assert sum(name.startswith("batchnorm/") for name in names) == 2
    assert rows[-1]["probe_accuracy"] is not None
    with h5py.File(machine / "home/data/tiny_imagenet32_train.h5") as file:
        found = file["images"][:]
    with h5py.File(machine / "data/tiny_imagenet32_train.h5") as file:
        assert np.abs(found.astype(int) - file["images"][:]).mean() < 3  # once more through JPEG
    with h5py.File(machine / "home/data/cifar10_4000_train.h5") as file:
        assert np.bincount(file["labels"][:]).tolist() == [400] * 10


@pytest.mark.slow
def test_what_it_left_is_evaluated_without_the_images_that_trained_it(machine, second, trial, monkeypatch):
    def call(command, **options):
        assert command[:3] == [sys.executable, "-m", "dcgan_probe"]
        result = CliRunner().invoke(main, list(map(str, command[3:])))
        return subprocess.CompletedProcess(command, result.exit_code)

    (job,) = (job for job in read_jobs() if job.name == "demo32")
    few = EvalConfig(dataset="cifar10", labels=50, draws=1, select_draws=1)
    monkeypatch.setattr(job_module, "read_jobs", lambda: (replace(job, protocols=(few,)),))
    monkeypatch.setattr(trial.subprocess, "run", call)
    options = ("--data-dir", machine / "probed", "--results", machine / "results", "--runs", machine / "runs")
    with pytest.raises(SystemExit, match=r"^0$"):
        run_here(trial, "evaluate", second, "--job", "demo32", *options, "--device", "cpu", "--no-download", "--quiet")
    (summary,) = Results(machine / "results").summaries()
    assert (summary.protocol, summary.features) == ("cifar10-50", "dcgan")


def test_too_much_to_carry_is_refused(machine, trial, monkeypatch):
    monkeypatch.setattr(trial, "CALL_BYTES", 2**20)
    monkeypatch.setattr(trial, "LABELS", 10)
    with pytest.raises(SystemExit, match=r"with the working tree .* MiB, expected at most 1; make the tree smaller"):
        trial.prepare(machine / "data", machine / "too-much")


def test_what_fails_or_has_no_time_is_written_and_the_rest_is_measured(tmp_path, trial):
    log = trial.Log(tmp_path / "log", 100)
    log.add("broken", lambda: 1 / 0)
    log.add("too long", lambda: 1, least=101)
    log.add("fine", lambda: [1])
    broken, late, fine = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert broken["result"]["error"][-1] == "ZeroDivisionError: division by zero"
    assert re.fullmatch(r"\d+ s were left", late["left_out"])
    assert fine["result"] == [1]
