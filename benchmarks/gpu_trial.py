"""What do fifteen minutes on one GPU achieve? Two commands for a bare machine without network, and the evaluation.

    python benchmarks/gpu_trial.py prepare [--data-dir data] [--out carried]    here: writes the images to copy
    python benchmarks/gpu_trial.py first carried/one --out OUT                  GPU, 170 s: tests and rates
    python benchmarks/gpu_trial.py second carried/two --out OUT                 GPU, 450 s: training and weights
    python benchmarks/gpu_trial.py evaluate OUT                                 here: protocols and tables

``prepare`` packs each half of Tiny ImageNet, and 4,000 labeled training images of CIFAR-10 for the probe, so that each
call copies at most 60 MiB with the working tree. The GPU machine keeps the images in its home folder between the calls.
``first`` writes a line into OUT/first.jsonl after each measurement, the most important first, so an interrupted call
keeps all finished measurements. ``second`` trains the job ``--job`` (``imagenet32``: the paper's net at full width) for
5.5 minutes, with probes during and after training, and writes at most eight files of less than 16 MB: the weights in 16
bits, and everything else in OUT/rest.tar.gz. The images are encoded as JPEG once more, so they differ from the original
set by rounding; the run includes their batch-norm statistics.

Python packages on the GPU machine: torch, torchvision, numpy, scipy, scikit-learn, h5py, click, pandas, matplotlib,
pillow, tqdm, pytest. ``--rehearse`` makes both calls small enough for a CPU; ``tests/benchmarks/test_gpu_trial.py``
runs it from a bare copy of the tree.

No result yet: not measured on a GPU.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from gpu_rates import FULL, SMALL, Log, Sizes, last_line, measure_rates, run_tests  # noqa: E402
from image_packs import keep, read_pack, write_pack  # noqa: E402

from dcgan_probe.images import load_images  # noqa: E402
from dcgan_probe.runtime import numpy_generator, resolve_device  # noqa: E402
from dcgan_probe.storage import write_image_file  # noqa: E402

UNLABELLED, LABELLED, LABELS = "tiny_imagenet32", "cifar10", 4_000
PROBED = f"{LABELLED}_{LABELS}"
"""Name of the labeled image set on the GPU machine."""
CALL_BYTES = 60 << 20
FILE_BYTES, FILES = 16_000_000, 8
REST = "rest.tar.gz"


def prepare(data_dir: Path, out: Path) -> None:
    """Write the folders of images for the two calls, and print their commands."""
    images = load_images(UNLABELLED, "train", data_dir=data_dir, download=False)
    half = len(images) // 2
    for folder, rows in (("one", slice(0, half)), ("two", slice(half, None))):
        shutil.rmtree(out / folder, ignore_errors=True)
        write_pack(out / folder / f"{UNLABELLED}.{folder}.npz", images.images[rows], None, "JPEG")
    labelled = load_images(LABELLED, "train", data_dir=data_dir, download=False)
    labels = labelled.require_labels("the probe")
    each, random = LABELS // labelled.classes, numpy_generator(0, "images of the trial's probe")
    drawn = [random.choice(np.flatnonzero(labels == label), each, replace=False) for label in range(labelled.classes)]
    rows = np.sort(np.concatenate(drawn))
    write_pack(out / "one" / f"{PROBED}.npz", labelled.images[rows], labels[rows], "PNG")
    tree = tree_bytes(ROOT)
    for folder, command, limit in (("one", "first", 170), ("two", "second", 450)):
        carried = sum(path.stat().st_size for path in (out / folder).iterdir())
        size = f"{out / folder}: {carried / 2**20:.1f} MiB, with the working tree {(carried + tree) / 2**20:.1f} MiB"
        if carried + tree > CALL_BYTES:
            raise SystemExit(f"{size}, expected at most {CALL_BYTES / 2**20:.0f}; make the tree smaller")
        print(f"{size}\n    {limit} s: python3 benchmarks/gpu_trial.py {command} {out / folder} --out $OUT")


def tree_bytes(root: Path) -> int:
    """Count the bytes of all files that git tracks or does not ignore."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    return sum((root / name).stat().st_size for name in set(names) - {""} if (root / name).is_file())


def first(carried: Path, out: Path, home: Path, device: torch.device, sizes: Sizes) -> None:
    """Store the images, run the GPU tests and measure rates, the most important first."""
    out.mkdir(parents=True, exist_ok=True)
    log = Log(out / "first.jsonl", sizes.first_seconds)
    log.begin(device, sizes)
    log.add("kept", lambda: keep(carried, home), least=0)
    log.add("tests", lambda: run_tests(device, sizes.tests, min(sizes.test_seconds, log.left()), out / "tests.log"))
    measure_rates(log, device, sizes)


