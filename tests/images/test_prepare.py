import importlib
import os
import tracemalloc

import h5py
import numpy as np
import pytest
from PIL import Image

from dcgan_probe.images import RESAMPLES, load_images, prepare
from dcgan_probe.runtime import Notice, UserError
from dcgan_probe.storage import ChangedFileError, open_image_file, write_image_file

module = importlib.import_module("dcgan_probe.images.prepare")  # the package gives the function by that name


def draw(path, seed=0, size=(30, 20), mode="RGB"):
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    noise = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise).save(path)


def reference(path, size):
    """Resize the shorter side and crop the center, step by step with Pillow."""
    with Image.open(path) as picture:
        width, height = picture.size
        if width < height:
            resized = picture.resize((size, round(height * size / width)), Image.LANCZOS)
        else:
            resized = picture.resize((round(width * size / height), size), Image.LANCZOS)
        left, top = (resized.width - size) // 2, (resized.height - size) // 2
        return np.asarray(resized.crop((left, top, left + size, top + size)))


@pytest.mark.parametrize("size", [(30, 20), (20, 31), (8, 8), (16, 8), (5, 3), (97, 8)])
def test_the_shorter_side_is_resized_and_the_middle_kept(tmp_path, size):
    draw(tmp_path / "in" / "a.png", size=size)
    assert prepare(str(tmp_path / "in"), "train", 8, tmp_path / "x_train.h5") == 1
    with h5py.File(tmp_path / "x_train.h5") as file:
        np.testing.assert_array_equal(file["images"][0], reference(tmp_path / "in" / "a.png", 8))


def prepared(source, path, size, **settings):
    """Prepare a source; return the images, int64 (N, size, size, channels), and the filter of the file."""
    prepare(str(source), "train", size, path, **settings)
    file = open_image_file(path)
    return file.images[:].transpose(0, 2, 3, 1).astype(int), file.resample


