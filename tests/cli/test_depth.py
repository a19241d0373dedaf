"""Depth of the calls between a verb and the solver, which a reader has to follow."""

import sys
from pathlib import Path

from click.testing import CliRunner

import dcgan_probe
from dcgan_probe.cli import main

PACKAGE = str(Path(dcgan_probe.__file__).parent)
DEEPEST = 12


def test_the_solver_is_at_most_twelve_calls_from_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stacks = []

    def note(frame, event, argument):
        if event == "call" and frame.f_code.co_name == "solve" and frame.f_code.co_filename.endswith("solver.py"):
            stack = []
            while frame is not None:
                if frame.f_code.co_filename.startswith(PACKAGE):
                    stack.append(f"{Path(frame.f_code.co_filename).name}: {frame.f_code.co_name}")
                frame = frame.f_back
            stacks.append(stack[::-1])

    arguments = ["--dataset", "glyphs:300", "--labels", "50", "--draws", "1", "--select-draws", "1"]
    sys.setprofile(note)
    try:
        result = CliRunner().invoke(main, ["eval-svm", *arguments, "--features", "pixels", "--no-controls"])
    finally:
        sys.setprofile(None)
    assert result.exit_code == 0, result.output
    assert stacks
    deepest = max(stacks, key=len)
    assert len(deepest) <= DEEPEST, "\n".join(deepest)
