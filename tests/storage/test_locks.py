import errno
import fcntl
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from dcgan_probe.runtime import Notice, UserError
from dcgan_probe.storage import NO_LOCKS, locked, locks as locks_module, remove_stale_locks, without_locks


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


def try_lock(folder):
    return subprocess.run([sys.executable, "-c", TRY, str(folder / ".x.lock")], capture_output=True, text=True)


def test_lock_waits_for_another_process(tmp_path):
    path = tmp_path / "shared"
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(tmp_path / ".shared.lock")]) as child:
        while not path.with_suffix(".held").exists():
            assert child.poll() is None
            time.sleep(0.01)
        with locked(path):
            assert path.read_text() == "from the child"
        assert child.wait() == 0


def test_a_long_wait_for_a_lock_is_said(tmp_path, monkeypatch):
    path = tmp_path / "shared"
    monkeypatch.setattr(locks_module, "SILENT_SECONDS", 0.0)
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(tmp_path / ".shared.lock")]) as child:
        while not path.with_suffix(".held").exists():
            assert child.poll() is None
            time.sleep(0.01)
        with pytest.warns(Notice, match=rf"waiting for another process, which is working on {path}"), locked(path):
            assert path.read_text() == "from the child"
        assert child.wait() == 0


def test_locks_of_killed_processes_are_removed_and_held_ones_stay(tmp_path):
    (tmp_path / ".killed.lock").touch()
    (tmp_path / "other").touch()
    with locked(tmp_path / "held"):
        remove_stale_locks(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == [".held.lock", "other"]
    remove_stale_locks(tmp_path / "missing")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_lock_keeps_another_process_out(tmp_path):
    with locked(tmp_path / "x"):
        assert "BlockingIOError" in try_lock(tmp_path).stderr
    assert try_lock(tmp_path).returncode == 0


def test_lock_that_does_not_wait_names_what_is_taken(tmp_path):
    text = f"another process is working on {tmp_path / 'x'}; wait until it ends, or choose another name"
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


def test_nothing_is_left_of_a_lock(tmp_path):
    with locked(tmp_path / "runs" / "a" / "x"):
        assert os.listdir(tmp_path / "runs" / "a") == [".x.lock"]
    assert os.listdir(tmp_path) == []
    (tmp_path / "kept").mkdir()
    with locked(tmp_path / "kept" / "new" / "x"):
        pass
    with locked(tmp_path / "full" / "x"):
        (tmp_path / "full" / "x").touch()
    assert sorted(os.listdir(tmp_path)) == ["full", "kept"]
    assert os.listdir(tmp_path / "kept") == []
    assert os.listdir(tmp_path / "full") == ["x"]


def test_a_refused_lock_leaves_that_of_the_other_process(tmp_path):
    with locked(tmp_path / "new" / "x"):
        with pytest.raises(UserError, match="another process"), locked(tmp_path / "new" / "x", wait=False):
            pass
        assert os.listdir(tmp_path / "new") == [".x.lock"]
    assert os.listdir(tmp_path) == []


HOLD = """
import pathlib, time
from dcgan_probe.storage import locked
log = pathlib.Path(log)
for _ in range(20):
    with locked(path):
        with open(log, "a") as file:
            file.write("in ")
        time.sleep(0.002)
        with open(log, "a") as file:
            file.write("out ")
"""


def test_locks_that_come_and_go_are_held_by_one_process_at_a_time(tmp_path, new_process):
    path, log = tmp_path / "folder" / "x", tmp_path / "log"
    processes = [new_process(HOLD, path=str(path), log=str(log)) for _ in range(3)]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert log.read_text().split() == ["in", "out"] * 60
    assert not list(tmp_path.glob("folder/.*"))


def fail_with(number):
    def flock(*arguments):
        raise OSError(number, os.strerror(number))

    return flock


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_told_with_the_way_on(tmp_path, monkeypatch, number):
    monkeypatch.delenv(NO_LOCKS, raising=False)
    monkeypatch.setattr(fcntl, "flock", fail_with(number))
    path = tmp_path / "run" / "x"
    with pytest.raises(UserError) as caught, locked(path):
        pass
    assert str(caught.value) == (
        f"{path} cannot be locked ({os.strerror(number)}): its file system has no locks. Disable locks with "
        "`dcgan-probe --no-locks VERB ...` or DCGAN_PROBE_NO_LOCKS=1; two commands must then not write to the same "
        "run, results or features at the same time"
    )
    assert os.listdir(tmp_path) == []
    with without_locks(), locked(path):
        assert os.listdir(tmp_path / "run") == []
    assert os.listdir(tmp_path) == []
    assert NO_LOCKS not in os.environ


@pytest.mark.parametrize(("text", "locks"), [("1", 0), ("yes", 0), ("0", 1), ("off", 1), ("", 1), ("False", 1)])
def test_the_environment_asks_for_no_locks(tmp_path, monkeypatch, text, locks):
    monkeypatch.setenv(NO_LOCKS, text)
    with locked(tmp_path / "x"):
        assert len(os.listdir(tmp_path)) == locks
        with without_locks(), locked(tmp_path / "x", wait=False):  # would be refused
            pass
    assert os.environ[NO_LOCKS] == text


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK])
def test_every_number_of_a_held_lock_is_one(tmp_path, monkeypatch, number):
    monkeypatch.setattr(fcntl, "flock", fail_with(number))
    with pytest.raises(UserError, match="another process is working on"), locked(tmp_path / "x", wait=False):
        pass


def windows(monkeypatch):
    """Emulate Windows' module for locks on this system."""
    flock = fcntl.flock

    def locking(handle, mode, size):
        assert size == 1
        try:
            flock(handle, {"lock": fcntl.LOCK_EX | fcntl.LOCK_NB, "unlock": fcntl.LOCK_UN}[mode])
        except BlockingIOError as error:
            raise PermissionError(errno.EACCES, "Permission denied") from error

    monkeypatch.setattr(locks_module, "fcntl", None)
    monkeypatch.setattr(
        locks_module, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK="lock", LK_UNLCK="unlock"), raising=False
    )


def test_windows_locks_keep_another_process_out(tmp_path, monkeypatch):
    windows(monkeypatch)
    with locked(tmp_path / "x"):
        with pytest.raises(UserError, match="another process is working on"), locked(tmp_path / "x", wait=False):
            pass
        assert "BlockingIOError" in try_lock(tmp_path).stderr
    assert os.listdir(tmp_path) == []


def test_windows_locks_are_waited_for(tmp_path, monkeypatch):
    windows(monkeypatch)
    path = tmp_path / "shared"
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(tmp_path / ".shared.lock")]) as child:
        while not path.with_suffix(".held").exists():
            assert child.poll() is None
            time.sleep(0.01)
        with locked(path):
            assert path.read_text() == "from the child"


def test_a_system_without_either_module_locks_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(locks_module, "fcntl", None)
    monkeypatch.setattr(locks_module, "msvcrt", None)
    with locked(tmp_path / "new" / "x"):
        assert os.listdir(tmp_path / "new") == []
    assert os.listdir(tmp_path) == []
