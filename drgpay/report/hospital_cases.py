"""The sheets of a hospital that name its cases: every case with how it was paid, and sums of them.

A month's statement has them where its job or `drgpay statements` asks for them. All are pure
functions over tables of a run (docs/files.md), those of one hospital.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from drgpay.base.exact import POINT_PLACES, as_decimal, divide_half_up, wide
from drgpay.base.language import Language
from drgpay.records.case_records import BETWEEN_CODES
from drgpay.records.known_codes import code_table
from drgpay.report.wording import named, word
from drgpay.results.case_records import CASE_RECORDS
from drgpay.results.month import line_kind
from drgpay.results.part import STAYS, Part
from drgpay.results.results import Results
from drgpay.results.visits import as_statement_cases, leading_group
from drgpay.show.sheets import Check, Checks, LongTable, Sheet, TotalOf
from drgpay.show.tables import ReportTable, Say
from drgpay.tables.shown import listed_columns

LAST_MONTH, LAST_YEAR = "last_month", "last_year"
"""What figures are compared with: the month before, and the same month of the year before."""

_SUMS = ("points", "total_cost", "standard_amount", "fund_amount", "fund_cost", "difference")
_COSTS = {"drug_cost": "drug_share", "material_cost": "material_share", "exam_cost": "exam_share"}


@dataclass(frozen=True)
class CodeNames:
    """The names of groups, and of the codes of a code system by the tables that are shipped."""

    groups: Mapping[str, str]
    code_system: str = ""

    def named(self, table: str, codes: pl.Series) -> pl.Series:
        """What codes are called; null where the table has no such code."""
        known = _names_of_codes(self.code_system, table)
        return (
            codes.replace_strict(known, default=None, return_dtype=pl.String)
            if known
            else codes.clear(codes.len())
        )


@cache
def _names_of_codes(system: str, table: str) -> Mapping[str, str]:
    found = code_table(system, table) if system else None
    return dict(found.select("code", "name").iter_rows()) if found is not None else {}


@dataclass(frozen=True)
class EarlierMonth:
    """What a month before paid by line, group and department, of any hospitals.

    lines: hospital_id, account, line and the columns compared. groups: hospital_id, drg and the columns compared.
    departments: hospital_id, department and the columns compared; None where the run did not keep them.
    """

    lines: pl.DataFrame
    groups: pl.DataFrame
    departments: pl.DataFrame | None

    def of(self, hospital: str) -> "EarlierMonth":
        """The rows of one hospital."""
        mine = pl.col("hospital_id") == hospital
        found = self.departments
        return EarlierMonth(
            self.lines.filter(mine),
            self.groups.filter(mine),
            found if found is None else found.filter(mine),
        )


Earlier = Mapping[str, EarlierMonth]
"""By LAST_MONTH and LAST_YEAR; what is not known is not there."""


@dataclass(frozen=True)
class HospitalTables:
    """The tables of one hospital: `cases` as Results.cases, its adjustments, records and refused rows.

    records: case_records.parquet, of visits visit_records.parquet; None of runs that kept none.
    lines: its rows of statements. earlier: of any hospitals.
    """

    part: Part
    hospital_id: str
    lines: pl.DataFrame
    cases: pl.DataFrame
    adjustments: pl.DataFrame
    records: pl.DataFrame | None
    refused: pl.DataFrame
    names: CodeNames
    earlier: Earlier = field(default_factory=dict)


def hospital_tables(results: Results, names: CodeNames) -> dict[str, HospitalTables]:
    """The tables of each hospital with a line, by its id, of a month that is in memory."""
    every = {
        name: found
        for name in ("statements", "cases", "adjustments", "quarantine", CASE_RECORDS)
        if (found := _table(results, name)) is not None
    }
    tables = {name: _by_hospital(found) for name, found in every.items()}

    def of(name: str, hospital: str) -> pl.DataFrame:
        return tables[name].get(hospital, every[name].clear())

    return {
        hospital: HospitalTables(
            results.part,
            hospital,
            lines,
            of("cases", hospital),
            of("adjustments", hospital),
            of(CASE_RECORDS, hospital) if CASE_RECORDS in tables else None,
            of("quarantine", hospital),
            names,
        )
        for hospital, lines in tables["statements"].items()
    }


def _table(results: Results, name: str) -> pl.DataFrame | None:
    return results.adjustments if name == "adjustments" else results.get(name)


def _by_hospital(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.partition_by("hospital_id", as_dict=True, maintain_order=True)
    return {str(hospital): part for (hospital,), part in parts.items()}


def case_sheets(tables: HospitalTables) -> list[Sheet]:
    """Comparison with months before, departments, groups, refused rows, cases, checks."""
    cases = _with_records(tables)
    earlier = {key: month.of(tables.hospital_id) for key, month in tables.earlier.items()}
    minus = tables.adjustments.filter(
        (pl.col("applies_to") == "hospital") & ~pl.col("waiting")
    ).select("points", pl.col("standard_amount").alias("fund_amount"))
    shown = _case_table(tables, cases)
    return [
        *([_compared_sheet(tables.lines, earlier)] if earlier else []),
        *_departments(cases, earlier),
        _groups(cases, tables.names, earlier),
        Sheet("refused_rows", [LongTable(_refused(tables))]),
        Sheet("case_list", [LongTable(shown)], notes=["case_list_note"]),
        Sheet("checks", [_minus_table(minus), _checks()], notes=["checks_note"]),
    ]


def say_of_cases(say: Say, language: Language) -> Say:
    """The words of a sheet, with those of columns that stand for another month or an adjustment."""

    def said(key: str) -> str:
        for month in (LAST_MONTH, LAST_YEAR):
            if key.endswith(f"_{month}"):
                column = say(key.removesuffix(f"_{month}"))
                title, bracket, unit = _parted(column)
                return word(f"of_{month}", language).format(column=title) + bracket + unit
        if key.startswith(_ADJUSTED):
            return named("kind", key.removeprefix(_ADJUSTED), language)
        return say(key)

    return said


def _parted(column: str) -> tuple[str, str, str]:
    for bracket in ("（", " ("):
        if bracket in column:
            return column.partition(bracket)
    return column, "", ""


_ADJUSTED = "adjusted_"
_NO_DEPARTMENT = "–"


def month_sums(
    lines: pl.LazyFrame, cases: pl.LazyFrame, records: pl.LazyFrame | None, part: Part
) -> EarlierMonth:
    """What a run says of its hospitals, to be shown beside a later month.

    lines, cases, records: statements, cases and records of the run, as its files have them.
    """
    keyed = cases
    if part != STAYS:
        keyed = cases.with_columns(drg=leading_group()["drg"])
    departments = keyed if part != STAYS else None
    if records is not None:
        departments = keyed.join(records.select("case_id", "department"), on="case_id", how="left")
    return EarlierMonth(
        lines.with_columns(line=line_kind())
        .select("hospital_id", "account", "line", *listed_columns("compared_with_earlier"))
        .collect(),
        _summed(keyed, "drg"),
        None if departments is None else _summed(departments, "department"),
    )


def _summed(cases: pl.LazyFrame, key: str) -> pl.DataFrame:
    amounts = ("points", "total_cost", "fund_amount", "fund_cost")
    return (
        cases.group_by(pl.col("hospital_id", key).cast(pl.String))
        .agg(pl.len().cast(pl.Int64).alias("cases"), pl.col(amounts).sum())
        .with_columns(difference=pl.col("fund_amount") - pl.col("fund_cost"))
        .collect()
    )


def _with_records(tables: HospitalTables) -> pl.DataFrame:
    """The cases with their records; difference to item by item."""
    cases = tables.cases if tables.part == STAYS else as_statement_cases(tables.cases)
    cases = cases.with_columns(
        difference=pl.col("fund_amount") - pl.col("fund_cost"),
        drg=pl.col("drg").cast(pl.String),
        line=line_kind(),
    )
    if tables.records is None:
        return cases
    records = tables.records.rename({tables.part.id_column: "case_id"})
    further = [name for name in records.columns if name not in cases.columns]
    return cases.join(
        records.select("case_id", *further), on="case_id", how="left", maintain_order="left"
    )


def _case_table(tables: HospitalTables, cases: pl.DataFrame) -> ReportTable:
    """A row a case: whose, when, which group, how its points came about, what is paid."""
    names = tables.names
    cases = cases.with_columns(
        group_name=pl.col("drg").replace_strict(names.groups, default=None, return_dtype=pl.String)
    )
    if tables.records is not None:
        first = cases["procedures"].str.split(BETWEEN_CODES).list.first()
        cases = cases.with_columns(
            principal_name=names.named("diagnoses", cases["principal_diagnosis"]),
            main_procedure_name=names.named("procedures", first),
        )
    adjusted = _adjusted_points(tables.adjustments)
    cases = cases.join(adjusted, on="case_id", how="left", maintain_order="left")
    kinds = [name for name in adjusted.columns if name != "case_id"]
    last = listed_columns("case_list_last")
    listed = (*listed_columns("case_list_first"), *kinds, *last)
    columns = [name for name in listed if name in cases.columns]
    empty = [name for name in columns if not cases[name].count() and name not in _SUMS]
    shown = cases.select(name for name in columns if name not in empty or not cases.height)
    return ReportTable(
        "case_list",
        shown.rename({"case_id": tables.part.id_column}),
        worded=frozenset({"account", "line"}),
        prefixes={"case_class": "class", "visit_type": "type"},
        sums=frozenset({*kinds, *last} & set(shown.columns)),
    )


def _adjusted_points(adjustments: pl.DataFrame) -> pl.DataFrame:
    """case_id, and a column of points for each kind of adjustment of cases that there is."""
    of_cases = adjustments.filter(pl.col("applies_to") == "case")
    summed = of_cases.group_by("case_id", pl.col("kind").cast(pl.String)).agg(
        pl.col("points").sum().cast(pl.Decimal(18, POINT_PLACES))
    )
    kinds = sorted(summed["kind"].unique())
    return (
        summed.pivot("kind", index="case_id", values="points").select(
            "case_id", *(pl.col(kind).alias(f"{_ADJUSTED}{kind}") for kind in kinds)
        )
        if kinds
        else adjustments.clear().select("case_id")
    )


def _shares(cases: pl.DataFrame) -> list[pl.Expr]:
    """What drugs, material and examinations are of the total cost, of the cases that say so."""
    shares = []
    for cost, share in _COSTS.items():
        if cost not in cases.columns or not cases[cost].count():
            continue
        part = wide(pl.col(cost).to_physical().sum()) * 10**POINT_PLACES
        whole = wide(pl.col("total_cost").to_physical().filter(pl.col(cost).is_not_null()).sum())
        shares.append(pl.when(whole > 0).then(divide_half_up(part, whole)).alias(share))
    return shares


def _sums_by(cases: pl.DataFrame, key: str) -> pl.DataFrame:
    """cases, sums and shares by a column, the most cases first."""
    shares = _shares(cases)
    grouped = cases.group_by(key).agg(
        pl.len().cast(pl.Int64).alias("cases"), pl.col(_SUMS).sum(), *shares
    )
    names = [share.meta.output_name() for share in shares]
    return grouped.sort("cases", key, descending=[True, False]).with_columns(
        as_decimal(name, POINT_PLACES).alias(name) for name in names
    )


def _departments(cases: pl.DataFrame, earlier: Earlier) -> list[Sheet]:
    if "department" not in cases.columns:
        return []
    sums = _sums_by(cases.with_columns(pl.col("department").cast(pl.String)), "department")
    kept = {key: month.departments for key, month in earlier.items()}
    known = {key: frame for key, frame in kept.items() if frame is not None}
    frame = _beside(sums, known, ["department"]).with_columns(
        pl.col("department").fill_null(_NO_DEPARTMENT)
    )
    return [Sheet("departments", [_gains("departments", frame)], notes=["difference_note"])]


def _groups(cases: pl.DataFrame, names: CodeNames, earlier: Earlier) -> Sheet:
    frame = _beside(
        _sums_by(cases, "drg"), {key: month.groups for key, month in earlier.items()}, ["drg"]
    )
    name = pl.col("drg").replace_strict(names.groups, default=None, return_dtype=pl.String)
    shown = frame.select("drg", name.alias("group_name"), pl.exclude("drg"))
    table = _gains("all_groups", shown)
    return Sheet("all_groups", [LongTable(table)], notes=["difference_note"])


def _gains(key: str, frame: pl.DataFrame) -> ReportTable:
    no_sums = {"department", "drg", "group_name", *_COSTS.values()}
    return ReportTable(key, frame, sums=frozenset(frame.columns) - no_sums)


def _compared_sheet(lines: pl.DataFrame, earlier: Earlier) -> Sheet:
    keys = ["account", "line"]
    own = lines.with_columns(line=line_kind()).select(
        *keys, *listed_columns("compared_with_earlier")
    )
    frame = _beside(own, {key: month.lines for key, month in earlier.items()}, keys)
    table = ReportTable(
        "compared",
        frame,
        worded=frozenset(keys),
        sums=frozenset(frame.columns) - {*keys},
    )
    return Sheet("compared", [table])


def _beside(
    frame: pl.DataFrame, earlier: Mapping[str, pl.DataFrame], keys: Sequence[str]
) -> pl.DataFrame:
    """Each figure with that of the months before behind it; what no longer comes stands below."""
    for month, former in earlier.items():
        renamed = former.select(
            *keys,
            *(
                pl.col(name).alias(f"{name}_{month}")
                for name in listed_columns("compared_with_earlier")
            ),
        )
        frame = frame.join(
            renamed,
            on=keys,
            how="full",
            coalesce=True,
            nulls_equal=True,
            maintain_order="left_right",
        )
    first = [name for name in frame.columns if name in (*keys, "group_name")]
    order = [
        name for name in frame.columns if not name.endswith(tuple(_MONTHS)) and name not in first
    ]
    behind = [
        name
        for column in order
        for name in (column, *(f"{column}{month}" for month in _MONTHS))
        if name in frame.columns
    ]
    return frame.select(*first, *behind)


_MONTHS = (f"_{LAST_MONTH}", f"_{LAST_YEAR}")


def _refused(tables: HospitalTables) -> ReportTable:
    """The refused rows with their reasons."""
    day = "settlement_date" if tables.part == STAYS else "visit_date"
    columns = [tables.part.id_column, day, "code", "column", "message"]
    return ReportTable("refused_rows", tables.refused.select(columns), worded=frozenset({"code"}))


def _minus_table(minus: pl.DataFrame) -> ReportTable:
    """What the hospital loses beside the points of its cases, in one row."""
    row = minus.select(pl.col("points").sum(), pl.col("fund_amount").sum())
    return ReportTable(
        "minus_points",
        row.select(pl.lit("").alias("minus_row"), "points", "fund_amount"),
        sums=frozenset({"points", "fund_amount"}),
        title="",
    )


def _checks() -> Checks:
    """The cases against the lines of the statement, to the fen."""

    def cases(column: str) -> TotalOf:
        return TotalOf("case_list", "case_list", column)

    minus = {
        column: TotalOf("checks", "minus_points", column) for column in ("points", "fund_amount")
    }

    def line(column: str, table: str = "earned") -> TotalOf:
        return TotalOf("statement", table, column)

    return Checks(
        "check_table",
        [
            Check("points", [cases("points"), minus["points"]], [line("points")]),
            Check("total_cost", [cases("total_cost")], [line("total_cost")]),
            Check("fund_cost", [cases("fund_cost")], [line("fund_cost", "prepaid_lines")]),
            Check(
                "fund_amount", [cases("fund_amount"), minus["fund_amount"]], [line("fund_amount")]
            ),
            Check(
                "fund_amount_of_groups",
                [TotalOf("all_groups", "all_groups", "fund_amount"), minus["fund_amount"]],
                [line("fund_amount")],
            ),
        ],
    )
