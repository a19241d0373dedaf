import numpy as np
import pytest
import torch

from dcgan_probe.deduplication.autoencoder import Encoder, kept_encoder, sample_pictures, train_encoder
from dcgan_probe.deduplication.views import INPUTS, to_pictures, whole_inputs
from dcgan_probe.images import ImageSet
from dcgan_probe.runtime import UserError


def test_it_learns_to_reconstruct(photographs):
    """Three images span three dimensions, which a code of 128 units can hold whatever is dropped."""
    images = photographs(3)
    short, long = (train_encoder(images, "whole", images_seen=256 * steps, seed=0).loss for steps in (1, 80))
    assert short > 0.9
    assert long < 0.4  # the mean of all 80 steps


def test_a_seed_gives_one_encoder(photographs):
    images = photographs(10)
    first, same, other = (train_encoder(images, "detail", images_seen=512, seed=seed) for seed in (1, 1, 2))
    torch.testing.assert_close(first.weight, same.weight, atol=0, rtol=0)
    assert (first.weight - other.weight).abs().max() > 1e-3


def test_bits_are_on_where_units_are():
    weight, bias = torch.zeros(128, INPUTS), torch.linspace(-1.0, 1.0, 128)
    encoder = Encoder(weight, bias, "whole", 0.0)
    bits = np.unpackbits(encoder.hashes(torch.zeros(2, INPUTS)), axis=1)
    assert bits.tolist() == [[0] * 64 + [1] * 64] * 2


def test_a_set_is_hashed_row_by_row(photographs, monkeypatch):
    images = photographs(9)
    encoder = train_encoder(images, "whole", images_seen=256, seed=0)
    told = []
    hashes = encoder.hash_set(images, told.append)
    assert told == [9]
    code = whole_inputs(to_pictures(images.images)).numpy() @ encoder.weight.numpy().T + encoder.bias.numpy()
    np.testing.assert_array_equal(np.unpackbits(hashes, axis=1), code > 0)


@pytest.mark.slow
def test_an_encoder_is_kept_for_the_same_images_and_settings(photographs, tmp_path):
    images, told = photographs(10), []

    def again(images=images, read="detail", images_seen=512, seed=0):
        told.clear()
        return kept_encoder(tmp_path, images, read, images_seen=images_seen, seed=seed, progress=told.append)

    first = again()
    assert told == [256, 512]
    second = again()
    assert told == []
    torch.testing.assert_close(first.weight, second.weight, atol=0, rtol=0)
    assert (first.read, first.loss) == (second.read, second.loss)
    for change in ({"images": photographs(10, seed=1)}, {"read": "whole"}, {"images_seen": 256}, {"seed": 1}):
        again(**change)
        assert told


def test_a_damaged_file_is_named(photographs, tmp_path):
    images = photographs(4)
    kept_encoder(tmp_path, images, "whole", images_seen=256, seed=0)
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(b"broken")
    with pytest.raises(UserError, match="corrupt, or not a file of arrays; move it away"):
        kept_encoder(tmp_path, images, "whole", images_seen=256, seed=0)


def test_one_image_is_refused():
    one = ImageSet(np.zeros((1, 3, 32, 32), np.uint8), None, "one", "train", "")
    with pytest.raises(UserError, match="got 1 image, expected at least two"):
        train_encoder(one, "whole", images_seen=256, seed=0)


def test_a_large_set_is_sampled_without_repeating(photographs, monkeypatch):
    monkeypatch.setattr("dcgan_probe.deduplication.autoencoder.MOST_ROWS", 6)
    images = photographs(30)
    drawn = sample_pictures(images, 0).numpy()
    rows = [np.flatnonzero((images.images == picture).all((1, 2, 3)))[0] for picture in drawn]
    assert len(rows) == len(set(rows)) == 6
    assert drawn.dtype == np.uint8
