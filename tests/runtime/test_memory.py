import resource
import sys

import numpy as np
import pytest
import torch

from dcgan_probe.runtime import available_memory, is_out_of_memory, memory as memory_module, memory_in_use

MB = 1 << 20


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Return a function that writes the groups of this process and the files of each group's folder."""
    roots = {"v1": tmp_path / "memory", "v2": tmp_path, "both": tmp_path / "unified"}
    monkeypatch.setattr(memory_module, "GROUPS", roots)
    monkeypatch.setattr(memory_module, "MEMBERSHIP", tmp_path / "of-this-process")

    def write(membership, **folders):
        (tmp_path / "of-this-process").write_text(membership)
        for path, files in folders.items():
            folder = tmp_path / path.replace("__", "/")
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                (folder / name).write_text(f"{text}\n")

    return write


def v2(limit, used=0, cached=0):
    stat = f"anon {used - cached}\ninactive_file {cached}"
    return {"memory.max": limit, "memory.current": used, "memory.stat": stat}


def v1(limit, used=0, cached=0):
    stat = f"cache {cached}\ntotal_inactive_file {cached}"
    return {"memory.limit_in_bytes": limit, "memory.usage_in_bytes": used, "memory.stat": stat}


def test_without_a_limit_it_is_the_machines(groups):
    groups("0::/job", job=v2("max", 50 * MB))
    with open("/proc/meminfo") as file:
        expected = next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    assert available_memory() == pytest.approx(expected, rel=0.2)  # other processes come and go


def test_a_group_of_version_2_leaves_its_limit_less_its_use(groups):
    groups("0::/job/step", job__step=v2(90 * MB, 50 * MB))
    assert available_memory() == 40 * MB


def test_cached_files_that_can_be_let_go_are_not_in_use(groups):
    groups("0::/job", job=v2(90 * MB, 50 * MB, cached=20 * MB))
    assert available_memory() == 60 * MB


def test_a_group_around_it_may_leave_less(groups):
    groups("0::/user/job", user=v2(70 * MB, 60 * MB), user__job=v2(90 * MB, 50 * MB))
    assert available_memory() == 10 * MB


def test_a_group_of_version_1(groups):
    membership = "9:name=systemd:/\n4:cpu,memory:/slurm/job\n2:cpuset:/other\n0::/"
    groups(membership, memory__slurm__job=v1(90 * MB, 50 * MB, cached=1 * MB), memory=v1(2**63 - 4096, 500 * MB))
    assert available_memory() == 41 * MB


@pytest.mark.parametrize("path", ["/docker/0123", "/../../other"])
def test_a_container_sees_its_own_group_as_the_first(groups, path):
    groups(f"4:memory:{path}", memory=v1(90 * MB, 50 * MB))
    assert available_memory() == 40 * MB


def test_more_use_than_the_limit_leaves_nothing(groups):
    groups("0::/job", job=v2(90 * MB, 95 * MB))
    assert available_memory() == 0


def test_the_address_space_may_leave_less(groups, new_process, tmp_path):
    code = """
import resource
from dcgan_probe.runtime import available_memory
with open("/proc/self/statm") as file:
    size = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (100 << 20), resource.RLIM_INFINITY))
open(out, "w").write(str(available_memory()))
"""
    process = new_process(code, out=str(tmp_path / "out"))
    process.join(60)
    assert int((tmp_path / "out").read_text()) == pytest.approx(100 * MB, rel=0.1)


def test_other_systems_tell_less(groups, monkeypatch):
    groups("")
    real = open

    def without_proc(path, *arguments, **options):
        if str(path).startswith("/proc"):
            raise FileNotFoundError(path)
        return real(path, *arguments, **options)

    monkeypatch.setattr("builtins.open", without_proc)
    assert MB < available_memory() < sys.maxsize  # all pages, as on macOS
    assert memory_in_use() == 0
    monkeypatch.delattr(memory_module.os, "sysconf")  # as on Windows
    monkeypatch.setattr(memory_module, "resource", None)
    assert available_memory() == sys.maxsize
    monkeypatch.setattr(memory_module, "resource", resource)


TOO_MUCH = (lambda: np.empty(1 << 60, np.uint8), lambda: torch.empty(1 << 60, dtype=torch.uint8), lambda: [0] * 2**59)


@pytest.mark.parametrize("allocate", TOO_MUCH)
def test_what_asks_for_too_much_is_out_of_memory(allocate):
    with pytest.raises((MemoryError, RuntimeError)) as caught:
        allocate()
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize("error", [ValueError("out of memory"), RuntimeError("sizes differ"), KeyboardInterrupt()])
def test_other_errors_are_not(error):
    assert not is_out_of_memory(error)


def test_errors_of_a_gpu_and_of_the_system_are():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    assert is_out_of_memory(OSError(12, "Cannot allocate memory"))
    assert is_out_of_memory(ImportError("libtorch_cpu.so: failed to map segment from shared object"))
    assert not is_out_of_memory(ImportError("No module named 'torch'"))
