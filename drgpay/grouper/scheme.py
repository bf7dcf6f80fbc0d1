"""A grouping scheme: its tables read from a folder into a tree of MDCs, ADRGs and DRGs.

In a scheme of kind apg they are the classes, the families and the APGs.

The layout of the folder is described in grouping_schemes/README.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from drgpay.base.errors import DrgpayError, UnfitError, shortened
from drgpay.base.language import listed
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.grouper.code_patterns import is_pattern
from drgpay.grouper.exempt_groups import ExemptGroup, exempt_groups, refuse_unknown
from drgpay.grouper.group_names import (
    AMBIGUOUS_SUFFIX,
    UNGROUPED_ADRG,
    UNGROUPED_DRG,
    UNGROUPED_MDC,
    Status,
    status_of,
)
from drgpay.grouper.kinds import APG_CLASSES, Kind, foreign_fields
from drgpay.grouper.rules.fields import SEVERITY_SETS, CodeField
from drgpay.grouper.rules.nodes import Count, Rule, atoms, field_names, sets_of_fields
from drgpay.grouper.rules.parser import RuleError, parse_rule
from drgpay.grouper.scheme_files import (
    APG_TABLES,
    OPTIONAL_TABLES,
    TABLES,
    content_hash,
    missing_table,
    scheme_folder,
    shipped_schemes,
)
from drgpay.grouper.sorts import sort_of
from drgpay.policy.fields import Share
from drgpay.policy.load import read_keys

__all__ = [
    "APG_TABLES",
    "TABLES",
    "UNGROUPED_ADRG",
    "UNGROUPED_DRG",
    "UNGROUPED_MDC",
    "Adrg",
    "ApgDefaults",
    "Complication",
    "Drg",
    "Mdc",
    "Scheme",
    "SchemeInfo",
    "SchemeOptions",
    "Status",
    "asked_sets",
    "content_hash",
    "counted_sets",
    "in_trial_order",
    "load_scheme",
    "load_scheme_info",
    "scheme_folder",
    "scheme_in_force",
    "shipped_schemes",
    "status_of",
]

if TYPE_CHECKING:
    import polars as pl

_ERRORS = Sentences("errors/grouper")


class SchemeOptions(BaseModel):
    """How the tables are to be walked where schemes differ."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retry_other_procedures: bool = False
    # DRGs whose rule asks for the department (KS) are tried first within their ADRG. Zhejiang 2022
    # lists its ICU groups behind a group that always holds, where nobody reaches them; their names
    # ask for this order, the published order and the official groups do without.
    department_rules_first: bool = False
    # Sets that the published rules name and no published table defines: nothing is in them.
    empty_sets: tuple[str, ...] = ()


class ApgDefaults(BaseModel):
    """[apg] of scheme.toml: what the scheme proposes to policies; it does not bind them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    procedure_discount: Share | None = None
    repeat_discount: Share | None = None


class SchemeInfo(BaseModel):
    """What scheme.toml says: identity, source and validity of the scheme."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    name_en: str = ""
    kind: Kind
    authority: str
    version: str
    effective_from: date | None = None
    effective_to: date | None = None
    code_system: str
    # The table codes/<item_system>/items.csv knows the families of service items and drugs.
    item_system: str = ""
    source: str
    options: SchemeOptions = SchemeOptions()
    apg: ApgDefaults | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind == "drg" and (self.apg or self.item_system):
            raise UnfitError(_ERRORS.words("scheme.only_apg"))
        return self


@dataclass(frozen=True)
class Drg:
    """One row of drg.csv with its parsed rule."""

    sort: int
    code: str
    name: str
    rule_text: str
    rule: Rule


@dataclass(frozen=True)
class Adrg:
    """One row of adrg.csv and its DRGs in the order they are tried."""

    sort: int
    code: str
    name: str
    rule_text: str
    rule: Rule
    drgs: tuple[Drg, ...]

    @property
    def ambiguous(self) -> bool:
        """歧义组: a surgical stay whose procedure does not belong to the MDC."""
        return self.code.endswith(AMBIGUOUS_SUFFIX)


@dataclass(frozen=True)
class Mdc:
    """One row of mdc.csv and its ADRGs in the order they are tried."""

    sort: int
    code: str
    name: str
    rule_text: str
    rule: Rule
    adrgs: tuple[Adrg, ...]


@dataclass(frozen=True)
class Complication:
    """One row of cc.csv: the level of a diagnosis and the table of what excludes it."""

    level: Literal["MCC", "CC"]
    exclusion_table: str


