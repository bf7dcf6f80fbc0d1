"""Outpatient grouping with a scheme of kind `apg`: service lines to APGs, visits to medical APGs.

The tables, the rule language and the compiled grouper are those of inpatient schemes. Classes stand
in the place of MDCs, families in that of ADRGs, APGs in that of DRGs. The rules of the class MED are
asked of a visit, those of the other classes of each service line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from drgpay.base.shown import Shown
from drgpay.grouper.batch import encode_records, leaf_of_each, names_of_leaves
from drgpay.grouper.compiled import CompiledScheme, PackedScheme, compile_mdcs
from drgpay.grouper.compiled_cache import cached
from drgpay.grouper.compiled_file import (
    Arrays,
    Form,
    Json,
    tables_as_json,
    tables_from_json,
)
from drgpay.grouper.facts import observe
from drgpay.grouper.kinds import MEDICAL

if TYPE_CHECKING:  # its libraries take as long to import as all the rest of grouping
    from drgpay.grouper.scheme import Scheme

LINE_RESULT = ("class", "family", "apg")
VISIT_RESULT = ("family", "apg")
_LEVEL = {"class": "mdc", "family": "adrg", "apg": "drg"}


@dataclass(frozen=True, repr=False)
class CompiledApg(Shown):
    """A scheme of kind apg with the tables for evaluating columns of lines and of visits."""

    packed: PackedScheme
    id: str
    lines: CompiledScheme  # the classes PROC, ANC, DRUG and INC
    visits: CompiledScheme  # the class MED
    packaged: frozenset[str]  # what packaging.csv lists, families with all their APGs

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield from self.scheme.shown_facts()

    @property
    def scheme(self) -> "Scheme":
        """What was compiled."""
        return self.packed.scheme

    @property
    def line_columns(self) -> tuple[str, ...]:
        """The columns that `group_lines` reads: what the rules ask of the line (item_code,
        item_kind) and of its visit (visit_type, principal_diagnosis, age ...).
        """
        return self.lines.columns

    @property
    def visit_columns(self) -> tuple[str, ...]:
        """The columns that `group_visits` reads: principal_diagnosis and what else rules ask for."""
        return self.visits.columns

    @property
    def ungrouped(self) -> frozenset[str]:
        """The codes in the column apg that stand for "no group": 0000 and the fallback groups."""
        leaves = (*self.lines.leaves, *self.visits.leaves)
        return frozenset(leaf.drg for leaf in leaves if leaf.status == "ungrouped")


def load_apg(name: str) -> CompiledApg:
    """A compiled scheme of kind apg by id or folder, from the cache of compiled schemes if it is
    there. Raises DrgpayError for the mistakes of `load_scheme` and for a scheme of kind drg.
    """
    return cached(name, APG_FORM, _compile)


def compile_apg(scheme: "Scheme") -> CompiledApg:
    """Build the tables of a scheme of kind apg."""
    packed = PackedScheme(lambda: scheme)
    return CompiledApg(
        packed=packed,
        id=scheme.info.id,
        lines=compile_mdcs(packed, [mdc for mdc in scheme.mdcs if mdc.code != MEDICAL]),
        visits=compile_mdcs(packed, [mdc for mdc in scheme.mdcs if mdc.code == MEDICAL]),
        packaged=_packaged(scheme),
    )


def group_lines(compiled: CompiledApg, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The APG of each service line.

    batch: `compiled.line_columns`; codes as strings or dictionary-coded strings (best: the work is
    then done once per different code), other_diagnoses as lists of them, age (years) and sex as any
    number. Null is a missing value. Further columns are ignored.
    Returns, row by row, class, family, apg: dictionary-coded strings, never null. A line that no
    rule takes gets 0000, 00, 0000.
    Raises DrgpayError where the batch lacks a column.
    """
    return _grouped(compiled.lines, batch, LINE_RESULT)


def group_visits(compiled: CompiledApg, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The medical APG (class MED) of each visit, also of those that have procedures.

    batch: `compiled.visit_columns`, types as for `group_lines`.
    Returns, row by row, family, apg: dictionary-coded strings, never null. A visit that no rule of
    MED takes gets 00, 0000.
    Raises DrgpayError where the batch lacks a column.
    """
    return _grouped(compiled.visits, batch, VISIT_RESULT)


def _grouped(
    compiled: CompiledScheme, batch: pa.RecordBatch, result: tuple[str, ...]
) -> pa.RecordBatch:
    leaf = leaf_of_each(compiled, observe(compiled, encode_records(compiled, batch)))
    columns = [names_of_leaves(compiled, _LEVEL[name], leaf) for name in result]
    return pa.RecordBatch.from_arrays(columns, names=list(result))


def _compile(name: str) -> CompiledApg:
    from drgpay.grouper.scheme import load_scheme_of

    return compile_apg(load_scheme_of(name, "apg"))


def _packaged(scheme: "Scheme") -> frozenset[str]:
    families = [adrg for mdc in scheme.mdcs for adrg in mdc.adrgs]
    inside = {drg.code for adrg in families if adrg.code in scheme.packaging for drg in adrg.drgs}
    return scheme.packaging | inside


def _as_json(compiled: CompiledApg, arrays: Arrays) -> Json:
    return {
        "lines": tables_as_json(compiled.lines, arrays),
        "visits": tables_as_json(compiled.visits, arrays),
        "packaged": sorted(compiled.packaged),
    }


def _from_json(found: Json, arrays: Arrays, packed: PackedScheme) -> CompiledApg:
    lines = tables_from_json(found["lines"], arrays, packed)
    visits = tables_from_json(found["visits"], arrays, packed)
    return CompiledApg(packed, lines.id, lines, visits, frozenset(found["packaged"]))


APG_FORM: Form[CompiledApg] = Form("apg", lambda compiled: compiled.packed, _as_json, _from_json)
