"""List and picture of confirmed pairs for a person to judge, and the judgments in a judged list."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.stats import binomtest

from ..images import ImageSet
from ..runtime import UserError, numpy_generator
from ..storage import whole_file, write_text
from .search import Pairs
from .views import ALL_VIEWS, SIDE, to_pictures

MOST_JUDGED = 300
COLUMNS = ("number", "row", "other", "distance", "view", "same")
ANSWERS = {"yes": True, "no": False, "": None}
SCALE, TEXT, GAP, PAIRS_A_LINE = 2, 14, 6, 10


def draw_pairs(pairs: Pairs, seed: int) -> np.ndarray:
    """Draw at most 300 of the pairs; return their indices, int64 (n,), nearest pairs first."""
    count = len(pairs.first)
    random = numpy_generator(seed, "deduplication", "judged")
    places = random.choice(count, min(count, MOST_JUDGED), replace=False)
    return places[np.lexsort((places, pairs.distance[places]))]


def save_list(path: Path, pairs: Pairs, drawn: np.ndarray, judged: Mapping[tuple[int, int], bool]) -> None:
    """Write all pairs as CSV with the known answers; the pairs to judge come first, numbered as in the picture.

    The columns are ``number``, ``row``, ``other``, ``distance``, ``view`` and ``same``. The view is the change that
    turns the other picture into the row's: ``flip``, then pixels down and right. Judged pairs that were not found stand
    at the end, without a distance, so that no answer is lost.
    """
    rest = np.setdiff1d(np.arange(len(pairs.first)), drawn)
    answers = {pair: "yes" if same else "no" for pair, same in judged.items()}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for place, number in [
        *((place, number) for number, place in enumerate(drawn, 1)),
        *((place, "") for place in rest),
    ]:
        pair = int(pairs.first[place]), int(pairs.second[place])
        view = ALL_VIEWS[pairs.view[place]]
        writer.writerow([number, *pair, f"{pairs.distance[place]:.4f}", view, answers.pop(pair, "")])
    writer.writerows(["", *pair, "", "", answer] for pair, answer in answers.items())
    write_text(path, text.getvalue())


def save_sheet(path: Path, images: ImageSet, others: ImageSet, pairs: Pairs, drawn: np.ndarray) -> None:
    """Write a PNG file with the drawn pairs side by side, each with its number, distance and view below."""
    left, right = (
        to_pictures(side.images[rows[drawn]]).round().byte().permute(0, 2, 3, 1).numpy()
        for side, rows in ((images, pairs.first), (others, pairs.second))
    )
    width, height = 2 * SIDE * SCALE + GAP, SIDE * SCALE + TEXT + GAP
    lines = -(-len(drawn) // PAIRS_A_LINE)
    sheet = Image.new("RGB", (GAP + width * min(len(drawn), PAIRS_A_LINE), GAP + height * lines), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT - 4)
    for place, pixels in enumerate(np.concatenate([left, right], axis=2)):
        x, y = GAP + place % PAIRS_A_LINE * width, GAP + place // PAIRS_A_LINE * height
        sheet.paste(Image.fromarray(pixels).resize((2 * SIDE * SCALE, SIDE * SCALE), Image.Resampling.NEAREST), (x, y))
        caption = f"{place + 1}: {pairs.distance[drawn[place]]:.3f} {ALL_VIEWS[pairs.view[drawn[place]]]}"
        draw.text((x, y + SIDE * SCALE), caption, fill="black", font=font)
    with whole_file(path) as temporary:
        sheet.save(temporary, format="PNG", optimize=True)


def read_judgments(path: Path) -> dict[tuple[int, int], bool]:
    """Read the answers, ``yes`` or ``no``, in the column ``same`` of a judged list of pairs.

    Raises
    ------
    UserError
        If the file is missing, lacks a column, has another answer, or judges no pair.
    """
    judged = _read_answers(path)
    if not judged:
        raise UserError(f"{path} judges no pair: write yes or no in its column 'same'", parameter="judged")
    return judged


def check_list(path: Path, judged: Path | None) -> None:
    """Check that a list to be written holds no answers of a person, or that they were read from it.

    Raises
    ------
    UserError
        If the list holds answers that were not read, or cannot be read.
    """
    if path.exists() and not (judged and judged.exists() and path.samefile(judged)) and _read_answers(path):
        raise UserError(f"{path} holds judgments; give it to keep them, or move it away", parameter="judged")


def check_judgments(judged: Mapping[tuple[int, int], bool], rows: int, others: int) -> None:
    """Check, before a search, that sets of these sizes have the judged rows.

    Raises
    ------
    UserError
        If a judged row is not below the size of its set.
    """
    beyond = [pair for pair in judged if pair[0] >= rows or pair[1] >= others]
    if beyond:
        raise UserError(
            f"got judgments of row {beyond[0][0]} and other {beyond[0][1]}, expected rows below {rows} and others "
            f"below {others}; give the list of these sets",
            parameter="judged",
        )


def _read_answers(path: Path) -> dict[tuple[int, int], bool]:
    try:
        lines = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}); give a judged list of pairs", parameter="judged") from error
    judged = {}
    for number, line in enumerate(lines, 2):
        answer = (line.get("same") or "").strip().lower()
        row, other = (line.get(name) or "" for name in ("row", "other"))
        if answer not in ANSWERS or not (row.isdecimal() and other.isdecimal()):
            raise UserError(
                f"{path}, line {number}: got row {row!r}, other {other!r} and same {answer!r}, expected two row "
                "numbers and yes, no or nothing",
                parameter="judged",
            )
        if answer:
            judged[int(row), int(other)] = ANSWERS[answer] is True
    return judged


def false_positives(pairs: Pairs, judged: Mapping[tuple[int, int], bool]) -> dict[str, float | int | list[float]]:
    """Count the judged pairs that are not near-duplicates, with the exact 95 % interval of their share.

    Raises
    ------
    UserError
        If none of the pairs was judged.
    """
    confirmed = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    answers = [judged[pair] for pair in confirmed if pair in judged]
    if not answers:
        raise UserError(
            "got judgments of other pairs, expected some of the pairs found; judge the new list", parameter="judged"
        )
    wrong = answers.count(False)
    interval = binomtest(wrong, len(answers)).proportion_ci(0.95, method="exact")
    return {
        "judged": len(answers),
        "false": wrong,
        "share": wrong / len(answers),
        "interval_95": [float(interval.low), float(interval.high)],
    }