@dataclass(frozen=True, repr=False)
class Scheme(Shown):
    """A whole scheme, ready to be evaluated or compiled."""

    info: SchemeInfo
    mdcs: tuple[Mdc, ...]
    sets: dict[str, frozenset[str]]
    complications: dict[str, Complication]
    excluding_tables: dict[str, frozenset[str]]  # principal diagnosis -> exclusion tables
    content_hash: str
    packaging: frozenset[str] = frozenset()  # families and APGs on the uniform packaging list
    not_principal: frozenset[str] = frozenset()  # diagnoses that cannot be principal
    no_part: frozenset[str] = frozenset()  # procedures that take no part in grouping
    primary_care: frozenset[str] = frozenset()  # ADRGs and DRGs, as listed
    exempt_groups: tuple[ExemptGroup, ...] = ()  # whose patients come back by plan

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "id", self.info.id
        yield "version", self.info.version
        yield "mdcs", self.mdcs
        yield "adrgs", sum(len(mdc.adrgs) for mdc in self.mdcs)
        yield "drgs", sum(len(adrg.drgs) for mdc in self.mdcs for adrg in mdc.adrgs)
        yield "sha256", self.content_hash[:12]

    def rules(self) -> list[Rule]:
        """Every rule of the scheme, level by level."""
        return [group.rule for _, group in self.groups()]

    def groups(self) -> Iterator[tuple[str, Mdc | Adrg | Drg]]:
        """Every MDC, ADRG and DRG, level by level, beside the code of its MDC."""
        yield from ((mdc.code, mdc) for mdc in self.mdcs)
        yield from ((mdc.code, adrg) for mdc in self.mdcs for adrg in mdc.adrgs)
        yield from ((mdc.code, drg) for mdc, _, drg in self.paths())

    def paths(self) -> Iterator[tuple[Mdc, Adrg, Drg]]:
        """Every DRG below its MDC and its ADRG, in the order they are tried."""
        for mdc in self.mdcs:
            yield from ((mdc, adrg, drg) for adrg in mdc.adrgs for drg in adrg.drgs)

    @property
    def exempt(self) -> frozenset[str]:
        """The DRGs whose patients come back by plan: no return of theirs reduces a stay."""
        return frozenset(row.drg for row in self.exempt_groups)

    @property
    def primary_care_drgs(self) -> frozenset[str]:
        """The DRGs of primary care: those listed, and all of an ADRG that is listed."""
        listed = self.primary_care
        return frozenset(
            drg.code for _, adrg, drg in self.paths() if listed & {adrg.code, drg.code}
        )

    def counts(self) -> dict[str, int]:
        """How many rows each part of the scheme has, as schemes are published.

        Groups are those that a stay is grouped in; ambiguous ADRGs and fallbacks are counted apart.
        """
        adrgs = [status_of(adrg.code, "") for mdc in self.mdcs for adrg in mdc.adrgs]
        drgs = [status_of(adrg.code, drg.code) for _, adrg, drg in self.paths()]
        levels = [entry.level for entry in self.complications.values()]
        return {
            "mdc": sum(mdc.code != UNGROUPED_MDC for mdc in self.mdcs),
            "adrg": adrgs.count("grouped"),
            "drg": drgs.count("grouped"),
            "ambiguous": adrgs.count("ambiguous"),
            "fallback": adrgs.count("ungrouped"),
            "sets": len(self.sets),
            "mcc": levels.count("MCC"),
            "cc": levels.count("CC"),
            "excluded_principals": len(self.excluding_tables),
            "not_principal": len(self.not_principal),
            "no_part": len(self.no_part),
            "primary_care": len(self.primary_care),
        }


def asked_sets(rule: Rule) -> Iterator[str]:
    """The sets that a rule names."""
    return (name for _, name in sets_of_fields(rule))


def counted_sets(rule: Rule) -> Iterator[str]:
    """The sets whose codes a rule counts."""
    yield from (atom.set for atom in atoms(rule) if isinstance(atom, Count))


def scheme_in_force(day: date) -> str:
    """The id of the shipped scheme of kind drg that is in force on a day.

    Raises DrgpayError if none says so, or several do.
    """
    found = []
    for name in shipped_schemes():
        info = load_scheme_info(scheme_folder(name))
        begun = info.effective_from and info.effective_from <= day
        if info.kind == "drg" and begun and day <= (info.effective_to or day):
            found.append(name)
    if not found:
        raise DrgpayError(*_ERRORS("none_in_force", day=day))
    if len(found) > 1:
        schemes = _ERRORS.words("and").between(found)
        raise DrgpayError(*_ERRORS("several_in_force", schemes=schemes, day=day))
    return found[0]


