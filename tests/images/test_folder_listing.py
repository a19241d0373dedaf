import os

import pytest

from dcgan_probe.images import load_images
from dcgan_probe.images.folder_listing import list_images
from dcgan_probe.runtime import Notice, UserError


def make(root, *names):
    """Create empty files, which are listed but not read."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def listed(root):
    """Return the listed paths by class, and the skipped ones by reason, relative to ``root``."""
    listing = list_images(root)
    classes = {name: [str(path.relative_to(root)) for path in files] for name, files in listing.classes.items()}
    return classes, listing.skipped


@pytest.mark.parametrize("target", [".", "..", "../..", "../b"])
def test_each_real_folder_is_visited_once(tmp_path, target):
    root = tmp_path / "D" / "train"
    make(root, "a/1.png", "a/deep/2.png", "b/3.png")
    os.symlink(target, root / "a" / "again")
    classes, skipped = listed(root)
    assert classes == {"a": ["a/1.png", "a/deep/2.png"], "b": ["b/3.png"]}
    assert list(skipped.values()) == [["a/again"]]


def test_a_folder_keeps_its_images_from_a_link_that_is_sorted_before_it(tmp_path):
    make(tmp_path, "cat/1.png", "dog/2.png")
    os.symlink("cat", tmp_path / "another-name-of-cat")
    assert listed(tmp_path) == (
        {"cat": ["cat/1.png"], "dog": ["dog/2.png"]},
        {"a folder that is listed under another path": ["another-name-of-cat"]},
    )


def test_links_to_other_folders_are_followed_once(tmp_path):
    make(tmp_path, "store/x/1.png", "store/y/2.png", "D/a/3.png")
    os.symlink("../../store", tmp_path / "D" / "a" / "more")
    os.symlink("../store/y", tmp_path / "D" / "b")
    os.symlink("../../D", tmp_path / "store" / "x" / "back")
    classes, skipped = listed(tmp_path / "D")
    assert classes == {"a": ["a/3.png", "a/more/x/1.png"], "b": ["b/2.png"]}
    assert skipped == {"a folder that is listed under another path": ["a/more/y", "a/more/x/back"]}


def test_other_entries_are_counted_and_named(tmp_path):
    make(
        tmp_path,
        "a/1.png",
        "a/2.JFIF",
        "a/3.gif",
        "a/4.psd",
        "b/5.png",
        "__MACOSX/b/._5.png",
        "b/.DS_Store",
        "b/.x/6.png",
    )
    os.mkfifo(tmp_path / "b" / "pipe.png")
    os.symlink("nowhere.txt", tmp_path / "b" / "link.txt")
    os.symlink("nowhere.png", tmp_path / "b" / "link.png")
    classes, _ = listed(tmp_path)
    assert classes == {"a": ["a/1.png", "a/2.JFIF", "a/3.gif"], "b": ["b/5.png", "b/link.png"]}
    assert list_images(tmp_path).describe_skipped() == (
        f"{tmp_path}: 6 entries are skipped: __MACOSX (created by an archiver or a file system); "
        "a/4.psd, b/link.txt (no image suffix); b/.DS_Store, b/.x (hidden, since the name starts with a dot); "
        "b/pipe.png (neither a file nor a folder)"
    )


def test_a_link_to_itself_leads_nowhere(tmp_path):
    make(tmp_path, "a/1.png")
    os.symlink("loop", tmp_path / "a" / "loop")
    os.symlink("loop.png", tmp_path / "a" / "loop.png")
    assert listed(tmp_path) == ({"a": ["a/1.png", "a/loop.png"]}, {"no image suffix": ["a/loop"]})


def test_many_skipped_names_are_cut_short(tmp_path):
    make(tmp_path, *(f"{index}.txt" for index in range(8)))
    assert list_images(tmp_path).describe_skipped() == (
        f"{tmp_path}: 8 entries are skipped: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 3 more (no image suffix)"
    )


def test_loading_says_what_is_skipped_and_reports_a_link_to_nothing(tmp_path):
    make(tmp_path, "a/notes.txt")
    os.symlink("nowhere.png", tmp_path / "a" / "link.png")
    with (
        pytest.warns(Notice, match=r"1 entry is skipped: a/notes\.txt"),
        pytest.raises(UserError, match=r"link\.png cannot be read as an image"),
    ):
        load_images(str(tmp_path), "train")


def test_a_folder_that_cannot_be_read_ends_the_listing(tmp_path, monkeypatch):
    make(tmp_path, "a/1.png", "a/deep/2.png")
    scan = os.scandir

    def denied(folder):
        if str(folder).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(UserError, match=r"a/deep cannot be listed \(Permission denied\), .*; change its permissions"):
        list_images(tmp_path)


def test_a_folder_that_cannot_be_entered_is_named(tmp_path, monkeypatch):
    make(tmp_path, "a/1.png")

    def denied(self, **_):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.stat", denied)
    with pytest.raises(
        UserError, match=r"cannot be accessed \(Permission denied\); change the permissions of its folder"
    ):
        load_images(f"{tmp_path}/", "train")


def test_two_folders_of_one_name_are_refused(tmp_path):
    make(tmp_path, "caf\u00e9/1.png", "cafe\u0301/2.png")
    with pytest.raises(UserError, match=r"got two folders 'caf\u00e9' whose names differ only in their Unicode form"):
        list_images(tmp_path)
