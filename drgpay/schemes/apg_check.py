"""What a check finds in a scheme of kind apg alone: where every known code lands, and packaging."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import floor

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.grouper.apg import CompiledApg, compile_apg
from drgpay.grouper.batch import encode_records, leaf_of_each
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.facts import observe
from drgpay.grouper.kinds import ANCILLARIES, APG_CLASSES, DRUGS
from drgpay.grouper.rules.fields import NumberField
from drgpay.grouper.scheme import Scheme, SchemeInfo
from drgpay.records.columns import ITEM_KINDS, VISIT_TYPES
from drgpay.records.known_codes import code_table
from drgpay.schemes.findings import Finding, finding
from drgpay.schemes.group_rows import EXAMPLES, GroupRow

_MAY_BE_PACKAGED = (ANCILLARIES, DRUGS)
_ADULT = 40.0
_UNLISTED = "?"
_Values = dict[str, float | str | None]


def class_findings(groups: Mapping[str, Sequence[GroupRow]]) -> Iterator[Finding]:
    """Classes whose name means nothing to the engine."""
    for row in groups["mdc"]:
        if row.code and row.code not in APG_CLASSES:
            yield finding("unknown_class", "mdc", row.row, row.code, known=", ".join(APG_CLASSES))


def packaging_findings(
    groups: Mapping[str, Sequence[GroupRow]], packaging: pl.DataFrame
) -> Iterator[Finding]:
    """Rows of packaging.csv (row, apg) that name no group, or one of a class that is not packaged."""
    class_of = {row.code: row.parent for row in groups["adrg"]}
    class_of |= {row.code: class_of.get(row.parent, "") for row in groups["drg"]}
    for row, code in packaging.filter(pl.col("apg") != "").select("row", "apg").iter_rows():
        if code not in class_of:
            yield finding("unknown_packaged", "packaging", row, code)
        elif class_of[code] not in _MAY_BE_PACKAGED:
            facts = {"group": class_of[code], "may": ", ".join(_MAY_BE_PACKAGED)}
            yield finding("packaged_class", "packaging", row, code, **facts)


def item_table(info: SchemeInfo) -> pl.DataFrame | None:
    """The service item table (prefix, kind, name ...) that scheme.toml names, if it is there."""
    return code_table(info.item_system, "items") if info.item_system else None


def landing_findings(scheme: Scheme, groups: Mapping[str, Sequence[GroupRow]]) -> Iterator[Finding]:
    """Codes of the code tables that land in no group, and groups in which none of them lands.

    Every code is grouped for patients of every age, sex and visit type that the rules tell apart.
    A family of items stands for the item codes that begin with its prefix. With these codes and
    one that no table lists, every group should be reached.
    """
    compiled = compile_apg(scheme)
    found = _Landing(compiled)
    system, items = scheme.info.code_system, item_table(scheme.info)
    diagnoses, procedures = code_table(system, "diagnoses"), code_table(system, "procedures")
    if items is None:
        yield finding("no_item_table", "scheme", None, scheme.info.item_system or "item_system")
    if diagnoses is not None:
        yield from found.visits("diagnoses.csv", diagnoses["code"])
    if procedures is not None:
        kinds = pl.repeat("procedure", procedures.height, dtype=pl.String, eager=True)
        yield from found.lines("procedures.csv", procedures["code"], kinds)
    if items is not None:
        yield from found.lines("items.csv", items["prefix"], items["kind"])
    if diagnoses is not None and procedures is not None and items is not None:
        found.unlisted()
        yield from found.empty_groups(groups)


class _Landing:
    """Groups codes, and remembers the leaves that they reached."""

    def __init__(self, compiled: CompiledApg) -> None:
        self._compiled = compiled
        self._reached: set[str] = set()

    def visits(self, table: str, codes: pl.Series) -> Iterator[Finding]:
        """Diagnoses with which a visit falls into no group."""
        given = {"principal_diagnosis": codes}
        yield from self._unplaced(self._compiled.visits, table, "principal_diagnosis", given)

    def lines(self, table: str, codes: pl.Series, kinds: pl.Series) -> Iterator[Finding]:
        """Items with which a line falls into no group."""
        given = {"item_code": codes, "item_kind": kinds}
        yield from self._unplaced(self._compiled.lines, table, "item_code", given)

    def unlisted(self) -> None:
        """Also codes that no table lists reach groups: those for the rest."""
        unknown = pl.repeat(_UNLISTED, len(ITEM_KINDS) + 1, dtype=pl.String, eager=True)
        self._leaves(self._compiled.visits, {"principal_diagnosis": unknown})
        kinds = pl.Series([*ITEM_KINDS, None], dtype=pl.String)
        self._leaves(self._compiled.lines, {"item_code": unknown, "item_kind": kinds})

    def empty_groups(self, groups: Mapping[str, Sequence[GroupRow]]) -> Iterator[Finding]:
        """APGs that no code reached."""
        for row in groups["drg"]:
            if row.code and row.code not in self._reached:
                yield finding("group_without_codes", "drg", row.row, row.code)

    def _unplaced(
        self, compiled: CompiledScheme, table: str, column: str, given: dict[str, pl.Series]
    ) -> Iterator[Finding]:
        codes = given[column]
        lost = codes.filter(pl.Series(self._leaves(compiled, given))).unique().sort()
        if len(lost):
            facts = {"codes": len(lost), "examples": " ".join(lost.head(EXAMPLES))}
            yield finding("code_without_group", "sets", None, table, **facts)

    def _leaves(self, compiled: CompiledScheme, given: dict[str, pl.Series]) -> NDArray[np.bool_]:
        """Group codes in every situation: which of them fall into no group in some of these."""
        rows = len(next(iter(given.values())))
        placed = np.array([leaf.status != "ungrouped" for leaf in compiled.leaves])
        outside = np.zeros(rows, dtype=np.bool_)
        for values in _situations(compiled):
            batch = _batch(compiled, given, values, rows)
            leaf = leaf_of_each(compiled, observe(compiled, encode_records(compiled, batch)))
            outside |= ~placed[leaf]
            self._reached |= {compiled.leaves[number].drg for number in np.unique(leaf)}
        return outside


def _situations(compiled: CompiledScheme) -> Iterator[_Values]:
    """Every combination of what the rules tell apart beside the code and its kind."""
    ages = {
        floor(age) + step for age in compiled.thresholds.get(NumberField.AGE, ()) for step in (0, 1)
    }
    choices: dict[str, list[float | str | None]] = {
        "age": [_ADULT, None, *sorted({0.0, *ages})],
        "sex": [1.0, 2.0, None],
        "visit_type": [*VISIT_TYPES, None],
    }
    asked = {column: some for column, some in choices.items() if column in compiled.columns}
    for values in product(*asked.values()):
        yield dict(zip(asked, values, strict=True))


def _batch(
    compiled: CompiledScheme, given: dict[str, pl.Series], values: _Values, rows: int
) -> pa.RecordBatch:
    columns = {}
    for column in compiled.columns:
        if column in given:
            columns[column] = given[column].to_arrow()
        elif column == "other_diagnoses":
            columns[column] = pa.nulls(rows, pa.list_(pa.string()))
        else:
            kind = pa.float64() if column in ("age", "sex") else pa.string()
            columns[column] = pa.repeat(pa.scalar(values.get(column), kind), rows)
    return pa.RecordBatch.from_pydict(columns)
