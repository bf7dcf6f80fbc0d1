"""A grouping scheme: its tables read from a folder into a tree of MDCs, ADRGs and DRGs.

The layout of the folder is described in grouping_schemes/README.md.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from drgpay.errors import DrgpayError
from drgpay.grouper.rules.fields import SEVERITY_SETS, CodeField
from drgpay.grouper.rules.nodes import Count, Member, Rule, atoms, field_names
from drgpay.grouper.rules.parser import RuleError, parse_rule
from drgpay.shipped import shipped_folder

if TYPE_CHECKING:
    import polars as pl

UNGROUPED_DRG = "0000"
UNGROUPED_MDC = "0000"
UNGROUPED_ADRG = "00"
# Fallbacks (docs/rule-language.md): a stay that ends in a group of such a name is ungrouped, with
# that code.
_FALLBACK_NAME = re.compile(r"^[A-Z]?0{2,4}$")
_AMBIGUOUS_SUFFIX = "QY"

TABLES: dict[str, tuple[str, ...]] = {
    "mdc": ("sort", "mdc", "name", "rule"),
    "adrg": ("sort", "mdc", "adrg", "name", "rule"),
    "drg": ("sort", "adrg", "drg", "name", "rule"),
    "sets": ("set", "code"),
    "cc": ("code", "level", "exclusion_table"),
    "exclusions": ("exclusion_table", "code"),
}

Status = Literal["grouped", "ambiguous", "ungrouped", "invalid"]


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


class SchemeInfo(BaseModel):
    """What scheme.toml says: identity, source and validity of the scheme."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    name_en: str = ""
    kind: Literal["drg", "apg"]
    authority: str
    version: str
    effective_from: date | None = None
    effective_to: date | None = None
    code_system: str
    source: str
    options: SchemeOptions = SchemeOptions()


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
        return self.code.endswith(_AMBIGUOUS_SUFFIX)


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


