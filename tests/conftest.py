"""Small images and settings shared by the tests of several folders."""

import multiprocessing
import os
import shutil
import socket
import subprocess
from dataclasses import replace
from typing import get_type_hints

# Set before numpy and torch read it, for this process and its children: for such small tensors, threads wait for each
# other longer than they compute, and much longer if another process uses their core.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_map_only

from dcgan_probe.evaluation import Evaluation, ProbeRecord, Results, TestPredictions
from dcgan_probe.gan import Run, TrainConfig, train, training
from dcgan_probe.gan.curves import save_curves
from dcgan_probe.images import ImageSet
from dcgan_probe.networks import NetworkConfig
from dcgan_probe.runtime import resolve_device


def pytest_addoption(parser):
    parser.addoption(
        "--device", default="auto", help="device of the tests marked gpu: auto (CUDA, else the CPU), cpu, cuda, cuda:N"
    )


torch.set_num_threads(1)


@pytest.fixture
def two_threads():
    """Set torch to two threads, for tests of threads."""
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def device(request):
    """Return the device of the tests marked ``gpu``."""
    name = request.config.getoption("--device")
    return resolve_device("cpu" if name == "auto" and not torch.cuda.is_available() else name)


def make_images(rows=20, size=8, channels=3, seed=0, labels=True):
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (rows, channels, size, size), dtype=np.uint8)
    return ImageSet(pixels, np.arange(rows) % 3 if labels else None, "tiny", "train", "made by a test")


def make_config(**changes):
    """Batches of 8 of 20 images: every second batch spans two passes."""
    network = NetworkConfig(
        image_size=8,
        nc=3,
        nz=4,
        z="uniform",
        ndf=4,
        ngf=4,
        multipliers=(1, 2),
        strides=(2, 2),
        kernel=5,
        eps=1e-8,
        first_norm="unit",
    )
    config = TrainConfig(
        preset="tiny",
        dataset="tiny.h5",
        network=network,
        images=160,
        updates="both",
        batch_size=8,
        lr=2e-4,
        beta1=0.5,
        weight_decay=1e-5,
        seed=3,
        precision="float32",
    )
    inner = {name: changes.pop(name) for name in list(changes) if name in NetworkConfig.__dataclass_fields__}
    return replace(config, network=replace(network, **inner), **changes)


@pytest.fixture
def tiny_images():
    """Return a function that makes image sets: ``tiny_images(rows=20, size=8, channels=3, seed=0, labels=True)``."""
    return make_images


@pytest.fixture
def tiny_config():
    """Return a function that makes training settings for these images; fields are changed by name."""
    return make_config


@pytest.fixture(scope="session")
def kept_runs(tmp_path_factory):
    """Return a function that returns the folder of a training of ``make_config(**changes)``, made once per session."""
    kept = {}

    def keep(**changes):
        config = make_config(**changes)
        if repr(config) not in kept:
            folder = kept[repr(config)] = tmp_path_factory.mktemp("kept") / "run"
            train(config, make_images(), folder, device=torch.device("cpu"), command=["dcgan-probe", "train"])
        return kept[repr(config)]

    return keep


@pytest.fixture
def trained_run(kept_runs, tmp_path):
    """Return a function that copies such a training to ``tmp_path / "run"``: ``trained_run(images=40)``."""

    def copy(**changes):
        return Run(shutil.copytree(kept_runs(**changes), tmp_path / "run"))

    return copy


@pytest.fixture(scope="session", autouse=True)
def _no_wait_for_the_disk():
    """Disable fsync, since no test simulates a power failure."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


CURVES = """
from PIL import Image
from dcgan_probe.gan import training

training.save_curves = lambda path, rows, **options: Image.new("RGB", (1, 1)).save(path)
"""


@pytest.fixture(scope="session", autouse=True)
def _curves_of_one_pixel():
    """Replace the curves of trainings by one pixel, since matplotlib is slower than the tiny trainings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "save_curves", save_curves)  # put back in the end
        exec(CURVES, {})
        yield


@pytest.fixture
def drawn_curves(monkeypatch):
    """Restore the curves of trainings."""
    monkeypatch.setattr(training, "save_curves", save_curves)


class OnMps(torch.Tensor):
    """Tensor on the CPU that reports MPS as its device, and rejects float64 as MPS does."""

    @staticmethod
    def __new__(cls, held):
        if held.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64")
        tensor = torch.Tensor._make_subclass(cls, held)
        tensor.held = held
        return tensor

    @classmethod
    def __torch_function__(cls, function, types, positional=(), named=None):
        if function == torch.Tensor.device.__get__:
            return torch.device("mps")
        positional, named = tree_map_only(OnMps, lambda tensor: vars(tensor)["held"], (positional, named or {}))
        result = function(*positional, **named)
        return result if function is torch.Tensor.cpu else tree_map_only(torch.Tensor, OnMps, result)


@pytest.fixture(scope="session")
def on_mps():
    """Return a function that wraps a CPU tensor as one on MPS, without float64."""
    return OnMps


