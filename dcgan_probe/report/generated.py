"""Takes test errors of nearest neighbours at growing counts, gives their table and curves; fits nothing."""

from collections.abc import Sequence
from pathlib import Path

from ..evaluation import NeighbourError, SplitCaveats
from ..storage import whole_file
from .console import to_console
from .numbers import percent
from .shown import NOTHING, Cell, ShownTable, caveat_sentences

TITLES = {"generated": "generated", "real": "real training images"}
CAPTION = (
    "One nearest neighbour, Euclidean distance of pixels; ± is half of the 95 % interval over test images. Generated "
    "images: the classes in turn. Real ones: in random order. Smaller counts are parts of larger ones."
)
INCHES = (7.0, 4.5)


def format_neighbour_errors(errors: Sequence[NeighbourError], title: str, caveats: SplitCaveats) -> str:
    """Write a table for a terminal: a row a count, test error in % on generated and on real images.

    Where the classes of the real images are unbalanced, each error is followed by the balanced one.
    """
    by_place = {(each.fitted_on, each.count): each for each in errors}
    rows = [
        (
            Cell(f"{count:,}"),
            *(
                cell
                for fitted_on in TITLES
                for cell in _cells(by_place.get((fitted_on, count)), balanced=caveats.unbalanced)
            ),
        )
        for count in sorted({each.count for each in errors})
    ]
    kinds = ("error %", "balanced error %") if caveats.unbalanced else ("error %",)
    header = ("images", *(f"fitted on {name}, {kind}" for name in TITLES.values() for kind in kinds))
    caption = " ".join([*caveat_sentences(caveats, "error", errors[0].tested), CAPTION])
    return to_console([ShownTable(title, header, (True,) * len(header), tuple(rows), (), caption, ())])


def _cells(found: NeighbourError | None, *, balanced: bool) -> list[Cell]:
    if found is None:
        return [Cell(NOTHING)] * (1 + balanced)
    cells = [Cell(f"{percent(found.error)} ± {percent(found.half_width)}")]
    return [*cells, Cell(percent(found.balanced_error))] if balanced else cells


def save_neighbour_curves(path: str | Path, errors: Sequence[NeighbourError], title: str, chance: float) -> None:
    """Draw test error in % against the number of images, on a logarithmic axis, as a PNG file, whole or not at all.

    A line shows ``chance``, the error of guessing, 0 to 1.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    # Imported here, since it takes a second that nothing else here needs; without pyplot, which has a global state.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, dpi=110, layout="constrained")
    axes = figure.subplots()
    for fitted_on, name in TITLES.items():
        own = [each for each in errors if each.fitted_on == fitted_on]
        axes.errorbar(
            [each.count for each in own],
            [100 * each.error for each in own],
            [100 * each.half_width for each in own],
            marker="o",
            capsize=3,
            label=f"fitted on {name}",
        )
    axes.axhline(100 * chance, color="grey", linestyle="--", label="guessing a class")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("images that the nearest neighbour is one of")
    axes.set_ylabel("error on the test images, %")
    axes.set_title(title, fontsize="medium")
    axes.grid(alpha=0.3)
    axes.legend()
    with whole_file(path) as temporary:
        FigureCanvasAgg(figure).print_png(temporary)
