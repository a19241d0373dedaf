import errno
import fcntl
import os
import shutil
import subprocess

import h5py
import numpy as np
import pytest

from dcgan_probe.runtime import UserError
from dcgan_probe.storage import ChangedFileError, FeatureFileWriter, UnreadableFileError, open_feature_file

SETTINGS = {"weights": "abc", "grid": 4}
LAYERS = {"conv1": (0, 6), "conv2": (6, 10)}
ROWS = np.random.default_rng(0).standard_normal((20, 10)).astype(np.float32)


def writer(path, rows=20, settings=SETTINGS, dtype="float32", labels=None):
    return FeatureFileWriter(path, settings, rows=rows, layers=LAYERS, dtype=dtype, labels=labels)


def write(path, block=7, **changes):
    with writer(path, **changes) as file:
        while file.rows_written < len(ROWS):
            file.append(ROWS[file.rows_written : file.rows_written + block])


def test_rows_labels_and_layers_come_back(tmp_path):
    labels = np.arange(20) % 3
    write(tmp_path / "x.h5", labels=labels)
    file = open_feature_file(tmp_path / "x.h5")
    assert np.array_equal(file.read(), ROWS)
    assert np.array_equal(file.read(3, 9, slice(6, 10)), ROWS[3:9, 6:10])
    assert np.array_equal(file.labels, labels)
    assert (file.shape, file.dtype, file.settings, file.layers) == ((20, 10), np.float32, SETTINGS, LAYERS)
    assert [path.name for path in tmp_path.iterdir()] == ["x.h5"]


def test_selected_rows_and_columns_are_read_when_asked_for(tmp_path):
    write(tmp_path / "x.h5", dtype="float16")
    rows = open_feature_file(tmp_path / "x.h5").select(slice(3, 18), slice(2, 9))
    assert (rows.shape, rows.dtype) == ((15, 7), np.float16)
    assert np.array_equal(rows[4:30], ROWS.astype(np.float16)[7:18, 2:9])
    with pytest.raises(ValueError, match="consecutive"):
        open_feature_file(tmp_path / "x.h5").select(slice(0, 9, 2))


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    write(tmp_path / "x.h5")
    rows = open_feature_file(tmp_path / "x.h5").select()
    rows[:5]
    os.utime(tmp_path / "x.h5", ns=(1, 1))
    with pytest.raises(ChangedFileError, match=r"x.h5 changed while it was read \(.*; rerun the command once no"):
        rows[5:]


