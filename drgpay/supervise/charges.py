"""Charged lines and coded diagnoses of stays and visits, side by side, as rules of item_rules ask for them."""

import polars as pl

from drgpay.supervise.material import VISITS, Material

CASE_COLUMNS = ("case_id", "part", "hospital_id", "account", "date", "last", "sex", "age")
"""Of a stay (part `stay`) or a visit (part `visit`). date, last: its first and last day."""


def cases_of(material: Material) -> pl.DataFrame:
    """CASE_COLUMNS, codes: the stays and visits of the months looked at, with all their diagnoses."""
    names = ("hospital_id", "account", "sex", "age", "principal_diagnosis", "other_diagnoses")
    stays = material.stays("case_id", "admission_date", "discharge_date", *names, current=True)
    visits = material.visits("visit_id", "visit_date", *names, current=True)
    codes = pl.concat_list("principal_diagnosis", "other_diagnoses")
    return pl.concat(
        [
            stays.rename({"admission_date": "date", "discharge_date": "last"}).with_columns(
                part=pl.lit("stay"), codes=codes
            ),
            visits.rename({"visit_id": "case_id", "visit_date": "date"}).with_columns(
                part=pl.lit("visit"), last=pl.col("date"), codes=codes
            ),
        ],
        how="diagonal",
    ).select(*CASE_COLUMNS, "codes")


def charges_of(material: Material, codes: pl.Series) -> pl.DataFrame:
    """CASE_COLUMNS, day, item_code, charges, amount_fen: what each of those items costs on a day of a case of the
    months looked at, less refunds; items whose charges were taken back are out.

    A stay's lines have their days, a visit's that of the visit. charges: how often it was charged, less
    how often it was taken back; quantities are no factor (05).
    """
    wanted = codes.unique().implode()
    cases = cases_of(material).drop("codes")
    empty = cases.clear().with_columns(
        day=pl.lit(None, pl.Date),
        item_code=pl.lit(None, pl.String),
        amount_fen=pl.lit(None, pl.Int64),
    )
    parts = [empty]
    items = material.table("stay_items")
    if items is not None:
        lines = items.filter(pl.col("item_code").is_in(wanted)).select(
            "case_id",
            "item_code",
            day="date",
            amount_fen="amount",
        )
        of_stays = cases.filter(pl.col("part") == "stay")
        parts.append(of_stays.join(lines, on="case_id").select(empty.columns))
    if material.has(VISITS):
        lines = material.lines("visit", "item_code", "amount_fen").filter(
            pl.col("item_code").is_in(wanted)
        )
        numbers = material.visits("visit_id", "visit").rename({"visit_id": "case_id"})
        named = lines.join(numbers, on="visit").drop("visit")
        of_visits = cases.filter(pl.col("part") == "visit")
        joined = of_visits.join(named, on="case_id").with_columns(day=pl.col("date"))
        parts.append(joined.select(empty.columns))
    about = [name for name in CASE_COLUMNS if name not in ("case_id", "part")]
    charged = pl.col("amount_fen")
    return (
        pl.concat(parts)
        .group_by("case_id", "part", "day", "item_code")
        .agg(
            *(pl.col(name).first() for name in about),
            charges=((charged > 0).sum().cast(pl.Int64) - (charged < 0).sum()).clip(1),
            amount_fen=charged.sum(),
        )
        .filter(pl.col("amount_fen") > 0)
        .select(*CASE_COLUMNS, "day", "item_code", "charges", "amount_fen")
    )


def rules_of(material: Material, *kinds: str) -> pl.DataFrame:
    """The rows of item_rules of some kinds; without the table none."""
    rules = material.table("item_rules")
    assert rules is not None
    return rules.filter(pl.col("kind").is_in(kinds))


def met_items(charges: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Lines beside the rules of their item, valid on their day."""
    named = rules.select(pl.all().exclude("account", "row")).rename(
        {"code": "item_code", "sex": "sex_allowed"}
    )
    return charges.join(named, on="item_code").filter(_valid(pl.col("day")))


def met_diagnoses(cases: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Cases beside the rules that one of their diagnoses begins as, valid on their last day, with `met`."""
    coded = cases.explode("codes").rename({"codes": "met"}).drop_nulls("met")
    named = rules.select(pl.all().exclude("row")).rename({"sex": "sex_allowed"})
    named = named.with_columns(length=pl.col("code").str.len_chars())
    parts = [
        coded.with_columns(code=pl.col("met").str.slice(0, length)).join(
            named.filter(pl.col("length") == length).drop("length"), on="code"
        )
        for length in named["length"].unique().sort()
    ]
    nothing = (
        coded.clear()
        .with_columns(code=pl.lit(None, pl.String))
        .join(named.drop("length").clear(), on="code")
    )
    return pl.concat([nothing, *parts]).filter(_valid(pl.col("last")))


def _valid(day: pl.Expr) -> pl.Expr:
    begun = pl.col("valid_from").is_null() | (pl.col("valid_from") <= day)
    return begun & (pl.col("valid_to").is_null() | (day <= pl.col("valid_to")))