@dataclass(frozen=True)
class Scheme:
    """A whole scheme, ready to be evaluated or compiled."""

    info: SchemeInfo
    mdcs: tuple[Mdc, ...]
    sets: dict[str, frozenset[str]]
    complications: dict[str, Complication]
    excluding_tables: dict[str, frozenset[str]]  # principal diagnosis -> exclusion tables
    content_hash: str

    def rules(self) -> list[Rule]:
        """Every rule of the scheme, level by level."""
        adrgs = [adrg for mdc in self.mdcs for adrg in mdc.adrgs]
        drgs = [drg for adrg in adrgs for drg in adrg.drgs]
        return [row.rule for rows in (self.mdcs, adrgs, drgs) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many rows each part of the scheme has; ambiguous groups are counted apart."""
        adrgs = [adrg for mdc in self.mdcs for adrg in mdc.adrgs]
        ambiguous = [adrg for adrg in adrgs if adrg.ambiguous]
        levels = [entry.level for entry in self.complications.values()]
        return {
            "mdc": len(self.mdcs),
            "adrg": len(adrgs) - len(ambiguous),
            "drg": sum(len(adrg.drgs) for adrg in adrgs if not adrg.ambiguous),
            "ambiguous": len(ambiguous),
            "sets": len(self.sets),
            "mcc": levels.count("MCC"),
            "cc": levels.count("CC"),
            "excluded_principals": len(self.excluding_tables),
        }


def status_of(adrg: str, drg: str) -> Status:
    """The status of a stay that was placed in this group."""
    if adrg.endswith(_AMBIGUOUS_SUFFIX):
        return "ambiguous"
    if _FALLBACK_NAME.match(adrg) or _FALLBACK_NAME.match(drg):
        return "ungrouped"
    return "grouped"


def shipped_schemes() -> list[str]:
    """The ids of the schemes that come with the program, sorted."""
    folder = shipped_folder("grouping_schemes")
    return sorted(path.parent.name for path in folder.glob("*/scheme.toml"))


def scheme_in_force(day: date) -> str:
    """The id of the shipped scheme that is in force on a day.

    Raises DrgpayError if none says so, or several do.
    """
    found = []
    for name in shipped_schemes():
        info = load_scheme_info(scheme_folder(name))
        if info.effective_from and info.effective_from <= day <= (info.effective_to or day):
            found.append(name)
    if len(found) != 1:
        said = " and ".join(found) or "no shipped scheme"
        raise DrgpayError(f"{said} is in force on {day}", "name a scheme with --scheme")
    return found[0]


def scheme_folder(name: str) -> Path:
    """The folder of a scheme that is named by its id or by its folder."""
    shipped = shipped_folder("grouping_schemes") / name
    if name in shipped_schemes():
        return shipped
    folder = Path(name)
    if (folder / "scheme.toml").is_file():
        return folder
    if folder.is_dir():
        raise DrgpayError(
            f"the folder {folder} holds no scheme.toml",
            "name a folder laid out as grouping_schemes/README.md describes",
        )
    raise DrgpayError(
        f"there is no scheme {name!r}",
        f"name a folder or one of {', '.join(shipped_schemes())}",
    )


def load_scheme(name: str) -> Scheme:
    """Read a scheme by its id or folder.

    Raises DrgpayError for an unknown scheme, a missing table or column, a rule that does not parse
    (with table, row, line and column) and a rule that names an undefined set.
    """
    folder = scheme_folder(name)
    info = load_scheme_info(folder)
    tables = {table: _read_table(folder, table) for table in TABLES}
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
    )
    _refuse_undefined_sets(folder, scheme)
    return scheme


def load_scheme_info(folder: Path) -> SchemeInfo:
    """Read scheme.toml alone."""
    path = folder / "scheme.toml"
    try:
        with path.open("rb") as file:
            return SchemeInfo.model_validate(tomllib.load(file))
    except tomllib.TOMLDecodeError as error:
        raise DrgpayError(f"{path} is not valid TOML: {error}", "correct that line") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise DrgpayError(
            f"{path}: the key {key} is wrong: {first['msg']}",
            "correct the key as grouping_schemes/README.md describes",
        ) from None


def _read_table(folder: Path, table: str) -> "pl.DataFrame":
    path = folder / f"{table}.csv"
    columns = TABLES[table]
    if not path.is_file():
        raise _missing(path)
    import polars as pl  # a scheme from the cache of compiled ones does without it

    try:
        frame = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        detail = str(error).splitlines()[0]
        raise DrgpayError(f"{path} is not a readable CSV: {detail}", "save it as UTF-8") from None
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise DrgpayError(
            f"{path} lacks the column {', '.join(missing)}", f"it needs {', '.join(columns)}"
        )
    if table == "cc":
        wrong = frame.filter(~pl.col("level").is_in(list(SEVERITY_SETS)))
        if wrong.height:
            raise DrgpayError(
                f"{path}: {wrong['code'][0]} has the level {wrong['level'][0]!r}",
                "write MCC or CC",
            )
        repeated = frame.filter(pl.col("code").is_duplicated())
        if repeated.height:
            raise DrgpayError(f"{path} lists {repeated['code'][0]} twice", "keep one of the rows")
    return frame.select(pl.col(columns).fill_null(""))


def _missing(path: Path) -> DrgpayError:
    return DrgpayError(f"{path} is missing", "a scheme needs scheme.toml, " + ", ".join(TABLES))


def content_hash(folder: Path) -> str:
    """A hash over the files of a scheme; raises DrgpayError if one is missing."""
    digest = hashlib.sha256()
    for name in ["scheme.toml", *(f"{table}.csv" for table in TABLES)]:
        digest.update(name.encode())
        # A checkout with other line endings is the same scheme.
        try:
            digest.update((folder / name).read_bytes().replace(b"\r\n", b"\n"))
        except FileNotFoundError:
            raise _missing(folder / name) from None
    return digest.hexdigest()


def _tree(
    folder: Path, tables: "dict[str, pl.DataFrame]", options: SchemeOptions
) -> tuple[Mdc, ...]:
    parsed: dict[str, Rule] = {}  # many groups share a rule text

    def children(table: str, parent: str | None) -> dict[str, list[dict[str, Any]]]:
        key = TABLES[table][-3]
        by_parent: dict[str, list[dict[str, Any]]] = {}
        seen: set[str] = set()
        for number, row in enumerate(tables[table].iter_rows(named=True), start=2):
            where = f"{folder / f'{table}.csv'}, row {number}"
            code = row.pop(key)
            if code in seen:
                raise DrgpayError(f"{where}: {code} is listed twice", "keep one of the rows")
            seen.add(code)
            try:
                text = row["rule"]
                if text not in parsed:
                    parsed[text] = parse_rule(text)
            except RuleError as error:
                raise DrgpayError(
                    f"{where}: the rule of {code} does not parse: {error}", "correct the rule"
                ) from None
            try:
                sort = int(row["sort"])
            except ValueError:
                raise DrgpayError(
                    f"{where}: the sort of {code} is {row['sort']!r}", "write a whole number"
                ) from None
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
    return tuple(
        Mdc(
            **mdc,
            adrgs=tuple(
                Adrg(
                    **adrg,
                    drgs=in_trial_order(
                        [Drg(**drg) for drg in drgs.get(adrg["code"], [])], options
                    ),
                )
                for adrg in adrgs.get(mdc["code"], [])
            ),
        )
        for mdc in mdcs.get("", [])
    )


def in_trial_order(drgs: Iterable[Drg], options: SchemeOptions) -> tuple[Drg, ...]:
    """The DRGs of an ADRG, sorted, in the order in which they are tried."""
    if not options.department_rules_first:
        return tuple(drgs)
    return tuple(sorted(drgs, key=lambda drg: CodeField.DEPARTMENT not in field_names(drg.rule)))


def _refuse_orphans(folder: Path, table: str, named: set[str], known: set[str]) -> None:
    orphans = sorted(named - known)
    if orphans:
        raise DrgpayError(
            f"{folder / f'{table}.csv'} puts groups under {orphans[0]}, which no row defines",
            "add the row or correct the code",
        )


def _refuse_undefined_sets(folder: Path, scheme: Scheme) -> None:
    groups: list[Mdc | Adrg | Drg] = [
        *scheme.mdcs,
        *(adrg for mdc in scheme.mdcs for adrg in mdc.adrgs),
        *(drg for mdc in scheme.mdcs for adrg in mdc.adrgs for drg in adrg.drgs),
    ]
    for group in groups:
        for atom in atoms(group.rule):
            names = (
                atom.sets
                if isinstance(atom, Member)
                else (atom.set,)
                if isinstance(atom, Count)
                else ()
            )
            for name in names:
                if name not in scheme.sets and name not in SEVERITY_SETS:
                    raise DrgpayError(
                        f"{folder}: the rule of {group.code} names the set {name}, "
                        "which sets.csv does not define",
                        "add the set, correct the name or list it under options.empty_sets",
                    )
