import io
import re
from dataclasses import replace

import pandas
import pytest

from dcgan_probe.report import format_tables, result_table
from dcgan_probe.report.display_tables import sentence, short_count, short_layers, shown_tables
from dcgan_probe.report.latex import escape_latex
from dcgan_probe.report.markdown import escape_markdown
from dcgan_probe.runtime import UserError


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def markdown_rows(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return cells(lines[0]), lines[1], [cells(line) for line in lines[2:]]


def test_the_tidy_table_holds_measured_and_published_rows(svhn):
    frame = result_table(svhn(), full=True)
    assert list(frame["kind"]) == ["measured"] * 3 + ["published"] * 11
    trained = frame.iloc[0]
    assert (trained["error"], trained["accuracy"], trained["spread"]) == (29.88, 70.12, 1.23)
    assert (trained["published_error"], trained["published_comparable"]) == (22.48, False)
    assert "not comparable: the published figure is for" in trained["notes"]
    assert "the draws overlap" in trained["notes"]
    published = frame[frame["kind"] == "published"].set_index("name")
    assert published.loc["KNN", "published_error"] == 77.93
    assert published.loc["M1+KNN", "published_origin"] == "unverified"
    # A published row has no measured figure, and nothing that is not known is filled in.
    assert published[["accuracy", "error", "chosen", "dimension"]].isna().all(axis=None)
    assert frame["draws"].dtype == "Int64"
    assert pandas.isna(frame.iloc[2]["largest_layer"])


def test_csv_is_the_tidy_table(svhn, cifar10):
    rows = [*svhn(), *cifar10()]
    read = pandas.read_csv(io.StringIO(format_tables(rows, "csv")))
    frame = result_table(rows, full=True)
    assert list(read.columns) == list(frame.columns)
    assert len(read) == len(frame)
    assert read["accuracy"].dropna().tolist() == frame["accuracy"].dropna().tolist()
    assert read["published_accuracy"].dropna().tolist() == frame["published_accuracy"].dropna().tolist()


def test_markdown_is_aligned_and_shows_the_figures(svhn):
    text = format_tables(svhn(), "markdown")
    assert text.startswith("### SVHN subset (4,434 / 8,372), 1,000 labels: test error\n\n| features")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(line) for line in lines}) == 1
    header, rule, rows = markdown_rows(text)
    assert {len(row) for row in rows} == {len(header)}
    assert re.fullmatch(r"(\| -+:? )+\|", rule)
    row = dict(zip(header, rows[0], strict=True))
    assert row["features"] == "DCGAN cpu32"
    assert row["layers"] == "conv1–conv3"
    assert row["trained on"] == "Tiny ImageNet"
    assert row["images seen"] == "2M"
    assert row["test error, %"] == "29.88 ± 1.23"
    assert (row["n"], row["C"], row["dimension"], row["largest layer's units"]) == ("100", "0.0005", "3,584", "128")
    assert row["published error, %"] == "22.48 [P], not comparable ¹"
    assert "\n1. Not comparable: the published figure is for a DCGAN trained on SVHN itself, this encoder" in text
    assert "Tiny ImageNet (100,000 of ImageNet-1k's 1.28 million)" in text
    assert "Mean ± 1.96 x standard deviation over 100 draws of the labeled rows" in text
    assert "The draws overlap." in text
    assert "Published figures are for the full set (73,257 / 26,032)." in text
    assert "[P] the paper, [2] quoted by a later paper, [?] unverified" in text


def test_an_unverified_figure_is_marked_wherever_it_is_shown(svhn, cifar10):
    rows = [*svhn(), *cifar10(), *cifar10(protocol="cifar10-4000", labels=4000, draws=10, spread=0.01)]
    for form in ("markdown", "console", "latex"):
        text = format_tables(rows, form)
        assert "65.63 [?]" in text
        assert "81.9 [?]" in text
        assert text.count("[?] unverified") >= 3 or form == "console"
        assert re.search(r"73\.8 \[2\] (±|\$\\pm\$) 0\.4 \[\?\]", text)
    assert "3,200 [?]" in format_tables(rows, "markdown")


