"""A file seen through a mapping: the columns of docs/files.md, made from those that it has."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.records.columns import Kind
from drgpay.records.excel.cells import with_serial_dates
from drgpay.records.mapping.code_lists import (
    CodeLists,
    first_named,
    from_columns,
    from_list,
    from_records,
    principal_and_others,
    principal_first,
)
from drgpay.records.mapping.convert import constant, joined, rewritten, summed
from drgpay.records.mapping.model import CodeListRule, ColumnRule, Mapping
from drgpay.records.meaning.amounts import AMOUNT_TYPE
from drgpay.records.reading_report import Finding, ReadingReport
from drgpay.records.source import WrappedPiece, WrappedSource

_ERRORS = Sentences("errors/records")

TEXT = pa.large_string()
_NAMED = 3  # columns that one is made of, in messages
Made = tuple[dict[str, pa.Array], list[Finding]]


@dataclass(frozen=True)
class Recipe:
    """How some columns of the table are made from columns of a file.

    sources: the columns that are read. types: of the columns that are made. make: the columns of a
    batch, and what could not be converted. renamed: one column that is taken as it is.
    """

    sources: tuple[str, ...]
    types: dict[str, pa.DataType]
    make: Callable[[pa.RecordBatch], Made]
    renamed: bool = False


def _of_columns(
    target: str,
    sources: tuple[str, ...],
    type_: pa.DataType,
    made: Callable[[list[pa.Array]], pa.Array],
) -> Recipe:
    """A column that something is made of in which nothing can be lost."""

    def make(batch: pa.RecordBatch) -> Made:
        return {target: made([batch.column(source) for source in sources])}, []

    return Recipe(sources, {target: type_}, make)


@dataclass(frozen=True)
class Codes:
    """A list of codes, for diagnoses with marks also the principal one."""

    target: str
    form: str
    sources: tuple[str, ...]
    rule: CodeListRule
    mapping: Mapping
    first_is_principal: bool = False

    @property
    def gives_principal(self) -> bool:
        """Whether principal_diagnosis comes from here too: marked, or the first of a list without
        marks where no column has it.
        """
        marked = bool(self.rule.main) or self.first_is_principal
        return self.target == "other_diagnoses" and marked and self.form != "columns"

    @property
    def recipe(self) -> Recipe:
        """How the list is made, and the principal diagnosis where the source marks it."""
        principal = {"principal_diagnosis": TEXT} if self.gives_principal else {}
        return Recipe(self.sources, {self.target: pa.large_list(TEXT), **principal}, self._make)

    def _make(self, batch: pa.RecordBatch) -> Made:
        lists, findings = self._lists(batch)
        if self.gives_principal:
            principal, others, about = principal_and_others(
                "principal_diagnosis", lists, self.rule.without_main
            )
            made = {"principal_diagnosis": principal, self.target: others.column()}
            return made, findings + about
        lists, about = principal_first(self.target, lists, self.rule.without_main)
        return {self.target: lists.column()}, findings + about

    def _lists(self, batch: pa.RecordBatch) -> tuple[CodeLists, list[Finding]]:
        columns = [batch.column(source) for source in self.sources]
        match self.form:
            case "records":
                return from_records(columns[0], self.rule, self.mapping), []
            case "list":
                marks = columns[1] if len(columns) > 1 else None
                return from_list(self.target, columns[0], marks, self.rule, self.mapping)
            case _:
                return from_columns(columns, self.mapping), []


@dataclass(frozen=True)
class MappedSource(WrappedSource):
    """A file with the columns that a mapping makes; columns that it does not use pass through."""

    mapping: Mapping
    report: ReadingReport
    number: int
    kinds: dict[str, Kind]

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """How each column of the table is made, as far as the file allows."""
        recipes: dict[str, Recipe] = {}
        for target in ("other_diagnoses", "procedures"):
            codes = self._codes(target) if target in self.kinds else None
            if codes:
                recipe = codes.recipe
                recipes |= dict.fromkeys(recipe.types, recipe)
        for target, kind in self.kinds.items():
            found = None if target in recipes or kind is Kind.TEXTS else self._column(target)
            if found:
                recipes[target] = found
        return recipes

    @cached_property
    def column_names(self) -> list[str]:
        """The table's columns in the order of docs/files.md, then what the mapping does not use."""
        used = {source for recipe in self.recipes.values() for source in recipe.sources}
        rest = [
            name for name in self.base.column_names if name not in used and name not in self.recipes
        ]
        return [*[name for name in self.kinds if name in self.recipes], *rest]

    def type_of(self, column: str) -> pa.DataType | None:
        """The Arrow type of a column, or None if the file cannot give it."""
        if column in self.recipes:
            return self.recipes[column].types[column]
        return self.base.type_of(column) if column in self.column_names else None

    def described(self, column: str) -> Words | str:
        """The names that the mapping looks for."""
        names = self._names_of(column)
        if not names or names == (column,):
            return column
        either = _ERRORS.words("or").between(names)
        return _ERRORS.words("looked_for", names=either, column=column)

    def in_folder_too(self, column: str) -> str | None:
        """The value that a folder names for the one source of a column."""
        recipe = self.recipes.get(column)
        return self.base.in_folder_too(recipe.sources[0]) if recipe and recipe.renamed else None

    def called(self, column: str) -> str:
        """The column of the file that a column is made of."""
        recipe = self.recipes.get(column)
        if recipe is None or not recipe.sources:
            return column
        return " + ".join(self.base.called(source) for source in recipe.sources[:_NAMED])

    def pieces(self) -> list["MappedPiece"]:
        """The pieces of the file, seen through the mapping."""
        return [MappedPiece(*numbered, self) for numbered in self.numbered_pieces()]

    def _names_of(self, target: str) -> tuple[str, ...]:
        rule = self.mapping.columns.get(target)
        if rule:
            joined_names = (" + ".join(rule.join),) if rule.join else ()
            return (*rule.names, *joined_names, *rule.sum)
        lists = {
            "other_diagnoses": self.mapping.diagnoses,
            "principal_diagnosis": self.mapping.diagnoses,
            "procedures": self.mapping.procedures,
        }.get(target)
        return () if lists is None else (*lists.records, *lists.list, *lists.columns)

    def _column(self, target: str) -> Recipe | None:
        available = self.base.column_names
        rule = self.mapping.columns.get(target)
        source = first_named((*(rule.names if rule else ()), target), available)
        if source:
            return self._rewritten(target, source, rule)
        if rule is None:
            return None
        mapping, default = self.mapping, rule.default
        parts = self._present(rule.join)
        if parts and len(parts) == len(rule.join):
            return _of_columns(target, parts, TEXT, lambda columns: joined(columns, mapping))
        addends = self._present(rule.sum)
        if addends:
            return _of_columns(
                target, addends, AMOUNT_TYPE, lambda columns: summed(columns, rule, mapping)
            )
        if default is None:
            return None
        return Recipe(
            (), {target: TEXT}, lambda batch: ({target: constant(default, batch.num_rows)}, [])
        )

    def _rewritten(self, target: str, source: str, rule: ColumnRule | None) -> Recipe:
        """A column out of one other; left as it is where the rule has nothing to say of it."""

        def make(batch: pa.RecordBatch) -> Made:
            values, kind = batch.column(source), self.kinds[target]
            if kind is Kind.DATE and self.serial_dates is not None:
                values = with_serial_dates(values, self.serial_dates)
            made, findings = rewritten(target, values, kind, rule, self.mapping)
            return {target: made}, findings

        valued = rule and (rule.values or rule.default is not None)
        type_ = TEXT if valued else self._base_type(source)
        return Recipe((source,), {target: type_}, make, renamed=not rule)

    def _present(self, names: Iterable[str]) -> tuple[str, ...]:
        found = (first_named((name,), self.base.column_names) for name in names)
        return tuple(dict.fromkeys(name for name in found if name))

    def _codes(self, target: str) -> Codes | None:
        available = self.base.column_names
        rule = self.mapping.diagnoses if target == "other_diagnoses" else self.mapping.procedures
        if rule is None:
            rule = CodeListRule(list=(target,))
        first = not rule.main and rule.without_main == "first" and not self._has_principal
        records = first_named(rule.records, available)
        if records and _is_records(self._base_type(records)):
            return Codes(target, "records", (records,), rule, self.mapping, first)
        codes = first_named(rule.list, available)
        if codes:
            marks = first_named(rule.main, available)
            if rule.main and marks is None:
                rule = rule.model_copy(update={"main": ()})
            sources = (codes, marks) if marks else (codes,)
            return Codes(target, "list", sources, rule, self.mapping, first)
        present = self._present(rule.column_names())
        if present:
            return Codes(target, "columns", present, rule, self.mapping)
        if target in available:
            return Codes(
                target, "list", (target,), rule.model_copy(update={"main": ()}), self.mapping
            )
        return None

    @property
    def _has_principal(self) -> bool:
        """Whether a column gives the principal diagnosis."""
        column = "principal_diagnosis"
        rule = self.mapping.columns.get(column)
        names = (*(rule.names if rule else ()), column)
        return first_named(names, self.base.column_names) is not None

    def _base_type(self, column: str) -> pa.DataType:
        type_ = self.base.type_of(column)
        return pa.null() if type_ is None else type_


