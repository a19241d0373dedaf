"""Interrupted evaluations: resumed after the last fit, never fitted twice, and without rows of incomplete ones."""

import shutil
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from dcgan_probe.evaluation import Results, evaluate, protocol_for
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import locked

PROTOCOL = protocol_for("glyphs", 90, 3, 15, draws=3, select_draws=2)


class Counted:
    """Fit function that counts its calls, and interrupts one of them."""

    def __init__(self, fit, stop_at=None):
        self.fit, self.stop_at, self.calls = fit, stop_at, 0

    def __call__(self, *arguments, **settings):
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        self.calls += 1
        return self.fit(*arguments, **settings)


def without_dates(records):
    shared = {"id": "", "date": "", "command": ""}
    return [replace(r, evaluation=replace(r.evaluation, **shared), date="", seconds=0.0) for r in records]


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "results")


@pytest.fixture
def pair(splits):
    return splits(noise=2.5)


@pytest.fixture
def probe(pair, liblinear_path, results):
    """Return a function that evaluates, interrupted at a fit, and returns summary, number of fits and notes."""
    train, test = pair

    def run(stop_at=None, protocol=PROTOCOL, **settings):
        fit, notes = Counted(liblinear_path, stop_at), []
        about = {"results": results, "on_note": notes.append, "fit": fit, **settings}
        if stop_at is None:
            return evaluate(train, test, protocol, **about), fit.calls, notes
        with pytest.raises(KeyboardInterrupt):
            evaluate(train, test, protocol, **about)
        return None, fit.calls, notes

    return run


@pytest.mark.parametrize("stops", [(0,), (1,), (2,), (3,), (4,), (1, 1, 1)])
def test_an_interrupted_evaluation_is_resumed_at_the_fit_where_it_stopped(probe, results, pair, liblinear_path, stops):
    whole, undisturbed = [], Results(results.folder.parent / "undisturbed")
    summary = evaluate(*pair, PROTOCOL, on_fits=whole.extend, results=undisturbed, fit=liblinear_path)
    predictions = undisturbed.read_predictions(summary.evaluation).predictions
    for stop in stops:
        probe(stop)
        assert not results.path.exists()
    again, made, notes = probe()
    stacked = [7, 7, 1, 1, 1]
    done = sum(stops)
    assert made == len(stacked) - done
    assert notes == ([f"glyphs-15 on dcgan features: resuming at fit {sum(stacked[:done])} of 17"] if done else [])
    assert without_dates(results.records()) == without_dates(whole)
    assert (again.accuracy, again.chosen, again.over_images) == (summary.accuracy, summary.chosen, summary.over_images)
    assert (results.read_predictions(again.evaluation).predictions == predictions).all()
    assert results.summaries() == [again]
    assert [path.name for path in results.folder.glob("fits/*")] == [f"{again.evaluation}.csv.gz"]
    assert not [path for path in results.folder.glob("unfinished/*") if path.is_dir()]


def test_an_extended_grid_is_resumed_too(splits, results):
    train, test = splits()

    class Always:
        objective, gradient_norm, gap, iterations, status, converged = 1.0, 0.0, 0.0, 1, "converged", True

        def __init__(self, label):
            self.label = label

        def predict(self, X):
            return np.full(len(X), self.label)

    def fit(X, labels, Cs, **settings):
        return [Always(0 if C < 1e-2 else -1) for C in Cs]

    protocol, notes, progress = protocol_for("glyphs", 90, 3), [], []
    for stop_at in (3, None):
        settings = {"results": results, "on_note": notes.append, "fit": Counted(fit, stop_at)}
        with pytest.raises(KeyboardInterrupt) if stop_at else nullcontext():
            progress.clear()
            evaluate(train, test, protocol, on_progress=progress.append, **settings)
    assert notes == ["glyphs-all on dcgan features: resuming at fit 13 of 14"]
    assert [(step.done, step.total) for step in progress] == [(13, 14), (16, 17), (19, 20), (20, 20)]


def test_a_complete_evaluation_is_not_fitted_again(probe, results):
    summary, calls, _ = probe()
    before = results.path.read_bytes()
    again, none, notes = probe()
    assert (calls, none) == (5, 0)
    assert again == summary
    assert notes == [
        f"glyphs-15 on dcgan features: complete since {summary.date} (evaluation {summary.evaluation}), nothing to fit"
    ]
    assert results.path.read_bytes() == before


