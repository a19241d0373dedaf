import itertools

import pytest

from dcgan_probe.linear import Sizes, default_memory, make_plan
from dcgan_probe.linear._solver.memory_plan import FACTORED_WIDTH, FIXED_BYTES, LEAST_MEMORY, SPAN_ROWS
from dcgan_probe.runtime import UserError


@pytest.mark.parametrize(
    ("rows", "columns", "route"),
    [
        (1000, 28672, "span"),
        (SPAN_ROWS, SPAN_ROWS, "span"),
        (SPAN_ROWS + 1, 28672, "sketched"),
        (50_000, 4000, "factored"),
        (50_000, 28672, "sketched"),
        (200, 12, "narrow"),
        (1_000_000, 256, "narrow"),
        (1_000_000, 257, "factored"),
        (40, 39, "narrow"),
        (40, 40, "span"),
    ],
)
def test_sizes_determine_the_route(rows: int, columns: int, route: str) -> None:
    plan = make_plan(Sizes(rows, columns, 10))
    assert plan.route == route
    assert (plan.rank > 0) == (route == "sketched")
    assert plan.together >= 1
    assert plan.passes > 0
    assert plan.operations > 0.0


def test_less_memory_selects_the_next_route() -> None:
    sizes = Sizes(20_000, 8000, 10)
    routes = [make_plan(sizes, memory).route for memory in (4 << 30, 100 << 20)]
    assert routes == ["factored", "sketched"]
    few = Sizes(8000, 9000, 10)
    assert make_plan(few, 8 << 30).route == "span"
    assert make_plan(few, 1 << 29).route != "span"


@pytest.mark.parametrize("memory_mb", [80, 150, 400, 1500, 6000, 40_000])
def test_no_plan_exceeds_the_bound(memory_mb: int) -> None:
    bound = memory_mb << 20
    made = 0
    for rows, columns, problems, outputs, levels in itertools.product(
        (300, 5000, 60_000), (50, 3000, FACTORED_WIDTH, 30_000), (1, 10, 350), (1, 10), (1, 4)
    ):
        sizes = Sizes(rows, columns, problems, outputs, levels)
        try:
            plan = make_plan(sizes, bound)
        except UserError:
            continue
        made += 1
        assert plan.memory <= bound, (sizes, plan)
        assert 1 <= plan.together <= problems
        assert 1 <= plan.levels <= levels
        assert 0 <= plan.rank <= min(rows, columns + 1)
    assert made > 5


def test_more_memory_never_reads_the_features_more_often() -> None:
    sizes = Sizes(50_000, 6000, 350, levels=4)
    passes = [make_plan(sizes, memory << 20).passes for memory in (500, 1000, 2000, 4000, 16_000)]
    assert passes == sorted(passes, reverse=True)
    assert passes[0] > passes[-1]


def test_too_little_memory_is_refused_with_the_memory_needed() -> None:
    message = r"a fit of 50,000 x 28,672 features needs at least [\d,]+ MB of additional memory, but .* 70 MB; raise it"
    with pytest.raises(UserError, match=message) as caught:
        make_plan(Sizes(50_000, 28_672, 10), 70_000_000)
    assert caught.value.parameter == "memory"
    needed = int(str(caught.value).split("at least ")[1].split(" MB")[0].replace(",", ""))
    assert make_plan(Sizes(50_000, 28_672, 10), (needed + 1) * 10**6).together == 1


def test_the_default_is_under_half_of_the_features() -> None:
    assert default_memory(Sizes(10, 10, 1)) == LEAST_MEMORY
    assert default_memory(Sizes(50_000, 28_672, 1)) == pytest.approx(0.3 * 50_000 * 28_672 * 4)
    assert FIXED_BYTES < LEAST_MEMORY


def test_sizes_follow_the_stored_type() -> None:
    assert [Sizes(10, 20, 1, itemsize=size).features_bytes for size in (2, 4, 8)] == [400, 800, 1600]
    assert Sizes(10, 20, 1).width == 21
