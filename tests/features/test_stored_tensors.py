import os
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
import torch

from dcgan_probe.features.stored_tensors import load_or_compute
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import explained_disk_errors

NAMES = ("mean", "axes")


def made():
    return {"mean": torch.arange(3.0), "axes": torch.ones(2, 2)}


def never():
    pytest.fail("computed again")


def test_tensors_are_computed_once(tmp_path):
    path = tmp_path / "new" / "x.pt"
    load_or_compute(path, NAMES, made)
    found = load_or_compute(path, NAMES, never)
    assert {name: tensor.tolist() for name, tensor in found.items()} == {
        "mean": [0.0, 1.0, 2.0],
        "axes": [[1.0, 1.0], [1.0, 1.0]],
    }
    assert torch.load(path, weights_only=True)["mean"].tolist() == [0.0, 1.0, 2.0]
    assert sorted(os.listdir(path.parent)) == ["x.pt"]


@pytest.mark.parametrize(
    "foreign",
    [{"mean": torch.zeros(3)}, {**made(), "more": torch.zeros(1)}, {"weight": torch.zeros(1)}, [torch.zeros(1)], "x"],
)
def test_a_file_with_other_content_is_replaced(tmp_path, foreign):
    path = tmp_path / "x.pt"
    torch.save(foreign, path)
    content = path.read_bytes()
    with pytest.warns(UserWarning, match=r"x.pt does not hold axes, mean; the file is renamed to"):
        assert load_or_compute(path, NAMES, made)["mean"].tolist() == [0.0, 1.0, 2.0]
    assert (tmp_path / "x.pt.unreadable").read_bytes() == content
    load_or_compute(path, NAMES, never)


@pytest.mark.parametrize("size", [0, 10, 500])
def test_a_broken_file_is_computed_again(tmp_path, size):
    path = tmp_path / "x.pt"
    load_or_compute(path, NAMES, made)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.warns(UserWarning, match="the file is renamed to"):
        assert load_or_compute(path, NAMES, made)["axes"].shape == (2, 2)
    assert len((tmp_path / "x.pt.unreadable").read_bytes()) == size
    load_or_compute(path, NAMES, never)


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path):
    (tmp_path / "x.pt").mkdir()
    with pytest.raises(UserError, match=r"x\.pt cannot be read \(Is a directory\); make it readable, or move"):
        load_or_compute(tmp_path / "x.pt", NAMES, never)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
def test_a_full_disk_is_a_users_error(tmp_path, monkeypatch):
    @contextmanager
    def on_a_full_disk(path):
        with explained_disk_errors(path):
            yield Path("/dev/full")

    def save(tensors, file, real=torch.save):
        if not isinstance(file, BytesIO):
            raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0")
        real(tensors, file)

    monkeypatch.setattr("dcgan_probe.features.stored_tensors.whole_file", on_a_full_disk)
    monkeypatch.setattr(torch, "save", save)  # how torch reports a full disk, unless only the last bytes are lost
    with pytest.raises(UserError, match=r"the disk is full: .*x\.pt cannot be written; free some space"):
        load_or_compute(tmp_path / "x.pt", NAMES, made)
