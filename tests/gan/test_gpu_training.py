"""Training on the device of ``--device``: recorded steps, the CPU's numbers, the same bits each time, windows, a probe.

Without a GPU the device is the CPU, and all but recorded steps are tested there. Networks and images are tiny: a GPU
takes most of the time to start.
"""

import itertools
import json

import numpy as np
import pytest
import torch

from dcgan_probe.features import DiscriminatorEncoder, EncoderOrigin, real_statistics
from dcgan_probe.gan import Probe, TrainState, load_checkpoint, train
from dcgan_probe.gan.batches import Prefetcher, open_batches
from dcgan_probe.gan.cuda_graphs import Recorded
from dcgan_probe.images import load_images
from dcgan_probe.networks import draw_z
from dcgan_probe.runtime import convolution_kernels, full_float32, torch_generator
from dcgan_probe.storage import write_image_file

pytestmark = pytest.mark.gpu

CPU = torch.device("cpu")
ORIGIN = EncoderOrigin("dcgan", "tiny", "tiny", 600, 8, "", 3)


def batches(count, device, classes=0, rows=8, size=8):
    """Return uint8 images on a device, with labels for conditional networks; the same ones on every device."""
    random = torch.Generator().manual_seed(5)
    pixels = torch.randint(256, (count, rows, 3, size, size), dtype=torch.uint8, generator=random).to(device)
    labels = torch.arange(count * rows, device=device).reshape(count, rows) % max(classes, 1)
    return [(pixels[number], labels[number] if classes else None) for number in range(count)]


def tensors(stored):
    """Copy weights, their average and the optimizers' moments out of what a checkpoint keeps, to the CPU."""
    networks = [name for name in ("discriminator", "generator", "average") if name in stored]
    found = {f"{of}.{name}": value for of in networks for name, value in stored[of].items()}
    for of, optimizer in stored["optimizers"].items():
        for number, moments in optimizer["state"].items():
            found |= {f"{of}.optimizer.{number}.{name}": value for name, value in moments.items()}
    return {name: value.to("cpu", copy=True) for name, value in found.items()}


def numbers(statistics):
    """Read the scalars of a step, before the next one overwrites them."""
    return [float(value) for value in (statistics.d_loss, statistics.g_loss, statistics.d_real, statistics.d_fake)]


def assert_changed_alike(found, expected, start, share):
    """Compare what training did to each tensor: the difference is at most a share of the change from the start.

    Adam moves a weight by the learning rate whichever sign its gradient has, so that a single weight, whose gradient
    is rounding, tells nothing; and a weight's own size is large beside a few steps.
    """
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        change = value.double() - start.get(name, torch.zeros(())).double()  # an optimizer's moments begin at 0
        difference = found[name].double() - value.double()
        assert difference.norm() <= share * change.norm(), name


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("updates", ["both", "alternate"])
@pytest.mark.parametrize("classes", [0, 3])
def test_a_recorded_step_is_the_plain_step(device, tiny_config, updates, precision, classes):
    if device.type != "cuda":
        pytest.skip("CUDA graphs need a GPU")
    config = tiny_config(updates=updates, precision=precision, ema=100, classes=classes, flips=True)
    plain, recorded = TrainState(config, device), TrainState(config, device)
    plain._updates = plain._both if updates == "both" else plain._alternate
    assert isinstance(recorded._updates, Recorded)
    start = tensors(plain.state_dict())
    with convolution_kernels(device, deterministic=True):
        for batch in batches(4, device, classes):
            expected, found = numbers(plain.step(*batch)), numbers(recorded.step(*batch))
            assert found == pytest.approx(expected, rel=1e-3)
    assert_changed_alike(tensors(recorded.state_dict()), tensors(plain.state_dict()), start, share=0.05)


