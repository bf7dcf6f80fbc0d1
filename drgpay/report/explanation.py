"""How a hospital's amounts come about, with its own numbers: calculations with live formulas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from drgpay.base.exact import (
    FEN_PLACES,
    POINT_PLACES,
    POINT_SCALE,
    half_up,
    round_half_up,
    unscaled,
)
from drgpay.base.language import Language
from drgpay.points.reasons import times_of
from drgpay.policy.model import Policy
from drgpay.policy.outpatient import Capitation
from drgpay.policy.settlement import Clearing, Settlement, SharingBand
from drgpay.report.reasons import reason_said
from drgpay.report.statement import WorkedCase
from drgpay.report.wording import formula_said, named, pool_name, word
from drgpay.show.calculation import Calculation, Step, point_formula
from drgpay.show.tables import heading

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """What the explanations need of a policy and a catalogue, beside the tables.

    all_mean_fen: the mean cost over all groups of the catalogue, for points by cost; None leaves
    the formulas that need it in words. group_names: by group. clearing: of a year, how its budget
    becomes final. capitation: of visits, what contractors have.
    """

    settlement: Settlement
    group_names: Mapping[str, str]
    all_mean_fen: Fraction | None = None
    clearing: Clearing | None = None
    capitation: Capitation | None = None

    @classmethod
    def of(cls, policy: Policy, group_names: Mapping[str, str], mean: Fraction | None) -> "Rules":
        """Those of a part. policy: as the part is settled by."""
        outpatient = policy.outpatient
        return cls(
            policy.settlement,
            group_names,
            mean,
            policy.clearing,
            outpatient.capitation if outpatient else None,
        )

    def paid_here(self, line: Row) -> bool:
        """Whether the fund of the region pays a line; else the home funds of its patients do."""
        return not line["out_of_area"] or self.settlement.out_of_area == "pooled"


class Steps:
    """Collects the steps of one calculation in one language; each is called as its column is."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.taken: list[Step] = []

    def add(self, name: str, value: Any, formula: str = "", how: str = "", label: str = "") -> None:
        """A step; `how` and `label` are said already."""
        said = label or heading(name, self.say)[0]
        self.taken.append(Step(name, said, value, formula, how))

    def given(self, row: Row, *names: str, source: str = "how") -> None:
        """Steps that are taken from a row, explained by the words <source>_<name> if there are any."""
        for name in names:
            self.add(name, row[name], how=named(source, name, self.language, otherwise=""))

    def say(self, key: str) -> str:
        """A wording in the language of the steps."""
        return word(key, self.language)


def pool_key(pool: str) -> str:
    """The key of the calculation of a pool's point value."""
    return f"pool {pool}"


def line_key(line: Row) -> str:
    """The key of the calculation of a statement line."""
    return f"line {line['account']} {line['out_of_area']} {line['payment']}"


def value_of_pool(values: Row, budget: str, rules: Rules, language: Language) -> Calculation:
    """Where the point value comes from.

    values: the pool's row of values.parquet or of a clearing's pools; `budget` is its column of
    what is shared out.
    """
    steps, method = Steps(language), rules.settlement.method
    if method != "cost" and budget == "budget" and values["budget_given"] != values["budget"]:
        _less_item_by_item(values, steps)
    keeps = rules.settlement.deducted_points == "fund" and values["deducted_points"]
    terms = ["total_cost"] if method == "cost" else [budget]
    if method != "cost" and values["from_home_funds"]:
        terms.append("from_home_funds")
    if method == "residual":
        terms += ["patient_cost", "other_cost"]
    for name in [*terms, "points", *(["deducted_points"] if keeps else [])]:
        if name not in [step.name for step in steps.taken]:
            steps.add(name, values[name], how=named("pool", name, language, otherwise=""))
    value, places = values["point_value"], rules.settlement.value_places
    if value is not None:
        valued = values["points"] + (values["deducted_points"] if keeps else 0)
        exact = Fraction(sum(values[name] for name in terms)) / Fraction(valued)
        divisor = "({points}+{deducted_points})" if keeps else "{points}"
        # A quotient that comes out even could fall below itself in the doubles of a workbook.
        rounding = "ROUND" if exact == Fraction(value) else "ROUNDDOWN"
        total = "+".join(f"{{{name}}}" for name in terms)
        said = total.replace("+", " + ")
        steps.add(
            "point_value",
            value,
            f"={rounding}(({total})/{divisor},{places})",
            (f"({said})" if len(terms) > 1 else said)
            + f" ÷ {divisor.replace('+', ' + ')}"
            + steps.say("rounded_down").format(places=places),
        )
    title = steps.say("explained_value").format(pool=pool_name(values["pool"], language))
    return Calculation(pool_key(values["pool"]), title, tuple(steps.taken))


