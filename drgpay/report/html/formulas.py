"""How the figures of a report come about: each rule with the numbers of the run put in."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from drgpay.base.exact import round_half_up
from drgpay.report.html.figures import PartFigures
from drgpay.report.html.wording import Speaker
from drgpay.report.wording import pool_name
from drgpay.results.run_folder import PaidPart

_FURTHER_PLACES = 4


@dataclass(frozen=True)
class Formula:
    """A figure: its name, its rule in words, and the rule with numbers; no numbers, no sum."""

    name: str
    rule: str
    sum: str = ""


def pool_formulas(run: PaidPart, figures: PartFigures, say: Speaker) -> list[Formula]:
    """Point value and remainder of each pool."""
    settlement = run.about.settlement
    found = []
    for row in figures.pools.iter_rows(named=True):
        pool = pool_name(row["pool"], say.language)
        if run.manifest.is_clearing:
            found.append(_final_budget(row, pool, say))
        if row["point_value"] is not None:  # none where no case of the pool earned points
            found.append(_value(row, pool, settlement, say))
        home = [row["from_home_funds"]] if row["from_home_funds"] else []
        terms = _terms([row["available"], *home])
        kept = f" − {_n(row['kept'])}" if row["kept"] else ""
        total = f"{terms} − {_n(row['fund_amount'])}{kept} = {_n(row['remainder'])}"
        found.append(Formula(say("f_remainder", pool=pool), say("f_remainder_rule"), total))
    return found


def line_formulas(run: PaidPart, example: dict[str, Any], say: Speaker) -> list[Formula]:
    """From the points of one statement line to its prepayment."""
    settlement = run.about.settlement
    fund_only = settlement["method"] == "fund_only"
    standard, fund = example["standard_amount"], example["fund_amount"]
    spread = example["distributed"]
    paid = f"{_n(example['points'])} × {_n(example['point_value'])}"
    formulas = [
        ("f_standard", "f_standard_share", f"{paid} + {_n(spread)} = {_n(standard)}")
        if spread
        else ("f_standard", "f_standard_rule", f"{paid} = {_n(standard)}"),
        ("f_fund", "f_fund_only_rule", _n(fund))
        if fund_only
        else (
            "f_fund",
            "f_fund_rule",
            f"{_n(standard)} − {_n(example['patient_cost'])} − {_n(example['other_cost'])}"
            f" = {_n(fund)}",
        ),
        *([("f_kept", "f_kept_rule", _kept_sum(example))] if example["kept"] else []),
        (
            "f_difference",
            "f_difference_rule",
            f"{_n(fund)} − {_n(example['fund_cost'])} = {_n(example['difference'])}",
        ),
    ]
    if example["fund_cost"]:
        percent = round_half_up(example["difference"] / example["fund_cost"] * 100, 2)
        total = f"{_n(example['difference'])} ÷ {_n(example['fund_cost'])} = {_n(percent)}%"
        formulas.append(("f_share", "f_share_rule", total))
    if run.manifest.is_clearing:
        formulas += _cleared(example)
    elif fund > 0:
        deducted = example["deducted"]
        taken = f" − {_n(deducted)}" if deducted else ""
        ratio = Decimal(settlement["prepay_ratio"])
        total = f"{_n(fund)} × {_n(ratio * 100)}%{taken} = {_n(example['prepayment'])}"
        formulas.append(("f_prepayment", "f_prepayment_rule", total))
    return [Formula(say(name), say(rule), t) for name, rule, t in formulas]


def _cleared(line: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What a line is due for the year, and what of it is still to pay: name, rule, sum."""
    taken = f"{_n(line['fund_amount'])} − {_n(line['assessment'])} + {_n(line['redistributed'])}"
    payable = f"{taken} − {_n(line['deduction'])} = {_n(line['payable'])}"
    due = f"{_n(line['payable'])} − {_n(line['prepaid'])} = {_n(line['clearing'])}"
    found = [("f_payable", "f_payable_rule", payable), ("f_clearing", "f_clearing_rule", due)]
    if line["factor"] is None or line["fund_amount"] <= 0:
        return found
    fund, factor = _n(line["fund_amount"]), _n(line["factor"])
    assessed = f"{fund} − {fund} × {factor} = {_n(line['assessment'])}"
    return [("f_assessment", "f_assessment_rule", assessed), *found]


def _final_budget(row: Mapping[str, Any], pool: str, say: Speaker) -> Formula:
    """The budget of a year after its surplus or its overrun was shared by bands."""
    if row["overrun"]:
        rule, whole, part = "f_budget_final_overrun", row["budget"], row["shared"]
    else:
        rule, whole, part = "f_budget_final_surplus", row["fund_cost"], row["retained"]
    total = f"{_n(whole)} + {_n(part)} = {_n(row['budget_final'])}"
    return Formula(say("f_budget_final", pool=pool), say(rule), total)


def _kept_sum(line: dict[str, Any]) -> str:
    points, value = _n(line["points"]), _n(line["point_value"])
    whole = f"({points} + {_n(line['deducted_points'])}) × {value}"
    return f"{whole} − {points} × {value} = {_n(line['kept'])}"


def _value(row: dict[str, Any], pool: str, settlement: Mapping[str, Any], say: Speaker) -> Formula:
    method, places = settlement["method"], settlement["value_places"]
    home = [row["from_home_funds"]] if row["from_home_funds"] else []
    parts = {
        "residual": [row["available"], *home, row["patient_cost"], row["other_cost"]],
        "fund_only": [row["available"], *home],
        "cost": [row["total_cost"]],
    }[method]
    rule = f"f_value_{method}_home" if method == "residual" and home else f"f_value_{method}"
    top = _terms(parts) if len(parts) == 1 else f"({_terms(parts)})"
    keeps = settlement.get("deducted_points", "pool") == "fund" and row["deducted_points"]
    divisor = row["points"] + (row["deducted_points"] if keeps else 0)
    quotient = sum(parts, Decimal(0)) / divisor
    step = Decimal(1).scaleb(-(places + _FURTHER_PLACES))
    exact = f"{_n(quotient.quantize(step, ROUND_DOWN))}… → "
    return Formula(
        say("f_value", pool=pool),
        say(rule, places=places) + (say("f_value_deducted") if keeps else ""),
        f"{top} ÷ {_divisor(row, bool(keeps))} = {exact}{_n(row['point_value'])}",
    )


def _divisor(row: dict[str, Any], keeps: bool) -> str:
    if not keeps:
        return _n(row["points"])
    return f"({_n(row['points'])} + {_n(row['deducted_points'])})"


def _terms(amounts: list[Decimal]) -> str:
    return " + ".join(_n(amount) for amount in amounts)


def _n(value: Decimal) -> str:
    return f"{value:,f}".replace("-", "−")
