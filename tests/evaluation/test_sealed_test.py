from dataclasses import dataclass

import numpy as np
import pytest

from dcgan_probe.evaluation import SealedSplitError, SealedTest, evaluate, protocol_for
from dcgan_probe.features import FeatureSet
from dcgan_probe.runtime import UserError


def test_nothing_is_read_before_c_is_fixed_and_all_after(splits):
    _, test = splits()
    sealed = SealedTest(test, 3)
    assert len(sealed) == 45
    with pytest.raises(SealedSplitError, match=r"read before C was fixed; call open\(C\)"):
        _ = sealed.labels
    with pytest.raises(SealedSplitError, match="read before C was fixed"):
        sealed.load()
    sealed.open(0.001)
    assert (sealed.labels == test.labels).all()
    assert (sealed.load() == test.load()).all()


def test_an_early_read_is_no_user_error(splits):
    # The command line shows user errors without a traceback; this one must not pass as such.
    assert not issubclass(SealedSplitError, UserError)


def test_it_cannot_be_opened_for_a_second_c(splits):
    sealed = SealedTest(splits()[1], 3)
    sealed.open(0.001)
    sealed.open(0.001)
    with pytest.raises(SealedSplitError, match=r"opened for C = 0.001; C cannot become 0.01 now"):
        sealed.open(0.01)


@dataclass(frozen=True)
class Watched(FeatureSet):
    """Features that raise an error if they are read before C is chosen."""

    fits: tuple[list, ...] = ()
    selection_fits: int = 0

    def blocks(self, rows: int = 16, dtype=np.float32):
        assert len(self.fits[0]) == self.selection_fits, f"read after {len(self.fits[0])} fits"
        return super().blocks(rows, dtype)


@pytest.mark.parametrize(("labels", "draws", "selection_fits"), [(15, 2, 14), (None, None, 7)])
def test_an_evaluation_reads_the_test_features_only_when_selection_is_over(
    splits, liblinear_path, labels, draws, selection_fits
):
    train, test = splits()
    fits = []
    about = (test.file, test.names, test.origin, test.dataset, test.split, test.images_fingerprint)
    protocol = protocol_for("glyphs", 90, 3, labels, draws, draws)
    watched = Watched(*about, fits=(fits,), selection_fits=selection_fits)
    evaluate(train, watched, protocol, on_fits=fits.extend, fit=peaked(liblinear_path))
    assert [fit.stage for fit in fits] == ["select"] * selection_fits + ["report"] * protocol.draws
    with pytest.raises(AssertionError, match="read after"):
        evaluate(train, watched, protocol, on_fits=fits.extend, fit=peaked(liblinear_path))


def peaked(path):
    """Fit such that 0.001 is the best C: every other classifier is fitted on shuffled labels."""

    def fit(X, labels, Cs, **settings):
        wrong = (labels + 1) % 3
        return [path(X, labels if C == 1e-3 else wrong, [C], **settings)[0] for C in Cs]

    return fit


def test_a_test_split_without_labels_or_of_other_classes_is_refused(splits, write_features):
    _, test = splits()
    with pytest.raises(
        UserError, match=r"glyphs \(test\) has labels from 0 to 2, but the training set has classes 0 to 1"
    ):
        SealedTest(test, 2)
    unlabeled = write_features(None, np.zeros((5, 12), np.float32), "test")
    with pytest.raises(UserError, match=r"glyphs \(test\) has no labels, and a probe needs them") as caught:
        SealedTest(unlabeled, 3)
    assert caught.value.parameter == "dataset"
