"""Commands and code of the README, checked against the package."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import click
import pytest

from dcgan_probe.cli import main
from dcgan_probe.gan import PRESETS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"), *ROOT.glob("results/**/README.md")]
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = sorted(set(re.findall(r"^    dcgan-probe (.+?)(?: +#.*)?$", README, flags=re.MULTILINE)))


@pytest.mark.slow
def test_the_python_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    narrow = replace(PRESETS["demo"].network, ndf=4, ngf=4)
    monkeypatch.setitem(PRESETS, "demo", replace(PRESETS["demo"], network=narrow))
    (example,) = [block for block in BLOCKS if "dp.train(" in block]
    exec(compile(example, "README.md", "exec"), {})
    accuracy, spread, C = map(float, capsys.readouterr().out.splitlines()[0].split())
    assert 0.1 < accuracy < 1.0
    assert 0.0 < spread < 0.2
    assert C > 0.0


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_one_that_exists(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "DIR").mkdir()
    (tmp_path / "windows.json").write_text("[]")
    (tmp_path / "results").symlink_to(Path(__file__).parents[1] / "results")
    verb, command, arguments = main.resolve_command(click.Context(main), shlex.split(line))
    # Commands are parsed but not run: unknown options, choices and types fail here.
    context = command.make_context(verb, [word for word in arguments if word != "SOURCE"], resilient_parsing=False)
    assert isinstance(context, click.Context)


def test_every_preset_is_described_with_its_number_of_features():
    for name, preset in PRESETS.items():
        features = sum(preset.network.ndf * multiplier for multiplier in preset.network.multipliers) * 16
        (row,) = [line for line in README.splitlines() if line.startswith(f"| `{name}`")]
        assert row.split("|")[-2].strip() == ("–" if preset.network.classes else f"{features:,}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not link.startswith("https://"):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), link
            if anchor:
                titles = re.findall(r"^#+ (.+)$", target.read_text(), flags=re.MULTILINE)
                assert anchor in [re.sub("[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles], link
