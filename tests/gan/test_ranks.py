"""Training at two ranks against one process, and against the average over halves of a batch worked out in one."""

import json
import signal
import time
from dataclasses import replace

import pytest
import torch

from dcgan_probe.gan import TrainState, discriminator_loss, generator_loss, load_checkpoint, state, train
from dcgan_probe.gan.training import check_parts
from dcgan_probe.images import load_images
from dcgan_probe.networks import draw_z
from dcgan_probe.runtime import Ranks, UserError, torch_generator

CPU = torch.device("cpu")
DEADLINE = 120  # seconds; the machine may be busy

STEPS = """
from dcgan_probe.gan import TrainConfig, TrainState, state
from dcgan_probe.networks import draw_z

state.draw_z = lambda *arguments: draw_z(*arguments).double()
with joined_ranks(CPU) as ranks:
    training = TrainState(TrainConfig.from_dict(settings), CPU, ranks)
    training.discriminator.double()
    training.generator.double()
    for batch, labels in torch.load(batches):
        training.step(batch[ranks.part(8)], None if labels is None else labels[ranks.part(8)])
    torch.save(training.state_dict(), f"{folder}/{rank}.pt")
"""


@pytest.fixture
def two_ranks(rank_processes, tmp_path):
    """Return a function that makes steps at two ranks on batches, and gives the state of each."""

    def run(config, batches, labels=None):
        torch.save([(batch, labels) for batch in batches], tmp_path / "batches.pt")
        names = {"settings": config.to_dict(), "batches": str(tmp_path / "batches.pt"), "folder": str(tmp_path)}
        finish(rank_processes(STEPS, **names), 0)
        return [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]

    return run


@pytest.fixture
def in_float64(monkeypatch):
    monkeypatch.setattr(state, "draw_z", lambda *arguments: draw_z(*arguments).double())


def finish(processes, *codes):
    for process in processes:
        process.join(DEADLINE)
    assert {process.exitcode for process in processes} == set(codes)


def double_state(config):
    training = TrainState(config, CPU)
    training.discriminator.double()
    training.generator.double()
    return training


def real_batches(count):
    random = torch.Generator().manual_seed(9)
    return [torch.rand((8, 3, 8, 8), generator=random, dtype=torch.float64) * 2 - 1 for _ in range(count)]


def assert_close(found, training):
    for name, network in (("discriminator", training.discriminator), ("generator", training.generator)):
        for key, tensor in network.state_dict().items():
            torch.testing.assert_close(found[name][key], tensor, rtol=1e-4, atol=1e-6, msg=f"{name} {key}")


# A gain per unit, one per map, and none in a conditional net.
@pytest.mark.parametrize(
    "changes",
    [
        {"updates": "both", "first_norm": "unit"},
        {"updates": "alternate", "first_norm": "map"},
        {"updates": "both", "hidden": 5, "classes": 3, "affine": False},
    ],
    ids=str,
)
def test_synchronised_norm_on_two_ranks_is_one_process(tiny_config, two_ranks, in_float64, changes):
    # A penalty and a learning rate large enough to show in three steps.
    config = tiny_config(**changes, sync_norm=True, weight_decay=0.3, lr=0.01)
    labels = torch.arange(8) % 3 if config.network.classes else None
    batches, alone = real_batches(3), double_state(config)
    for batch in batches:
        alone.step(batch, labels)  # torch's own batch norm of the whole batch
    first, second = two_ranks(config, batches, labels)
    assert first["position"] == second["position"] == 24
    assert_close(first, alone)
    for name in ("discriminator", "generator"):
        assert all(torch.equal(first[name][key], second[name][key]) for key in first[name])


def test_synchronised_running_statistics_are_those_of_the_whole_batch(tiny_config, two_ranks, in_float64):
    config, batches = tiny_config(sync_norm=True), real_batches(1)
    alone = double_state(config)
    alone.step(batches[0])
    for found in two_ranks(config, batches):
        for name, buffer in alone.generator.named_buffers():  # of one pass, before any update
            torch.testing.assert_close(found["generator"][name], buffer, rtol=1e-12, atol=0)


def adam_step(loss, network, config):
    """Take Adam's first step, with the penalty in the gradient: -lr g / (|g| + eps)."""
    loss.backward()
    with torch.no_grad():
        for weight in network.parameters():
            gradient = weight.grad + config.weight_decay * weight
            weight -= config.lr * gradient / (gradient.abs() + 1e-8)


def test_norm_of_each_rank_is_that_of_its_part_alone(tiny_config, two_ranks, in_float64):
    config = tiny_config(updates="alternate", weight_decay=0.3, lr=0.01)
    (batch,) = real_batches(1)
    first, second = two_ranks(config, [batch])
    expected = double_state(config)
    d, g = expected.discriminator.train(), expected.generator.train()
    parts = (slice(0, 4), slice(4, 8))

    def z(update):
        return draw_z(config.network, 8, torch_generator(config.seed, "z", update, 0)).double()

    adam_step(sum(generator_loss(d(g(z("generator")[part]))) for part in parts) / 2, g, config)
    d.zero_grad()
    fakes = [g(z("discriminator")[part]).detach() for part in parts]
    losses = [discriminator_loss(d(batch[part]), d(fake)) for part, fake in zip(parts, fakes, strict=True)]
    adam_step(sum(losses) / 2, d, config)
    for name, network in (("discriminator", d), ("generator", g)):
        for key, weight in network.named_parameters():
            torch.testing.assert_close(first[name][key], weight.detach(), rtol=1e-4, atol=1e-6, msg=f"{name} {key}")
            assert torch.equal(first[name][key], second[name][key])


