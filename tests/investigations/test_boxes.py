import json

import numpy as np
import pytest

from dcgan_probe.investigations import Box, box_entries, boxed_samples, inside, outlined, read_boxes, strongest_windows
from dcgan_probe.runtime import UserError


def write(folder, content):
    path = folder / "boxes.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_boxes_come_back_as_they_were_written(tmp_path):
    boxes = [Box(17, 4, 10, 14, 30), Box(3, 0, 0, 32, 32), Box(17, 0, 0, 1, 1)]
    write(tmp_path, box_entries(boxes))
    assert read_boxes(tmp_path / "boxes.json", 32) == boxes
    assert boxed_samples(boxes).tolist() == [3, 17]


def test_the_documented_form(tmp_path):
    path = write(tmp_path, '[{"sample": 17, "box": [4, 10, 14, 30]}, {"sample": 23, "box": [0, 8, 9, 32]}]')
    assert read_boxes(path, 32) == [Box(17, 4, 10, 14, 30), Box(23, 0, 8, 9, 32)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[{", "boxes.json is not a JSON file"),
        ([], "boxes.json holds an empty list, expected a list of boxes"),
        ({"sample": 1, "box": [0, 0, 1, 1]}, "boxes.json holds dict, expected a list of boxes"),
        ([{"sample": 1, "box": [0, 0, 1, 1]}, 7], "boxes.json, entry 1: got 7, expected"),
        ([{"sample": 1}], "boxes.json, entry 0: got {'sample': 1}, expected"),
        ([{"sample": 1, "box": [0, 0, 1]}], "entry 0: got .*, right and bottom outside, whole numbers"),
        ([{"sample": 1, "box": 5}], "entry 0: got .*, right and bottom outside, whole numbers"),
        ([{"sample": 1, "box": [0, 0, 1, 2.5]}], "entry 0: got .*, right and bottom outside, whole numbers"),
        ([{"sample": True, "box": [0, 0, 1, 1]}], "entry 0: got .*, right and bottom outside, whole numbers"),
        ([{"sample": -1, "box": [0, 0, 1, 1]}], "entry 0: got sample -1, expected a number from 0 to 999,999"),
        ([{"sample": 1, "box": [4, 0, 4, 8]}], r"entry 0: got the box \[4, 0, 4, 8\], expected 0 <= left < right <= 8"),
        ([{"sample": 1, "box": [0, 9, 4, 2]}], "entry 0: got the box .* expected .* in images of 8 x 8 pixels"),
        ([{"sample": 1, "box": [0, 0, 9, 8]}], "entry 0: got the box .* expected .* in images of 8 x 8 pixels"),
        ([{"sample": 1, "box": [-1, 0, 4, 8]}], "entry 0: got the box .* expected .* in images of 8 x 8 pixels"),
    ],
)
def test_what_is_no_list_of_boxes_is_named(tmp_path, content, message):
    with pytest.raises(UserError, match=message):
        read_boxes(write(tmp_path, content), 8)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.json does not exist"):
        read_boxes(tmp_path / "none.json", 8)


def test_pixels_lie_in_their_boxes():
    found = inside([Box(9, 1, 2, 4, 3), Box(2, 0, 0, 1, 8), Box(9, 6, 6, 8, 8)], 8, 8)
    expected = np.zeros((2, 8, 8), bool)
    expected[0, :, 0] = True  # sample 2
    expected[1, 2, 1:4] = expected[1, 6:, 6:] = True  # sample 9
    np.testing.assert_array_equal(found, expected)


def test_a_position_lies_in_a_box_if_its_center_does():
    """4 positions of 8 pixels have their centers at 1, 3, 5 and 7, the borders between two pixels."""
    [found] = inside([Box(0, 1, 2, 5, 4)], 8, 4)
    assert np.argwhere(found).tolist() == [[1, 0], [1, 1]]


def test_a_box_between_the_centers_is_refused():
    with pytest.raises(UserError, match=r"the box \[2, 0, 3, 8\] of sample 5 contains the center of none of .* 4 x 4"):
        inside([Box(5, 2, 0, 3, 8)], 8, 4)


def test_the_strongest_window_by_brute_force():
    saliency = np.random.default_rng(0).normal(size=(5, 9, 9))
    for window in (1, 4, 9):
        for box, each in zip(strongest_windows(saliency, window, range(7, 12)), saliency, strict=True):
            sums = {
                (top, left): each[top : top + window, left : left + window].sum()
                for top in range(10 - window)
                for left in range(10 - window)
            }
            top, left = max(sums, key=sums.get)
            assert (box.top, box.left, box.bottom, box.right) == (top, left, top + window, left + window)
    assert [box.sample for box in strongest_windows(saliency, 2, range(7, 12))] == [7, 8, 9, 10, 11]


@pytest.mark.parametrize("channels", [1, 3])
def test_outlines_are_red_and_leave_the_inside_as_it_is(channels):
    images = np.full((1, channels, 6, 6), 9, np.uint8)
    drawn = outlined(images, inside([Box(0, 1, 1, 4, 5)], 6, 6))
    assert drawn.shape == (1, 3, 6, 6)
    red = (drawn[0] == np.array([255, 0, 0])[:, None, None]).all(axis=0)
    assert red.sum() == 3 * 4 - 1 * 2
    assert (drawn[0][:, ~red] == 9).all()
    assert not red[2, 2]
    assert not red[0].any()
