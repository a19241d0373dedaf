"""The table of the guidelines and its pictures, from trainings made up by hand."""

import io

import numpy as np
import pandas
import pytest
from PIL import Image

from dcgan_probe.report import GuidelineRun, format_guidelines, save_contact_sheet
from dcgan_probe.report.guidelines import shown_guidelines

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
def test_the_forms_tell_the_protocol_and_the_figures(form):
    text = " ".join(format_guidelines(RUNS, form).replace("\\_", "_").split())
    assert "Each of the paper's guidelines broken in turn: demo on tiny_imagenet32" in text
    assert "100,000 real images shown to D" in text
    assert "half of 10,000 training images of cifar10 fitted, half held out" in text
    assert "46.0 $\\pm$ 2.8" in text if form == "latex" else "46.0 ± 2.8" in text
    if form == "markdown":
        assert "- no batch norm: `dcgan-probe train --norm none --seed 0`, 2026-11-22, 100 s each; seeds: 0, 1" in text


def test_contact_sheet_has_every_picture_in_its_row(tmp_path):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    red, green, blue = (np.full((20, 30, 3), colour, np.uint8) for colour in colours)
    save_contact_sheet(tmp_path / "sheet.png", [("first", [red, green]), ("a longer name", [blue])])
    with Image.open(tmp_path / "sheet.png") as picture:
        sheet = np.asarray(picture)
    places = [np.argwhere((sheet == colour).all(axis=2)) for colour in colours]
    assert [len(place) for place in places] == [600, 600, 600]
    tops, lefts = zip(*(place.min(axis=0) for place in places), strict=True)
    assert tops[0] == tops[1]
    assert tops[2] >= tops[0] + 20
    assert lefts[0] == lefts[2]
    assert lefts[1] >= lefts[0] + 30
    # The names stand left of the pictures, none of them cut off.
    dark = np.argwhere((sheet < 128).all(axis=2))
    assert 0 < dark[:, 1].max() < lefts[0]
    assert {bool(row >= tops[2]) for row in dark[:, 0]} == {False, True}


def test_a_contact_sheet_may_be_webp(tmp_path):
    pictures = [np.full((20, 30, 3), color, np.uint8) for color in ((200, 40, 40), (40, 200, 40))]
    for suffix in ("png", "webp"):
        save_contact_sheet(tmp_path / f"sheet.{suffix}", [("first", pictures)])
    with Image.open(tmp_path / "sheet.png") as exact, Image.open(tmp_path / "sheet.webp") as lossy:
        assert (exact.format, lossy.format) == ("PNG", "WEBP")
        apart = np.abs(np.asarray(exact).astype(int) - np.asarray(lossy.convert("RGB")))
    assert apart.mean() < 5


def test_a_long_heading_widens_the_contact_sheet(tmp_path):
    picture = np.full((20, 30, 3), 255, np.uint8)
    save_contact_sheet(tmp_path / "sheet.png", [("name", [picture])], ["a heading far longer than its picture is wide"])
    with Image.open(tmp_path / "sheet.png") as opened:
        sheet = np.asarray(opened)
    heading = np.argwhere((sheet[:20] < 128).all(axis=2))
    assert heading[:, 1].max() < sheet.shape[1] - 4  # its last letter is whole, with a margin
    assert heading[:, 1].max() > 200
