"""Supervised search on 8x8 images with easily separable classes."""

import math
import multiprocessing
from dataclasses import asdict, replace
from typing import get_args

import numpy as np
import pytest
import torch

from dcgan_probe.evaluation import (
    PlannedSupervised,
    Results,
    Setting,
    SupervisedConfig,
    checked_protocol,
    draw_setting,
    predict,
    protocol_for,
    run_supervised,
    summarize,
    train_supervised,
)
from dcgan_probe.evaluation.draws import lay_out
from dcgan_probe.evaluation.supervised import trials
from dcgan_probe.gan import PRESETS, PresetName
from dcgan_probe.images import ImageSet
from dcgan_probe.runtime import UserError, Workspace, derive_seed, single_thread

CPU = torch.device("cpu")
PROTOCOL = protocol_for("tiny", 90, 3, labels=15, draws=2, select_draws=1)


def striped(rows, split, seed):
    """Draw noisy images with a dark or a light band at a position that depends on the class."""
    random = np.random.default_rng(seed)
    labels = np.arange(rows) % 3
    pixels = random.integers(0, 256, (rows, 3, 8, 8))
    for row, label in enumerate(labels):
        pixels[row, :, 2 * label : 2 * label + 3] -= 90
    return ImageSet(pixels.clip(0, 255).astype(np.uint8), labels, "tiny", split, "made by a test")


@pytest.fixture
def images():
    return striped(90, "train", 1), striped(40, "test", 2)


@pytest.fixture
def search(images, tiny_config, tmp_path):
    config = SupervisedConfig("tiny", 15, settings=4, seed=5)
    place = Workspace(runs=tmp_path)
    return PlannedSupervised(config, place, PROTOCOL, *images, "tiny", tiny_config().network, CPU, workers=1)


def changed(search, folder=None, settings=4, **changes):
    place = search.workspace if folder is None else Workspace(runs=folder)
    return replace(search, workspace=place, config=replace(search.config, settings=settings), **changes)


def evaluate(search, name="results", **callbacks):
    """Return the summary of a search, its records and its test predictions."""
    results = Results(search.workspace.runs / name)
    summary = search.evaluate(results, **callbacks)
    return summary, results.records(), results.read_predictions(summary.evaluation)


def trained_by_hand(search, number, stage, draw, rows):
    """Predict with one training, outside of the search."""
    layout = lay_out(PROTOCOL, search.train.labels, 5)
    train = search.train.subset(layout.order).subset(rows)
    seed = derive_seed(5, "tiny-15", "supervised", stage, draw)
    setting = draw_setting(5, number)
    with single_thread():
        network = train_supervised(
            train.images, train.labels, setting, search.network, classes=3, seed=seed, device=CPU
        )
    return lambda set_: predict(network, set_.images)


def test_the_best_on_validation_rows_is_retrained_on_the_reported_draws_of_all_rows(images, search):
    summary, records, test = evaluate(search)
    layout = lay_out(PROTOCOL, images[0].labels, 5)
    trains, scores = layout.select_rows(0)
    validation = images[0].subset(layout.order).subset(scores)
    errors = [
        float((trained_by_hand(search, number, "select", 0, trains)(validation) != validation.labels).mean())
        for number in range(4)
    ]
    chosen = int(np.argmin(errors))
    assert [record.error for record in records[:4]] == pytest.approx(errors)
    assert len(set(errors)) > 1
    assert summary.chosen == test.chosen == chosen
    expected = [trained_by_hand(search, chosen, "report", draw, layout.report_rows(draw))(images[1]) for draw in (0, 1)]
    assert (test.predictions == expected).all()
    assert (test.labels == images[1].labels).all()
    accuracies = (test.predictions == images[1].labels).mean(axis=1)
    assert summary.accuracy == pytest.approx(accuracies.mean())
    assert summary.spread == pytest.approx(accuracies.std(ddof=1))
    assert f"setting {chosen} of 4 drawn at random, the one with the least validation error" in summary.notes[-1]
    assert f"{100 * min(errors):.2f} % on 75 rows" in summary.notes[-1]


