"""Which columns hold the codes of diagnoses and procedures: nested records, cells or series of columns.

Names of diagnoses stand under headings that sound like codes, and the other way round: the share of
values that the shipped tables know decides.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from drgpay.base.language import Words
from drgpay.base.words import Wording
from drgpay.start.content import diagnosis_share, holds_lists, procedure_share
from drgpay.start.found import Candidate, Form, Found, Sureness
from drgpay.start.given import Given, side_columns
from drgpay.start.headings import CERTAIN, FOREIGN, known_headings
from drgpay.start.values import values_of

WORDS = Wording("start")
_CODES = 0.5

Candidates = Mapping[str, Sequence[Candidate]]


def codes_found(given: Given, candidates: Candidates) -> tuple[dict[str, Found], list[Words]]:
    """Where the principal diagnosis, the other ones and the procedures come from."""
    found: dict[str, Found] = {}
    remarks: list[Words] = []
    for column, table in (("other_diagnoses", "diagnoses"), ("procedures", "procedures")):
        if one := _records(given, column, table) or _beside(given, column, table):
            found[column] = one
    if "other_diagnoses" not in found:
        found |= _diagnoses(given, candidates)
    if "procedures" not in found:
        several = _usable(given, candidates, "procedures")
        if several:
            found["procedures"], remark = _listed(given, "procedures", several)
            remarks += remark
    return found, remarks


def _records(given: Given, column: str, table: str) -> Found | None:
    """A column of nested records with a field for the code."""
    known = known_headings(table)
    for heading in given.headings:
        type_ = given.source.type_of(heading)
        if type_ is None or not (pa.types.is_list(type_) or pa.types.is_large_list(type_)):
            continue
        if not pa.types.is_struct(type_.value_type):
            continue
        names = [type_.value_type.field(n).name for n in range(type_.value_type.num_fields)]
        fields: dict[str, tuple[str, ...]] = {}
        for name in names:
            for one in known.of(name)[:1]:
                fields[one.column] = (*fields.get(one.column, ()), name)
        if "code" in fields:
            why = WORDS.words("why.records", fields=", ".join(fields["code"]))
            return Found(column, (heading,), Form.RECORDS, Sureness.CERTAIN, why, fields=fields)
    return None


def _beside(given: Given, column: str, table: str) -> Found | None:
    """The codes of a sheet with a code a row; marks say which one is the principal one."""
    columns = side_columns(given, table)
    if "code" not in columns:
        return None
    fields: dict[str, tuple[str, ...]] = {}
    if "main" in columns:
        fields = {"main": (columns["main"],), "main_values": _marks(given, columns["main"])}
    why = WORDS.words("why.sheet", fields=columns["code"])
    first = not fields and column == "other_diagnoses"
    return Found(
        column,
        (columns["code"],),
        Form.CELL,
        Sureness.CERTAIN,
        why,
        principal_first=first,
        fields=fields,
    )


def _marks(given: Given, heading: str) -> tuple[str, ...]:
    """The values that mark a principal code."""
    told = given.sample(heading).drop_nulls().str.split(",").explode().drop_nulls()
    values = values_of("complete", told)
    yes = {value for value, ours in values.known.items() if ours == "true"}
    return tuple(sorted({*yes, "1"}))


def _diagnoses(given: Given, candidates: Candidates) -> dict[str, Found]:
    found: dict[str, Found] = {}
    principal = _principal(given, candidates)
    if principal:
        found["principal_diagnosis"] = principal
    used = set(principal.headings) if principal else set()
    others = [
        one for one in _usable(given, candidates, "other_diagnoses") if one.heading not in used
    ]
    if others:
        found["other_diagnoses"], _ = _listed(given, "other_diagnoses", others)
        return found
    cells = [one for one in candidates.get("all_diagnoses", ()) if one.heading not in used]
    if cells:
        why = WORDS.words("why.all_in_one_cell")
        found["other_diagnoses"] = Found(
            "other_diagnoses",
            (cells[0].heading,),
            Form.CELL,
            Sureness.CERTAIN,
            why,
            principal_first=principal is None,
        )
    elif principal and holds_lists(given.sample(principal.headings[0])):
        del found["principal_diagnosis"]
        why = WORDS.words("why.all_in_one_cell")
        found["other_diagnoses"] = Found(
            "other_diagnoses",
            principal.headings,
            Form.CELL,
            Sureness.LIKELY,
            why,
            principal_first=True,
        )
    return found


def _principal(given: Given, candidates: Candidates) -> Found | None:
    """The candidate that holds known codes; a column called a name of diagnoses may be one."""
    several = [
        *candidates.get("principal_diagnosis", ()),
        *[one for one in candidates.get(f"{FOREIGN}diagnosis_name", ()) if _first_of(one)],
    ]
    shares = {one.heading: diagnosis_share(given.sample(one.heading)) for one in several}
    for one in several:
        if one.known.foreign and shares[one.heading] < _CODES:
            continue
        if shares[one.heading] >= _CODES:
            sure = one.known.confidence <= CERTAIN or one.known.foreign
            why = WORDS.words("why.codes", share=f"{shares[one.heading]:.1%}")
            sureness = Sureness.CERTAIN if sure else Sureness.LIKELY
            return Found("principal_diagnosis", (one.heading,), Form.ONE, sureness, why)
    for one in several:
        if not one.known.foreign:
            why = WORDS.words("why.no_codes", share=f"{shares[one.heading]:.1%}")
            return Found("principal_diagnosis", (one.heading,), Form.ONE, Sureness.LIKELY, why)
    return None


def _first_of(one: Candidate) -> bool:
    """Whether a heading is no numbered one."""
    return "{n" not in one.known.heading


def _usable(given: Given, candidates: Candidates, column: str) -> list[Candidate]:
    """The headings of a list: the principal one, then those with running numbers, in their order."""
    several = sorted(candidates.get(column, ()), key=lambda one: one.place)
    best = min((one.known.confidence for one in several), default=CERTAIN)
    kinds = {one.known.kind for one in several if one.known.confidence == best}
    same = [one for one in several if one.known.confidence == best and one.known.kind in kinds]
    if any(one.known.kind == "own" for one in same):
        same = [one for one in same if one.known.kind == "own"]
    filled = [one for one in same if given.sample(one.heading).drop_nulls().len()]
    share = procedure_share if column == "procedures" else diagnosis_share
    coded = [one for one in filled if share(given.sample(one.heading)) >= _CODES]
    return coded or same


def _listed(given: Given, column: str, several: Sequence[Candidate]) -> tuple[Found, list[Words]]:
    headings = tuple(one.heading for one in several)
    sure = all(one.known.confidence <= CERTAIN for one in several)
    sureness = Sureness.CERTAIN if sure else Sureness.LIKELY
    if len(headings) == 1:
        why = WORDS.words("why.cell_of_codes")
        return Found(column, headings, Form.CELL, sureness, why), []
    why = WORDS.words("why.series", count=len(headings))
    lists = [heading for heading in headings if holds_lists(given.sample(heading))]
    remarks = [WORDS.words("remark.lists_in_series", heading=lists[0])] if lists else []
    return Found(column, headings, Form.SERIES, sureness, why), remarks