def _less_item_by_item(values: Row, steps: Steps) -> None:
    """B: the budget less what is paid item by item beside the points."""
    for name in ("budget_given", "item_by_item"):
        steps.add(name, values[name], how=named("pool", name, steps.language, otherwise=""))
    steps.add(
        "budget",
        values["budget"],
        "=ROUND({budget_given}-{item_by_item},2)",
        "{budget_given} − {item_by_item}",
    )


def _points_and_money(line: Row, pool: Row, rules: Rules, steps: Steps) -> None:
    """From the points of a line paid by points to its fund amount.

    line: points (net), minus_points, standard_amount, patient_cost, other_cost, fund_amount,
    fund_cost, difference. The value of `pool` is in use as point_value.
    """
    if line["minus_points"]:
        steps.add("case_points", line["points"] - line["minus_points"], how=steps.say("how_points"))
        steps.given(line, "minus_points")
        steps.add("points", line["points"], *_SUM_OF_POINTS)
    else:
        steps.given(line, "points")
    points = steps.taken[-1].name
    money_of_points(line, pool, "distributed", rules, steps)
    if line["deducted_points"]:
        _kept(line, pool, points, rules, steps)
    if line["waiting_points"]:
        steps.given(line, "waiting_points")


def _kept(line: Row, pool: Row, points: str, rules: Rules, steps: Steps) -> None:
    """What the fund keeps for the points that deductions took of a line in the pool."""
    steps.given(line, "deducted_points")
    if not line["in_pool"] or pool["point_value"] is None:
        return
    if rules.settlement.deducted_points == "fund":
        steps.add(
            "kept",
            line["kept"],
            f"=ROUND(ROUND(({{{points}}}+{{deducted_points}})*{{point_value}},2)"
            f"-ROUND({{{points}}}*{{point_value}},2),2)",
            f"({{{points}}} + {{deducted_points}}) × {{point_value}} − {{{points}}} × "
            "{point_value}" + steps.say("to_fen_each"),
        )


_SUM_OF_POINTS = ("=ROUND({case_points}+{minus_points},4)", "{case_points} + {minus_points}")
_RESIDUAL = (
    "=ROUND({standard_amount}-{patient_cost}-{other_cost},2)",
    "{standard_amount} − {patient_cost} − {other_cost}",
)


def _compare(line: Row, steps: Steps, source: str) -> None:
    """The fund amount against what item-by-item payment would have been."""
    steps.given(line, "fund_cost", source=source)
    steps.add(
        "difference",
        line["difference"],
        "=ROUND({fund_amount}-{fund_cost},2)",
        "{fund_amount} − {fund_cost}",
    )


def final_budget(values: Row, clearing: Clearing, language: Language) -> Calculation:
    """How a year's surplus or overrun makes the final budget of a pool.

    values: the pool's row of a clearing's pools.
    """
    steps = Steps(language)
    steps.given(values, "budget", source="year")
    steps.given(values, "fund_cost", source="year")
    over = values["overrun"] > 0
    if over:
        names, added, base = ("fund_cost", "budget", "overrun"), "shared", "budget"
        bands = clearing.overrun_shared
    else:
        names, added, base = ("budget", "fund_cost", "surplus"), "retained", "fund_cost"
        bands = clearing.surplus_retained
    first, second, kind = names
    steps.add(
        kind, values[kind], f"=ROUND({{{first}}}-{{{second}}},2)", f"{{{first}}} − {{{second}}}"
    )
    steps.add(added, values[added], how=bands_said(bands, clearing.band_rule, steps))
    if over:
        steps.given(values, "reserve", source="year")
    steps.add(
        "budget_final",
        values["budget_final"],
        f"=ROUND({{{base}}}+{{{added}}},2)",
        f"{{{base}}} + {{{added}}}",
    )
    title = steps.say("explained_budget").format(pool=pool_name(values["pool"], language))
    return Calculation(f"budget {values['pool']}", title, tuple(steps.taken))