TRAIN = """
import itertools, json, signal
from pathlib import Path
from dcgan_probe.gan import TrainConfig, TrainState, train, training
from dcgan_probe.images import load_images

training.CHECKPOINT_SECONDS = -1.0
steps, step = itertools.count(1), TrainState.step

def step_or_die(state, *batch):
    result = step(state, *batch)
    if state.position == killed_at and rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

TrainState.step = step_or_die
rows = []
with joined_ranks(CPU) as ranks:
    outcome = train(TrainConfig.from_dict(settings), load_images("glyphs:40", "train"), folder, device=CPU, ranks=ranks,
                    on_tick=rows.append, should_stop=lambda: next(steps) == stop_after.get(rank))
    Path(folder, f"rows-{rank}.json").write_text(json.dumps(rows))
os._exit({"finished": 0, "already finished": 3, "interrupted": 4}[outcome])
"""


@pytest.fixture
def session(rank_processes, tmp_path):
    """Return a function that trains at ``size`` ranks and asserts how they end: 0 at the end, 4 when stopped."""

    def run(config, size, *codes, stop_after=None, killed_at=-1):
        names = {"settings": config.to_dict(), "folder": str(tmp_path / "run")}
        processes = rank_processes(TRAIN, size=size, **names, stop_after=stop_after or {}, killed_at=killed_at)
        finish(processes, *codes)
        return load_checkpoint(tmp_path / "run" / "checkpoint.pt")

    return run


@pytest.fixture
def glyph_config(tiny_config):
    """Four steps of ten images; 40 images are a pass."""
    return tiny_config(dataset="glyphs:40", image_size=32, multipliers=(1, 1, 1), strides=(2, 2, 2), batch_size=10)


@pytest.mark.slow
def test_stop_at_one_rank_stops_all_at_the_same_step_and_any_number_goes_on(tmp_path, glyph_config, session):
    config = replace(glyph_config, images=60, sync_norm=True)
    assert session(config, 2, 4, stop_after={1: 3})["position"] == 30
    rows = [json.loads((tmp_path / "run" / f"rows-{rank}.json").read_text()) for rank in range(2)]
    assert rows[0] == rows[1]
    assert [row["images_seen"] for row in rows[0]] == [10, 20, 30]
    assert session(config, 1, 4, stop_after={0: 1})["position"] == 40
    assert session(config, 2, 0)["position"] == 60
    assert [each["ranks"] for each in json.loads((tmp_path / "run" / "config.json").read_text())["sessions"]] == [
        2,
        1,
        2,
    ]
    seen = [json.loads(line)["images_seen"] for line in (tmp_path / "run" / "stats.jsonl").read_text().splitlines()]
    assert seen == [10, 20, 30, 40, 50, 60]


@pytest.mark.slow
def test_same_number_of_ranks_goes_on_bit_for_bit(tmp_path, glyph_config, session):
    straight = session(replace(glyph_config, images=40), 2, 0)
    (tmp_path / "run").rename(tmp_path / "straight")
    session(replace(glyph_config, images=40), 2, 4, stop_after={0: 2})
    again = session(replace(glyph_config, images=40), 2, 0)
    for name in ("discriminator", "generator"):
        assert all(torch.equal(again[name][key], straight[name][key]) for key in straight[name])


@pytest.mark.slow
def test_killed_rank_ends_the_other_and_the_run_goes_on(glyph_config, session):
    started = time.monotonic()
    stored = session(glyph_config, 2, 1, -signal.SIGKILL, killed_at=30)
    assert time.monotonic() - started < DEADLINE / 2
    assert stored["position"] == 20
    assert session(glyph_config, 1, 0)["position"] == 160


def test_another_norm_is_another_run(glyph_config, session, tmp_path):
    session(replace(glyph_config, images=10), 1, 0)
    with pytest.raises(UserError, match="sync_norm: False -> True"):
        train(replace(glyph_config, sync_norm=True), load_images("glyphs:40", "train"), tmp_path / "run", device=CPU)


def test_parts_of_one_image_are_refused(tiny_config):
    with pytest.raises(UserError) as caught:
        check_parts(tiny_config(), Ranks(0, 8))
    assert str(caught.value) == (
        "got a batch of 8 for 8 ranks, expected at least 2 images a rank: batch norm needs a batch; use fewer ranks, "
        "a larger batch, or `sync_norm=True`"
    )
    check_parts(tiny_config(sync_norm=True), Ranks(0, 8))
