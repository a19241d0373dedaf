import errno
import fcntl
import json
import os
import stat

import pytest

from dcgan_probe.runtime import UserError
from dcgan_probe.storage import explained_disk_errors, read_json, set_aside, whole_file, write_json, write_text


def test_file_appears_only_when_the_block_is_done(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with whole_file(path) as temporary:
        temporary.write_text("content")
        assert not path.exists()
        assert temporary.parent == path.parent  # a rename within one file system is atomic
    assert path.read_text() == "content"
    assert os.listdir(path.parent) == ["file.txt"]


@pytest.mark.parametrize("error", [RuntimeError("stop"), KeyboardInterrupt()])
def test_exception_leaves_the_old_content_and_nothing_else(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(type(error)), whole_file(path) as temporary:  # noqa: PT012
        temporary.write_text("half of the n")
        raise error
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_permissions_follow_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_text(tmp_path / "file", "text")
        (tmp_path / "usual").write_text("text")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("file", "usual")]
    assert modes[0] == modes[1] == 0o666 & ~mask


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_named_and_the_old_content_kept(tmp_path, number):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(UserError) as caught, whole_file(path):
        raise OSError(number, os.strerror(number))
    assert str(caught.value) == f"the disk is full: {path} cannot be written; free some space, then rerun"
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_full_disk_in_the_words_of_hdf5(tmp_path):
    text = "Can't write data (file write failed: errno = 28, error message = 'No space left on device')"
    for error in (OSError(text), RuntimeError(text)):
        with pytest.raises(UserError, match="the disk is full"), explained_disk_errors(tmp_path):
            raise error
    with pytest.raises(RuntimeError, match="errno = 280"), explained_disk_errors(tmp_path):
        raise RuntimeError("errno = 280")


def test_forbidden_folder_is_named(tmp_path):
    with pytest.raises(UserError) as caught, explained_disk_errors(tmp_path / "x"):
        raise PermissionError(errno.EACCES, "Permission denied")
    assert str(caught.value) == f"{tmp_path / 'x'} cannot be written (Permission denied); choose another folder"


def test_json_there_and_back(tmp_path):
    value = {"b": [1, 2.5, None], "a": {"text": "ä"}}
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == value
    assert list(json.loads((tmp_path / "x.json").read_text())) == ["b", "a"]


def test_missing_truncated_and_foreign_json(tmp_path):
    path = tmp_path / "x.json"
    with pytest.raises(UserError, match=f"{path} does not exist, expected a JSON file"):
        read_json(path)
    for content in (b"", b'{"a": [1, 2', b"\xff\xfe\x00binary"):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"x.json is not a JSON file .* it is corrupt; restore it"):
            read_json(path)


def test_what_cannot_be_read_is_not_called_damaged(tmp_path):
    (tmp_path / "x.json").mkdir()
    with pytest.raises(UserError, match=r"x.json cannot be read \(Is a directory\); make it readable, or"):
        read_json(tmp_path / "x.json")


def test_files_are_set_aside_one_beside_the_other(tmp_path):
    for content in ("first", "second"):
        (tmp_path / "x.h5").write_text(content)
        with pytest.warns(
            UserWarning, match=r"x.h5 is odd; the file is renamed to x.h5.unreadable(-2)? and written again$"
        ):
            set_aside(tmp_path / "x.h5", "is odd")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "x.h5.unreadable": "first",
        "x.h5.unreadable-2": "second",
    }


def test_content_is_flushed_through_a_handle_that_may_write(tmp_path, monkeypatch):
    # Windows flushes no other.
    modes = []
    monkeypatch.setattr(os, "fsync", lambda handle: modes.append(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE))
    write_text(tmp_path / "x", "text")
    assert modes == [os.O_RDWR]


def test_a_file_larger_than_is_allowed_is_said(tmp_path):
    message = r"x\.h5 cannot be written: it is larger than `ulimit -f` or the file system"
    with pytest.raises(UserError, match=message), explained_disk_errors(tmp_path / "x.h5"):
        raise OSError(errno.EFBIG, "File too large")
