"""``dcgan-probe compare`` on records and predictions that are made up."""

from typing import get_type_hints

import numpy as np
import pandas
import pytest
from click.testing import CliRunner
from scipy.stats import binomtest

from dcgan_probe.commands import main
from dcgan_probe.commands.compare import write_comparisons
from dcgan_probe.commands.table import file_name
from dcgan_probe.evaluation import Evaluation, ProbeRecord, Results, TestPredictions

LABELS = np.arange(300) % 10


def predictions(right, draws, seed):
    """Make predictions (draws, 300) of which ``right`` are right in each draw."""
    rng = np.random.default_rng(seed)
    rows = np.tile((LABELS + 1) % 10, (draws, 1))
    for row in rows:
        hits = rng.permutation(300)[:right]
        row[hits] = LABELS[hits]
    return rows


def made_up(evaluation, features, right, draw, **shared):
    """Make the record of a draw; its evaluation has these fields, and made-up others."""
    values = {str: "x", int: 1, float: 0.1, bool: False, int | None: 1}
    hints = get_type_hints(Evaluation)
    common = {name: values.get(kind, {}) for name, kind in hints.items()}
    common |= {"schema_version": 3, "id": evaluation, "features": features, "network": "", "notes": ""}
    common |= {"protocol": "glyphs-30", "dataset": "glyphs", "labels": "30", "train_rows": 90, "test_rows": 300}
    common |= {"scale": "none", "classifier": "l2-svm", "chosen_name": "C", "layers": "conv1"} | shared
    hints = get_type_hints(ProbeRecord)
    own = {name: values.get(hints[name], {}) for name in hints if name != "evaluation"}
    own |= {"stage": "report", "split": "test", "draw": draw, "accuracy": right / 300, "converged": True, "notes": ""}
    return ProbeRecord(evaluation=Evaluation(**common), **own)


@pytest.fixture
def keep(tmp_path):
    """Give a function that records an evaluation and keeps its predictions."""
    store = Results(tmp_path)

    def make(evaluation, features, right, *, draws=1, kept=True, **changes):
        store.append([made_up(evaluation, features, right, draw, draws=draws, **changes) for draw in range(draws)])
        if kept:
            found = predictions(right, draws, sum(map(ord, evaluation)))
            store.write_predictions(TestPredictions.of(evaluation, found, LABELS, 1e-3))

    return make


@pytest.fixture
def compare(tmp_path):
    def run(*arguments, status=0):
        chosen = ["compare", "--results", str(tmp_path), "--protocol", "glyphs-30", *map(str, arguments)]
        result = CliRunner().invoke(main, chosen)
        assert result.exit_code == status, result.output
        return result.output

    return run


def table(tmp_path):
    return pandas.read_csv(tmp_path / "tables" / "glyphs-30-comparisons.csv")


def test_the_first_dcgan_row_is_compared_with_every_other(keep, compare, tmp_path):
    keep("a", "pixels", 120)
    keep("b", "dcgan", 200)
    keep("c", "dcgan", 220, layers="conv2")
    output = compare()
    assert "66.67 / 40.00" in output
    assert "66.67 / 73.33" in output
    found = table(tmp_path)
    assert list(found["first"]) == ["2 DCGAN, conv1"] * 2
    assert list(found["second"]) == ["1 raw pixels", "3 DCGAN, conv2"]
    assert list(found["difference"]) == pytest.approx([80 * 100 / 300, -20 * 100 / 300], abs=1e-3)
    right = [predictions(n, 1, ord(name))[0] == LABELS for n, name in ((200, "b"), (120, "a"))]
    only = [int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())]
    assert list(found.loc[0, ["first_only", "second_only"]]) == only
    assert found.loc[0, "p"] == pytest.approx(binomtest(only[0], sum(only)).pvalue)
    for suffix in ("md", "tex"):
        assert "raw pixels" in (tmp_path / "tables" / f"glyphs-30-comparisons.{suffix}").read_text()


def test_no_row_is_compared_with_all_for_its_accuracy_or_its_given_c(keep, compare, tmp_path):
    keep("a", "pixels", 120)
    keep("b", "dcgan", 220, given=True)
    keep("c", "dcgan", 230, classifier="knn-cosine")
    compare()
    assert set(table(tmp_path)["first"]) == {"1 raw pixels"}
    keep("d", "dcgan", 100)
    compare()
    assert set(table(tmp_path)["first"]) == {"4 DCGAN"}


def test_where_every_c_was_given_the_first_row_is_compared(keep, compare, tmp_path):
    keep("a", "pixels", 120, given=True)
    keep("b", "whitened", 220, given=True)
    compare()
    assert set(table(tmp_path)["first"]) == {"1 raw pixels, C = 0.1 given"}


def test_another_verb_compares_its_own_rows(keep, tmp_path):
    keep("a", "dcgan", 120)
    keep("b", "pixels", 200)
    keep("c", "whitened", 150)
    store = Results(tmp_path)
    rows = store.summaries()[1:]
    compared = write_comparisons(rows, tmp_path, rows[1])
    assert compared.names == {"b": "1 raw pixels", "c": "2 whitened pixels"}
    assert list(table(tmp_path)["first"]) == ["2 whitened pixels"]
    assert list(table(tmp_path)["comparisons"]) == [1]


