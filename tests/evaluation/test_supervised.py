"""A search on 8x8 images whose pixels tell the class: a part of a second for each training."""

import math
import multiprocessing
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from dcgan_probe.baselines import Setting, draw_setting, predict, train_supervised
from dcgan_probe.evaluation import (
    Results,
    Search,
    estimate_search,
    evaluate_supervised,
    protocol_for,
    summarise,
    trainings,
)
from dcgan_probe.evaluation.draws import lay_out
from dcgan_probe.evaluation.search import search_key
from dcgan_probe.images import ImageSet
from dcgan_probe.runtime import UserError, derive_seed, single_thread

CPU = torch.device("cpu")
PROTOCOL = protocol_for("tiny", 90, 3, labels=15, draws=2, select_draws=1)


def striped(rows, split, seed):
    """Images with a dark or a light band where the class says, in much noise."""
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
def search(tiny_config):
    return Search(tiny_config().network, "tiny", settings=4, seed=5)


def evaluate(images, search, folder, protocol=PROTOCOL, **told):
    records, predictions = [], []
    summary = evaluate_supervised(
        *images,
        protocol,
        search,
        folder,
        device=CPU,
        **{"on_fits": records.extend, "on_predictions": predictions.append, **told},
    )
    return summary, records, predictions


def trained_by_hand(images, search, number, stage, draw, rows):
    """The predictor of one training, without the search around it."""
    layout = lay_out(PROTOCOL, images[0].labels, search.seed)
    train = images[0].subset(layout.order).subset(rows)
    seed = derive_seed(search.seed, "tiny-15", "supervised", stage, draw)
    setting = draw_setting(search.seed, number)
    with single_thread():
        network = train_supervised(
            train.images, train.labels, setting, search.network, classes=3, seed=seed, device=CPU
        )
    return lambda set_: predict(network, set_.images)


def test_the_best_on_validation_rows_is_retrained_on_the_reported_draws_of_all_rows(images, search, tmp_path):
    summary, records, (test,) = evaluate(images, search, tmp_path, command="dcgan-probe eval-supervised")
    layout = lay_out(PROTOCOL, images[0].labels, search.seed)
    trains, scores = layout.select_rows(0)
    validation = images[0].subset(layout.order).subset(scores)
    errors = [
        float((trained_by_hand(images, search, number, "select", 0, trains)(validation) != validation.labels).mean())
        for number in range(4)
    ]
    chosen = int(np.argmin(errors))
    assert [record.error for record in records[:4]] == pytest.approx(errors)
    assert len(set(errors)) > 1
    assert summary.chosen == test.chosen == chosen
    expected = [
        trained_by_hand(images, search, chosen, "report", draw, layout.report_rows(draw))(images[1]) for draw in (0, 1)
    ]
    assert (test.predictions == expected).all()
    assert (test.labels == images[1].labels).all()
    accuracies = (test.predictions == images[1].labels).mean(axis=1)
    assert summary.accuracy == pytest.approx(accuracies.mean())
    assert summary.spread == pytest.approx(accuracies.std(ddof=1))
    assert f"setting {chosen} of 4 drawn at random, the one with the least validation error" in summary.notes[-1]
    assert f"{100 * min(errors):.2f} % on 75 rows" in summary.notes[-1]


def test_records_tell_each_training(images, search, tmp_path):
    summary, records, (test,) = evaluate(images, search, tmp_path, command="dcgan-probe eval-supervised")
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
        assert shared.command == "dcgan-probe eval-supervised"
        assert (shared.duplicates, shared.imbalance) == (0, pytest.approx(14 / 13))
        assert 0.0 <= record.balanced_accuracy <= 1.0
    assert summary.unconverged == 0


class SealedPixels:
    """Pixels that may not be read until ``open`` is set."""

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
    pixels.open = False

    def unseal(seen, total, note):
        pixels.open = note.startswith("4 of 4 trainings")

    summary, _, (predictions,) = evaluate((images[0], test), search, tmp_path, on_search=unseal)
    pixels.open = False
    with pytest.raises(AssertionError, match="the test images were read while a setting was still to be chosen"):
        evaluate((images[0], test), search, tmp_path)
    assert predictions.predictions.shape == (2, 40)
    assert 0.0 < summary.accuracy <= 1.0


