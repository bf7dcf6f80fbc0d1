"""The bounds of low and high cases in words, as the policy has them."""

from decimal import Decimal
from typing import Any

from drgpay.report.html.wording import Speaker
from drgpay.report.wording import level_name


def bounds_text(points: dict[str, Any], say: Speaker) -> str:
    """When a case is low or high. points: the section [points] of the policy."""
    low = say("low_rule", ratio=plain(Decimal(points["low_ratio"])))
    bands = [
        say("high_rule", ratio=plain(Decimal(band["ratio"])), of=_band(band, say))
        for band in points["high_bands"]
    ]
    gap, joint, end = ("", "；", "。") if say.language == "zh" else (" ", "; ", ". ")
    order = say("bands_order") if len(bands) > 1 else ""
    return f"{low}{gap}{joint.join(bands)}{end}{order}"


def plain(value: Decimal) -> str:
    """A ratio without needless zeros: 3, 2.5."""
    return f"{value.normalize():f}"


def _band(band: dict[str, Any], say: Speaker) -> str:
    conditions = []
    base_points = Decimal(band["base_points_from"])
    if base_points:
        conditions.append(say("of_base_points", points=plain(base_points)))
    joint = say("joint")
    if band["levels"]:
        names = joint.join(level_name(level, say.language) for level in band["levels"])
        conditions.append(say("of_levels", names=names))
    if band["accounts"]:
        names = joint.join(say(account) for account in band["accounts"])
        conditions.append(say("of_accounts", names=names))
    return joint.join(conditions) or say("of_all")
