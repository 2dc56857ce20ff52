"""Lines of a table checked number by number; the first fault of a line is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import polars as pl

from freshet.domain.errors import Refused
from freshet.lab.readers.report import ReadReport, Refusal
from freshet.lab.readers.tables import Table


class Check(NamedTuple):
    """What a number of a line must not be."""

    field: str
    wrong: pl.Expr
    reason: Callable[[float], str]
    right: str


def require(table: Table, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in table.columns:
            raise Refused(
                f"{table.name}.{column}",
                "this column is missing",
                "the columns " + ", ".join(columns),
            )


def flags(names: Sequence[str]) -> list[Check]:
    """Columns that say yes or no."""
    return [
        Check(
            name, ~pl.col(name).is_between(0, 1), lambda value: f"{value} is no yes or no", "0 or 1"
        )
        for name in names
    ]


def ids(names: Sequence[str]) -> list[Check]:
    return [
        Check(name, pl.col(name) < 0, lambda value: f"{value} is negative", "a whole number from 0")
        for name in names
    ]


def sound(
    frame: pl.DataFrame,
    numbers: pl.DataFrame,
    needed: Sequence[str],
    checks: Sequence[Check],
    file: str,
    report: ReadReport,
    kind: Callable[[str], str] = lambda _: "a whole number",
) -> pl.DataFrame:
    """The lines of `numbers` without a fault; the others go to the report with their first one.

    Args:
        frame: the lines as they are in the file.
        numbers: what they are read as, null where that cannot be; with `line`.
        needed: columns that may not be null.
        kind: what a column must be, in words.
    """
    missing = [pl.when(pl.col(name).is_null()).then(i) for i, name in enumerate(needed)]
    broken = [pl.when(check.wrong).then(i) for i, check in enumerate(checks, len(needed))]
    fault = numbers.select(pl.coalesce(*missing, *broken).alias("fault"))["fault"]
    for at in fault.is_not_null().arg_true().to_list():
        number, line = int(fault[at]), int(numbers["line"][at])
        if number < len(needed):
            field = needed[number]
            cell, right = frame[field][at], kind(field)
            reason = "is missing" if cell is None else f"{cell!r} is not {right}"
            report.refuse(Refusal(file, line, field, reason, right))
        else:
            check = checks[number - len(needed)]
            reason = check.reason(numbers[check.field][at])
            report.refuse(Refusal(file, line, check.field, reason, check.right))
    return numbers.filter(fault.is_null())


def whole(frame: pl.DataFrame, name: str, file: str) -> pl.Expr:
    """Column `name` as Int64, null where it is no whole number (`"7.0"` is one)."""
    column, kind = pl.col(name), frame.schema[name]
    if kind.is_integer() or kind == pl.Boolean or kind == pl.Null:
        return column.cast(pl.Int64, strict=False)
    if not (kind.is_float() or kind == pl.String):
        raise Refused(f"{file}.{name}", f"is a column of {kind}", "a column of whole numbers")
    real = column.cast(pl.Float64, strict=False)
    from_real = pl.when(real == real.floor()).then(real).cast(pl.Int64, strict=False)
    exact = column.cast(pl.Int64, strict=False) if kind == pl.String else from_real
    return pl.coalesce(exact, from_real).alias(name)


def real(frame: pl.DataFrame, name: str, file: str) -> pl.Expr:
    """Column `name` as Float64, null where it is no finite number."""
    column, kind = pl.col(name), frame.schema[name]
    if not (kind.is_numeric() or kind in (pl.String, pl.Null)):
        raise Refused(f"{file}.{name}", f"is a column of {kind}", "a column of numbers")
    number = column.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number).alias(name)


def as_text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Column `name` as text; a list as its members with commas between."""
    kind, column = frame.schema[name], pl.col(name)
    if isinstance(kind, pl.List):
        return column.cast(pl.List(pl.String)).list.join(",")
    return column.cast(pl.String)
