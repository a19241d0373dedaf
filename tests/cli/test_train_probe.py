"""``train`` with a probe, ``--keep best`` and ``--stop-on-collapse``, and ``extract`` from the state that was kept."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.features import run_encoder
from dcgan_probe.gan import Run, load_checkpoint
from dcgan_probe.storage import write_image_file

SIZES = [
    "--image-size",
    "16",
    "--multipliers",
    "1,2",
    "--strides",
    "2,2",
    "--ndf",
    "4",
    "--ngf",
    "4",
    "--batch-size",
    "8",
]
TRAIN = ["train", "--dataset", "squares", "--device", "cpu", "--preset", "demo", *SIZES, "--run", "runs/it"]
PROBE = ["--probe-every", "160", "--probe-dataset", "squares", "--probe-labels", "40"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Return a data folder with only a training split, so that reading a test split fails."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DCGAN_PROBE_DATA", str(tmp_path))
    labels = np.arange(80) % 2
    pixels = np.random.default_rng(0).integers(0, 200, (80, 3, 16, 16)).astype(np.uint8)
    pixels[labels == 1, :, :8] += 20
    path = tmp_path / "squares_train.h5"
    write_image_file(path, [(pixels, labels)], rows=80, name="squares", split="train", source="a test")
    return tmp_path


def invoke(*arguments, code=0):
    result = CliRunner().invoke(main, list(map(str, arguments)), prog_name="dcgan-probe")
    assert result.exit_code == code, result.output
    return result


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_curves")
def test_the_best_state_is_kept_and_recorded_with_its_features(here):
    result = invoke(*TRAIN, *PROBE, "--images", "800", "--keep", "best")
    rows = [json.loads(line) for line in (here / "runs/it/stats.jsonl").read_text().splitlines()]
    accuracies = {row["images_seen"]: row["probe_accuracy"] for row in rows if row["probe_accuracy"] is not None}
    assert list(accuracies) == [160, 320, 480, 640, 800]
    best = max(accuracies, key=lambda seen: (accuracies[seen], -seen))
    assert f"best.pt: weights of the best probe, after {best} images" in result.stderr
    assert (here / "runs/it/curves.png").stat().st_size > 10_000
    run = Run("runs/it")
    stored = load_checkpoint(run.best_path)
    assert (stored["position"], stored["probe"]["accuracy"]) == (best, accuracies[best])
    assert run.config.preset.endswith("keep best)")
    # The run has everything that features of these weights need.
    origin = run_encoder(run, training_images=pytest.fail, device=torch.device("cpu")).origin
    assert (origin.images_seen, origin.network) == (best, run.config.preset)
    assert origin.recipe == {"chosen_by": "squares", "chosen_by_labels": 40}
    invoke("extract", "--dataset", "squares", "--split", "train", "--run", "runs/it", "--device", "cpu")


@pytest.mark.slow
def test_a_collapse_ends_the_command(here):
    result = invoke(*TRAIN, "--images", "4000", "--lr", "2", "--stop-on-collapse", "--quiet", code=1)
    row = Run("runs/it").stats()[-1]
    assert result.stderr == (
        f"Error: training has collapsed since {row['collapsed_since']:,} images ({', '.join(row['collapse_signs'])}); "
        f"saved in runs/it at {row['images_seen']:,}. Rerun the command without --stop-on-collapse to resume; "
        "another --seed or a lower --lr may help.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--probe-every", "160", "--probe-dataset", "no-set"],
            "Invalid value for --probe-dataset: unknown image set",
        ),
        (
            ["--keep", "best"],
            "Invalid value for --keep: got --keep best without a probe",
        ),
        ([*PROBE[:4], "--probe-labels", "39"], "Invalid value for --probe-labels: got 39 labels for the probe"),
    ],
)
def test_impossible_probes_are_usage_errors(here, arguments, text):
    assert text in invoke(*TRAIN, "--images", "80", *arguments, "--dry-run", code=2).stderr
    assert text in invoke(*TRAIN, "--images", "80", *arguments, code=2).stderr
    assert not (here / "runs").exists()


def test_a_run_that_ends_before_its_first_probe_is_saved_and_reported(here):
    late = ["--probe-every", "8000", *PROBE[2:]]
    result = invoke(*TRAIN, *late, "--images", "8000000", "--keep", "best", "--time-limit", "1s")
    assert "runs/it: time limit reached; rerun the command to resume" in result.output
    assert Run(here / "runs/it").position() > 0
