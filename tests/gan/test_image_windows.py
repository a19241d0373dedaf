"""Windows of shuffled blocks: every image once a pass, well mixed, bounded, and the same wherever training begins."""

import itertools
import os

import numpy as np
import pytest
import torch

from dcgan_probe.gan import choose_window, image_windows, load_checkpoint, train
from dcgan_probe.gan.batches import WindowStream, open_batches
from dcgan_probe.gan.image_windows import Window, WindowOrder, WindowReader
from dcgan_probe.images import ImageSet, load_images
from dcgan_probe.runtime import Ranks, UserError
from dcgan_probe.storage import ChangedFileError, write_image_file

CPU = torch.device("cpu")
BATCH, WINDOW = 100, 512


@pytest.fixture
def stored(tmp_path):
    """Return a set of 1,300 images on disk, five blocks and a short one, whose pixels tell the row."""
    rows = np.arange(1300)
    pixels = np.zeros((1300, 3, 2, 2), np.uint8)
    pixels[:, 0, 0, 0], pixels[:, 1, 1, 0] = rows % 256, rows // 256
    write_image_file(
        tmp_path / "rows.h5", [(pixels, None)], rows=1300, name="rows", split="train", source="made by a test"
    )
    return load_images(str(tmp_path / "rows.h5"), "train")


def stream_of(images, seed=0, ranks=None):
    return WindowStream(images, BATCH, WINDOW, seed, CPU, *([ranks] if ranks else []))


def rows_of(batch):
    """Read the rows from a batch's pixels."""
    pixels = batch.long()
    return pixels[:, 0, 0, 0] + 256 * pixels[:, 1, 1, 0]


