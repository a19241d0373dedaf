"""``train --window``: requested, stored in the run, or chosen for a set that does not fit into memory."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.gan import Run, image_windows
from dcgan_probe.storage import write_image_file

SHAPE = ["--image-size", "8", "--multipliers", "1,2", "--strides", "1,2", "--ndf", "4", "--ngf", "4"]


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Return a function that trains on 600 stored images in the folder ``run``."""
    pixels = np.random.default_rng(0).integers(0, 256, (600, 3, 8, 8), dtype=np.uint8)
    path = tmp_path / "noise.h5"
    write_image_file(path, [(pixels, None)], rows=600, name="noise", split="train", source="a test")
    monkeypatch.chdir(tmp_path)
    fixed = [
        "train",
        "--dataset",
        str(path),
        "--preset",
        "demo",
        *SHAPE,
        "--batch-size",
        "50",
        "--device",
        "cpu",
        "--run",
        "run",
    ]
    return lambda *arguments: CliRunner().invoke(main, [*fixed, *arguments])


def test_a_requested_window_is_stored_in_the_run(train):
    assert train("--images", "100", "--window", "256").exit_code == 0
    assert Run("run").config.window == 256
    again = train("--images", "150")
    assert "run: finished, 150 images" in again.output
    other = train("--images", "200", "--window", "512")
    assert other.exit_code == 2
    assert "window: 256 -> 512" in other.output


def test_a_set_larger_than_memory_is_read_in_windows_with_a_note(train, monkeypatch):
    monkeypatch.setattr(image_windows, "available_memory", lambda: 3 * 600 * 192)  # three windows of the whole set
    assert train("--images", "100").exit_code == 0
    assert Run("run").config.window == 0
    monkeypatch.setattr(image_windows, "available_memory", lambda: 2 * 600 * 192)
    told = train("--images", "100", "--run", "other", "--dry-run")
    assert "noise does not fit into memory: read in windows of 65,536 images" in told.output
    assert json.loads(told.stdout)["config"]["window"] == 65_536


def test_window_of_part_of_a_block_is_refused(train):
    refused = train("--window", "100")
    assert refused.exit_code == 2
    assert "Invalid value for --window: got a window of 100 images, expected a multiple of 256" in refused.output
