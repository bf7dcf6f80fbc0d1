"""How the amounts of visits come about: one visit worked out, and the account of a contractor."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from drgpay.base.exact import (
    FEN_PLACES,
    POINT_PLACES,
    POINT_SCALE,
    half_up,
    round_half_up,
    unscaled,
)
from drgpay.base.language import Language
from drgpay.policy.outpatient import Capitation
from drgpay.policy.settlement import SharingBand
from drgpay.report.explanation import (
    Row,
    Rules,
    Steps,
    add_all_mean,
    bands_said,
    money_of_points,
    value_in_use,
)
from drgpay.report.visit_wording import visit_word
from drgpay.results.columns import read_back
from drgpay.results.visits import ENTRY_COLUMNS
from drgpay.settle.capitation import rate_fen
from drgpay.show.calculation import Calculation
from drgpay.visits.amounts import entry_amounts


class VisitSteps(Steps):
    """Steps in the words of outpatient reports."""

    def say(self, key: str) -> str:
        """A wording of outpatient reports in the language of the steps."""
        return visit_word(key, self.language)


def entries_with_amounts(
    entries: pl.DataFrame, case: Row, all_mean_fen: Fraction | None
) -> pl.DataFrame:
    """The entries of a visit with the points each earns and its part of the standard amount.

    entries: ENTRY_COLUMNS, in their order. case: case_id, standard_amount. all_mean_fen: the mean of
    the catalogue, for entries at cost. The points of an entry are rounded for the reader: those of
    the visit are rounded once, for all entries.
    """
    fen = int(case["standard_amount"].scaleb(FEN_PLACES))
    scaled = read_back(entries, ENTRY_COLUMNS)
    cases = pl.DataFrame({"case_id": [case["case_id"]], "standard_fen": [fen]})
    amounts = entry_amounts(scaled, cases, all_mean_fen).to_list()
    earned = [_points(row, all_mean_fen) for row in entries.iter_rows(named=True)]
    return entries.with_columns(
        points=pl.Series(earned, dtype=pl.Decimal(18, POINT_PLACES)),
        standard_amount=pl.Series(
            [unscaled(amount, FEN_PLACES) for amount in amounts], dtype=pl.Decimal(18, 2)
        ),
    )


def worked_visit(
    case: Row,
    entries: pl.DataFrame,
    names: Mapping[str, str],
    pool: Row,
    rules: Rules,
    language: Language,
) -> Calculation:
    """One visit from the base points of its paid entries to its fund amount.

    case: of the cases of a statement. entries: ENTRY_COLUMNS of the visit. names: of APGs.
    """
    steps = VisitSteps(language)
    terms, said = [], []
    for place, row in enumerate(entries.filter(pl.col("factor") > 0).iter_rows(named=True), 1):
        name = f"entry_{place}"
        reason = visit_word(f"reason_{row['reason']}", language)
        factor, coefficient = _plain(row["factor"]), _plain(row["coefficient"])
        how = visit_word("entry_how", language).format(
            factor=factor, coefficient=coefficient, reason=reason
        )
        label = f"{row['apg']} {names.get(row['apg'], '')}".strip()
        if row["paid_cost"] is not None and rules.all_mean_fen is not None:
            how = steps.say("paid_cost_how").format(
                own=row["lines_cost"], packaged=row["paid_cost"] - row["lines_cost"]
            )
            steps.add(name, row["paid_cost"], how=how, label=label + steps.say("paid_cost_label"))
            terms.append(f"{{{name}}}/{{all_mean}}*100")
            said.append(f"{{{name}}} ÷ {{all_mean}} × 100")
            continue
        steps.add(name, row["base_points"] or Decimal(0), how=how, label=label)
        terms.append(f"{{{name}}}*{factor}*{coefficient}")
        said.append(f"{{{name}}} × {factor} × {coefficient}")
    if rules.all_mean_fen is not None and any("all_mean" in term for term in terms):
        add_all_mean(rules.all_mean_fen, steps)
    formula = f"=ROUND({'+'.join(terms)},{POINT_PLACES})"
    steps.add("points", case["points"], formula, " + ".join(said) + steps.say("to_points"))
    money = {**case, "difference": case["fund_amount"] - case["fund_cost"]}
    money_of_points(money, pool, "rounding_rest", rules, steps, source="case")
    title = steps.say("explained_visit").format(visit_id=case["case_id"], date=case["visit_date"])
    return Calculation("visit", title, tuple(steps.taken), value_in_use(case, pool, rules))


def account_calculation(
    account: Row,
    enrolment: Sequence[Row],
    rules: Capitation,
    language: Language,
    whole_year: bool = False,
) -> Calculation:
    """A contractor's account: heads x rate, what was charged, and the balance shared by bands.

    account: a row of `CapitationTables.accounts`. enrolment: its rows (age_band, heads, account).
    whole_year: the account has the capitation of the year, not a month's share.
    """
    steps = VisitSteps(language)
    year = []
    for place, row in enumerate(enrolment, 1):
        band = f" {row['age_band']}" if row["age_band"] else ""
        heads, rate = f"heads_{place}", f"rate_{place}"
        label = steps.say("heads_of_band").format(band=band)
        steps.add(heads, row["heads"], how=steps.say("how_heads"), label=label)
        yuan = unscaled(rate_fen(dict(row), rules), FEN_PLACES)
        label = steps.say("rate_of_band").format(band=band)
        steps.add(rate, yuan, how=steps.say("how_rate"), label=label)
        year.append((heads, rate, row["heads"] * yuan))
    steps.add(
        "capitation_year",
        sum((amount for _, _, amount in year), Decimal("0.00")),
        f"=ROUND({'+'.join(f'{{{heads}}}*{{{rate}}}' for heads, rate, _ in year)},2)",
        " + ".join(f"{{{heads}}} × {{{rate}}}" for heads, rate, _ in year),
    )
    if whole_year:
        yearly = ("={capitation_year}", "{capitation_year}")
        steps.add("capitation_amount", account["capitation"], *yearly)
    else:
        steps.add("capitation_amount", account["capitation"], how=steps.say("how_month"))
    steps.add("charged", account["charged"], how=steps.say("how_charged"))
    steps.add(
        "capitation_balance",
        account["balance"],
        "=ROUND({capitation_amount}-{charged},2)",
        "{capitation_amount} − {charged}",
    )
    _share_balance(account, rules, steps)
    title = steps.say("explained_account").format(account=steps.say(account["account"]))
    return Calculation(f"account {account['account']}", title, tuple(steps.taken))


def _share_balance(account: Row, rules: Capitation, steps: Steps) -> None:
    """Who keeps a surplus or bears an overrun: the amount in each band, and its share."""
    balance = account["balance"]
    if not balance:
        steps.add("settled", account["settled"], how=steps.say("how_no_balance"))
        return
    kept = balance > 0
    bands = rules.surplus_retained if kept else rules.overrun_shared
    kind, shared = ("surplus", "retained") if kept else ("overrun", "shared")
    steps.add(
        kind,
        abs(balance),
        "={capitation_balance}" if kept else "=ROUND(0-{capitation_balance},2)",
        "{capitation_balance}" if kept else "− {capitation_balance}",
    )
    said = bands_said(bands, rules.band_rule, steps)
    formula = _by_bands(abs(balance), account["capitation"], bands, rules.band_rule, kind, steps)
    steps.add(shared, account[shared], formula, said)
    if kept:
        steps.add("settled", account["settled"], "={retained}", "{retained}")
        return
    steps.add(
        "settled",
        account["settled"],
        "=ROUND({capitation_balance}+{shared},2)",
        "{capitation_balance} + {shared}",
    )


def _by_bands(
    amount: Decimal,
    capitation: Decimal,
    bands: Sequence[SharingBand],
    rule: str,
    kind: str,
    steps: Steps,
) -> str:
    """The steps of the bands that the amount reaches, and the formula of what they share."""
    terms = []
    lower = Decimal(0)
    for number, band in enumerate(bands, 1):
        reaches = band.up_to is None or amount <= band.up_to * capitation
        upper = None if band.up_to is None else band.up_to
        if rule == "marginal":
            name = f"band_{number}"
            top = amount if reaches else (upper or Decimal(0)) * capitation
            end = f"{{{kind}}}" if reaches else f"{{capitation_amount}}*{upper}"
            start = f"{{capitation_amount}}*{lower}"
            key = "how_last_band" if upper is None else "how_band"
            how = steps.say(key).format(lower=f"{lower:.2%}", upper=f"{upper or 0:.2%}")
            label = steps.say("band_part").format(number=number)
            steps.add(name, _in_yuan(top - lower * capitation), f"={end}-{start}", how, label)
            terms.append(f"{{{name}}}*{band.share}")
        elif reaches:
            terms.append(f"{{{kind}}}*{band.share}")
        if reaches or upper is None:
            break
        lower = upper
    return f"=ROUND({'+'.join(terms)},{FEN_PLACES})"


def _points(row: Mapping[str, Any], all_mean_fen: Fraction | None) -> Decimal | None:
    if row["paid_cost"] is not None and all_mean_fen is not None:
        fen = Fraction(row["paid_cost"].scaleb(FEN_PLACES))
        return unscaled(half_up(fen / all_mean_fen * 100 * POINT_SCALE), POINT_PLACES)
    if row["base_points"] is None:
        return None
    return round_half_up(row["base_points"] * row["factor"] * row["coefficient"], POINT_PLACES)


def _plain(value: Decimal | None) -> str:
    """A factor without zeros at its end."""
    short = (value if value is not None else Decimal(1)).normalize()
    return format(short, "f")


def _in_yuan(value: Decimal) -> Decimal:
    """An amount that may have parts of a fen, with at least two places."""
    exponent = value.normalize().as_tuple().exponent
    places = max(FEN_PLACES, -exponent if isinstance(exponent, int) else 0)
    return value.quantize(Decimal(1).scaleb(-places))
