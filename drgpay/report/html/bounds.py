"""Bounds and bands in words, as the policy has them: of low and high cases, of a year's budget."""

from decimal import Decimal
from typing import Any

from drgpay.report.html.tables import Table, word_column
from drgpay.report.html.wording import Speaker
from drgpay.report.wording import level_name
from drgpay.results.run_folder import RunFolder
from drgpay.show import cells


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


def bands_table(run: RunFolder, say: Speaker) -> Table:
    """What hospitals keep of a surplus and the fund bears of an overrun, a row a band."""
    rules = run.manifest.parameters["clearing"]
    rows = []
    for key in ("surplus_retained", "overrun_shared"):
        below = Decimal(0)
        for band in rules[key]:
            top = band.get("up_to")
            said = "band" if top and below else "band_first" if top else "band_last"
            said = said if top or below else "band_only"
            shown = {"below": _percent(below), "top": _percent(Decimal(top or 0))}
            share = _percent(Decimal(band["share"]))
            rows.append([cells.words(one) for one in (say(key), say(said, **shown), share)])
            below = Decimal(top or 0)
    return Table([word_column(key, say) for key in ("kind", "band_of_budget", "band_share")], rows)


def bands_note(run: RunFolder, say: Speaker) -> str:
    """How the bands are applied, and how far the fund goes."""
    rules = run.manifest.parameters["clearing"]
    limit = "bands_beyond_reserve" if rules["overrun_beyond_reserve"] else "bands_within_reserve"
    gap = "" if say.language == "zh" else " "
    return gap.join((say(f"bands_{rules['band_rule']}"), say(limit)))


def _percent(ratio: Decimal) -> str:
    return f"{plain(ratio * 100)}%"


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
