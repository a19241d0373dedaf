import numpy as np
import pytest
import torch

from dcgan_probe.linear._solver.design import Design
from dcgan_probe.linear._solver.preconditioners import LEVEL_RATIO, Factored, Sketched, levels_of, precondition

from .cases import blobs, tall, wide, with_constant

LEVELS = [1e-3, 1.0, 100.0]


def dense_inverse(features: np.ndarray, level: float) -> np.ndarray:
    rows = with_constant(features)
    return np.linalg.inv(np.eye(rows.shape[1]) + level * rows.T @ rows)


def make_design(features: np.ndarray, *, tensors: bool) -> Design:
    return Design(torch.from_numpy(features) if tensors else features)


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", [tall, wide])
def test_factors_solve_every_level(case, dtype: type, tensors: bool) -> None:
    design = make_design(case()[0].astype(dtype), tensors=tensors)
    vectors = np.random.default_rng(0).standard_normal((4, design.width))
    factored = Factored(design.moments())
    factored.prepare(LEVELS)
    for level in LEVELS:
        solved = np.asarray(factored.solve(level, design.array(vectors, design.dtype)))
        expected = vectors @ dense_inverse(case()[0], level)
        error = np.linalg.norm(solved - expected) / np.linalg.norm(expected)
        assert error < (1e-8 if dtype == np.float64 else 2e-2)


