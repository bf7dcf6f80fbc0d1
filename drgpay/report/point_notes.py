"""What a run says beside its tables of how points came about: rules over stays, what is unverified."""

import polars as pl
from rich.table import Table

from drgpay.language import Language, Words
from drgpay.points.catalogue import CatalogueInfo
from drgpay.policy.load import LoadedPolicy
from drgpay.report.columns import money, plain, written

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
