"""The report of a transition for the meeting: one HTML file with everything in it."""

import shlex
from pathlib import Path

from drgpay import __version__
from drgpay.base.language import Language
from drgpay.show.sections import PageSection
from drgpay.show.tables import ReportTable
from drgpay.show.tables_html import html_table
from drgpay.show.template import render_page
from drgpay.transition import pictures
from drgpay.transition.history import SIDES, Side
from drgpay.transition.outcome import Transition
from drgpay.transition.sentences import sentences
from drgpay.transition.snippet import phase_in_section
from drgpay.transition.tables import said, word

GENERATOR = "drgpay transition"
"""What the page's meta element says of its maker."""
_STYLE = "td:first-child { white-space: nowrap; }\n"
_LISTED = 60  # rows of a table; the folder has them all


def page(found: Transition, tables: list[ReportTable], language: Language) -> str:
    """The whole page; the same transition gives the same text."""
    return render_page(
        Path(__file__).parent,
        style=_STYLE,
        lang=language,
        generator=GENERATOR,
        title=said("title", language, **_schemes(found)),
        subtitle=f"{found.rules.policy.policy.region} · {found.period}",
        facts=facts_of(found, language),
        tiles=_tiles(found, language),
        notes=sentences(found, language),
        sections=_sections(found, tables, language),
        footer=f"drgpay {__version__}",
    )


def _schemes(found: Transition) -> dict[str, str]:
    return {side: found.rules.scheme_of(side).scheme.info.id for side in SIDES}


def facts_of(found: Transition, language: Language) -> list[tuple[str, str]]:
    """What was compared with what."""
    history = found.history
    stays = said("stays_read", language, read=f"{history.read:,}", refused=f"{history.refused:,}")
    return [
        (word("name_of_transition", language), found.job.file.name),
        (word("policy", language), found.rules.policy.policy.id),
        *(
            (word(f"scheme_{side}", language), found.rules.scheme_of(side).scheme.info.name)
            for side in SIDES
        ),
        *(
            (word(f"catalogue_{side}", language), _catalogue(found, side, language))
            for side in SIDES
        ),
        (word("history", language), f"{found.history.first_year}–{found.history.last_year}"),
        (word("stays", language), stays),
    ]


def _catalogue(found: Transition, side: Side, language: Language) -> str:
    one = found.catalogues[side]
    return word("calibrated_here", language) if one.folder is None else one.catalogue.info.id


def _tiles(found: Transition, language: Language) -> list[tuple[str, str, str]]:
    """The figures that are looked for first: heading, number, what stands beside it."""
    comparison, gate = found.comparison, found.gate
    whole = {
        side: comparison.quality.filter(
            (comparison.quality["year"] == "all") & (comparison.quality["side"] == side)
        ).row(0, named=True)
        for side in SIDES
    }

    def pair(key: str, percent: bool) -> tuple[str, str]:
        texts = [
            "–"
            if whole[side][key] is None
            else f"{whole[side][key] / 100:.2f}%"
            if percent
            else f"{whole[side][key] / 10_000:.4f}"
            for side in SIDES
        ]
        return texts[1], f"{word('side_old', language)} {texts[0]}"

    open_notes = gate.notes.height - int(gate.notes["explained"].sum())
    beyond = gate.hospitals.height
    left = beyond - int(gate.hospitals["explained"].sum())
    return [
        (word("gate", language), word("passed_yes" if found.passed else "passed_no", language), ""),
        *(
            (f"{word('k', language)} · {word(account, language)}", f"{k / 1_000_000:.6f}", "")
            for account, k in comparison.factors.select("account", "k").iter_rows()
        ),
        (word("grouped_rate", language), *pair("grouped_rate", percent=True)),
        (word("ambiguous_rate", language), *pair("ambiguous_rate", percent=True)),
        (word("explained_trimmed", language), *pair("explained_trimmed", percent=False)),
        (
            word("hospitals_beyond", language),
            str(beyond),
            said("left_unexplained", language, left=left),
        ),
        (word("open_notes", language), str(open_notes), ""),
    ]


def _sections(
    found: Transition, tables: list[ReportTable], language: Language
) -> list[PageSection]:
    def say(key: str) -> str:
        return word(key, language)

    by_key = {table.key: table.frame for table in tables}
    figures = {
        "t_hospitals": [
            pictures.hospital_bars(by_key["t_hospitals"], language),
            pictures.mix_dots(by_key["t_hospitals"], language),
        ],
        "t_migration": [pictures.migration_bars(by_key["t_migration"], language)],
    }
    sections = [
        PageSection(
            word(table.key, language),
            html_table(table, say, _LISTED),
            [svg for svg in figures.get(table.key, []) if svg],
        )
        for table in tables
        if table.frame.height
    ]
    again = f"drgpay transition {shlex.quote(found.job.path.name)}"
    return [
        *sections,
        PageSection(
            word("s_phase_in", language),
            commands=[(word("snippet_note", language), phase_in_section(found, language))],
        ),
        PageSection(word("s_commands", language), commands=[(word("rerun_note", language), again)]),
    ]