def test_what_was_trained_is_not_trained_again(images, search, tmp_path, monkeypatch):
    expected = evaluate(images, search, tmp_path / "whole")
    trained, shown = [], []

    def counting(ground, plan, real=trainings.train_and_predict):
        trained.append(plan.training)
        return real(ground, plan)

    monkeypatch.setattr(trainings, "train_and_predict", counting)

    def stop_at(done):
        def watch(seen, total, note):
            if note.startswith(f"{done} of"):
                raise KeyboardInterrupt

        return watch

    folder = tmp_path / "parts"
    records = []
    with pytest.raises(KeyboardInterrupt):
        evaluate(images, search, folder, on_search=stop_at(3), on_fits=records.extend)
    with pytest.raises(KeyboardInterrupt):
        evaluate(images, search, folder, on_report=stop_at(1), on_fits=records.extend)
    assert records == []  # of an interrupted evaluation none, so that the search is recorded once
    resumed = evaluate(images, search, folder, on_search=lambda *now: shown.append(now), on_fits=records.extend)
    assert [record.stage for record in records] == ["select"] * 4 + ["report"] * 2
    assert len(trained) == len(set(trained)) == 4 + 2
    assert resumed[0].accuracy == expected[0].accuracy
    assert (resumed[2][0].predictions == expected[2][0].predictions).all()
    seen = sum(draw_setting(5, number).passes for number in range(4)) * 15
    assert shown[0][:2] == (seen, seen)
    assert shown[0][2].startswith("4 of 4 trainings, best validation error so far ")
    # Longer searches begin with the same settings.
    evaluate(images, replace(search, settings=6), folder)
    assert [training.number for training in trained[6:8]] in ([4, 5], [5, 4])


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(images, search, tmp_path):
    alone = evaluate(images, search, tmp_path)
    for kept in tmp_path.glob("*/select-*.npz"):
        kept.unlink()  # the reported draws stay, since a new process takes seconds to import torch
    two = evaluate(images, search, tmp_path, workers=2)
    assert [record.accuracy for record in two[1]] == [record.accuracy for record in alone[1]]
    assert len(list(tmp_path.glob("*/select-*.npz"))) == 4


@pytest.mark.usefixtures("two_threads")
def test_each_training_computes_on_one_thread_and_gives_the_others_back(images, search, tmp_path, monkeypatch):
    threads = []

    def watched(*arguments, real=train_supervised, **named):
        threads.append(torch.get_num_threads())
        return real(*arguments, **named)

    monkeypatch.setattr(trainings, "train_supervised", watched)
    evaluate(images, replace(search, settings=1), tmp_path)
    assert torch.get_num_threads() == 2
    assert threads == [1, 1, 1]


def test_a_longer_search_is_another_row_and_the_same_one_is_not(images, search, tmp_path):
    results = Results(tmp_path / "results")
    for settings in (2, 4, 4):
        evaluate(images, replace(search, settings=settings), tmp_path, on_fits=results.append)
    rows = summarise(results.records())
    assert [summary.options["settings"] for summary in rows] == [2, 4]


def test_all_labels(images, search, tmp_path):
    protocol = protocol_for("tiny", 90, 3)
    summary, records, _ = evaluate(images, replace(search, settings=1), tmp_path, protocol)
    assert [(record.rows_trained, record.rows_scored) for record in records] == [(72, 18), (90, 40)]
    assert summary.draws == 1


def test_a_training_that_diverged_is_told(images, search, tmp_path, monkeypatch):
    monkeypatch.setattr("dcgan_probe.evaluation.supervised.draw_setting", lambda *_: Setting(1e38, 0.0, 0.0, 10))
    _, records, _ = evaluate(images, replace(search, settings=1), tmp_path)
    assert {(record.converged, record.status) for record in records} == {(False, "diverged")}


