"""The table of hospitals of a new project: from a list of theirs, else from what the stays say of them.

What is not known of a hospital is a gap in its cell.
"""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from drgpay.base.gaps import gap, is_gap
from drgpay.base.language import Language, Words
from drgpay.base.words import Wording
from drgpay.start.found import Candidate, Person, Recognition
from drgpay.start.given import Given
from drgpay.start.headings import FOREIGN, known_headings
from drgpay.start.recognise import COLUMNS, candidates_of
from drgpay.start.values import values_of

WORDS = Wording("start")
HEADINGS = COLUMNS["hospitals"]
_NAMED = 5


@dataclass(frozen=True)
class HospitalTable:
    """rows: a text for each of HEADINGS. without: ids in the stays that the list does not have."""

    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[Words, ...]
    without: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, sorted."""
        return tuple(row[0] for row in self.rows)

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that hospitals have, sorted; no gaps."""
        return tuple(sorted({row[2] for row in self.rows if row[2] and not is_gap(row[2])}))

    @property
    def gaps(self) -> int:
        """How many cells are still to be filled in."""
        return sum(is_gap(cell) for row in self.rows for cell in row)

    @property
    def text(self) -> str:
        """As CSV."""
        file = io.StringIO(newline="")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADINGS)
        writer.writerows(self.rows)
        return file.getvalue()


def listed_hospitals(
    listed: Recognition, in_stays: Sequence[str], person: Person, language: Language
) -> HospitalTable:
    """The hospitals of a list, and after them those that only the stays have."""
    given, found = listed.given, listed.found
    columns = {name: _texts(given, listed, name) for name in HEADINGS}
    levels, level_remarks = _levels(given, listed, columns["level"], person, language)
    columns["level"] = levels
    columns["kind"] = _valued(listed, "kind", columns["kind"])
    rows: dict[str, tuple[str, ...]] = {}
    remarks = [*listed.remarks, *level_remarks]
    for values in zip(*(columns[name] for name in HEADINGS), strict=True):
        row = dict(zip(HEADINGS, values, strict=True))
        if not row["hospital_id"]:
            continue
        if row["hospital_id"] in rows:
            remarks.append(WORDS.words("remark.hospital_twice", id=row["hospital_id"]))
            continue
        filled = _filled(row, language)
        rows[row["hospital_id"]] = tuple(filled[name] for name in HEADINGS)
    without = tuple(sorted(set(in_stays) - rows.keys())) if "hospital_id" in found else ()
    if without:
        named = ", ".join(without[:_NAMED])
        remarks.append(WORDS.words("remark.not_listed", count=len(without), ids=named))
    for one in without:
        filled = _filled({"hospital_id": one}, language)
        rows[one] = tuple(filled[name] for name in HEADINGS)
    return HospitalTable(tuple(rows[one] for one in sorted(rows)), tuple(remarks), without)


def hospitals_of_stays(
    stays: Recognition, ids: Sequence[str], person: Person, language: Language
) -> HospitalTable:
    """The hospitals that the stays name: with the name and the level that stand beside their ids."""
    given = stays.given
    candidates = candidates_of(stays.table, given)
    heading = stays.heading_of("hospital_id")
    rows = []
    names = _beside(given, heading, candidates, "hospital_name")
    levels = _beside(given, heading, candidates, "hospital_level")
    for one in sorted(ids):
        level = levels.get(one, "")
        values = values_of("level", _series([level])) if level else None
        known = values.mapped.get(level) if values else None
        row = {"hospital_id": one, "name": names.get(one, ""), "level": known or ""}
        rows.append(tuple(_filled(row, language)[name] for name in HEADINGS))
    remarks = (WORDS.words("remark.hospitals_of_stays", count=len(rows)),)
    return HospitalTable(tuple(rows), remarks)


def _beside(
    given: Given, heading: str | None, candidates: Mapping[str, Sequence[Candidate]], column: str
) -> dict[str, str]:
    """Id of a hospital -> what most of its rows say in a column that is not ours."""
    several = candidates.get(f"{FOREIGN}{column}", [])
    if not several or heading is None:
        return {}
    frame = given.texts(heading, several[0].heading).drop_nulls()
    counted: dict[str, Counter[str]] = {}
    for one, text in frame.iter_rows():
        counted.setdefault(one, Counter())[text] += 1
    return {
        one: min(said.items(), key=lambda pair: (-pair[1], pair[0]))[0]
        for one, said in counted.items()
    }


def _series(texts: Sequence[str]) -> pl.Series:
    """Texts as a column; an empty one is nothing."""
    return pl.Series([text or None for text in texts], dtype=pl.String)


def _texts(given: Given, listed: Recognition, name: str) -> list[str]:
    heading = listed.heading_of(name)
    if heading is None:
        return [""] * given.rows
    return given.column(heading).fill_null("").to_list()


def _valued(listed: Recognition, name: str, texts: list[str]) -> list[str]:
    found = listed.found.get(name)
    mapped = found.values.mapped if found else {}
    return [mapped.get(text, text) for text in texts]


def _levels(
    given: Given, listed: Recognition, texts: list[str], person: Person, language: Language
) -> tuple[list[str], list[Words]]:
    """Levels as ours; a class beside the grade is joined with it; what contradicts is a gap."""
    texts = _with_class(given, listed, texts)
    values = values_of("level", _series(texts))
    mapped, remarks = dict(values.mapped), []
    for value, count in values.open.items():
        named = _example(given, listed, value)
        question = WORDS.words("ask.level", value=value, count=count, example=named)
        said = person.write(question)
        mapped[value] = said or gap(WORDS.words("gap.level", value=value), language)
    if values.likely:
        pairs = ", ".join(f"{value} = {ours}" for value, ours in values.likely.items())
        remarks.append(WORDS.words("remark.likely_levels", levels=pairs))
    return [mapped.get(text, text) for text in texts], remarks


def _with_class(given: Given, listed: Recognition, texts: list[str]) -> list[str]:
    """Grade and class in two columns, as the one level that they say together."""
    heading = listed.heading_of("level")
    known = known_headings("hospitals")
    beside = [
        one
        for one in given.headings
        if one != heading and any(found.column == "level" for found in known.of(one))
    ]
    best, fewest = texts, _unknown(texts)
    for one in beside:
        classes = given.column(one).fill_null("").to_list()
        for joined in (
            [grade + of for grade, of in zip(texts, classes, strict=True)],
            [of + grade for grade, of in zip(texts, classes, strict=True)],
        ):
            if _unknown(joined) < fewest:
                best, fewest = joined, _unknown(joined)
    return best


def _unknown(texts: list[str]) -> int:
    """How many texts are no sure level."""
    values = values_of("level", _series(texts))
    unsure = {*values.open, *values.likely}
    return sum(text in unsure or not text for text in texts)


def _example(given: Given, listed: Recognition, level: str) -> str:
    """A well-known hospital of a level: the first that has it."""
    names = _texts(given, listed, "name")
    heading = listed.heading_of("level")
    texts = given.column(heading).fill_null("").to_list() if heading else []
    return next((name for name, text in zip(names, texts, strict=False) if text == level), level)


def _filled(row: dict[str, str], language: Language) -> dict[str, str]:
    """A row with gaps where something is needed and not known."""
    name = row.get("name") or row["hospital_id"]
    level = row.get("level") or gap(WORDS.words("gap.level_of", name=name), language)
    return {**dict.fromkeys(HEADINGS, ""), **row, "name": name, "level": level}
