"""What surrounds the recording; the recording itself needs a GPU and is tested by ``test_gpu_training.py``."""

import pytest
import torch

from dcgan_probe.gan import TrainState
from dcgan_probe.gan.cuda_graphs import warm_up


def batches(count):
    random = torch.Generator().manual_seed(5)
    return [torch.rand((8, 3, 8, 8), generator=random) * 2 - 1 for _ in range(count)]


def flat(state):
    return {name: value.clone() for name, value in state._tensors().items()}


@pytest.mark.parametrize("steps_before", [0, 2])
@pytest.mark.parametrize("updates", ["both", "alternate"])
def test_warming_up_leaves_no_trace(tiny_config, updates, steps_before):
    config = tiny_config(updates=updates, ema=100)
    plain, warmed = (TrainState(config, torch.device("cpu")) for _ in range(2))
    for batch in batches(steps_before):
        plain.step(batch)
        warmed.step(batch)
    inputs = [batches(1)[0], *(warmed._z(purpose) for purpose in ("a", "b")[: 1 if updates == "both" else 2])]
    work = warmed._updates
    warm_up(lambda *given: work(*given), inputs, warmed._tensors)
    plain.step(batches(3)[2])
    warmed.step(batches(3)[2])
    expected, found = flat(plain), flat(warmed)
    assert found.keys() == expected.keys()
    assert any(".optimizer." in name for name in found)
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


def test_warming_up_really_works_on_what_it_puts_back():
    weight, seen = torch.zeros(1), []

    def work(step):
        weight.add_(step)
        seen.append(float(weight))

    warm_up(work, [torch.ones(1)], lambda: {"weight": weight})
    assert (seen, float(weight)) == ([1, 2, 3], 0)