def test_the_key_is_of_everything_that_decides_the_numbers(images, search, tiny_config):
    keys = [
        search_key(*images, PROTOCOL, search, CPU),
        search_key(*images, PROTOCOL, replace(search, seed=6), CPU),
        search_key(*images, PROTOCOL, replace(search, network=tiny_config(ndf=5).network), CPU),
        search_key(*images, protocol_for("tiny", 90, 3, labels=30), search, CPU),
        search_key(images[0], striped(41, "test", 3), PROTOCOL, search, CPU),
        search_key(*images, PROTOCOL, search, torch.device("cuda")),
    ]
    assert len(set(keys)) == len(keys)
    assert search_key(*images, PROTOCOL, replace(search, settings=9), CPU) == keys[0]


def test_what_a_user_may_get_wrong(images, search, tmp_path, tiny_images):
    with pytest.raises(UserError, match="got 0 settings, expected at least 1; the paper tried 64"):
        replace(search, settings=0)
    large = tiny_images(rows=90, size=16)
    with pytest.raises(
        UserError, match=r"tiny \(train\) has images of \(3, 16, 16\) .* takes \(3, 8, 8\); use `dcgan-probe prepare"
    ):
        evaluate((large, images[1]), search, tmp_path)
    with pytest.raises(
        UserError, match=r"tiny \(train\) and tiny \(train\) are the same images .* expected a test split"
    ):
        evaluate((images[0], images[0]), search, tmp_path)
    more = replace(images[1], labels=np.arange(40) % 4)
    with pytest.raises(
        UserError, match=r"tiny \(test\) has labels from 0 to 3, but the training set has classes 0 to 2"
    ):
        evaluate((images[0], more), search, tmp_path)


def test_a_damaged_training_is_named(images, search, tmp_path):
    evaluate(images, replace(search, settings=1), tmp_path)
    (kept,) = tmp_path.glob("*/select-0-setting-000.npz")
    whole = kept.read_bytes()
    for size in (0, 50):
        kept.write_bytes(whole[:size])
        with pytest.raises(UserError, match=r"select-0-setting-000.npz cannot be read .* move it away"):
            evaluate(images, replace(search, settings=1), tmp_path)


def test_the_estimate_counts_every_image(search):
    estimate = estimate_search(PROTOCOL, search, 1, CPU)
    passes = [draw_setting(5, number).passes for number in range(4)]
    assert estimate.trainings == 6
    assert estimate.images_seen == 15 * (sum(passes) + round(2 * sum(passes) / 4))
    assert estimate.seconds == pytest.approx((estimate.images_seen + 90 * 6 / 3) / estimate.images_per_second)
    assert estimate_search(PROTOCOL, search, 3, CPU).memory_bytes > estimate.memory_bytes > 0


def test_a_worker_that_imports_the_calling_script_touches_nothing(images, search, tmp_path, monkeypatch):
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(SystemExit):
        evaluate(images, search, tmp_path, workers=2)
    assert list(tmp_path.iterdir()) == []


def test_an_evaluation_killed_between_its_predictions_and_its_row_is_completed(images, search, tmp_path, monkeypatch):
    results, append = Results(tmp_path / "results"), Results.append

    def killed(store, records):
        if store.folder == results.folder and records:
            raise KeyboardInterrupt
        append(store, records)

    with monkeypatch.context() as patch:
        patch.setattr(Results, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            evaluate(images, search, tmp_path / "kept", results=results)
    assert not results.path.exists()
    (orphan,) = (results.folder / "predictions").iterdir()
    summary, _, _ = evaluate(images, search, tmp_path / "kept", results=results)
    (stored,) = results.evaluations()
    assert results.predictions_path(stored.id) == orphan
    assert [*(results.folder / "predictions").iterdir()] == [orphan]
    assert [*(results.folder / "fits").iterdir()] == [results.fits_path(stored.id)]
    assert [each.accuracy for each in results.summaries()] == [summary.accuracy]
    assert not [*(results.folder / "unfinished").glob("*")]
