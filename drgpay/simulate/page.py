"""The report of a simulation: one HTML file with everything in it."""

import shlex
from pathlib import Path

from drgpay import __version__
from drgpay.base.language import Language
from drgpay.show.sections import PageSection
from drgpay.show.tables import ReportTable
from drgpay.show.tables_html import html_table
from drgpay.show.template import render_page
from drgpay.simulate import pictures
from drgpay.simulate.notes import remarks_of, warnings_of
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.tables import narrow
from drgpay.simulate.wording import word

GENERATOR = "drgpay simulate"
"""What the page's meta element says of its maker."""
_STYLE = "td:first-child { white-space: nowrap; }\n"
_LISTED = 200  # rows of a table; the folder has them all


def page(found: Simulation, tables: list[ReportTable], language: Language) -> str:
    """The whole page; the same simulation gives the same text."""
    notes = [*warnings_of(found, language), *remarks_of(found, language)]
    policy = found.base.rules.policy.policy
    return render_page(
        Path(__file__).parent,
        style=_STYLE,
        lang=language,
        generator=GENERATOR,
        title=word("simulation", language),
        subtitle=f"{policy.region} · {found.base.period}",
        facts=facts_of(found, language),
        tiles=pictures.in_short(found, language),
        notes=notes,
        sections=_sections(found, tables, language),
        footer=f"drgpay {__version__}",
    )


def facts_of(found: Simulation, language: Language) -> list[tuple[str, str]]:
    """What was compared with what."""
    base, after = found.base, found.after
    run = base.run.run_id if base.run else base.job.path.name
    scheme = base.rules.scheme.info.id
    then = after.plan.compiled.scheme.info.id
    catalogue, used = base.rules.catalogue.info.id, after.catalogue.info.id
    return [
        (word("base", language), run),
        (word("scenarios", language), "、".join(one.name for one in found.scenarios)),
        (word("period", language), base.period),
        (word("scheme", language), scheme if scheme == then else f"{scheme} → {then}"),
        (word("catalogue", language), catalogue if catalogue == used else f"{catalogue} → {used}"),
        (word("policy", language), base.rules.policy.policy.id),
    ]


def commands_of(found: Simulation) -> list[tuple[str, str]]:
    """The commands that make this report again, the base included; key of the note, command."""
    job = shlex.quote(str(found.base.job.path))
    # One that was made of values lies only beside the report.
    paths = (
        one.path if one.text is None else Path("scenarios") / f"{number}-{one.path.name}"
        for number, one in enumerate(found.scenarios, start=1)
    )
    files = " ".join(shlex.quote(str(path)) for path in paths)
    base = f" --base {shlex.quote(str(found.base.run.folder))}" if found.base.run else ""
    return [
        ("base_run_note", f"drgpay {'clear' if found.base.year else 'run'} {job}"),
        ("rerun_note", f"drgpay simulate {files}{base} --job {job}"),
    ]


def _sections(
    found: Simulation, tables: list[ReportTable], language: Language
) -> list[PageSection]:
    def say(key: str) -> str:
        return word(key, language)

    figures: dict[str, list[str]] = {}
    by_key = {table.key: table for table in tables}
    hospitals = by_key["t_hospitals"].frame
    figures["t_hospitals"] = [pictures.ranked_bars(hospitals, language)]
    figures["t_bins"] = [pictures.mix_scatter(hospitals, language)]
    effects = by_key["t_effects"].frame
    figures["t_effects"] = [
        pictures.effect_waterfall(effects, language),
        pictures.effect_bars(effects, language),
    ]
    if "t_waterfall" in by_key:
        steps = by_key["t_waterfall"].frame
        figures["t_waterfall"] = [pictures.scenario_waterfall(steps, language)]
    if found.swept:
        figures["t_sweep"] = [pictures.sweep_curves(found.swept, language)]
    if "t_migration" in by_key:
        figures["t_migration"] = [pictures.migration_bars(by_key["t_migration"].frame, language)]
    sections = [
        PageSection(
            word(table.key, language),
            html_table(narrow(table), say, _LISTED),
            [svg for svg in figures.get(table.key, []) if svg],
        )
        for table in tables
    ]
    commands = [(word(key, language), text) for key, text in commands_of(found)]
    return [*sections, PageSection(word("s_commands", language), commands=commands)]
