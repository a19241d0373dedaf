import numpy as np
import pytest
import torch

from dcgan_probe.storage import fingerprint_blocks, fingerprint_settings, fingerprint_tensors


def cut(array, rows):
    return (array[start : start + rows] for start in range(0, len(array), rows))


def test_blocks_of_any_size_give_the_same_hash():
    array = np.arange(7 * 3 * 2, dtype=np.uint8).reshape(7, 3, 2)
    labels = np.arange(7)
    hashes = {fingerprint_blocks(array.shape, cut(array, rows), labels) for rows in (1, 2, 3, 7, 100)}
    assert len(hashes) == 1
    # The order of the bytes in memory does not matter.
    turned = np.asfortranarray(array)
    assert hashes == {fingerprint_blocks(array.shape, [turned], labels)}


def test_every_difference_changes_the_hash_of_blocks():
    array, labels = np.arange(24, dtype=np.uint8).reshape(4, 3, 2), np.arange(4)
    pixel, label = array.copy(), labels.copy()
    pixel[3, 2, 1] += 1
    label[0] = 3
    cases = [
        (array, (labels,)),
        (pixel, (labels,)),
        (array, (label,)),
        (array, (None,)),
        (array, ()),
        (array[::-1], (labels,)),
        (array.reshape(4, 2, 3), (labels,)),
        (array, (labels.astype(np.int32),)),
    ]
    assert len({fingerprint_blocks(blocks.shape, [blocks], *others) for blocks, others in cases}) == len(cases)


def weights():
    random = torch.Generator().manual_seed(0)
    return {"a.weight": torch.randn(2, 3, 4, 4, generator=random), "count": torch.tensor(5), "b": torch.zeros(3)}


def test_tensors_are_hashed_by_content_alone():
    base = fingerprint_tensors(weights())
    assert base == fingerprint_tensors(dict(reversed(weights().items())))
    other_layout = weights()
    other_layout["a.weight"] = other_layout["a.weight"].to(memory_format=torch.channels_last).requires_grad_()
    assert base == fingerprint_tensors(other_layout)


@pytest.mark.parametrize(
    "change",
    [
        {"a.weight": torch.zeros(2, 3, 4, 4)},
        {"count": torch.tensor(6)},
        {"count": torch.tensor(5, dtype=torch.int32)},
        {"b": torch.zeros(1, 3)},
        {"b": torch.zeros(3, dtype=torch.int32)},  # the same bytes
        {"b": torch.tensor([0.0, 0.0, 1e-45])},
        {"b": torch.zeros(3).to(torch.bfloat16)},
        {"c": torch.zeros(3)},
    ],
)
def test_every_difference_changes_the_hash_of_tensors(change):
    assert fingerprint_tensors({**weights(), **change}) != fingerprint_tensors(weights())


def test_name_of_a_tensor_matters():
    assert fingerprint_tensors({"a": torch.zeros(3)}) != fingerprint_tensors({"b": torch.zeros(3)})


def test_settings_are_hashed_whatever_their_order():
    settings = {"layers": ["conv1", "conv2"], "grid": 4, "inner": {"a": 1, "b": 2}}
    turned = {"inner": {"b": 2, "a": 1}, "grid": 4, "layers": ["conv1", "conv2"]}
    assert fingerprint_settings(settings) == fingerprint_settings(turned)
    for change in ({"grid": "4"}, {"grid": 5}, {"layers": ["conv2", "conv1"]}, {"inner": {"a": 1}}, {"more": None}):
        assert fingerprint_settings({**settings, **change}) != fingerprint_settings(settings)
    assert fingerprint_settings(settings) == "6e1f3f01e2a80ea3"  # written down once: kept files are found by it
