import functools
import gzip
import hashlib
import http.server
import io
import pickle
import socket
import struct
import tarfile
import threading
import warnings

import numpy as np
import pytest
from scipy.io import savemat
from torchvision import datasets

from dcgan_probe.images import load_images, torchvision_sources
from dcgan_probe.runtime import UserError

CLASSES = ["airplane", "automobile", "bird"]
BATCHES = [f"data_batch_{number}" for number in range(1, 6)]


def md5(content):
    return hashlib.md5(content).hexdigest()


def pixels(rows, *shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, *shape), dtype=np.uint8)


class OldPickler(pickle.Pickler):
    """Pickler that writes array types as in the published batches, with 0 and 1 instead of bools."""

    def reducer_override(self, value):
        return (np.dtype, (value.str[1:], 0, 1)) if isinstance(value, np.dtype) else NotImplemented


def old_pickle(value):
    stream = io.BytesIO()
    OldPickler(stream, protocol=2).dump(value)
    return stream.getvalue()


@pytest.fixture
def cifar(monkeypatch):
    """Return the files of a CIFAR-10 of 2 images per batch, with images and labels, and register their sums."""
    images, labels = pixels(12, 3, 32, 32), np.arange(12) % 3
    files = {
        name: old_pickle(
            {"data": images[2 * i : 2 * i + 2].reshape(2, -1), "labels": labels[2 * i : 2 * i + 2].tolist()}
        )
        for i, name in enumerate([*BATCHES, "test_batch"])
    }
    files["batches.meta"] = pickle.dumps({"label_names": CLASSES}, protocol=2)
    kind = datasets.CIFAR10
    monkeypatch.setattr(kind, "train_list", [[name, md5(files[name])] for name in BATCHES])
    monkeypatch.setattr(kind, "test_list", [["test_batch", md5(files["test_batch"])]])
    monkeypatch.setattr(
        kind, "meta", {"filename": "batches.meta", "key": "label_names", "md5": md5(files["batches.meta"])}
    )
    monkeypatch.setattr(kind, "url", f"http://127.0.0.1:{closed_port()}/cifar-10-python.tar.gz")
    return files, images, labels


@pytest.fixture
def svhn(monkeypatch):
    """Return the content of ``train_32x32.mat`` with its images and labels; torchvision expects its checksum."""
    images, labels = pixels(20, 3, 32, 32), np.arange(1, 21) % 10
    stream = io.BytesIO()
    savemat(
        stream, {"X": images.transpose(2, 3, 1, 0), "y": np.where(labels == 0, 10, labels)[:, None].astype(np.uint8)}
    )
    expect_svhn(monkeypatch, stream.getvalue(), f"http://127.0.0.1:{closed_port()}")
    return stream.getvalue(), images, labels


def expect_svhn(monkeypatch, content, site):
    entry = [f"{site}/train_32x32.mat", "train_32x32.mat", md5(content)]
    absent = [f"{site}/test_32x32.mat", "test_32x32.mat", "0"]
    monkeypatch.setattr(datasets.SVHN, "split_list", {"train": entry, "test": absent})


