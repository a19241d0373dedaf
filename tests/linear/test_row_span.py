import numpy as np
import pytest

from dcgan_probe.linear._solver.row_span import RowSpan

from .cases import CASES, with_constant


@pytest.mark.parametrize("name", CASES)
def test_coordinates_keep_scores_and_norms(name: str) -> None:
    rows = with_constant(CASES[name]()[0])
    span = RowSpan.of(rows @ rows.T)
    scale = np.abs(rows @ rows.T).max()
    np.testing.assert_allclose(span.coordinates @ span.coordinates.T, rows @ rows.T, atol=1e-12 * scale)
    moments = span.coordinates.T @ span.coordinates
    np.testing.assert_allclose(np.tril(span.moments()), np.tril(moments), atol=1e-12 * np.abs(moments).max())
    weights = np.random.default_rng(0).standard_normal((3, span.coordinates.shape[1]))
    dual = span.dual(weights)
    assert dual.shape == (3, len(rows))
    outer = dual @ rows
    scores = weights @ span.coordinates.T
    np.testing.assert_allclose(outer @ rows.T, scores, atol=1e-5 * np.abs(scores).max())
    np.testing.assert_allclose((outer**2).sum(axis=1), (weights**2).sum(axis=1), rtol=1e-5)


def test_dependent_rows_are_left_out() -> None:
    rows = with_constant(CASES["duplicate_rows"]()[0])
    gram = rows @ rows.T
    kept = gram.copy()
    span = RowSpan.of(gram)
    rank = np.linalg.matrix_rank(rows)
    assert span.coordinates.shape == (28, rank)
    assert len(set(span.pivots)) == rank < 28
    assert np.linalg.matrix_rank(rows[span.pivots]) == rank
    np.testing.assert_array_equal(gram, kept)
    dual = span.dual(np.ones((2, rank)))
    assert not np.delete(dual, span.pivots, axis=1).any()


def test_rows_of_zeros_span_nothing() -> None:
    span = RowSpan.of(np.zeros((6, 6)))
    assert span.coordinates.shape[0] == 6
    np.testing.assert_array_equal(span.moments(), [[0.0]])
    assert not span.coordinates.any()
    dual = span.dual(np.zeros((2, span.coordinates.shape[1])))
    np.testing.assert_array_equal(dual, np.zeros((2, 6)))
