"""Collective operations of ranks, in two or three processes over gloo."""

import signal

import numpy as np
import pytest
import torch

from dcgan_probe.runtime import ALONE, Ranks, UserError, joined_ranks, rank_device

DEADLINE = 120  # seconds; the machine may be busy


def finish(processes):
    for process in processes:
        process.join(DEADLINE)
    return [process.exitcode for process in processes]


def test_one_rank_does_everything_itself(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined_ranks(torch.device("cpu")) as ranks:
        assert ranks is ALONE
    values = torch.tensor([1.0, 3.0])
    ranks.average([values])
    assert values.tolist() == [1, 3]
    assert ranks.agree(True, False) == (True, False)
    assert ranks.from_first(lambda: 5) == ranks.after_first(lambda: 5) == 5
    assert [block.item() for block in ranks.in_order(lambda item: np.full((1, 1), item), (3, 1, 2))] == [3, 1, 2]


def test_parts_are_a_batch_once():
    rows = np.arange(12)
    assert np.concatenate([rows[Ranks(rank, 3).part(12)] for rank in range(3)]).tolist() == rows.tolist()


def test_ranks_that_do_not_divide_a_batch_are_refused():
    with pytest.raises(UserError) as caught:
        Ranks(0, 3).part(128)
    assert str(caught.value) == (
        "got a batch of 128 for 3 ranks, expected a multiple of 3: the batch size is the total over all ranks"
    )
    assert caught.value.parameter == "batch_size"


TOGETHER = """
import time
import numpy as np
from pathlib import Path
from dcgan_probe.runtime import FirstRankError, UserError

with joined_ranks(CPU) as ranks:
    last = torch.full((4, 1, 1, 5), 10.0 * rank).to(memory_format=torch.channels_last)
    mean = [torch.full((2, 3), float(rank)), last]
    ranks.average(mean)
    assert [value.unique().tolist() for value in mean] == [[1], [10]]  # of 0, 1, 2 and 0, 10, 20
    assert [value.shape for value in mean] == [(2, 3), (4, 1, 1, 5)]
    assert ranks.agree(rank == 1, False, True) == (True, False, True)

    assert ranks.from_first(lambda: ("made at", ranks.rank)) == ("made at", 0)
    expected = UserError if ranks.first else FirstRankError
    try:
        ranks.from_first(lambda: (_ for _ in ()).throw(UserError("no such thing", parameter="thing")))
    except UserError as error:
        assert (type(error), str(error), error.parameter) == (expected, "no such thing", "thing")
    else:
        raise AssertionError

    def download():
        found = Path(folder, "file").exists()
        if ranks.first:
            time.sleep(0.2)
            Path(folder, "file").touch()
        return found

    assert ranks.after_first(download) == (not ranks.first)

    did = []

    def work(item):
        did.append(item)
        return np.full((item % 3 + 1, 2), item, np.float32)

    items = range(5, 15)
    if ranks.first:
        blocks = list(ranks.in_order(work, items))
        assert [block[0, 0] for block in blocks] == list(items)
        assert [block.shape for block in blocks] == [(item % 3 + 1, 2) for item in items]
    else:
        ranks.assist(work)
    assert did == list(items[rank::3])
"""


def test_three_ranks_together(rank_processes, tmp_path):
    assert finish(rank_processes(TOGETHER, size=3, folder=str(tmp_path))) == [0, 0, 0]


LOST = """
import signal, sys
from pathlib import Path
from dcgan_probe.runtime import UserError

with joined_ranks(CPU) as ranks:
    assert ranks.agree(True) == (True,)
    if rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        ranks.agree(False)
    except UserError as error:
        Path(told_to).write_text(str(error))
        sys.exit(7)
"""


def test_rank_that_was_killed_is_noticed_at_once(rank_processes, tmp_path):
    path = tmp_path / "message"
    assert finish(rank_processes(LOST, told_to=str(path))) == [7, -signal.SIGKILL]
    message = path.read_text()
    assert message.startswith("rank 0 of 2 cannot reach the other ranks (")
    assert message.endswith(
        "): one of them has ended or was killed, so this rank ends too. Saved files are kept; rerun the command to "
        "resume, on any number of ranks."
    )


@pytest.fixture
def second_of_two(monkeypatch):
    for name, value in {"RANK": 1, "LOCAL_RANK": 1, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2}.items():
        monkeypatch.setenv(name, str(value))


def test_each_rank_has_the_gpu_of_its_number(second_of_two, monkeypatch):
    chosen = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    assert rank_device("auto") == rank_device("cuda") == torch.device("cuda", 1)
    assert chosen == [1, 1]
    assert rank_device("cpu") == torch.device("cpu")


def test_ranks_without_a_gpu_of_their_own_are_refused(second_of_two, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError) as caught:
        rank_device("auto")
    assert str(caught.value) == (
        "this machine has 1 GPUs for 2 ranks; start torchrun with --nproc-per-node 1, or use `device=cpu`"
    )
    with pytest.raises(UserError) as caught:
        rank_device("cuda:0")
    assert str(caught.value) == (
        "got device 'cuda:0' for 2 ranks, expected auto, cpu or cuda: each rank uses a different GPU"
    )
    assert caught.value.parameter == "device"
