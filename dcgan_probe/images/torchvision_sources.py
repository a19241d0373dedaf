"""Takes the name of a set that torchvision knows, gives its ``ImageSet``; knows no other source."""

import pickle
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime import UserError
from .imageset import ImageSet

TORCHVISION_NAMES = ("cifar10", "svhn", "mnist")
OWN_FILES = {
    "cifar10": "cifar-10-batches-py or cifar-10-python.tar.gz",
    "svhn": "train_32x32.mat and test_32x32.mat",
    "mnist": "MNIST/raw/*-ubyte or MNIST/raw/*-ubyte.gz",
}
SILENCE_SECONDS = 30.0  # a server that says nothing for this long counts as not there


def load_torchvision(name: str, split: str, data_dir: Path, *, download: bool) -> ImageSet:
    """Read torchvision's own files in ``data_dir``, downloading them first where they are missing or damaged.

    torchvision compares each download with its checksum and shows its progress on stderr.

    Raises
    ------
    UserError
        If the files are neither there nor to be had.
    """
    try:
        dataset = _open(name, split, data_dir, download=False)
    except Exception as missing:
        if not download:
            raise _not_there(name, data_dir, f"torchvision says: {missing}") from missing
        dataset = _download(name, split, data_dir)
    return _as_image_set(name, split, dataset, data_dir)


def _download(name: str, split: str, data_dir: Path) -> Any:
    print(f"{name}: downloading into {data_dir} with torchvision", file=sys.stderr)
    try:
        with _patience(SILENCE_SECONDS):
            return _open(name, split, data_dir, download=True)
    # torchvision reports a failed download, a wrong checksum and a damaged file by half a dozen types of error.
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise _not_there(name, data_dir, f"the download failed: {error}") from error


def _open(name: str, split: str, data_dir: Path, *, download: bool) -> Any:
    from torchvision import datasets

    root = str(data_dir)
    with redirect_stdout(sys.stderr):  # standard output belongs to results
        if name == "svhn":
            return datasets.SVHN(root, split=split, download=download)
        kind = datasets.CIFAR10 if name == "cifar10" else datasets.MNIST
        return kind(root, train=split == "train", download=download)


def _as_image_set(name: str, split: str, dataset: Any, data_dir: Path) -> ImageSet:
    if name == "svhn":  # (N, 3, 32, 32), and torchvision has already turned the label 10 into 0
        images, labels, class_names = dataset.data, dataset.labels, tuple("0123456789")
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


def _not_there(name: str, data_dir: Path, reason: str) -> UserError:
    return UserError(
        f"{name} is not in {data_dir}, or is damaged there, and there is no download of it ({reason}). Ways out: "
        f"put {name}_train.h5 and {name}_test.h5 into {data_dir}; or torchvision's files ({OWN_FILES[name]}); "
        f"or make the .h5 files from a folder with dcgan-probe prepare; or take the built-in images with --dataset glyphs",
        option="dataset",
    )


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Limit the silence of new sockets, since torchvision's own downloads wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
