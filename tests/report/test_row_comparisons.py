"""Selection of the rows to compare and the files of their comparisons, on synthetic rows."""

import numpy as np
import pandas
import pytest
from scipy.stats import binomtest

from dcgan_probe.evaluation import Results
from dcgan_probe.report import (
    CompareConfig,
    TableConfig,
    compare_rows,
    format_comparisons,
    make_tables,
    write_comparisons,
)
from dcgan_probe.runtime import UserError, Workspace
from dcgan_probe.storage import file_name

LABELS = np.arange(300) % 10


@pytest.fixture
def keep(made_up_rows, tmp_path):
    """Return a function that records an evaluation with its predictions."""
    return made_up_rows(tmp_path)


@pytest.fixture
def compare(tmp_path):
    """Return a function that compares rows, and returns the notes followed by the table as text or by the error."""

    def run(*, refused=False, **fields):
        notes = []
        try:
            config = CompareConfig(**{"protocol": "glyphs-30", **fields})
            compared = compare_rows(config, Workspace(results=tmp_path), on_note=notes.append)
        except UserError as error:
            assert refused
            return " ".join([*notes, f"{error.parameter}:", *str(error).split()])
        assert not refused
        assert notes == []
        remarks = compared.remarks if config.form == "csv" else ()
        return "\n".join([*remarks, format_comparisons(compared, config.form)])

    return run


def table(tmp_path):
    return pandas.read_csv(tmp_path / "tables" / "glyphs-30-comparisons.csv")


def test_the_first_dcgan_row_is_compared_with_every_other(keep, compare, predicted, tmp_path):
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
    right = [predicted(n, 1, ord(name))[0] == LABELS for n, name in ((200, "b"), (120, "a"))]
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
    make_tables(TableConfig(), Workspace(results=tmp_path))
    text = (tmp_path / "tables" / "glyphs-30.md").read_text()
    assert text.count("### glyphs (90 / 300), 30 labels, images x / ") == 2
    frame = pandas.read_csv(tmp_path / "tables" / "glyphs-30.csv")
    assert list(frame["images_fingerprint_test"]) == ["x", "x", "other"]


def test_a_single_row_writes_nothing(keep, tmp_path):
    keep("a", "dcgan", 120)
    keep("b", "pixels", 200, kept=False)
    store, notes = Results(tmp_path), []
    assert write_comparisons(store.summaries()[:1], tmp_path, on_note=notes.append) is None
    assert notes == []
    assert write_comparisons(store.summaries(), tmp_path, on_note=notes.append) is None
    assert notes == ["Not compared, since their test predictions are missing: 2 raw pixels."]
    assert not (tmp_path / "tables").exists()


def test_a_row_is_named_by_number_or_by_name(keep, compare, tmp_path):
    keep("a", "pixels", 120)
    keep("b", "dcgan", 200)
    keep("c", "whitened", 150)
    for against in ("3", "whitened pixels", "WHITE"):
        compare(against=against)
        assert set(table(tmp_path)["first"]) == {"3 whitened pixels"}
    assert "matches several rows" in compare(against="pixels", refused=True)
    output = " ".join(compare(against="kNN", refused=True).split())
    assert "against: got 'kNN', which matches no row" in output
    assert "1 raw pixels; 2 DCGAN; 3 whitened pixels" in output


def test_all_pairs(keep, compare, tmp_path):
    for name, right in (("a", 120), ("b", 200), ("c", 150)):
        keep(name, name, right, draws=5)
    compare(all_pairs=True, form="csv")
    found = table(tmp_path)
    assert list(zip(found["first"], found["second"], strict=True)) == [("1 a", "2 b"), ("1 a", "3 c"), ("2 b", "3 c")]
    assert set(found["comparisons"]) == {3}
    assert set(found["test"]) == {"t"}
    assert "expected one of them" in compare(all_pairs=True, against="1", refused=True)


def test_rows_that_are_left_out_are_named(keep, compare, tmp_path):
    keep("a", "dcgan", 120)
    keep("b", "pixels", 200)
    keep("c", "whitened", 150, kept=False)
    keep("d", "pca", 150, seed=5)
    for form in ("console", "markdown", "latex", "csv"):
        output = " ".join(compare(form=form).split())
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


def test_nothing_to_compare_is_reported(keep, compare):
    keep("a", "dcgan", 120)
    keep("c", "whitened", 150, kept=False)
    output = " ".join(compare(refused=True).split())
    assert "got no two rows that can be compared, expected at least two" in output
    assert "missing: 2 whitened pixels." in output
    assert "test predictions of the same draws; run eval-svm for another row" in output
    output = " ".join(compare(against="whitened", refused=True).split())
    assert "missing: 2 whitened pixels." in output


def test_an_unknown_protocol_is_refused(keep, compare):
    keep("a", "dcgan", 120)
    assert "protocol: no records of 'glyphs-31'" in compare(protocol="glyphs-31", refused=True)
