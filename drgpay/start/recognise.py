"""Recognise the columns of a file: by the catalogue of headings, decided by content, or asked.

A heading of confidence 1 is certain unless its content contradicts it; others are likely. Where
several headings may be one column, the content chooses; where it cannot, a person does. Nothing is
guessed in silence: each column says how sure it is and why.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import polars as pl

from drgpay.base.language import Words, alike
from drgpay.base.words import Wording
from drgpay.records.columns import (
    ITEM_COLUMNS,
    KNOWN_COLUMNS,
    STAY_COLUMNS,
    VISIT_COLUMNS,
    VISIT_TYPES,
    Kind,
)
from drgpay.records.stays import REQUIRED
from drgpay.records.visits.tables import LINE_VALUES, VISIT_VALUES
from drgpay.start import content
from drgpay.start.code_columns import codes_found
from drgpay.start.costs import COSTS, costs_of
from drgpay.start.fee_classes import COST_KINDS
from drgpay.start.fees import costs_of_fees, fee_kinds
from drgpay.start.found import (
    Candidate,
    Form,
    Found,
    Nobody,
    Other,
    Person,
    Recognition,
    Sureness,
    Values,
)
from drgpay.start.given import Given
from drgpay.start.headings import CERTAIN, FOREIGN, GUESS, Known, compared, known_headings
from drgpay.start.values import VALUED, values_of

WORDS = Wording("start")

COLUMNS: dict[str, tuple[str, ...]] = {
    "stays": tuple(STAY_COLUMNS),
    "visits": tuple(VISIT_COLUMNS),
    "visit_items": tuple(ITEM_COLUMNS),
    "hospitals": ("hospital_id", "name", "level", "county", "alliance", "kind", "assessment"),
}
"""The columns of each table that is recognised."""
NEEDED: dict[str, tuple[str, ...]] = {
    "stays": REQUIRED,
    "visits": VISIT_VALUES,
    "visit_items": LINE_VALUES,
    "hospitals": ("hospital_id", "name", "level"),
}
"""Those that must be found."""
_ID = {"stays": "case_id", "visits": "visit_id", "hospitals": "hospital_id"}
_DAYS = ("admission_date", "discharge_date", "settlement_date")
_LISTS = ("principal_diagnosis", "other_diagnoses", "procedures")
_UNIT_OF = {"age_days": "days", "length_of_stay": "days", "weight_g": "grams"}
_NOT_FOR_DAYS = "age"
_READABLE = 0.95
_IN_ORDER = 0.99
_SAME = 0.9
_FOUND_IDS = 0.5
_IDENTITIES = 0.5

Candidates = Mapping[str, Sequence[Candidate]]


def recognise(
    table: str,
    given: Given,
    person: Person | None = None,
    hospital_ids: Sequence[str] = (),
    decided: Mapping[str, str] | None = None,
) -> Recognition:
    """Find the columns of a table (COLUMNS) in a file.

    hospital_ids: those that are known, to tell ids of hospitals from others. decided: our column ->
    heading, as a person said before. Reads the columns that may be needed, for ids all rows.
    """
    asked = person or Nobody()
    candidates = candidates_of(table, given)
    of_all_rows = (_ID.get(table), *VALUED, "hospital_id")
    given.texts(
        *(one.heading for column in of_all_rows for one in candidates.get(column or "", ()))
    )
    work = _Work(table, given, candidates, asked, hospital_ids, remarks=[*given.remarks])
    for column, heading in (decided or {}).items():
        work.found[column] = Found(
            column, (heading,), Form.ONE, Sureness.ASKED, WORDS.words("why.asked")
        )
    work.find()
    used = {heading for found in work.found.values() for heading in found.headings}
    known = known_headings(table)
    others = tuple(
        Other(heading, next(iter(known.of(heading)), None), given.examples(heading))
        for heading in given.headings
        if heading not in used
    )
    missing = tuple(column for column in NEEDED[table] if not work.has(column))
    return Recognition(table, given, work.found, others, missing, tuple(work.remarks))


def candidates_of(table: str, given: Given) -> dict[str, list[Candidate]]:
    """Our column, or one of the catalogue's that is not ours -> the headings that may be it.

    The surest first, then in the order of the file. A heading that means several things is a
    candidate of each.
    """
    known = known_headings(table)
    ours = set(COLUMNS[table])
    found: dict[str, list[Candidate]] = defaultdict(list)
    for place, heading in enumerate(given.headings):
        if heading in given.fees:
            continue
        unit = compared(heading).unit
        if heading in ours:
            own = Known(heading, heading, "own", 0, "")
            found[heading].append(Candidate(heading, own, unit, place))
            continue
        for one in known.of(heading):
            found[one.column].append(Candidate(heading, one, unit, place))
    for several in found.values():
        several.sort(key=lambda one: (one.known.confidence, one.place))
    return dict(found)


@dataclass
class _Work:
    """The columns found so far, and what was remarkable."""

    table: str
    given: Given
    candidates: Candidates
    person: Person
    hospital_ids: Sequence[str]
    found: dict[str, Found] = field(default_factory=dict)
    remarks: list[Words] = field(default_factory=list)

    def find(self) -> None:
        """Find every column of the table, those first by which others are judged."""
        columns = COLUMNS[self.table]
        if self.table in _ID:
            self._take(self._id(_ID[self.table]))
        for column in columns:
            if column not in (*_DAYS, *COSTS, *_LISTS, *COST_KINDS, *_ID.values()):
                self._take(self._one(column))
        if self.table != "hospitals" and "hospital_id" in columns:
            self._take(self._one("hospital_id"))
        if self.table == "visit_items":
            self._take(self._one("visit_id"))
        if self.table == "stays":
            self._days()
        fees = fee_kinds(self.given)
        if "total_cost" in columns:
            costs, remarks = costs_of(self.given, self.candidates, tuple(fees))
            self._take_all(costs)
            self.remarks += remarks
        if "principal_diagnosis" in columns:
            lists, remarks = codes_found(self.given, self.candidates)
            self._take_all({name: one for name, one in lists.items() if name in columns})
            self.remarks += remarks
        for column in COST_KINDS:
            if column in columns:
                self._take(self._sum(column))
        of_fees, remarks = costs_of_fees(self.given, fees, self.found.get("total_cost"))
        self._take_all(of_fees)
        self.remarks += remarks
        self._read_values()
        self._check_kinds()
        self._check_sizes()
        self._see_identity_numbers()
        self._ask()

    def has(self, column: str) -> bool:
        """Whether a column is found; the principal diagnosis may come with the others."""
        others = self.found.get("other_diagnoses")
        if column == "principal_diagnosis" and others and others.gives_principal:
            return True
        return column in self.found

    def _take(self, found: Found | None) -> None:
        if found and found.column not in self.found:
            self.found[found.column] = found

    def _take_all(self, found: Mapping[str, Found]) -> None:
        for one in found.values():
            self._take(one)

    def _of(self, column: str) -> list[Candidate]:
        """Candidates of a column that are not first of all something else, if it has any."""
        every = [one for one in self.candidates.get(column, ()) if _fits_unit(column, one.unit)]
        known = known_headings(self.table)
        first = [
            one
            for one in every
            if one.known.kind == "own" or known.of(one.heading)[0].column == column
        ]
        return first or every

    def _one(self, column: str) -> Found | None:
        """A column that is one heading of the file."""
        several = self._of(column)
        if not several:
            return None
        if column == "hospital_id" and self.hospital_ids:
            several = sorted(several, key=self._unknown_hospitals)
        best, rest = several[0], several[1:]
        same = [one for one in rest if self._alike(best, one)]
        rivals = [
            one for one in rest if one not in same and one.known.confidence == best.known.confidence
        ]
        if column in VALUED and rivals:
            best = min([best, *rivals], key=lambda one: self._unread_values(column, one))
            rivals = []
        sureness = Sureness.CERTAIN if best.known.confidence <= CERTAIN else Sureness.LIKELY
        why = _why(best)
        if rivals:
            said = {"heading": best.heading, "others": _headings(rivals)}
            sureness, why = Sureness.LIKELY, WORDS.words("why.first_of_several", **said)
        if column == "hospital_id" and self.hospital_ids and not rivals:
            share = content.known_share(self.given.column(best.heading), self.hospital_ids)
            if share >= _FOUND_IDS:
                sureness, why = Sureness.CERTAIN, WORDS.words("why.in_table", share=f"{share:.1%}")
        return Found(column, (best.heading,), Form.ONE, sureness, why)

    def _unknown_hospitals(self, one: Candidate) -> tuple[float, int]:
        texts = self.given.column(one.heading)
        return -content.known_share(texts, self.hospital_ids), one.known.confidence

    def _unread_values(self, column: str, one: Candidate) -> int:
        return sum(values_of(column, self.given.sample(one.heading)).open.values())

    def _alike(self, one: Candidate, other: Candidate) -> bool:
        """Whether two headings have the same values."""
        return bool(
            (
                self.given.sample(one.heading).fill_null("")
                == self.given.sample(other.heading).fill_null("")
            ).all()
        )

    def _id(self, column: str) -> Found | None:
        """The id of a row: of the candidates the one that does not repeat."""
        several = self._of(column) + [
            one for one in self.candidates.get(column, ()) if one not in self._of(column)
        ]
        repeats = {one.heading: content.repeated(self.given.column(one.heading)) for one in several}
        unique = [one for one in several if not repeats[one.heading]]
        if unique and unique[0].known.confidence < GUESS:
            best = unique[0]
            sure = best.known.confidence <= CERTAIN or len(unique) == 1
            sureness = Sureness.CERTAIN if sure else Sureness.LIKELY
            return Found(column, (best.heading,), Form.ONE, sureness, WORDS.words("why.unique"))
        if joined := self._joined_id(column):
            return joined
        if not several:
            return None
        best = unique[0] if unique else several[0]
        if unique:
            why = WORDS.words("why.unique_guess")
        else:
            why = WORDS.words("why.repeats", count=repeats[best.heading])
            self.remarks.append(
                WORDS.words("remark.repeats", heading=best.heading, count=repeats[best.heading])
            )
        return Found(column, (best.heading,), Form.ONE, Sureness.LIKELY, why)

    def _joined_id(self, column: str) -> Found | None:
        """The hospital, its record number and the count of admissions, where they are unique."""
        parts = [
            self._first("hospital_id"),
            self._first(f"{FOREIGN}record_number"),
            self._first(f"{FOREIGN}admission_count"),
        ]
        headings = [one for one in parts if one]
        if column != "case_id" or len(headings) < len(parts):
            return None
        frame = self.given.texts(*headings)
        if frame.null_count().sum_horizontal()[0] or frame.is_duplicated().any():
            return None
        return Found(
            column, tuple(headings), Form.JOIN, Sureness.CERTAIN, WORDS.words("why.joined")
        )

    def _first(self, column: str) -> str | None:
        several = self.candidates.get(column, ())
        return several[0].heading if several else None

    def _days(self) -> None:
        """The three days, in their order."""
        for column in _DAYS[:2]:
            self._take(self._one(column))
        leaving = self._day_of("discharge_date")
        several = self._of("settlement_date")
        if leaving is not None and several:
            shares = {one.heading: self._after(leaving, one) for one in several}
            fitting = [one for one in several if shares[one.heading][0] >= _IN_ORDER]
            if fitting:
                best = min(
                    fitting,
                    key=lambda one: (
                        one.known.confidence,
                        shares[one.heading][1] > _SAME,
                        one.place,
                    ),
                )
                sure = best.known.confidence <= CERTAIN
                self._take(
                    Found(
                        "settlement_date",
                        (best.heading,),
                        Form.ONE,
                        Sureness.CERTAIN if sure else Sureness.LIKELY,
                        WORDS.words("why.after_discharge", share=f"{shares[best.heading][0]:.1%}"),
                    )
                )
        self._take(self._one("settlement_date"))
        self._doubt_order()

    def _after(self, leaving: pl.Series, one: Candidate) -> tuple[float, float]:
        days = content.days_of("settlement_date", self.given.sample(one.heading))
        return content.in_order_share(leaving, days), content.equal_share(leaving, days)

    def _day_of(self, column: str) -> pl.Series | None:
        found = self.found.get(column)
        return content.days_of(column, self.given.sample(found.headings[0])) if found else None

    def _doubt_order(self) -> None:
        """Days that are not in their order make the later one only likely."""
        for earlier, later in pairwise(_DAYS):
            one, other = self._day_of(earlier), self._day_of(later)
            if one is None or other is None:
                continue
            share = content.in_order_share(one, other)
            if share < _IN_ORDER:
                why = WORDS.words("why.out_of_order", share=f"{1 - share:.1%}", earlier=earlier)
                self.found[later] = self.found[later].sure_as(Sureness.LIKELY, why)

    def _sum(self, column: str) -> Found | None:
        """A kind of cost: one heading with all of it, else its parts together."""
        several = self._of(column)
        whole = [one for one in several if not one.known.part]
        if whole or len(several) < 2:
            return self._one(column)
        headings = tuple(one.heading for one in several)
        return Found(column, headings, Form.SUM, Sureness.CERTAIN, WORDS.words("why.parts"))

    def _read_values(self) -> None:
        for column, found in list(self.found.items()):
            if column not in VALUED or found.form is not Form.ONE or not found.headings:
                continue
            heading = found.headings[0]
            kinds = [
                one.known.kind for one in self.candidates.get(column, ()) if one.heading == heading
            ]
            values = values_of(column, self.given.column(heading), "hqms_code" in kinds)
            self.found[column] = _with_values(found, values, len(self._of(column)) == 1)
            if column == "visit_type":
                self._see_no_visits(heading, values)
            if values.open:
                said = {"heading": heading, "values": _counted(values.open)}
                self.remarks.append(WORDS.words("remark.open_values", **said))

    def _see_no_visits(self, heading: str, values: Values) -> None:
        """Rows of an export of all settlements that are stays."""
        no_visits = [value for value, ours in values.mapped.items() if ours not in VISIT_TYPES]
        if no_visits:
            counts = self.given.column(heading).value_counts().rows()
            said = _counted({value: n for value, n in sorted(counts) if value in no_visits})
            self.remarks.append(WORDS.words("remark.no_visits", heading=heading, values=said))

    def _check_kinds(self) -> None:
        """A column whose cells cannot be read as what it holds is only likely."""
        for column, found in list(self.found.items()):
            if found.form is not Form.ONE or column in VALUED or not found.headings:
                continue
            if KNOWN_COLUMNS.get(column, Kind.TEXT) in (Kind.TEXT, Kind.TEXTS):
                continue
            share = content.readable_share(column, self.given.sample(found.headings[0]))
            if share < _READABLE:
                why = WORDS.words("why.unreadable", share=f"{1 - share:.1%}")
                self.found[column] = found.sure_as(Sureness.LIKELY, why)

    def _check_sizes(self) -> None:
        """Ages in days that are months, and weights in grams that are kilograms, wait for a person."""
        for column, unit in (("age_days", "months"), ("weight_g", "kilograms")):
            found = self.found.get(column)
            if found is None or found.form is not Form.ONE or found.sureness is Sureness.ASKED:
                continue
            size = content.size_of(column, self.given.sample(found.headings[0]))
            if size == unit:
                why = WORDS.words(f"why.{unit}")
                self.found[column] = found.sure_as(Sureness.OPEN, why)
            elif size and found.sureness is Sureness.LIKELY:
                self.found[column] = found.sure_as(Sureness.CERTAIN, WORDS.words(f"why.{size}"))

    def _see_identity_numbers(self) -> None:
        """Identity numbers have to be pseudonyms before they are handed on."""
        found = self.found.get("person_id")
        if found is None or not found.headings:
            return
        heading = found.headings[0]
        if content.identity_share(self.given.sample(heading)) > _IDENTITIES:
            self.remarks.append(WORDS.words("remark.identity_numbers", heading=heading))

    def _ask(self) -> None:
        """Ask what is likely or open, one question at a time, and what values mean."""
        if not self.person.live:
            return
        for column, found in list(self.found.items()):
            if found.sureness in (Sureness.LIKELY, Sureness.OPEN):
                self._ask_column(column, found)
            if found.values.open:
                self._ask_values(column)
        for column in NEEDED[self.table]:
            if not self.has(column):
                self._ask_missing(column)

    def _ask_column(self, column: str, found: Found) -> None:
        heading = " + ".join(found.headings)
        examples = self.given.examples(found.headings[0]) if found.headings else ()
        question = WORDS.words(
            "ask.column",
            heading=heading,
            column=column_name(column),
            why=found.why,
            examples=", ".join(examples),
        )
        choices = [("yes", WORDS.words("ask.yes")), ("no", WORDS.words("ask.no"))]
        said = self.person.choose(question, choices, "yes")
        if said == "yes":
            self.found[column] = self.found[column].sure_as(
                Sureness.ASKED, WORDS.words("why.asked")
            )
        elif said == "no":
            del self.found[column]

    def _ask_missing(self, column: str) -> None:
        question = WORDS.words("ask.missing", column=column_name(column))
        used = {heading for found in self.found.values() for heading in found.headings}
        free = [(heading, alike(heading)) for heading in self.given.headings if heading not in used]
        said = self.person.choose(question, free, None) if free else None
        if said:
            why = WORDS.words("why.asked")
            found = Found(column, (said,), Form.ONE, Sureness.ASKED, why)
            if column in VALUED:
                found = _with_values(found, values_of(column, self.given.column(said)), alone=False)
            self.found[column] = found

    def _ask_values(self, column: str) -> None:
        found = self.found.get(column)
        if found is None:
            return
        given = dict(found.values.known)
        left = dict(found.values.open)
        for value, count in found.values.open.items():
            question = WORDS.words(
                "ask.value",
                heading=found.headings[0],
                value=value,
                count=count,
                column=column_name(column),
            )
            said = self.person.write(question)
            if said:
                given[value] = said
                del left[value]
        self.found[column] = Found(
            column,
            found.headings,
            found.form,
            found.sureness,
            found.why,
            Values(given, found.values.likely, left),
        )


def _fits_unit(column: str, unit: str) -> bool:
    """Whether the unit of a heading is that of a column; days are no age in years."""
    if unit == "10k":
        return False
    return unit == "" or (unit == _UNIT_OF.get(column, unit) and column != _NOT_FOR_DAYS)


def _with_values(found: Found, values: Values, alone: bool) -> Found:
    """A column with its values: likely while some are, certain where all are known.

    alone: no other heading may be the column.
    """
    sureness, why = found.sureness, found.why
    if values.likely and sureness is Sureness.CERTAIN:
        sureness = Sureness.LIKELY
    elif (
        alone
        and sureness is Sureness.LIKELY
        and values.known
        and not (values.likely or values.open)
    ):
        sureness, why = Sureness.CERTAIN, WORDS.words("why.known_values")
    return Found(found.column, found.headings, found.form, sureness, why, values)


def _why(one: Candidate) -> Words:
    match one.known:
        case Known(kind="own"):
            return WORDS.words("why.own")
        case Known(confidence=confidence) if confidence <= CERTAIN:
            return WORDS.words("why.known")
        case Known(note=note) if note:
            return WORDS.words("why.likely_noted", note=note)
        case _:
            return WORDS.words("why.likely")


def column_name(column: str) -> Words:
    """What people call one of our columns, with its name."""
    said = f"column.{column}"
    return WORDS.words(said, name=column) if said in WORDS else alike(column)


def _headings(several: Sequence[Candidate]) -> str:
    return ", ".join(one.heading for one in several)


_SHOWN_VALUES = 8


def _counted(values: Mapping[str, int]) -> str:
    shown = [f"{value} ({count})" for value, count in list(values.items())[:_SHOWN_VALUES]]
    return ", ".join(shown)