@pytest.mark.parametrize("tensors", [False, True])
def test_other_levels_can_be_prepared_later(tensors: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first factor shares the array of the moments, which must survive.
    monkeypatch.setattr("dcgan_probe.linear._solver.preconditioners.TRIANGLE_BLOCK", 5)
    # New memory may contain NaN, whose use raises a floating-point exception.
    signalling = np.array(0x7FF0000000000001, dtype=np.uint64).view(np.float64)
    monkeypatch.setattr(np, "empty_like", lambda array: np.full_like(array, signalling))
    design = make_design(tall()[0], tensors=tensors)
    vectors = np.random.default_rng(0).standard_normal((2, 13))
    factored = Factored(design.moments())
    for levels in ([1.0], [1.0, 1e-3], [100.0], [1e-2, 10.0], [1.0]):
        factored.prepare(levels)
        for level in levels:
            solved = factored.solve(level, design.array(vectors))
            np.testing.assert_allclose(solved, vectors @ dense_inverse(tall()[0], level), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("tensors", [False, True])
def test_moments_that_rounding_made_indefinite_are_factorised(tensors: bool) -> None:
    features = blobs(2000, 8, 2)[0] @ np.random.default_rng(0).standard_normal((8, 60)) + 300.0
    design = make_design(features.astype(np.float32), tensors=tensors)
    moments = design.moments()
    lower = np.tril(np.asarray(moments)).astype(np.float64)
    assert np.linalg.eigvalsh(lower).min() < -1.0  # more than the 1 compensates at this level
    factored = Factored(moments)
    factored.prepare([10.0])
    solved = factored.solve(10.0, design.array(np.eye(61), design.dtype))
    assert np.isfinite(np.asarray(solved)).all()
    assert np.linalg.eigvalsh(np.asarray(solved, dtype=np.float64)).min() > -1e-6


@pytest.mark.parametrize("tensors", [False, True])
def test_the_largest_directions_hold_the_largest_eigenvalues(tensors: bool) -> None:
    features = blobs(300, 40, 2)[0] * np.logspace(2, -2, 40)
    rows = with_constant(features)
    _, vectors = np.linalg.eigh(rows.T @ rows)
    design = make_design(features, tensors=tensors)
    sketched = Sketched(design, 20, np.random.default_rng(0))
    for basis in (Factored(design.moments()).largest(6), sketched.largest(6)):
        basis = np.asarray(basis)
        assert basis.shape == (41, 6)
        np.testing.assert_allclose(basis.T @ basis, np.eye(6), atol=1e-6)
        assert np.linalg.norm(basis.T @ vectors[:, -6:], ord="nuc") > 6 * 0.999


@pytest.mark.parametrize("tensors", [False, True])
def test_the_constant_column_counts_among_the_largest_directions(tensors: bool) -> None:
    draw = np.random.default_rng(0)
    features = 0.2 + 0.05 * draw.standard_normal((400, 30))
    rows = with_constant(features)
    top = np.linalg.eigh(rows.T @ rows)[1][:, -1]
    basis = np.asarray(Factored(make_design(features, tensors=tensors).moments()).largest(1))
    assert abs(float(basis[:, 0] @ top)) > 0.9999


@pytest.mark.parametrize("tensors", [False, True])
def test_a_sketch_of_full_rank_is_exact(tensors: bool) -> None:
    design = make_design(tall()[0], tensors=tensors)
    sketched = Sketched(design, 13, np.random.default_rng(0))
    vectors = np.random.default_rng(1).standard_normal((3, 13))
    sketched.prepare(LEVELS)
    for level in LEVELS:
        solved = sketched.solve(level, design.array(vectors))
        np.testing.assert_allclose(solved, vectors @ dense_inverse(tall()[0], level), rtol=1e-4, atol=1e-6)
    assert design.passes == 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_sketch_of_low_rank_is_exact_along_its_eigenvectors_and_bounded_elsewhere(dtype: type) -> None:
    features = (blobs(200, 6, 2)[0] @ np.random.default_rng(0).standard_normal((6, 50))).astype(dtype)
    rows = with_constant(features)
    vectors = np.linalg.eigh(rows.T @ rows)[1]
    sketched = Sketched(Design(features), 20, np.random.default_rng(0))
    # The matrix has rank seven, constant included; the sketch finds these directions and no others.
    known = vectors[:, -7:].T.astype(dtype)
    solved = sketched.solve(1.0, known)
    expected = known @ dense_inverse(features, 1.0)
    rest = 1.0 / (1.0 + sketched._values[0])
    np.testing.assert_allclose(solved, expected, atol=1e-4 + (0.0 if dtype == np.float64 else 1e-3))
    others = vectors[:, :-7].T.astype(dtype)
    np.testing.assert_allclose(sketched.solve(1.0, others), rest * others, atol=1e-3)


def test_a_sketch_of_low_rank_improves_the_condition() -> None:
    features = blobs(300, 80, 2)[0] * np.logspace(2, -1, 80)
    rows = with_constant(features)
    system = np.eye(81) + rows.T @ rows
    sketched = Sketched(Design(features), 30, np.random.default_rng(0))
    inverse = sketched.solve(1.0, np.eye(81))
    np.testing.assert_allclose(inverse, inverse.T, atol=1e-10)
    spectrum = np.linalg.eigvals(inverse @ system).real
    assert spectrum.max() / spectrum.min() < 1e-2 * np.linalg.cond(system)


def test_levels_cover_every_factor_within_the_ratio() -> None:
    factors = np.array([3.0, 1e-4, 2e-3, 1e-4, 29.0, 1e3, 30.0])
    levels, numbers = levels_of(factors)
    assert levels == sorted(levels)
    assert set(numbers) == set(range(len(levels)))
    for factor, number in zip(factors, numbers, strict=True):
        assert max(factor / levels[number], levels[number] / factor) <= LEVEL_RATIO**0.5 * (1.0 + 1e-12)
    assert numbers[0] == numbers[4] == numbers[6]
    assert len(levels) == 4
    assert levels_of(np.array([0.5, 0.5])) == ([0.5], pytest.approx([0, 0]))


def test_each_problem_is_preconditioned_at_its_level() -> None:
    design = Design(tall()[0])
    factored = Factored(design.moments())
    factored.prepare(LEVELS)
    gradients = np.random.default_rng(0).standard_normal((4, 2, 13))
    levels = np.array([1.0, 100.0, 1e-3, 1.0])
    solved = precondition(factored, levels, gradients)
    for j, level in enumerate(levels):
        np.testing.assert_allclose(solved[j], gradients[j] @ dense_inverse(tall()[0], level), rtol=1e-8, atol=1e-12)
