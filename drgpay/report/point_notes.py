"""What a run says beside its tables of how points came about: rules over stays, what is unverified."""

from collections.abc import Iterable
from datetime import date

import polars as pl
from rich.table import Table

from drgpay.base.language import Language, Words
from drgpay.points.catalogue import CatalogueInfo
from drgpay.policy.load import LoadedPolicy
from drgpay.results.columns import money, plain, written

STAY_RULE_COLUMNS = [*plain("rule", "hospital_id", "stays"), *money("total_cost", "total_fen")]

_WORDS = {
    "title": Words("政策规则改变的病例", "Stays that rules of the policy changed"),
    "rule": Words("规则", "Rule"),
    "hospital_id": Words("医疗机构", "Hospital"),
    "stays": Words("病例数", "Stays"),
    "total_cost": Words("医疗总费用（元）", "Total cost (yuan)"),
    "incomplete_if": Words("incomplete_if：判为不完整", "incomplete_if: not complete"),
    "outside_drg_if": Words("outside_drg_if：按项目付费", "outside_drg_if: paid item by item"),
    "complete_differs": Words(
        "与 incomplete_if 不符，以记录为准", "differs from incomplete_if, the record stands"
    ),
    "other_rules": Words(
        "点数目录按另一规则测算：points.{key} 当时为 {before}，政策现为 {now}",
        "the catalogue was calibrated by another rule: points.{key} was {before} then, it is {now} "
        "now",
    ),
    "no_rule": Words("（无）", "(none)"),
    "unverified": Words(
        "扣减 {count} 条，所依据的 points.deductions 未经核实{source}",
        "{count} deductions are booked by figures of points.deductions that are not verified"
        "{source}",
    ),
    "source": Words("（来源：{source}）", " (source: {source})"),
    "no_document": Words(
        "其中 {count} 条没有文书（document）", "{count} of the deductions carry no document"
    ),
    "returns_from": Words(
        "再入院和以前病例的扣减自 {day} 起可见（作业列出的以前各月）",
        "returns and deductions of earlier stays are seen from {day} on, in the runs named as paid before",
    ),
    "no_months_before": Words(
        "作业未列出以前各月（[[inputs.previous]]）：跨月再入院要到列出本月的月份或清算时才扣减，点值也未与上月比较",
        "the job names no month before ([[inputs.previous]]): returns over the end of a month are seen "
        "only by a month or a clearing that names both, and no value is compared",
    ),
    "no_value_before": Words(
        "没有同一目录和分组方案的上月点值可比：plausible_value_change 未作比较",
        "no value of the month before by the same catalogue and scheme: plausible_value_change compared "
        "nothing",
    ),
    "corrected_since": Words(
        "作业列出的 {run} 后来由 {by} 更正：请确认上月最后按哪一次支付",
        "{run}, named as paid before, was since corrected by {by}: see which of them the month was last "
        "paid by",
    ),
    "without_k": Words(
        "{period} 按另一目录结算而未给出 k：其点数按 1 : 1 折算",
        "{period} was settled by another catalogue and no k is given: its points are taken 1 : 1",
    ),
    "taken_back": Words(
        "年终额度收回各月已付的特病单议 {count} 例",
        "the year's quota takes back {count} special reviews that months have paid",
    ),
}


def _say(wording: str, language: Language, **facts: object) -> str:
    return _WORDS[wording].said_in(language).format(**facts)


def stay_rules_table(ruled: pl.DataFrame) -> pl.DataFrame | None:
    """stay_rules.parquet: by rule and hospital the stays that a rule changed; None if none."""
    return written(ruled, STAY_RULE_COLUMNS) if ruled.height else None


def stay_rules_console(table: pl.DataFrame, language: Language) -> Table:
    """The same for the terminal."""
    shown = Table(title=_say("title", language), title_justify="left", title_style="bold")
    for column in table.columns:
        justify = "left" if column in ("rule", "hospital_id") else "right"
        shown.add_column(_say(column, language), justify=justify)  # type: ignore[arg-type]
    for rule, hospital, stays, cost in table.iter_rows():
        shown.add_row(_say(rule, language), hospital, f"{stays:,}", f"{cost:,}")
    return shown


def point_notes(
    loaded: LoadedPolicy, catalogue: CatalogueInfo, deductions: pl.DataFrame, language: Language
) -> tuple[str, ...]:
    """Where the catalogue was calibrated by other rules, and deductions by unverified figures.

    deductions: DEDUCTION_SCHEMA, those that the run books.
    """
    notes = []
    if catalogue.kind == "calibrated":
        for key in ("incomplete_if", "outside_drg_if"):
            before, now = getattr(catalogue, key), getattr(loaded.policy.points, key)
            if before != now:
                none = _say("no_rule", language)
                said = {"before": before or none, "now": now or none}
                notes.append(_say("other_rules", language, key=key, **said))
    about = loaded.provenance.get("points.deductions")
    if deductions.height and not (about and about.verified):
        source = _say("source", language, source=about.source) if about and about.source else ""
        notes.append(_say("unverified", language, count=deductions.height, source=source))
        bare = deductions["document"].null_count()
        if bare:
            notes.append(_say("no_document", language, count=bare))
    return tuple(notes)


def earlier_notes(
    first_day: date | None,
    value_compared: bool,
    corrected: Iterable[tuple[str, str]],
    without_k: Iterable[str],
    language: Language,
) -> tuple[str, ...]:
    """From which day a month sees returns, and what of the runs named as paid before is in doubt.

    first_day: None if it names none. corrected: runs with those that correct them. without_k: periods.
    """
    notes = [
        _say("returns_from", language, day=first_day)
        if first_day
        else _say("no_months_before", language)
    ]
    if first_day and not value_compared:
        notes.append(_say("no_value_before", language))
    notes += [_say("corrected_since", language, run=run, by=by) for run, by in corrected]
    notes += [_say("without_k", language, period=period) for period in without_k]
    return tuple(notes)


def taken_back_note(
    of_months: pl.DataFrame, of_year: pl.DataFrame, language: Language
) -> tuple[str, ...]:
    """How many special reviews that months have paid the quota of the year refuses.

    Both are adjustments (ADJUSTMENT_SCHEMA).
    """
    kept = ("review", "review_over_quota")
    paid = of_months.filter(
        (pl.col("kind") == kept[0]) & pl.col("reason").str.starts_with("approved")
    )
    refused = of_year.filter(
        (pl.col("kind") == kept[1]) & pl.col("reason").str.ends_with(": refused")
    )
    back = refused.join(paid, on="case_id", how="semi")["case_id"].n_unique()
    return (_say("taken_back", language, count=back),) if back else ()
