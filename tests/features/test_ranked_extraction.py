"""Extraction and batch-norm statistics at two ranks: the bytes of a single process, and each row computed once."""

import h5py
import numpy as np
import pytest
import torch

from dcgan_probe.features import DiscriminatorEncoder, EncoderOrigin, cached_features, real_statistics
from dcgan_probe.networks import build_discriminator
from dcgan_probe.runtime import single_thread

CPU = torch.device("cpu")
DEADLINE = 120  # seconds; the machine may be busy

EXTRACT = """
import signal
import numpy as np
from pathlib import Path
from dcgan_probe.features import DiscriminatorEncoder, EncoderOrigin, cached_features, real_statistics
from dcgan_probe.gan import TrainConfig
from dcgan_probe.images import ImageSet
from dcgan_probe.networks import build_discriminator

class Noted(DiscriminatorEncoder):
    def encode(self, images):
        starts.extend(np.flatnonzero((pixels == images[0]).all((1, 2, 3))).tolist())
        if len(starts) == dies_at.get(rank):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(images)

starts = []
with joined_ranks(CPU) as ranks:
    images = ImageSet(pixels, np.arange(len(pixels)) % 3, "tiny", "train", "made by a test")
    network = build_discriminator(TrainConfig.from_dict(settings).network, 0)
    statistics = real_statistics(network, images, CPU, ranks=ranks)
    encoder = Noted(network, EncoderOrigin("dcgan", "tiny", "tiny", 20, 160, "", 3), statistics=statistics, grid=2,
                    device=CPU)
    encoder.batch = 32
    found, present = cached_features(encoder, images, folder, ranks=ranks)
    assert len(found) == len(pixels)  # the file is there for every rank
    torch.save((statistics, starts, present, str(found.file.path)), f"{folder}/{rank}.pt")
"""


@pytest.fixture
def images(tiny_images):
    return tiny_images(1100)


@pytest.fixture
def by_ranks(rank_processes, tiny_config, images, tmp_path):
    """Return a function that extracts at ``size`` ranks: statistics, encoded starts, presence and path for each."""

    def run(size=2, codes=(0,), dies_at=None):
        names = {"settings": tiny_config().to_dict(), "pixels": images.images, "folder": str(tmp_path)}
        processes = rank_processes(EXTRACT, size=size, **names, dies_at=dies_at or {})
        for process in processes:
            process.join(DEADLINE)
        assert {process.exitcode for process in processes} == set(codes)
        return [torch.load(tmp_path / f"{rank}.pt") for rank in range(size)] if codes == (0,) else None

    return run


@pytest.fixture
def alone(tiny_config, images, tmp_path):
    """Return the statistics and features of one process."""
    with single_thread():
        network = build_discriminator(tiny_config().network, 0)
        statistics = real_statistics(network, images, CPU)
        origin = EncoderOrigin("dcgan", "tiny", "tiny", 20, 160, "", 3)
        encoder = DiscriminatorEncoder(network, origin, statistics=statistics, grid=2, device=CPU)
        encoder.batch = 32
        return statistics, cached_features(encoder, images, tmp_path / "alone")[0]


def contents(path):
    with h5py.File(path) as file:
        return {name: file[name][()].tobytes() for name in file}, dict(file.attrs)


@pytest.mark.parametrize("size", [2, 3])
def test_ranks_write_what_one_process_writes(by_ranks, alone, size):
    statistics, features = alone
    told = by_ranks(size)
    for found, _, present, path in told:
        assert not present
        assert contents(path) == contents(features.file.path)
        for name, tensors in statistics.items():
            assert all(torch.equal(*pair) for pair in zip(found[name], tensors, strict=True))
    starts = [start for _, each, _, _ in told for start in each]
    assert sorted(starts) == list(range(0, 1100, 32))
    assert [each for _, each, _, _ in told] == [list(range(32 * rank, 1100, 32 * size)) for rank in range(size)]


def test_killed_extraction_resumes_on_another_number_of_ranks(by_ranks, alone, tmp_path):
    by_ranks(2, codes=(1, -9), dies_at={1: 5})
    (part,) = tmp_path.glob("*.h5.part")
    with h5py.File(part) as file:
        done = int(file["rows"][()])
    assert done in (8 * 32, 9 * 32)  # rank 1 was killed in its fifth block; rank 0 may have written its block
    (_, starts, present, path), *_ = told = by_ranks(3)
    assert not present
    assert contents(path) == contents(alone[1].file.path)
    assert sorted(start for _, each, _, _ in told for start in each) == list(range(done, 1100, 32))
    assert starts[0] == done
    assert np.isfinite(alone[1].load()).all()


def test_existing_features_are_found_by_all_ranks(by_ranks):
    by_ranks()
    assert [(starts, present) for _, starts, present, _ in by_ranks()] == [([], True), ([], True)]