def load_scheme(name: str) -> Scheme:
    """Read a scheme by its id or folder.

    Raises DrgpayError for an unknown scheme, a missing table or column, a rule that does not parse
    (with table, row, line and column), a rule that names an undefined set, and a rule that asks for
    a field that the records of its kind lack.
    """
    folder = scheme_folder(name)
    info = load_scheme_info(folder)
    columns = TABLES if info.kind == "drg" else TABLES | APG_TABLES
    tables = {table: _read_table(folder, table, columns[table]) for table in columns}
    sets: dict[str, frozenset[str]] = {name: frozenset() for name in info.options.empty_sets}
    sets |= {
        str(key): frozenset(codes)
        for key, codes in tables["sets"].group_by("set").agg("code").iter_rows()
    }
    complications = {
        code: Complication(level, table) for code, level, table in tables["cc"].iter_rows()
    }
    excluding = {
        str(code): frozenset(found)
        for code, found in tables["exclusions"].group_by("code").agg("exclusion_table").iter_rows()
    }
    scheme = Scheme(
        info=info,
        mdcs=_tree(folder, tables, info.options),
        sets=sets,
        complications=complications,
        excluding_tables=excluding,
        content_hash=content_hash(folder),
        packaging=frozenset(tables["packaging"]["apg"]) if "packaging" in tables else frozenset(),
        not_principal=_optional_codes(folder, "not_principal"),
        no_part=_optional_codes(folder, "no_part"),
        primary_care=_optional_codes(folder, "primary_care"),
        exempt_groups=exempt_groups(folder),
    )
    refuse_unknown(scheme.exempt_groups, {drg.code for *_, drg in scheme.paths()}, folder)
    _refuse_unknown_primary_care(folder, scheme)
    _refuse_undefined_sets(folder, scheme)
    _refuse_foreign_fields(folder, scheme)
    if info.kind == "apg":
        _refuse_unlike_apg(folder, scheme)
    return scheme


def load_scheme_of(name: str, kind: Literal["drg", "apg"]) -> Scheme:
    """`load_scheme`, and a DrgpayError for a scheme of another kind."""
    scheme = load_scheme(name)
    if scheme.info.kind != kind:
        grouped, wanted = (_ERRORS.words(f"grouped_by.{one}") for one in (scheme.info.kind, kind))
        said = {"name": name, "kind": scheme.info.kind, "grouped": grouped}
        raise DrgpayError(*_ERRORS("other_kind", wanted=wanted, wanted_kind=kind, **said))
    return scheme


def _optional_codes(folder: Path, table: str) -> frozenset[str]:
    """The codes of a table that a scheme need not have."""
    if not (folder / f"{table}.csv").is_file():
        return frozenset()
    (column,) = OPTIONAL_TABLES[table]
    return frozenset({*_read_table(folder, table, (column,))[column]} - {""})


def load_scheme_info(folder: Path) -> SchemeInfo:
    """Read scheme.toml alone."""
    path = folder / "scheme.toml"
    what, remedy = _ERRORS.words("scheme.file"), _ERRORS.words("scheme.wrong_keys")
    return read_keys(path, SchemeInfo, what, remedy)


def _read_table(folder: Path, table: str, columns: tuple[str, ...]) -> "pl.DataFrame":
    path = folder / f"{table}.csv"
    if not path.is_file():
        raise missing_table(path)
    frame = text_table(path, columns)
    if table == "cc":
        import polars as pl

        wrong = frame.filter(~pl.col("level").is_in(list(SEVERITY_SETS)))
        if wrong.height:
            code, level = wrong["code"][0], wrong["level"][0]
            raise DrgpayError(*_ERRORS("no_level", path=path, code=code, level=level))
        repeated = frame.filter(pl.col("code").is_duplicated())
        if repeated.height:
            raise DrgpayError(*_ERRORS("code_twice", path=path, code=repeated["code"][0]))
    return frame.fill_null("")


def text_table(path: Path, columns: Sequence[str]) -> "pl.DataFrame":
    """The columns of a CSV as texts; raises DrgpayError if it lacks one or is no CSV."""
    import polars as pl  # a scheme from the cache of compiled ones does without it

    try:
        frame = pl.read_csv(path, infer_schema=False, glob=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0]
        raise DrgpayError(*_ERRORS("no_csv", path=path, said=said)) from None
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        lacking = {"columns": listed(missing), "needed": listed(columns)}
        raise DrgpayError(*_ERRORS("no_column", path=path, **lacking))
    return frame.select(columns)