def test_records_describe_each_training(search, tmp_path):
    summary, records, test = evaluate(search)
    stages = [(record.stage, record.draw, record.split, record.rows_scored) for record in records]
    assert stages == [("select", 0, "validation", 75)] * 4 + [("report", draw, "test", 40) for draw in (0, 1)]
    assert [record.chosen for record in records[:4]] == [0, 1, 2, 3]
    first, last = records[0], records[-1]
    assert first.options == {**asdict(draw_setting(5, 0)), "batch": 15}
    assert first.images_seen == first.iterations * 15 == draw_setting(5, 0).passes * 15
    assert last.options == {**asdict(draw_setting(5, int(summary.chosen))), "batch": 15}
    assert summary.options == {"settings": 4, **last.options}
    for record in records:
        shared = record.evaluation
        assert (shared.features, shared.network, shared.classifier) == ("supervised", "tiny", "softmax")
        assert (shared.layers, shared.dimension, shared.largest_layer) == ("conv2", 2 * 2 * 8, 8)
        assert (shared.trained_on, shared.trained_on_images, shared.weights) == ("", 0, "")
        assert (record.rows_trained, shared.train_rows, shared.test_rows) == (15, 90, 40)
        assert (shared.chosen_name, shared.overlap) == ("setting", pytest.approx(5 / 30))
        assert math.isnan(record.objective)
        assert record.converged
        assert shared.threads == 1
        assert shared.id == test.evaluation
        typed = "dcgan-probe eval-supervised --dataset tiny --labels 15 --settings 4 --seed 5"
        assert shared.command == f"{typed} --runs {tmp_path}"
        assert (shared.duplicates, shared.imbalance) == (0, pytest.approx(14 / 13))
        assert 0.0 <= record.balanced_accuracy <= 1.0
    assert summary.unconverged == 0


class SealedPixels:
    """Pixels that raise an error if they are read before ``open`` is set."""

    def __init__(self, pixels):
        self.pixels, self.open = pixels, True
        self.shape, self.dtype = pixels.shape, pixels.dtype

    def __getitem__(self, rows):
        assert self.open, "the test images were read while a setting was still to be chosen"
        return self.pixels[rows]


def test_the_test_images_are_read_when_the_setting_is_chosen(images, search, tmp_path):
    pixels = SealedPixels(images[1].images)
    test = replace(images[1], images=pixels)
    assert test.fingerprint == images[1].fingerprint  # names the images and decides nothing
    assert len(test.row_fingerprints) == 40  # finds copies of training images and decides nothing
    pixels.open, sealed = False, changed(search, test=test)

    def unseal(step):
        pixels.open = step.note.startswith("4 of 4 trainings")

    summary, _, predictions = evaluate(sealed, on_progress=unseal)
    pixels.open = False
    with pytest.raises(AssertionError, match="the test images were read while a setting was still to be chosen"):
        evaluate(sealed, "others")
    assert predictions.predictions.shape == (2, 40)
    assert 0.0 < summary.accuracy <= 1.0


def test_finished_trainings_are_not_repeated(search, tmp_path, monkeypatch):
    expected = evaluate(changed(search, tmp_path / "whole"))
    trained, steps, notes = [], [], []

    def counting(data, trial, real=trials.train_trial):
        trained.append((trial.stage, trial.draw, trial.number))
        return real(data, trial)

    monkeypatch.setattr(trials, "train_trial", counting)

    def stop_at(title, done):
        def watch(step):
            if step.title == title and step.note.startswith(f"{done} of"):
                raise KeyboardInterrupt

        return watch

    parts = changed(search, tmp_path / "parts")
    for stop in (stop_at("tiny-15 supervised, search", 3), stop_at("tiny-15 supervised, test", 1)):
        with pytest.raises(KeyboardInterrupt):
            evaluate(parts, on_progress=stop)
        # An interrupted evaluation has none, so that the search is recorded once.
        assert not Results(tmp_path / "parts" / "results").path.exists()
    resumed = evaluate(parts, on_progress=steps.append, on_note=notes.append)
    assert [record.stage for record in resumed[1]] == ["select"] * 4 + ["report"] * 2
    assert len(trained) == len(set(trained)) == 4 + 2
    assert resumed[0].accuracy == expected[0].accuracy
    assert (resumed[2].predictions == expected[2].predictions).all()
    seen = sum(draw_setting(5, number).passes for number in range(4)) * 15
    assert (steps[0].done, steps[0].total, steps[0].before) == (seen, seen, seen)
    assert steps[0].note.startswith("4 of 4 trainings, best validation error so far ")
    assert notes == ["tiny-15 supervised, test: resuming at training 1 of 2"]
    # Longer searches begin with the same settings.
    evaluate(changed(parts, settings=6))
    assert trained[6:8] in ([("select", 0, 4), ("select", 0, 5)], [("select", 0, 5), ("select", 0, 4)])


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(search, tmp_path):
    alone = evaluate(search)
    for kept in tmp_path.glob("supervised/*/select-*.npz"):
        kept.unlink()  # the reported draws stay, since a new process takes seconds to import torch
    two = evaluate(changed(search, workers=2), "others")
    assert [record.accuracy for record in two[1]] == [record.accuracy for record in alone[1]]
    assert len(list(tmp_path.glob("supervised/*/select-*.npz"))) == 4