def test_one_fit_has_no_spread_and_cifar10_counts_hits(cifar10):
    header, _, rows = markdown_rows(format_tables(cifar10(), "markdown"))
    row = dict(zip(header, rows[0], strict=True))
    assert row["test accuracy, %"] == "70.12"
    assert row["published accuracy, %"] == "82.8 [P], not comparable ¹ ²"
    assert "Published figures are for the full set" not in format_tables(cifar10())


def test_sets_without_published_figures_have_no_such_column(svhn):
    rows = [replace(row, protocol="glyphs-500", dataset="glyphs", labels=500, notes=()) for row in svhn()]
    text = format_tables(rows, "markdown")
    assert "published" not in text.lower()
    header, _, table = markdown_rows(text)
    assert dict(zip(header, table[0], strict=True))["trained on"] == "Tiny ImageNet ¹"
    assert "1. Tiny ImageNet (100,000 of ImageNet-1k's 1.28 million)." in text


def test_console_lines_fit_and_leave_no_figure_out(svhn):
    text = format_tables(svhn())
    assert max(map(len, text.splitlines())) <= 110
    assert "29.88 ± 1.23" in text
    assert "DCGAN + L2-SVM 22.48 [P]" in " ".join(text.split())
    assert "images seen" not in text
    rows = [*svhn(), replace(svhn()[0], layers=("conv3",), evaluation="e9")]
    text = format_tables(rows)
    assert re.search(r"layers .*\n.*\n.*\n.*conv1–conv3", text)
    assert max(map(len, text.splitlines())) <= 110


def test_the_console_drops_columns_that_differ_between_rows_last(svhn):
    network = "a-long-network"
    rows = [replace(row, network=network, layers=(f"conv{i}",)) for i, row in enumerate(svhn())]
    text = format_tables(rows)
    assert "conv1" in text
    assert "trained on" not in text.split("Published")[0]
    assert "Columns left out for width: label budget: 4,434; n: 100; trained on: Tiny ImageNet." in " ".join(
        text.split()
    )
    assert max(map(len, text.splitlines())) <= 110
    for row in rows:
        assert f"{100 * row.error:.2f} ± 1.23" in text


def test_two_kinds_of_uncertainty_are_kept_apart(svhn, cifar10):
    header, _, rows = markdown_rows(format_tables(svhn(), "markdown"))
    row = dict(zip(header, rows[0], strict=True))
    assert (row["s.e. draws"], row["s.e. images"]) == ("0.06", "0.41")
    text = " ".join(format_tables(svhn(), "console").split())
    assert "s.e. draws is the standard error of the mean over draws" in text
    assert "s.e. images is the standard error over the test images" in text
    header, _, rows = markdown_rows(format_tables(cifar10(), "markdown"))
    assert "s.e. draws" not in header
    mixed = [svhn()[0], replace(svhn()[1], over_images=None)]
    header, _, rows = markdown_rows(format_tables(mixed, "markdown"))
    assert [row[header.index("s.e. images")] for row in rows[:3]] == ["0.41", "–", "–"]
    frame = result_table(mixed, full=True)
    assert list(frame.loc[0, ["standard_error", "image_standard_error"]]) == [0.06, 0.41]
    assert list(frame.loc[0, ["image_low", "image_high"]]) == [69.31, 70.93]
    assert frame.loc[1, ["image_standard_error", "image_low", "image_high"]].isna().all()


