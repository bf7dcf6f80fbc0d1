"""What the rows of a report are called."""

from collections.abc import Callable

import polars as pl

from drgpay.grouper.scheme import content_hash, load_scheme_info, scheme_folder, shipped_schemes
from drgpay.report.html.figures import ITEM_BOOKING
from drgpay.report.html.tables import Row
from drgpay.report.html.wording import Speaker
from drgpay.report.wording import level_name, named
from drgpay.results.run_folder import PaidPart
from drgpay.results.visits import NO_GROUP


class RowNames:
    """The names of rows of figures; a gathered row (with `members`) is named by them."""

    def __init__(self, run: PaidPart, say: Speaker) -> None:
        self._say = say
        self._language = say.language
        self._groups = _group_names(run)

    def hospital(self, row: Row) -> str:
        """A hospital's name, or how many hospitals are together."""
        if row["members"] is not None:
            return self._say("rest_hospitals", n=len(row["members"]))
        return str(row["name"] or row["hospital_id"])

    def level(self, row: Row) -> str:
        """A hospital's level."""
        return level_name(row["level"], self._language) if row["level"] else ""

    def group(self, row: Row) -> str:
        """A group's code, or how many groups are together."""
        if row["members"] is not None:
            return self._say("rest_groups", n=len(row["members"]))
        return str(row["drg"])

    def group_name(self, row: Row) -> str:
        """A group's name; empty where the scheme is not at hand."""
        if row["drg"] == NO_GROUP:
            return self._say("no_group")
        return self._groups.get(row["drg"] or "", "")

    def group_and_name(self, row: Row) -> str:
        """Code and name of a group."""
        return f"{row['drg']} {self.group_name(row)}".strip()

    def case_class(self, row: Row) -> str:
        """A class of cases, or the classes that are together."""
        return self._several(row, "case_class", lambda key: self._say(f"class_{key}"))

    def line(self, row: Row) -> str:
        """A kind of statement line, or the kinds that are together."""
        return self._several(row, "line", lambda key: self._say(key))

    def status(self, row: Row) -> str:
        """What became of records, or the several things that did."""
        return self._several(row, "status", lambda key: self._say(key))

    def adjustment(self, row: Row) -> str:
        """A kind of adjustment, or the kinds that are together."""
        return self._several(row, "kind", lambda key: named("kind", key, self._language))

    def applies_to(self, row: Row) -> str:
        """Whom an adjustment concerns."""
        return named("applies_to", row["applies_to"] or "", self._language)

    def booking(self, row: Row) -> str:
        """A kind of ledger entry; those of lines paid item by item are marked."""
        kind = row["kind"]
        name = self._say(f"booking_{kind.removeprefix(ITEM_BOOKING)}")
        item = kind.startswith(ITEM_BOOKING)
        return self._say("booking_item", name=name) if item else name

    def _several(self, row: Row, column: str, name: Callable[[str], str]) -> str:
        if row["members"] is None:
            return name(row[column])
        # Of a kind that concerns cases and hospitals both are members.
        names = self._say("and").join(dict.fromkeys(name(member) for member in row["members"]))
        return self._say("rest_several", names=names)


def scheme_title(scheme_id: str) -> str:
    """A shipped scheme by name and id, another by its id."""
    if scheme_id not in shipped_schemes():
        return scheme_id
    return f"{load_scheme_info(scheme_folder(scheme_id)).name}（{scheme_id}）"


def _group_names(run: PaidPart) -> dict[str, str]:
    """By code, where the scheme of the run comes with the program unchanged."""
    scheme = run.about.scheme
    if scheme["id"] not in shipped_schemes():
        return {}
    folder = scheme_folder(scheme["id"])
    if content_hash(folder) != scheme["sha256"]:
        return {}
    table = pl.read_csv(folder / "drg.csv", infer_schema=False, glob=False)
    return dict(zip(table["drg"], table["name"], strict=True))
