import gc
import json
import os
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from dcgan_probe.gan import Run, TrainConfig, TrainState, latest_run, load_checkpoint, thinned, train, training
from dcgan_probe.gan.curves import collapse_spans
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")


def stats(folder):
    return [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]


def test_nothing_holds_the_networks_after_training(tmp_path, tiny_config, tiny_images, monkeypatch):
    # On GPUs their recorded steps have to go before the ranks part (`joined_ranks`).
    made: list[weakref.ref] = []

    class Noted(TrainState):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(weakref.ref(self))

    monkeypatch.setattr(training, "TrainState", Noted)
    train(tiny_config(), tiny_images(), tmp_path, device=CPU)
    gc.collect()
    assert [reference() for reference in made] == [None]


def test_run_folder_holds_what_a_run_is_made_of(tmp_path, tiny_config, tiny_images):
    config, images, rows = tiny_config(), tiny_images(), []
    folder = tmp_path / "runs" / "tiny"
    assert train(config, images, folder, device=CPU, command=["train", "--x"], on_tick=rows.append) == "finished"
    run = Run(folder)
    assert run.config == config
    assert (run.trained_on.name, run.trained_on.images, run.trained_on.fingerprint) == ("tiny", 20, images.fingerprint)
    assert run.position() == 160
    (session,) = json.loads((folder / "config.json").read_text())["sessions"]
    assert session["command"] == ["train", "--x"]
    assert session["position"] == 0
    assert {"torch", "python", "dcgan-probe"} <= set(session["versions"])
    assert session["device"].startswith("cpu")
    assert stats(folder) == rows
    assert rows[-1]["images_seen"] == 160
    assert rows[-1]["passes"] == 8
    numbers = [value for row in rows for value in row.values() if isinstance(value, int | float)]
    assert np.isfinite(numbers).all()
    # Each row but for what was not measured: a GPU's memory, oscillation before the eighth tick, a probe, a collapse.
    assert {name for name, value in rows[0].items() if value is None} == {
        "gpu_memory_mb",
        "oscillating_filters",
        "probe_accuracy",
        "collapsed_since",
    }
    assert 0.0 <= rows[-1]["oscillating_filters"] <= 1.0
    stored = load_checkpoint(folder / "checkpoint.pt")
    for network, name in ((run.discriminator(), "discriminator"), (run.generator(), "generator")):
        assert all(torch.equal(tensor, stored[name][key]) for key, tensor in network.state_dict().items())


