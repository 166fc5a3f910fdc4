"""Checks of a method's options, which name the option that is wrong."""

from __future__ import annotations

from math import inf

from interpreter.errors import ConfigError


def check_int(name: str, value: object, minimum: int = 1) -> int:
    """Return `value` if it is an integer of at least `minimum`, else refuse it by `name`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise ConfigError(f"{name} is {value!r}; expected an integer of {minimum} or more")
    return value


def check_non_negative(name: str, value: object) -> float:
    """Return `value` if it is a finite number of at least zero, else refuse it by `name`."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < inf:
        raise ConfigError(f"{name} is {value!r}; expected a number of 0 or more")
    return value


def check_positive(name: str, value: object) -> float:
    """Return `value` if it is a finite number above zero, else refuse it by `name`."""
    if check_non_negative(name, value) == 0:
        raise ConfigError(f"{name} is {value!r}; expected a number above 0")
    return float(value)  # type: ignore[arg-type]


def check_pair(name: str, value: object, expected: str) -> tuple[int, int]:
    """Return `value` if it is two positive integers, else refuse it by `name` with what was expected."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ConfigError(f"{name} is {value!r}; expected {expected}")
    return check_int(name, value[0]), check_int(name, value[1])


def check_patch(name: str, value: object) -> tuple[int, int]:
    """Return `value` as frames and bins if it is a pair of positive integers, else refuse it by `name`."""
    return check_pair(name, value, "frames and bins, such as [32,64]")
