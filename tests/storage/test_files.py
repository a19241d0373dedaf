import errno
import json
import os
import stat
import subprocess
import sys
import time

import pytest

from dcgan_probe.runtime import UserError
from dcgan_probe.storage import explained_disk_errors, locked, read_json, whole_file, write_json, write_text


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
    assert str(caught.value) == f"the disk is full: {path} could not be written; free some space, then repeat"
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


def test_errors_in_a_locked_block_are_not_blamed_on_the_lock(tmp_path):
    with pytest.raises(PermissionError), locked(tmp_path / "x"):
        raise PermissionError(errno.EACCES, "Permission denied")


# Plain system calls, so that the other process is not the code itself.
CHILD = """
import fcntl, pathlib, sys, time
path, lock = pathlib.Path(sys.argv[1]), open(sys.argv[2], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
path.with_suffix(".held").touch()
time.sleep(0.5)
path.write_text("from the child")
"""
TRY = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"


def test_lock_waits_for_another_process(tmp_path):
    path = tmp_path / "shared"
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(tmp_path / ".shared.lock")]) as child:
        while not path.with_suffix(".held").exists():
            assert child.poll() is None
            time.sleep(0.01)
        with locked(path):
            assert path.read_text() == "from the child"
        assert child.wait() == 0


def test_lock_keeps_another_process_out(tmp_path):
    def try_lock():
        return subprocess.run([sys.executable, "-c", TRY, str(tmp_path / ".x.lock")], capture_output=True, text=True)

    with locked(tmp_path / "x"):
        assert "BlockingIOError" in try_lock().stderr
    assert try_lock().returncode == 0


def test_lock_that_does_not_wait_names_what_is_taken(tmp_path):
    text = f"another process is working on {tmp_path / 'x'}; wait for it, or choose another name"
    # A lock belongs to an open file, so this process can stand for another one.
    with locked(tmp_path / "x"), pytest.raises(UserError, match=text), locked(tmp_path / "x", wait=False):
        pass
    with locked(tmp_path / "x", wait=False):
        pass


def test_lock_is_free_again_after_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="stop"), locked(tmp_path / "x"):
        raise RuntimeError("stop")
    with locked(tmp_path / "x"):
        pass


def test_json_there_and_back(tmp_path):
    value = {"b": [1, 2.5, None], "a": {"text": "ä"}}
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == value
    assert list(json.loads((tmp_path / "x.json").read_text())) == ["b", "a"]


def test_missing_truncated_and_foreign_json(tmp_path):
    path = tmp_path / "x.json"
    with pytest.raises(UserError, match=f"there is no {path}"):
        read_json(path)
    for content in (b"", b'{"a": [1, 2', b"\xff\xfe\x00binary"):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"x.json is not a JSON file .* it is truncated or foreign"):
            read_json(path)
