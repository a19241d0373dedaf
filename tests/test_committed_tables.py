"""Committed tables, equal to those of the committed records in every digit."""

from pathlib import Path

import pytest

from dcgan_probe.evaluation import Results
from dcgan_probe.report import format_tables

RESULTS = Path(__file__).parents[1] / "results"
SUFFIXES = {"markdown": "md", "csv": "csv", "latex": "tex"}


@pytest.fixture(scope="module")
def summaries():
    return Results(RESULTS).summaries()


@pytest.mark.parametrize("form", SUFFIXES)
def test_every_table_is_made_from_the_records(summaries, form):
    protocols = dict.fromkeys(summary.protocol for summary in summaries)
    assert {"cifar10-all", "cifar10-4000", "svhn-1000"} <= set(protocols)
    for protocol in protocols:
        rows = [summary for summary in summaries if summary.protocol == protocol]
        written = (RESULTS / "tables" / f"{protocol}.{SUFFIXES[form]}").read_text(encoding="utf-8")
        assert written == format_tables(rows, form).rstrip() + "\n", protocol