def second(carried: Path, out: Path, home: Path, device: torch.device, sizes: Sizes, job: str) -> None:
    """Train a job on the images of both calls, and write its weights and other output into a few files."""
    out.mkdir(parents=True, exist_ok=True)
    keep(carried, home)
    data, left = home / "data", home / "left"
    probed = unpack(home, data)
    shutil.rmtree(home / "runs", ignore_errors=True)
    shutil.rmtree(left, ignore_errors=True)
    probe = ["--probe-dataset", PROBED] if probed else ["--no-probe"]
    folders = ["--runs", str(home / "runs"), "--data-dir", str(data), "--out", str(left), "--no-download"]
    command = [sys.executable, "-m", "dcgan_probe", "job", job, "--time-limit", sizes.time_limit, *probe, *folders]
    try:
        with open(out / "log.txt", "w", encoding="utf-8") as log:
            status = subprocess.run([*command, "--device", device.type], cwd=ROOT, stderr=log, check=False).returncode
        print(last_line(out / "log.txt"), flush=True)
    finally:
        if left.is_dir():
            leave(left, out)
    if status:
        raise SystemExit(status)


def unpack(home: Path, data: Path) -> bool:
    """Write the packs in the home folder as image sets; return whether the labeled images exist."""
    data.mkdir(parents=True, exist_ok=True)
    packs = [path for path in (home / f"{UNLABELLED}.{half}.npz" for half in ("one", "two")) if path.exists()]
    print(f"training images: {', '.join(path.name for path in packs)}", flush=True)
    images = np.concatenate([read_pack(path)[0] for path in packs])
    write_set(data / f"{UNLABELLED}_train.h5", images, None, UNLABELLED)
    labelled = home / f"{PROBED}.npz"
    if labelled.exists():
        write_set(data / f"{PROBED}_train.h5", *read_pack(labelled), PROBED)
    return labelled.exists()


def write_set(path: Path, images: np.ndarray, labels: np.ndarray | None, name: str) -> None:
    """Write an image-array file."""
    write_image_file(path, [(images, labels)], rows=len(images), name=name, split="train", source="packed images")


def leave(left: Path, out: Path) -> None:
    """Move the weights into ``out``, and pack all other files."""
    for path in sorted(left.glob("weights-*.part")):
        shutil.move(path, out / path.name)
    with tarfile.open(out / REST, "w:gz") as archive:
        for path in sorted(left.iterdir()):
            archive.add(path, path.name)
    files = sorted(out.iterdir())
    too_large = [path.name for path in files if path.stat().st_size >= FILE_BYTES]
    print("\n".join(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB" for path in files), flush=True)
    if too_large or len(files) > FILES:
        raise SystemExit(f"{len(files)} files, too large: {too_large}; expected {FILES} of {FILE_BYTES / 1e6:.0f} MB")


def evaluate(folder: Path, job: str, options: list[str]) -> None:
    """Reassemble the output of ``second``, and evaluate it by the job's protocols."""
    if not (folder / REST).is_file():
        raise SystemExit(f"{folder} has no {REST}; give the output folder of `second`")
    with tempfile.TemporaryDirectory() as together:  # the folder may be read-only
        with tarfile.open(folder / REST) as archive:
            archive.extractall(together, filter="data")
        for path in folder.glob("weights-*.part"):
            shutil.copy2(path, together)
        command = [sys.executable, "-m", "dcgan_probe", "job", job, "--evaluate", together, *options]
        status = subprocess.run(command, check=False).returncode
    raise SystemExit(status)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    preparing = commands.add_parser("prepare")
    preparing.add_argument("--data-dir", type=Path, default=Path("data"))
    preparing.add_argument("--out", type=Path, default=Path("carried"))
    for name in ("first", "second"):
        there = commands.add_parser(name)
        there.add_argument("carried", type=Path)
        there.add_argument("--out", type=Path, required=True)
        there.add_argument("--home", type=Path, default=Path.home() / "gpu-trial", help="folder of the stored images")
        there.add_argument("--device", default="auto")
        there.add_argument("--rehearse", action="store_true", help="run small sizes")
    there.add_argument("--job", help="job of `dcgan-probe job`  [default: imagenet32]")
    evaluating = commands.add_parser("evaluate", help="accepts the options of `dcgan-probe job`")
    evaluating.add_argument("folder", type=Path)
    evaluating.add_argument("--job", default="imagenet32")
    arguments, rest = parser.parse_known_args()
    if rest and arguments.command != "evaluate":
        parser.error(f"unknown arguments: {' '.join(rest)}")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    if arguments.command == "prepare":
        prepare(arguments.data_dir, arguments.out)
    elif arguments.command == "evaluate":
        evaluate(arguments.folder, arguments.job, rest)
    else:
        device, sizes = resolve_device(arguments.device), SMALL if arguments.rehearse else FULL
        if arguments.command == "first":
            first(arguments.carried, arguments.out, arguments.home, device, sizes)
        else:
            second(arguments.carried, arguments.out, arguments.home, device, sizes, arguments.job or sizes.job)


if __name__ == "__main__":
    main()
