"""The axes and labels of charts: ticks that differ from one another, names that are whole.

A renderer would measure letters by the fonts of its machine; here they are reckoned, a Chinese one as
wide as the font is high, so that the same figures give the same bytes everywhere.
"""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

TEXT = 12
"""The height of letters in pixels."""
_NARROW = 0.6
_CLOSING = "，。、；：？！）》”,.;:)"


@dataclass(frozen=True)
class Ticks:
    """The marks of an axis, and how d3 writes each so that no two look alike."""

    values: Sequence[float]
    shape: str

    @property
    def domain(self) -> list[float]:
        """From the first mark to the last."""
        return [self.values[0], self.values[-1]]


def ticks(
    low: float, high: float, most: int = 5, whole: bool = False, percent: bool = False
) -> Ticks:
    """Marks at 1, 2 or 5 times a power of ten, from at or below `low` to at or above `high`.

    whole: none between whole numbers. percent: numbers are parts of one, shown in percent.
    """
    step = _step(low, high, most, whole)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if first == last:
        last += 1
    values = [_times(place, step) for place in range(first, last + 1)]
    shown = step * 100 if percent else step
    places = max(0, -_exponent(shown))
    return Ticks(values, f",.{places}{'%' if percent else 'f'}")


def _step(low: float, high: float, most: int, whole: bool) -> float:
    # Of one value alone: a scale on which it would be read.
    span = high - low or abs(high) * 0.02 or 1.0
    least = max(span / most, abs(high or low) * 1e-12)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(times for times in (1, 2, 5, 10) if times * power >= least * (1 - 1e-9)) * power
    return max(step, 1.0) if whole else step


def _exponent(step: float) -> int:
    return math.floor(math.log10(step) + 1e-9)


def _times(place: int, step: float) -> float:
    """The multiple of a step, without the noise of a float."""
    return round(place * step, max(0, 1 - _exponent(step))) or 0.0


def pixels(text: str, size: int = TEXT) -> int:
    """About how wide a text is."""
    return math.ceil(sum(_width(letter) for letter in text) * size)


def _width(letter: str) -> float:
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" else _NARROW


def lines_of(text: str, width: int, size: int = TEXT) -> list[str]:
    """A name in lines of some pixels: the whole of it, as evenly as its words and letters allow."""
    count = math.ceil(pixels(text, size) / max(width, 2 * size))
    if count <= 1:
        return [text]
    aim = pixels(text, size) / count + size
    lines, line = [], ""
    for piece in _pieces(text):
        if line and pixels(line + piece, size) > min(aim, width):
            lines.append(line.strip())
            line = ""
        line += piece
    return [*lines, line.strip()]


def _pieces(text: str) -> list[str]:
    """Chinese letters one by one, words whole; what closes a clause stays with what it closes."""
    pieces: list[str] = []
    for letter in text:
        narrow = _width(letter) < 1 and not letter.isspace()
        joined = pieces and (
            letter in _CLOSING or (narrow and _width(pieces[-1][-1]) < 1 and pieces[-1][-1] != " ")
        )
        if joined:
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def lanes(spans: Sequence[tuple[float, float]]) -> list[int]:
    """For each of some spans, from left to right, the first lane in which it touches no other."""
    ends: list[float] = []
    found = []
    for start, end in spans:
        lane = next((place for place, taken in enumerate(ends) if taken <= start), len(ends))
        ends[lane : lane + 1] = [end]
        found.append(lane)
    return found


@dataclass(frozen=True)
class Placed:
    """Where a label stands beside its point: a key of SIDES."""

    place: int
    side: str


SIDES = {"right": (8, 0), "left": (-8, 0), "above": (0, -11), "below": (0, 12)}
"""How far from its point a label stands, in pixels."""


def placed_labels(
    points: Sequence[tuple[float, float]],
    texts: Sequence[tuple[int, str]],
    width: float,
    height: float,
) -> list[Placed]:
    """Labels of points, in pixels of a frame: at a side where they touch no point and no other label.

    texts: places of points and their names, the most important first. What fits nowhere is left out.
    """
    taken = [(x - 8, y - 8, x + 8, y + 8) for x, y in points]
    found = []
    for place, text in texts:
        x, y = points[place]
        own = taken[place]
        for side in SIDES:
            box = _box(x, y, side, pixels(text, TEXT))
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height
            others = (one for one in taken if one is not own)
            if inside and not any(_touch(box, one) for one in others):
                found.append(Placed(place, side))
                taken.append(box)
                break
    return found


_Box = tuple[float, float, float, float]


def _box(x: float, y: float, side: str, width: float) -> _Box:
    across, down = SIDES[side]
    left = x + across - (width if side == "left" else 0 if side == "right" else width / 2)
    return (left, y + down - TEXT / 2 - 1, left + width, y + down + TEXT / 2 + 1)


def _touch(one: _Box, other: _Box) -> bool:
    apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    return not apart
