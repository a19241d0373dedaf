"""What surrounds the recording is tested everywhere; the recording itself where there is a GPU."""

import pytest
import torch

from dcgan_probe.gan import TrainState
from dcgan_probe.gan.cuda_graphs import Recorded, warm_up
from dcgan_probe.runtime import convolution_kernels, resolve_device


def batches(count, device="cpu"):
    random = torch.Generator().manual_seed(5)
    return [(torch.rand((8, 3, 8, 8), generator=random) * 2 - 1).to(device) for _ in range(count)]


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


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("updates", ["both", "alternate"])
@pytest.mark.parametrize("classes", [0, 3])
def test_a_recorded_step_is_the_plain_step(tiny_config, updates, precision, classes):
    device = resolve_device("cuda")
    config = tiny_config(updates=updates, precision=precision, ema=100, classes=classes)
    plain, recorded = TrainState(config, device), TrainState(config, device)
    plain._updates = plain._both if updates == "both" else plain._alternate
    assert isinstance(recorded._updates, Recorded)
    with convolution_kernels(device, deterministic=True):
        for number, batch in enumerate(batches(4, device)):
            labels = (torch.arange(8, device=device) + number) % 3 if classes else None
            expected, found = plain.step(batch, labels), recorded.step(batch, labels)
            torch.testing.assert_close(found.d_loss, expected.d_loss, rtol=1e-3, atol=1e-4)
    expected = flat(plain)
    for name, value in flat(recorded).items():
        torch.testing.assert_close(value, expected[name], rtol=1e-2, atol=1e-3, msg=name)