@pytest.fixture
def mnist(monkeypatch):
    """Return raw MNIST files of 10 and 4 images, with images and labels, and register their sums."""
    images, labels = pixels(14, 28, 28), (np.arange(14) % 10).astype(np.uint8)
    files = {}
    for prefix, rows in (("train", slice(0, 10)), ("t10k", slice(10, 14))):
        count = len(images[rows])
        files[f"{prefix}-images-idx3-ubyte"] = struct.pack(">4i", 0x803, count, 28, 28) + images[rows].tobytes()
        files[f"{prefix}-labels-idx1-ubyte"] = struct.pack(">2i", 0x801, count) + labels[rows].tobytes()
    packed = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in files.items()}
    monkeypatch.setattr(datasets.MNIST, "resources", [(name, md5(content)) for name, content in packed.items()])
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{closed_port()}/"])
    return files, packed, images, labels


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def site(tmp_path):
    """Serve the folder ``site`` on this machine; return its path and its address."""
    folder = tmp_path / "site"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def packed_cifar(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def test_cifar10_is_read_from_torchvisions_files(tmp_path, cifar):
    files, images, labels = cifar
    write(tmp_path / "cifar-10-batches-py", files)
    train, test = (load_images("cifar10", split, data_dir=tmp_path, download=False) for split in ("train", "test"))
    np.testing.assert_array_equal(train.images, images[:10])
    np.testing.assert_array_equal(test.images, images[10:])
    np.testing.assert_array_equal(test.labels, labels[10:])
    assert (train.name, train.class_names) == ("cifar10", tuple(CLASSES))
    assert train.source == f"torchvision's cifar10 in {tmp_path}"


def test_svhn_is_read_from_torchvisions_file_with_zeros_as_0(tmp_path, svhn):
    content, images, labels = svhn
    write(tmp_path, {"train_32x32.mat": content})
    train = load_images("svhn", "train", data_dir=tmp_path)
    np.testing.assert_array_equal(train.images, images)
    np.testing.assert_array_equal(train.labels, labels)
    assert train.class_names == tuple("0123456789")


@pytest.mark.parametrize("form", ["raw", "gz"])
def test_mnist_is_read_from_torchvisions_files(tmp_path, mnist, form):
    files, packed, images, labels = mnist
    write(tmp_path / "MNIST" / "raw", files if form == "raw" else packed)
    train, test = (load_images("mnist", split, data_dir=tmp_path) for split in ("train", "test"))
    np.testing.assert_array_equal(train.images[:, 0], images[:10])
    np.testing.assert_array_equal(test.images[:, 0], images[10:])
    np.testing.assert_array_equal(test.labels, labels[10:])


def test_an_archive_that_lies_there_is_unpacked_without_a_network(tmp_path, cifar, monkeypatch):
    files, images, _ = cifar
    content = packed_cifar(files)
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", md5(content))
    write(tmp_path, {"cifar-10-python.tar.gz": content})
    np.testing.assert_array_equal(load_images("cifar10", "train", data_dir=tmp_path).images, images[:10])


def test_cifar10_is_downloaded_with_progress_on_stderr(tmp_path, cifar, site, monkeypatch, capfd):
    (folder, address), (files, images, _) = site, cifar
    content = packed_cifar(files)
    write(folder, {"cifar-10-python.tar.gz": content})
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", md5(content))
    monkeypatch.setattr(datasets.CIFAR10, "url", f"{address}/cifar-10-python.tar.gz")
    data_dir = tmp_path / "new" / "data"
    train = load_images("cifar10", "train", data_dir=data_dir)
    np.testing.assert_array_equal(train.images, images[:10])
    out, err = capfd.readouterr()
    assert out == ""
    assert f"cifar10: downloading into {data_dir} with torchvision" in err
    assert "100%" in err
    (folder / "cifar-10-python.tar.gz").unlink()
    assert load_images("cifar10", "train", data_dir=data_dir).fingerprint == train.fingerprint
    assert socket.getdefaulttimeout() is None


def test_a_download_with_another_sum_is_refused_and_removed(tmp_path, svhn, site, monkeypatch):
    folder, address = site
    expect_svhn(monkeypatch, svhn[0], address)
    write(folder, {"train_32x32.mat": svhn[0][:-1]})
    with pytest.raises(
        UserError, match=r"svhn, train split: not in .* the download failed: File not found or corrupted"
    ):
        load_images("svhn", "train", data_dir=tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_damaged_file_is_downloaded_again(tmp_path, svhn, site, monkeypatch):
    (folder, address), (content, images, _) = site, svhn
    expect_svhn(monkeypatch, content, address)
    write(folder, {"train_32x32.mat": content})
    write(tmp_path / "data", {"train_32x32.mat": content[:500]})
    np.testing.assert_array_equal(load_images("svhn", "train", data_dir=tmp_path / "data").images, images)


def test_an_interrupted_download_leaves_nothing(tmp_path, svhn, site, monkeypatch):
    folder, address = site
    expect_svhn(monkeypatch, svhn[0], address)
    write(folder, {"train_32x32.mat": svhn[0]})

    def interrupted(url, path):
        with open(path, "wb") as file:
            file.write(svhn[0][:500])
        raise KeyboardInterrupt

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_images("svhn", "train", data_dir=tmp_path / "data")
    assert not (tmp_path / "data" / "train_32x32.mat").exists()


@pytest.mark.parametrize("name", ["cifar10", "svhn", "mnist"])
def test_without_a_network_the_ways_out_are_named(tmp_path, name, cifar, svhn, mnist):
    with pytest.raises(UserError) as error:
        load_images(name, "train", data_dir=tmp_path)
    text = str(error.value)
    assert text.startswith(f"{name}, train split: not in {tmp_path}, and the download failed: ")
    assert "refused" in text
    assert f"Remedies: put {name}_train.h5 and {name}_test.h5 into {tmp_path} (dcgan-probe prepare writes them" in text
    assert f"or torchvision's own files ({torchvision_sources.OWN_FILES[name][0].format(split='train')}" in text
    assert text.endswith("or use the built-in images with `dataset=glyphs`")
    assert error.value.parameter == "dataset"


def test_a_download_that_is_not_allowed_is_not_tried(tmp_path, svhn, site, monkeypatch):
    folder, address = site
    expect_svhn(monkeypatch, svhn[0], address)
    write(folder, {"train_32x32.mat": svhn[0]})
    with pytest.raises(UserError, match=r"downloads are disabled \(torchvision: Dataset not found"):
        load_images("svhn", "train", data_dir=tmp_path / "data", download=False)
    assert not (tmp_path / "data").exists()


def test_damaged_files_without_a_network_are_said_to_be_damaged(tmp_path, cifar):
    files = cifar[0]
    write(tmp_path / "cifar-10-batches-py", files | {"data_batch_3": files["data_batch_3"][:-1]})
    message = r"files in .* \(cifar-10-batches-py/.* are damaged or incomplete, and .* Remedies: move these files away"
    with pytest.raises(UserError, match=message):
        load_images("cifar10", "train", data_dir=tmp_path)


@pytest.mark.parametrize("keep", [2, 40, 3000])
def test_truncated_raw_files_of_mnist_are_said_to_be_damaged(tmp_path, mnist, keep):
    files = mnist[0]
    name = "train-images-idx3-ubyte"
    write(tmp_path / "MNIST" / "raw", files | {name: files[name][:keep]})
    with pytest.raises(UserError, match=r"mnist, train split: torchvision's files in .* are damaged or incomplete"):
        load_images("mnist", "train", data_dir=tmp_path)


def test_the_other_splits_file_of_svhn_is_no_damage(tmp_path, svhn):
    write(tmp_path, {"train_32x32.mat": svhn[0]})
    with pytest.raises(UserError, match=r"svhn, test split: not in .*own files \(test_32x32\.mat\)"):
        load_images("svhn", "test", data_dir=tmp_path)


def test_what_torchvision_prints_and_warns_stays_off_standard_output(tmp_path, svhn, monkeypatch, capsys):
    write(tmp_path, {"train_32x32.mat": svhn[0]})

    class Talkative(datasets.SVHN):
        def __init__(self, *args, **more):
            print("Files already downloaded and verified")
            warnings.warn("of no use to the user", stacklevel=1)
            super().__init__(*args, **more)

    monkeypatch.setattr(datasets, "SVHN", Talkative)
    assert len(load_images("svhn", "train", data_dir=tmp_path)) == 20
    out, err = capsys.readouterr()
    assert out == ""
    assert "Files already downloaded" in err
