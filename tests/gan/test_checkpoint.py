import errno
import os
import pickle
import random

import pytest
import torch

from dcgan_probe.gan import TrainState, load_checkpoint, save_checkpoint
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import ChangedFileError

CPU = torch.device("cpu")


def save(path, tiny_config, steps=2):
    state = TrainState(tiny_config(), CPU)
    for number in range(steps):
        state.step(torch.full((8, 3, 8, 8), 0.1 * number))
    save_checkpoint(path, state.state_dict())
    return state


def test_checkpoint_loads_as_plain_data_with_its_five_keys(tmp_path, tiny_config):
    state = save(tmp_path / "checkpoint.pt", tiny_config)
    stored = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert set(stored) == {"discriminator", "generator", "optimizers", "position", "config"}
    assert stored["position"] == 16
    assert stored["config"] == tiny_config().to_dict()
    assert set(stored["optimizers"]) == {"discriminator", "generator"}
    for name, network in (("discriminator", state.discriminator), ("generator", state.generator)):
        assert list(stored[name]) == list(network.state_dict())
        assert all(torch.equal(stored[name][key], tensor) for key, tensor in network.state_dict().items())


def test_loaded_state_makes_the_same_next_step(tmp_path, tiny_config):
    state = save(tmp_path / "checkpoint.pt", tiny_config)
    again = TrainState(tiny_config(), CPU)
    again.load_state_dict(load_checkpoint(tmp_path / "checkpoint.pt"))
    real = torch.linspace(-1, 1, 8 * 3 * 8 * 8).reshape(8, 3, 8, 8)
    state.step(real)
    again.step(real)
    assert same(state.state_dict(), again.state_dict())


def same(first, second):
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    return first == second


def test_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(UserError) as caught:
        load_checkpoint(tmp_path / "checkpoint.pt")
    assert str(caught.value) == (
        f"there is no checkpoint {tmp_path / 'checkpoint.pt'}; train first, or name a run folder that holds one"
    )


def test_truncated_checkpoint_is_named(tmp_path, tiny_config):
    path = tmp_path / "checkpoint.pt"
    save(path, tiny_config, steps=0)
    whole = path.read_bytes()
    for size in (0, 1, 4, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(
            UserError, match=r"checkpoint.pt is corrupt, or not a checkpoint \(.*; restore it from a copy"
        ):
            load_checkpoint(path)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_foreign_bytes_are_named(tmp_path):
    path, draw = tmp_path / "checkpoint.pt", random.Random(0)
    contents = [bytes([first]) + b"hello world\n" for first in range(256)]
    contents += [bytes([first]) for first in range(256)]
    contents += [draw.randbytes(60) for _ in range(100)]
    contents += [b"\x80\x02" + draw.randbytes(20) for _ in range(100)]
    contents += [pickle.dumps(print), b"PK\x03\x04" + bytes(100)]
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(UserError, match="is corrupt, or not a checkpoint"):
            load_checkpoint(path)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_what_the_system_does_not_read_is_not_called_corrupt(tmp_path, tiny_config, monkeypatch, number):
    path = tmp_path / "checkpoint.pt"
    save(path, tiny_config, steps=0)

    def fail(*arguments, **options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(torch, "load", fail)
    with pytest.raises(UserError) as caught:
        load_checkpoint(path)
    assert str(caught.value) == f"{path} cannot be read ({os.strerror(number)}); change its permissions, then rerun"


def test_foreign_torch_file_is_named(tmp_path):
    path = tmp_path / "model.pt"
    torch.save({"discriminator": {}, "position": 0}, path)
    with pytest.raises(UserError) as caught:
        load_checkpoint(path)
    assert str(caught.value) == f"{path} is not a checkpoint of dcgan-probe: missing config, generator, optimizers"
    torch.save([1, 2], path)
    with pytest.raises(UserError, match="missing config, discriminator, generator, optimizers, position"):
        load_checkpoint(path)


def test_full_disk_keeps_the_checkpoint_before(tmp_path, tiny_config, monkeypatch):
    path = tmp_path / "checkpoint.pt"
    save(path, tiny_config, steps=1)

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(UserError, match=f"the disk is full: {path} cannot be written"):
        save(path, tiny_config, steps=2)
    assert load_checkpoint(path)["position"] == 8
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_checkpoint_that_is_written_while_it_is_read_is_refused(tmp_path, tiny_config, monkeypatch):
    path, load = tmp_path / "checkpoint.pt", torch.load
    save(path, tiny_config, steps=1)

    def reading(change):
        def read(file, **how):
            stored = load(file, **how)
            change()
            return stored

        return read

    monkeypatch.setattr(torch, "load", reading(lambda: save(path, tiny_config, steps=2)))  # a new file, by another run
    assert load_checkpoint(path)["position"] == 8
    monkeypatch.setattr(torch, "load", reading(lambda: path.write_bytes(b"PK")))
    with pytest.raises(ChangedFileError, match=r"checkpoint.pt changed while it was read"):
        load_checkpoint(path)
