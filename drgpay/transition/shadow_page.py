"""What people read of shadow months: the page, the terminal, and what is said in sentences."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from drgpay import __version__
from drgpay.base.language import Language
from drgpay.show.sections import PageSection
from drgpay.show.tables import Block, ReportTable, Sentence
from drgpay.show.tables_console import console_tables
from drgpay.show.tables_html import html_table
from drgpay.show.template import render_page
from drgpay.simulate import pictures
from drgpay.transition.shadow import SIDES, Shadow
from drgpay.transition.shadow_tables import said, shown_tables, word

if TYPE_CHECKING:
    from drgpay.show.terminal import Showable

GENERATOR = "drgpay shadow"
"""What the page's meta element says of its maker."""
_STYLE = "td:first-child { white-space: nowrap; }\n"
_LISTED = 60  # rows of a table; the folder has them all
_SHOWN = ("t_months", "t_values", "t_quality", "t_hospitals", "t_stops")
_MAY_GO = {
    "t_months": ("run", "winners", "losers", "fund_amount_before"),
    "t_values": ("remainder_before", "remainder_after", "points_before", "points_after"),
    "t_quality": ("groups", "ungrouped", "ambiguous", "grouped"),
    "t_hospitals": ("level", "points_before", "points_after", "cases_before", "cases_after"),
}
"""The columns that go first where a terminal is narrow, by table."""
_WORKBOOK_ONLY = {
    "t_months": ("run",),
    "t_values": (
        *("remainder_before", "remainder_after", "points_before", "points_after"),
        "points_on_paid_scale",
    ),
    "t_hospitals": ("bin", "cases_after", "points_before", "points_after"),
}
_WIDE = (
    *("total_cost_before", "total_cost_after", "standard_amount_before", "standard_amount_after"),
    *("points_before", "points_after"),
)
"""The columns that a page is too narrow for, by table, else of every table of changes."""


def sentences(found: Shadow, language: Language) -> list[str]:
    """What the months come to, what is not in them, and what a run would stop at."""
    hospitals = found.hospitals
    beyond = hospitals["bin"].is_in(["below_5", "above_5"]).sum()
    texts = [
        said(
            "headline",
            language,
            months=len(found.months),
            before=found.rules["scheme_before"],
            after=found.rules["scheme_after"],
            hospitals=hospitals.height,
            winners=int((hospitals["change_fen"] > 0).sum()),
            losers=int((hospitals["change_fen"] < 0).sum()),
            beyond=int(beyond),
        )
    ]
    stops = sum(month.stops for month in found.months)
    if stops:
        texts.append(said("stops_told", language, count=stops))
    if any(month.has_visits for month in found.months):
        texts.append(word("without_visits", language))
    return texts


def facts_of(found: Shadow, language: Language) -> list[tuple[str, str]]:
    """What was compared with what."""
    rules = found.rules
    facts = [
        (word("months", language), "、".join(month.period for month in found.months)),
        (word("base", language), "、".join(month.run.run_id for month in found.months)),
        *(
            (word(what, language), f"{rules[f'{what}_before']} → {rules[f'{what}_after']}")
            for what in ("scheme", "catalogue")
        ),
        (word("policy", language), rules["policy"]),
    ]
    if len(found.scenarios) > 1:
        names = "、".join(one.name for one in found.scenarios[1:])
        facts.append((word("scenarios", language), names))
    if found.factors:
        named = (f"{word(one, language)} {k}" for one, k in sorted(found.factors.items()))
        facts.append((word("neutral_factors", language), "、".join(named)))
    return facts


def console_report(found: Shadow, language: Language) -> "Showable":
    """The months, values, quality and hospitals, and what a run would stop at."""
    tables = [
        replace(table, may_go=_MAY_GO.get(table.key, ()))
        for table in shown_tables(found, language)
        if table.key in _SHOWN
    ]
    first, *others = sentences(found, language)
    blocks: list[Block] = [Sentence(first, "bold"), *tables, *map(Sentence, others)]
    return console_tables(blocks, lambda key: word(key, language), most_rows=30)


def page(found: Shadow, tables: list[ReportTable], language: Language) -> str:
    """The whole page; the same months give the same text."""
    return render_page(
        Path(__file__).parent,
        style=_STYLE,
        lang=language,
        generator=GENERATOR,
        title=word("title", language),
        subtitle=f"{found.rules['region']} · {_periods(found)}",
        facts=facts_of(found, language),
        tiles=_tiles(found, language),
        notes=sentences(found, language),
        sections=_sections(found, tables, language),
        footer=f"drgpay {__version__}",
    )


def _periods(found: Shadow) -> str:
    return found.period.replace("_", " – ")


def _tiles(found: Shadow, language: Language) -> list[tuple[str, str, str]]:
    """The figures that are looked for first: heading, number, what stands beside it."""
    quality = {row["side"]: row for row in found.quality.iter_rows(named=True)}

    def percent(side: str, name: str) -> str:
        return f"{quality[side][name] / max(quality[side]['cases'], 1):.2%}"

    def r2(side: str) -> str:
        value = quality[side]["explained"]
        return "–" if value is None else f"{value / 10_000:.4f}"

    before, after = SIDES
    hospitals = found.hospitals
    old = word("before", language)
    return [
        (word("months", language), str(len(found.months)), _periods(found)),
        *(
            (
                word(f"{name}_rate", language),
                percent(after, name),
                f"{old} {percent(before, name)}",
            )
            for name in ("grouped", "ambiguous")
        ),
        (word("explained", language), r2(after), f"{old} {r2(before)}"),
        *(
            (word(bin_, language), str(hospitals.filter(bin=bin_).height), "")
            for bin_ in ("below_5", "above_5")
        ),
    ]


def _sections(found: Shadow, tables: list[ReportTable], language: Language) -> list[PageSection]:
    def say(key: str) -> str:
        return word(key, language)

    figures = {
        "t_hospitals": lambda table: pictures.ranked_bars(table.frame, language),
        "t_migration": lambda table: pictures.migration_bars(table.frame, language),
    }
    sections = [
        PageSection(
            word(table.key, language),
            html_table(_narrow(table), say, _LISTED),
            [svg for svg in [figures.get(table.key, lambda _: "")(table)] if svg],
        )
        for table in tables
        if table.frame.height
    ]
    commands = [(word("rerun_note", language), command_of(found))]
    return [*sections, PageSection(word("s_commands", language), commands=commands)]


def _narrow(table: ReportTable) -> ReportTable:
    left_out = _WORKBOOK_ONLY.get(table.key, _WIDE)
    return replace(table, frame=table.frame.drop(left_out, strict=False))


def command_of(found: Shadow) -> str:
    """The command that makes this report again."""
    other = found.scenarios[0]
    texts = ["drgpay", "shadow", *(str(month.run.folder) for month in found.months)]
    texts += ["--scheme", str(other.file.scheme), "--catalogue", str(other.file.catalogue)]
    if other.file.points:
        texts += ["--points", str(other.file.points)]
    for scenario in found.scenarios[1:]:
        texts += ["--scenario", str(scenario.path)]
    for month in found.months:
        texts += ["--job", str(month.job)]
    for account, k in sorted(found.factors.items()):
        texts += ["--k", f"{account}={k}"]
    return shlex.join(texts)
