"""The sections that stays and visits both have: values, balance, hospitals, classes, groups."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

import polars as pl

from drgpay.report.html.bounds import bands_note, bands_table, plain
from drgpay.report.html.figures import SHOWN_GROUPS, PartFigures
from drgpay.report.html.formulas import line_formulas, pool_formulas
from drgpay.report.html.period_columns import columns_of_period
from drgpay.report.html.row_names import RowNames
from drgpay.report.html.sections import Block, Figure, Formulas, Listing, Section, Text
from drgpay.report.html.tables import (
    Column,
    Row,
    Table,
    listing,
    number_column,
    sum_of,
    word_column,
)
from drgpay.report.html.wording import Speaker
from drgpay.report.statement import MINUS
from drgpay.report.wording import named, pool_name
from drgpay.results.run_folder import PaidPart
from drgpay.results.visits import NO_GROUP
from drgpay.show import cells, charts
from drgpay.show.cells import Cell
from drgpay.show.charts import Bar
from drgpay.show.money_scale import money_scale

CHART_ROWS = 15
_EITHER_WAY = ("difference", "balance", "clearing")
"""Bars of a chart: of what is ranked by gain and loss so many on either side."""

_RARE = ("from_home_funds", "kept")

Tile = tuple[str, str, str]
"""A figure that is looked for first: heading, number, unit."""


class PartSections:
    """What the page shows of a part of a run: sections and tiles that both parts have.

    run: seen from the part. months: the runs of the part whose point values are compared.
    titled: whether the titles name the part, because the page has another one too.
    """

    def __init__(
        self,
        run: PaidPart,
        months: list[PaidPart],
        figures: PartFigures,
        say: Speaker,
        titled: bool,
    ) -> None:
        self.run, self.months, self.figures, self.say = run, months, figures, say
        self.names, self.columns = RowNames(run, say), columns_of_period(run)
        self.money = say("unit_large")
        self._titled = titled
        self._year = run.period if run.manifest.is_clearing else ""

    def section(self, key: str, *blocks: Block) -> Section:
        """A section under the title of its key."""
        title = self.say(f"s_{key}")
        if self._titled:
            title = self.say("of_part", part=self.say(f"part_{self.run.part.name}"), title=title)
        return Section(f"visit_{key}" if self.say.of_visits else key, title, blocks)

    def figure(self, key: str, svg: str) -> Figure:
        """A chart that is called as its section."""
        return Figure(svg, self.say(f"s_{key}"))

    def value_tiles(self) -> list[Tile]:
        """The point value of each pool."""
        return [
            (
                self.say("k_value", pool=pool_name(row["pool"], self.say.language)),
                cells.points(row["point_value"]).text,
                self.say("unit_value"),
            )
            for row in self.figures.pools.drop_nulls("point_value").iter_rows(named=True)
        ]

    def money_tiles(self) -> list[Tile]:
        """The fund amounts of all lines, as the hospitals' table has them, and what of them the
        budget pays; how they compare with payment item by item.
        """
        lines, pools = self.figures.lines, self.figures.pools
        fund, by_item = sum_of(lines, "fund_amount"), sum_of(lines, "fund_cost")
        difference = cells.share(fund - by_item, by_item, signed=True).text
        return [
            (self.say("k_fund"), self.large(fund).text, self.money),
            (
                self.say("k_fund_budget"),
                self.large(sum_of(pools, "fund_amount")).text,
                self.money,
            ),
            (
                self.say("k_difference"),
                self.large(fund - by_item).text,
                f"{self.money} {difference}",
            ),
            *self._due_tiles(),
        ]

    def _due_tiles(self) -> list[Tile]:
        """Of a year what it is due, what was prepaid of that, and what is still to be paid."""
        cleared = self.figures.cleared
        if cleared is None:
            return []
        due = [(key, sum_of(cleared, key)) for key in self.columns.due]
        return [(self.say(f"k_{key}"), self.large(amount).text, self.money) for key, amount in due]

    def count_tiles(self) -> list[Tile]:
        """Cases and points of all hospitals."""
        classes = self.figures.classes
        return [
            (self.say("k_cases"), f"{sum_of(classes, 'cases'):,}", ""),
            (self.say("k_points"), cells.points(sum_of(classes, "points")).text, ""),
        ]

    def remainder_tile(self) -> Tile:
        """What rounding leaves."""
        remainder = cells.yuan(sum_of(self.figures.pools, "remainder")).text
        return self.say("k_remainder"), remainder, self.say("unit_yuan")

    def values_section(self) -> Section:
        """Point values by month."""
        return self.section(
            "values",
            self.figure("values", self._value_chart()),
            Text(self._values_note()),
            Listing(self._values()),
        )

    def year_sections(self) -> list[Section]:
        """Of a cleared year how its budget came about, and what each hospital is still due."""
        cleared = self.figures.cleared
        if cleared is None:
            return []
        ranked = self.ranked(cleared, "clearing")
        amounts = self.money_panel("chart_clearing", ranked, self.names.hospital, "clearing")
        shares = self.share_bars(ranked, "clearing", "payable", self.names.hospital)
        drawn = charts.bar_panels([amounts, (self.say("chart_clearing_share"), shares)])
        left_out = self.say("few_by_item") if self.figures.few_by_item else ""
        return [
            self.section(
                "budget",
                Text(self.say("budget_note")),
                Listing(self._budget()),
                Text(self.say("bands_heading"), "heading"),
                Listing(bands_table(self.run, self.say)),
                Text(bands_note(self.run, self.say)),
            ),
            self.section(
                "clearing",
                Text(self.say("clearing_rule")),
                self.figure("clearing", drawn),
                Listing(self._cleared(cleared)),
                Text(left_out),
            ),
        ]

    def _budget(self) -> Table:
        """From the year's budget to the final one, a row a pool, to the fen."""
        keys = ["budget", "fund_cost", "surplus", "retained", "overrun", "reserve", "shared"]
        frame = self.figures.pools.with_columns(members=pl.lit(None, pl.List(pl.String)))
        names = [("pool", lambda row: pool_name(row["pool"], self.say.language))]
        keys.append("budget_final")
        return listing(frame, names, keys, self.say, total=frame.height > 1, exact=True)

    def _cleared(self, cleared: pl.DataFrame) -> Table:
        """What each hospital is due for the year, was prepaid, and gets or pays back, to the fen."""
        names = [("hospital", self.names.hospital), ("level", self.names.level)]
        if cleared["score"].count():
            names += [(key, partial(_plain_of, key)) for key in ("score", "factor")]
        keys = ["fund_amount"]
        for key in ("assessment", "redistributed", "deduction"):
            keys += [key] if any(cleared[key]) else []
        keys += [*self.columns.due, "clearing_share"]
        return listing(cleared, names, keys, self.say, exact=True)

    def balance_section(self) -> Section:
        """The balance of the fund to the fen, the lines beside it, the ledger."""
        ledger = self._ledger()
        booked: list[Block] = [
            Text(self.say("ledger_note"), "heading"),
            Listing(ledger),
            Text(self._ledger_note()),
        ]
        return self.section(
            "balance",
            Text(self.say("balance_note")),
            Listing(self._balance()),
            Text(self.say("lines_heading"), "heading"),
            Listing(self._lines()),
            Text(self._lines_note()),
            *(booked if ledger.rows else ()),
        )

    def hospitals_section(self) -> Section:
        """Gain and loss of every hospital."""
        return self.section(
            "hospitals",
            Text(self._hospitals_note()),
            self.figure("hospitals", self._hospital_chart()),
            Listing(self._hospitals()),
        )

    def classes_section(self, *notes: str) -> Section:
        """Classes with their shares."""
        return self.section(
            "classes",
            *(Text(note) for note in notes),
            self.figure("classes", self._class_chart()),
            Listing(self._classes()),
        )

    def groups_section(self) -> Section:
        """The groups with the most money."""
        return self.section(
            "groups",
            Text(self.say("groups_note", n=SHOWN_GROUPS)),
            self.figure("groups", self._group_chart()),
            Listing(self._groups()),
        )

    def formula_blocks(self) -> list[Block]:
        """How values, remainders and one line come about."""
        blocks: list[Block] = [Formulas(pool_formulas(self.run, self.figures, self.say))]
        example = self.figures.example
        if example:
            hospital, account = example["name"], self.say(example["account"])
            title = self.say("f_example", hospital=hospital, account=account)
            blocks.append(Text(title, "heading"))
            blocks.append(Formulas(line_formulas(self.run, example, self.say)))
        return blocks

    def money_panel(
        self, heading: str, rows: Sequence[Row], name: Callable[[Row], str], key: str
    ) -> tuple[str, list[Bar]]:
        """The bars of an amount, and their heading with the unit; either way, the sign is said."""
        scale = money_scale((row[key] for row in rows), self.say.language)
        signed = key in _EITHER_WAY
        bars = [
            Bar(name(row), scale.number(row[key]), scale.text(row[key], signed)) for row in rows
        ]
        return self.say(heading, unit=self.say(scale.unit)), bars

    def ranked(self, frame: pl.DataFrame, key: str) -> list[Row]:
        """The rows with the largest and the smallest values, downwards."""
        rows = list(frame.sort(key, descending=True).iter_rows(named=True))
        if len(rows) <= 2 * CHART_ROWS:
            return rows
        return rows[:CHART_ROWS] + rows[-CHART_ROWS:]

    def large(self, value: Decimal) -> Cell:
        """An amount to be read at a glance."""
        return cells.large(value, self.say.language)

    def number(self, key: str, unit: str = "") -> Column:
        """A column of numbers."""
        return number_column(key, self.say, unit)

    def words(self, key: str) -> Column:
        """A column of words."""
        return word_column(key, self.say)

    def _value_chart(self) -> str:
        """Point values over months, and of a year the final one; nothing of one period alone."""
        if len(self.months) == 1:
            return ""
        strips, final = [], dict[str, Bar]()
        for pool in self.figures.pools["pool"]:
            rows = self.figures.months.filter(pl.col("pool") == pool).drop_nulls("point_value")
            if not rows.height:
                continue
            name = pool_name(pool, self.say.language)
            bars = []
            for row in rows.iter_rows(named=True):
                bar = Bar(row["period"], float(row["point_value"]), row["point_value"])
                if row["period"] == self._year:
                    final[name] = replace(bar, label=self.say("final_value", value=bar.label))
                else:
                    bars.append(bar)
            if bars:
                strips.append((name, bars))
        return charts.value_chart(strips, final) if strips else ""

    def _values_note(self) -> str:
        """Which runs the months come from."""
        if len(self.months) == 1:
            return self.say("values_one", period=self.run.period)
        return self.say("values_note")

    def _values(self) -> Table:
        """One row a month and pool."""
        rows, last = [], dict[str, Decimal]()
        for row in self.figures.months.drop_nulls("point_value").iter_rows(named=True):
            value = Decimal(row["point_value"])
            before = None if row["period"] == self._year else last.get(row["pool"])
            last[row["pool"]] = value
            rows.append(
                [
                    cells.words(row["period"]),
                    cells.words(pool_name(row["pool"], self.say.language)),
                    cells.points(value),
                    cells.share(value - before, before, signed=True)
                    if before
                    else Cell(cells.NONE, number=True),
                    self.large(row["budget"]),
                    cells.points(row["points"]),
                    self.large(row["fund_amount"]),
                    cells.yuan(row["remainder"]),
                    cells.words(row["run_id"]),
                ]
            )
        columns = [
            self.words("period"),
            self.words("pool"),
            self.number("point_value"),
            self.number("change"),
            self.number("budget", self.money),
            self.number("points"),
            self.number("fund_amount", self.money),
            self.number("remainder", self.say("unit_yuan")),
            self.words("run"),
        ]
        return Table(columns, rows)

    def _balance(self) -> Table:
        """One row a pool, to the fen, with the proof."""
        pools, columns = self.figures.pools, self.columns
        money = [columns.budget, "from_home_funds", "fund_amount", "kept", "remainder"]
        money += columns.parts
        if self._year:  # has more columns, of which a page holds no more than say something
            money = [key for key in money if key not in _RARE or any(pools[key])]
        rows = []
        for row in pools.iter_rows(named=True):
            spent = row["fund_amount"] + row["kept"] + row["remainder"]
            off = row["available"] + row["from_home_funds"] - spent
            check = self.say("unbalanced", by=off) if off else self.say("balanced")
            name = cells.words(pool_name(row["pool"], self.say.language))
            rows.append([name, *_amounts(row, money), cells.words(check)])
        sums = {key: sum_of(pools, key) for key in [*money, "budget_given"]}
        total = [cells.words(self.say("total")), *_amounts(sums, money), cells.words("")]
        headings = {"fund_amount": "fund_in_budget"}
        headed = [
            self.words("pool"),
            *(self.number(headings.get(key, key)) for key in money),
            *([self.number("item_share")] if "item_by_item" in money else []),
            self.words("check"),
        ]
        return Table(headed, rows, total if len(rows) > 1 else None)

    def _lines(self) -> Table:
        """What the budget pays and what is paid beside it."""
        keys = ["cases", "fund_amount", "fund_cost"]
        if self.figures.lines["members"].is_null().all():
            # Else these would tell small lines apart: each is of some kinds of line alone.
            keys += [*self.columns.due, "home_fund_bill"]
        return listing(self.figures.lines, [("line", self.names.line)], keys, self.say)

    def _lines_note(self) -> str:
        """Who pays what stands beside the budget."""
        pooled = self.run.about.settlement["out_of_area"] == "pooled"
        return self.say("lines_note_pooled" if pooled else "lines_note")

    def _ledger(self) -> Table:
        """The ledger's entries by pool, kind and accounts."""
        rows = [
            [
                cells.words(pool_name(row["pool"], self.say.language)),
                cells.words(self.names.booking(row)),
                cells.words(named("ledger", row["debit"], self.say.language)),
                cells.words(named("ledger", row["credit"], self.say.language)),
                cells.count(row["entries"]),
                cells.yuan(row["amount"]),
            ]
            for row in self.figures.ledger.iter_rows(named=True)
        ]
        columns = [self.words(key) for key in ("pool", "kind", "debit", "credit")]
        return Table([*columns, self.number("entries"), self.number("amount")], rows)

    def _ledger_note(self) -> str:
        """What is not in the ledger's table, and what a correction books."""
        corrects = self.run.manifest.corrects
        notes = [self.say("ledger_corrects")] if corrects else []
        return " ".join([*notes, self.say("ledger_small")])

    def _hospital_chart(self) -> str:
        """Gain and loss in yuan and percent, ranked."""
        shown = self.ranked(self.figures.hospitals, "difference")
        amounts = self.money_panel("chart_yuan", shown, self.names.hospital, "difference")
        percent = self.share_bars(shown, "difference", "fund_cost", self.names.hospital)
        return charts.bar_panels([amounts, (self.say("chart_percent"), percent)])

    def share_bars(
        self, rows: Sequence[Row], part: str, whole: str, name: Callable[[Row], str]
    ) -> list[Bar]:
        """The bars of an amount as a share of another one, signed."""
        shares = [cells.share(row[part], row[whole], signed=True) for row in rows]
        named_shares = zip(rows, shares, strict=True)
        return [Bar(name(row), float(cell.exact or 0), cell.text) for row, cell in named_shares]

    def _hospitals_note(self) -> str:
        """How to read the chart, and what it leaves to the table."""
        hospitals, shown = self.figures.hospitals, self.ranked(self.figures.hospitals, "difference")
        note = self.say("hospitals_note")
        if len(shown) == hospitals.height:
            return note
        counted = self.say("hospitals_shown", shown=len(shown), all=hospitals.height)
        return f"{note} {counted}"

    def _hospitals(self) -> Table:
        """Every hospital, ranked by its gain."""
        keys = ["cases", "points", "standard_amount", "fund_amount", "fund_cost", "difference"]
        names = [("hospital", self.names.hospital), ("level", self.names.level)]
        keys.append("difference_share")
        return listing(self.figures.hospitals, names, keys, self.say)

    def _class_chart(self) -> str:
        """Shares of cases, points and money by class."""
        # What hospitals lose beside their cases is no share.
        shown = self.figures.classes.filter(pl.col("case_class").ne_missing(MINUS))
        rows = list(shown.iter_rows(named=True))
        panels = []
        for key in ("cases", "points", "standard_amount"):
            whole = sum_of(self.figures.classes, key)
            bars = []
            for row in rows:
                cell = cells.share(row[key], whole)
                bars.append(Bar(self.names.case_class(row), float(cell.exact or 0), cell.text))
            heading = {"standard_amount": "standard_share"}.get(key, f"{key}_share")
            panels.append((self.say(heading), bars))
        return charts.bar_panels(panels)

    def _classes(self) -> Table:
        """Classes with their shares."""
        keys = ["cases", "cases_share", "points", "points_share", "standard_amount"]
        keys += ["standard_share", "fund_amount", "fund_cost", "difference"]
        names = [("case_class", self.names.case_class)]
        return listing(self.figures.classes, names, keys, self.say)

    def _group_chart(self) -> str:
        """Money and gain or loss of the groups with the most money."""
        groups = pl.col("members").is_null() & (pl.col("drg") != NO_GROUP)
        rows = list(self.figures.groups.filter(groups).head(CHART_ROWS).iter_rows(named=True))
        if not rows:
            return ""
        measures = {"standard_amount": "chart_money", "difference": "chart_yuan"}
        panels = [
            self.money_panel(heading, rows, self.names.group_and_name, key)
            for key, heading in measures.items()
        ]
        return charts.bar_panels(panels)

    def _groups(self) -> Table:
        """The groups with the most money and the others together."""
        keys = ["cases", "points", "standard_amount", "fund_amount", "fund_cost", "difference"]
        names = [("drg", self.names.group), ("group_name", self.names.group_name)]
        keys.append("difference_share")
        return listing(self.figures.groups, names, keys, self.say)


def _plain_of(key: str, row: Row) -> str:
    return plain(Decimal(row[key])) if row[key] else ""


def _amounts(row: Row, keys: Sequence[str]) -> list[Cell]:
    """Amounts to the fen; what is paid item by item also as a share of the budget."""
    amounts = [cells.yuan(row[key]) for key in keys]
    if "item_by_item" in keys:
        amounts.append(cells.share(row["item_by_item"], row["budget_given"]))
    return amounts
