"""Lists of codes out of records, out of one column, or out of one column for each code."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.records.mapping.convert import plain_texts, with_undecodable
from drgpay.records.mapping.model import CodeListRule, Mapping
from drgpay.records.meaning.faults import shown
from drgpay.records.meaning.lists import split
from drgpay.records.meaning.texts import Texts
from drgpay.records.reading_report import Finding, Problem

Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class CodeLists:
    """The codes of all stays one after another: stay i has the next lengths[i] of them.

    `main` marks principal codes; None where the source has no marks.
    """

    lengths: NDArray[np.int64]
    codes: pa.Array
    main: Marks | None

    @property
    def stays(self) -> NDArray[np.int64]:
        """The stay of each code."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def keep(self, mask: Marks) -> "CodeLists":
        """Only some of the codes."""
        lengths = np.bincount(self.stays[mask], minlength=len(self.lengths)).astype(np.int64)
        main = None if self.main is None else self.main[mask]
        return CodeLists(lengths, self.codes.filter(pa.array(mask)), main)

    def column(self) -> pa.Array:
        """As an Arrow column of lists of text."""
        offsets = np.concatenate(([0], np.cumsum(self.lengths)))
        return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), self.codes)


def from_records(values: pa.Array, rule: CodeListRule, mapping: Mapping) -> CodeLists:
    """The codes of a column of lists of structs."""
    flat = values.flatten()
    codes = _codes(_field(flat, rule.code), mapping)
    main = None
    if rule.main:
        marks = plain_texts(_field(flat, rule.main), mapping.missing)
        main = _is_any(marks, rule.main_values)
    lists = CodeLists(_lengths(values), codes, main)
    kept = _present(lists.codes)
    for name, left_out in rule.leave_out.items():
        if field_named(flat.type, (name,)):
            kept &= ~_is_any(plain_texts(_field(flat, (name,)), mapping.missing), left_out)
    return lists.keep(kept)


def from_list(
    column: str, values: pa.Array, marks: pa.Array | None, rule: CodeListRule, mapping: Mapping
) -> tuple[CodeLists, list[Finding]]:
    """The codes of a column of lists, or of delimited text, with a parallel column of marks."""
    delimiter = rule.delimiter or mapping.csv.list_delimiter
    lengths, flat = _split(values, delimiter)
    codes = _codes(flat, mapping)
    main = None
    findings: list[Finding] = []
    if marks is not None:
        mark_lengths, flat_marks = _split(marks, delimiter)
        same = lengths == mark_lengths
        main = np.zeros(len(codes), dtype=np.bool_)
        marked = _is_any(plain_texts(flat_marks, mapping.missing), rule.main_values)
        main[np.repeat(same, lengths)] = marked[np.repeat(same, mark_lengths)]
        findings = _found(column, Problem.LENGTHS_DIFFER, ~same, values)
    lists = CodeLists(lengths, codes, main)
    return lists.keep(_present(lists.codes)), findings


def from_columns(columns: list[pa.Array], mapping: Mapping) -> CodeLists:
    """The codes of several columns, in the order of the columns."""
    rows = len(columns[0])
    made = [_codes(column, mapping) for column in columns]
    if any(pa.types.is_large_binary(codes.type) for codes in made):
        made = [codes.cast(pa.large_binary()) for codes in made]
    codes = pa.concat_arrays(made)
    by_stay = np.arange(rows * len(columns)).reshape(len(columns), rows).T.ravel()
    codes = codes.take(pa.array(by_stay))
    lengths = np.full(rows, len(columns), dtype=np.int64)
    return CodeLists(lengths, codes, None).keep(_present(codes))


def principal_first(
    column: str, lists: CodeLists, without_main: str
) -> tuple[CodeLists, list[Finding]]:
    """Marked codes before the others, each in their order."""
    if lists.main is None:
        return lists, []
    findings = _about_marks(column, lists)
    if without_main == "first":
        findings = [finding for finding in findings if finding.problem is not Problem.NO_MAIN]
    order = np.lexsort((~lists.main, lists.stays))
    return CodeLists(lists.lengths, lists.codes.take(pa.array(order)), lists.main[order]), findings


