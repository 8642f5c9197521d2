"""Which of two worlds scenes come from.

The wide world shows every object alike, at any place and size, a little turned. In the tidy world objects stand upright on
the grid of tokens, in few sizes, eleven of twelve are of core.txt, a place is one of a few drawings, and captions leave out
only what is as usual: the same patches come again and again, so that hours of a CPU teach what the wide world needs days for. The sprite file and the token file carry the choice.
"""

from __future__ import annotations

_tidy = False


def is_tidy() -> bool:
    return _tidy


def use(tidy: bool) -> None:
    """Makes the tidy or the wide world the one that scenes come from."""
    global _tidy
    _tidy = tidy
