import numpy as np
import pytest
from PIL import Image

from dcgan_probe.gan.curves import COLUMNS, PANELS, collapse_spans, save_curves
from dcgan_probe.gan.tensorboard import GRAPHS

NAMES = [name for names in PANELS.values() for name in names]


def rows(count, **changes):
    return [
        {"images_seen": 100 * tick, "collapsed_since": None, **dict.fromkeys(NAMES, 0.5), **changes}
        for tick in range(1, count + 1)
    ]


def picture(path, found):
    save_curves(path, found)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def pink(pixels):
    """Share of pixels in the shade of a collapse on white."""
    return (np.abs(pixels - [250, 223, 223]).max(axis=2) < 8).mean()


def test_a_collapse_is_shaded(tmp_path):
    healthy, sick = rows(20), rows(20)
    for row in sick[10:]:
        row["collapsed_since"] = 600
    plain, shaded = (picture(tmp_path / name, found) for name, found in (("a.png", healthy), ("b.png", sick)))
    assert plain.shape == shaded.shape
    assert pink(plain) < 0.001
    # From 600 to 2,000 of 100 to 2,000 with margins of 5 %: 0.67 of the panels, which are 0.6 of the picture.
    assert 0.34 < pink(shaded) < 0.41
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.png", "b.png"]


@pytest.mark.slow
def test_curves_are_there_from_the_first_row_on_and_differ(tmp_path):
    assert not np.array_equal(picture(tmp_path / "a.png", rows(1)), picture(tmp_path / "b.png", []))
    plain = picture(tmp_path / "a.png", rows(6))
    for place in range(2):  # one curve of each panel at once
        chosen = {panel: names[place] for panel, names in enumerate(PANELS.values()) if place < len(names)}
        other = rows(6)
        other[3] |= dict.fromkeys(chosen.values(), 0.6)
        changed = (plain != picture(tmp_path / "b.png", other)).any(axis=2)
        for panel, name in chosen.items():
            half = np.array_split(changed, len(PANELS) // COLUMNS, axis=0)[panel // COLUMNS]
            assert np.array_split(half, COLUMNS, axis=1)[panel % COLUMNS].any(), name


@pytest.mark.parametrize("value", [None, "missing"])
def test_numbers_that_are_not_there_leave_gaps(tmp_path, value):
    found = rows(5)
    for name in ("diversity", "collapsed_since", "d_gradient_norm"):
        if value is None:
            found[2][name] = None
        else:
            del found[2][name]
    assert picture(tmp_path / "a.png", found).shape[2] == 3


def test_spans_of_collapses():
    found = rows(9)
    for tick, since in ((2, 100), (3, 100), (6, 500), (7, 500), (8, 500)):
        found[tick]["collapsed_since"] = since
    assert collapse_spans(found) == [(100, 400), (500, 900)]
    assert collapse_spans([{"images_seen": 100}]) == []


def test_tensorboard_has_every_curve():
    assert set(NAMES) <= {name for names in GRAPHS.values() for name in names}


def test_the_probe_before_training_is_a_dashed_line(tmp_path):
    save_curves(tmp_path / "with.png", rows(20), untrained=0.25)
    with Image.open(tmp_path / "with.png") as image:
        drawn = np.asarray(image.convert("RGB")).astype(int)
    changed = np.flatnonzero((drawn != picture(tmp_path / "without.png", rows(20))).any(axis=2).any(axis=0))
    assert changed.min() > 0.66 * drawn.shape[1], "of the last panel alone"
    assert np.ptp(changed) > 0.25 * drawn.shape[1], "from its left to its right"
