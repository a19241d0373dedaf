import struct
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from dcgan_probe.images import load_images
from dcgan_probe.images.decoding import find_channels, read_image
from dcgan_probe.images.eight_bit import Reading, to_eight_bits
from dcgan_probe.images.streams import UnreadableImageError
from dcgan_probe.runtime import Notice, UserError


def write_deep_png(path, values, color_type):
    """Write uint16 (H, W, channels) as a PNG of 16 bits per channel, which Pillow cannot write in color."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, color_type, 0, 0, 0)
    content = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)


def read(path, **settings):
    """Return the pixels of a file with the remarks on it."""
    remarks = Counter()
    return np.asarray(read_image(path, Reading(**settings), remarks)), dict(remarks)


@pytest.mark.parametrize(("background", "color"), [("white", (255, 255, 255)), ("#204060", (32, 64, 96))])
def test_transparent_pixels_are_composited_on_the_stated_color(tmp_path, background, color):
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0] = [(200, 100, 50, 255), (200, 100, 50, 0), (200, 100, 50, 51)]
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found, remarks = read(tmp_path / "a.png", background=background)
    over = np.array([200, 100, 50])
    np.testing.assert_array_equal(found[0, :2], [over, color])
    np.testing.assert_allclose(found[0, 2], 0.2 * over + 0.8 * np.array(color), atol=1)
    assert remarks == {f"with transparent pixels, composited on {background}": 1}


def test_opaque_pixels_are_kept_without_a_remark(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (4, 5, 4), dtype=np.uint8)
    noise[:, :, 3] = 255
    Image.fromarray(noise).save(tmp_path / "a.png")
    found, remarks = read(tmp_path / "a.png")
    np.testing.assert_array_equal(found, noise[:, :, :3])
    assert not remarks


def test_transparency_of_a_palette_is_composited(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.save(tmp_path / "a.png", transparency=1)
    found, remarks = read(tmp_path / "a.png", background="red")
    np.testing.assert_array_equal(found, [[(10, 20, 30), (255, 0, 0)]])
    assert remarks == {"with transparent pixels, composited on red": 1}


def test_loading_says_how_many_images_were_transparent(tmp_path):
    for name, opacity in (("a", 0), ("b", 255), ("c", 10)):
        Image.fromarray(np.full((2, 2, 4), opacity, np.uint8)).save(tmp_path / f"{name}.png")
    with pytest.warns(Notice, match="2 images with transparent pixels, composited on white"):
        images = load_images(f"{tmp_path}/", "train")
    assert images.images[0].min() == 255


@pytest.mark.parametrize(
    ("palette", "channels"), [([9, 9, 9, 200, 200, 200, 1, 2, 3], 1), ([9, 9, 9, 200, 200, 201], 3)]
)
def test_a_palette_is_gray_if_the_colors_in_use_are(tmp_path, palette, channels):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette(palette)
    image.save(tmp_path / "a.png")
    assert find_channels([tmp_path / "a.png"], Reading()) == channels
    found, _ = read(tmp_path / "a.png")
    assert found.ndim == (2 if channels == 1 else 3)
    assert found[0, 0].max() == 9


def test_a_colored_background_gives_transparent_greys_colors(tmp_path):
    Image.fromarray(np.zeros((2, 2, 2), np.uint8)).save(tmp_path / "a.png")
    assert find_channels([tmp_path / "a.png"], Reading()) == 1
    assert find_channels([tmp_path / "a.png"], Reading(background="red")) == 3
    np.testing.assert_array_equal(read(tmp_path / "a.png", background="red")[0][0, 0], [255, 0, 0])
    assert read(tmp_path / "a.png", background="gray")[0].tolist() == [[128, 128], [128, 128]]


def test_sixteen_bits_are_scaled_where_that_is_asked_for(tmp_path):
    values = np.array([[0, 128, 257, 40_000, 65_535]], np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    found, remarks = read(tmp_path / "a.png", depth="scale")
    np.testing.assert_array_equal(found, [[0, 0, 1, 156, 255]])
    assert remarks == {"with 0 to 65535 mapped to 0 to 255": 1}
    with pytest.raises(UserError, match=r"mode I;16, values 0 to 65535\), expected 8; .* `depth=scale` .* `depth="):
        read(tmp_path / "a.png")
    with pytest.raises(UserError, match="got values from 0 to 65535, expected 0 to 4095; set another `depth="):
        read(tmp_path / "a.png", depth=(0.0, 4095.0))


def test_other_deep_images_need_a_range(tmp_path):
    Image.fromarray(np.array([[-1.0, 0.0, 1.0]], np.float32)).save(tmp_path / "a.tiff")
    np.testing.assert_array_equal(read(tmp_path / "a.tiff", depth=(-1.0, 1.0))[0], [[0, 128, 255]])
    Image.fromarray(np.array([[0, 70_000]], np.int32)).save(tmp_path / "b.tiff")
    with pytest.raises(UserError, match=r"values 0 to 70000\), expected 8; make a copy with `dcgan-probe prepare`"):
        read(tmp_path / "b.tiff", depth="scale")


@pytest.mark.parametrize(("color_type", "channels"), [(2, 3), (6, 4), (4, 2)])
def test_sixteen_bits_a_color_are_said(tmp_path, color_type, channels):
    values = np.random.default_rng(0).integers(0, 65_536, (3, 4, channels)).astype(np.uint16)
    if channels in (2, 4):
        values[:, :, -1] = 65_535
    write_deep_png(tmp_path / "a.png", values, color_type)
    found, remarks = read(tmp_path / "a.png")
    expected = values[:, :, 0] if channels == 2 else values[:, :, :3]
    np.testing.assert_array_equal(found, expected >> 8)
    assert remarks == {"of 16 bits a color, read by their high bytes": 1}


def test_the_first_of_several_frames_is_taken_and_said(tmp_path):
    frames = [Image.fromarray(np.full((2, 2), value, np.uint8)) for value in (10, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    found, remarks = read(tmp_path / "a.gif")
    assert found.max() == 10
    assert remarks == {"of several frames, the first taken": 1}


def test_a_file_without_permission_is_unreadable(tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", denied)
    with pytest.raises(UnreadableImageError, match=r"a\.png cannot be read as an image \(Permission denied\)"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize(("background", "depth"), [("no color", None), ("#ffffff80", None), ("white", (1.0, 1.0))])
def test_settings_that_mean_nothing_are_refused(background, depth):
    with pytest.raises(UserError, match=r"got the (background|depth) "):
        Reading(background=background, depth=depth)


def test_numbers_outside_of_the_range_are_no_pixels():
    for values in ([0.0, 1.1], [np.nan], [-0.1]):
        with pytest.raises(ValueError, match="expected 0 to 1"):
            to_eight_bits(np.array(values), 0.0, 1.0)
