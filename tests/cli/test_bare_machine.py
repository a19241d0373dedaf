"""Machine with only torch, torchvision, scikit-learn, h5py, pandas and click, and this project not installed."""

import os

import numpy as np
import pytest

from dcgan_probe.storage import write_image_file

MISSING = ("array_api_compat", "tqdm", "matplotlib", "tensorboard", "lmdb")
SMALL = ["--preset", "demo", "--ndf", "4", "--ngf", "4", "--images", "128", "--device", "cpu"]
FEW = ["--labels", "20", "--draws", "1", "--select-draws", "1", "--device", "cpu"]
VERBS = (
    ["train", "--dataset", "squares", *SMALL, "--run", "runs/it"],
    ["eval-svm", "--dataset", "squares", *FEW, "--run", "runs/it"],
)
STARTED = f"""
from dcgan_probe.cli import main
for arguments in {VERBS!r}:
    try:
        main(arguments, prog_name="dcgan-probe")
    except SystemExit as end:
        print(arguments[0], "ended with", end.code, flush=True)
"""


@pytest.mark.slow
def test_it_trains_and_probes(tmp_path, fresh_process):
    labels = np.arange(120) % 2
    for seed, split in enumerate(("train", "test")):
        pixels = np.random.default_rng(seed).integers(0, 255, (120, 3, 32, 32)).astype(np.uint8)
        path = tmp_path / f"squares_{split}.h5"
        write_image_file(path, [(pixels, labels)], rows=120, name="squares", split=split, source="a test")

    environment = {**os.environ, "DCGAN_PROBE_DATA": str(tmp_path)}
    done = fresh_process(STARTED, tmp_path, lacking=MISSING, environment=environment)
    assert done.returncode == 0, done.stderr
    ends = [line for line in done.stdout.splitlines() if "ended with" in line]
    assert ends == ["train ended with 0", "eval-svm ended with 0"], done.stderr
    assert (tmp_path / "runs/it/checkpoint.pt").exists()
    assert not (tmp_path / "runs/it/curves.png").exists()
    assert "DCGAN" in done.stdout
