import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.utils import make_grid

from dcgan_probe.images import image_grid, read_grid, save_animation, save_grid
from dcgan_probe.runtime import UserError


def pixels(rows=7, channels=3, height=4, width=6):
    return np.random.default_rng(0).integers(0, 256, (rows, channels, height, width), dtype=np.uint8)


@pytest.mark.parametrize("rows", [1, 3, 7])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("padding", [0, 2])
def test_the_grid_is_that_of_torchvision(rows, channels, padding):
    images = pixels(rows, channels)
    expected = make_grid(torch.from_numpy(images), nrow=3, padding=padding, pad_value=255)
    if rows == 1:  # torchvision puts no lines around a single image
        expected = torch.nn.functional.pad(expected, [padding] * 4, value=255)
    np.testing.assert_array_equal(image_grid(images, 3, padding), expected.permute(1, 2, 0))


def test_the_saved_grid_is_a_png_of_the_same_pixels(tmp_path):
    save_grid(tmp_path / "new" / "a.png", pixels(), columns=4)
    with Image.open(tmp_path / "new" / "a.png") as picture:
        assert picture.format == "PNG"
        np.testing.assert_array_equal(np.asarray(picture), image_grid(pixels(), 4))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]


def test_an_animation_shows_every_frame_for_its_time_in_an_endless_loop(tmp_path):
    colors = [(200, 40, 40), (40, 200, 40), (40, 40, 200)]
    frames = [np.full((20, 24, 3), color, np.uint8) for color in (*colors, colors[-1])]
    save_animation(tmp_path / "a.webp", frames, seconds=0.08)
    with Image.open(tmp_path / "a.webp") as animation:
        assert (animation.format, animation.size, animation.info["loop"]) == ("WEBP", (24, 20), 0)
        lasts, shown = [], []
        for frame in range(animation.n_frames):
            animation.seek(frame)
            shown.append(np.asarray(animation.convert("RGB")).astype(int))
            lasts.append(animation.info["duration"])
    assert lasts == [80, 80, 160], "the last two frames are equal"
    for picture, color in zip(shown, colors, strict=True):
        assert np.abs(picture - color).max() < 8
    assert [path.name for path in tmp_path.iterdir()] == ["a.webp"]


def test_a_failure_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(Image.Image, "save", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("broken")))
    with pytest.raises(RuntimeError, match="broken"):
        save_grid(tmp_path / "a.png", pixels(), columns=4)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "images", [np.zeros((2, 3, 4, 4)), np.zeros((2, 4, 4, 3), np.uint8), np.zeros((0, 3, 4, 4), np.uint8)]
)
def test_what_is_not_images_is_refused(images):
    with pytest.raises(UserError, match=r"expected uint8 \(N, 1 or 3, H, W\) with N > 0"):
        image_grid(images, 4)


def test_no_columns_are_refused():
    with pytest.raises(UserError, match="got 0 columns, expected at least 1"):
        image_grid(pixels(), 0)


@pytest.mark.parametrize(("rows", "shown"), [(1, 4), (2, 7), (9, 7)])
def test_the_first_rows_of_a_grid_are_a_grid_of_the_first_images(tmp_path, rows, shown):
    images = pixels(7)
    save_grid(tmp_path / "grid.png", images, columns=4)
    np.testing.assert_array_equal(read_grid(tmp_path / "grid.png", rows, side=4), image_grid(images[:shown], 4))


def test_a_grid_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "grid.png").write_text("text")
    for name in ("grid.png", "none.png"):
        with pytest.raises(UserError, match=f"{name} cannot be read as a picture .*; move it away, then rerun"):
            read_grid(tmp_path / name, 1, 4)
