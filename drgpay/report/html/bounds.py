"""The bounds of low and high cases in words, as the policy has them."""

from decimal import Decimal
from typing import Any

from drgpay.language import Language
from drgpay.report.html.wording import word
from drgpay.report.wording import level_name


def bounds_text(points: dict[str, Any], language: Language) -> str:
    """When a case is low or high. points: the section [points] of the policy."""
    low = word("low_rule", language, ratio=plain(Decimal(points["low_ratio"])))
    bands = [
        word("high_rule", language, ratio=plain(Decimal(band["ratio"])), of=_band(band, language))
        for band in points["high_bands"]
    ]
    gap, joint, end = ("", "；", "。") if language == "zh" else (" ", "; ", ". ")
    order = word("bands_order", language) if len(bands) > 1 else ""
    return f"{low}{gap}{joint.join(bands)}{end}{order}"


def plain(value: Decimal) -> str:
    """A ratio without needless zeros: 3, 2.5."""
    return f"{value.normalize():f}"


def _band(band: dict[str, Any], language: Language) -> str:
    conditions = []
    base_points = Decimal(band["base_points_from"])
    if base_points:
        conditions.append(word("of_base_points", language, points=plain(base_points)))
    joint = word("joint", language)
    if band["levels"]:
        names = joint.join(level_name(level, language) for level in band["levels"])
        conditions.append(word("of_levels", language, names=names))
    if band["accounts"]:
        names = joint.join(word(account, language) for account in band["accounts"])
        conditions.append(word("of_accounts", language, names=names))
    return joint.join(conditions) or word("of_all", language)
