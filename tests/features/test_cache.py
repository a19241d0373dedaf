import fcntl
import itertools
import json
import os
import signal
import time
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace

import h5py
import numpy as np
import pytest
import torch

from dcgan_probe.features import DiscriminatorEncoder, EncoderOrigin, FeatureSet, cached_features, real_statistics
from dcgan_probe.images import ImageSet, Part, load_images
from dcgan_probe.networks import build_discriminator
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import ChangedFileError, write_image_file

CPU = torch.device("cpu")
ORIGIN = EncoderOrigin("dcgan", "tiny", "tiny", 20, 160, "runs/tiny", 3)


class Counting:
    """Encoder of two layers whose features identify the row; it records the blocks that it encodes."""

    def __init__(self, batch=7):
        self.origin, self.batch, self.blocks = ORIGIN, batch, []
        self.layers = {"conv1": (0, 3), "conv2": (3, 5)}
        self.settings = {"encoder": "counting", "layers": ["conv1", "conv2"]}

    def check(self, images):
        pass

    def encode(self, images):
        self.blocks.append(len(images))
        return images[:, 0, 0, :5].astype(np.float32)


def network(tiny_config, seed=0):
    return build_discriminator(tiny_config().network, seed)


def encoder_of(discriminator, **changes):
    return DiscriminatorEncoder(discriminator, ORIGIN, **{"statistics": None, "grid": 2, "device": CPU, **changes})


