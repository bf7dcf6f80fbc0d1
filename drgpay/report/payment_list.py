"""The payment list (拨付表) of a run: one row a payee, from all that the run settled, to be signed.

It comes last in summary.xlsx: employee + resident + outpatient − deductions = to pay, with the amount
in capitals and the bank account of the payee, and behind it what each hospital earned altogether.
"""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from drgpay.base.capitals import capitals
from drgpay.base.language import Language
from drgpay.report.fact_lines import run_lines
from drgpay.report.wording import labelled, level_name, word
from drgpay.results.part import STAYS, VISITS
from drgpay.results.payees import PAYEE_COLUMNS, PAYEES
from drgpay.results.results import Results
from drgpay.show.sheets import BookPart, Check, Checks, Sheet, TotalOf
from drgpay.show.tables import ReportTable, Say

_OF_ACCOUNT, _OUTPATIENT = "pay_", "outpatient_pay"
_TO_PAY, _DEDUCTIONS = "to_pay", "deductions_taken"
_NOTHING = Decimal("0.00")
_BETWEEN_HOSPITALS = "、"


def payment_part(parts: Sequence[Results], language: Language) -> BookPart:
    """The sheets of the payment list of a month or a year, whose parts stand before it in this order."""
    first = parts[0]
    due = due_by_hospital(parts)
    rows = payees_due(due, _payees(parts))
    listed = rows.with_columns(
        in_capitals=pl.Series([capitals(amount) for amount in rows[_TO_PAY]], dtype=pl.String)
    )
    shown = listed.select(
        pl.int_range(1, pl.len() + 1).cast(pl.String).alias("row_number"),
        "payee",
        "hospitals_paid",
        *_amounts(due),
        "in_capitals",
        *[name for name in PAYEE_COLUMNS if name != "payee" and name in listed.columns],
    )
    table = ReportTable("payment_list", shown, sums=frozenset(_amounts(due)), note="payment_note")
    total = Decimal(rows[_TO_PAY].sum() or 0)
    facts = [
        *run_lines(first.facts, language),
        labelled("total_to_pay", f"{capitals(total)}（{total:,.2f}）", language),
    ]
    return BookPart(
        word("payment_title", language),
        facts,
        [
            Sheet("payment_list", [table], signed=True),
            Sheet("hospital_totals", [_hospital_totals(parts, due)], signed=True),
            Sheet("payment_checks", [_checks(parts, _amounts(due))]),
        ],
        _say(language),
    )


def due_by_hospital(parts: Sequence[Results]) -> pl.DataFrame:
    """hospital_id, what each account of stays pays before deductions, outpatient, deductions, to_pay.

    Of a month the prepayment, of a correction what it changes of it, of a year what is still due.
    """
    wide: pl.DataFrame | None = None
    taken: list[pl.DataFrame] = []
    for part in parts:
        lines = _due_lines(part)
        taken.append(lines.select("hospital_id", deducted="deducted"))
        name = (
            pl.lit(_OUTPATIENT) if part.part == VISITS else pl.lit(_OF_ACCOUNT) + pl.col("account")
        )
        sums = lines.group_by("hospital_id", name.alias("what")).agg(pl.col("gross").sum())
        found = sums.pivot("what", index="hospital_id", values="gross")
        accounts = sorted(name for name in found.columns if name != "hospital_id")
        found = found.select("hospital_id", *accounts)
        wide = (
            found if wide is None else wide.join(found, on="hospital_id", how="full", coalesce=True)
        )
    assert wide is not None
    deducted = pl.concat(taken).group_by("hospital_id").agg(pl.col("deducted").sum())
    gross = [name for name in wide.columns if name != "hospital_id"]
    money = pl.Decimal(18, 2)
    made = (
        wide.join(deducted, on="hospital_id", how="left")
        .with_columns(pl.col(*gross, "deducted").fill_null(_NOTHING).cast(money))
        .with_columns(deductions_taken=-pl.col("deducted"))
        .with_columns(to_pay=pl.sum_horizontal(*gross, _DEDUCTIONS).cast(money))
        .drop("deducted")
        .sort("hospital_id")
    )
    return made if made[_DEDUCTIONS].sum() else made.drop(_DEDUCTIONS)