@pytest.mark.usefixtures("two_threads")
def test_each_training_computes_on_one_thread_and_gives_the_others_back(search, monkeypatch):
    threads = []

    def watched(*arguments, real=train_supervised, **named):
        threads.append(torch.get_num_threads())
        return real(*arguments, **named)

    monkeypatch.setattr(trials, "train_supervised", watched)
    evaluate(changed(search, settings=1))
    assert torch.get_num_threads() == 2
    assert threads == [1, 1, 1]


def test_a_longer_search_is_another_row_and_the_same_one_is_not(search):
    for settings in (2, 4, 4):
        _, records, _ = evaluate(changed(search, settings=settings))
    assert [summary.options["settings"] for summary in summarize(records)] == [2, 4]


def test_all_labels(search):
    summary, records, _ = evaluate(changed(search, settings=1, protocol=protocol_for("tiny", 90, 3)))
    assert [(record.rows_trained, record.rows_scored) for record in records] == [(72, 18), (90, 40)]
    assert summary.draws == 1


def test_a_diverged_training_is_recorded(search, monkeypatch):
    monkeypatch.setattr(trials, "draw_setting", lambda *_: Setting(1e38, 0.0, 0.0, 10))
    _, records, _ = evaluate(changed(search, settings=1))
    assert {(record.converged, record.status) for record in records} == {(False, "diverged")}


def test_the_key_is_of_everything_that_decides_the_numbers(search, tiny_config):
    others = [
        replace(search, config=replace(search.config, seed=6)),
        replace(search, network=tiny_config(ndf=5).network),
        replace(search, protocol=protocol_for("tiny", 90, 3, labels=30)),
        replace(search, test=striped(41, "test", 3)),
        replace(search, device=torch.device("cuda")),
    ]
    assert len({search.key(), *(other.key() for other in others)}) == 6
    assert changed(search, settings=9, workers=2).key() == search.key()
    assert search.key() == "46086722bbaf8746"  # of version 0.1.0, whose stored trainings are read


def test_invalid_settings_are_refused(images, search, tiny_images):
    with pytest.raises(UserError, match="got settings 0, expected at least 1"):
        changed(search, settings=0)
    with pytest.raises(UserError, match=r"got preset 'moon', expected imagenet32 or svhn32 .* or None"):
        SupervisedConfig(preset="moon")
    large = tiny_images(rows=90, size=16)
    with pytest.raises(
        UserError, match=r"tiny \(train\) has images of \(3, 16, 16\) .* expects \(3, 8, 8\); use `dcgan-probe prepare"
    ):
        changed(search, train=large)
    with pytest.raises(
        UserError, match=r"tiny \(train\) and tiny \(train\) are the same images .* expected a test split"
    ):
        checked_protocol((images[0], images[0]), 15, 2, 1)
    more = replace(images[1], labels=np.arange(40) % 4)
    with pytest.raises(
        UserError, match=r"tiny \(test\) has labels from 0 to 3, but the training set has classes 0 to 2"
    ):
        evaluate(changed(search, test=more))


def test_a_damaged_training_is_named(search, tmp_path):
    search = changed(search, settings=1)
    search.evaluate()
    (kept,) = tmp_path.glob("supervised/*/select-0-setting-000.npz")
    whole = kept.read_bytes()
    for size in (0, 50):
        kept.write_bytes(whole[:size])
        with pytest.raises(UserError, match=r"select-0-setting-000.npz cannot be read .* move it away"):
            search.evaluate()


def test_the_estimate_counts_every_image(search):
    estimate = search.estimate()
    passes = [draw_setting(5, number).passes for number in range(4)]
    assert estimate.trainings == 6
    assert estimate.images_seen == 15 * (sum(passes) + round(2 * sum(passes) / 4))
    assert estimate.seconds == pytest.approx((estimate.images_seen + 90 * 6 / 3) / estimate.images_per_second)
    assert changed(search, workers=3).estimate().memory_bytes > estimate.memory_bytes > 0


def test_a_worker_that_imports_the_calling_script_touches_nothing(search, tmp_path, monkeypatch):
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(SystemExit):
        changed(search, workers=2).evaluate()
    config, place = SupervisedConfig("glyphs:100", 10, "demo", workers=2), Workspace(tmp_path, tmp_path, device="cpu")
    with pytest.raises(SystemExit):
        run_supervised(config, place)
    assert list(tmp_path.iterdir()) == []


def test_all_labels_are_written_as_a_word():
    config = SupervisedConfig(labels=None, preset="demo")
    assert config.to_mapping()["labels"] == "all"
    assert SupervisedConfig.from_mapping(config.to_mapping()) == config
    assert config.to_command() == "dcgan-probe eval-supervised --labels all --preset demo"
    assert SupervisedConfig.from_mapping({}) == SupervisedConfig() != config


def test_every_preset_has_its_name():
    assert set(get_args(PresetName)) == set(PRESETS)
