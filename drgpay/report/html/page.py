"""The report put together: tables and charts from the figures, laid out by page.html.j2."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from drgpay import __version__
from drgpay.language import Language
from drgpay.report.html import cells, charts
from drgpay.report.html.bounds import bounds_text, plain
from drgpay.report.html.cells import Cell
from drgpay.report.html.charts import Bar
from drgpay.report.html.evidence import commands_of, evidence_table, facts_of, unverified_text
from drgpay.report.html.figures import RATIO_STEP, SHOWN_GROUPS, Figures, figures_of
from drgpay.report.html.formulas import line_formulas, pool_formulas
from drgpay.report.html.row_names import RowNames
from drgpay.report.html.run_folder import RunFolder
from drgpay.report.html.tables import (
    Column,
    Row,
    Table,
    listing,
    number_column,
    sum_of,
    word_column,
)
from drgpay.report.html.wording import word
from drgpay.report.wording import named, pool_name

GENERATOR = "drgpay report"
"""What the page's meta element says of its maker."""
_CHART_HOSPITALS = 15  # gains, and as many losses
_CHART_GROUPS = 15


def report_html(run: RunFolder, months: list[RunFolder], language: Language) -> str:
    """The whole page; the same runs give the same text. `months` include the run itself."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = _Page(run, months, figures_of(run, months), language)
    return environment.get_template("page.html.j2").render(
        page=page, w=page.word, lang=language, generator=GENERATOR
    )


class _Page:
    """What the template asks for, section by section."""

    def __init__(
        self, run: RunFolder, months: list[RunFolder], figures: Figures, language: Language
    ) -> None:
        self.run = run
        self.figures = figures
        self._months = months
        self._language = language
        self._names = RowNames(run, language)
        self._money = word("unit_large", language)

    def word(self, key: str, **values: object) -> str:
        """A wording in the language of the page."""
        return word(key, self._language, **values)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What the run is, for the head of the page."""
        return facts_of(self.run, self._language)

    @property
    def in_short(self) -> list[tuple[str, str, str]]:
        """The figures that are looked for first: heading, number, unit."""
        figures, hospitals = self.figures, self.figures.hospitals
        pools = figures.pools
        tiles = [
            (
                self.word("k_value", pool=pool_name(row["pool"], self._language)),
                cells.points(row["point_value"]).text,
                self.word("unit_value"),
            )
            for row in pools.drop_nulls("point_value").iter_rows(named=True)
        ]
        fund, by_item = sum_of(pools, "fund_amount"), sum_of(pools, "fund_cost")
        grouped = int(sum_of(figures.coverage.filter(pl.col("status") == "grouped"), "cases"))
        read = self.run.manifest["counts"]["read"]
        coverage = cells.share(grouped, read).text if grouped else cells.NONE
        difference = cells.share(fund - by_item, by_item, signed=True).text
        unit = f"{self._money} {difference}"
        return [
            *tiles,
            (self.word("k_fund"), self._large(fund).text, self._money),
            (self.word("k_difference"), self._large(fund - by_item).text, unit),
            (self.word("k_cases"), f"{sum_of(hospitals, 'cases'):,}", ""),
            (self.word("k_points"), cells.points(sum_of(hospitals, "points")).text, ""),
            (self.word("k_coverage"), coverage, ""),
            (
                self.word("k_remainder"),
                cells.yuan(sum_of(pools, "remainder")).text,
                self.word("unit_yuan"),
            ),
        ]

    # Point values

    @property
    def value_chart(self) -> str:
        """Point values over months; nothing when there is one month alone."""
        if len(self._months) == 1:
            return ""
        strips = []
        for pool in self.figures.pools["pool"]:
            rows = self.figures.months.filter(pl.col("pool") == pool).drop_nulls("point_value")
            if not rows.height:
                continue
            bars = [
                Bar(row["period"], float(row["point_value"]), row["point_value"])
                for row in rows.iter_rows(named=True)
            ]
            strips.append((pool_name(pool, self._language), bars))
        return charts.value_chart(strips) if strips else ""

    @property
    def values_note(self) -> str:
        """Which runs the months come from."""
        if len(self._months) == 1:
            return self.word("values_one", period=self.run.period)
        return self.word("values_note")

    @property
    def values(self) -> Table:
        """One row a month and pool."""
        rows, last = [], dict[str, Decimal]()
        for row in self.figures.months.drop_nulls("point_value").iter_rows(named=True):
            value = Decimal(row["point_value"])
            before = last.get(row["pool"])
            last[row["pool"]] = value
            rows.append(
                [
                    cells.words(row["period"]),
                    cells.words(pool_name(row["pool"], self._language)),
                    cells.points(value),
                    cells.share(value - before, before, signed=True)
                    if before
                    else Cell(cells.NONE, number=True),
                    self._large(row["budget"]),
                    cells.points(row["points"]),
                    self._large(row["fund_amount"]),
                    cells.yuan(row["remainder"]),
                    cells.words(row["run_id"]),
                ]
            )
        columns = [
            self._words("period"),
            self._words("pool"),
            self._number("point_value"),
            self._number("change"),
            self._number("budget", self._money),
            self._number("points"),
            self._number("fund_amount", self._money),
            self._number("remainder", self.word("unit_yuan")),
            self._words("run"),
        ]
        return Table(columns, rows)

    # Balance

    @property
    def balance(self) -> Table:
        """One row a pool, to the fen, with the proof."""
        money = ["budget", "from_home_funds", "fund_amount", "remainder", "prepayment", "withheld"]
        rows = []
        for row in self.figures.pools.iter_rows(named=True):
            off = row["budget"] + row["from_home_funds"] - row["fund_amount"] - row["remainder"]
            check = self.word("unbalanced", by=off) if off else self.word("balanced")
            name = cells.words(pool_name(row["pool"], self._language))
            amounts = [cells.yuan(row[key]) for key in money]
            rows.append([name, *amounts, cells.words(check)])
        pools = self.figures.pools
        total = [
            cells.words(self.word("total")),
            *(cells.yuan(sum_of(pools, key)) for key in money),
            cells.words(""),
        ]
        columns = [
            self._words("pool"),
            *(self._number(key) for key in money),
            self._words("check"),
        ]
        return Table(columns, rows, total if len(rows) > 1 else None)

    @property
    def lines(self) -> Table:
        """What the budget pays and what is paid beside it."""
        keys = ["cases", "fund_amount", "fund_cost"]
        if self.figures.lines["members"].is_null().all():
            # Else these would tell small lines apart: each is of some kinds of line alone.
            keys += ["prepayment", "home_fund_bill"]
        return listing(self.figures.lines, [("line", self._names.line)], keys, self._language)

    @property
    def lines_note(self) -> str:
        """Who pays what stands beside the budget."""
        pooled = self.run.parameters["settlement"]["out_of_area"] == "pooled"
        return self.word("lines_note_pooled" if pooled else "lines_note")

    @property
    def ledger(self) -> Table:
        """The ledger's entries by pool, kind and accounts."""
        rows = [
            [
                cells.words(pool_name(row["pool"], self._language)),
                cells.words(self._names.booking(row)),
                cells.words(named("ledger", row["debit"], self._language)),
                cells.words(named("ledger", row["credit"], self._language)),
                cells.count(row["entries"]),
                cells.yuan(row["amount"]),
            ]
            for row in self.figures.ledger.iter_rows(named=True)
        ]
        columns = [self._words(key) for key in ("pool", "kind", "debit", "credit")]
        return Table([*columns, self._number("entries"), self._number("amount")], rows)

    @property
    def ledger_note(self) -> str:
        """What is not in the ledger's table, and what a correction books."""
        corrects = self.run.manifest.get("corrects")
        notes = [self.word("ledger_corrects")] if corrects else []
        return " ".join([*notes, self.word("ledger_small")])

    # Hospitals

    @property
    def hospital_chart(self) -> str:
        """Gain and loss in yuan and percent, ranked."""
        shown = self._charted_hospitals()
        amounts = [self._bar(row, self._names.hospital, "difference") for row in shown]
        percent = []
        for row in shown:
            cell = cells.share(row["difference"], row["fund_cost"], signed=True)
            percent.append(Bar(self._names.hospital(row), float(cell.exact or 0), cell.text))
        return charts.bar_panels(
            [
                (self.word("chart_yuan", unit=self._money), amounts),
                (self.word("chart_percent"), percent),
            ]
        )

    @property
    def hospitals_note(self) -> str:
        """How to read the chart, and what it leaves to the table."""
        hospitals, shown = self.figures.hospitals, self._charted_hospitals()
        note = self.word("hospitals_note")
        if len(shown) == hospitals.height:
            return note
        counted = self.word("hospitals_shown", shown=len(shown), all=hospitals.height)
        return f"{note} {counted}"

    @property
    def hospitals(self) -> Table:
        """Every hospital, ranked by its gain."""
        keys = ["cases", "points", "standard_amount", "fund_amount", "fund_cost", "difference"]
        names = [("hospital", self._names.hospital), ("level", self._names.level)]
        keys.append("difference_share")
        return listing(self.figures.hospitals, names, keys, self._language)

    def _charted_hospitals(self) -> list[Row]:
        rows = list(
            self.figures.hospitals.sort("difference", descending=True).iter_rows(named=True)
        )
        if len(rows) <= 2 * _CHART_HOSPITALS:
            return rows
        return rows[:_CHART_HOSPITALS] + rows[-_CHART_HOSPITALS:]

    # Cost ratio

    @property
    def ratio_chart(self) -> str:
        """The histogram with the bounds; nothing without cases."""
        ratios = self.figures.ratios
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
        bounds = [(float(ratios.low), self.word("low_bound", ratio=plain(ratios.low)))]
        bounds += [
            (float(high), self.word("high_bound", ratio=plain(high))) for high in ratios.high
        ]
        last = ratios.last_tenth // RATIO_STEP
        ticks = [place / 2 for place in range(2 * last + 1)]
        label = f"datum.value == {last} ? '≥{last}' : format(datum.value, '.1f')"
        axis, count = self.word("ratio_axis"), self.word("ratio_cases")
        return charts.ratio_chart(bars, bounds, ticks, label, axis, count)

    @property
    def ratios_notes(self) -> list[str]:
        """Which cases are counted, what is not drawn, and the bounds of the policy."""
        ratios = self.figures.ratios
        if not ratios.cases:
            return [self.word("ratios_none")]
        last = ratios.last_tenth // RATIO_STEP
        notes = [self.word("ratios_note", cases=f"{ratios.cases:,}", last=last)]
        if ratios.unshown:
            # Itself a small cell, where it is one.
            shown = "<5" if ratios.unshown < 5 else f"{ratios.unshown:,}"
            notes.append(self.word("ratios_unshown", n=shown))
        return [
            "".join(notes) if self._language == "zh" else " ".join(notes),
            bounds_text(self.run.parameters["points"], self._language),
        ]

    # Classes and groups

    @property
    def class_chart(self) -> str:
        """Shares of cases, points and money by class."""
        rows = list(self.figures.classes.iter_rows(named=True))
        panels = []
        for key in ("cases", "points", "standard_amount"):
            whole = sum_of(self.figures.classes, key)
            bars = []
            for row in rows:
                cell = cells.share(row[key], whole)
                bars.append(Bar(self._names.case_class(row), float(cell.exact or 0), cell.text))
            heading = {"standard_amount": "standard_share"}.get(key, f"{key}_share")
            panels.append((self.word(heading), bars))
        return charts.bar_panels(panels, name_width=210)

    @property
    def classes(self) -> Table:
        """Classes with their shares."""
        keys = ["cases", "cases_share", "points", "points_share", "standard_amount"]
        keys += ["standard_share", "fund_amount", "fund_cost", "difference"]
        names = [("case_class", self._names.case_class)]
        return listing(self.figures.classes, names, keys, self._language)

    @property
    def group_chart(self) -> str:
        """Money and gain or loss of the groups with the most money."""
        rows = list(self.figures.groups.filter(pl.col("members").is_null()).iter_rows(named=True))
        rows = rows[:_CHART_GROUPS]
        if not rows:
            return ""
        measures = {"standard_amount": "chart_money", "difference": "chart_yuan"}
        panels = [
            (
                self.word(heading, unit=self._money),
                [self._bar(row, self._names.group_and_name, key) for row in rows],
            )
            for key, heading in measures.items()
        ]
        return charts.bar_panels(panels, name_width=290)

    @property
    def groups(self) -> Table:
        """The groups with the most money and the others together."""
        keys = ["cases", "points", "standard_amount", "fund_amount", "fund_cost", "difference"]
        names = [("drg", self._names.group), ("group_name", self._names.group_name)]
        keys.append("difference_share")
        return listing(self.figures.groups, names, keys, self._language)

    @property
    def groups_note(self) -> str:
        """How many groups are listed."""
        return self.word("groups_note", n=SHOWN_GROUPS)

    # Adjustments and coverage

    @property
    def adjustments(self) -> Table:
        """Adjustments by kind."""
        names = [("kind", self._names.adjustment), ("applies_to", self._names.applies_to)]
        keys = ["cases", "points"]
        return listing(self.figures.adjustments, names, keys, self._language, total=False)

    @property
    def coverage(self) -> Table:
        """Records read by what became of them."""
        frame, read = self.figures.coverage, self.run.manifest["counts"]["read"]
        rows = [
            [
                cells.words(self._names.status(row)),
                cells.count(row["cases"]),
                cells.share(row["cases"], read),
            ]
            for row in frame.iter_rows(named=True)
        ]
        found = int(sum_of(frame, "cases"))
        total = [cells.words(self.word("total")), cells.count(found), cells.share(found, read)]
        columns = [
            self._words("status"),
            self._number("cases"),
            self._number("share_of_read"),
        ]
        return Table(columns, rows, total)

    @property
    def coverage_note(self) -> str:
        """The account of the records."""
        counts = {
            key: f"{self.run.manifest['counts'][key]:,}"
            for key in ("read", "valid", "quarantined", "warnings")
        }
        return self.word("coverage_note", **counts)

    # Formulas and evidence

    @property
    def formulas(self) -> list[tuple[str, list[Any]]]:
        """Formulas under their headings; the first group has none."""
        groups: list[tuple[str, list[Any]]] = [
            ("", pool_formulas(self.run, self.figures, self._language))
        ]
        example = self.figures.example
        if example:
            title = self.word(
                "f_example", hospital=example["name"], account=self.word(example["account"])
            )
            groups.append((title, line_formulas(self.run, example, self._language)))
        return groups

    @property
    def evidence(self) -> Table:
        """What the run was made from, by content."""
        return evidence_table(self.run, self._language)

    @property
    def unverified(self) -> str:
        """Parameters of the policy that no readable source confirmed."""
        return unverified_text(self.run, self._language)

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Commands with what they are for."""
        return commands_of(self.run, self._months, self._language)

    @property
    def version(self) -> str:
        """The program that made the page."""
        return f"drgpay {__version__}"

    def _bar(self, row: Row, name: Callable[[Row], str], key: str) -> Bar:
        return Bar(name(row), float(row[key]), self._large(row[key]).text)

    def _large(self, value: Decimal) -> Cell:
        return cells.large(value, self._language)

    def _number(self, key: str, unit: str = "") -> Column:
        return number_column(key, self._language, unit)

    def _words(self, key: str) -> Column:
        return word_column(key, self._language)
