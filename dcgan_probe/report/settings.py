"""Formats of a table."""

FORMATS = ("console", "markdown", "csv", "latex")
