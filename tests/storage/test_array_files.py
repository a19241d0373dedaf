import os

import numpy as np
import pytest

from dcgan_probe.runtime import UserError
from dcgan_probe.storage import read_arrays, read_bytes, write_arrays

DAMAGED = r"x\.npz cannot be read \(.*\); it is corrupt, or not a file of arrays; move it away and rerun the command"


@pytest.fixture
def whole(tmp_path):
    """Write a file of two arrays, and return it with its bytes."""
    path = tmp_path / "x.npz"
    write_arrays(path, rows=np.arange(40, dtype=np.uint8), share=0.25)
    return path, path.read_bytes()


def test_arrays_come_back_and_numpy_reads_them_too(whole):
    path, _ = whole
    found = read_arrays(path, ("share", "rows"))
    assert list(found) == ["share", "rows"]
    assert (found["rows"].tolist(), found["rows"].dtype, float(found["share"])) == (list(range(40)), np.uint8, 0.25)
    with np.load(path) as stored:
        assert sorted(stored.files) == ["rows", "share"]
    assert os.listdir(path.parent) == ["x.npz"]


def test_a_file_that_was_cut_off_is_refused_wherever_that_was(whole):
    path, content = whole
    for size in range(len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(UserError, match=DAMAGED):
            read_arrays(path, ("rows", "share"))


@pytest.mark.parametrize("flipped", [0x01, 0x08, 0x0C, 0xFF])
def test_a_damaged_byte_is_told_or_harmless(whole, flipped):
    path, content = whole
    told = 0
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ flipped]) + content[place + 1 :])
        try:
            found = read_arrays(path, ("rows", "share"))
        except UserError:
            told += 1
        else:  # dates and the like, which decide nothing
            assert found["rows"].tolist() == list(range(40))
            assert found["share"] == 0.25
    assert told > len(content) / 2


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "x.npz"
    write_arrays(path, rows=np.arange(3))
    with pytest.raises(UserError, match=r"KeyError: .*share"):
        read_arrays(path, ("rows", "share"))
    with open(path, "wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(UserError, match=DAMAGED):
        read_arrays(path, ("rows",))


def test_a_file_that_is_not_there_is_no_damaged_one(tmp_path):
    for read in (lambda path: read_arrays(path, ()), read_bytes):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "x.npz")


def test_a_file_that_cannot_be_opened_is_explained(tmp_path):
    with pytest.raises(UserError, match=r"cannot be read \(Is a directory\); make it readable, or move it away"):
        read_arrays(tmp_path, ())