def test_rows_of_statistics_are_means_over_their_steps(tmp_path, tiny_config, tiny_images, monkeypatch):
    kept, step = [], TrainState.step
    monkeypatch.setattr(TrainState, "step", lambda *arguments: kept.append(step(*arguments)) or kept[-1])
    train(tiny_config(), tiny_images(), tmp_path / "run", device=CPU)
    start = 0
    for row in stats(tmp_path / "run"):
        steps = kept[start : row["images_seen"] // 8]
        for name in ("d_loss", "g_loss", "d_real", "d_fake"):
            mean = np.mean([float(getattr(statistics, name)) for statistics in steps])
            assert row[name] == pytest.approx(mean, abs=2e-6)
        start = row["images_seen"] // 8
    assert start == len(kept) == 20


def test_samples_at_the_start_each_eighth_and_after_1_and_5_passes(tmp_path, tiny_config, tiny_images):
    # 320 images: eighths at 40, 80 ... 320; a set of 26 images: passes end at 26 and 130, seen at 32 and 136.
    train(tiny_config(images=320), tiny_images(26), tmp_path / "run", device=CPU)
    expected = [0, 32, 40, 80, 120, 136, 160, 200, 240, 280, 320]
    names = sorted(path.name for path in (tmp_path / "run" / "samples").iterdir())
    assert names == [*(f"fixed-noise-{position:010d}.png" for position in expected), "real.png"]


def test_grids_show_the_images(tmp_path, tiny_config, tiny_images):
    images = tiny_images()
    train(tiny_config(images=8), images, tmp_path / "run", device=CPU)
    with Image.open(tmp_path / "run" / "samples" / "real.png") as picture:
        real = np.asarray(picture)
    assert real.shape == (2 + 10, 2 + 8 * 10, 3)  # 8 images of 8 pixels in one row, lines of 2
    tiles = [real[2:10, 2 + 10 * column : 10 + 10 * column].transpose(2, 0, 1) for column in range(8)]
    assert all(any(np.array_equal(tile, image) for image in images.images) for tile in tiles)
    with Image.open(tmp_path / "run" / "samples" / "fixed-noise-0000000008.png") as picture:
        assert picture.size == (2 + 8 * 10, 2 + 8 * 10)  # 64 samples


def test_drawing_a_grid_changes_nothing_in_the_run(tmp_path, tiny_config, tiny_images, monkeypatch):
    train(tiny_config(), tiny_images(), tmp_path / "drawn", device=CPU)
    monkeypatch.setattr(training.TrainingLoop, "_save_sample_grid", lambda self: None)
    train(tiny_config(), tiny_images(), tmp_path / "bare", device=CPU)
    assert not list((tmp_path / "bare" / "samples").glob("fixed*"))
    drawn, bare = (load_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("drawn", "bare"))
    for name in ("discriminator", "generator"):
        assert all(torch.equal(tensor, bare[name][key]) for key, tensor in drawn[name].items())


def test_finished_run_is_left_alone(tmp_path, tiny_config, tiny_images):
    folder = tmp_path / "run"
    train(tiny_config(), tiny_images(), folder, device=CPU)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*") if path.is_file()}
    assert train(tiny_config(), tiny_images(), folder, device=CPU) == "already finished"
    assert before == {
        path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*.*") if path.is_file()
    }


def test_stop_request_saves_and_the_next_call_goes_on(tmp_path, tiny_config, tiny_images):
    answers = iter([False, False, True])
    outcome = train(tiny_config(), tiny_images(), tmp_path, device=CPU, should_stop=lambda: next(answers))
    assert outcome == "interrupted"
    assert Run(tmp_path).position() == 24
    assert train(tiny_config(), tiny_images(), tmp_path, device=CPU) == "finished"
    sessions = json.loads((tmp_path / "config.json").read_text())["sessions"]
    assert [session["position"] for session in sessions] == [0, 24]


def test_changed_settings_are_refused_with_their_differences(tmp_path, tiny_config, tiny_images):
    train(tiny_config(images=16), tiny_images(), tmp_path, device=CPU)
    before = (tmp_path / "config.json").read_bytes()
    with pytest.raises(UserError) as caught:
        train(tiny_config(images=8, lr=1e-3, ndf=8), tiny_images(seed=1), tmp_path, device=CPU)
    old, new = tiny_images().fingerprint, tiny_images(seed=1).fingerprint
    assert str(caught.value).splitlines() == [
        f"{tmp_path} holds a run with other settings:",
        "  network.ndf: 4 -> 8",
        "  lr: 0.0002 -> 0.001",
        f"  training images: {old} -> {new}",
        "  images: 16 -> 8 (a run can be extended, not shortened)",
        "Give the original settings to resume it, or another `run` to start a new one.",
    ]
    assert caught.value.parameter == "run"
    assert (tmp_path / "config.json").read_bytes() == before


@pytest.mark.parametrize("labels", [True, False])
def test_other_training_images_are_refused(tmp_path, tiny_config, tiny_images, labels):
    train(tiny_config(images=8), tiny_images(), tmp_path, device=CPU)
    images = tiny_images(seed=int(labels), labels=labels)
    with pytest.raises(UserError, match="training images: "):
        train(tiny_config(images=8), images, tmp_path, device=CPU)


def test_images_that_do_not_fit_the_networks_are_refused(tmp_path, tiny_config, tiny_images):
    with pytest.raises(UserError) as caught:
        train(tiny_config(), tiny_images(size=16, channels=1), tmp_path / "run", device=CPU)
    assert str(caught.value) == (
        "tiny has images of 1 x 16 x 16 (channels, height, width), but the tiny networks take 3 x 8 x 8; "
        "use `dcgan-probe prepare --size 8`, `nc=1`, or a preset of that size"
    )
    assert not (tmp_path / "run").exists()


def test_infinite_loss_stops_and_keeps_the_last_good_checkpoint(tmp_path, tiny_config, tiny_images):
    with pytest.raises(UserError) as caught:
        train(tiny_config(lr=1e30), tiny_images(), tmp_path, device=CPU)
    text = str(caught.value)
    assert "is not finite between 0 and 24 images (D " in text
    assert f"The last good checkpoint is kept in {tmp_path / 'checkpoint.pt'}." in text
    assert "`lr`" in text
    stored = load_checkpoint(tmp_path / "checkpoint.pt")
    assert stored["position"] == 0
    assert all(tensor.isfinite().all() for name in ("discriminator", "generator") for tensor in stored[name].values())
    assert not (tmp_path / "stats.jsonl").exists()


@pytest.mark.parametrize("network", ["discriminator", "generator"])
def test_weight_that_is_not_finite_is_never_saved(tmp_path, tiny_config, tiny_images, monkeypatch, network):
    step = TrainState.step

    def poisoned(self, real, labels):
        result = step(self, real, labels)
        if self.position == 40:  # a milestone: a checkpoint is due, and the loss is still finite
            with torch.no_grad():
                next(getattr(self, network).parameters())[0] = float("nan")
        return result

    monkeypatch.setattr(TrainState, "step", poisoned)
    with pytest.raises(UserError, match="not finite between 24 and 40 images"):
        train(tiny_config(), tiny_images(), tmp_path, device=CPU)
    assert load_checkpoint(tmp_path / "checkpoint.pt")["position"] == 24


def test_statistics_past_the_checkpoint_are_dropped(tmp_path, tiny_config, tiny_images):
    answers = iter([False, False, False, True])
    train(tiny_config(), tiny_images(), tmp_path, device=CPU, should_stop=lambda: next(answers))
    kept = stats(tmp_path)
    assert kept[-1]["images_seen"] == 32
    with open(tmp_path / "stats.jsonl", "a") as file:
        file.write(json.dumps({**kept[-1], "images_seen": 40, "d_loss": -1.0}) + "\n")
        file.write('{"images_seen": 48, "d_lo')  # cut off by a kill
    train(tiny_config(), tiny_images(), tmp_path, device=CPU)
    found = stats(tmp_path)
    assert found[: len(kept)] == kept
    seen = [row["images_seen"] for row in found]
    assert seen == sorted(set(seen))
    assert seen[-1] == 160
    assert all(row["d_loss"] > 0 for row in found)


def test_a_line_that_was_cut_off_is_not_read(tmp_path):
    run = Run(tmp_path)
    run.append_stats({"images_seen": 8})
    with open(run.stats_path, "a") as file:
        file.write('{"images_seen": 16, "d_lo')
    assert run.stats() == [{"images_seen": 8}]


def long_statistics(count=1000):
    """Rows that begin dense, with two collapses, the second of growing signs, and a probe every 97 rows."""
    rows = []
    for index in range(count):
        collapsed, signs = None, []
        if 300 <= index < 423:
            collapsed, signs = 300, ["samples alike"]
        if 700 <= index < 705:
            collapsed, signs = 690, ["filters dead", "D always right"][: 1 + (index >= 703)]
        probe = 0.5 if index % 97 == 50 else None
        seen = 100 * index + min(10 * index * index, 300_000)
        rows.append(
            {"images_seen": seen, "collapsed_since": collapsed, "collapse_signs": signs, "probe_accuracy": probe}
        )
    return rows


def test_thinned_statistics_keep_ends_probes_and_collapses():
    rows = long_statistics()
    kept = thinned(rows)
    numbers = [rows.index(row) for row in kept]
    assert numbers == sorted(set(numbers))
    probes = set(range(50, 1000, 97))
    changes = {299, 300, 422, 423, 699, 700, 702, 703, 704, 705}
    assert {0, 999} | probes | changes <= set(numbers)
    assert 150 < len(numbers) <= 200 + len(probes | changes)
    assert collapse_spans(kept) == collapse_spans(rows)
    assert thinned(kept) == kept


def test_thinned_statistics_are_even_in_images_seen():
    rows = [row for row in long_statistics() if row["probe_accuracy"] is None and row["collapsed_since"] is None]
    seen = np.array([row["images_seen"] for row in thinned(rows, keep=50)])
    steps = np.diff([row["images_seen"] for row in rows])
    even = (rows[-1]["images_seen"] - rows[0]["images_seen"]) / 49
    # A row is at most half a step of the full statistics from its position.
    assert len(seen) == 50
    assert np.abs(np.diff(seen) - even).max() <= steps.max()


def test_short_statistics_are_kept_whole():
    rows = long_statistics(200)
    assert thinned(rows) == rows
    assert thinned([]) == []
    early = [{"images_seen": 10 * index, "d_loss": 1.0} for index in range(300)]  # of an earlier version
    assert len(thinned(early)) == 200


def test_latest_run_is_the_one_saved_last(tmp_path, tiny_config, tiny_images):
    for number, name in enumerate(("b", "c", "a")):
        train(tiny_config(images=8), tiny_images(), tmp_path / name, device=CPU)
        os.utime(tmp_path / name / "checkpoint.pt", (1000 + number, 1000 + number))
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "checkpoint.pt").write_bytes(b"no run: it has no config")
    assert latest_run(tmp_path).folder == tmp_path / "a"
    os.utime(tmp_path / "b" / "checkpoint.pt", (2000, 2000))
    assert latest_run(tmp_path).folder == tmp_path / "b"
    with pytest.raises(UserError, match=f"there is no trained run under {tmp_path / 'd'}/; run `dcgan-probe train`"):
        latest_run(tmp_path / "d")


