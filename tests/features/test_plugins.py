"""Plugins: modules and files that register sources, errors of failing plugins, and their names in commands."""

import sys
from dataclasses import dataclass

import pytest

import dcgan_probe as dp
from dcgan_probe.features import plugins, sources as registry

GOOD = """
from dataclasses import dataclass
import dcgan_probe as dp

@dataclass(frozen=True)
class Options:
    bins: int = 8

dp.register_source(dp.FeatureSource("mine", "my features", Options, make=print, columns=len))
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a working folder, and unregister its plugins after the test."""
    registry.load_sources()
    for module, name in ((registry, "_SOURCES"), (registry, "_modules"), (registry, "_broken"), (plugins, "_loaded")):
        monkeypatch.setattr(module, name, dict(getattr(module, name)))
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in sys.modules[name].__file__:
            del sys.modules[name]


def command(**changes):
    return dp.ExtractConfig(features="mine", dataset="glyphs", **changes).to_command()


def test_a_module_of_the_working_folder_is_loaded_once(place):
    (place / "good_one.py").write_text(GOOD)
    path = list(sys.path)
    for name in ("good_one", "good_one", "good_one.py", str(place / "good_one.py")):
        dp.load_plugin(name)
    assert sys.path == path
    assert command(options={"bins": 3}).endswith("--bins 3 --dataset glyphs --plugin good_one")


@pytest.mark.parametrize("file", ["inner/good_two.py", "inner/good-two.py", "inner/good two.py"])
def test_a_file_is_loaded_by_its_path(place, file):
    (place / "inner").mkdir()
    (place / "inner" / "beside.py").write_text("")
    (place / file).write_text(f"import beside\n{GOOD}")
    dp.load_plugin(file)
    assert dp.feature_sources()[-1].options(3).bins == 3
    assert command().endswith(f"--plugin '{file}'" if " " in file else f"--plugin {file}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("import nothing_of_this_name", r"\(ModuleNotFoundError: .*bad.py, line 1\); fix it"),
        ("x = 1\n1 / 0", r"\(ZeroDivisionError: division by zero, in .*bad.py, line 2\); fix it"),
        ("def f(:", r"\(SyntaxError: .*\); fix it"),
        ("raise SystemExit(3)", r"\(SystemExit: 3, in .*bad.py, line 1\); fix it"),
        ("class Odd(BaseException): ...\nraise Odd('x')", r"\(Odd: x, in .*bad.py, line 2\)"),
        (GOOD + "\n1 / 0", "ZeroDivisionError"),
        (GOOD.replace("bins: int", "run: int"), r"registers an invalid source: mine: option run \(--run\)"),
        (
            GOOD.replace('"mine"', '"pixels"'),
            "an invalid source: the source 'pixels' exists already",
        ),
        ("x = 1", r"\(.*bad.py\) registers no source of features; call dcgan_probe.register_source in it"),
    ],
)
@pytest.mark.parametrize("name", ["bad", "bad.py"])
def test_a_failing_plugin_is_named_and_registers_nothing(place, content, words, name):
    (place / "bad.py").write_text(content)
    before, path = dict(registry._SOURCES), list(sys.path)
    with pytest.raises(dp.UserError, match=f"^the plugin '{name}' .*{words}") as caught:
        dp.load_plugin(name)
    assert caught.value.parameter == "plugin"
    assert (registry._SOURCES, sys.path) == (before, path)


def test_an_interruption_is_not_caught(place):
    (place / "bad.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        dp.load_plugin("bad")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere", r"ModuleNotFoundError.*; give the name of a module .* or the path of a .py file"),
        ("nowhere.py", r"FileNotFoundError: the file .*nowhere.py does not exist\); give the name"),
        ("inner/nowhere", r"the file .*nowhere does not exist\); give the name"),
        ("", "cannot be imported"),
        (".relative", "cannot be imported"),
        ("json", r"json.__init__.py\) registers no source"),
    ],
)
def test_a_name_of_no_plugin(place, name, words):
    with pytest.raises(dp.UserError, match=words):
        dp.load_plugin(name)


def test_a_file_with_the_name_of_another_module_is_refused(place):
    (place / "json.py").write_text(GOOD)
    with pytest.raises(dp.UserError, match="another module is named json; rename the file"):
        dp.load_plugin("json.py")


@pytest.mark.parametrize("working", [True, False])
def test_a_source_that_python_has_imported_is_named_in_the_command(place, monkeypatch, working):
    folder = place if working else place / "elsewhere"
    folder.mkdir(exist_ok=True)
    (folder / "imported_one.py").write_text(GOOD)
    monkeypatch.syspath_prepend(str(folder))
    __import__("imported_one")
    named = "imported_one" if working else "elsewhere/imported_one.py"
    assert command().endswith(f" --plugin {named}")


def test_a_source_of_no_file_is_not_named(place):
    space = {"__name__": "nowhere_at_all", "dp": dp, "dataclass": dataclass}
    exec("Options = dataclass(frozen=True)(type('Options', (), {}))", space)
    exec("dp.register_source(dp.FeatureSource('mine', 'm', Options, make=print, columns=len))", space)
    assert "--plugin" not in command()
    assert "--plugin" not in dp.ExtractConfig(features="pixels").to_command()


def test_an_unknown_source_has_the_nearest_name_and_the_way_to_load_others(place):
    with pytest.raises(dp.UserError, match=r"did you mean kmeans\?; to use a custom source, .* `load_plugin`"):
        dp.ExtractConfig(features="kmean")


def test_a_failing_installed_package_is_named_when_its_source_is_requested(place, monkeypatch):
    (place / "theirs.py").write_text("1 / 0")
    (place / "theirs-1.0.dist-info").mkdir()
    (place / "theirs-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (place / "theirs-1.0.dist-info" / "entry_points.txt").write_text("[dcgan_probe.sources]\ntheirs = theirs:source\n")
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setattr(registry, "_loaded", [each for each in registry._loaded if each != registry.ENTRY_POINTS])
    assert dp.ExtractConfig(features="pixels").features == "pixels"
    with pytest.raises(dp.UserError, match=r"'theirs' features cannot be loaded: theirs:source of the installed"):
        dp.ExtractConfig(features="theirs")


def test_an_entry_point_whose_module_registers_it_needs_no_plugin(place, monkeypatch):
    (place / "theirs_two.py").write_text(GOOD.replace("\ndp.register", "\nsource = dp.register"))
    (place / "theirs_two-1.0.dist-info").mkdir()
    (place / "theirs_two-1.0.dist-info" / "entry_points.txt").write_text(
        "[dcgan_probe.sources]\nmine = theirs_two:source\n"
    )
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setattr(registry, "_loaded", [each for each in registry._loaded if each != registry.ENTRY_POINTS])
    __import__("theirs_two")
    assert "--plugin" not in command()