@pytest.mark.parametrize(("rows", "window", "block"), [(1300, 512, 256), (20, 8, 4), (21, 8, 4), (9, 12, 4), (8, 4, 4)])
def test_windows_of_a_pass_hold_every_row_once_and_lie_end_to_end(rows, window, block):
    order, position, passes = WindowOrder(rows, window, 3, block), 0, []
    while position < 5 * rows:
        here, offset = order.find(position)
        assert offset == 0
        numbers = order.rows(here)
        assert len(numbers) <= window
        assert len({number // block for number in numbers.tolist()}) <= window // block
        for step in range(len(numbers)):
            assert order.find(position + step) == (here, step)
        passes += [(here.number, numbers)]
        position += len(numbers)
        assert order.find(position)[0] == order.after(here)
    for number in range(5):
        found = torch.cat([numbers for each, numbers in passes if each == number])
        assert torch.equal(found.sort().values, torch.arange(rows))
    assert not torch.equal(passes[0][1], torch.sort(passes[0][1]).values)


def test_passes_and_seeds_differ():
    order = WindowOrder(1300, WINDOW, 0)
    first = order.rows(Window(0, 0))
    assert not torch.equal(first, order.rows(Window(1, 0)))
    assert not torch.equal(first, WindowOrder(1300, WINDOW, 1).rows(Window(0, 0)))
    assert torch.equal(first, order.rows(Window(0, 0)))


def test_batches_are_the_rows_from_the_file(stored):
    stream = stream_of(stored)
    found = torch.cat([rows_of(stream.batch(position).images) for position in range(0, 2600, BATCH)])
    assert torch.equal(found, torch.cat([stream.rows(position) for position in range(0, 2600, BATCH)]))
    assert torch.equal(found.reshape(2, 1300).sort(1).values, torch.arange(1300).expand(2, 1300))


def test_batch_depends_on_seed_and_position_alone(stored):
    used = stream_of(stored)
    for position in (1200, 0, 500, 2400):  # across windows and passes, back and forth
        batch = used.batch(position).images
        assert torch.equal(batch, stream_of(stored).batch(position).images)
        assert not torch.equal(batch, stream_of(stored, seed=1).batch(position).images)
        assert batch.dtype == torch.uint8


def test_each_rank_takes_its_own_part(stored):
    whole, parts = stream_of(stored), [stream_of(stored, 0, Ranks(rank, 2)) for rank in range(2)]
    for position in (0, 500, 1250):
        assert torch.equal(torch.cat([part.batch(position).images for part in parts]), whole.batch(position).images)


def test_no_more_than_the_window_in_use_and_the_next_are_held(stored):
    order = WindowOrder(len(stored), WINDOW, 0)
    reader, window = WindowReader(stored, order, WINDOW), Window(0, 0)
    for _ in range(7):
        assert torch.equal(reader.pixels(window), torch.from_numpy(stored.images[order.rows(window).numpy()]))
        assert set(reader._reads) == {window, order.after(window)}
        window = order.after(window)


def test_set_sorted_by_class_comes_mixed():
    """A window of 64 of 1,000 blocks, one class each of 100: batches hold about as many classes as random rows."""
    order = WindowOrder(256_000, 64 * 256, 0)
    rows = order.rows(Window(0, 0))
    classes = [len(set((batch // 2560).tolist())) for batch in rows.split(128)]
    # 64 blocks of 100 classes, drawn without replacement, cover 48 on average; 128 rows of them about 43.
    assert 35 < np.mean(classes) < 50


def test_windows_that_memory_has_no_room_for_are_refused(stored, monkeypatch):
    monkeypatch.setattr(image_windows, "available_memory", lambda: 18_431)
    with pytest.raises(UserError) as caught:
        stream_of(stored)
    assert str(caught.value).startswith("reading rows in windows of 512 images needs about ")
    assert str(caught.value).endswith("; use a smaller `window`")
    assert caught.value.parameter == "window"
    monkeypatch.setattr(image_windows, "available_memory", lambda: 18_432)  # three windows of 512 images of 12 bytes
    stream_of(stored)


def test_window_is_chosen_where_the_set_does_not_fit(stored, monkeypatch):
    size = 1300 * 12
    for available, copies, expected in [(2 * size + 1, 1, 0), (2 * size, 1, 65_536), (2 * size + 1, 2, 65_536)]:
        monkeypatch.setattr(image_windows, "available_memory", lambda available=available: available)
        assert choose_window(stored, copies) == expected
    in_memory = ImageSet(np.zeros((9, 3, 2, 2), np.uint8), None, "tiny", "train", "made by a test")
    assert choose_window(in_memory) == 0


def test_config_decides_how_images_are_read(stored, tiny_config):
    assert isinstance(open_batches(tiny_config(window=256), stored, CPU), WindowStream)
    assert not isinstance(open_batches(tiny_config(), stored, CPU), WindowStream)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window": 100}, "got a window of 100 images, expected a multiple of 256, the rows read together"),
        ({"window": 256, "batch_size": 300}, "got a window of 256 images, expected at least one batch of 300"),
    ],
)
def test_windows_that_cannot_be_are_refused(tiny_config, changes, message):
    with pytest.raises(UserError) as caught:
        tiny_config(**changes)
    assert (str(caught.value), caught.value.parameter) == (message, "window")


@pytest.mark.slow
def test_run_in_windows_goes_on_exactly(tmp_path, tiny_config, tiny_images):
    config, images = tiny_config(window=256, batch_size=50, images=1500), tiny_images(600)

    def session(folder, stop_after=0):
        steps = itertools.count(1)
        outcome = train(config, images, tmp_path / folder, device=CPU, should_stop=lambda: next(steps) == stop_after)
        return outcome, load_checkpoint(tmp_path / folder / "checkpoint.pt")["discriminator"]

    _, straight = session("straight")
    assert session("halves", stop_after=13)[0] == "interrupted"  # within the second pass
    outcome, again = session("halves")
    assert outcome == "finished"
    assert all(torch.equal(again[name], straight[name]) for name in straight)


def test_a_window_of_a_file_that_has_changed_is_not_given(stored):
    stream = stream_of(stored)
    stream.batch(0)
    stream.require_unchanged()
    os.truncate(stored.images.path, 5000)
    for read in (stream.require_unchanged, lambda: [stream.batch(position) for position in range(0, 2600, BATCH)]):
        with pytest.raises(ChangedFileError, match=r"rows.h5 changed while it was read \(from 29,304"):
            read()


def test_a_file_that_changes_in_training_leaves_the_last_good_checkpoint(tmp_path, tiny_config, tiny_images):
    images = tiny_images(600)
    path = tmp_path / "x_train.h5"
    write_image_file(path, [(images.images, None)], rows=600, name="x", split="train", source="")
    steps = itertools.count(1)

    def cut_in_the_second_pass():
        if next(steps) == 13:
            os.truncate(path, 5000)
        return False

    config = tiny_config(window=256, batch_size=50, images=900)  # 18 steps: an end before the next window
    with pytest.raises(ChangedFileError, match=r"x_train.h5 changed while it was read"):
        train(config, load_images(str(path), "train"), tmp_path / "run", device=CPU, should_stop=cut_in_the_second_pass)
    assert load_checkpoint(tmp_path / "run" / "checkpoint.pt")["position"] < 650
