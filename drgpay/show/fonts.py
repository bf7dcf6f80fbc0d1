"""Whether this computer has letters for the texts of charts."""

from functools import cache


@cache
def has_chinese_letters() -> bool:
    """Whether charts can be drawn with Chinese letters.

    Letters that no font has are drawn as nothing, or all as the same empty box.
    """
    return len({_drawn(letter) for letter in "医保费"}) > 1


def _drawn(letter: str) -> bytes:
    import vl_convert

    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
        f'<text x="4" y="30" font-size="28" font-family="sans-serif">{letter}</text></svg>'
    )
    return bytes(vl_convert.svg_to_png(svg))
