"""What a run says beside its tables of how points came about: rules over stays, what is unverified."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.points.cases import EarnedPoints
from drgpay.points.catalogue import CatalogueInfo
from drgpay.points.classes import WITHOUT_GROUP
from drgpay.points.phase_in import KIND as PHASE_IN
from drgpay.points.reasons import APPROVED, REFUSED
from drgpay.policy.load import LoadedPolicy
from drgpay.policy.points import Points
from drgpay.results.columns import columns_of, written
from drgpay.show.tables import ReportTable
from drgpay.show.tables_console import console_tables
from drgpay.show.terminal import Showable

_say = Wording("point_notes").said


def stay_rules_table(ruled: pl.DataFrame) -> pl.DataFrame | None:
    """stay_rules.parquet: by rule and hospital the stays that a rule changed; None if none."""
    return written(ruled, columns_of("stay_rules")) if ruled.height else None


def stay_rules_console(table: pl.DataFrame, language: Language) -> Showable:
    """The same for the terminal."""
    rules = ReportTable("title", table, worded=frozenset({"rule"}), most_rows=table.height)
    return console_tables([rules], lambda key: _say(key, language))


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


def new_alone(earned: EarnedPoints) -> int:
    """How many stays of a phase-in, of some of a period, the new scheme alone groups."""
    of_new = earned.former.filter(pl.col("former_class").is_in(WITHOUT_GROUP))["case_id"]
    if not len(of_new):
        return 0
    alone = pl.col("case_id").is_in(of_new.implode()) & ~pl.col("case_class").is_in(WITHOUT_GROUP)
    return earned.cases.filter(alone).height


def phase_in_notes(
    adjustments: pl.DataFrame, alone: int, points: Points, language: Language
) -> tuple[str, ...]:
    """How many stays a phase-in pays by both schemes, and how many one of them alone groups.

    adjustments: of the period. alone: of `new_alone`.
    """
    if points.phase_in is None:
        return ()
    codes = adjustments.filter(pl.col("kind") == PHASE_IN)["code"]
    counts = dict(codes.value_counts().iter_rows())
    said = {"both": counts.get("phase_in", 0), "former": counts.get("former_points", 0)}
    notes = [_say("phased_in", language, new=alone, **said)]
    if before := counts.get("former_scheme", 0):
        notes.append(_say("discharged_before", language, count=before))
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
    paid = of_months.filter(pl.col("code").is_in(APPROVED))
    refused = of_year.filter(pl.col("code").is_in(REFUSED))
    back = refused.join(paid, on="case_id", how="semi")["case_id"].n_unique()
    return (_say("taken_back", language, count=back),) if back else ()
