"""Clues in words: a sentence made of the reason's code and numbers where it is shown."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drgpay.base.language import Language
from drgpay.base.words import Wording

WORDS = Wording("supervision")


def clue_sentence(code: str, numbers: str, language: Language) -> str:
    """Why the stays are a clue: the wording of the code, filled with its numbers."""
    key = f"reason_{code}"
    if key not in WORDS:
        return code
    return WORDS.said(
        key, language, **{name: _said(one) for name, one in _numbers(numbers).items()}
    )


def _numbers(text: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(text or "{}", parse_float=Decimal)
    return read


def _said(value: object) -> str:
    if isinstance(value, Decimal):
        rounded = f"{value:.4f}".rstrip("0").rstrip(".")
        return rounded or "0"
    return f"{value:,}" if isinstance(value, int) else str(value)


def why_said(why: str, language: Language) -> str:
    """Why a rule was not run, or in part: `table:beds;from:2026-10-01` in words."""
    parts = []
    for one in filter(None, why.split(";")):
        kind, _, what = one.partition(":")
        key = f"why_{kind}"
        name, _, more = what.partition("=")
        prefix = "rule" if kind == "rule" else "table"
        said = {"what": WORDS.named(prefix, name, language), "more": more or name}
        parts.append(WORDS.said(key, language, **said) if key in WORDS else one)
    return WORDS.said("between", language).join(parts)
