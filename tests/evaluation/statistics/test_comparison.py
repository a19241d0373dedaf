import numpy as np
import pytest

from dcgan_probe.evaluation import Results, TestPredictions, compare, summarize_evaluation
from dcgan_probe.evaluation.statistics.paired import Discordant, difference_over_draws, discordant, holm
from dcgan_probe.runtime import UserError


@pytest.fixture
def scored(record):
    """Build a summary with given correct predictions, bool (draws, N)."""

    def make(correct, evaluation="a", **changes):
        rows = [
            record(evaluation=evaluation, draw=draw, draws=len(correct), accuracy=float(each.mean()), **changes)
            for draw, each in enumerate(correct)
        ]
        return summarize_evaluation(rows, correct)

    return make


def some(draws, accuracy, seed):
    return np.random.default_rng(seed).random((draws, 200)) < accuracy


def test_several_draws_are_compared_by_t_with_their_overlap(scored):
    first, second, third = (scored(some(6, 0.6 + 0.05 * i, i), evaluation=f"{i}", overlap=0.3) for i in range(3))
    found = compare([(first, second), (first, third)])
    expected = [difference_over_draws(first.correct, other.correct, 0.3) for other in (second, third)]
    assert [each.difference for each in found] == expected
    assert [each.p for each in found] == [each.p for each in expected]
    assert [each.holm_p for each in found] == holm([each.p for each in expected])
    assert {each.comparisons for each in found} == {2}
    assert [(each.first.evaluation, each.second.evaluation) for each in found] == [("0", "1"), ("0", "2")]
    assert {(each.test, each.discordant) for each in found} == {("t", None)}


def test_single_fits_are_compared_by_mcnemar(scored):
    first, second = scored(some(1, 0.6, 1)), scored(some(1, 0.8, 2), evaluation="b")
    (found,) = compare([(first, second)])
    only = [int((a & ~b).sum()) for a, b in [(first.correct, second.correct), (second.correct, first.correct)]]
    assert found.discordant == Discordant(*only)
    assert (found.p, found.test) == (found.discordant.p, "McNemar")
    assert found.difference == difference_over_draws(first.correct, second.correct, 0.0)
    assert found.difference.mean == pytest.approx((only[0] - only[1]) / 200)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol": "glyphs-60"}, "the protocol of one is glyphs-30, of the other glyphs-60"),
        ({"images_fingerprint_train": "g"}, "the training images of one is f1, of the other g"),
        ({"images_fingerprint_test": "g"}, "the test images of one is f2, of the other g"),
        ({"seed": 5}, "the seed of the draws of one is 0, of the other 5"),
    ],
)
def test_other_draws_or_images_are_refused(scored, changes, words):
    first, second = scored(some(2, 0.5, 1)), scored(some(2, 0.5, 2), evaluation="b", **changes)
    with pytest.raises(UserError, match=f"^a and b cannot be compared: {words}; run eval-svm again for one of them"):
        compare([(first, second)])


@pytest.mark.parametrize(("draws", "few"), [((2, 2), 2), ((4, 100), 4), ((100, 3), 3)])
def test_2_to_4_draws_are_too_few(scored, draws, few):
    first, second = (scored(some(n, 0.5, n), evaluation=name) for n, name in zip(draws, "ab", strict=True))
    words = f"^a and b cannot be compared: {few} draws are too few for a test; expected 1, or at least 5; run eval-svm"
    with pytest.raises(UserError, match=words):
        compare([(first, second)])


def test_the_draws_that_both_have_are_compared(scored):
    first, second = scored(some(6, 0.5, 1)), scored(some(9, 0.6, 2), evaluation="b")
    (found,) = compare([(first, second)])
    assert found.difference == difference_over_draws(first.correct, second.correct[:6], 0.25)
    assert (found.draws, found.test) == (6, "t")
    assert found.first_accuracy - found.second_accuracy == pytest.approx(found.difference.mean)
    assert found.second_accuracy == pytest.approx(second.correct[:6].mean())
    assert found.second_accuracy != pytest.approx(second.accuracy)
    (single,) = compare([(scored(some(1, 0.5, 1)), second)])
    assert (single.draws, single.test) == (1, "McNemar")
    assert single.discordant == discordant(some(1, 0.5, 1), second.correct[:1])


def test_predictions_of_other_fits_are_refused(scored, tmp_path, record):
    results = Results(tmp_path)
    results.append([record(draws=1, accuracy=0.5)])
    assert results.correct("20260101T000000-aa") is None
    assert results.summaries()[0].over_images is None
    labels = np.arange(8) % 4
    predictions = np.where(np.arange(8) < 4, labels, labels + 1)[None]
    results.write_predictions(TestPredictions.of("20260101T000000-aa", predictions, labels, 0.1))
    assert results.correct("20260101T000000-aa").tolist() == [[True] * 4 + [False] * 4]
    assert results.summaries()[0].over_images.standard_error == pytest.approx(0.5 / 8**0.5, rel=0.05)
    results.write_predictions(TestPredictions.of("20260101T000000-aa", labels[None], labels, 0.1))
    with pytest.raises(UserError, match=r"have an accuracy of 1\.000000, its records one of 0\.500000, so they"):
        results.summaries()
