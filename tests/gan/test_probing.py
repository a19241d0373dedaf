"""When the features are probed during training, and which state is kept by it."""

import json

import pytest
import torch

from dcgan_probe.gan import Probe, Run, load_checkpoint, train
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")


def scripted(accuracies, every=48, seen=None, untrained=None, **description):
    """Return a probe with these accuracies, one after the other, that notes the weights it was shown."""
    answers = iter(accuracies if untrained is None else [untrained, *accuracies])

    def measure(discriminator):
        if seen is not None:
            seen.append(discriminator.output.weight.detach().clone())
        return next(answers)

    return Probe(measure, every, description)


def probed(folder):
    rows = [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]
    return {row["images_seen"]: row["probe_accuracy"] for row in rows if row["probe_accuracy"] is not None}


def test_probes_come_at_their_times_and_at_the_end(tmp_path, tiny_config, tiny_images):
    probe = scripted([0.1, 0.3, 0.3, 0.2], untrained=0.05, dataset="d", labels=60)
    train(tiny_config(), tiny_images(), tmp_path, device=CPU, probe=probe)
    assert probed(tmp_path) == {48: 0.1, 96: 0.3, 144: 0.3, 160: 0.2}
    (session,) = json.loads((tmp_path / "config.json").read_text())["sessions"]
    assert session["probe"] == {"every": 48, "dataset": "d", "labels": 60, "untrained_accuracy": 0.05}
    assert Run(tmp_path).untrained_accuracy() == 0.05
    assert not (tmp_path / "best.pt").exists()
    assert Run(tmp_path).load()["position"] == 160


@pytest.mark.slow
def test_the_first_of_the_best_states_is_kept_and_is_what_the_run_gives(tmp_path, tiny_config, tiny_images):
    seen = []
    probe = scripted([0.1, 0.3, 0.3, 0.2], untrained=0.9, seen=seen, dataset="d")
    config = tiny_config(keep="best")
    train(config, tiny_images(), tmp_path, device=CPU, probe=probe)
    run = Run(tmp_path)
    assert run.load()["position"] == 96
    assert run.load()["probe"] == {"dataset": "d", "accuracy": 0.3}  # the untrained state is not chosen from
    assert torch.equal(run.discriminator().output.weight, seen[2])
    assert run.position() == 160
    assert not torch.equal(seen[2], seen[4])
    # The last state is as it would have been without a probe, and training goes on from it.
    train(tiny_config(), tiny_images(), tmp_path / "bare", device=CPU)
    last, bare = (load_checkpoint(folder / "checkpoint.pt") for folder in (tmp_path, tmp_path / "bare"))
    for name in ("discriminator", "generator"):
        assert all(torch.equal(tensor, bare[name][key]) for key, tensor in last[name].items())
    longer = tiny_config(keep="best", images=200)
    train(longer, tiny_images(), tmp_path, device=CPU, probe=scripted([0.25, 0.4], dataset="d"))
    assert probed(tmp_path) == {48: 0.1, 96: 0.3, 144: 0.3, 160: 0.2, 192: 0.25, 200: 0.4}
    assert run.untrained_accuracy() == 0.9  # measured once, in the first session
    assert run.load()["position"] == 200


def test_the_best_of_earlier_sessions_is_remembered(tmp_path, tiny_config, tiny_images):
    answers = iter([False] * 14 + [True])
    config = tiny_config(keep="best")
    probe = scripted([0.5, 0.2], untrained=0.1, dataset="d")
    train(config, tiny_images(), tmp_path, device=CPU, probe=probe, should_stop=lambda: next(answers))
    assert Run(tmp_path).position() == 120
    train(config, tiny_images(), tmp_path, device=CPU, probe=scripted([0.4, 0.45], dataset="d"))
    assert Run(tmp_path).load()["position"] == 48


@pytest.mark.slow
def test_a_training_that_is_out_of_time_ends_with_a_probe(tmp_path, tiny_config, tiny_images):
    config, probe = tiny_config(keep="best"), scripted([0.3], untrained=0.1, dataset="d")
    assert train(config, tiny_images(), tmp_path, device=CPU, probe=probe, time_limit=0) == "out of time"
    assert probed(tmp_path) == {8: 0.3}
    assert Run(tmp_path).load()["position"] == Run(tmp_path).position() == 8
    # Training goes on to the same bits, and who interrupts does not wait for a probe.
    probe, answers = scripted([0.2], dataset="d"), iter([False] * 5 + [True])
    stopped = train(config, tiny_images(), tmp_path, device=CPU, probe=probe, should_stop=lambda: next(answers))
    assert (stopped, Run(tmp_path).position(), probed(tmp_path)) == ("interrupted", 56, {8: 0.3, 48: 0.2})
    both = train(config, tiny_images(), tmp_path, device=CPU, probe=probe, should_stop=lambda: True, time_limit=0)
    assert (both, Run(tmp_path).position(), probed(tmp_path)) == ("interrupted", 64, {8: 0.3, 48: 0.2})
    train(config, tiny_images(), tmp_path, device=CPU, probe=scripted([0.2, 0.2, 0.2], dataset="d"))
    train(tiny_config(), tiny_images(), tmp_path / "whole", device=CPU)
    last, whole = (load_checkpoint(folder / "checkpoint.pt") for folder in (tmp_path, tmp_path / "whole"))
    assert all(torch.equal(tensor, whole["generator"][key]) for key, tensor in last["generator"].items())


def test_another_probe_cannot_go_on_choosing(tmp_path, tiny_config, tiny_images):
    config = tiny_config(keep="best", images=48)
    train(config, tiny_images(), tmp_path, device=CPU, probe=scripted([0.5], untrained=0.1, dataset="d"))
    longer = tiny_config(keep="best")
    with pytest.raises(
        UserError, match=r"best.pt was chosen by the probe .*'d'.*, got .*'e'.*; their accuracies"
    ) as caught:
        train(longer, tiny_images(), tmp_path, device=CPU, probe=scripted([0.5], dataset="e"))
    assert caught.value.parameter == "probe_dataset"
    assert Run(tmp_path).config.images == 48


def test_what_keeps_the_best_needs_a_probe(tmp_path, tiny_config, tiny_images):
    config, answers = tiny_config(keep="best"), iter([False, True])
    with pytest.raises(UserError, match="got `keep=best` without a probe") as caught:
        train(config, tiny_images(), tmp_path, device=CPU)
    assert caught.value.parameter == "keep"
    probe = scripted([], untrained=0.1)
    train(config, tiny_images(), tmp_path, device=CPU, probe=probe, should_stop=lambda: next(answers))
    with pytest.raises(UserError, match="keeps the weights with the best probe, and has none yet"):
        Run(tmp_path).discriminator()
    with pytest.raises(UserError, match="got a probe every 0 images, expected at least 1"):
        scripted([], every=0)
    with pytest.raises(UserError, match="got keep 'worst', expected last or best"):
        tiny_config(keep="worst")


def test_the_best_of_a_run_that_was_never_saved_is_forgotten(tmp_path, tiny_config, tiny_images):
    config = tiny_config(keep="best", images=48)
    train(config, tiny_images(), tmp_path, device=CPU, probe=scripted([0.9], untrained=0.1, dataset="d"))
    (tmp_path / "checkpoint.pt").unlink()
    train(config, tiny_images(), tmp_path, device=CPU, probe=scripted([0.1], untrained=0.1, dataset="d"))
    assert Run(tmp_path).load()["probe"]["accuracy"] == 0.1