def test_protocols_whose_names_clean_to_one_have_files_of_their_own(tmp_path):
    names = [file_name(protocol) for protocol in ("a/b-30", "a_b-30", "a b-30", "svhn-1000")]
    assert len(set(names)) == 4
    assert names[1::2] == ["a_b-30", "svhn-1000"]
    assert not any(set(name) & set("/ ") for name in names)


def test_two_sets_under_one_name_are_two_tables_and_are_not_compared(keep, compare, tmp_path):
    keep("a", "dcgan", 200)
    keep("b", "pixels", 120)
    keep("c", "pixels", 150, images_fingerprint_test="other")
    output = " ".join(compare().split())
    assert "with 3 raw pixels, since the test images of one is x, of the other other." in output
    CliRunner().invoke(main, ["table", "--results", str(tmp_path)])
    text = (tmp_path / "tables" / "glyphs-30.md").read_text()
    assert text.count("### glyphs (90 / 300), 30 labels, images x / ") == 2
    frame = pandas.read_csv(tmp_path / "tables" / "glyphs-30.csv")
    assert list(frame["images_fingerprint_test"]) == ["x", "x", "other"]


def test_a_single_row_writes_nothing(keep, tmp_path, capsys):
    keep("a", "dcgan", 120)
    keep("b", "pixels", 200, kept=False)
    store = Results(tmp_path)
    assert write_comparisons(store.summaries()[:1], tmp_path) is None
    assert capsys.readouterr().err == ""
    assert write_comparisons(store.summaries(), tmp_path) is None
    assert capsys.readouterr().err == "Not compared, since their test predictions are missing: 2 raw pixels.\n"
    assert not (tmp_path / "tables").exists()


def test_a_row_is_named_by_number_or_by_name(keep, compare, tmp_path):
    keep("a", "pixels", 120)
    keep("b", "dcgan", 200)
    keep("c", "whitened", 150)
    for against in ("3", "whitened pixels", "WHITE"):
        compare("--against", against)
        assert set(table(tmp_path)["first"]) == {"3 whitened pixels"}
    assert "several rows are called" in compare("--against", "pixels", status=2)
    output = " ".join(compare("--against", "kNN", status=2).split())
    assert "--against: got 'kNN', which no row is called" in output
    assert "1 raw pixels; 2 DCGAN; 3 whitened pixels" in output


def test_all_pairs(keep, compare, tmp_path):
    for name, right in (("a", 120), ("b", 200), ("c", 150)):
        keep(name, name, right, draws=5)
    compare("--all-pairs", "--format", "csv")
    found = table(tmp_path)
    assert list(zip(found["first"], found["second"], strict=True)) == [("1 a", "2 b"), ("1 a", "3 c"), ("2 b", "3 c")]
    assert set(found["comparisons"]) == {3}
    assert set(found["test"]) == {"t"}
    assert "expected one of them" in compare("--all-pairs", "--against", "1", status=2)


def test_rows_that_are_left_out_are_named(keep, compare, tmp_path):
    keep("a", "dcgan", 120)
    keep("b", "pixels", 200)
    keep("c", "whitened", 150, kept=False)
    keep("d", "pca", 150, seed=5)
    for form in ("console", "markdown", "latex", "csv"):
        output = " ".join(compare("--format", form).split())
        assert "since their test predictions are missing: 3 whitened pixels." in output
        assert (
            "Not compared: 1 DCGAN with 4 PCA of pixels, since the seed of the draws of one is 1, of the other 5."
            in output
        )
    assert len(table(tmp_path)) == 1


def test_a_few_draws_are_not_compared(keep, compare, tmp_path):
    for name, draws in (("a", 10), ("b", 5), ("c", 4), ("d", 1)):
        keep(name, name, 150, draws=draws)
    output = " ".join(compare().split())
    assert "Not compared: 1 a with 3 c, since 4 draws are too few for a test; expected 1, or at least 5." in output
    assert list(table(tmp_path)["draws"]) == [5, 1]
    assert list(table(tmp_path)["test"]) == ["t", "McNemar"]


def test_nothing_to_compare_is_told(keep, compare):
    keep("a", "dcgan", 120)
    keep("c", "whitened", 150, kept=False)
    output = " ".join(compare(status=1).split())
    assert "got no two rows that can be compared, expected at least two" in output
    assert "missing: 2 whitened pixels." in output
    assert "test predictions of the same draws; run eval-svm for another row" in output
    output = " ".join(compare("--against", "whitened", status=1).split())
    assert "missing: 2 whitened pixels." in output


def test_an_unknown_protocol_is_refused(keep, tmp_path):
    keep("a", "dcgan", 120)
    result = CliRunner().invoke(main, ["compare", "--results", str(tmp_path), "--protocol", "glyphs-31"])
    assert result.exit_code == 2
    assert "--protocol: no records of 'glyphs-31'" in " ".join(result.output.split())