@pytest.mark.parametrize(("side", "size"), [(64, 32), (32, 8)])
def test_box_is_the_rounded_mean_of_each_block(tmp_path, side, size):
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    (tmp_path / "in").mkdir()
    Image.fromarray(noise).save(tmp_path / "in" / "a.png")
    images, resample = prepared(tmp_path / "in", tmp_path / "x.h5", size, resample="box")
    means = noise.reshape(size, side // size, size, side // size, 3).mean(axis=(1, 3))
    np.testing.assert_array_equal(images[0], np.floor(means + 0.5))
    assert resample == "box"


@pytest.mark.parametrize("resample", ["lanczos", "bicubic"])
def test_the_sharper_filters_overshoot_at_an_edge_and_box_does_not(tmp_path, resample):
    step = np.full((64, 64), 50, np.uint8)
    step[:, 32:] = 200
    (tmp_path / "in").mkdir()
    Image.fromarray(step).save(tmp_path / "in" / "a.png")
    box, _ = prepared(tmp_path / "in", tmp_path / "box.h5", 32, resample="box")
    sharp, recorded = prepared(tmp_path / "in", tmp_path / "sharp.h5", 32, resample=resample)
    assert set(np.unique(box)) == {50, 200}
    assert sharp.min() < 50 < 200 < sharp.max()
    assert recorded == resample


def test_the_three_filters_differ_and_lanczos_is_the_default(tmp_path):
    draw(tmp_path / "in" / "a.png")
    results = {
        resample: prepared(tmp_path / "in", tmp_path / f"{resample}.h5", 8, resample=resample) for resample in RESAMPLES
    }
    assert {name: recorded for name, (_, recorded) in results.items()} == {name: name for name in RESAMPLES}
    assert len({images.tobytes() for images, _ in results.values()}) == 3
    default, recorded = prepared(tmp_path / "in", tmp_path / "default.h5", 8)
    np.testing.assert_array_equal(default, results["lanczos"][0])
    assert recorded == "lanczos"


@pytest.mark.parametrize("size", [(8, 8), (13, 8)])
def test_images_that_are_not_resized_record_no_filter(tmp_path, size):
    draw(tmp_path / "in" / "a.png", size=size)
    assert prepared(tmp_path / "in", tmp_path / "one.h5", 8, resample="box")[1] == ""
    draw(tmp_path / "in" / "b.png", size=(16, 16))
    assert prepared(tmp_path / "in", tmp_path / "two.h5", 8, resample="box")[1] == "box"


def test_a_tree_becomes_a_labeled_set_found_by_its_name(tmp_path):
    for seed, name in enumerate(
        ["train/cat/1.png", "train/dog/2.png", "train/dog/3.png", "test/cat/4.png", "test/dog/5.png"]
    ):
        draw(tmp_path / "pets" / name, seed, size=(30 + seed, 20))
    calls = []
    for split in ("train", "test"):
        prepare(
            str(tmp_path / "pets"), split, 8, tmp_path / f"pets_{split}.h5", progress=lambda *count: calls.append(count)
        )
    assert calls == [(3, 3), (2, 2)]
    train, test = (load_images("pets", split, data_dir=tmp_path) for split in ("train", "test"))
    np.testing.assert_array_equal(train.labels, [0, 1, 1])
    assert (len(test), test.split, test.class_names) == (2, "test", ("cat", "dog"))
    with h5py.File(tmp_path / "pets_train.h5") as file:
        assert (file.attrs["name"], file.attrs["split"]) == ("pets", "train")
        assert file.attrs["source"] == f"{tmp_path / 'pets' / 'train'}, shorter side to 8, middle square"


def test_images_stream_in_blocks(tmp_path, monkeypatch):
    for index in range(10):
        draw(tmp_path / "in" / f"{index}.png", index)
    monkeypatch.setattr(module, "BLOCK_BYTES", 3 * 3 * 8 * 8)
    calls = []
    prepare(str(tmp_path / "in"), "train", 8, tmp_path / "x.h5", progress=lambda *count: calls.append(count))
    assert calls == [(3, 10), (6, 10), (9, 10), (10, 10)]
    images = load_images(str(tmp_path / "x.h5"), "train").images
    for index in range(10):
        np.testing.assert_array_equal(
            images[:][index].transpose(1, 2, 0), reference(tmp_path / "in" / f"{index}.png", 8)
        )


def test_memory_does_not_grow_with_the_set(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_BYTES", 1 << 16)
    peaks = []
    for rows in (200, 600):
        with h5py.File(tmp_path / f"{rows}.h5", "w") as file:
            file.create_dataset("images", (rows, 32, 32, 3), np.uint8, chunks=(16, 32, 32, 3))
        tracemalloc.start()
        prepare(str(tmp_path / f"{rows}.h5"), "train", 16, tmp_path / f"{rows}-16.h5")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 600 * 16 * 16 * 3


def test_a_file_of_the_right_size_is_copied_unchanged(tmp_path):
    prepare("glyphs:40", "train", 32, tmp_path / "g_train.h5", data_dir=tmp_path)
    drawn, stored = load_images("glyphs:40", "train", data_dir=tmp_path), load_images("g", "train", data_dir=tmp_path)
    assert stored.fingerprint == drawn.fingerprint
    assert stored.class_names == drawn.class_names


def test_rows_of_a_file_keep_their_labels_when_resized(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_BYTES", 7 * 3 * 32 * 32)
    prepare("glyphs:40", "train", 32, tmp_path / "g_train.h5", data_dir=tmp_path)
    prepare("g", "train", 16, tmp_path / "h_train.h5", data_dir=tmp_path)
    drawn, small = load_images("glyphs:40", "train", data_dir=tmp_path), load_images("h", "train", data_dir=tmp_path)
    np.testing.assert_array_equal(small.labels, drawn.labels)
    np.testing.assert_array_equal(small.attributes["left"], drawn.attributes["left"])
    whole = Image.fromarray(drawn.images[33].transpose(1, 2, 0)).resize((16, 16), Image.LANCZOS)
    np.testing.assert_array_equal(small.images[:][33].transpose(1, 2, 0), np.asarray(whole))


@pytest.mark.parametrize(
    ("modes", "channels", "expected"),
    [("LL", None, 1), ("RGB", None, 3), ("mixed", None, 3), ("LL", 3, 3), ("RGB", 1, 1), ("mixed", 1, 1)],
)
def test_channels_are_kept_or_converted(tmp_path, modes, channels, expected):
    draw(tmp_path / "in" / "a.png", mode="L" if modes != "RGB" else "RGB", size=(8, 8))
    draw(tmp_path / "in" / "b.png", mode="L" if modes == "LL" else "RGB", size=(8, 8))
    prepare(str(tmp_path / "in"), "train", 8, tmp_path / "x.h5", channels=channels)
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["images"].shape == (2, 8, 8, expected)
        with Image.open(tmp_path / "in" / "b.png") as picture:
            converted = np.asarray(picture.convert("L" if expected == 1 else "RGB")).reshape(8, 8, expected)
        np.testing.assert_array_equal(file["images"][1], converted)


def test_an_unreadable_image_leaves_no_file(tmp_path):
    draw(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.png").write_bytes((tmp_path / "in" / "a.png").read_bytes()[:200])
    with pytest.raises(UserError, match=r"b\.png cannot be read as an image"):
        prepare(str(tmp_path / "in"), "train", 8, tmp_path / "out" / "x.h5")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("skip", [True, False])
def test_unreadable_images_are_left_out_and_counted_or_all_named(tmp_path, skip):
    for index in range(8):
        draw(tmp_path / "in" / "ab"[index % 2] / f"{index}.png", index, size=(8, 8))
    for name in ("a/2.png", "b/7.png"):
        (tmp_path / "in" / name).write_bytes((tmp_path / "in" / name).read_bytes()[:100])
    if not skip:
        with pytest.raises(UserError, match=r"2 of 8 images cannot be read: .*a/2\.png \(.*b/7\.png \("):
            prepare(str(tmp_path / "in"), "train", 8, tmp_path / "x.h5")
        return
    assert prepare(str(tmp_path / "in"), "train", 8, tmp_path / "x.h5", skip_unreadable=True) == 6
    file = open_image_file(tmp_path / "x.h5")
    assert (file.unreadable, file.labels.tolist()) == (2, [0, 0, 0, 1, 1, 1])
    assert file.source == f"{tmp_path / 'in'}, shorter side to 8, middle square; 2 that could not be read left out"
    with Image.open(tmp_path / "in" / "a" / "4.png") as picture:
        np.testing.assert_array_equal(file.images[:][1].transpose(1, 2, 0), np.asarray(picture))


def test_a_folder_of_nothing_readable_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").touch()
    with pytest.raises(UserError, match="none of the 1 images can be read"):
        prepare(str(tmp_path / "in"), "train", 8, tmp_path / "x.h5", skip_unreadable=True)


def test_deep_and_transparent_images_are_counted_in_the_source(tmp_path):
    (tmp_path / "in").mkdir()
    Image.fromarray(np.full((8, 8), 65_535, np.uint16)).save(tmp_path / "in" / "a.png")
    Image.fromarray(np.zeros((8, 8, 4), np.uint8)).save(tmp_path / "in" / "b.png")
    done = "1 image with 0 to 65535 mapped to 0 to 255; 1 image with transparent pixels, composited on black"
    with pytest.warns(Notice, match=done):
        prepare(str(tmp_path / "in"), "train", 8, tmp_path / "x.h5", depth="scale", background="black")
    file = open_image_file(tmp_path / "x.h5")
    assert file.source.endswith(f"middle square; {done}")
    assert [file.images[:][row].max() for row in (0, 1)] == [255, 0]
    assert "unreadable" not in h5py.File(tmp_path / "x.h5").attrs


def test_the_source_is_not_overwritten(tmp_path):
    prepare("glyphs:40", "train", 32, tmp_path / "g_train.h5", data_dir=tmp_path)
    with pytest.raises(UserError, match=r"g_train\.h5 is the source itself; choose another file to write"):
        prepare("g", "train", 16, tmp_path / "g_train.h5", data_dir=tmp_path)
    assert load_images("g", "train", data_dir=tmp_path).height == 32


@pytest.mark.parametrize(
    ("change", "option", "message"),
    [
        ({"size": 0}, "size", "got size 0, expected at least 1 pixel"),
        ({"channels": 4}, "channels", "got 4 channels, expected 1 or 3"),
        ({"background": "none"}, "background", "got the background 'none', expected a color such as white"),
        ({"depth": (1.0, 0.0)}, "depth", r"got the depth \(1.0, 0.0\), expected two increasing numbers"),
        ({"resample": "mean"}, "resample", "got the filter 'mean', expected one of lanczos, box, bicubic"),
        ({"path": "x.npz"}, "out", r"got the file name x\.npz, expected one that ends in \.h5"),
        ({"path": "x_test.h5"}, "out", r"got the file name x_test\.h5 for the train split, expected \*_train\.h5"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tmp_path, change, option, message):
    settings = {"size": 8, "path": "x.h5"} | change
    size, path = settings.pop("size"), tmp_path / settings.pop("path")
    with pytest.raises(UserError, match=message) as error:
        prepare("glyphs:5", "train", size, path, **settings)
    assert error.value.parameter == option


def changed_file(tmp_path):
    """Return a source of one file, and a function that truncates the file within its images."""
    pixels = np.full((40, 3, 8, 8), 200, np.uint8)
    write_image_file(tmp_path / "a_train.h5", [(pixels, None)], rows=40, name="a", split="train", source="")
    return tmp_path / "a_train.h5", lambda: os.truncate(tmp_path / "a_train.h5", 4000)


def changed_picture(tmp_path):
    draw(tmp_path / "in" / "a.png", 0)
    draw(tmp_path / "in" / "b.png", 1)
    return tmp_path / "in", lambda: draw(tmp_path / "in" / "a.png", 2, size=(40, 40))


def added_picture(tmp_path):
    source, _ = changed_picture(tmp_path)
    return source, lambda: draw(tmp_path / "in" / "c.png", 2)


def removed_picture(tmp_path):
    source, _ = changed_picture(tmp_path)
    return source, (tmp_path / "in" / "a.png").unlink


@pytest.mark.parametrize("make", [changed_file, changed_picture, added_picture, removed_picture])
def test_a_source_that_changes_meanwhile_gives_no_file(tmp_path, monkeypatch, make):
    source, change = make(tmp_path)
    monkeypatch.setattr(module, "BLOCK_BYTES", 8 * 8 * 3)  # a block an image
    with pytest.raises(ChangedFileError, match=r"(changed while it was read|can no longer be read).*; rerun the com"):
        prepare(str(source), "train", 8, tmp_path / "x_train.h5", progress=lambda done, rows: done == 1 and change())
    assert not list(tmp_path.glob("*x_train*"))


def test_a_folder_that_changes_while_it_is_loaded_is_refused(tmp_path, monkeypatch):
    source, change = changed_picture(tmp_path)
    read, calls = importlib.import_module("dcgan_probe.images.folders").read_image, []

    def reading(path, *settings):
        calls.append(path)
        if len(calls) == 2:
            change()
        return read(path, *settings)

    monkeypatch.setattr("dcgan_probe.images.folders.read_image", reading)
    with pytest.raises(ChangedFileError, match=r"a.png changed while it was read"):
        load_images(str(source), "train")


@pytest.mark.parametrize("skip", [False, True])
def test_all_images_are_reported_only_when_the_file_is_whole(tmp_path, skip):
    for number in range(200):
        draw(tmp_path / "in" / f"{number:03}.png", size=(4, 4))
    (tmp_path / "in" / "150.png").write_bytes(b"no image")
    path, calls = tmp_path / "x.h5", []

    def progress(done, rows):
        calls.append((done, rows))
        assert done < rows or path.exists()

    if skip:
        assert prepare(str(tmp_path / "in"), "train", 4, path, skip_unreadable=True, progress=progress) == 199
        assert calls == [(100, 200), (199, 199)]
        return
    with pytest.raises(UserError, match=r"150\.png"):
        prepare(str(tmp_path / "in"), "train", 4, path, progress=progress)
    assert (200, 200) not in calls
