import io
import math
from dataclasses import replace

import pandas
import pytest

from dcgan_probe.evaluation import Comparison, MeanEstimate
from dcgan_probe.evaluation.statistics.paired import Discordant
from dcgan_probe.report import ComparedRows, comparison_table, format_comparisons, numbered_names
from dcgan_probe.runtime import UserError


@pytest.fixture
def compared(svhn):
    """Make the comparison of three rows of several draws with the first."""
    first, second, third = svhn()
    clear, none = MeanEstimate(0.0912, 0.009, 45.6), MeanEstimate(-0.0012, 0.001, 12.3)
    found = (
        Comparison(first, second, clear, None, 0.0002, 0.0004, 2, 0.7012, 0.61, draws=100),
        Comparison(first, third, none, None, 0.21, 0.21, 2, 0.6996, 0.7008, draws=10),
    )
    return ComparedRows(numbered_names(svhn()), found, ("Not compared: 4 something.",))


@pytest.fixture
def single(cifar10):
    first, second = cifar10()
    difference, differing = MeanEstimate(0.1512, 0.005, 9999), Discordant(1800, 288)
    found = Comparison(first, second, difference, differing, 1e-9, 1e-9, 1, 0.7012, 0.55, draws=1)
    return ComparedRows(numbered_names(cifar10()), (found,), ())


def test_rows_are_numbered_and_layers_named_if_names_are_the_same(svhn):
    rows = svhn()
    assert numbered_names(rows) == {"e1": "1 DCGAN cpu32", "e2": "2 untrained cpu32", "e3": "3 raw pixels"}
    rows.append(replace(rows[0], layers=("conv3",), evaluation="e9"))
    assert numbered_names(rows)["e1"] == "1 DCGAN cpu32, conv1–conv3"
    assert numbered_names(rows)["e9"] == "4 DCGAN cpu32, conv3"


def test_several_draws_are_shown_in_points(compared):
    text = format_comparisons(compared, "markdown")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]
    assert cells[1] == [
        "1 DCGAN cpu32",
        "2 untrained cpu32",
        "70.12 / 61.00",
        "+9.12",
        "+7.31 to +10.93",  # 9.12 +- 2.0134 x 0.9, t of 45.6 degrees of freedom
        "0.0002",
        "0.0004",
        "t",
        "–",
        "100",
    ]
    assert cells[2][2:7] == ["69.96 / 70.08", "-0.12", "-0.34 to +0.10", "0.2100", "0.2100"]
    assert text.startswith("### SVHN subset (4,434 / 8,372), 1,000 labels: paired comparisons\n")
    assert (
        "adjusted for the number of comparisons in this table, 2. The draws overlap. Not compared: 4 something." in text
    )
    assert "Student's t for fresh labeled rows and test images, with 12 to 46 degrees of freedom" in text
    assert "Two draws share 25.0 % of their rows on average" in text
    assert "seeds of networks, centroids and trainings and the choice of C are held fixed" in text
    assert "McNemar" not in text


def test_single_fits_show_who_alone_is_right(single):
    text = format_comparisons(single, "latex")
    assert r"+15.12 & +14.14 to +16.10 & \textless{} 0.0001 & \textless{} 0.0001 & McNemar & 1,800 / 288 & 1 \\" in text
    assert "Student" not in text
    assert "exact McNemar test on the images that only one fit classifies correctly" in text


def test_only_what_is_true_of_all_compared_rows_is_in_the_caption(compared):
    once = compared.comparisons[1]
    changed = replace(once, second=replace(once.second, notes=("C was given",)))
    text = format_comparisons(replace(compared, comparisons=(compared.comparisons[0], changed)), "markdown")
    assert "The draws overlap" not in text
    assert "C was given" not in text


def test_the_console_names_the_first_row_below_where_it_is_the_same(compared):
    text = format_comparisons(compared)
    assert max(map(len, text.splitlines())) <= 110
    wide = {evaluation: f"{name}, {'of a long name ' * 2}" for evaluation, name in compared.names.items()}
    text = format_comparisons(replace(compared, names=wide))
    assert max(map(len, text.splitlines())) <= 110
    assert "first: 1 DCGAN cpu32, of a long name" in " ".join(text.split())
    assert "2 untrained cpu32, of a long name" in text


def test_the_tidy_table_has_percent_and_counts(compared, single):
    frame = comparison_table(compared)
    assert list(frame["difference"]) == [9.12, -0.12]
    assert list(frame.loc[0, ["first_accuracy", "second_accuracy", "low", "high"]]) == pytest.approx(
        [70.12, 61.0, 7.31, 10.93], abs=0.005
    )
    assert list(frame.loc[1, ["first_accuracy", "second_accuracy"]]) == [69.96, 70.08]  # of 10 draws, not of 100
    assert list(frame["holm_p"]) == [0.0004, 0.21]
    assert list(frame.loc[0, ["standard_error", "degrees_of_freedom", "overlap"]]) == [0.9, 45.6, 0.25]
    assert frame["first_only"].isna().all()
    read = pandas.read_csv(io.StringIO(format_comparisons(single, "csv")))
    assert list(read.loc[0, ["first_only", "second_only", "comparisons", "draws"]]) == [1800, 288, 1, 1]
    assert (read.loc[0, "p"], read.loc[0, "degrees_of_freedom"]) == (1e-9, 9999)
    assert math.isnan(read.loc[0, "overlap"])


def test_an_unknown_format_is_refused(single):
    with pytest.raises(UserError, match="got format 'html', expected one of console"):
        format_comparisons(single, "html")