@pytest.fixture(scope="session")
def new_process():
    """Return a function that runs ``code`` with given variables in a new process: ``new_process(code, a=1)``.

    The processes are forked from a server that has imported the package and computed nothing, which is several times
    quicker than starting an interpreter for each.
    """
    context = multiprocessing.get_context("forkserver")
    # Modules imported late, with the first optimizer and the first event file.
    late = ["torch._dynamo", "torch.utils.tensorboard"]
    context.set_forkserver_preload(["dcgan_probe.presets.running", "dcgan_probe.cli.extract", *late])

    def start(code, **names):
        process = context.Process(target=exec, args=(f"exec({CURVES!r}, {{}})\n{code}", names))
        process.start()
        return process

    return start


@pytest.fixture
def rank_processes(new_process):
    """Return a function that runs ``code`` on several ranks, one process each, with ``rank`` and given variables.

    What torchrun tells its processes stands in their environment.
    """

    def start(code, *, size=2, **names):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            told = {"WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free.getsockname()[1]}
        return [new_process(RANK + code, rank=rank, told=told, **names) for rank in range(size)]

    return start


@pytest.fixture(scope="session")
def fresh_process(new_process, tmp_path_factory):
    """Return a function that runs ``code`` in a process that has imported neither the package nor click.

    ``fresh_process(code, folder, lacking=("tqdm",), environment={}, stdin="", arguments=())`` runs it in a folder where
    an import of what it lacks fails, and where a warning is an error; it gives exit status and outputs. What is tested
    there is the package: its libraries are imported already.
    """

    def run(code, folder, *, lacking=(), environment=None, stdin="", arguments=()):
        place = tmp_path_factory.mktemp("process")
        (place / "stdin").write_text(stdin)
        told = {**os.environ} if environment is None else environment
        names = {"place": str(place), "folder": str(folder), "lacking": lacking, "environment": told}
        process = new_process(FRESH + code, **names, arguments=[str(each) for each in arguments])
        process.join()
        outputs = [(place / name).read_text() for name in ("stdout", "stderr")]
        return subprocess.CompletedProcess(code, process.exitcode, *outputs)

    return run


FRESH = """
import os
import sys
import warnings

for number, name in enumerate(("stdin", "stdout", "stderr")):
    os.dup2(os.open(f"{place}/{name}", os.O_RDWR | os.O_CREAT), number)
sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w", buffering=1), open(2, "w", buffering=1)
os.chdir(folder)
os.environ.clear()
os.environ.update(environment)
sys.argv[1:], sys.path[0] = arguments, ""
for name in list(sys.modules):
    if name.partition(".")[0] in ("dcgan_probe", "click", *lacking) or name.split(".")[-1] in lacking:
        del sys.modules[name]
sys.modules.update(dict.fromkeys(lacking))  # None: importing it fails
warnings.simplefilter("error")
"""
RANK = """
import os
import torch
from dcgan_probe.runtime import joined_ranks

told |= {"RANK": rank, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": told["WORLD_SIZE"]}
os.environ.update({name: str(value) for name, value in told.items()})
torch.set_num_threads(1)
CPU = torch.device("cpu")
"""


@pytest.fixture(scope="session")
def predicted():
    """Return a function that makes predictions, int64 (draws, 300), with ``right`` correct ones in each draw."""

    def make(right, draws, seed):
        labels, rng = np.arange(300) % 10, np.random.default_rng(seed)
        rows = np.tile((labels + 1) % 10, (draws, 1))
        for row in rows:
            hits = rng.permutation(300)[:right]
            row[hits] = labels[hits]
        return rows

    return make


@pytest.fixture
def made_up_rows(predicted):
    """Return a function of a results folder that returns a function to record an evaluation and its predictions.

    The evaluation has these fields, and made-up others.
    """

    def made_up(evaluation, features, right, draw, **shared):
        values = {str: "x", int: 1, float: 0.1, bool: False, int | None: 1}
        hints = get_type_hints(Evaluation)
        common = {name: values.get(kind, {}) for name, kind in hints.items()}
        common |= {"schema_version": 3, "id": evaluation, "features": features, "network": "", "label": "", "notes": ""}
        common |= {"protocol": "glyphs-30", "dataset": "glyphs", "labels": "30", "train_rows": 90, "test_rows": 300}
        common |= {"scale": "none", "classifier": "l2-svm", "chosen_name": "C", "layers": "conv1"} | shared
        hints = get_type_hints(ProbeRecord)
        own = {name: values.get(hints[name], {}) for name in hints if name != "evaluation"}
        own |= {"stage": "report", "split": "test", "draw": draw, "accuracy": right / 300, "converged": True}
        return ProbeRecord(evaluation=Evaluation(**common), **{**own, "notes": ""})

    def of(folder):
        store = Results(folder)

        def keep(evaluation, features, right, *, draws=1, kept=True, **changes):
            store.append([made_up(evaluation, features, right, draw, draws=draws, **changes) for draw in range(draws)])
            if kept:
                found = predicted(right, draws, sum(map(ord, evaluation)))
                store.write_predictions(TestPredictions.of(evaluation, found, np.arange(300) % 10, 1e-3))

        return keep

    return of
