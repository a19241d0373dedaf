"""``dcgan-probe compare`` and ``table``: options, streams and exit statuses; ``report`` tests the comparisons."""

import pandas
import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main


@pytest.fixture
def keep(made_up_rows, tmp_path):
    return made_up_rows(tmp_path)


@pytest.fixture
def invoke(tmp_path):
    def run(verb, *arguments, status=0):
        result = CliRunner().invoke(main, [verb, "--results", str(tmp_path), *arguments])
        assert result.exit_code == status, result.output
        return result

    return run


def test_rows_are_compared_printed_and_written(keep, invoke, tmp_path):
    keep("a", "pixels", 120)
    keep("b", "dcgan", 200)
    keep("c", "whitened", 150, kept=False)
    shown = invoke("compare", "--protocol", "glyphs-30")
    assert "66.67 / 40.00" in shown.stdout
    assert "3 whitened pixels" in shown.stdout
    assert shown.stderr == ""
    tidy = invoke("compare", "--protocol", "glyphs-30", "--format", "csv", "--against", "raw pixels")
    assert tidy.stdout == (tmp_path / "tables" / "glyphs-30-comparisons.csv").read_text()
    assert tidy.stderr == "Not compared, since their test predictions are missing: 3 whitened pixels.\n"
    assert pandas.read_csv(tmp_path / "tables" / "glyphs-30-comparisons.csv")["first"].tolist() == ["1 raw pixels"]


def test_rows_that_cannot_be_compared_are_an_error_with_reasons(keep, invoke):
    keep("a", "dcgan", 120)
    keep("b", "pixels", 200, kept=False)
    alone = invoke("compare", "--protocol", "glyphs-30", status=1)
    assert alone.stderr.startswith("Not compared, since their test predictions are missing: 2 raw pixels.\nError: ")
    text = invoke("compare", "--protocol", "glyphs-31", status=2).stderr
    assert "Invalid value for --protocol: no records of 'glyphs-31'" in text
    text = invoke("compare", "--protocol", "glyphs-30", "--against", "kNN", status=2).stderr
    assert "Invalid value for --against: got 'kNN', which matches no row" in text
    text = invoke("compare", "--protocol", "glyphs-30", "--against", "1", "--all-pairs", status=2).stderr
    assert "Invalid value for --against: got against and all_pairs, expected one of them" in text
    assert "Missing option '--protocol'" in invoke("compare", status=2).stderr


def test_an_unknown_protocol_or_an_empty_folder_has_no_table(keep, invoke):
    assert "evaluations.csv is missing; run eval-svm first" in invoke("table", status=2).stderr
    keep("a", "dcgan", 120)
    text = invoke("table", "--protocol", "glyphs-31", status=2).stderr
    assert (
        "Invalid value for --protocol: no records of 'glyphs-31'; expected one of the recorded protocols"
        in " ".join(text.split())
    )
    assert invoke("table", "--format", "csv", "--protocol", "glyphs-30").stdout.startswith("protocol,dataset,")