@dataclass(frozen=True)
class MappedPiece(WrappedPiece):
    """A piece of a file, seen through a mapping."""

    file: MappedSource

    def batches(
        self, columns: Iterable[str], coded: Iterable[str] = ()
    ) -> Iterator[pa.RecordBatch]:
        """Some columns as the mapping makes them; what is `coded` whoever reads them decides.

        What a rule has no value for becomes null and is counted in the report of the dataset.
        """
        recipes = self.file.recipes
        wanted = [name for name in dict.fromkeys(columns) if self.file.type_of(name) is not None]
        sources = [
            source
            for name in wanted
            for source in (recipes[name].sources if name in recipes else (name,))
        ]
        # A file of constants alone still has to say how many rows it has.
        needed = list(dict.fromkeys(sources)) or self.file.base.column_names[:1]
        row, places = self.first_row, self.file.places
        for batch in self.base.batches(needed):
            made: dict[str, pa.Array] = {}
            findings: list[Finding] = []
            for name in wanted:
                if name in made:
                    continue
                if name in recipes:
                    columns_made, found = recipes[name].make(batch)
                    made |= columns_made
                    findings += [one._replace(row=places.row(row + one.row)) for one in found]
                else:
                    made[name] = batch.column(name)
            self.file.report.add(self.file.number, self.file.name, row, findings)
            row += batch.num_rows
            yield pa.RecordBatch.from_arrays([made[name] for name in wanted], names=wanted)


def _is_records(type_: pa.DataType) -> bool:
    return bool(
        (pa.types.is_list(type_) or pa.types.is_large_list(type_))
        and pa.types.is_struct(type_.value_type)
    )
