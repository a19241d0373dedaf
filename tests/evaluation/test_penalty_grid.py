import pytest

from dcgan_probe.evaluation.penalty_grid import (
    C_GRID,
    HIGHEST_C,
    HIGHEST_K,
    K_GRID,
    LOWEST_C,
    NEIGHBOR_NUMBERS,
    PENALTIES,
    SERIES,
    at_limit,
    values_to_try,
)
from dcgan_probe.linear import best_value


def run(curve, grid=PENALTIES):
    """Choose a value on a synthetic accuracy curve as an evaluation does; return the rounds and the choice."""
    accuracies, rounds = {}, []
    while values := values_to_try(accuracies, grid):
        rounds.append(values)
        accuracies.update({C: [curve(C)] for C in values})
    return rounds, best_value(accuracies)


def peak_at(best):
    import math

    return lambda C: -abs(math.log(C / best))


def test_the_series_runs_1_2_5_between_its_limits():
    assert SERIES[:4] == (1e-8, 2e-8, 5e-8, 1e-7)
    assert SERIES[-2:] == (5e3, 1e4)
    assert set(C_GRID) < set(SERIES)


def test_a_best_inside_ends_the_search_after_the_grid():
    assert run(peak_at(1e-3)) == ([C_GRID], 1e-3)
    assert run(peak_at(2e-4)) == ([C_GRID], 2e-4)


def test_a_best_on_the_lower_edge_extends_three_values_at_a_time():
    assert run(peak_at(1e-4)) == ([C_GRID, (1e-5, 2e-5, 5e-5)], 1e-4)
    assert run(peak_at(2e-6)) == ([C_GRID, (1e-5, 2e-5, 5e-5), (1e-6, 2e-6, 5e-6)], 2e-6)
    rounds, best = run(peak_at(1e-6))
    assert (rounds[-1], best) == ((1e-7, 2e-7, 5e-7), 1e-6)


def test_a_best_on_the_upper_edge_extends_there_only():
    assert run(peak_at(0.2)) == ([C_GRID, (2e-2, 5e-2, 1e-1), (2e-1, 5e-1, 1.0)], 0.2)


@pytest.mark.parametrize(("beyond", "limit"), [(1e-12, LOWEST_C), (1e9, HIGHEST_C)])
def test_the_search_ends_at_the_limits(beyond, limit):
    rounds, best = run(peak_at(beyond))
    assert best == limit
    assert at_limit(best)
    assert sorted(C for values in rounds for C in values) == sorted({C for values in rounds for C in values})


def test_no_value_is_tried_twice_and_none_left_out():
    rounds, _ = run(peak_at(1e9))
    assert tuple(C for values in rounds for C in values) == tuple(C for C in SERIES if C_GRID[0] <= C)


@pytest.mark.parametrize("accuracy", [0.0, 0.1, 1.0])
def test_a_tie_of_all_values_chooses_the_smallest_of_the_first_grid(accuracy):
    assert run(lambda C: accuracy) == ([C_GRID], 1e-4)
    assert run(lambda k: accuracy, NEIGHBOR_NUMBERS) == ([K_GRID], 1.0)


def test_means_tie_over_draws_that_differ():
    accuracies = {C: [0.25, 0.75] if C < 1e-3 else [0.5, 0.5] for C in C_GRID}
    assert values_to_try(accuracies) == ()
    assert best_value(accuracies) == 1e-4


def test_a_tie_of_some_values_at_the_lower_edge_extends_there():
    rounds, best = run(lambda C: 0.5 if C < 1e-2 else 0.4)
    assert rounds[:2] == [C_GRID, (1e-5, 2e-5, 5e-5)]
    assert best == LOWEST_C
    assert run(lambda C: 0.5 if 2e-5 <= C < 1e-2 else 0.4) == ([C_GRID, (1e-5, 2e-5, 5e-5)], 2e-5)


def test_a_tie_of_some_values_at_the_upper_edge_is_inside():
    assert run(lambda C: 0.5 if C >= 5e-3 else 0.4) == ([C_GRID], 5e-3)


def test_the_number_of_neighbors_extends_upwards_only():
    assert run(lambda k: -k, NEIGHBOR_NUMBERS) == ([K_GRID], 1.0)
    rounds, best = run(lambda k: k, NEIGHBOR_NUMBERS)
    assert rounds[1] == (100.0, 200.0, 500.0)
    assert best == HIGHEST_K


def test_the_smaller_of_equals_is_best_and_the_mean_counts():
    assert best_value({1e-3: [0.5, 0.7], 1e-4: [0.6, 0.6], 1e-2: [0.9, 0.1]}) == 1e-4
    assert best_value({1e-3: [0.5, 0.8], 1e-4: [0.6, 0.6]}) == 1e-3
    assert not at_limit(1e-4)