def test_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(UserError, match=r"is not a run folder: it has no config.json; train first") as caught:
        _ = Run(tmp_path).config
    assert caught.value.parameter == "run"
    (tmp_path / "config.json").write_text('{"config": {}}')
    with pytest.raises(UserError, match="is not a run's config; expected config, trained_on and sessions"):
        _ = Run(tmp_path).config
    (tmp_path / "config.json").write_text('{"config": {"lr": 1}, "trained_on": {}, "sessions": []}')
    with pytest.raises(UserError, match="the stored config does not fit this version"):
        _ = Run(tmp_path).config


def test_config_survives_json_and_names_its_differences(tiny_config):
    config = tiny_config()
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.differences(replace(config, images=1)) == []
    other = replace(config, beta1=0.9, network=replace(config.network, strides=(2, 1), image_size=8))
    assert config.differences(other) == ["network.strides: [2, 2] -> [2, 1]", "beta1: 0.5 -> 0.9"]


def test_checkpoint_of_another_run_is_refused(tmp_path, tiny_config, tiny_images):
    answers = iter([False, True])
    train(tiny_config(), tiny_images(), tmp_path / "run", device=CPU, should_stop=lambda: next(answers))
    for name, config in (("seed", tiny_config(seed=4, images=8)), ("shape", tiny_config(ndf=8, images=8))):
        train(config, tiny_images(), tmp_path / name, device=CPU)
        (tmp_path / "run" / "checkpoint.pt").write_bytes((tmp_path / name / "checkpoint.pt").read_bytes())
        with pytest.raises(UserError, match=r"checkpoint.pt belongs to a run with other settings"):
            train(tiny_config(), tiny_images(), tmp_path / "run", device=CPU)


