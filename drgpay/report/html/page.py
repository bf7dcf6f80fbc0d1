"""The report put together: the sections of the parts of a run, laid out by page.html.j2."""

from pathlib import Path

from drgpay import __version__
from drgpay.base.language import Language
from drgpay.report.html.evidence import commands_of, evidence_table, facts_of, unverified_text
from drgpay.report.html.part_sections import Tile
from drgpay.report.html.sections import Block, Commands, Listing, Section, Text
from drgpay.report.html.stay_sections import StaySections
from drgpay.report.html.visit_sections import VisitSections
from drgpay.report.html.wording import Speaker
from drgpay.report.html.year_runs import months_of
from drgpay.results.part import STAYS, VISITS, Part
from drgpay.results.run_folder import RunFolder
from drgpay.show.template import render_page, sorting_script

GENERATOR = "drgpay report"
"""What the page's meta element says of its maker."""


def report_html(run: RunFolder, months: list[RunFolder], language: Language) -> str:
    """The whole page; the same runs give the same text. `months` include the run itself."""
    page = _Page(run, months, language)
    return render_page(
        Path(__file__).parent,
        script=sorting_script(),
        page=page,
        w=page.say,
        lang=language,
        generator=GENERATOR,
    )


class _Page:
    """What the template asks for."""

    def __init__(self, run: RunFolder, months: list[RunFolder], language: Language) -> None:
        self.run = run
        self._months = months
        self._both = len(run.parts) > 1
        # What concerns the whole page is said as for stays, if there are any.
        year = run.manifest.is_clearing
        self.say = Speaker(language, run.parts == (VISITS,), year)
        self._parts = {part: self._sections_of(part) for part in run.parts}

    def _sections_of(self, part: Part) -> StaySections | VisitSections:
        run, months = self.run.of(part), months_of(self._months, part)
        make = StaySections if part == STAYS else VisitSections
        return make(run, months, self.say.of(part), self._both)

    @property
    def title(self) -> str:
        """What the report is about."""
        return self.say("title_both" if self._both else "title")

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What the run is, for the head of the page."""
        return facts_of(self.run, self.say.of(STAYS))

    @property
    def in_short(self) -> list[tuple[str, list[Tile]]]:
        """The figures that are looked for first, by part; a part alone has no heading."""
        return [
            (self.say(f"part_{part.name}") if self._both else "", sections.tiles())
            for part, sections in self._parts.items()
        ]

    @property
    def sections(self) -> list[Section]:
        """All sections, in the order of the page."""
        found = [section for part in self._parts.values() for section in part.sections()]
        return [
            *found,
            Section("formulas", self.say("s_formulas"), self._formulas()),
            Section("evidence", self.say("s_evidence"), self._evidence()),
        ]

    @property
    def version(self) -> str:
        """The program that made the page."""
        return f"drgpay {__version__}"

    def _formulas(self) -> list[Block]:
        blocks: list[Block] = []
        for part, sections in self._parts.items():
            if self._both:
                blocks.append(Text(self.say(f"part_{part.name}"), "heading"))
            blocks += sections.formula_blocks()
        return blocks

    def _evidence(self) -> list[Block]:
        say = self.say.of(STAYS)
        return [
            Listing(evidence_table(self.run, say)),
            Text(say("evidence_note")),
            Text(unverified_text(self.run, say)),
            Text(say("commands_note"), "sentence"),
            Commands(commands_of(self.run, self._months, say)),
        ]
