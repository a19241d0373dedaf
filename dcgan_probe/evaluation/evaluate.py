"""Evaluation of features by a protocol: fits, their records and a summary, resumable where a folder keeps them."""

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
from .sealed import SealedTest
from .settings import CLASSIFIERS, SCALES, ProbeClassifier, Scale, check_choice
from .summary import Summary, summarise_evaluation
from .unfinished import complete_note, find_complete, fits_under_way


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
        Features of both splits, of one encoder; or pairs (X, y) of features (N, D), an array, a memory map or an h5py
        data set, and labels (N,), integers or strings.
    protocol
        The paper's by its name in the records, such as ``svhn-1000`` or ``cifar10-all``, or one of your own. By default
        that of the set with all labels: a fifth of each class chooses C, then one fit on all is reported.
    scale
        ``none`` (the paper), ``standardise``, by mean and deviation of the rows that each fit trains on, or
        ``standardise+0.01``, with that added to the variance (Coates and Ng).
    C
        A given C, or k for nearest neighbors; nothing is selected then.
    seed
        Each draw derives its own seed from it, the protocol's name and the stage.
    classifier
        ``svm`` (the paper), ``logistic``, ``ridge``, ``knn-cosine`` or ``knn-euclidean``.
    memory
        Bound in bytes on the memory of a fit beside the features; about a third of them by default.
    fit
        A function that replaces ``probe.fit_path``.
    command
        The command line that the records name.
    results
        Folder that keeps each fit as it ends and gets the complete evaluation. An interrupted evaluation is resumed
        from it, and a complete one with the same numbers is returned from it. None keeps nothing, and a path is that of
        the folder.
    on_fits
        Called with the records of each stacked fit, those of an earlier, interrupted call included.
    on_progress, on_note
        Called with the number of fits that have ended, and with a sentence where an evaluation is resumed or complete.

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
    """One evaluation before any fit."""

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
        """Check the splits of an evaluation, divide the training rows and name what is recorded."""
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
        """Fit, choose, report and record; or return the summary that the records hold."""
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
        return summarise_evaluation(progress.records, predictions.correct)


def _set_name(protocol: Protocol | str | None) -> str:
    """Return the name that arrays get as a data set: that of the protocol's."""
    if protocol is None:
        return "arrays"
    return divided_name(protocol)[0] if isinstance(protocol, str) else protocol.dataset


def _feature_sets(train: FeatureSet | Arrays, test: FeatureSet | Arrays, name: str) -> tuple[FeatureSet, FeatureSet]:
    """Return both splits as feature sets; those of arrays are of a data set of this name."""
    if isinstance(train, FeatureSet) and isinstance(test, FeatureSet):
        return train, test
    return array_pair(_arrays(train), _arrays(test), name=name)


def _arrays(given: FeatureSet | Arrays) -> Arrays:
    """Return features and labels that are arrays; the other split's are not those of a file.

    Raises
    ------
    UserError
        If they are those of a file, or no pair.
    """
    if isinstance(given, FeatureSet):
        raise UserError("got features of a file and of arrays, expected both splits from files or both as arrays")
    if not (isinstance(given, tuple) and len(given) == 2):
        raise UserError(f"got {type(given).__name__}, expected a FeatureSet or a pair (X, y) of features and labels")
    return given
