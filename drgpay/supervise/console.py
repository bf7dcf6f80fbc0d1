"""What `drgpay supervise` shows: what became of each rule, and the clues with most to recover."""

from typing import TYPE_CHECKING

import polars as pl

from drgpay.base.language import Language
from drgpay.base.words import Wording
from drgpay.show.tables import Block, ReportTable, Sentence
from drgpay.show.tables_console import console_tables
from drgpay.supervise.hospital_scores import HOSPITAL_SCORE
from drgpay.supervise.sentences import why_said
from drgpay.supervise.supervision import Supervision
from drgpay.supervise.tables import machine_tables

if TYPE_CHECKING:
    from drgpay.show.terminal import Showable

_WORDS = Wording("supervision")
_MOST_CLUES = 20
_SHOWN = (
    *("clue_id", "rule", "hospital_id", "case_ids", "first_day", "last_day"),
    *("c", "stake_yuan", "expected"),
)


def console_report(found: Supervision, language: Language, *, verbose: bool = False) -> "Showable":
    """The sentence that says how much, the rules, and the first clues; hospitals too where all is asked for."""
    tables = machine_tables(found)
    report = tables["rule_report"]
    whys = pl.Series([why_said(one, language) for one in report["why"]], dtype=pl.String)
    rules = ReportTable(
        "t_rules",
        report.drop("w").with_columns(why=whys),
        prefixes={"rule": "rule", "rule_level": "level", "state": "state"},
        may_go=("rule_level", "not_judged", "why"),
    )
    clues = ReportTable(
        "t_clues",
        tables["clues"].select(_SHOWN).with_columns(pl.col("case_ids").list.join(" ")),
        prefixes={"rule": "rule"},
        most_rows=_MOST_CLUES,
        may_go=("first_day", "last_day"),
    )
    first = Sentence(headline(found, language), "bold")
    blocks: list[Block] = [first, rules, clues]
    if verbose:
        blocks.append(scores_table(tables["hospital_scores"]))
    return console_tables(blocks, lambda key: _WORDS.word(key, language))


def scores_table(scores: pl.DataFrame) -> ReportTable:
    """The measures of hospitals: those that lie furthest from the peers, the scores, then all others."""
    flagged = pl.col("flag").is_in(["high", "low"]).fill_null(value=False)
    distance = pl.when(flagged).then(pl.col("z").abs())
    place = pl.when(flagged).then(0).when(pl.col("measure") == HOSPITAL_SCORE).then(1).otherwise(2)
    ordered = scores.with_columns(place=place, distance=distance).sort(
        ["place", "distance"], descending=[False, True], nulls_last=True, maintain_order=True
    )
    return ReportTable(
        "t_scores",
        ordered.drop("place", "distance"),
        prefixes={"measure": "measure", "flag": "flag"},
        may_go=("phi", "theta"),
    )


def headline(found: Supervision, language: Language) -> str:
    """How many stays, clues and yuan."""
    clues = found.clues
    return _WORDS.said(
        "headline",
        language,
        stays=f"{found.read - found.refused:,}",
        refused=f"{found.refused:,}",
        clues=f"{clues.height:,}",
        review=f"{clues['to_review'].sum():,}",
        yuan=f"{found.stay_risks['expected_fen'].sum() / 100:,.2f}",
    )


def measure_report(found: pl.DataFrame, language: Language) -> "Showable":
    """How well planted kinds are found: a block a kind, since a row has more figures than a terminal."""
    table = ReportTable("t_measure", found.drop("rule"), prefixes={"kind": "kind"}, turned=True)
    return console_tables([table], lambda key: _WORDS.word(key, language))


def audit_report(found: pl.DataFrame, language: Language) -> "Showable":
    """The error rates of hospitals; the limit in yuan only where there is one."""
    shown = found if found["lower_limit"].count() else found.drop("lower_limit")
    return console_tables(
        [ReportTable("t_audit", shown, may_go=("drawn_of",))],
        lambda key: _WORDS.word(key, language),
    )
