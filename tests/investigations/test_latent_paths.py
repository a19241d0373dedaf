"""Walks, arithmetic and turns, as formulas on arrays."""

import numpy as np
import pytest

from dcgan_probe.investigations import (
    along,
    around,
    combine,
    combine_pixels,
    interpolate,
    leg_unevenness,
    monotonicity,
    random_axis,
    step_lengths,
    turn_axis,
)
from dcgan_probe.runtime import UserError


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("interpolation", ["linear", "spherical"])
def test_a_walk_passes_through_its_points_and_ends_before_it_is_closed(interpolation):
    points = normal(4, 10)
    path = interpolate(points, 5, interpolation)
    assert path.shape == (20, 10)
    assert path.dtype == np.float32
    np.testing.assert_allclose(path[::5], points, rtol=1e-6)


def test_a_linear_walk_divides_the_way_evenly():
    path = interpolate(np.array([[0, 0], [4, 8]], np.float32), 4)
    np.testing.assert_allclose(path[:4], [[0, 0], [1, 2], [2, 4], [3, 6]])
    np.testing.assert_allclose(path[4:], [[4, 8], [3, 6], [2, 4], [1, 2]])


def test_a_spherical_walk_turns_at_a_constant_angle():
    path = interpolate(np.array([[3, 0], [0, 3]], np.float32), 3, "spherical")
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 3, rtol=1e-6)
    np.testing.assert_allclose(np.degrees(np.arctan2(path[:3, 1], path[:3, 0])), [0, 30, 60], atol=1e-4)


@pytest.mark.parametrize("factor", [2.0, -1.0])
def test_a_spherical_walk_between_points_on_one_line_is_straight(factor):
    a = normal(1, 6)
    path = interpolate(np.concatenate([a, factor * a]), 4, "spherical")
    np.testing.assert_allclose(path[2], (1 + factor) / 2 * a[0], atol=1e-6)


@pytest.mark.parametrize(("points", "steps", "option"), [(1, 5, "points"), (3, 0, "steps")])
def test_a_walk_of_no_way_is_refused(points, steps, option):
    with pytest.raises(UserError, match=f"got {points} points and {steps} steps, expected") as error:
        interpolate(normal(points, 3), steps)
    assert error.value.parameter == option


def test_steps_are_measured_around_the_closed_path():
    features = np.array([[0, 0], [3, 4], [3, 5]], np.float32)
    np.testing.assert_allclose(step_lengths(features), [5, 1, np.sqrt(34)])


def test_a_jump_within_a_short_leg_is_not_hidden_by_a_long_one():
    lengths = np.array([30.0, 30, 30, 30, 0.1, 7.7, 0.1, 0.1, 0, 0, 0, 0])
    np.testing.assert_allclose(leg_unevenness(lengths, 4), [1, 3.85, 1])


def test_arithmetic_is_of_means():
    a, b, c = (normal(rows, 7, seed=rows) for rows in (3, 4, 5))
    expected = a.astype(float).sum(0) / 3 - b.astype(float).sum(0) / 4 + c.astype(float).sum(0) / 5
    np.testing.assert_allclose(combine(a, b, c), expected, rtol=1e-12)


def test_the_grid_has_the_result_in_its_middle_and_noise_of_a_quarter_around():
    z = normal(200)
    grid = around(z, seed=0)
    np.testing.assert_array_equal(grid[4], z)
    noise = np.delete(grid, 4, axis=0) - z
    assert np.abs(noise).max() <= 0.25 + 1e-6
    assert abs(noise.std() - 0.5 / np.sqrt(12)) < 0.01
    np.testing.assert_array_equal(grid, around(z, seed=0))
    assert not np.array_equal(grid, around(z, seed=1))


def test_pixels_are_clipped():
    white, black, grey = (np.full((2, 3, 4, 4), value, np.uint8) for value in (255, 0, 100))
    assert (combine_pixels(white, black, grey) == 255).all()
    assert (combine_pixels(black, white, grey) == 0).all()
    assert (combine_pixels(grey, grey, grey) == 100).all()
    assert combine_pixels(grey, black, black).dtype == np.uint8


def test_an_axis_leads_from_one_group_to_the_other():
    start, end = normal(4, 9), normal(5, 9, seed=1)
    axis = turn_axis(start, end)
    np.testing.assert_allclose(start.mean(0) + axis, end.mean(0), atol=1e-6)
    strips = along(start, axis, np.array([-1.0, 0.0, 0.5]))
    assert strips.shape == (4, 3, 9)
    np.testing.assert_allclose(strips[:, 1], start)
    np.testing.assert_allclose(strips[2, 2], start[2] + 0.5 * axis, rtol=1e-6)


def test_a_random_axis_is_as_long_and_leads_elsewhere():
    axis = normal(500)
    other = random_axis(axis, seed=0)
    np.testing.assert_allclose(np.linalg.norm(other), np.linalg.norm(axis), rtol=1e-5)
    assert abs(axis @ other) < 0.2 * (axis @ axis)
    assert abs(other @ random_axis(axis, seed=0, number=1)) < 0.2 * (axis @ axis)


def test_monotonicity_is_the_correlation_of_ranks():
    scores = np.array([[1, 2, 10, 11], [4, 3, 2, -9], [0, 1, 0.5, 2], [7, 7, 7, 7]])
    # Of the third: 1 - 6 (0 + 1 + 1 + 0) / (4 x 15).
    np.testing.assert_allclose(monotonicity(scores), [1, -1, 0.8, 0])