def bands_said(bands: Sequence[SharingBand], rule: str, steps: Steps) -> str:
    """The shares of all bands in a sentence."""
    parts = [
        steps.say("band" if band.up_to is not None else "last_band").format(
            up_to=f"{band.up_to or 0:.2%}", share=f"{band.share:.2%}"
        )
        for band in bands
    ]
    return steps.say(f"bands_{rule}") + steps.say("band_comma").join(parts)


def line_of_year(line: Row, pool: Row, rules: Rules, language: Language) -> Calculation:
    """One statement line of a clearing, from its points to what is still due."""
    steps = Steps(language)
    pool = {**pool, "point_value": line["point_value"]}
    if line["payment"] == "points":
        _points_and_money(line, pool, rules, steps)
    else:
        steps.add("fund_amount", line["fund_amount"], how=steps.say("how_item_by_item"))
    if rules.paid_here(line):
        _clearing(line, steps)
    if line["out_of_area"]:
        steps.given(line, "home_fund_bill", "home_fund_billed")
        steps.add(
            "home_fund_clearing",
            line["home_fund_clearing"],
            "=ROUND({home_fund_bill}-{home_fund_billed},2)",
            "{home_fund_bill} − {home_fund_billed}",
        )
    title = line_title(line, language)
    uses = value_in_use(line, pool, rules)
    return Calculation(line_key(line), title, tuple(steps.taken), uses)


def _clearing(line: Row, steps: Steps) -> None:
    """fund amount, less what the assessment and deductions take, less what was prepaid."""
    terms = ["{fund_amount}"]
    if line["factor"] is not None and line["assessment"]:
        steps.given(line, "factor")
        steps.add(
            "assessment",
            line["assessment"],
            "=ROUND({fund_amount}-ROUND({fund_amount}*{factor},2),2)",
            "{fund_amount} − {fund_amount} × {factor}" + steps.say("to_fen"),
        )
        terms.append("-{assessment}")
    for name, sign in (("redistributed", "+"), ("deduction", "-")):
        if line[name]:
            steps.given(line, name)
            terms.append(f"{sign}{{{name}}}")
    total = "".join(terms)
    said = total.replace("-", " − ").replace("+", " + ")
    steps.add("payable", line["payable"], f"=ROUND({total},2)", said)
    steps.given(line, "prepaid")
    steps.add(
        "clearing", line["clearing"], "=ROUND({payable}-{prepaid},2)", "{payable} − {prepaid}"
    )


def line_of_month(line: Row, pool: Row, rules: Rules, language: Language) -> Calculation:
    """One statement line of a month, from its points to its prepayment."""
    steps = Steps(language)
    pool = {**pool, "point_value": line["point_value"]}
    by_points = line["payment"] == "points"
    if by_points:
        _points_and_money(line, pool, rules, steps)
    else:
        steps.add("fund_amount", line["fund_amount"], how=steps.say("how_item_by_item"))
    if rules.paid_here(line):
        _prepayment(line, rules.settlement.prepay_ratio, steps)
    if line["out_of_area"]:
        billed = "fund_cost" if rules.paid_here(line) and by_points else "fund_amount"
        steps.add("home_fund_bill", line["home_fund_bill"], f"={{{billed}}}", f"{{{billed}}}")
    return Calculation(
        line_key(line),
        line_title(line, language),
        tuple(steps.taken),
        value_in_use(line, pool, rules),
    )


def line_title(line: Row, language: Language) -> str:
    """What a statement line is called above its calculation."""
    place = "outside" if line["out_of_area"] else "local"
    kind = "points" if line["payment"] == "points" else "item"
    account = word(line["account"], language)
    return f"{account} · {word(f'{place}_{kind}', language)}"