@pytest.mark.parametrize("change", [{"labels": 30}, {"spread": "1.96 x standard deviation over draws"}])
def test_another_protocol_of_a_recorded_name_is_refused(probe, change):
    probe()
    (name, got), *_ = change.items()
    with pytest.raises(UserError, match=f"protocol glyphs-15 is recorded with {name}.* got {got}; give the changed"):
        probe(protocol=replace(PROTOCOL, **change))


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"scale": "standardise"},
        {"C": 1e-3},
        {"classifier": "ridge"},
        {"protocol": protocol_for("glyphs", 90, 3, 15, draws=4, select_draws=2)},
        {"protocol": protocol_for("glyphs", 90, 3, 15, draws=3, select_draws=1)},
        {"protocol": protocol_for("glyphs", 90, 3, 30, draws=3, select_draws=2)},
    ],
)
def test_other_settings_that_decide_the_numbers_are_another_evaluation(probe, results, changes):
    probe()
    probe(2, **changes)
    _, calls, _ = probe(**{"C": 2e-3} if "C" in changes else {})
    assert calls == (3 if "C" in changes else 0)
    _, calls, notes = probe(**changes)
    assert calls > 0
    assert "resuming" in notes[0]
    assert len(results.evaluations()) == (3 if "C" in changes else 2)


def test_other_features_and_other_versions_are_other_evaluations(splits, liblinear_path, results, monkeypatch):
    train, test = splits(noise=2.5)

    def calls(train, test):
        fit = Counted(liblinear_path)
        evaluate(train, test, PROTOCOL, C=1e-3, results=results, fit=fit)
        return fit.calls

    def of(**changes):
        return [replace(each, origin=replace(each.origin, **changes)) for each in (train, test)]

    assert calls(train, test) == 3
    assert calls(*of(run="elsewhere/demo")) == 0
    assert calls(*of(images_seen=1)) == 3
    assert calls(*of(weights="other")) == 3
    assert calls(train.select(["conv1"]), test.select(["conv1"])) == 3
    assert calls(replace(train, images_fingerprint="other"), test) == 3
    monkeypatch.setattr("dcgan_probe.evaluation.recording.versions", lambda: {"torch": "99"})
    assert calls(train, test) == 3
    assert calls(train, test) == 0


def test_an_incomplete_evaluation_of_an_older_version_does_not_count_as_complete(probe, results):
    summary, _, _ = probe()
    # Rows that were appended as they came, up to an interruption.
    records = results.records()
    shutil.rmtree(results.folder)
    results.append(records[:-1])
    _, calls, _ = probe()
    assert calls == 5
    assert len(results.summaries()) == 1
    assert summary is not None


def test_an_evaluation_whose_records_are_damaged_is_fitted_again(probe, results):
    summary, _, _ = probe()
    results.fits_path(summary.evaluation).write_bytes(b"damaged")
    _, calls, _ = probe()
    assert calls == 5


def test_damaged_stored_fits_are_named(probe, results):
    probe(4)
    (folder,) = (path for path in results.folder.glob("unfinished/*") if path.is_dir())
    (folder / "draws" / "1.npz").unlink()
    with pytest.raises(UserError, match=r"unfinished/dcgan-\w+ cannot be resumed .* move it away"):
        probe()
    shutil.rmtree(folder)
    _, calls, _ = probe()
    assert calls == 5


def test_two_processes_do_not_fit_the_same_evaluation_at_once(probe, results):
    probe(1)
    (folder,) = (path for path in results.folder.glob("unfinished/*") if path.is_dir())
    with locked(folder), pytest.raises(UserError, match="another process is working on"):
        probe()
    assert probe()[1] == 4


def test_a_kill_between_the_last_fit_and_the_move_loses_nothing(probe, results, monkeypatch):
    with monkeypatch.context() as patch:

        def killed(self, other):
            raise KeyboardInterrupt

        patch.setattr(Results, "merge_from", killed)
        with pytest.raises(KeyboardInterrupt):
            probe()
    _, calls, notes = probe()
    assert calls == 0
    assert notes == ["glyphs-15 on dcgan features: resuming at fit 17 of 17"]
    assert len(results.summaries()) == 1
