import numpy as np
import pytest
from PIL import Image

from dcgan_probe.deduplication import Pairs, judgments
from dcgan_probe.deduplication.judgments import (
    check_judgments,
    check_list,
    draw_pairs,
    false_positives,
    read_judgments,
    save_list,
    save_sheet,
)
from dcgan_probe.deduplication.views import ALL_VIEWS, MIDDLE, View
from dcgan_probe.runtime import UserError

VIEWS = [ALL_VIEWS.index(view) for view in (MIDDLE, View(1, -2), View(0, 0, True), View(0, 2, True))]
DISTANCES = np.array([0.04, 0.01, 0.03, 0.02], np.float32)
PAIRS = Pairs(np.array([5, 6, 7, 8]), np.array([0, 1, 2, 3]), DISTANCES, np.array(VIEWS), 9)


def test_some_pairs_are_drawn_the_nearest_first(monkeypatch):
    assert draw_pairs(PAIRS, 0).tolist() == [1, 3, 2, 0]
    monkeypatch.setattr(judgments, "MOST_JUDGED", 2)
    draws = {tuple(draw_pairs(PAIRS, seed)) for seed in range(60)}
    assert draws == {(1, 3), (1, 2), (1, 0), (3, 2), (3, 0), (2, 0)}


def test_the_list_comes_back_as_judged(tmp_path):
    path = tmp_path / "pairs.csv"
    save_list(path, PAIRS, np.array([1, 3]), {})
    lines = path.read_text().splitlines()
    assert lines == [
        "number,row,other,distance,view,same",
        "1,6,1,0.0100,+1 -2,",
        "2,8,3,0.0200,flip +0 +2,",
        ",5,0,0.0400,,",
        ",7,2,0.0300,flip,",
    ]
    path.write_text("\n".join([lines[0], lines[1] + "yes", lines[2] + " No ", *lines[3:]]))
    judged = read_judgments(path)
    assert judged == {(6, 1): True, (8, 3): False}
    told = false_positives(PAIRS, judged)
    assert (told["judged"], told["false"], told["share"]) == (2, 1, 0.5)
    low, high = told["interval_95"]
    assert low == pytest.approx(1 - 0.975**0.5, abs=1e-6)  # P(at least 1 of 2) = 0.025
    assert high == pytest.approx(0.975**0.5, abs=1e-6)


def test_the_answers_are_written_again_also_those_of_pairs_that_are_gone(tmp_path):
    path = tmp_path / "pairs.csv"
    judged = {(6, 1): True, (7, 2): False, (40, 30): True}
    save_list(path, PAIRS, np.array([1, 3]), judged)
    assert [line.rsplit(",", 1)[1] for line in path.read_text().splitlines()[1:]] == ["yes", "", "", "no", "yes"]
    assert read_judgments(path) == judged


def test_a_judged_list_is_not_written_over(tmp_path):
    path, other = tmp_path / "pairs.csv", tmp_path / "other.csv"
    check_list(path, None)
    save_list(path, PAIRS, np.array([1, 3]), {})
    check_list(path, None)
    for each in (path, other):
        save_list(each, PAIRS, np.array([1, 3]), {(6, 1): True})
    check_list(path, path)
    for judged in (None, other):
        with pytest.raises(UserError, match=r"pairs.csv holds judgments; give it to keep them") as error:
            check_list(path, judged)
        assert error.value.parameter == "judged"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("row,other,same\n5,0,maybe\n", "line 2: got row '5', other '0' and same 'maybe', expected two row numbers"),
        ("row,other,same\n5,,yes\n", "line 2: got row '5', other '' and same 'yes'"),
        ("row,other,same\n5,0,\n", "judges no pair: write yes or no in its column 'same'"),
        ("", "judges no pair"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(tmp_path, text, message):
    path = tmp_path / "judged.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as error:
        read_judgments(path)
    assert error.value.parameter == "judged"


def test_a_missing_list_and_one_of_other_pairs_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"cannot be read .* give a judged list of pairs"):
        read_judgments(tmp_path / "none.csv")
    with pytest.raises(UserError, match="got judgments of other pairs"):
        false_positives(PAIRS, {(1, 2): True})


def test_judgments_of_rows_that_are_not_there_are_refused():
    check_judgments({(9, 4): True}, 10, 5)
    for pair in ((10, 4), (9, 5)):
        with pytest.raises(UserError, match=f"row {pair[0]} and other {pair[1]}, expected rows below 10") as error:
            check_judgments({(0, 0): True, pair: False}, 10, 5)
        assert error.value.parameter == "judged"


def test_the_sheet_shows_each_drawn_pair_side_by_side(tmp_path, photographs):
    images = photographs(9)
    save_sheet(tmp_path / "pairs.png", images, images, PAIRS, np.array([1, 3]))
    with Image.open(tmp_path / "pairs.png") as picture:
        pixels = np.asarray(picture)
    for place, (row, other) in enumerate([(6, 1), (8, 3)]):
        x = 6 + place * 134
        for shown, left in ((row, x), (other, x + 64)):
            corner = pixels[6 : 6 + 64 : 2, left : left + 64 : 2]
            np.testing.assert_array_equal(corner, images.images[shown].transpose(1, 2, 0))
