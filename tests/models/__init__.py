"""Types as people write them, by theme, each with texts that fit it and texts that do not."""

from models import aliases, config, dataclasses_, shapes, strict, types_, unions, validators, wild
from models.case import CALLS, Case

__all__ = ["CALLS", "CASES", "Case"]

CASES: list[Case] = [
    case
    for theme in (aliases, unions, validators, dataclasses_, types_, strict, config, shapes, wild)
    for case in theme.CASES
]
