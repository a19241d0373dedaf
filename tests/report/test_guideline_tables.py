"""Tables of the guidelines, from synthetic trainings."""

import io

import pandas
import pytest

from dcgan_probe.report import GuidelineRun, format_guidelines
from dcgan_probe.report.guideline_tables import shown_guidelines

COMMON = {
    "preset": "demo",
    "dataset": "tiny_imagenet32",
    "probe": "half of 10,000 training images of cifar10 fitted, half held out",
    "images": 100_000,
    "images_seen": 100_000,
    "seconds": 100.0,
    "date": "2026-11-22T10:00:00+00:00",
    "device": "cpu (2 threads, x86_64)",
    "versions": "torch 2.15",
    "command": "dcgan-probe train --norm none --seed 0",
}


def run(name, setting, seed, probe, diversity, **changes):
    facts = {**COMMON, "seed": seed, "probe_accuracy": probe, "diversity": diversity, **changes}
    return GuidelineRun(name, setting, facts)


RUNS = [
    run("all guidelines followed", "", 0, 0.50, 0.8, untrained_accuracy=0.45),
    run("all guidelines followed", "", 1, 0.52, 1.0, untrained_accuracy=0.47),
    run("no batch norm", "norm none", 0, 0.44, 0.1, collapsed_since=40_000, first_alarm=40_000),
    run("no batch norm", "norm none", 1, 0.48, 0.3, first_alarm=20_000),
    run("ReLU in D, not LeakyReLU", "leak 0.0", 1, None, None, images_seen=60_000),
]


def cells(row):
    return [cell.text for cell in row]


def test_mean_spread_and_difference_over_the_seeds():
    baseline, without, relu = map(cells, shown_guidelines(RUNS).measured)
    # Standard deviations of two values are their distance over the root of 2.
    assert baseline == ["all guidelines followed", "–", "none", "0.90 ± 0.14", "51.0 ± 1.4", "46.0 ± 1.4", "–", "2"]
    assert without[:3] == ["no batch norm", "norm none", "1 of 2, since 40k; 1 over by the end"]
    assert without[3:] == ["0.20 ± 0.14", "46.0 ± 2.8", "–", "-5.0 ± 1.4", "2"]
    assert relu == ["ReLU in D, not LeakyReLU", "leak 0.0", "1 not to the end", "–", "–", "–", "–", "1"]


def test_a_difference_needs_the_baseline_of_the_same_seed():
    (row,) = [cells(row) for row in shown_guidelines([RUNS[0], RUNS[2], RUNS[3]]).measured[1:]]
    assert row[6] == "-6.0"


def test_tidy_table_has_a_row_for_each_training():
    found = pandas.read_csv(io.StringIO(format_guidelines(RUNS, "csv")))
    assert found["seed"].tolist() == [0, 1, 0, 1, 1]
    assert found["probe_accuracy"].tolist()[:4] == [0.50, 0.52, 0.44, 0.48]
    assert found["collapsed_since"].isna().tolist() == [True, True, False, True, True]
    assert found["command"].tolist() == [COMMON["command"]] * 5


@pytest.mark.parametrize("form", ["console", "markdown", "latex"])
def test_every_format_has_the_protocol_and_the_figures(form):
    text = " ".join(format_guidelines(RUNS, form).replace("\\_", "_").split())
    assert "Each of the paper's guidelines broken in turn: demo on tiny_imagenet32" in text
    assert "100,000 real images shown to D" in text
    assert "half of 10,000 training images of cifar10 fitted, half held out" in text
    assert "46.0 $\\pm$ 2.8" in text if form == "latex" else "46.0 ± 2.8" in text
    if form == "markdown":
        assert "- no batch norm: `dcgan-probe train --norm none --seed 0`, 2026-11-22, 100 s each; seeds: 0, 1" in text
