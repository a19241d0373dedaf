import errno
import os
import subprocess
import sys
from contextlib import contextmanager

import h5py
import numpy as np
import pytest

from dcgan_probe.storage import DamagedFileError, UnreadableFileError, open_hdf5, without_locks

HOLDER = "import h5py, sys; f = h5py.File(sys.argv[1], sys.argv[2]); print('open', flush=True); sys.stdin.read()"


@contextmanager
def held(path, mode="r+"):
    """Hold a file open in another process, with HDF5's own locks."""
    environment = {**os.environ, "HDF5_USE_FILE_LOCKING": "TRUE"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": environment}
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path), mode], **pipes) as holder:
        assert holder.stdout.readline() == b"open\n"
        yield
        holder.stdin.close()


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["numbers"] = np.arange(5)
    return tmp_path / "x.h5"


@pytest.mark.parametrize("mode", ["r", "r+"])
def test_a_file_that_another_program_writes_is_held_and_not_damaged(path, mode):
    content = path.read_bytes()
    text = "x.h5 is open in another program that may be writing to it; close it there, then rerun the command$"
    with held(path), pytest.raises(UnreadableFileError, match=text):
        open_hdf5(path, mode)
    assert path.read_bytes() == content
    with open_hdf5(path, mode) as file:
        assert file["numbers"][:].tolist() == [0, 1, 2, 3, 4]


def test_readers_do_not_exclude_each_other(path):
    with held(path, "r"), open_hdf5(path) as file:
        assert len(file["numbers"]) == 5
    with held(path, "r"), pytest.raises(UnreadableFileError):
        open_hdf5(path, "r+")


def test_without_locks_a_held_file_opens(path):
    with held(path, "r+"), without_locks(), open_hdf5(path) as file:
        assert len(file["numbers"]) == 5


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n" + bytes(40)])
def test_other_content_is_damage(path, content):
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"x.h5 is corrupt, or not an HDF5 file \("):
        open_hdf5(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_hdf5(tmp_path / "x.h5")


def failing(monkeypatch, text, number, only=lambda options: True):
    """Make HDF5 fail; h5py finds the error number in the message."""
    real = h5py.File

    def fail(path, mode, **options):
        if only(options):
            raise OSError(number, f"Unable to synchronously open file ({text}, errno = {number})")
        return real(path, mode, **options)

    monkeypatch.setattr(h5py, "File", fail)


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK])
def test_every_number_of_a_held_lock_is_one(path, monkeypatch, number):
    failing(monkeypatch, "unable to lock file", number)
    with pytest.raises(UnreadableFileError, match="is open in another program"):
        open_hdf5(path)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_what_the_system_does_not_read_is_not_damaged(path, monkeypatch, number):
    failing(monkeypatch, "unable to open file", number)
    with pytest.raises(UnreadableFileError) as caught:
        open_hdf5(path)
    assert str(caught.value) == f"{path} cannot be read ({os.strerror(number)}); make it readable, then rerun"


def test_a_file_system_without_locks(path, monkeypatch):
    failing(monkeypatch, "unable to lock file", errno.ENOLCK, lambda options: options.get("locking") is not False)
    for mode in ("r", "r+", "w"):
        with pytest.raises(UnreadableFileError, match=r"x.h5 cannot be locked \(No locks.*--no-locks VERB"):
            open_hdf5(path, mode)
    with without_locks(), open_hdf5(path) as file:
        assert len(file["numbers"]) == 5


def test_hdf5s_own_variable_goes_first(path, monkeypatch):
    failing(monkeypatch, "unable to lock file", errno.ENOLCK)
    monkeypatch.setenv("HDF5_USE_FILE_LOCKING", "TRUE")
    text = "x.h5 cannot be locked, but HDF5_USE_FILE_LOCKING=TRUE requires a lock; unset that variable"
    with without_locks(), pytest.raises(UnreadableFileError, match=text):
        open_hdf5(path)


def test_a_file_that_is_marked_as_open_is_not_damaged(path):
    with h5py.File(path, "w", libver="latest") as file:
        file.swmr_mode = True
        file.flush()
        content = path.read_bytes()
    path.write_bytes(content)  # as its writer leaves it that is killed
    with pytest.raises(UnreadableFileError, match=r"x.h5 is in use \(.*already open.*`h5clear -s .*x.h5` marks it as"):
        open_hdf5(path)


def test_a_file_that_this_process_opened_with_locks_is_not_damaged(path):
    with (
        open_hdf5(path),
        without_locks(),
        pytest.raises(UnreadableFileError, match=r"in use in this process \("),
    ):
        open_hdf5(path)
