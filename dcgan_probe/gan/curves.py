"""Curves of a run's statistics in one picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..storage import whole_file

PANELS = {
    "loss": ("d_loss", "g_loss"),
    "D's mean output": ("d_real", "d_fake"),
    "norm of the gradient": ("d_gradient_norm", "g_gradient_norm"),
    "share of D's last filters": ("dead_filters", "oscillating_filters"),
    "diversity of samples": ("diversity",),
    "accuracy of the probe": ("probe_accuracy",),
}
LABELS = {
    **{"d_loss": "D", "g_loss": "G", "d_real": "real", "d_fake": "generated"},
    **{"d_gradient_norm": "D", "g_gradient_norm": "G", "dead_filters": "dead", "oscillating_filters": "oscillating"},
    **{"diversity": "", "probe_accuracy": "training"},
}
LOGARITHMIC = ("norm of the gradient",)
FROM_ZERO = ("loss", "D's mean output", "share of D's last filters", "diversity of samples")
COLUMNS = 3
INCHES = (13.0, 6.5)


def save_curves(path: str | Path, rows: Sequence[dict[str, Any]], *, untrained: float | None = None) -> None:
    """Draw the rows over the images seen as a PNG file, whole or absent; a collapse is shaded from its onset.

    Without matplotlib, no file is written. ``untrained`` is the probe's accuracy before training, drawn as a dashed
    line. Rows of earlier versions may lack a number; the curve has a gap there.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    # Imported late, since the import is slow and only training needs it. The code avoids pyplot, which has a global
    # state, and shared axes and constrained layout, which are slow.
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.ticker import EngFormatter
    except ImportError:  # on machines where nothing can be installed; the rows can be drawn elsewhere
        return

    figure = Figure(figsize=INCHES, dpi=90)
    figure.subplots_adjust(left=0.05, right=0.98, bottom=0.09, top=0.94, wspace=0.17, hspace=0.32)
    panels = figure.subplots(-(-len(PANELS) // COLUMNS), COLUMNS).flat
    collapses = collapse_spans(rows)
    for panel, (title, names) in zip(panels, PANELS.items(), strict=True):
        for name in names:
            points = [(row["images_seen"], row[name]) for row in rows if row.get(name) is not None]
            if points:
                # Markers show a single point, which has no line.
                panel.plot(
                    *zip(*points, strict=True), marker="." if len(points) < 40 else None, lw=1, label=LABELS[name]
                )
        if "probe_accuracy" in names and untrained is not None:
            panel.axhline(untrained, color="grey", ls="--", lw=1, label="untrained")
        for start, stop in collapses:
            panel.axvspan(start, stop, color="tab:red", alpha=0.15, lw=0)
        if title in LOGARITHMIC:
            panel.set_yscale("log")
        elif title in FROM_ZERO:
            panel.set_ylim(bottom=0.0, top=1.06 * panel.get_ylim()[1])
        if len(panel.lines) > 1:
            # Beside the title, where it hides no curve.
            panel.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), ncols=3, fontsize="small", frameon=False)
        panel.set_title(title, loc="left", y=1.0, fontsize="medium")  # a fixed y avoids matplotlib's search for a place
        panel.xaxis.set_major_formatter(EngFormatter(sep=""))
        panel.grid(alpha=0.3)
    figure.supxlabel("real images seen by D" + (", red: collapsed" if collapses else ""), fontsize="medium")
    with whole_file(path) as temporary:
        FigureCanvasAgg(figure).print_png(temporary)


def collapse_spans(rows: Sequence[dict[str, Any]]) -> list[tuple[int, int]]:
    """Return the first and the last number of images seen of each collapse, oldest first."""
    spans: dict[int, int] = {}
    for row in rows:
        if row.get("collapsed_since") is not None:
            spans[row["collapsed_since"]] = row["images_seen"]
    return list(spans.items())
