"""Table of nearest-neighbor test errors at growing numbers of images."""

from collections.abc import Sequence

from ..images import SplitCaveats
from ..investigations import FITTED_ON, NeighborError
from .console import to_console
from .display_tables import NOTHING, Cell, ShownTable, caveat_sentences
from .number_formats import percent

CAPTION = (
    "One nearest neighbor, Euclidean distance between pixels; ± is half the width of the 95 % interval over test "
    "images. Generated images: the classes in turn. Real images: in random order. Smaller sets are subsets of larger "
    "ones."
)


def format_neighbor_errors(errors: Sequence[NeighborError], title: str, caveats: SplitCaveats) -> str:
    """Format a table for a terminal: one row a number of images, test errors in % when fitted on each kind of images.

    If the classes of the real images are unbalanced, the balanced error follows each error.
    """
    by_place = {(each.fitted_on, each.count): each for each in errors}
    rows = [
        (
            Cell(f"{count:,}"),
            *(
                cell
                for fitted_on in FITTED_ON
                for cell in _cells(by_place.get((fitted_on, count)), balanced=caveats.unbalanced)
            ),
        )
        for count in sorted({each.count for each in errors})
    ]
    kinds = ("error %", "balanced error %") if caveats.unbalanced else ("error %",)
    header = ("images", *(f"fitted on {name}, {kind}" for name in FITTED_ON.values() for kind in kinds))
    caption = " ".join([*caveat_sentences(caveats, "error", errors[0].tested), CAPTION])
    return to_console([ShownTable(title, header, (True,) * len(header), tuple(rows), (), caption, ())])


def _cells(found: NeighborError | None, *, balanced: bool) -> list[Cell]:
    if found is None:
        return [Cell(NOTHING)] * (1 + balanced)
    cells = [Cell(f"{percent(found.error)} ± {percent(found.half_width)}")]
    return [*cells, Cell(percent(found.balanced_error))] if balanced else cells
