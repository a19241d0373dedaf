"""Evaluation of features by a protocol, resumable from a results folder."""

from dataclasses import dataclass, replace
from pathlib import Path

from ..features import Arrays, FeatureSet, array_pair
from ..runtime import OnNote, OnStep, Step, UserError, no_note, no_step, require_instance
from .classifiers import FitPath
from .draws import Layout, lay_out
from .fitting import Fits, Method, OnFits, Progress, no_fits
from .loading import check_pair, load_finite, required_labels
from .protocols import Protocol, divided_name, protocol_for, protocol_named
from .recording import Recorder
from .results import Results
from .resumable import complete_note, find_complete, fits_under_way
from .sealed_test import SealedTest
from .settings import CLASSIFIERS, SCALES, ProbeClassifier, Scale, check_choice
from .summary import Summary, summarize_evaluation


def evaluate(
    train: FeatureSet | Arrays,
    test: FeatureSet | Arrays,
    protocol: Protocol | str | None = None,
    *,
    scale: Scale = "none",
    C: float | None = None,
    seed: int = 0,
    classifier: ProbeClassifier = "svm",
    memory: int | None = None,
    fit: FitPath | None = None,
    command: str = "",
    results: Results | str | Path | None = None,
    on_fits: OnFits = no_fits,
    on_progress: OnStep = no_step,
    on_note: OnNote = no_note,
) -> Summary:
    """Choose C on validation rows, then report fits with that C on the test split, which is sealed until then.

    All values of C of a draw are fitted in one stacked call. The training features are read once, into memory.

    Parameters
    ----------
    train, test
        Features of both splits from one encoder; or pairs (X, y) of features (N, D), an array, a memory map or an h5py
        data set, and labels (N,), integers or strings.
    protocol
        Protocol, or its name in the records, such as ``svhn-1000`` or ``cifar10-all``. The default is that of the set
        with all labels: a fifth of each class chooses C, then one fit on all rows is reported.
    scale
        ``none`` (the paper), ``standardise``, by mean and deviation of the training rows of each fit, or
        ``standardise+0.01``, with 0.01 added to the variance (Coates and Ng).
    C
        Given C, or k for nearest neighbors; by default it is chosen on validation rows.
    seed
        Seed from which that of each draw is derived, with the name of the protocol and the stage.
    classifier
        ``svm`` (the paper), ``logistic``, ``ridge``, ``knn-cosine`` or ``knn-euclidean``.
    memory
        Bound in bytes on the memory of a fit beside the features; about a third of them by default.
    fit
        Function that replaces ``linear.fit_path``.
    command
        Command line for the records.
    results
        Results folder, or its path. Each fit is stored there as it ends, an interrupted evaluation is resumed from it,
        and a complete one with the same numbers is returned from it. With None, nothing is stored.
    on_fits
        Called with the records of each stacked fit, including fits of an earlier, interrupted call.
    on_progress, on_note
        Called with the number of finished fits, and with a sentence if an evaluation is resumed or already complete.

    Returns
    -------
    Summary
        Mean accuracy, spread and standard errors of the reported fits.

    Raises
    ------
    UserError
        If labels are missing, features are not finite or of different encoders, or a class has too few rows.
    """
    if not isinstance(protocol, str | None):
        require_instance(protocol, Protocol, "protocol", "protocol_for(...)")
    check_choice(classifier, CLASSIFIERS, "classifier")
    check_choice(scale, SCALES, "scale")
    results = Results(results) if isinstance(results, str | Path) else results
    pair = _feature_sets(train, test, _set_name(protocol))
    planned = _Planned.of(*pair, protocol, Method(classifier, scale, C, memory, fit), seed, command)
    return planned.run(results, on_fits, on_progress, on_note)


@dataclass(frozen=True, eq=False)
class _Planned:
    """Evaluation before any fit."""

    train: FeatureSet
    test: SealedTest
    layout: Layout
    method: Method
    recorder: Recorder

    @classmethod
    def of(
        cls,
        train: FeatureSet,
        test: FeatureSet,
        protocol: Protocol | str | None,
        method: Method,
        seed: int,
        command: str,
    ) -> "_Planned":
        """Check the splits of an evaluation, divide the training rows and build the recorder."""
        check_pair(train, test)
        labels = required_labels(train)
        classes = int(labels.max()) + 1
        if isinstance(protocol, str):
            protocol = protocol_named(protocol, len(train), classes)
        protocol = protocol or protocol_for(train.dataset, len(train), classes)
        sealed = SealedTest(test, protocol.classes)
        layout = lay_out(protocol, labels, seed)
        classifier, scale, C = method.classifier, method.scale, method.C
        recorder = Recorder.of(train, test, layout, command=command, scale=scale, classifier=classifier, C=C)
        return cls(train, sealed, layout, method, recorder)

    def run(self, results: Results | None, on_fits: OnFits, on_progress: OnStep, on_note: OnNote) -> Summary:
        """Choose C, report the test accuracy and record every fit; or return a complete evaluation from the records."""
        protocol, recorder, C = self.layout.protocol, self.recorder, self.method.C
        title = f"{protocol.name} on {self.train.origin.features} features"
        found = find_complete(results, recorder.evaluation, recorder.images_seen, C)
        if found is not None:
            on_note(complete_note(title, found))
            return found
        with fits_under_way(results, recorder.evaluation, recorder.images_seen, C) as under_way:
            recorder = replace(recorder, evaluation=under_way.evaluation)
            first, kept = recorder.grid.first, len(under_way)
            selecting = recorder.evaluation.select_draws  # none with a given C
            total = protocol.draws + selecting * len(first) + under_way.extended(first)
            if kept:
                on_note(f"{title}: resuming at fit {kept} of {total}")
            progress = Progress(Step(title, kept, total, "fits", before=kept, kept=True), on_fits, on_progress)
            on_progress(progress.step)
            features = load_finite(self.train, self.layout.order)
            fits = Fits(features, self.layout, self.method, recorder, under_way, progress)
            chosen = fits.choose() if C is None else float(C)
            self.test.open(chosen)
            predictions = fits.report(self.test, chosen)
            under_way.finish(predictions)
        return summarize_evaluation(progress.records, predictions.correct)


def _set_name(protocol: Protocol | str | None) -> str:
    """Return the name of a data set of arrays, from its protocol."""
    if protocol is None:
        return "arrays"
    return divided_name(protocol)[0] if isinstance(protocol, str) else protocol.dataset


def _feature_sets(train: FeatureSet | Arrays, test: FeatureSet | Arrays, name: str) -> tuple[FeatureSet, FeatureSet]:
    """Return both splits as feature sets; arrays become a data set of the given name."""
    if isinstance(train, FeatureSet) and isinstance(test, FeatureSet):
        return train, test
    return array_pair(_arrays(train), _arrays(test), name=name)


def _arrays(given: FeatureSet | Arrays) -> Arrays:
    """Check that a split is a pair of arrays.

    Raises
    ------
    UserError
        If it is a feature set, unlike the other split, or not a pair.
    """
    if isinstance(given, FeatureSet):
        raise UserError("got features of a file and of arrays, expected both splits from files or both as arrays")
    if not (isinstance(given, tuple) and len(given) == 2):
        raise UserError(f"got {type(given).__name__}, expected a FeatureSet or a pair (X, y) of features and labels")
    return given