def payees_due(due: pl.DataFrame, payees: pl.DataFrame) -> pl.DataFrame:
    """A row a payee: hospitals that name the same account and payee are paid together.

    payees: hospital_id, name, and PAYEE_COLUMNS, null where they are not known.
    """
    amounts = _amounts(due)
    known = due.join(payees, on="hospital_id", how="left").with_columns(
        payee=pl.coalesce("payee", "name", "hospital_id"),
        apart=pl.when(pl.col("bank_account").is_null()).then("hospital_id"),
    )
    grouped = known.group_by("payee", "bank", "bank_account", "apart", maintain_order=True).agg(
        pl.col("hospital_id").str.join(_BETWEEN_HOSPITALS).alias("hospitals_paid"),
        pl.col(amounts).sum(),
    )
    empty = [name for name in ("bank", "bank_account") if not grouped[name].count()]
    return grouped.drop("apart", *empty)


def _amounts(due: pl.DataFrame) -> list[str]:
    return [name for name in due.columns if name != "hospital_id"]


def _due_lines(part: Results) -> pl.DataFrame:
    """hospital_id, account, gross (before deductions) and deducted of each line."""
    if part.differences is not None:
        lines, gross, deducted = part.differences.statements, pl.col("prepayment_difference"), None
    elif part.is_year:
        lines, gross, deducted = part.statements, pl.col("clearing"), None
    else:
        lines, deducted = part.statements, pl.col("deducted")
        gross = pl.col("prepayment") + deducted
    nothing = pl.lit(_NOTHING, pl.Decimal(18, 2))
    return lines.select(
        "hospital_id",
        pl.col("account").cast(pl.String),
        gross.fill_null(_NOTHING).alias("gross"),
        (nothing if deducted is None else deducted).alias("deducted"),
    )


def _payees(parts: Sequence[Results]) -> pl.DataFrame:
    """hospital_id, name and PAYEE_COLUMNS of all hospitals with a line."""
    names = pl.concat(part.statements.select("hospital_id", "name") for part in parts)
    named = names.unique("hospital_id", keep="first", maintain_order=True)
    given = next((found for part in parts if (found := part.get(PAYEES)) is not None), None)
    if given is None:
        return named.with_columns(pl.lit(None, pl.String).alias(name) for name in PAYEE_COLUMNS)
    return named.join(given, on="hospital_id", how="left", maintain_order="left")


def _hospital_totals(parts: Sequence[Results], due: pl.DataFrame) -> ReportTable:
    """What each hospital earned altogether, and what it is paid now."""
    amounts = ["total_cost", "standard_amount", "fund_amount", "fund_cost", "difference"]
    lines = pl.concat(
        part.statements.select(
            "hospital_id",
            "name",
            "level",
            *[pl.col(name).cast(pl.Decimal(18, 2)) for name in amounts],
            stays=pl.col("cases") if part.part == STAYS else pl.lit(0, pl.Int64),
            visits=pl.col("cases") if part.part == VISITS else pl.lit(0, pl.Int64),
        )
        for part in parts
    )
    counts = [one.part.name for one in parts]
    totals = lines.group_by("hospital_id").agg(
        pl.col("name", "level").first(), pl.col(*counts, *amounts).sum()
    )
    totals = totals.join(due.select("hospital_id", _TO_PAY), on="hospital_id", how="left")
    sums = frozenset({*counts, *amounts, _TO_PAY})
    return ReportTable(
        "hospital_totals", totals.sort("hospital_id"), prefixes={"level": "level"}, sums=sums
    )


def _checks(parts: Sequence[Results], amounts: Sequence[str]) -> Checks:
    """The list adds up, and to what the hospitals' sheets say."""

    def listed(column: str) -> TotalOf:
        return TotalOf("payment_list", "payment_list", column)

    checks = [
        Check(
            "payment_sum", [listed(name) for name in amounts if name != _TO_PAY], [listed(_TO_PAY)]
        )
    ]
    if not any(part.differences for part in parts):
        column = "clearing" if parts[0].is_year else "prepayment"
        settled = [
            TotalOf("hospitals", "hospitals", column, number) for number in range(len(parts))
        ]
        checks.append(Check("payment_settled", [listed(_TO_PAY)], settled))
    totals = [TotalOf("hospital_totals", "hospital_totals", _TO_PAY)]
    checks.append(Check("payment_totals", [listed(_TO_PAY)], totals))
    return Checks("payment_checks", checks)


def _say(language: Language) -> Say:
    def said(key: str) -> str:
        if key.startswith(_OF_ACCOUNT):
            account = word(key.removeprefix(_OF_ACCOUNT), language)
            return word("pay_account", language).format(account=account)
        if key == "signature":
            return word("payment_signature", language)
        found = word(key, language)
        return level_name(key, language) if found == key else found

    return said
