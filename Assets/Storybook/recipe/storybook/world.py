"""Which of two worlds scenes come from.

The wide world shows every object alike, at any place and size, a little turned. In the tidy world objects stand upright on
the grid of tokens, in few sizes, a share of them is of core.txt, a place is one of a few drawings, and captions leave out
only what is as usual: the same patches come again and again, so that hours of a CPU or minutes of a GPU teach what the wide
world needs far more for. The sprite file and the token file carry the choice.
"""

from __future__ import annotations

_core: float | None = None


def is_tidy() -> bool:
    return _core is not None


def core_share() -> float | None:
    """Which share of the tidy world's things is chosen from core.txt alone; None in the wide world."""
    return _core


def use(core: float | None) -> None:
    """Makes the wide world, or the tidy one with that share of core things, the one that scenes come from."""
    global _core
    _core = core