def test_a_file_that_changes_between_its_opening_and_its_selection_is_refused(tmp_path):
    write(tmp_path / "x.h5")
    file = open_feature_file(tmp_path / "x.h5")
    os.truncate(tmp_path / "x.h5", (tmp_path / "x.h5").stat().st_size // 2)
    for read in (file.read, lambda: file.select()[:]):
        with pytest.raises(ChangedFileError, match=r"x.h5 changed while it was read \(from [\d,]+ to [\d,]+ bytes\)"):
            read()


def test_half_precision_rounds_to_the_nearest(tmp_path):
    write(tmp_path / "x.h5", dtype="float16")
    file = open_feature_file(tmp_path / "x.h5")
    assert file.dtype == np.float16
    assert np.array_equal(file.read(), ROWS.astype(np.float16))
    assert file.labels is None


def test_error_half_way_leaves_a_part_that_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "x.h5"
    with pytest.raises(RuntimeError, match="stop"), writer(path) as file:  # noqa: PT012
        file.append(ROWS[:7])
        raise RuntimeError("stop")
    assert not path.exists()
    with writer(path) as file:
        assert file.rows_written == 7
        file.append(ROWS[7:])
    assert np.array_equal(open_feature_file(path).read(), ROWS)


def test_leaving_early_does_not_finish_the_file(tmp_path):
    path = tmp_path / "x.h5"
    with writer(path) as file:
        file.append(ROWS[:19])
    assert not path.exists()
    with writer(path) as file:
        file.append(ROWS[19:])
    assert path.exists()


def test_part_of_another_key_or_a_broken_one_makes_way_and_is_kept(tmp_path):
    path, part = tmp_path / "x.h5", tmp_path / "x.h5.part"
    with writer(path, settings={"weights": "other"}) as file:
        file.append(np.zeros((5, 10)))
    kept = {"x.h5.part.unreadable": part.read_bytes()}
    with pytest.warns(UserWarning, match="x.h5.part does not contain the features that its name stands for"):
        opened = writer(path)
    with opened as file:
        assert file.rows_written == 0
        file.append(ROWS[:5])
    for number, content in enumerate((b"not HDF5", part.read_bytes()[:500]), 2):
        part.write_bytes(content)
        with pytest.warns(
            UserWarning, match=r"x.h5.part (is corrupt, or not|does not contain).*; the file is renamed to"
        ):
            opened = writer(path)
        kept[f"x.h5.part.unreadable-{number}"] = content
        with opened as file:
            assert file.rows_written == 0
    write(path)
    assert np.array_equal(open_feature_file(path).read(), ROWS)
    assert {other.name: other.read_bytes() for other in tmp_path.iterdir() if other != path} == kept


def test_a_part_that_another_program_has_open_is_left_alone(tmp_path):
    path, part = tmp_path / "x.h5", tmp_path / "x.h5.part"
    with writer(path) as file:
        file.append(ROWS[:5])
    with open(part, "rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_SH)  # as HDF5 locks what it reads
        with pytest.raises(UnreadableFileError, match=r"x.h5.part is open in another program"):
            writer(path)
    with writer(path) as file:
        assert file.rows_written == 5


def test_a_file_in_the_place_of_the_finished_one_is_kept(tmp_path):
    (tmp_path / "x.h5").write_text("not HDF5")
    with pytest.warns(UserWarning, match="x.h5 is not a complete file of these features; the file is renamed to"):
        write(tmp_path / "x.h5")
    assert np.array_equal(open_feature_file(tmp_path / "x.h5").read(), ROWS)
    assert (tmp_path / "x.h5.unreadable").read_text() == "not HDF5"


KILLED = """
import os, signal
import numpy as np
from dcgan_probe.storage import FeatureFileWriter
data = np.load(rows)
writer = FeatureFileWriter(path, {"weights": "abc", "grid": 4}, rows=20, layers={"conv1": (0, 6), "conv2": (6, 10)},
                           dtype="float32", labels=None)
writer.append(data[:7])
writer.append(data[7:11])
writer._file["features"][11:15] = -1  # the rows of the next block, without their count
writer._file.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_writer_leaves_the_rows_that_it_counted(tmp_path, new_process):
    np.save(tmp_path / "rows.npy", ROWS)
    path = tmp_path / "x.h5"
    child = new_process(KILLED, path=str(path), rows=str(tmp_path / "rows.npy"))
    child.join(120)
    assert child.exitcode == -9
    assert not path.exists()
    with writer(path) as file:
        assert file.rows_written == 11
        file.append(ROWS[11:])
    assert np.array_equal(open_feature_file(path).read(), ROWS)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_feature_that_is_not_finite_is_named(tmp_path, bad):
    path = tmp_path / "x.h5"
    rows = ROWS.copy()
    rows[12, 8] = bad
    with pytest.raises(UserError) as caught, writer(path) as file:  # noqa: PT012
        file.append(rows[:10])
        file.append(rows[10:])
    assert str(caught.value) == (
        f"got feature {bad} of layer conv2 (column 8) at image 12, expected a finite float32; "
        "check the checkpoint, or use float32"
    )
    assert not path.exists()
    with writer(path) as file:
        assert file.rows_written == 10


def test_feature_too_large_for_half_precision_is_named(tmp_path):
    rows = ROWS.copy()
    rows[0, 5] = 70000
    text = r"feature 70000.0 of layer conv1 .column 5. at image 0, expected a finite float16"
    with pytest.raises(UserError, match=text), writer(tmp_path / "x.h5", dtype="float16") as file:
        file.append(rows)


def test_disk_without_room_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(UserError) as caught:
        writer(tmp_path / "x.h5", rows=1_000_000)
    assert str(caught.value) == (
        f"the disk is full: {tmp_path / 'x.h5'} needs 40.0 MB, but only 0.0 MB are free; free some space, then rerun"
    )
    assert list(tmp_path.iterdir()) == []


FULL = """
import os
import numpy as np
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import FeatureFileWriter
said = open(output, "w", buffering=1)
rows = np.ones((2000, 1000), np.float32)
for block in (5, 100):  # rows: less and more than HDF5's own buffers
    try:
        with FeatureFileWriter(f"{folder}/x{block}.h5", {}, rows=2000, layers={"a": (0, 1000)}, dtype="float32",
                               labels=None) as writer:
            try:
                with open(f"{folder}/other", "wb", 0) as other:
                    while True:
                        other.write(bytes(4096))
            except OSError:
                pass
            while writer.rows_written < 2000:
                writer.append(rows[writer.rows_written : writer.rows_written + block])
    except UserError as error:
        print(error, file=said)
    os.remove(f"{folder}/other")
    print(sorted(os.listdir(folder)), file=said)
    os.remove(f"{folder}/x{block}.h5.part")
"""


def test_disk_that_fills_up_half_way(tmp_path, new_process):
    # A small file system of its own, since only a real one shows what HDF5 keeps back in memory.
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        child = new_process(FULL, folder=str(folder), output=str(tmp_path / "output"))
        child.join(120)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert child.exitcode == 0
    assert (tmp_path / "output").read_text().splitlines() == [
        f"the disk is full: {folder}/x5.h5 cannot be written; free some space, then rerun",
        "['x5.h5.part']",
        f"the disk is full: {folder}/x100.h5 cannot be written; free some space, then rerun",
        "['x100.h5.part']",
    ]


def test_write_that_fails_says_that_the_disk_is_full(tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with (  # noqa: PT012
        pytest.raises(UserError, match=r"the disk is full: .*x.h5 cannot be written"),
        writer(tmp_path / "x.h5") as file,
    ):
        file.append(ROWS[:7])
        monkeypatch.setattr(h5py.Dataset, "__setitem__", fail)
        file.append(ROWS[7:])
    assert not (tmp_path / "x.h5").exists()


def test_missing_truncated_foreign_and_incomplete_files(tmp_path):
    path = tmp_path / "x.h5"
    with pytest.raises(UserError, match=r"x.h5 does not exist, expected a feature file; run extract first"):
        open_feature_file(path)
    write(path)
    whole = path.read_bytes()
    for content in (b"", b"text", whole[:300], whole[:-100]):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"x.h5 is corrupt, or not an HDF5 file .*; extract again, which renames"):
            open_feature_file(path)
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros(3)
    with pytest.raises(UserError, match=r"got .*x.h5, expected a feature file written by extract"):
        open_feature_file(path)
    with writer(tmp_path / "y.h5") as file:
        file.append(ROWS[:7])
    with pytest.raises(UserError, match="is incomplete: 7 of 20 rows; extract again to resume"):
        open_feature_file(tmp_path / "y.h5.part")


@pytest.mark.parametrize("attribute", ["key", "settings", "layers", "format_version", "complete"])
def test_file_that_lacks_an_attribute_is_foreign(tmp_path, attribute):
    write(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        del file.attrs[attribute]
    with pytest.raises(UserError, match="expected a feature file written by extract"):
        open_feature_file(tmp_path / "x.h5")


def test_other_format_and_other_key_are_refused(tmp_path):
    path = tmp_path / "x.h5"
    write(path)
    key = open_feature_file(path).key
    assert open_feature_file(path, key).key == key
    with pytest.raises(UserError, match=f"has key {key}, expected 123, so it contains other features"):
        open_feature_file(path, "123")
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = 99
    with pytest.raises(UserError, match="has format 99, expected 1; extract again"):
        open_feature_file(path)
