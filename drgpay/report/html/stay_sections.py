"""What the page shows of stays alone: cost ratios, adjustments, coverage."""

from drgpay.report.html.bounds import bounds_text, plain
from drgpay.report.html.figures import RATIO_STEP, Figures, figures_of
from drgpay.report.html.formulas import Formula
from drgpay.report.html.part_sections import PartSections, Tile
from drgpay.report.html.sections import Block, Formulas, Listing, Section, Text
from drgpay.report.html.tables import Table, listing, sum_of
from drgpay.report.html.wording import Speaker
from drgpay.results.run_folder import PaidPart
from drgpay.show import cells, charts
from drgpay.show.small_cells import SMALLEST_CELL


class StaySections(PartSections):
    """The inpatient part of the page."""

    def __init__(self, run: PaidPart, months: list[PaidPart], say: Speaker, titled: bool) -> None:
        self._own: Figures = figures_of(run, months)
        super().__init__(run, months, self._own.part, say, titled)

    def tiles(self) -> list[Tile]:
        """The figures that are looked for first."""
        found, stays = self._own.grouped, self._own.drg_stays
        coverage = cells.share(found, stays).text if found else cells.NONE
        return [
            *self.value_tiles(),
            *self.money_tiles(),
            *self.count_tiles(),
            (self.say("k_coverage"), coverage, ""),
            self.remainder_tile(),
        ]

    def sections(self) -> list[Section]:
        """In the order of the page."""
        adjusted = self._adjustments()
        return [
            self.values_section(),
            *self.year_sections(),
            self.balance_section(),
            self.hospitals_section(),
            self.section(
                "ratios",
                self.figure("ratios", self._ratio_chart()),
                *(Text(note) for note in self._ratios_notes()),
            ),
            self.classes_section(),
            self.groups_section(),
            self.section(
                "adjustments",
                *(
                    (Listing(adjusted), Text(self.say("adjustments_note")))
                    if adjusted.rows
                    else (Text(self.say("adjustments_none"), "sentence"),)
                ),
            ),
            *self._official_groups(),
            self.section("coverage", Listing(self._coverage()), Text(self._coverage_note())),
        ]

    def formula_blocks(self) -> list[Block]:
        """How values, remainders and one line come about, and the ratio of a case."""
        ratio = Formula(self.say("f_ratio"), self.say("f_ratio_rule"))
        return [
            *super().formula_blocks(),
            Formulas([ratio]),
            Text(self.say("formula_case")),
        ]

    def _ratio_chart(self) -> str:
        """The histogram with the bounds; nothing without cases."""
        ratios = self._own.ratios
        if not ratios.cases:
            return ""
        step = 1 / RATIO_STEP
        open_width = 2 * step  # the last bar is open above and drawn wider
        bars = [
            (
                row["tenth"] * step,
                row["tenth"] * step + (open_width if row["tenth"] == ratios.last_tenth else step),
                row["cases"] or 0,
            )
            for row in ratios.bars.iter_rows(named=True)
        ]
        bounds = [(float(ratios.low), self.say("low_bound", ratio=plain(ratios.low)))]
        bounds += [(float(high), self.say("high_bound", ratio=plain(high))) for high in ratios.high]
        last = ratios.last_tenth // RATIO_STEP
        apart = 0.5 if last <= 8 else 1 if last <= 16 else 5
        ticks = [place * apart for place in range(int(last / apart) + 1)]
        ticks = [*(one for one in ticks if one <= last - apart), last]
        label = f"datum.value == {last} ? '≥{last}' : format(datum.value, '.1f')"
        axis, count = self.say("ratio_axis"), self.say("ratio_cases")
        return charts.ratio_chart(bars, bounds, ticks, label, axis, count)

    def _ratios_notes(self) -> list[str]:
        """Which cases are counted, what is not drawn, and the bounds of the policy."""
        ratios = self._own.ratios
        if not ratios.cases:
            return [self.say("ratios_none")]
        last = ratios.last_tenth // RATIO_STEP
        notes = [self.say("ratios_note", cases=f"{ratios.cases:,}", last=last)]
        if ratios.unshown:
            # Itself a small cell, where it is one.
            shown = "<5" if ratios.unshown < 5 else f"{ratios.unshown:,}"
            notes.append(self.say("ratios_unshown", n=shown))
        return [
            "".join(notes) if self.say.language == "zh" else " ".join(notes),
            bounds_text(self.run.about.rules["points"], self.say),
        ]

    def _adjustments(self) -> Table:
        """Adjustments by kind."""
        names = [("kind", self.names.adjustment), ("applies_to", self.names.applies_to)]
        keys = ["cases", "points"]
        return listing(self._own.adjustments, names, keys, self.say, total=False)

    def _official_groups(self) -> list[Section]:
        """How far official and own groups agree, and the pairs that differ; none without them."""
        found = self._own.official
        if found is None:
            return []
        pairs = found.pairs.with_columns(drg="official_group")
        names = [
            ("official_group", self.names.group),
            ("own_group", lambda row: row["own_group"] or ""),
        ]
        keys = ["cases", "total_cost", "official_points", "own_points"]
        counts = {
            key: f"{count:,}" if count == 0 or count >= SMALLEST_CELL else f"<{SMALLEST_CELL}"
            for key, count in found.counts.items()
        }
        listed_at_all = found.counts["differ"] >= SMALLEST_CELL
        said = Text(self.say("official_groups_said", **counts))
        rule = Text(self.say(f"groups_rule_{found.rule}"))
        listed = [Listing(listing(pairs, names, keys, self.say))] if listed_at_all else []
        return [self.section("official_groups", rule, said, *listed)]

    def _coverage(self) -> Table:
        """Records read by what became of them."""
        frame = self._own.coverage
        read = self.run.manifest.counts.get("read", int(sum_of(frame, "cases")))
        rows = [
            [
                cells.words(self.names.status(row)),
                cells.count(row["cases"]),
                cells.share(row["cases"], read),
            ]
            for row in frame.iter_rows(named=True)
        ]
        found = int(sum_of(frame, "cases"))
        total = [cells.words(self.say("total")), cells.count(found), cells.share(found, read)]
        columns = [
            self.words("status"),
            self.number("cases"),
            self.number("share_of_read"),
        ]
        return Table(columns, rows, total)

    def _coverage_note(self) -> str:
        """The account of the records, which are those of the months where a year is cleared."""
        if self.say.of_year:
            return self.say("coverage_of_months")
        counts = {
            key: f"{self.run.manifest.at('counts', key):,}"
            for key in ("read", "valid", "quarantined", "warnings")
        }
        return self.say("coverage_note", **counts)