def value_in_use(line: Row, pool: Row, rules: Rules) -> dict[str, tuple[str, str]]:
    """`uses` of a calculation that needs the point value of the pool: lines and cases by points.

    By rates a calculation has the value itself.
    """
    by_points = line["payment"] == "points"
    if not by_points or pool["point_value"] is None or rules.settlement.method == "rate":
        return {}
    return {"point_value": (pool_key(pool["pool"]), "point_value")}


def _prepayment(line: Row, ratio: Decimal, steps: Steps) -> None:
    """fund amount x ratio, less what is deducted; a negative fund amount waits for the clearing."""
    fund = line["fund_amount"]
    share = round_half_up(fund * ratio, FEN_PLACES) if fund > 0 else Decimal("0.00")
    formula = "=IF({fund_amount}>0,ROUND({fund_amount}*{prepay_ratio},2),0)"
    said = "{fund_amount} × {prepay_ratio}" + steps.say("to_fen")
    how = said if fund > 0 else steps.say("how_no_prepayment")
    steps.add("prepay_ratio", ratio, how=steps.say("how_prepay_ratio"))
    if line["deducted"]:
        steps.add("before_deduction", share, formula, how)
        steps.given(line, "deducted")
        formula = "=ROUND({before_deduction}-{deducted},2)"
        how = "{before_deduction} − {deducted}"
    steps.add("prepayment", line["prepayment"], formula, how)
    if line["carried"]:
        steps.given(line, "carried")


def total_over_lines(
    lines: Sequence[Row], column: str, language: Language, title: str
) -> Calculation:
    """The sum of one column over the calculations of the lines that have a step of it."""
    uses = {f"line_{n}": (line_key(line), column) for n, line in enumerate(lines, start=1)}
    steps = Steps(language)
    steps.add(
        column,
        sum((line[column] for line in lines), Decimal("0.00")),
        f"=ROUND({'+'.join(f'{{{name}}}' for name in uses)},2)",
        " + ".join(f"{{{name}}}" for name in uses),
    )
    return Calculation(f"total {column}", word(title, language), tuple(steps.taken), uses)


def worked_case(example: WorkedCase, pool: Row, rules: Rules, language: Language) -> Calculation:
    """One case of the hospital from its points to its fund amount."""
    case, steps = example.case, Steps(language)
    amounts = _case_points(case, rules, steps)
    words = case["formula"] or ""
    formula = point_formula(words, frozenset(amounts))
    steps.add(
        "points_before",
        case["points_before"],
        f"=ROUND({formula},{POINT_PLACES})" if formula else "",
        formula_said(words, language, amounts) + steps.say("to_points"),
    )
    _adjustments(example, formula, steps)
    money = {**case, "difference": case["fund_amount"] - case["fund_cost"]}
    money_of_points(money, pool, "rounding_rest", rules, steps, source="case")
    title = steps.say("explained_case").format(
        case_id=case["case_id"],
        group=" ".join(
            text for text in (case["drg"], rules.group_names.get(case["drg"] or "", "")) if text
        ),
        case_class=named("class", case["case_class"], language),
    )
    return Calculation("case", title, tuple(steps.taken), value_in_use(case, pool, rules))


def _adjustments(example: WorkedCase, formula: str | None, steps: Steps) -> None:
    """What changes the points of a case, one step each, and their sum."""
    terms = ["points_before"]
    for place, row in enumerate(example.adjustments):
        name = f"adjustment_{row['step']}"
        factor = times_of(row)
        # Rounded once, so it begins with the formula and not with the rounded points before.
        after = f"ROUND(({formula})*{factor},{POINT_PLACES})" if factor else ""
        live = f"=ROUND({after}-{{points_before}},{POINT_PLACES})" if after else ""
        texts = (reason_said(row, steps.language), row["evidence"])
        how = "  ".join(text for text in texts if text).replace("{", "(").replace("}", ")")
        label = named("kind", row["kind"], steps.language)
        steps.add(name, row["points"], live if formula and not place else "", how, label)
        terms.append(name)
    if example.adjustments:
        cells = [f"{{{name}}}" for name in terms]
        total = f"=ROUND({'+'.join(cells)},{POINT_PLACES})"
        steps.add("points", example.case["points"], total, " + ".join(cells))


