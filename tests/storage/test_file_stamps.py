"""Files that change while they are read."""

import os

import pytest

from dcgan_probe.storage import ChangedFileError, FileStamp, FileStamps, opened_whole, read_bytes


def make(path, content=b"12345"):
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))  # long ago: a file system may give two writings one time
    return path


def test_an_unchanged_file_passes(tmp_path):
    FileStamp.of(make(tmp_path / "a")).require_unchanged()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.write_bytes(b"123"), r"from 5 to 3 bytes"),
        (lambda path: path.write_bytes(b"54321"), r"its content was written"),
        (lambda path: os.replace(make(path.with_name("b")), path), r"another file has its name"),
        (lambda path: path.unlink(), r"can no longer be read \(No such file"),
    ],
)
def test_a_changed_file_is_refused(tmp_path, change, said):
    stamp = FileStamp.of(make(tmp_path / "a"))
    change(tmp_path / "a")
    with pytest.raises(ChangedFileError, match=said + r".*; rerun the command once no program writes to it"):
        stamp.require_unchanged()


def test_reading_a_file_whole_minds_the_opened_file_alone(tmp_path):
    path = make(tmp_path / "a")
    with opened_whole(path) as file:
        os.replace(make(tmp_path / "b", b"new"), path)  # as a run replaces its checkpoint
        assert file.read() == b"12345"
    with pytest.raises(ChangedFileError, match="from 3 to 5 bytes"), opened_whole(path) as file:
        path.write_bytes(b"12345")
    assert read_bytes(path) == b"12345"


def test_files_that_are_read_one_by_one_are_checked_together(tmp_path):
    paths = [make(tmp_path / name) for name in "abcd"]
    stamps = FileStamps(paths)
    stamps.require_unchanged()
    assert [stamps.path(index) for index in (0, 2, 0)] == [paths[0], paths[2], paths[0]]
    paths[1].unlink()  # not read
    stamps.require_unchanged()
    paths[2].write_bytes(b"1")
    with pytest.raises(ChangedFileError, match="c changed"):
        stamps.require_unchanged()


def test_a_stamp_is_that_of_the_first_reading(tmp_path):
    stamps = FileStamps([make(tmp_path / "a")])
    stamps.path(0)
    (tmp_path / "a").write_bytes(b"1")
    stamps.path(0)
    with pytest.raises(ChangedFileError):
        stamps.require_unchanged()


def test_a_file_that_is_missing_is_left_to_its_reader(tmp_path):
    stamps = FileStamps([tmp_path / "a"])
    assert stamps.path(0) == tmp_path / "a"
    stamps.require_unchanged()
