import inspect
import math
import os
import platform
import resource
import subprocess
import sys

import numpy as np
import pytest
import torch

from dcgan_probe.runtime import (
    UserError,
    convolution_kernels,
    derive_seed,
    describe_device,
    freed_memory_kept,
    memory_in_use,
    numpy_generator,
    resolve_device,
    resolve_precision,
    torch_generator,
    untried_kernels,
    versions,
)

CPU = torch.device("cpu")


def test_derived_seeds_never_change():
    # Written down once: another value would silently change every run and every draw.
    assert derive_seed(0) == 3456079177858693020
    assert derive_seed(0, "svhn-1000", "report", 7) == 130673701676724748
    assert derive_seed(12345, "z", "both", 128_000) == 632955143168012259


def test_different_purposes_give_different_seeds():
    purposes = [(), ("a",), ("b",), ("a", "b"), ("b", "a"), ("ab",), ("a", 1), ("a", "1"), (1,), ("1",), ("a", 11)]
    seeds = {derive_seed(seed, *purpose) for seed in (0, 1, 10, 11) for purpose in purposes}
    assert len(seeds) == 4 * len(purposes)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_an_integer_of_numpy_names_the_same_purpose():
    assert derive_seed(np.int64(4), "draw", np.int64(7)) == derive_seed(4, "draw", 7)


def test_streams_of_neighboring_seeds_are_uncorrelated():
    draws = np.stack([numpy_generator(0, "draw", number).standard_normal(4000) for number in range(20)])
    correlation = np.corrcoef(draws)[np.triu_indices(20, 1)]
    assert np.abs(correlation).max() < 5 / math.sqrt(4000)


def test_generators_repeat_and_leave_the_global_state_alone():
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = torch.rand(5, generator=torch_generator(1, "a"))
    assert torch.equal(first, torch.rand(5, generator=torch_generator(1, "a")))
    assert not torch.equal(first, torch.rand(5, generator=torch_generator(1, "b")))
    assert np.array_equal(numpy_generator(1, "a").random(5), numpy_generator(1, "a").random(5))
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])


def test_auto_takes_cuda_then_mps_then_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device("auto") == resolve_device("cpu") == CPU
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == resolve_device("mps") == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert resolve_device("auto") == torch.device("cuda", 1)


@pytest.mark.parametrize("name", ["gpu", "", "cpu:", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "mps:0", "cuda:0:1"])
def test_unknown_device_is_refused(name):
    with pytest.raises(UserError) as caught:
        resolve_device(name)
    assert str(caught.value) == f"unknown device {name!r}: expected auto, cpu, cuda, cuda:N or mps"
    assert caught.value.parameter == "device"


def test_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name, kind in [("cuda", "cuda"), ("cuda:0", "cuda"), ("mps", "mps")]:
        with pytest.raises(UserError) as caught:
            resolve_device(name)
        assert str(caught.value) == (
            f"device {name!r} is not available: this machine has no {kind} device; use auto or cpu"
        )
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(UserError, match="'cuda:2' is not available: this machine has 2 cuda devices"):
        resolve_device("cuda:2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError, match="'cuda:1' is not available: this machine has 1 cuda device;"):
        resolve_device("cuda:1")


@pytest.mark.parametrize("name", ["auto", "cuda", "cuda:0"])
def test_cublas_is_ready_for_the_same_bits_before_its_first_product(monkeypatch, name):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")  # so that what is set here is taken back
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    resolve_device("cpu")
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    resolve_device(name)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    resolve_device(name)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


def test_precision_is_bfloat16_on_cuda_only(monkeypatch):
    assert resolve_precision("auto", CPU) == "float32"
    assert resolve_precision("bfloat16", CPU) == "bfloat16"
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: not including_emulation)
    assert resolve_precision("auto", torch.device("cuda")) == "bfloat16"
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: including_emulation)
    assert resolve_precision("auto", torch.device("cuda")) == "float32"
    with pytest.raises(UserError) as caught:
        resolve_precision("float16", CPU)
    assert str(caught.value) == "unknown precision 'float16': expected one of auto, float32, bfloat16"
    assert caught.value.parameter == "precision"


def test_user_error_is_a_value_error_with_the_name_of_the_setting():
    assert isinstance(UserError("text"), ValueError)
    assert UserError("text").parameter is None
    assert UserError("text", parameter="grid").parameter == "grid"


def test_versions_and_machine_are_told():
    found = versions()
    assert found["torch"] == torch.__version__.partition("+")[0] or found["torch"] == torch.__version__
    assert {"python", "dcgan-probe", "numpy", "h5py"} <= set(found)
    assert describe_device(CPU).startswith("cpu (")
    assert memory_in_use() >= 0


@pytest.mark.parametrize("deterministic", [False, True])
def test_kernels_of_a_gpu_are_chosen_within_the_block_alone(monkeypatch, deterministic):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")  # so that what is set here is taken back
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    before, filling = torch.backends.cudnn.benchmark, torch.utils.deterministic
    with convolution_kernels(torch.device("cpu"), deterministic=deterministic):
        assert torch.backends.cudnn.benchmark == before
    with convolution_kernels(torch.device("cuda"), deterministic=deterministic):
        assert torch.backends.cudnn.benchmark is not deterministic
        assert torch.are_deterministic_algorithms_enabled() is deterministic
        assert filling.fill_uninitialized_memory is False
        with untried_kernels():
            assert torch.backends.cudnn.benchmark is False
        assert torch.backends.cudnn.benchmark is not deterministic
        assert ("CUBLAS_WORKSPACE_CONFIG" in os.environ) is deterministic
    assert torch.backends.cudnn.benchmark == before
    assert not torch.are_deterministic_algorithms_enabled()
    assert filling.fill_uninitialized_memory is True


def page_faults() -> int:
    """Count page faults of ten allocations of memory larger than the heap usually keeps, each filled and freed."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.zeros(20_000_000).fill_(1.0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


MEASURED = f"""
import resource
import torch
from dcgan_probe.runtime import freed_memory_kept, memory_in_use

{inspect.getsource(page_faults)}

usual = page_faults()
with freed_memory_kept():
    page_faults()
    kept, held = page_faults(), memory_in_use()
print(usual, kept, held, memory_in_use())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's allocator")
def test_freed_memory_is_kept_inside_and_given_back_after():
    # In a process of its own: where something lies behind the heap of this one, it cannot grow.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run([sys.executable, "-c", MEASURED], env=environment, capture_output=True, text=True, check=True)
    usual, kept, held, after = map(int, done.stdout.split())
    assert kept < 0.2 * usual
    assert after < held - 40_000_000


def test_an_allocator_set_by_the_user_is_left_alone(monkeypatch):
    def fail(_):
        raise AssertionError("the C library was asked for")

    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")
    monkeypatch.setattr("dcgan_probe.runtime.memory.ctypes.CDLL", fail)
    with freed_memory_kept():
        assert page_faults() > 0
