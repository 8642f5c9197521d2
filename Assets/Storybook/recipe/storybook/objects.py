"""The things of the world: names, plurals, synonyms, habitats and sizes, read from objects.txt."""

from __future__ import annotations

import functools
import pathlib
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Object:
    """One kind of thing. `names` holds (singular, plural) pairs, the first is the name it is known by."""

    names: tuple[tuple[str, str], ...]
    codepoint: int
    habitat: str
    size: float
    tintable: bool

    @property
    def name(self) -> str:
        return self.names[0][0]

    @property
    def countable(self) -> bool:
        """False for things that take neither an article nor a number ("cheese", "scissors")."""
        return self.habitat != "any" or self.names[0][0] != self.names[0][1]


def plural(noun: str) -> str:
    """The regular English plural of a noun."""
    if re.search("(s|sh|ch|x)$", noun):
        return noun + "es"
    if re.search("[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + "s"


def _pair(text: str) -> tuple[str, str]:
    one, _, many = text.strip().partition("/")
    return one, many or plural(one)


@functools.cache
def objects() -> dict[str, Object]:
    """All objects by name, in the order of objects.txt."""
    found: dict[str, Object] = {}
    habitat, size = "any", 1.0
    for line in (pathlib.Path(__file__).parent / "objects.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            habitat, number = line.strip("[]").split()
            size = float(number)
            continue
        head, _, synonyms = line.partition(" = ")
        noun, _, codepoint = head.strip().rpartition(" ")
        names = (_pair(noun), *(_pair(s) for s in synonyms.split(",") if s))
        thing = Object(names, int(codepoint.rstrip("*"), 16), habitat, size, codepoint.endswith("*"))
        found[thing.name] = thing
    return found