@pytest.mark.parametrize(
    ("change", "option", "text"),
    [
        ({"lr": float("inf")}, "lr", "got lr inf, expected more than 0"),
        ({"lr": float("nan")}, "lr", "got lr nan, expected more than 0"),
        ({"weight_decay": float("nan")}, "weight_decay", "got weight decay nan, expected 0 or more"),
        ({"beta1": float("nan")}, "beta1", "got beta1 nan, expected 0 <= beta1 < 1"),
        ({"precision": "auto"}, "precision", "got precision 'auto', expected float32 or bfloat16"),
    ],
)
def test_settings_that_no_training_can_have_are_refused(tiny_config, change, option, text):
    with pytest.raises(UserError, match=text) as caught:
        tiny_config(**change)
    assert caught.value.parameter == option


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
def test_full_disk_is_named_when_statistics_are_written(tmp_path):
    run = Run(tmp_path)
    run.stats_path.symlink_to("/dev/full")
    with pytest.raises(UserError, match=f"the disk is full: {run.stats_path} cannot be written"):
        run.append_stats({"images_seen": 8})


def test_loading_networks_leaves_the_global_random_state_alone(tmp_path, tiny_config, tiny_images):
    train(tiny_config(images=8), tiny_images(), tmp_path, device=CPU)
    before = torch.get_rng_state()
    Run(tmp_path).discriminator()
    Run(tmp_path).generator()
    assert torch.equal(before, torch.get_rng_state())
