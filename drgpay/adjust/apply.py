"""Apply overlays to a scheme: a new scheme folder, checked before it gets its name."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import tomli_w

from drgpay.adjust.group_changes import changed_groups
from drgpay.adjust.nowhere import Nowhere, codes_nowhere
from drgpay.adjust.overlay import Overlay
from drgpay.adjust.tables import SchemeTables, changed_sets, nearest, read_tables, write_tables
from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import BY_UMASK, make_folder
from drgpay.base.language import Words
from drgpay.base.shown import Shown
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences, Wording
from drgpay.base.working_folder import working_folder
from drgpay.grouper.exempt_groups import write_exempt_groups
from drgpay.grouper.rules.fields import SEVERITY_SETS
from drgpay.grouper.rules.parser import parse_rule
from drgpay.grouper.scheme import (
    Scheme,
    SchemeInfo,
    SchemeOptions,
    asked_sets,
    content_hash,
    load_scheme,
    scheme_folder,
)
from drgpay.grouper.scheme_files import OPTIONAL_TABLES
from drgpay.schemes.check import check_scheme
from drgpay.schemes.findings import Finding

_ERRORS = Sentences("errors/adjust")
_WORDS = Wording("adjust")

_SHOWN = 3


@dataclass(frozen=True, repr=False)
class Adjusted(Shown):
    """A scheme with overlays applied, read from its folder.

    `findings`: those of the check that the base does not have; `nowhere`: codes that lead nowhere
    any more. `accepted_*` hold what the overlays say is intended.
    """

    before: Scheme
    after: Scheme
    findings: tuple[Finding, ...]
    nowhere: tuple[Nowhere, ...]
    accepted_unreachable: frozenset[str]
    accepted_nowhere: frozenset[str]

    @property
    def faults(self) -> list[str]:
        """Everything for which the overlay is refused, in the chosen language."""
        return [str(one) for one in self.fault_words()]

    def fault_words(self) -> list[Words]:
        """The same in both languages."""
        lost: dict[Nowhere, None] = dict.fromkeys(
            one for one in self.nowhere if one.code not in self.accepted_nowhere
        )
        return [
            *(
                _ERRORS.words("table_fault", table=found.table, message=found.message)
                for found in self.new_faults()
            ),
            *(
                _WORDS.words(
                    f"nowhere_{one.level}", kind=_WORDS.words(f"kind_{one.kind}"), code=one.code
                )
                for one in lost
            ),
        ]

    def new_faults(self) -> list[Finding]:
        """The findings for which the overlay is refused: errors, and groups that nothing can reach.

        Of a group for which a search merely found no stay (not_reached) nothing is proven.
        """
        return [
            found
            for found in self.findings
            if found.severity == "error" or found.code == "unreachable_empty_set"
            if not (_is_unreachable(found) and found.subject in self.accepted_unreachable)
        ]


def _is_unreachable(found: Finding) -> bool:
    return found.code.startswith("unreachable")


def apply_tables(tables: SchemeTables, overlay: Overlay, options: SchemeOptions) -> SchemeTables:
    """The tables of a scheme after an overlay; nothing is read or written.

    Raises DrgpayError as `changed_sets` and `changed_groups` do, and for a rule of the overlay that
    names a set which there is not.
    """
    sets = changed_sets(tables.sets, overlay)
    known = {*sets, *options.empty_sets, *SEVERITY_SETS}
    for key, group, rule in _rules(overlay):
        for name in asked_sets(parse_rule(rule)):
            if name not in known:
                raise DrgpayError(
                    *_ERRORS(
                        "rule_with_unknown_set",
                        where=overlay.scheme.id,
                        key=key,
                        group=group,
                        name=name,
                        nearest=nearest(name, known),
                    )
                )
    groups = changed_groups(tables.groups, overlay, options)
    return SchemeTables(groups, sets, tables.frames)


def apply_overlay(folder: str | Path, overlay: Overlay | Sequence[Overlay], out: Path) -> Adjusted:
    """Make a new scheme folder of a scheme (id or folder) and one or more overlays, one on another.

    `out` gets the six CSV tables and scheme.toml, which load_scheme reads. Raises DrgpayError for
    the mistakes of `apply_tables`; for a new scheme that load_scheme refuses; for new findings of
    check_scheme that are errors or groups that nothing can reach, and codes that lead nowhere,
    unless the overlay accepts them; for a folder `out` that exists. Then nothing is left. Takes seconds.
    """
    if out.exists():
        raise DrgpayError(*_ERRORS("folder_exists", folder=out))
    with _staged(out) as staged:
        made = _applied(str(folder), overlay, staged)
        if faults := made.fault_words():
            raise DrgpayError(*_ERRORS("unsound", where=made.after.info.id, told=_told(faults)))
    return made


def _told(faults: Sequence[Words]) -> Words:
    more = len(faults) - _SHOWN
    rest = [_ERRORS.words("and_more", more=more)] if more > 0 else []
    return _WORDS.words("semicolon").between([*faults[:_SHOWN], *rest])


def try_overlay(folder: str | Path, overlay: Overlay | Sequence[Overlay]) -> Adjusted:
    """What `apply_overlay` would make, with its findings instead of an error about them."""
    with working_folder() as place:
        return _applied(str(folder), overlay, place)


def adjusted_scheme(folder: str | Path, overlay: Overlay | Sequence[Overlay]) -> Scheme:
    """The scheme with the overlays applied, loaded but not checked."""
    with working_folder() as place:
        return _written(str(folder), overlay, place)[1]


def _applied(name: str, overlay: Overlay | Sequence[Overlay], out: Path) -> Adjusted:
    before, after = _written(name, overlay, out)
    overlays = _listed(overlay)
    return Adjusted(
        before=before,
        after=after,
        findings=tuple(_new_findings(name, out)),
        nowhere=tuple(codes_nowhere(before, after)),
        accepted_unreachable=frozenset(code for one in overlays for code in one.accept.unreachable),
        accepted_nowhere=frozenset(code for one in overlays for code in one.accept.codes_nowhere),
    )


def _written(name: str, overlay: Overlay | Sequence[Overlay], out: Path) -> tuple[Scheme, Scheme]:
    before = load_scheme(name)
    if before.info.kind != "drg":
        raise DrgpayError(*_ERRORS("other_kind", scheme=name, kind=before.info.kind))
    folder = scheme_folder(name)
    tables, info = read_tables(folder), before.info
    ids, digest = [info.id], content_hash(folder)
    for one in _listed(overlay):
        tables = apply_tables(tables, one, info.options)
        info = _identity(info, digest, one, ids)
        ids.append(info.id)
        digest = one.content_hash
    (out / "scheme.toml").write_text(_scheme_toml(info), encoding="utf-8")
    write_tables(tables, out)
    _keep_exempt_groups(before, out)
    _keep_lists(before, out)
    try:
        return before, load_scheme(str(out))
    except DrgpayError as error:
        # The folder is a passing one that the user does not know.
        said = error.problem_words.edited(lambda text: text.replace(str(out), info.id))
        problem = _ERRORS.words("fails", where=info.id, problem=said)
        raise DrgpayError(problem, error.remedy_words) from None


def _keep_exempt_groups(before: Scheme, out: Path) -> None:
    """The exempt groups of the base that the changed scheme still has."""
    with (out / "drg.csv").open(encoding="utf-8", newline="") as file:
        there = {row["drg"] for row in csv.DictReader(file)}
    write_exempt_groups([row for row in before.exempt_groups if row.drg in there], out)


def _keep_lists(before: Scheme, out: Path) -> None:
    """The lists of the base; of its groups of primary care those that the changed scheme has."""
    there = set()
    for level in ("adrg", "drg"):
        with (out / f"{level}.csv").open(encoding="utf-8", newline="") as file:
            there |= {row[level] for row in csv.DictReader(file)}
    for table, (column,) in OPTIONAL_TABLES.items():
        codes: frozenset[str] = getattr(before, table)
        kept = sorted(codes & there if column == "group" else codes)
        if kept:
            lines = "".join(f"{code}\n" for code in (column, *kept))
            (out / f"{table}.csv").write_text(lines, encoding="utf-8")


def _listed(overlay: Overlay | Sequence[Overlay]) -> list[Overlay]:
    return [overlay] if isinstance(overlay, Overlay) else list(overlay)


def _identity(info: SchemeInfo, digest: str, overlay: Overlay, ids: Sequence[str]) -> SchemeInfo:
    said = overlay.scheme
    if said.base is not None and said.base not in ids:
        raise DrgpayError(*_ERRORS("other_base", where=said.id, base=said.base, scheme=info.id))
    if said.id in ids:
        raise DrgpayError(*_ERRORS("id_of_base", id=said.id))
    given = said.model_dump(exclude={"base"}, exclude_none=True)
    if said.name_en is None:
        given["name_en"] = ""  # the English name of the base is not that of the result
    content = f"{info.id} (content {digest[:16]})"
    source = (
        f"{content} with the overlay {said.id} (content {overlay.content_hash[:16]}). {info.source}"
    )
    return info.model_copy(update={**given, "source": source})


def _scheme_toml(info: SchemeInfo) -> str:
    values = info.model_dump(exclude={"apg"}, exclude_none=True)  # of kind drg
    return tomli_w.dumps({key: value for key, value in values.items() if value != ""})


def _rules(overlay: Overlay) -> Iterator[tuple[str, str, str]]:
    yield from (("change_rule", one.group, one.rule) for one in overlay.change_rule)
    yield from (("add_group", one.code, one.rule) for one in overlay.add_group)
    yield from (("split", part.code, part.rule) for one in overlay.split for part in one.part)


def _new_findings(name: str, out: Path) -> list[Finding]:
    found = check_scheme(str(out))
    known = _known(name, content_hash(scheme_folder(name))) if found else frozenset()
    return [one for one in found if (one.code, one.table, one.subject) not in known]


@lru_cache(maxsize=1)  # overlays are tried on one scheme again and again, and a check takes seconds
def _known(name: str, _content: str) -> frozenset[tuple[str, str, str]]:
    return frozenset((one.code, one.table, one.subject) for one in check_scheme(name))


@contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """A folder that gets its name when the block ends well, or vanishes."""
    try:
        make_folder(out.parent, BY_UMASK)
        with working_folder(out.parent) as work:
            staged = work / out.name
            staged.mkdir()
            yield staged
            staged.rename(out)
    except OSError as error:
        reason = reason_of(error)
        raise DrgpayError(*_ERRORS("unwritable", folder=out, reason=reason)) from None
