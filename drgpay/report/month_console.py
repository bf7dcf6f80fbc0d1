"""What a run or a clearing prints at its end: what came out, three tables, and the next step."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import round_half_up
from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.report.settled_console import (
    hospital_table,
    pool_table,
    refused_tables,
    settled_view,
    shown_tables,
)
from drgpay.report.visit_wording import words_of
from drgpay.report.wording import pool_name
from drgpay.results.manifest import MANIFEST
from drgpay.results.month import pool_rows
from drgpay.results.part import Part
from drgpay.results.results import Results
from drgpay.results.run_folder import RunFolder
from drgpay.show.grid import Prose
from drgpay.show.tables import Block, Sentence
from drgpay.show.terminal import Command, Showable, Text, together

_HOSPITALS = 20  # in the brief view
_REFUSED = 10
_LISTED = {"zh": "；", "en": "; "}
_WORDS = Wording("headline")
_said = _WORDS.said


class FinishedRun(Protocol):
    """A run that lies in its folder (`run.pipeline.Finished`)."""

    @property
    def folder(self) -> Path:
        """Where it lies."""

    @property
    def results(self) -> tuple[Results, ...]:
        """What it settled."""


def month_view(finished: FinishedRun, language: Language, verbose: bool = False) -> Showable:
    """A headline, the values, hospitals and refused rows of each part, and what to do next.

    The headline has at most five lines: what a point is worth and how that changed against the month
    before, if its run is known; how many hospitals are above and below what item-by-item payment
    would be; what was refused. verbose: with every table.
    """
    if verbose:
        tables = [view for one in finished.results for view in settled_view(one, language)]
    else:
        tables = [view for one in finished.results for view in _brief(one, language)]
    lines = (Prose(Text(line, style="bold")) for line in headline(finished, language))
    return together([*lines, *tables, *_next(finished, language, verbose)])


def year_view(finished: FinishedRun, language: Language, verbose: bool = False) -> Showable:
    """The same of a clearing, with what is still due, or to be paid back."""
    return month_view(finished, language, verbose)


def headline(finished: FinishedRun, language: Language) -> list[str]:
    """What came out, in sentences."""
    lines = []
    for results in finished.results:
        period, before = _values_before(finished.folder, results.part)
        lines += [
            _values_line(results, period, before, language),
            _hospitals_line(results, language),
        ]
    refused = [_refused_text(results, language) for results in finished.results]
    told = [text for text in refused if text]
    if told:
        lines.append(_said("refused", language, parts=_LISTED[language].join(told)))
    elif not any(results.is_year for results in finished.results):
        lines.append(_said("none_refused", language))
    return lines


def _values_line(
    results: Results, period: str, before: Mapping[str, Decimal], language: Language
) -> str:
    values = [
        _value_text(pool, value, period, before.get(pool), language)
        for pool, value in pool_rows(results.pools).select("pool", "point_value").iter_rows()
        if value is not None
    ]
    said = _LISTED[language].join(values) or _said("values_of_rates", language)
    return _said("values", language, part=_part(results, language), values=said)


def _value_text(
    pool: str, value: Decimal, period: str, before: Decimal | None, language: Language
) -> str:
    known = {"pool": pool_name(pool, language), "value": f"{value:,}", "before": period}
    if not before:
        return _said("value", language, **known)
    change = round_half_up((value - before) / before, 4)
    key = "value_up" if change > 0 else "value_down" if change < 0 else "value_same"
    return _said(key, language, change=f"{abs(change):.2%}", **known)


def _hospitals_line(results: Results, language: Language) -> str:
    table = hospital_table(results, language)
    said = _said(
        "hospitals",
        language,
        part=_part(results, language),
        **_sides(table.frame["difference"], "above", "below"),
        difference=f"{sum(table.frame['difference'], Decimal('0.00')):+,}",
    )
    share = (table.total or {}).get("difference_share")
    said += "" if share is None else _said("share", language, share=f"{share:+.2%}")
    if results.is_year:
        said += _said("due", language, **_sides(table.frame["clearing"], "paid", "back"))
    return said


def _sides(amounts: pl.Series, more: str, less: str) -> dict[str, str]:
    """How many amounts are above and below nothing, and the sums of either."""
    nothing = Decimal("0.00")
    above = [one for one in amounts if one > 0]
    below = [one for one in amounts if one < 0]
    return {
        more: f"{len(above):,}",
        less: f"{len(below):,}",
        "more": f"{sum(above, nothing):,}",
        "less": f"{-sum(below, nothing):,}",
    }


def _refused_text(results: Results, language: Language) -> str:
    refused = results.get("refused")
    if refused is None or not refused.height:
        return ""
    reasons = refused.group_by("code").agg(pl.col("rows").sum())
    code, most = reasons.sort("rows", "code", descending=[True, False]).row(0)
    return _said(
        "refused_of",
        language,
        part=_part(results, language),
        rows=f"{refused['rows'].sum():,}",
        money=f"{sum(refused['total_cost'], Decimal('0.00')):,}",
        reason=words_of(results.part)(code, language),
        most=f"{most:,}",
    )


def _part(results: Results, language: Language) -> str:
    return _said(f"of_{results.part.name}", language)


def _values_before(folder: Path, part: Part) -> tuple[str, Mapping[str, Decimal]]:
    """The period before that of a run, and its point values: none where nobody knows its run.

    It is the one that the run names, or the only one of its period beside it.
    """
    try:
        run = RunFolder.at(folder)
        period = _period_before(run.period)
        named = [one for one in run.manifest.inputs.get("previous", ()) if one["period"] == period]
        beside = sorted(path.parent for path in folder.parent.glob(f"{period}-*/{MANIFEST}"))
        if named:
            return period, RunFolder.at(folder.parent / named[-1]["run"]).of(part).values_of_pools()
        if len(beside) == 1:
            found = RunFolder.at(beside[0])
            if found.period == period and found.manifest.is_clearing == run.manifest.is_clearing:
                return period, found.of(part).values_of_pools()
    except DrgpayError:  # what is compared is not what was settled
        pass
    return "", {}


def _period_before(period: str) -> str:
    year, _, month = period.partition("-")
    if not month:
        return str(int(year) - 1)
    whole = int(year) * 12 + int(month) - 2
    return f"{whole // 12}-{whole % 12 + 1:02}"


def _brief(results: Results, language: Language) -> Sequence[Showable]:
    hospitals = hospital_table(results, language)
    blocks: list[Block] = [pool_table(results, language)]
    if hospitals.frame.height > _HOSPITALS:
        largest = hospitals.frame.sort(
            pl.col("difference").abs(), "hospital_id", descending=[True, False]
        )
        ranked = largest.head(_HOSPITALS).sort(
            "difference", "hospital_id", descending=[True, False]
        )
        blocks.append(replace(hospitals, frame=ranked, note=""))
        fewer = {"shown": _HOSPITALS, "all": hospitals.frame.height}
        blocks.append(Sentence(_said("fewer_hospitals", language, **fewer)))
    else:
        blocks.append(hospitals)
    blocks += [replace(table, most_rows=_REFUSED) for table in refused_tables(results)]
    blocks += [Sentence(note) for note in results.notes]
    return [shown_tables(results, blocks, language)]


def _next(finished: FinishedRun, language: Language, verbose: bool) -> Sequence[Showable]:
    folder = finished.folder.resolve()
    here = Path.cwd()
    path = folder.relative_to(here) if folder.is_relative_to(here) else folder
    commands = [f"drgpay {name} {shlex.quote(str(path))}" for name in ("verify", "report")]
    more = [] if verbose else [Prose(Text(_said("more", language)))]
    return [*more, Text(_said("next", language), style="bold"), *map(Command, commands)]
