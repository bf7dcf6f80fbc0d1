"""Amounts of money in Chinese capitals (大写), as payment documents have them.

By the rules for filling in bills (《正确填写票据和结算凭证的基本规定》): the unit of yuan, 零 where the
figures leave places out between others, 整 where no fen follow.
"""

from decimal import Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_FOURS = ("", "万", "亿", "万亿")
_MOST = 10**16


def capitals(amount: Decimal) -> str:
    """An amount of yuan with at most two decimals, in capitals: 1006.50 is 壹仟零陆元伍角整.

    Raises ValueError for parts of a fen, and from 10**16 yuan on.
    """
    fen = amount.scaleb(2)
    if fen != fen.to_integral_value() or abs(amount) >= _MOST:
        raise ValueError(amount)
    yuan, rest = divmod(abs(int(fen)), 100)
    said = f"{_whole(yuan)}元" if yuan else ""
    return ("负" if amount < 0 else "") + said + _parts(*divmod(rest, 10), after_yuan=bool(yuan))


def _parts(jiao: int, fen: int, after_yuan: bool) -> str:
    """What stands behind the yuan."""
    if not jiao and not fen:
        return "整" if after_yuan else "零元整"
    if not jiao:
        return f"{'零' if after_yuan else ''}{_DIGITS[fen]}分"
    return f"{_DIGITS[jiao]}角" + (f"{_DIGITS[fen]}分" if fen else "整")


def _whole(number: int) -> str:
    """A whole number above 0, four figures at a time."""
    fours = []
    while number:
        number, four = divmod(number, 10_000)
        fours.append(four)
    said, gap = "", False
    for place in range(len(fours) - 1, -1, -1):
        four = fours[place]
        if not four:
            gap = bool(said)
            continue
        if said and (gap or four < 1_000):
            said += "零"
        said += _four(four) + _unit(place, fours)
        gap = False
    return said


def _unit(place: int, fours: list[int]) -> str:
    # 万亿 says 亿 once: not when figures of 亿 follow.
    if place == 3 and fours[2]:
        return "万"
    return _FOURS[place]


def _four(number: int) -> str:
    """Up to four figures, 零 once for what is left out between others."""
    said, gap = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if not digit:
            gap = bool(said)
            continue
        said += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return said
