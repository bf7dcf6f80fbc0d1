"""The summary for a leader: a page and a workbook of what was found, by rule and hospital."""

from pathlib import Path

import polars as pl

from drgpay import __version__
from drgpay.base.language import Language
from drgpay.show.sections import PageSection
from drgpay.show.tables import ReportTable
from drgpay.show.tables_html import html_table
from drgpay.show.tables_xlsx import write_tables
from drgpay.show.template import render_page
from drgpay.supervise.console import scores_table
from drgpay.supervise.sentences import WORDS, clue_sentence, why_said
from drgpay.supervise.supervision import Supervision
from drgpay.supervise.tables import machine_tables

SUMMARY, WORKBOOK = "summary.html", "clues.xlsx"
GENERATOR = "drgpay supervise"
_LISTED = 50
_STYLE = "td, th { min-width: 4em; } td { vertical-align: top; }\n"
_PREFIXES = {"rule": "rule", "rule_level": "level", "state": "state"}


def shown_tables(found: Supervision, language: Language) -> list[ReportTable]:
    """Rules, hospitals and clues, as page and workbook show them."""
    tables = machine_tables(found)
    clues = tables["clues"]
    reasons = [
        clue_sentence(code, numbers, language)
        for code, numbers in clues.select("reason_code", "numbers").iter_rows()
    ]
    told = clues.select(
        "clue_id",
        "rule",
        "hospital_id",
        pl.col("case_ids").list.join(" "),
        "first_day",
        "last_day",
        "c",
        "stake_yuan",
        "expected",
        pl.when("to_review").then(pl.lit("yes")).otherwise(pl.lit("no")).alias("to_review"),
        reason=pl.Series(reasons, dtype=pl.String),
    )
    report = tables["rule_report"]
    whys = pl.Series([why_said(one, language) for one in report["why"]], dtype=pl.String)
    return [
        ReportTable("t_rules", report.with_columns(why=whys), prefixes=_PREFIXES),
        ReportTable(
            "t_hospitals", tables["by_hospital"], sums=frozenset({"hits", "stake_yuan", "expected"})
        ),
        scores_table(tables["hospital_scores"]),
        ReportTable("t_clues", told, prefixes={"rule": "rule", "to_review": "review"}),
    ]


def write_summary(found: Supervision, folder: Path, language: Language) -> None:
    """Write summary.html and clues.xlsx; the same supervision gives the same bytes."""
    tables = shown_tables(found, language)

    def say(key: str) -> str:
        return WORDS.word(key, language)

    facts = {
        "periods": "、".join(found.periods),
        "rules_file": found.rulebook.id,
        "runs": "、".join(found.runs),
    }
    sample = ReportTable(
        "t_sample", machine_tables(found)["audit_sample"], prefixes={"layer": "layer"}
    )
    write_tables(folder / WORKBOOK, "summary_title", facts, [*tables, sample], language, say)
    clues = found.clues
    expected = found.stay_risks["expected_fen"].sum() / 100
    stake = found.stay_risks["stake_yuan_fen"].sum() / 100
    text = render_page(
        Path(__file__).parent,
        style=_STYLE,
        lang=language,
        generator=GENERATOR,
        title=say("summary_title"),
        subtitle="、".join(found.periods),
        facts=[(say(name), value) for name, value in facts.items()],
        tiles=[
            (say("clues_tile"), f"{clues.height:,}", ""),
            (say("review_tile"), f"{int(clues['to_review'].sum()):,}", ""),
            (say("stake_tile"), f"{stake:,.2f}", ""),
            (say("expected_tile"), f"{expected:,.2f}", ""),
        ],
        notes=[say("suspicion_note")],
        sections=[PageSection(say(one.key), html_table(one, say, _LISTED)) for one in tables],
        footer=f"drgpay {__version__}",
    )
    (folder / SUMMARY).write_text(text, encoding="utf-8", newline="\n")
