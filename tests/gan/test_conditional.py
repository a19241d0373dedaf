"""Training of class-conditional networks: which labels a step gets, runs that stop and go on, and what is refused."""

import numpy as np
import pytest
import torch

from dcgan_probe.gan import Probe, Run, TrainState, check_images, export_weights, import_weights, rehearse, train
from dcgan_probe.gan.batches import BatchStream, Prefetcher, WindowStream, known_labels, open_batches
from dcgan_probe.gan.fixed_noise import fixed_noise
from dcgan_probe.gan.sampling import draw_samples
from dcgan_probe.images import ImageSet
from dcgan_probe.networks import build_discriminator, build_generator
from dcgan_probe.runtime import Ranks, UserError

CPU = torch.device("cpu")


def told_apart(rows=20):
    """Return images whose pixels all tell their label: 40 times it."""
    labels = np.arange(rows) % 3
    pixels = np.broadcast_to((40 * labels).astype(np.uint8)[:, None, None, None], (rows, 3, 8, 8)).copy()
    return ImageSet(pixels, labels, "told", "train", "made by a test")


def label_of(images):
    return images[:, 0, 0, 0].long() // 40


@pytest.fixture
def conditional(tiny_config):
    return lambda **changes: tiny_config(**{"classes": 3, "hidden": 5, "affine": False, **changes})


def streams(config, rows):
    images, labels = told_apart(rows), known_labels(config, told_apart(rows))
    yield BatchStream(images, 8, 3, CPU, labels=labels)
    yield WindowStream(images, 8, 256, 3, CPU, labels=labels)
    yield Prefetcher(BatchStream(images, 8, 3, CPU, labels=labels), 8)


def test_the_labels_are_those_of_the_images(conditional):
    for stream in streams(conditional(), 300):
        for position in (0, 8, 296, 16):  # the third spans two passes
            images, labels = stream.batch(position)
            assert labels.dtype == torch.int64
            assert torch.equal(labels, label_of(images))


def test_each_rank_has_the_labels_of_its_own_part(conditional):
    images = told_apart()
    whole = open_batches(conditional(), images, CPU)
    parts = [open_batches(conditional(), images, CPU, Ranks(rank, 2)) for rank in range(2)]
    found = [part.batch(16) for part in parts]
    assert torch.equal(torch.cat([each.labels for each in found]), whole.batch(16).labels)
    assert all(torch.equal(each.labels, label_of(each.images)) for each in found)


def test_unconditional_networks_get_no_labels_of_a_labeled_set(tiny_config):
    assert open_batches(tiny_config(), told_apart(), CPU).batch(0).labels is None


@pytest.mark.parametrize(("updates", "calls"), [("both", "gddd"), ("alternate", "gdgdd")])
def test_every_pass_of_a_step_sees_the_labels_of_the_batch(conditional, updates, calls):
    state, seen = TrainState(conditional(updates=updates), CPU), []
    for name, network in (("g", state.generator), ("d", state.discriminator)):
        network.register_forward_pre_hook(lambda module, inputs, name=name: seen.append((name, inputs[1])))
    images, labels = open_batches(state.config, told_apart(), CPU).batch(0)
    state.step(images, labels)
    assert "".join(name for name, _ in seen) == calls
    assert all(torch.equal(each, labels) for _, each in seen)
    assert len(set(labels.tolist())) == 3


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"updates": "alternate", "ema": 20}, {"affine": True, "hidden": 0}], ids=str)
def test_every_weight_is_trained_and_an_interruption_changes_nothing(conditional, tiny_images, tmp_path, changes):
    config = conditional(images=32, lr=0.01, **changes)
    train(config, tiny_images(), tmp_path / "whole", device=CPU)
    answers = iter([False, True])
    train(config, tiny_images(), tmp_path / "parts", device=CPU, should_stop=lambda: next(answers))
    assert Run(tmp_path / "parts").position() == 16
    train(config, tiny_images(), tmp_path / "parts", device=CPU)
    whole, parts = (Run(tmp_path / name).load() for name in ("whole", "parts"))
    for name, build in (("discriminator", build_discriminator), ("generator", build_generator)):
        for key, before in build(config.network, config.seed).named_parameters():
            assert not torch.equal(before, whole[name][key]), key
    for name in {"discriminator", "generator", "average"} & set(whole):
        assert all(torch.equal(tensor, parts[name][key]) for key, tensor in whole[name].items())
    row = Run(tmp_path / "whole").stats()[-1]
    assert row["diversity"] > 0.0
    assert rehearse(config, CPU, 0).parameters > 0


def test_rows_of_the_grid_are_classes(conditional, tiny_config):
    noise = fixed_noise(conditional(), CPU)
    assert noise.labels.tolist() == [0] * 8 + [1] * 8 + [2] * 8
    assert noise.z.shape == (24, 4)
    assert fixed_noise(tiny_config(classes=100), CPU).labels.unique().tolist() == list(range(20))
    plain = fixed_noise(tiny_config(), CPU)
    assert (plain.z.shape, plain.labels) == ((64, 4), None)


def test_a_run_knows_the_names_of_its_classes_and_is_exported_whole(conditional, tmp_path):
    images = told_apart()
    named = ImageSet(images.images, images.labels, "told", "train", "made by a test", class_names=("a", "b", "c"))
    train(conditional(images=16), named, tmp_path / "run", device=CPU)
    export_weights(Run(tmp_path / "run"), tmp_path / "pieces")
    again = import_weights(tmp_path / "pieces", tmp_path / "again")
    assert again.trained_on.class_names == ("a", "b", "c")
    found, expected = (draw_samples(run, 6, device=CPU) for run in (again, Run(tmp_path / "run")))
    assert found.labels.tolist() == expected.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert np.abs(found.images.astype(int) - expected.images).max() <= 2  # weights of 16 bits


def test_a_set_without_labels_or_of_other_classes_is_refused(conditional, tiny_config, tiny_images, tmp_path):
    with pytest.raises(UserError, match="has no labels, and a conditional network needs them; use a") as unlabelled:
        train(conditional(), tiny_images(labels=False), tmp_path / "run", device=CPU)
    assert unlabelled.value.parameter == "dataset"
    with pytest.raises(UserError) as caught:
        check_images(tiny_config(classes=5), tiny_images())
    assert str(caught.value) == (
        "tiny has 3 classes, but the tiny networks are conditional on 5; omit `classes` to use those of the images"
    )
    assert caught.value.parameter == "classes"
    assert not (tmp_path / "run").exists()


def test_a_probe_of_conditional_networks_is_refused(conditional, tiny_images, tmp_path):
    probe = Probe(lambda discriminator: 0.5, 8, {})
    with pytest.raises(UserError, match="has no features of images alone; omit `probe_every`, or train") as caught:
        train(conditional(), tiny_images(), tmp_path / "run", device=CPU, probe=probe)
    assert caught.value.parameter == "probe_every"
