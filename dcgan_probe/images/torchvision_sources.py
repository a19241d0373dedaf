"""Image sets of torchvision: CIFAR-10, SVHN and MNIST."""

import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime import UserError
from ..storage import locked
from .imageset import ImageSet

OWN_FILES = {
    "cifar10": ("cifar-10-batches-py/*", "cifar-10-python.tar.gz"),
    "svhn": ("{split}_32x32.mat",),
    "mnist": ("MNIST/raw/*-ubyte", "MNIST/raw/*-ubyte.gz"),
}
SILENCE_SECONDS = 30.0  # a server that is silent for longer counts as unreachable


def load_torchvision(name: str, split: str, data_dir: Path, *, download: bool) -> ImageSet:
    """Read torchvision's files in ``data_dir``; missing or damaged files are downloaded first.

    torchvision verifies the checksum of each download and shows its progress on stderr.

    Raises
    ------
    UserError
        If the files are missing or damaged and cannot be downloaded.
    """
    from torchvision import datasets

    # torchvision raises a dozen types of error for missing, damaged or unreachable files.
    try:
        dataset = _open(datasets, name, split, data_dir, download=False)
    except Exception as error:
        if not download:
            raise _unavailable(name, split, data_dir, f"downloads are disabled (torchvision: {error})") from error
        try:
            dataset = _download(datasets, name, split, data_dir)
        except UserError:
            raise
        except Exception as failure:
            raise _unavailable(
                name, split, data_dir, f"the download failed: {' '.join(str(failure).split())}"
            ) from failure
    return _as_image_set(name, split, dataset, data_dir)


def _download(datasets: Any, name: str, split: str, data_dir: Path) -> Any:
    """Download a set under a lock, and remove the files of a failed or interrupted download."""
    print(f"{name}: downloading into {data_dir} with torchvision", file=sys.stderr)
    with locked(data_dir / f"{name}.download"), _patience(SILENCE_SECONDS):
        before = _own_files(name, split, data_dir)
        try:
            return _open(datasets, name, split, data_dir, download=True)
        except BaseException:
            for path in _own_files(name, split, data_dir) - before:
                path.unlink(missing_ok=True)
            raise


def _own_files(name: str, split: str, data_dir: Path) -> set[Path]:
    return {path for pattern in OWN_FILES[name] for path in data_dir.glob(pattern.format(split=split))}


def _open(datasets: Any, name: str, split: str, data_dir: Path, *, download: bool) -> Any:
    # Standard output is reserved for results, and torchvision's warnings about its own files are of no use to a user.
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name == "svhn":
            return datasets.SVHN(str(data_dir), split=split, download=download)
        kind = datasets.CIFAR10 if name == "cifar10" else datasets.MNIST
        return kind(str(data_dir), train=split == "train", download=download)


def _as_image_set(name: str, split: str, dataset: Any, data_dir: Path) -> ImageSet:
    if name == "svhn":  # (N, 3, 32, 32); torchvision has already replaced the label 10 by 0
        images, labels, class_names = np.ascontiguousarray(dataset.data), dataset.labels, tuple("0123456789")
    elif name == "cifar10":
        images = np.ascontiguousarray(dataset.data.transpose(0, 3, 1, 2))
        labels, class_names = dataset.targets, tuple(dataset.classes)
    else:
        images, labels, class_names = dataset.data.numpy()[:, None], dataset.targets.numpy(), tuple("0123456789")
    return ImageSet(
        images=images,
        labels=np.asarray(labels, dtype=np.int64),
        name=name,
        split=split,
        source=f"torchvision's {name} in {data_dir}",
        class_names=class_names,
    )


def _unavailable(name: str, split: str, data_dir: Path, reason: str) -> UserError:
    own = " or ".join(OWN_FILES[name]).format(split=split)
    damaged = bool(_own_files(name, split, data_dir))
    state = f"torchvision's files in {data_dir} ({own}) are damaged or incomplete" if damaged else f"not in {data_dir}"
    first = "move these files away and rerun with a network; " if damaged else ""
    return UserError(
        f"{name}, {split} split: {state}, and {reason}. Remedies: {first}put {name}_train.h5 and {name}_test.h5 into "
        f"{data_dir} (dcgan-probe prepare writes them from a folder), or torchvision's own files ({own}); or use the "
        "built-in images with `dataset=glyphs`",
        parameter="dataset",
    )


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Set a timeout for new sockets, since torchvision's downloads have none."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
