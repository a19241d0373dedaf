"""Contact sheets: every picture is in its row, beside the name, in both formats."""

import numpy as np
from PIL import Image

from dcgan_probe.images import save_contact_sheet


def test_contact_sheet_has_every_picture_in_its_row(tmp_path):
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    red, green, blue = (np.full((20, 30, 3), color, np.uint8) for color in colors)
    save_contact_sheet(tmp_path / "sheet.png", [("first", [red, green]), ("a longer name", [blue])])
    with Image.open(tmp_path / "sheet.png") as picture:
        sheet = np.asarray(picture)
    places = [np.argwhere((sheet == color).all(axis=2)) for color in colors]
    assert [len(place) for place in places] == [600, 600, 600]
    tops, lefts = zip(*(place.min(axis=0) for place in places), strict=True)
    assert tops[0] == tops[1]
    assert tops[2] >= tops[0] + 20
    assert lefts[0] == lefts[2]
    assert lefts[1] >= lefts[0] + 30
    # The names stand left of the pictures, none of them cut off.
    dark = np.argwhere((sheet < 128).all(axis=2))
    assert 0 < dark[:, 1].max() < lefts[0]
    assert {bool(row >= tops[2]) for row in dark[:, 0]} == {False, True}


def test_a_contact_sheet_may_be_webp(tmp_path):
    pictures = [np.full((20, 30, 3), color, np.uint8) for color in ((200, 40, 40), (40, 200, 40))]
    for suffix in ("png", "webp"):
        save_contact_sheet(tmp_path / f"sheet.{suffix}", [("first", pictures)])
    with Image.open(tmp_path / "sheet.png") as exact, Image.open(tmp_path / "sheet.webp") as lossy:
        assert (exact.format, lossy.format) == ("PNG", "WEBP")
        apart = np.abs(np.asarray(exact).astype(int) - np.asarray(lossy.convert("RGB")))
    assert apart.mean() < 5


def test_a_long_heading_widens_the_contact_sheet(tmp_path):
    picture = np.full((20, 30, 3), 255, np.uint8)
    save_contact_sheet(tmp_path / "sheet.png", [("name", [picture])], ["a heading far longer than its picture is wide"])
    with Image.open(tmp_path / "sheet.png") as opened:
        sheet = np.asarray(opened)
    heading = np.argwhere((sheet[:20] < 128).all(axis=2))
    assert heading[:, 1].max() < sheet.shape[1] - 4  # its last letter is whole, with a margin
    assert heading[:, 1].max() > 200
