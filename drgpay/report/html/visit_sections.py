"""What the page shows of visits alone: entries, accounts of contractors, tie-out, findings."""

from decimal import Decimal

import polars as pl

from drgpay.report.html.part_sections import PartSections, Tile
from drgpay.report.html.sections import Block, Listing, Section, Text
from drgpay.report.html.tables import Row, Table, listing, sum_of
from drgpay.report.html.visit_figures import (
    FINDING_FILES,
    CapitationFigures,
    VisitFigures,
    visit_figures_of,
)
from drgpay.report.html.wording import Speaker
from drgpay.report.wording import pool_name
from drgpay.results.run_folder import PaidPart
from drgpay.show import cells, charts
from drgpay.show.cells import Cell
from drgpay.show.charts import Bar


class VisitSections(PartSections):
    """The outpatient part of the page."""

    def __init__(self, run: PaidPart, months: list[PaidPart], say: Speaker, titled: bool) -> None:
        self._own: VisitFigures = visit_figures_of(run, months)
        super().__init__(run, months, self._own.part, say, titled)

    def tiles(self) -> list[Tile]:
        """The figures that are looked for first."""
        kept: list[Tile] = []
        if self._own.capitation:
            accounts = self._own.capitation.accounts
            balance, whole = sum_of(accounts, "balance"), sum_of(accounts, "capitation")
            share = cells.share(balance, whole, signed=True).text
            kept = [(self.say("k_balance"), self.large(balance).text, f"{self.money} {share}")]
        return [
            *self.value_tiles(),
            *self.money_tiles(),
            *self.count_tiles(),
            *kept,
            self.remainder_tile(),
        ]

    def sections(self) -> list[Section]:
        """In the order of the page."""
        return [
            self.values_section(),
            *self.year_sections(),
            self.balance_section(),
            self.hospitals_section(),
            self.classes_section(self.say("classes_note")),
            self.groups_section(),
            self.section(
                "entries",
                Text(self.say("entries_note")),
                self.figure("entries", self._entry_chart()),
                Listing(self._entries()),
            ),
            *self._capitation_sections(),
            *([] if self.say.of_year else [self.section("coverage", *self._coverage())]),
        ]

    # Entries

    def _entry_chart(self) -> str:
        """Shares of entries, of the cost of lines and of points by class."""
        frame = self._own.classes
        panels = []
        for key in ("apg_entries", "lines_cost", "points"):
            whole = sum_of(frame, key)
            bars = []
            for row in frame.iter_rows(named=True):
                cell = cells.share(row[key], whole)
                bars.append(Bar(self._class(row), float(cell.exact or 0), cell.text))
            panels.append((self.say(f"{key}_share"), bars))
        return charts.bar_panels(panels)

    def _entries(self) -> Table:
        """Entries by class and what became of them."""
        keys = ["apg_entries", "apg_entries_share", "quantity", "lines_cost", "lines_cost_share"]
        keys += ["points", "points_share"]
        names = [("class", self._class), ("reason", self._reason)]
        return listing(self._own.entries, names, keys, self.say)

    def _class(self, row: Row) -> str:
        if row["members"] is not None:
            return self.say("rest_groups", n=len(row["members"]))
        return self.say(f"group_{row['class']}")

    def _reason(self, row: Row) -> str:
        return self.say(f"reason_{row['reason']}") if row["reason"] else ""

    # Accounts of contractors

    def _capitation_sections(self) -> list[Section]:
        found = self._own.capitation
        if not found:
            none = Text(self.say("no_capitation"), "sentence")
            return [self.section("capitation", none)]
        apart: list[Block] = []
        if found.apart.height:
            apart = [Text(self.say("apart_heading"), "heading"), Listing(self._apart(found))]
        hidden = found.tie_out["contracted"].null_count() > 0
        return [
            self.section(
                "capitation",
                Text(self.say("capitation_note")),
                self.figure("capitation", self._balance_chart(found)),
                Listing(self._accounts(found)),
                *apart,
            ),
            self.section(
                "tie_out",
                Text(self.say("tie_out_note")),
                Listing(self._tie_out(found)),
                Text(self.say("tie_out_small") if hidden else ""),
            ),
        ]

    def _balance_chart(self, found: CapitationFigures) -> str:
        """Balances in yuan and as a part of the capitation, ranked."""
        rows = self.ranked(found.accounts, "balance")
        if not rows:
            return ""
        name = self._contractor_and_account
        amounts = self.money_panel("chart_balance", rows, name, "balance")
        percent = self.share_bars(rows, "balance", "capitation", name)
        return charts.bar_panels([amounts, (self.say("chart_balance_share"), percent)])

    def _accounts(self, found: CapitationFigures) -> Table:
        keys = ["heads", "capitation", "cases", "charged", "charged_elsewhere", "balance"]
        keys += ["balance_share", "settled"]
        names = [("contractor", self._contractor), ("account", self._account)]
        return listing(found.accounts, names, keys, self.say)

    def _apart(self, found: CapitationFigures) -> Table:
        names = [("reason", self._apart_reason), ("account", self._account)]
        return listing(found.apart, names, ["cases", "fund_amount"], self.say)

    def _contractor(self, row: Row) -> str:
        if row["members"] is not None:
            return self.say("rest_groups", n=len(row["members"]))
        return str(row["name"] or row["contractor_id"])

    def _apart_reason(self, row: Row) -> str:
        if row["members"] is not None:
            return self.say("rest_groups", n=len(row["members"]))
        return self.say(f"apart_{row['reason']}")

    def _account(self, row: Row) -> str:
        return self.say(row["account"]) if row["account"] else ""

    def _contractor_and_account(self, row: Row) -> str:
        return f"{self._contractor(row)} {self._account(row)}".strip()

    def _tie_out(self, found: CapitationFigures) -> Table:
        """One row a pool to the fen, with the proof."""
        hidden = Cell(self.say("not_shown"), number=True)
        keys = ["budget", "from_home_funds", "contracted", "uncontracted", "kept", "remainder"]
        rows = []
        for row in found.tie_out.iter_rows(named=True):
            spent = row["inside"] + row["kept"] + row["remainder"]
            off = row["budget"] + row["from_home_funds"] - spent
            check = self.say("unbalanced", by=off) if off else self.say("balanced")
            amounts = [cells.yuan(row[key]) if row[key] is not None else hidden for key in keys]
            name = cells.words(pool_name(row["pool"], self.say.language))
            rows.append([name, *amounts, cells.words(check)])
        columns = [self.words("pool"), *(self.number(key) for key in keys), self.words("check")]
        return Table(columns, rows, self._tie_out_total(found.tie_out, keys))

    def _tie_out_total(self, frame: pl.DataFrame, keys: list[str]) -> list[Cell] | None:
        if frame.height < 2 or frame["contracted"].null_count():
            return None
        total: dict[str, Decimal] = {key: sum_of(frame, key) for key in keys}
        first = cells.words(self.say("total"))
        return [first, *(cells.yuan(total[key]) for key in keys), cells.words("")]

    # Records and findings

    def _coverage(self) -> list[Block]:
        counts = self.run.manifest.counts
        rows = [
            [
                cells.words(self.say(name)),
                *(cells.count(counts.get(key, 0)) for key in keys),
            ]
            for name, keys in (
                (
                    "t_visits",
                    ("visits_read", "visits_valid", "visits_quarantined", "visit_warnings"),
                ),
                ("t_lines", ("lines_read", "lines_valid", "lines_quarantined", "line_warnings")),
            )
        ]
        columns = [
            self.words("table"),
            *(self.number(key) for key in ("read", "valid", "quarantined", "warned")),
        ]
        netted = f"{counts.get('lines_netted', 0):,}"
        note = self.say("coverage_note", netted=netted, ungrouped=f"{self._own.ungrouped:,}")
        findings = self._findings()
        return [
            Listing(Table(columns, rows)),
            Text(note),
            Text(self.say("findings_heading"), "heading"),
            Listing(findings),
            Text("" if findings.rows else self.say("findings_none"), "sentence"),
        ]

    def _findings(self) -> Table:
        rows = []
        for row in self._own.findings.iter_rows(named=True):
            table, kind = FINDING_FILES[row["file"]]
            rows.append(
                [
                    cells.words(self.say(table)),
                    cells.words(self.say(row["code"])),
                    cells.words(self.say(kind)),
                    cells.count(row["findings"]),
                ]
            )
        columns = [self.words("table"), self.words("code"), self.words("kind")]
        return Table([*columns, self.number("findings")], rows)