@pytest.mark.parametrize("updates", ["both", "alternate"])
@pytest.mark.parametrize("classes", [0, 3])
def test_training_gives_the_numbers_of_the_cpu(device, tiny_config, monkeypatch, updates, classes):
    def z_of_the_cpu(state, update):
        random = torch_generator(state.config.seed, "z", update, state.position)
        return draw_z(state.config.network, state.config.batch_size, random).to(state.device)

    monkeypatch.setattr(TrainState, "_z", z_of_the_cpu)
    # A learning rate and a penalty large enough to show in three steps.
    config = tiny_config(updates=updates, classes=classes, ema=100, lr=0.01, weight_decay=0.1)
    here, there = TrainState(config, CPU), TrainState(config, device)
    start, exact = tensors(here.state_dict()), device.type == "cpu"
    with convolution_kernels(device, deterministic=True), full_float32():
        for ours, theirs in zip(batches(3, CPU, classes), batches(3, device, classes), strict=True):
            expected, found = numbers(here.step(*ours)), numbers(there.step(*theirs))
            assert found == pytest.approx(expected, rel=0 if exact else 1e-3, abs=0)
    assert_changed_alike(tensors(there.state_dict()), tensors(here.state_dict()), start, share=0 if exact else 0.02)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_deterministic_training_gives_the_same_bits(device, tiny_config, precision):
    config = tiny_config(
        image_size=16, multipliers=(1, 2, 4), strides=(1, 2, 2), ndf=8, ngf=8, batch_size=16, precision=precision
    )
    ends = []
    for _ in range(2):
        state = TrainState(config, device)
        with convolution_kernels(device, deterministic=True):
            for batch in batches(4, device, rows=16, size=16):
                state.step(*batch)
        ends.append(tensors(state.state_dict()))
    for name, value in ends[0].items():
        assert torch.equal(ends[1][name], value), name


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Return a set of 600 images on disk with labels: two blocks and a short one."""
    random = np.random.default_rng(0)
    blocks = [(random.integers(0, 256, (600, 3, 8, 8), dtype=np.uint8), np.arange(600) % 3)]
    path = tmp_path_factory.mktemp("images") / "tiny.h5"
    write_image_file(path, blocks, rows=600, name="tiny", split="train", source="made by a test")
    return load_images(str(path), "train")


@pytest.mark.parametrize("held", ["windows", "whole", "whole, without room on the device"])
def test_batches_hold_the_pixels_of_the_cpu(device, stored, tiny_config, monkeypatch, held):
    config = tiny_config(batch_size=50, classes=3, window=256 if held == "windows" else 0)
    expected = open_batches(config, stored, CPU)
    if held.endswith("device"):
        monkeypatch.setattr("dcgan_probe.gan.batches.fits", lambda size, device: False)
    found = open_batches(config, stored, device)
    if device.type == "cuda":
        assert isinstance(found, Prefetcher) == (held != "whole")
    for position in [*range(0, 1500, 50), 0, 575, 1000, 50]:  # across windows and passes, then to and fro
        ours, theirs = expected.batch(position), found.batch(position)
        assert theirs.images.device.type == theirs.labels.device.type == device.type
        assert torch.equal(theirs.images.cpu(), ours.images), position
        assert torch.equal(theirs.labels.cpu(), ours.labels), position


def assert_same_run(folder, other):
    ours, theirs = (tensors(load_checkpoint(run / "checkpoint.pt")) for run in (folder, other))
    assert ours.keys() == theirs.keys()
    assert any(".optimizer." in name for name in ours)
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [{"updates": "both", "ema": 100, "flips": True}, {"updates": "alternate", "window": 256, "classes": 3}],
    ids=["both", "alternate in windows"],
)
def test_an_interrupted_training_goes_on_to_the_same_bits(device, stored, tiny_config, tmp_path, changes):
    config = tiny_config(batch_size=50, images=450, **changes)

    def session(folder, stop_after=0):
        steps = itertools.count(1)
        return train(
            config,
            stored,
            tmp_path / folder,
            device=device,
            should_stop=lambda: next(steps) == stop_after,
            deterministic=True,
        )

    assert session("straight") == "finished"
    assert session("halves", stop_after=5) == "interrupted"
    assert session("halves") == "finished"
    assert_same_run(tmp_path / "halves", tmp_path / "straight")


def test_a_training_that_is_out_of_time_ends_with_a_probe(device, stored, tiny_config, tmp_path):
    seen = []

    def measure(discriminator):
        seen.append(discriminator.output.weight.detach().cpu().clone())
        statistics = real_statistics(discriminator, stored, device)
        encoder = DiscriminatorEncoder(discriminator, ORIGIN, statistics=statistics, grid=2, device=device)
        return float(np.isfinite(encoder.encode(stored.images[:50])).mean())

    def session(folder, **settings):
        return train(tiny_config(images=48), stored, tmp_path / folder, device=device, deterministic=True, **settings)

    assert session("probed", probe=Probe(measure, 48, {}), time_limit=0) == "out of time"
    rows = [json.loads(line) for line in (tmp_path / "probed" / "stats.jsonl").read_text().splitlines()]
    assert [(row["images_seen"], row["probe_accuracy"]) for row in rows] == [(8, 1.0)]
    untrained, last = seen
    assert torch.equal(last, load_checkpoint(tmp_path / "probed" / "checkpoint.pt")["discriminator"]["output.weight"])
    assert not torch.equal(last, untrained)
    # What the probe computes between the steps leaves no trace in them.
    assert session("probed", probe=Probe(measure, 16, {})) == "finished"
    assert session("bare") == "finished"
    assert_same_run(tmp_path / "probed", tmp_path / "bare")