def files(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_features_are_those_of_the_encoder_row_by_row(tmp_path, tiny_config, tiny_images):
    images, encoder = tiny_images(20), encoder_of(network(tiny_config))
    found, present = cached_features(encoder, images, tmp_path / "features")
    assert not present
    assert len(found) == 20
    assert np.array_equal(found.load(), encoder.encode(images.images))
    assert np.array_equal(found.labels, images.labels)
    assert found.layers == {"conv1": 16, "conv2": 32}
    assert (found.dataset, found.split, found.images_fingerprint) == ("tiny", "train", images.fingerprint)
    assert found.origin == ORIGIN


def test_second_call_does_nothing(tmp_path, tiny_images):
    first, second = Counting(), Counting()
    done = []
    cached_features(first, tiny_images(20), tmp_path, on_progress=done.append)
    assert first.blocks == [7, 7, 6]
    assert done == [7, 14, 20]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.h5")}
    found, present = cached_features(second, tiny_images(20), tmp_path)
    assert present
    assert second.blocks == []
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.h5")}
    assert np.array_equal(found.load(), tiny_images(20).images[:, 0, 0, :5])


def test_every_setting_that_determines_the_numbers_gives_another_file(tmp_path, tiny_config, tiny_images):
    discriminator, images = network(tiny_config), tiny_images(20)
    changed = deepcopy(discriminator)
    with torch.no_grad():
        next(changed.parameters())[0, 0, 0, 0] += 1e-6
    moved = deepcopy(discriminator)
    moved.norms()["conv2"].running_mean[0] += 1e-6
    other_eps, other_stride = (
        build_discriminator(tiny_config(**change).network, 0) for change in ({"eps": 1e-5}, {"strides": (1, 2)})
    )
    pixels, labels = images.images.copy(), images.labels.copy()
    pixels[-1, -1, -1, -1] ^= 1
    labels[0] += 1
    cases = [
        (encoder_of(discriminator), images, "float32"),
        (encoder_of(changed), images, "float32"),
        (encoder_of(moved), images, "float32"),
        (encoder_of(other_eps), images, "float32"),
        (encoder_of(other_stride), images, "float32"),
        (encoder_of(discriminator, statistics=real_statistics(discriminator, images, CPU)), images, "float32"),
        (encoder_of(discriminator, grid=1), images, "float32"),
        (encoder_of(discriminator, pool="avg"), images, "float32"),
        (encoder_of(discriminator), ImageSet(pixels, images.labels, "tiny", "train", ""), "float32"),
        (encoder_of(discriminator), ImageSet(images.images, labels, "tiny", "train", ""), "float32"),
        (encoder_of(discriminator), ImageSet(images.images, None, "tiny", "train", ""), "float32"),
        (encoder_of(discriminator), images, "float16"),
    ]
    keys = set()
    for encoder, case_images, dtype in cases:
        found, present = cached_features(encoder, case_images, tmp_path, dtype=dtype)
        assert not present
        keys.add(found.key)
    assert len(keys) == len(cases)
    # Each of them finds its own file again.
    assert all(cached_features(encoder, case, tmp_path, dtype=dtype)[1] for encoder, case, dtype in cases)
    assert len(list(tmp_path.glob("*.h5"))) == len(cases)


def test_rule_of_the_statistics_enters_the_key(tmp_path, tiny_config, tiny_images):
    # The same numbers by another rule are another record.
    discriminator = network(tiny_config)
    same = {name: (norm.running_mean.clone(), norm.running_var.clone()) for name, norm in discriminator.norms().items()}
    keys = {
        cached_features(encoder_of(discriminator, statistics=statistics), tiny_images(), tmp_path)[0].key
        for statistics in (None, same)
    }
    assert len(keys) == 2


def test_a_file_with_more_layers_is_reused_for_fewer(tmp_path, tiny_config, tiny_images):
    discriminator, images = network(tiny_config), tiny_images(20)
    whole, _ = cached_features(encoder_of(discriminator), images, tmp_path)
    part, present = cached_features(encoder_of(discriminator, layers=["conv2"]), images, tmp_path)
    assert present
    assert part.layers == {"conv2": 32}
    assert np.array_equal(part.load(), whole.load()[:, 16:])
    assert len(list(tmp_path.glob("*.h5"))) == 1


def test_a_file_with_fewer_layers_is_not_reused_for_more(tmp_path, tiny_config, tiny_images):
    discriminator, images = network(tiny_config), tiny_images(20)
    cached_features(encoder_of(discriminator, layers=["conv2"]), images, tmp_path)
    whole, present = cached_features(encoder_of(discriminator), images, tmp_path)
    assert not present
    assert whole.layers == {"conv1": 16, "conv2": 32}


def test_half_precision_is_read_as_float32(tmp_path, tiny_config, tiny_images):
    images, encoder = tiny_images(20), encoder_of(network(tiny_config))
    found, _ = cached_features(encoder, images, tmp_path, dtype="float16")
    assert found.file.dtype == np.float16
    assert found.load().dtype == np.float32
    assert np.array_equal(found.load(), encoder.encode(images.images).astype(np.float16).astype(np.float32))
    with pytest.raises(UserError, match="unknown dtype 'float64': expected float32 or float16") as caught:
        cached_features(encoder, images, tmp_path, dtype="float64")
    assert caught.value.parameter == "dtype"


class Rows:
    """Images that record the rows that are read, and refuse a read of all rows."""

    shape, dtype = (5000, 1, 1, 5), np.dtype(np.uint8)

    def __init__(self):
        self.largest = 0

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        start, stop, step = rows.indices(len(self))
        self.largest = max(self.largest, stop - start)
        numbers = np.arange(start, stop, step)[:, None]
        return ((numbers * np.arange(1, 6)) % 251).astype(np.uint8)[:, None, None, :]


def test_memory_does_not_grow_with_the_images(tmp_path):
    rows, encoder = Rows(), Counting(batch=64)
    images = ImageSet(rows, None, "rows", "train", "a test")
    found, _ = cached_features(encoder, images, tmp_path)
    assert max(encoder.blocks) == 64
    assert rows.largest <= 2048  # blocks of the fingerprint
    assert max(len(block) for block in found.blocks(100)) == 100
    assert np.array_equal(found.load(), rows[:][:, 0, 0])


@pytest.mark.parametrize("name", ["a/b", "../up", "lsun:room", "with space"])
def test_name_of_a_set_never_leaves_the_folder(tmp_path, tiny_images, name):
    images = ImageSet(tiny_images(20).images, None, name, "train", "a test")
    folder = tmp_path / "features"
    assert not cached_features(Counting(), images, folder)[1]
    assert cached_features(Counting(), images, folder)[1]
    assert len(files(folder)) == 1
    assert files(tmp_path) == ["features"]


def test_corrupt_and_unrelated_files_are_skipped(tmp_path, tiny_images):
    found, _ = cached_features(Counting(), tiny_images(20), tmp_path)
    path, whole = found.file.path, found.file.path.read_bytes()
    (tmp_path / "foreign.h5").write_bytes(b"text")
    with h5py.File(tmp_path / "images.h5", "w") as file:
        file["images"] = np.zeros(3)
    for number, content in enumerate((b"", whole[:400], whole[:-200])):
        del found  # HDF5 would read from the file that is still open
        path.write_bytes(content)
        encoder = Counting()
        with pytest.warns(UserWarning, match=r"\.h5 is not a complete file of these features; the file is renamed to"):
            found, present = cached_features(encoder, tiny_images(20), tmp_path)
        assert (tmp_path / f"{path.name}.unreadable{f'-{number + 1}' if number else ''}").read_bytes() == content
        assert not present
        assert encoder.blocks == [7, 7, 6]
        assert np.array_equal(found.load(), tiny_images(20).images[:, 0, 0, :5])


@contextmanager
def held(path):
    """Lock a file as HDF5 locks a file that it writes."""
    with open(path, "rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        yield


def test_a_file_that_another_program_has_open_is_neither_replaced_nor_made_again(tmp_path, tiny_images):
    found, _ = cached_features(Counting(), tiny_images(20), tmp_path)
    path, inode = found.file.path, found.file.path.stat().st_ino
    del found  # HDF5 would read from the file that is still open
    encoder = Counting()
    with (
        held(path),
        pytest.raises(UserError, match=r"\.h5 is open in another program that may be writing to it; close"),
    ):
        cached_features(encoder, tiny_images(20), tmp_path)
    assert encoder.blocks == []
    assert files(tmp_path) == [path.name]
    assert path.stat().st_ino == inode
    assert cached_features(encoder, tiny_images(20), tmp_path)[1]
    assert encoder.blocks == []


def test_a_locked_file_of_other_features_does_not_matter(tmp_path, tiny_images):
    with h5py.File(tmp_path / "random-tiny-train-123.h5", "w") as file:
        file["features"] = np.zeros(3)
    with held(tmp_path / "random-tiny-train-123.h5"):
        assert not cached_features(Counting(), tiny_images(20), tmp_path)[1]
        assert cached_features(Counting(), tiny_images(20), tmp_path)[1]


def test_feature_that_is_not_finite_is_named_by_layer(tmp_path, tiny_config, tiny_images):
    discriminator = network(tiny_config)
    with torch.no_grad():
        discriminator.norms()["conv2"].bias[1] = float("nan")
    with pytest.raises(UserError, match="encode returned nan at image 0, layer conv2, column 20"):
        cached_features(encoder_of(discriminator), tiny_images(), tmp_path)
    assert not list(tmp_path.glob("*.h5"))


def test_full_disk_leaves_nothing_under_the_final_name(tmp_path, tiny_images, monkeypatch):
    write, calls = h5py.Dataset.__setitem__, itertools.count()

    def fail(self, *arguments):
        if self.name == "/features" and next(calls) == 1:
            raise OSError(28, "No space left on device")
        write(self, *arguments)

    monkeypatch.setattr(h5py.Dataset, "__setitem__", fail)
    with pytest.raises(UserError, match=r"the disk is full: .*\.h5 cannot be written; free some space, then rerun"):
        cached_features(Counting(), tiny_images(20), tmp_path)
    assert not list(tmp_path.glob("*.h5"))
    # The written rows remain for the next call.
    encoder = Counting()
    found, _ = cached_features(encoder, tiny_images(20), tmp_path)
    assert encoder.blocks == [7, 6]
    assert np.array_equal(found.load(), tiny_images(20).images[:, 0, 0, :5])


EXTRACT = """
import os, signal, time
import numpy as np
import torch
from dcgan_probe.features import DiscriminatorEncoder, EncoderOrigin, cached_features
from dcgan_probe.gan import TrainConfig
from dcgan_probe.images import ImageSet
from dcgan_probe.networks import build_discriminator

network = build_discriminator(TrainConfig.from_dict(settings).network, 0)
encoder = DiscriminatorEncoder(network, EncoderOrigin("dcgan", "tiny", "tiny", 20, 160, "runs/tiny", 3),
                               statistics=None, grid=2, device=torch.device("cpu"))
encoder.batch, encode, count = 7, encoder.encode, 0

def watched(images):
    global count
    count += 1
    with open(log, "a") as file:
        file.write(f"{len(images)}\\n")
    time.sleep(pause)
    if count == killed_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return encode(images)

encoder.encode = watched
images = ImageSet(np.load(pixels), None, "tiny", "train", "a test")
features, present = cached_features(encoder, images, folder)
with open(log, "a") as file:
    file.write("present\\n" if present else "computed\\n")
"""


@pytest.fixture
def extract(new_process, tmp_path, tiny_config, tiny_images):
    """Return a function that extracts 40 rows in blocks of 7 in a new process, which records its blocks in ``log``."""
    np.save(tmp_path / "pixels.npy", tiny_images(40).images)

    def start(folder, log, killed_at=0, pause=0.0):
        return new_process(
            EXTRACT,
            settings=tiny_config().to_dict(),
            pixels=str(tmp_path / "pixels.npy"),
            folder=str(tmp_path / folder),
            log=str(tmp_path / log),
            killed_at=killed_at,
            pause=pause,
        )

    return start


def only_file(folder):
    (path,) = folder.glob("*.h5")
    return path


def test_killed_extraction_resumes_at_the_row_where_it_stopped(tmp_path, extract):
    for folder, killed_at in (("straight", 0), ("killed", 4), ("killed", 0)):
        process = extract(folder, f"{folder}-{killed_at}.log", killed_at)
        process.join(120)
        assert process.exitcode == (-signal.SIGKILL if killed_at else 0)
        if killed_at:
            assert not list((tmp_path / folder).glob("*.h5"))
    assert (tmp_path / "straight-0.log").read_text().split() == ["7", "7", "7", "7", "7", "5", "computed"]
    assert (tmp_path / "killed-4.log").read_text().split() == ["7", "7", "7", "7"]
    assert (tmp_path / "killed-0.log").read_text().split() == ["7", "7", "5", "computed"]
    straight, killed = only_file(tmp_path / "straight"), only_file(tmp_path / "killed")
    assert straight.name == killed.name
    with h5py.File(straight) as first, h5py.File(killed) as second:
        assert first["features"][:].tobytes() == second["features"][:].tobytes()
        assert first["features"][:].any(axis=1).all()
        assert json.loads(first.attrs["settings"]) == json.loads(second.attrs["settings"])


def test_two_processes_at_once_compute_once(tmp_path, extract):
    processes = [extract("both", f"{name}.log", pause=0.05) for name in ("first", "second")]
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    logs = sorted((tmp_path / f"{name}.log").read_text().split() for name in ("first", "second"))
    assert sorted(logs, key=len) == [["present"], ["7", "7", "7", "7", "7", "5", "computed"]]
    assert len(list((tmp_path / "both").glob("*.h5"))) == 1


def test_another_process_waits_for_the_lock(tmp_path, extract):
    slow = extract("both", "slow.log", pause=0.3)
    end = time.monotonic() + 120
    while not (tmp_path / "slow.log").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    quick = extract("both", "quick.log")
    for process in (slow, quick):
        process.join(120)
        assert process.exitcode == 0
    assert (tmp_path / "quick.log").read_text().split() == ["present"]
    assert os.listdir(tmp_path / "both") != []


def test_chosen_layers_are_read_in_blocks_and_as_a_whole(tmp_path, tiny_images):
    found, _ = cached_features(Counting(), tiny_images(20), tmp_path)
    expected = tiny_images(20).images[:, 0, 0, :5].astype(np.float32)
    part = found.select(["conv2"])
    assert isinstance(part, FeatureSet)
    assert (part.dimension, found.dimension) == (2, 5)
    assert np.array_equal(part.load(), expected[:, 3:])
    assert np.array_equal(np.concatenate(list(part.blocks(6))), expected[:, 3:])
    assert [block.shape for block in found.blocks(8)] == [(8, 5), (8, 5), (4, 5)]
    assert found.load().flags.c_contiguous
    for names in (["conv3"], []):
        with pytest.raises(UserError, match=r"unknown layer .*: these features have conv1, conv2") as caught:
            found.select(names)
        assert caught.value.parameter == "layers"


def part_of(images, rows):
    """Return some rows of a set as a part, whose features are rows of the whole set's."""
    return replace(images.subset(rows), name="tiny-part", split="val", part_of=Part(images, rows))


ROWS = np.array([0, 3, 4, 11, 12, 19])


def test_a_part_has_rows_of_the_features_of_its_set(tmp_path, tiny_images):
    images, encoder = tiny_images(20), Counting()
    whole, _ = cached_features(encoder, images, tmp_path / "whole")
    before, part = files(tmp_path / "whole"), part_of(images, ROWS)
    found, present = cached_features(Counting(), part, tmp_path / "whole")
    assert present
    assert files(tmp_path / "whole") == before
    alone, _ = cached_features(Counting(), replace(part, part_of=None), tmp_path / "alone")
    assert len(found) == 6
    for layers in (("conv1", "conv2"), ("conv2",)):
        assert np.array_equal(found.select(layers).load(), alone.select(layers).load())
        assert np.array_equal(np.concatenate([*found.select(layers).blocks(rows=5)]), alone.select(layers).load())
    assert np.array_equal(found.labels, alone.labels)
    assert (found.key, found.images_fingerprint) == (alone.key, alone.images_fingerprint)
    assert (found.dataset, found.split, found.layers) == (alone.dataset, alone.split, alone.layers)
    assert found.key != whole.key


def test_a_part_alone_computes_its_set_once_for_all_parts(tmp_path, tiny_images):
    images, encoder, done = tiny_images(20), Counting(), []
    found, present = cached_features(encoder, part_of(images, ROWS), tmp_path, on_progress=done.append)
    assert not present
    assert done == [7, 14, 20]
    assert np.array_equal(found.load(), images.images[ROWS][:, 0, 0, :5])
    others = np.setdiff1d(np.arange(20), ROWS)
    rest, present = cached_features(encoder, part_of(images, others), tmp_path)
    assert present
    assert np.array_equal(rest.load(), images.images[others][:, 0, 0, :5])
    assert cached_features(encoder, images, tmp_path)[1]
    assert sum(encoder.blocks) == 20


def test_a_file_of_a_part_alone_is_still_used(tmp_path, tiny_images):
    part = part_of(tiny_images(20), ROWS)
    cached_features(Counting(), replace(part, part_of=None), tmp_path)
    encoder = Counting()
    found, present = cached_features(encoder, part, tmp_path)
    assert present
    assert encoder.blocks == []
    assert found.rows is None
    assert np.array_equal(found.load(), part.images[:, 0, 0, :5])


def stored_set(path, rows=20):
    """Return an image set from a file whose pixels are all 200."""
    pixels = np.full((rows, 3, 8, 8), 200, np.uint8)
    write_image_file(path, [(pixels, np.arange(rows) % 3)], rows=rows, name="x", split="train", source="")
    return load_images(str(path), "train")


@pytest.mark.parametrize("changed_at", [1, 2, 3])
def test_images_that_change_while_they_are_encoded_leave_no_features(tmp_path, changed_at):
    """The images change before the second block, before the third, or after the last."""
    images = stored_set(tmp_path / "x_train.h5")

    class Meddling(Counting):
        def encode(self, block):
            encoded = super().encode(block)
            if len(self.blocks) == changed_at:
                os.truncate(tmp_path / "x_train.h5", 4000)
            return encoded

    with pytest.raises(ChangedFileError, match=r"x_train.h5 changed while it was read"):
        cached_features(Meddling(), images, tmp_path / "features")
    assert not list(tmp_path.glob("features/[!.]*"))


def test_features_of_a_file_with_restored_content_are_complete(tmp_path):
    path = tmp_path / "x_train.h5"
    images, content = stored_set(path), path.read_bytes()
    key = images.fingerprint
    path.write_bytes(content[:4000])
    with pytest.raises(ChangedFileError):
        cached_features(Counting(), images, tmp_path / "features")
    path.write_bytes(content)
    found, present = cached_features(Counting(), load_images(str(path), "train"), tmp_path / "features")
    assert (present, found.images_fingerprint) == (False, key)
    assert np.array_equal(found.load(), np.full((20, 5), 200))
