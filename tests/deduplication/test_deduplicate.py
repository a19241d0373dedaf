import numpy as np

from dcgan_probe.deduplication.deduplicate import group_rows, rows_to_remove


def test_groups_are_what_a_walk_along_the_pairs_reaches():
    random = np.random.default_rng(0)
    first, second = random.integers(0, 200, (2, 90))
    beside = {row: set() for row in range(200)}
    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        beside[one].add(other)
        beside[other].add(one)
    expected, reached = [], set()
    for row in range(200):
        if row in reached:
            continue
        group, waiting = set(), [row]
        while waiting:
            here = waiting.pop()
            if here not in group:
                group.add(here)
                waiting += beside[here]
        reached |= group
        if len(group) > 1:
            expected.append(sorted(group))
    groups = group_rows(first, second, 200)
    assert [group.tolist() for group in groups] == expected
    assert max(map(len, expected)) > 3
    assert rows_to_remove(groups).tolist() == sorted(row for group in expected for row in group[1:])


def test_without_pairs_nothing_is_removed():
    none = np.empty(0, np.int64)
    assert group_rows(none, none, 5) == []
    assert rows_to_remove([]).tolist() == []