def _tree(
    folder: Path, tables: "dict[str, pl.DataFrame]", options: SchemeOptions
) -> tuple[Mdc, ...]:
    parsed: dict[str, Rule] = {}  # many groups share a rule text

    def children(table: str, parent: str | None) -> dict[str, list[dict[str, Any]]]:
        key = TABLES[table][-3]
        by_parent: dict[str, list[dict[str, Any]]] = {}
        seen: set[str] = set()
        for number, row in enumerate(tables[table].iter_rows(named=True), start=2):
            code = row.pop(key)
            place = {"path": folder / f"{table}.csv", "row": number, "code": code}
            if code in seen:
                raise DrgpayError(*_ERRORS("group_twice", **place))
            seen.add(code)
            try:
                text = row["rule"]
                if text not in parsed:
                    parsed[text] = parse_rule(text)
            except RuleError as error:
                raise DrgpayError(*_ERRORS("unparsed_rule", said=error.words, **place)) from None
            sort = sort_of(row["sort"])
            if sort is None:
                given = shortened(row["sort"], 40)
                raise DrgpayError(*_ERRORS("no_sort", sort=given, **place))
            node = {
                "sort": sort,
                "code": code,
                "name": row["name"],
                "rule_text": text,
                "rule": parsed[text],
            }
            by_parent.setdefault(row[parent] if parent else "", []).append(node)
        for nodes in by_parent.values():
            nodes.sort(key=lambda node: node["sort"])  # stable: equal sorts keep the row order
        return by_parent

    mdcs, adrgs, drgs = children("mdc", None), children("adrg", "mdc"), children("drg", "adrg")
    _refuse_orphans(folder, "adrg", set(adrgs), {node["code"] for node in mdcs.get("", [])})
    known = {node["code"] for nodes in adrgs.values() for node in nodes}
    _refuse_orphans(folder, "drg", set(drgs), known)
    return tree_of(mdcs, adrgs, drgs, options)


Nodes = Mapping[str, Sequence[dict[str, Any]]]
"""By the code of what is above them: the fields of MDCs, ADRGs or DRGs, in order."""


def tree_of(mdcs: Nodes, adrgs: Nodes, drgs: Nodes, options: SchemeOptions) -> tuple[Mdc, ...]:
    """The tree of these groups; above MDCs is ""."""

    def drgs_of(adrg: str) -> tuple[Drg, ...]:
        return in_trial_order([Drg(**drg) for drg in drgs.get(adrg, ())], options)

    def adrgs_of(mdc: str) -> tuple[Adrg, ...]:
        return tuple(Adrg(**adrg, drgs=drgs_of(adrg["code"])) for adrg in adrgs.get(mdc, ()))

    return tuple(Mdc(**mdc, adrgs=adrgs_of(mdc["code"])) for mdc in mdcs.get("", ()))


def in_trial_order(drgs: Iterable[Drg], options: SchemeOptions) -> tuple[Drg, ...]:
    """The DRGs of an ADRG, sorted, in the order in which they are tried."""
    if not options.department_rules_first:
        return tuple(drgs)
    return tuple(sorted(drgs, key=lambda drg: CodeField.DEPARTMENT not in field_names(drg.rule)))


def _refuse_orphans(folder: Path, table: str, named: set[str], known: set[str]) -> None:
    orphans = sorted(named - known)
    if orphans:
        path = folder / f"{table}.csv"
        raise DrgpayError(*_ERRORS("orphans", path=path, parent=orphans[0]))


def _refuse_undefined_sets(folder: Path, scheme: Scheme) -> None:
    for _, group in scheme.groups():
        for name in asked_sets(group.rule):
            if name not in scheme.sets and name not in SEVERITY_SETS:
                said = _ERRORS("undefined_set", folder=folder, group=group.code, set=name)
                raise DrgpayError(*said)


def _refuse_unknown_primary_care(folder: Path, scheme: Scheme) -> None:
    known = {group.code for _, group in scheme.groups()} - {mdc.code for mdc in scheme.mdcs}
    unknown = sorted(scheme.primary_care - known)
    if unknown:
        path = folder / "primary_care.csv"
        raise DrgpayError(*_ERRORS("listed_unknown", path=path, group=unknown[0]))


def _refuse_foreign_fields(folder: Path, scheme: Scheme) -> None:
    for mdc, group in scheme.groups():
        for field, reason in foreign_fields(scheme.info.kind, mdc, group.rule).items():
            said = {"folder": folder, "group": group.code, "field": field, "reason": reason}
            raise DrgpayError(*_ERRORS("foreign_field", **said))


def _refuse_unlike_apg(folder: Path, scheme: Scheme) -> None:
    for mdc in scheme.mdcs:
        if mdc.code not in APG_CLASSES:
            said = {"path": folder / "mdc.csv", "code": mdc.code, "known": listed(APG_CLASSES)}
            raise DrgpayError(*_ERRORS("no_apg_class", **said))
    known = {group.code for _, group in scheme.groups()} - {mdc.code for mdc in scheme.mdcs}
    unknown = sorted(scheme.packaging - known)
    if unknown:
        path = folder / "packaging.csv"
        raise DrgpayError(*_ERRORS("packaged_unknown", path=path, code=unknown[0]))
    for _, group in scheme.groups():
        for name in counted_sets(group.rule):
            patterns = sorted(code for code in scheme.sets[name] if is_pattern(code))
            if patterns:
                found = {"group": group.code, "set": name, "pattern": patterns[0]}
                raise DrgpayError(*_ERRORS("counted_pattern", folder=folder, **found))
