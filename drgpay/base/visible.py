"""Text of others as it may be shown: what a screen would obey rather than show is written out.

A name in a file is data. Sent to a terminal, a page or a workbook as it stands, a control character
moves the cursor, a bidirectional control turns the rest of the line round, a zero-width character
makes two names look alike, and an unpaired surrogate or a noncharacter damages the file.
"""

import json
import unicodedata

_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories: controls (C0, DEL, C1), formats (bidi, zero-width), surrogates, line separators."""
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: str, lines: bool = False) -> str:
    r"""The text with what is not shown written out, as `\x1b` or `\u202e`; the rest is untouched.

    With `lines` line feeds stay, for texts of several lines.
    """
    if text.isprintable():
        return text
    return "".join(
        _escaped(sign) if _is_obeyed(sign) and not (lines and sign == "\n") else sign
        for sign in text
    )


def visible_json(text: str, encoding: str = "utf-8") -> str:
    r"""JSON that says the same with `\uXXXX` for what is not shown or cannot be encoded.

    Outside its strings JSON has nothing but ASCII, so it stays the JSON that it was.
    """
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(
        _json_escaped(sign) if sign > "~" and not _is_plain(sign, encoding) else sign
        for sign in text
    )


def _json_escaped(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if sign == "\x7f" else json.dumps(sign)[1:-1]


def _is_plain(sign: str, encoding: str) -> bool:
    if _is_obeyed(sign):
        return False
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _is_obeyed(sign: str) -> bool:
    return not sign.isprintable() and (
        unicodedata.category(sign) in _OBEYED or _is_no_character(ord(sign))
    )


def _is_no_character(number: int) -> bool:
    """Code points that are none of any text, which XML for one forbids."""
    return number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF


def _escaped(sign: str) -> str:
    number = ord(sign)
    if sign in _SHORT:
        return _SHORT[sign]
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
