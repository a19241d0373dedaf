import numpy as np
import pytest
import torch

from dcgan_probe.gan.batches import BatchStream, Prefetcher, open_batches
from dcgan_probe.runtime import Ranks, UserError

CPU = torch.device("cpu")


def rows_of_passes(stream, rows, batch, passes):
    """Read consecutive batches and cut their rows into passes."""
    positions = range(0, rows * passes, batch)
    return torch.cat([stream.rows(position) for position in positions])[: rows * passes].reshape(passes, rows)


@pytest.mark.parametrize(("rows", "batch"), [(20, 8), (20, 20), (21, 4), (9, 8)])
def test_each_pass_is_a_new_permutation(tiny_images, rows, batch):
    passes = rows_of_passes(BatchStream(tiny_images(rows), batch, 0, CPU), rows, batch, 5)
    assert torch.equal(passes.sort(1).values, torch.arange(rows).expand(5, rows))
    assert len({tuple(order.tolist()) for order in passes}) == 5
    assert tuple(range(rows)) not in {tuple(order.tolist()) for order in passes}


def test_batch_across_two_passes_takes_the_end_and_the_beginning(tiny_images):
    stream = BatchStream(tiny_images(20), 8, 0, CPU)
    first, second = rows_of_passes(stream, 20, 8, 2)
    assert torch.equal(stream.rows(16), torch.cat([first[16:], second[:4]]))
    # A batch need not begin where an earlier one ended.
    assert torch.equal(stream.rows(13), torch.cat([first[13:], second[:1]]))


def test_batch_depends_on_seed_and_position_alone(tiny_images):
    used, other = (BatchStream(tiny_images(20), 8, seed, CPU) for seed in (5, 6))
    for position in (0, 96, 8, 16):
        used.rows(position)
    for position in (0, 16, 40, 104):
        fresh = BatchStream(tiny_images(20), 8, 5, CPU)
        assert torch.equal(fresh.rows(position), used.rows(position))
        assert torch.equal(fresh.batch(position).images, used.batch(position).images)
        assert not torch.equal(other.rows(position), used.rows(position))


def test_images_are_those_of_the_rows(tiny_images):
    images = tiny_images(20)
    stream = BatchStream(images, 8, 0, CPU)
    batch = stream.batch(16).images
    assert np.array_equal(batch.numpy(), images.images[stream.rows(16).numpy()])
    assert batch.dtype == torch.uint8


def test_each_rank_takes_its_own_part_of_the_same_batch(tiny_images):
    whole = BatchStream(tiny_images(20), 8, 0, CPU)
    parts = [BatchStream(tiny_images(20), 8, 0, CPU, Ranks(rank, 4)) for rank in range(4)]
    for position in (0, 16, 40):  # the second spans two passes
        assert torch.equal(torch.cat([part.batch(position).images for part in parts]), whole.batch(position).images)


def test_set_smaller_than_a_batch_is_refused(tiny_images, tiny_config):
    with pytest.raises(UserError) as caught:
        open_batches(tiny_config(), tiny_images(7), CPU)
    assert str(caught.value) == (
        "got 7 training images, expected at least one batch of 8; give more images or a smaller batch"
    )
    assert caught.value.parameter == "batch_size"


def test_batches_prepared_ahead_are_the_same_wherever_one_begins(tiny_images):
    images = tiny_images()
    plain = BatchStream(images, 8, 5, torch.device("cpu"))
    ahead = Prefetcher(BatchStream(images, 8, 5, torch.device("cpu")), 8)
    for position in (0, 8, 16, 24, 0, 40, 48, 8):
        assert torch.equal(ahead.batch(position).images, plain.batch(position).images)


def test_an_error_while_preparing_ahead_is_raised_where_the_batch_is_asked_for():
    class Broken:
        def batch(self, position):
            if position:
                raise OSError("the disk is gone")
            return torch.zeros(1)

    ahead = Prefetcher(Broken(), 8)
    ahead.batch(0)
    with pytest.raises(OSError, match="the disk is gone"):
        ahead.batch(8)