def principal_and_others(
    column: str, lists: CodeLists, without_main: str
) -> tuple[pa.Array, CodeLists, list[Finding]]:
    """The first marked code of each stay, and all others in their order.

    A stay without a mark has no principal code; with `without_main` "first" its first code.
    """
    findings = _about_marks(column, lists)
    stays = lists.stays
    marked = np.zeros(len(stays), dtype=np.bool_) if lists.main is None else lists.main
    if without_main == "first":
        findings = [finding for finding in findings if finding.problem is not Problem.NO_MAIN]
        first = np.r_[True, stays[1:] != stays[:-1]] if len(stays) else marked
        unmarked = np.bincount(stays[marked], minlength=len(lists.lengths)) == 0
        marked = marked | (first & unmarked[stays])
    places = np.flatnonzero(marked)
    owners, first_place = np.unique(stays[places], return_index=True)
    principal = places[first_place]
    place_of = np.full(len(lists.lengths), -1, dtype=np.int64)
    place_of[owners] = principal
    codes = lists.codes.take(pa.array(place_of, mask=place_of < 0))
    others = np.ones(len(stays), dtype=np.bool_)
    others[principal] = False
    return codes, lists.keep(others), findings


def field_named(type_: pa.DataType, names: tuple[str, ...]) -> str | None:
    """The first of some names that a struct has; capitals do not matter."""
    fields = [type_.field(number).name for number in range(type_.num_fields)]
    return first_named(names, fields)


def first_named(names: tuple[str, ...], available: list[str]) -> str | None:
    """The first of some names that is available; capitals do not matter."""
    folded = {name.casefold(): name for name in reversed(available)}
    for name in names:
        if name in available:
            return name
        if name.casefold() in folded:
            return folded[name.casefold()]
    return None


def _codes(values: pa.Array, mapping: Mapping) -> pa.Array:
    """Codes as they are written; what the mapping calls missing is null."""
    texts = plain_texts(values, mapping.missing)
    return with_undecodable(texts.spread(texts.words), values)


def _field(flat: pa.Array, names: tuple[str, ...]) -> pa.Array:
    name = field_named(flat.type, names)
    return pa.nulls(len(flat), pa.large_string()) if name is None else pc.struct_field(flat, name)


def _lengths(values: pa.Array) -> NDArray[np.int64]:
    lengths = pc.fill_null(pc.list_value_length(values), 0).cast(pa.int64())
    return lengths.to_numpy(zero_copy_only=False)


def _present(codes: pa.Array) -> Marks:
    present: Marks = codes.is_valid().to_numpy(zero_copy_only=False)
    return present


def _split(values: pa.Array, delimiter: str | None) -> tuple[NDArray[np.int64], pa.Array]:
    """The lengths and the items of lists or delimited texts."""
    if not pa.types.is_nested(values.type):
        texts = plain_texts(values, ())
        lists = texts.spread(split(texts.words, delimiter))
        return _with_undecodable_cells(_lengths(lists), lists.flatten(), values)
    return _lengths(values), values.flatten()


def _with_undecodable_cells(
    lengths: NDArray[np.int64], flat: pa.Array, values: pa.Array
) -> tuple[NDArray[np.int64], pa.Array]:
    """Lists made of texts, with bytes that are no text as the one item of their list."""
    nothing = pa.nulls(len(values), pa.large_string())
    cells = with_undecodable(nothing, values)
    if cells is nothing:
        return lengths, flat
    rows = np.flatnonzero(_present(cells))
    items = pa.concat_arrays([flat.cast(cells.type), cells.drop_null()])
    before = (np.cumsum(lengths) - lengths)[rows]
    places = np.insert(np.arange(len(flat)), before, len(flat) + np.arange(len(rows)))
    longer = lengths.copy()
    longer[rows] = 1
    return longer, items.take(pa.array(places))


def _is_any(texts: Texts, wanted: tuple[str, ...]) -> Marks:
    marked = texts.words.is_in([*wanted]).fill_null(False).to_numpy()
    marks: Marks = np.append(marked, False)[texts.rows]
    return marks


def _about_marks(column: str, lists: CodeLists) -> list[Finding]:
    if lists.main is None:
        return []
    marks = np.bincount(lists.stays[lists.main], minlength=len(lists.lengths))
    codes = lists.column()
    none = _found(column, Problem.NO_MAIN, (marks == 0) & (lists.lengths > 0), codes)
    return none + _found(column, Problem.SEVERAL_MAINS, marks > 1, codes)


def _found(column: str, problem: Problem, stays: Marks, said: pa.Array) -> list[Finding]:
    rows = np.flatnonzero(stays)
    if not len(rows):
        return []
    value = said[int(rows[0])].as_py()
    items = value if isinstance(value, list) else [value or ""]
    example = shown("|".join(shown(item) for item in items))
    return [Finding(column, problem, len(rows), example, int(rows[0]))]