def test_each_row_says_how_it_was_made(svhn):
    rows = svhn()
    rows[1] = replace(rows[1], command="", seconds=4.26, device="cuda")
    text = format_tables(rows, "markdown")
    assert "\n- DCGAN cpu32: `dcgan-probe eval-svm`, 2026-01-01, 63 s, cpu (2 threads, x86_64)\n" in text
    assert "\n- untrained cpu32: from Python, 2026-01-01, 4.3 s, cuda\n" in text
    assert text.endswith("All rows: torch 2; numpy 2.\n")
    assert "All rows: cpu (2 threads, x86_64); torch 2; numpy 2." in format_tables(svhn(), "markdown")
    assert "but not the extraction of features" in text
    rows = [replace(row, command="dcgan-probe eval-svm --labels `n` --layers a_b") for row in rows]
    assert "`` dcgan-probe eval-svm --labels `n` --layers a_b ``" in format_tables(rows, "markdown")
    assert r"\texttt{dcgan-probe eval-svm -{}-labels `n` -{}-layers a\_b}" in format_tables(rows, "latex")
    trained = result_table(rows, full=True).iloc[0]
    assert (trained["seconds"], trained["device"], trained["versions"]) == (
        63.4,
        "cpu (2 threads, x86_64)",
        "torch 2; numpy 2",
    )
    assert (trained["command"], trained["date"]) == (rows[0].command, rows[0].date)


def test_a_chosen_setting_is_no_c(svhn):
    rows = [
        svhn()[0],
        replace(svhn()[1], features="supervised", classifier="softmax", chosen_name="setting", chosen=12.0),
    ]
    header, _, table = markdown_rows(format_tables(rows, "markdown"))
    assert table[1][header.index("C")] == "setting 12"
    assert "C or setting was chosen on training rows" in format_tables(rows, "markdown")


def test_the_number_of_neighbours_stays_a_small_letter_at_the_start_of_a_sentence(svhn):
    note = "k was given by the user, not chosen on validation rows"
    chosen, given = (
        replace(svhn()[0], classifier="knn-cosine", chosen_name="k", chosen=5.0, seed=seed) for seed in (0, 1)
    )
    (table,) = shown_tables([chosen, replace(given, given=True, notes=(note,))])
    assert "k was chosen on training rows" in table.caption
    assert f"{note}." in table.footnotes
    assert sentence("setting 3 of 4") == "Setting 3 of 4."
    assert sentence("k-means has no layers") == "K-means has no layers."


def test_equal_notes_share_a_number(svhn):
    rows = [svhn()[0], replace(svhn()[0], scale="standardise")]
    (table,) = shown_tables(rows)
    assert [row[-1].notes for row in table.measured] == [(1,), (1,)]
    assert [row[0].text for row in table.measured] == ["DCGAN cpu32", "DCGAN cpu32, standardized"]


