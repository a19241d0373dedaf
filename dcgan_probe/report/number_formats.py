"""Number formats of tables and their notes."""


def percent(fraction: float) -> str:
    """Format a fraction of 1 in percent, with two decimals."""
    return f"{100 * fraction:.2f}"


def points(fraction: float) -> str:
    """Format a difference of two fractions of 1 in percentage points, with its sign."""
    return f"{100 * fraction:+.2f}"


def p_value(p: float) -> str:
    """Format a p-value with four decimals; ``< 0.0001`` below that."""
    return f"{p:.4f}" if p >= 1e-4 else "< 0.0001"
