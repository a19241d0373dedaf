"""Plugins: user modules and files that register sources of features when they are imported."""

import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from ..runtime import UserError
from . import sources

_loaded: dict[str, str] = {}
"""Plugin, as the user named it, by the name of each source that it registers."""


def load_plugin(module: str) -> None:
    """Import a module that registers sources of features, from the working folder or the installed packages.

    A module that is already imported is not imported again.

    Parameters
    ----------
    module
        Name of a module (``my_encoders``, ``package.module``), or path of a file (``folder/my_encoders.py``).

    Raises
    ------
    UserError
        If there is no such module, its import fails, or it registers no source or an invalid one. The registry then
        does not change.
    """
    sources.load_sources()
    before = dict(sources._SOURCES)
    try:
        found = _import(str(module))
    except BaseException as error:
        sources._SOURCES.clear()
        sources._SOURCES.update(before)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise _explained(module, error) from error
    new = [name for name, source in sources._SOURCES.items() if before.get(name) is not source]
    _loaded.update({name: str(module) for name in new if name not in _loaded})
    if not new and not _has_registered(found, str(module)):
        raise UserError(
            f"the plugin {module!r} ({getattr(found, '__file__', None) or 'built in'}) registers no source of "
            "features; call dcgan_probe.register_source in it, or give another name if another module was meant",
            parameter="plugin",
        )


def _has_registered(module: ModuleType, name: str) -> bool:
    """Return whether an earlier import of a module registered a source."""
    return name in _loaded.values() or module.__name__ in sources._modules.values()


def _import(module: str) -> ModuleType:
    if module.endswith(".py") or "/" in module or "\\" in module:
        return _import_file(Path(module))
    with _searched(Path.cwd()):
        return import_module(module)


def _import_file(path: Path) -> ModuleType:
    """Import a file, once, as a module of its name."""
    path = path.resolve()
    if not path.is_file():
        raise FileNotFoundError(f"the file {path} does not exist")
    present = sys.modules.get(path.stem)
    if present is not None:
        if getattr(present, "__file__", None) and Path(str(present.__file__)).resolve() == path:
            return present
        raise ImportError(f"another module is named {path.stem}; rename the file")
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file; expected a name that ends in .py")
    found = module_from_spec(spec)
    sys.modules[path.stem] = found  # dataclasses look up their module by name
    try:
        with _searched(path.parent):
            spec.loader.exec_module(found)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return found


@contextmanager
def _searched(folder: Path) -> Iterator[None]:
    """Put a folder first on the module search path."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _explained(module: str, error: BaseException) -> UserError:
    if isinstance(error, UserError):
        return UserError(f"the plugin {module!r} registers an invalid source: {error}", parameter="plugin")
    reason, place = f"{type(error).__name__}: {error}", _place(error)
    missing = isinstance(error, FileNotFoundError | ModuleNotFoundError) and not place
    advice = "give the name of a module that is installed or in the working folder, or the path of a .py file"
    return UserError(
        f"the plugin {module!r} cannot be imported ({reason}{place}); {advice if missing else 'fix it'}",
        parameter="plugin",
    )


def _place(error: BaseException) -> str:
    """Return the line of the plugin that raised an error; empty if none of its lines ran."""
    own = str(Path(__file__).parents[1])
    frames = [each for each in traceback.extract_tb(error.__traceback__) if not each.filename.startswith(own)]
    frames = [each for each in frames if "importlib" not in each.filename]
    return f", in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


def plugin_of(source: str) -> str | None:
    """Return the value of ``--plugin`` for a source, a module or a file; None if it needs none, or has no file."""
    if source in _loaded:
        return _loaded[source]
    name = sources.registering_module(source)
    found = None if name is None else sys.modules.get(name)
    file = getattr(found, "__file__", None)
    if name is None or file is None:
        return None
    path = Path(file).resolve()
    installed = any(path.is_relative_to(Path(sysconfig.get_path(each)).resolve()) for each in ("purelib", "platlib"))
    if name != "__main__" and ("." in name or installed or path.parent == Path.cwd()):
        return name
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