def test_latex_has_as_many_cells_in_each_row_and_no_bare_special_sign(svhn):
    rows = svhn()
    rows[0] = replace(rows[0], network="my_net&50%")
    text = format_tables(rows, "latex")
    columns = re.search(r"\\begin\{tabular\}\{([lr]+)\}", text).group(1)
    lines = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(lines) == 1 + 3 + 11
    for line in lines:
        assert len(re.split(r"(?<!\\)&", line)) == len(columns)
    assert r"DCGAN my\_net\&50\%" in text
    assert not re.search(r"(?<!\\)[%#_]", text)
    assert text.isascii()
    for name in ("table", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_escapes():
    assert escape_latex("a_b & 50% #1 {x} ~ ^ \\ $ < >") == (
        r"a\_b \& 50\% \#1 \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} \$ \textless{} \textgreater{}"
    )
    assert escape_latex("1 ± 2 – 3") == r"1 $\pm$ 2 -- 3"
    assert escape_markdown("tiny_imagenet32") == "tiny_imagenet32"
    assert escape_markdown("_a_ *b* a|b `c` <d") == r"\_a\_ \*b\* a\|b \`c\` \<d"


def test_a_bar_in_a_name_does_not_add_a_column(svhn):
    rows = [replace(svhn()[0], network="a|b")]
    text = format_tables(rows, "markdown")
    line = next(line for line in text.splitlines() if "DCGAN a" in line)
    assert len(re.findall(r"(?<!\\)\|", line)) == 14


def test_short_words():
    assert short_layers(("conv1", "conv2", "conv3")) == "conv1–conv3"
    assert short_layers(("conv1", "conv3", "conv4")) == "conv1, conv3, conv4"
    assert short_layers(("conv1", "conv2")) == "conv1, conv2"
    assert short_layers(("a", "b", "c")) == "a, b, c"
    assert (short_count(2_048_000), short_count(64_000), short_count(999)) == ("2.05M", "64k", "999")


def test_an_unknown_format_is_refused(svhn):
    with pytest.raises(UserError, match="got format 'html', expected one of console, markdown, csv, latex") as caught:
        format_tables(svhn(), "html")
    assert caught.value.parameter == "format"


def test_no_summaries_give_no_tables():
    assert format_tables([], "markdown") == ""
    assert len(result_table([], full=True)) == 0


UNBALANCED = {"imbalance": 19.0, "majority_accuracy": 0.95, "balanced_accuracy": 0.5}


@pytest.mark.parametrize("form", ["markdown", "latex", "console"])
def test_unbalanced_classes_show_majority_and_balanced_accuracy(cifar10, form):
    rows = [replace(row, dataset="x", protocol="x-all", **UNBALANCED) for row in cifar10()]
    text = " ".join(format_tables(rows, form).split())
    percent = r"\%" if form == "latex" else "%"
    assert (
        "Classes are unbalanced, by up to 19.0 to 1: always predicting the most frequent class has an accuracy of "
        f"95.00 {percent}. Balanced accuracy: mean over the classes."
    ) in text
    assert text.count("50.00") == 2


def test_errors_of_unbalanced_classes_are_errors(svhn):
    rows = [replace(row, imbalance=2.7, majority_accuracy=0.2, balanced_accuracy=0.7) for row in svhn()]
    header, _, cells_of = markdown_rows(format_tables(rows, "markdown"))
    assert [row[header.index("balanced error, %")] for row in cells_of[:3]] == ["30.00"] * 3
    assert cells_of[-1][header.index("balanced error, %")] == "–"
    assert "always predicting the most frequent class has an error of 80.00 %" in format_tables(rows, "markdown")
    assert max(map(len, format_tables(rows).splitlines())) <= 110


@pytest.mark.parametrize("known", [{}, {**UNBALANCED, "imbalance": 1.5, "duplicates": 0}])
def test_balanced_classes_and_older_records_are_shown_without_caveats(svhn, cifar10, known):
    for form in ("console", "markdown", "latex"):
        rows = [*svhn(), *cifar10()]
        assert format_tables([replace(row, **known) for row in rows], form) == format_tables(rows, form)


def test_rows_of_older_records_stand_beside_newer_ones(svhn):
    old, new = svhn()[0], replace(svhn()[1], imbalance=2.7, majority_accuracy=0.2, balanced_accuracy=0.4)
    header, _, rows = markdown_rows(format_tables([old, new], "markdown"))
    assert [row[header.index("balanced error, %")] for row in rows[:2]] == ["–", "60.00"]


def test_copies_of_training_images_are_counted_under_the_table(cifar10):
    rows = [replace(row, duplicates=1200) for row in cifar10()]
    for form in ("console", "markdown", "latex"):
        text = " ".join(format_tables(rows, form).split())
        assert "1,200 of the 10,000 test images are exact copies of training images; " in text
    assert list(result_table(rows, full=True)["duplicates"][:2]) == [1200, 1200]
    assert result_table(cifar10(), full=True)["duplicates"].isna().all()


def test_the_tidy_table_has_majority_and_balanced_accuracy_in_percent(cifar10):
    frame = result_table([replace(row, **UNBALANCED) for row in cifar10()], full=True)
    assert list(frame.loc[0, ["imbalance", "majority_accuracy", "balanced_accuracy"]]) == [19.0, 95.0, 50.0]
    assert frame.loc[2:, "balanced_accuracy"].isna().all()  # published rows


def test_a_table_for_people_has_features_accuracy_spread_and_penalty(cifar10):
    frame = result_table(cifar10())
    assert list(frame.columns) == ["protocol", "features", "accuracy", "spread", "C", "published"]
    shown = frame.to_string()
    assert max(map(len, shown.splitlines())) <= 100
    for row in cifar10():
        assert f"{100 * row.accuracy:g}" in shown