def _case_points(case: Row, rules: Rules, steps: Steps) -> list[str]:
    """The numbers that the points of a case are made of; returns their names."""
    named_in = case["formula"] or ""
    names = [
        name
        for name in ("base_points", "coefficient", "mean_cost", "length_of_stay", "high_ratio")
        if case.get(name) is not None and (name in named_in or name == "mean_cost")
    ]
    steps.given(case, *names, "total_cost", source="case")
    names.append("total_cost")
    if case.get("mean_cost"):
        ratio = case["cost_ratio"]
        of_region = half_up(
            Fraction(case["total_cost"]) / Fraction(case["mean_cost"]) * POINT_SCALE
        )
        if unscaled(of_region, POINT_PLACES) == ratio:
            live = f"=ROUND({{total_cost}}/{{mean_cost}},{POINT_PLACES})"
            how = "{total_cost} ÷ {mean_cost}"
            steps.add("cost_ratio", ratio, live, how + steps.say("how_cost_ratio"))
        else:
            # The exact mean of the level or hospital is in the catalogue, not in the case's row.
            steps.given(case, "reference_mean", source="case")
            how = "{total_cost} ÷ {reference_mean}" + steps.say("how_ratio_mean")
            steps.add("cost_ratio", ratio, how=how + steps.say("how_cost_ratio"))
        names.append("cost_ratio")
    if "all_mean" in named_in and rules.all_mean_fen:
        add_all_mean(rules.all_mean_fen, steps)
        names.append("all_mean")
    return names


def add_all_mean(fen: Fraction, steps: Steps) -> None:
    """The step of the mean cost over all of a catalogue."""
    mean = round_half_up(Decimal(fen.numerator) / fen.denominator / 100, _MEAN_PLACES)
    formula = f"=ROUND({fen.numerator}/{fen.denominator * 100},{_MEAN_PLACES})"
    steps.add("all_mean", mean, formula, steps.say("how_all_mean"))


_MEAN_PLACES = 8  # the exact mean is a fraction; more places change no fourth place of the points


def money_of_points(
    row: Row, pool: Row, rest: str, rules: Rules, steps: Steps, source: str = "how"
) -> None:
    """Points x value, with what rounding or a remainder adds, less what others paid.

    The last step has the points; `rest` is the name of what comes on top.
    """
    points = steps.taken[-1].name
    formula, how = "", ""
    if pool["point_value"] is not None:
        if rules.settlement.method == "rate":
            rate_steps(pool["point_value"], steps)
        formula = f"=ROUND({{{points}}}*{{point_value}},2)"
        how = f"{{{points}}} × {{point_value}}" + steps.say("to_fen")
        earned = round_half_up(row["points"] * pool["point_value"], FEN_PLACES)
        on_top = row[rest] if rest in row else row["standard_amount"] - earned
        if on_top:
            steps.add("earned_amount", earned, formula, how)
            steps.add(rest, on_top, how=steps.say(f"how_{rest}"))
            formula = f"=ROUND({{earned_amount}}+{{{rest}}},2)"
            how = f"{{earned_amount}} + {{{rest}}}"
    steps.add("standard_amount", row["standard_amount"], formula, how)
    if rules.settlement.method == "fund_only":
        steps.add("fund_amount", row["fund_amount"], "={standard_amount}", "{standard_amount}")
    else:
        steps.given(row, "patient_cost", "other_cost", source=source)
        steps.add("fund_amount", row["fund_amount"], *_RESIDUAL)
    _compare(row, steps, source)


def rate_steps(value: Decimal, steps: Steps) -> None:
    """The value of a line from the rate of its account and its hospital's level."""
    steps.add("rate", value * 100, how=steps.say("how_rate"))
    steps.add("point_value", value, "={rate}/100", "{rate} ÷ 100")
