"""Forms of the parts of a TOML file: texts, lists and tables of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..runtime import UserError, check_keys


def is_table(value: Any) -> bool:
    """Return whether a value of TOML is a table."""
    return isinstance(value, Mapping)


def is_list_of_texts(value: Any) -> bool:
    """Return whether a value of TOML is a list of texts."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_table, value))


def _is_table_of_tables(value: Any) -> bool:
    return is_table(value) and all(map(is_table, value.values()))


def _is_table_of_texts(value: Any) -> bool:
    return is_table(value) and all(isinstance(each, str) for each in value.values())


Form = tuple[Callable[[Any], bool], str]
"""A check of a value, and what is expected, in words."""
TEXT: Form = lambda value: isinstance(value, str), "a text"
TEXTS: Form = is_list_of_texts, "a list of texts"


def table(name: str) -> Form:
    """Return the form of one table."""
    return is_table, f"a table [{name}]"


def tables(name: str) -> Form:
    """Return the form of a list of tables."""
    return _is_list_of_tables, f"tables [[{name}]]"


def tables_in(name: str) -> Form:
    """Return the form of a table of tables."""
    return _is_table_of_tables, f"tables [{name}.NAME]"


def texts_in(name: str) -> Form:
    """Return the form of a table of texts."""
    return _is_table_of_texts, f"a table of texts [{name}]"


def check_parts(plan: Mapping[str, Any], parts: Mapping[str, Form], needed: Iterable[str]) -> None:
    """Raise ``UserError`` for a part that a plan cannot have, that it lacks, or whose value is of another form."""
    check_keys(plan, sorted(parts), needed)
    check_forms(plan, parts)
    for key in needed:
        if not plan[key]:
            raise UserError(f"got no {key}, expected {parts[key][1]}")


def check_forms(plan: Mapping[str, Any], parts: Mapping[str, Form]) -> None:
    """Raise ``UserError`` for a part whose value is of another form; parts that are not listed may have any."""
    for key, (fits, words) in parts.items():
        if key in plan and not fits(plan[key]):
            raise UserError(f"got {key} = {value_text(plan[key])}, expected {words}")


def value_text(value: Any, most: int = 60) -> str:
    """Write a value of TOML in an error."""
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}..."
