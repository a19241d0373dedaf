import numpy as np
import pytest
from PIL import Image

from dcgan_probe.images import load_images
from dcgan_probe.images.annotations import read_annotations
from dcgan_probe.runtime import Notice, UserError


def draw(root, *names):
    for value, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4), value, np.uint8)).save(root / name)


def load(path, split="train"):
    with pytest.warns(Notice) as notices:
        images = load_images(f"{path}/", split)
    said = " ".join(str(each.message) for each in notices)
    assert "labels are read from" in said
    return images.labels.tolist(), images.class_names, said


@pytest.mark.parametrize(
    "table",
    [
        "file,label\nb.png,cat\na.png,dog\nc.png,dog\n",
        "a.png,dog\nb.png,cat\nc.png,dog\n",
        "\ufeffid;breed\r\na;dog\r\nb;cat\r\nc;dog\r\n",
        ",width,image_id,label\n0,4,a.png,dog\n1,4,./b.png,cat\n2,4,c.png,dog\n",
        'path\tlabel\n"a.png"\tdog\nb.png\tcat\nc.png\tdog\n',
    ],
)
@pytest.mark.parametrize("place", ["D", "."])
def test_a_table_gives_the_labels_of_a_flat_folder(tmp_path, table, place):
    draw(tmp_path / "D", "a.png", "b.png", "c.png")
    (tmp_path / place / "labels.csv").write_text(table, encoding="utf-8")
    labels, names, said = load(tmp_path / "D")
    assert (labels, names) == ([1, 0, 1], ("cat", "dog"))
    assert "skipped" not in said


def test_numbers_are_sorted_as_numbers(tmp_path):
    draw(tmp_path, "a.png", "b.png", "c.png")
    (tmp_path / "labels.csv").write_text("a.png,10\nb.png,9\nc.png,0\n")
    assert load(tmp_path)[:2] == ([2, 1, 0], ("0", "9", "10"))


def test_both_splits_share_a_table_beside_them(tmp_path):
    draw(tmp_path, "train/a.png", "train/b.png", "test/c.png", "test/d.png")
    (tmp_path / "labels.csv").write_text("file,class\na.png,cat\nb.png,dog\nc.png,dog\nd.png,cat\n")
    assert load(tmp_path)[:2] == ([0, 1], ("cat", "dog"))
    assert load(tmp_path, "test")[:2] == ([1, 0], ("cat", "dog"))


def test_tiny_imagenet_as_it_is_published(tmp_path):
    draw(tmp_path, *(f"train/{name}/images/{name}_{row}.JPEG" for name in ("n01", "n02") for row in (0, 1)))
    (tmp_path / "train" / "n01" / "n01_boxes.txt").write_text("n01_0.JPEG\t0\t0\t1\t1\n")
    draw(tmp_path, "val/images/val_0.JPEG", "val/images/val_1.JPEG", "test/images/test_0.JPEG")
    boxes = "val_0.JPEG\tn02\t0\t32\t44\t62\nval_1.JPEG\tn01\t52\t55\t57\t59\n"
    (tmp_path / "val" / "val_annotations.txt").write_text(boxes)
    with pytest.warns(Notice, match=r"1 entry is skipped: n01/n01_boxes.txt"):
        train = load_images(f"{tmp_path}/", "train")
    assert (train.labels.tolist(), train.class_names) == ([0, 0, 1, 1], ("n01", "n02"))
    labels, names, said = load(tmp_path, "test")
    assert (labels, names) == ([1, 0], ("n01", "n02"))
    assert "test has no labels, so" in said
    assert "val is the test split" in said


def test_a_table_that_lacks_images_is_refused(tmp_path):
    draw(tmp_path, "a.png", "b.png", "c.png")
    (tmp_path / "labels.csv").write_text("a.png,cat\nb.png,\n")
    with pytest.raises(UserError, match=r"has no class for 2 of the 3 images in .*: b\.png, c\.png; add rows"):
        load_images(f"{tmp_path}/", "train")


def test_a_table_beside_two_folders_names_the_folder_of_an_image(tmp_path):
    for split in ("train", "test"):
        draw(tmp_path / split, "0.png", "1.png")
    (tmp_path / "labels.csv").write_text("0.png,cat\n1.png,dog\n")
    for split in ("train", "test"):
        with pytest.raises(UserError, match=r"names images without their folder.* contain 0\.png, 1\.png; name the"):
            load_images(f"{tmp_path}/", split)
    (tmp_path / "labels.csv").write_text("train/0.png,cat\ntrain/1.png,dog\ntest/0.png,dog\ntest/1.png,cat\n")
    assert load(tmp_path)[0] == [0, 1]
    assert load(tmp_path, "test")[0] == [1, 0]


def test_a_table_of_other_images_is_not_used(tmp_path):
    draw(tmp_path / "D", "a.png")
    (tmp_path / "labels.csv").write_text("x.png,cat\ny.png,dog\n")
    with pytest.warns(Notice, match=r"labels\.csv is not used: it names none of the images in .*D"):
        assert load_images(f"{tmp_path}/D", "train").labels is None


def test_rows_of_missing_images_are_counted(tmp_path):
    draw(tmp_path, "a.png", "b.png")
    (tmp_path / "labels.csv").write_text("a.png,cat\nb.png,dog\nc.png,dog\n")
    assert load(tmp_path)[2].endswith("; 1 of its rows name no image of this folder")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("a,b,c\n1,2,3\n", "got the columns a, b, c, expected `file` and `label`, or two columns without a header"),
        ("file,label\na.png,cat\na.png,dog\n", r"got two classes of a\.png, cat and dog; keep one"),
        ("file,label\na.png\n", r"got the row 'a\.png', expected a file and a class"),
        ("", "got the columns , expected"),
    ],
)
def test_other_tables_are_refused(tmp_path, table, message):
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(UserError, match=message):
        read_annotations(tmp_path / "labels.csv")
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not a table in UTF-8"):
        read_annotations(tmp_path / "labels.csv")


def test_a_table_comes_before_the_folders(tmp_path):
    draw(tmp_path, "x/a.png", "y/b.png")
    (tmp_path / "labels.csv").write_text("x/a.png,dog\ny/b.png,cat\n")
    labels, names, said = load(tmp_path)
    assert (labels, names) == ([1, 0], ("cat", "dog"))
    assert "labels.csv, not from the folders" in said
