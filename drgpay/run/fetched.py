"""What a job reads from databases, and its snapshots: where they lie, and whether they are those.

    fetched/2026-10/stays.parquet     the snapshots of 2026-10.toml, for their owner alone
    fetched/2026-10/fetch.json        of what they are: database, query, rows, hashes, time
    fetched/2026-10/forgotten.jsonl   whose snapshots were removed, by whom, a line a decision

drgpay.run.fetching writes them.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.file_hash import file_hash
from drgpay.base.language import Words, listed
from drgpay.base.plain_json import json_fault, plain_json
from drgpay.base.words import Sentences
from drgpay.databases.source import DatabaseInput, FetchFile

_ERRORS = Sentences("errors/databases")

FETCHED = "fetch.json"
FORGOTTEN = "forgotten.jsonl"
_OF_MANIFEST = (
    *("kind", "service", "query_sha256", "parameters", "rows", "sha256"),
    *("isolation", "server_time"),
)
"""What the manifest of a run says of each snapshot."""


@dataclass(frozen=True)
class Wanted:
    """An input that is read from a database.

    key: where a job has it; name: of its snapshot; table: of which declared table its rows are;
    mapped: whether a mapping says what its columns are.
    """

    key: str
    name: str
    table: str
    given: DatabaseInput
    mapped: bool = False

    def where(self) -> Words:
        """What messages call it."""
        about = {"key": self.key, "database": self.given.database}
        if self.given.table is not None:
            return _ERRORS.words("where_table", table=self.given.table, **about)
        query = self.given.query or ""
        if query.lower().endswith(".sql"):
            return _ERRORS.words("where_file", file=query, **about)
        return _ERRORS.words("where_query", **about)


@dataclass(frozen=True)
class Snapshots:
    """The snapshots of a job or year file (`path`)."""

    path: Path
    fetch: FetchFile
    wanted: tuple[Wanted, ...] = ()

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.path.parent / self.fetch.folder / self.path.stem

    def place(self, name: str) -> Path:
        """The snapshot of an input."""
        return self.folder / f"{name}.parquet"

    def at(self, name: str, given: str | DatabaseInput) -> Path:
        """The path of an input: its own, or that of its snapshot."""
        return self.path.parent / given if isinstance(given, str) else self.place(name)

    def manifest(self) -> Mapping[str, Mapping[str, Any]]:
        """What fetch.json says of each snapshot, by name; nothing where there is none.

        Raises DrgpayError for a file that cannot be read.
        """
        path = self.folder / FETCHED
        if not path.exists():
            return {}
        try:
            inputs: Mapping[str, Mapping[str, Any]] = plain_json(path.read_bytes())["inputs"]
            dict(inputs)
        except (ValueError, KeyError, TypeError, OSError) as error:
            reason = json_fault(error) if isinstance(error, ValueError | OSError) else repr(error)
            raise DrgpayError(*_ERRORS("damaged_manifest", path=path, reason=reason)) from None
        return inputs

    def missing(self) -> list[str]:
        """The inputs that are not fetched, as the job calls them."""
        found = self.manifest()
        return [
            one.key
            for one in self.wanted
            if one.name not in found or not self.place(one.name).is_file()
        ]

    def refuse_unfetched(self) -> None:
        """Raise DrgpayError for snapshots that are missing, forgotten, or of something else."""
        if not self.wanted:
            return
        quoted = shlex.quote(str(self.path))
        missing = self.missing()
        if missing:
            if decision := self.forgotten():
                said = {"by": decision["by"], "at": decision["at"], "quoted": quoted}
                raise DrgpayError(*_ERRORS("snapshots_forgotten", path=self.path, **said))
            said = {"names": listed(missing), "quoted": quoted}
            raise DrgpayError(*_ERRORS("not_fetched", path=self.path, **said))
        found = self.manifest()
        others = [one.key for one in self.wanted if not self._is_of(one, found[one.name])]
        if others:
            said = {"names": listed(others), "quoted": quoted}
            raise DrgpayError(*_ERRORS("other_query", path=self.path, **said))

    def _is_of(self, one: Wanted, about: Mapping[str, Any]) -> bool:
        """Whether a snapshot is of what the job asks for now."""
        return (
            about.get("database") == one.given.database
            and about.get("query_sha256") == one.given.query_hash(self.path.parent)
            and about.get("parameters") == one.given.parameters_said()
        )

    def forgotten(self) -> Mapping[str, Any] | None:
        """The last decision by which the snapshots went, if they are gone by one."""
        record = self.folder / FORGOTTEN
        if (self.folder / FETCHED).exists() or not record.exists():
            return None
        try:
            decision: Mapping[str, Any] = plain_json(record.read_bytes().splitlines()[-1])
            return {"by": decision["by"], "at": decision["at"]}
        except (ValueError, KeyError, IndexError, TypeError, OSError):
            return {"by": "?", "at": "?"}

    def told(self) -> dict[str, dict[str, Any]]:
        """What the manifest of a run says of its snapshots, by name.

        Raises DrgpayError for a snapshot that was changed since it was fetched.
        """
        found = self.manifest()
        for one in self.wanted:
            place = self.place(one.name)
            if file_hash(place) != found[one.name].get("sha256"):
                raise DrgpayError(*_ERRORS("changed_snapshot", path=place))
        return {
            one.name: {key: found[one.name].get(key) for key in _OF_MANIFEST} for one in self.wanted
        }


def wanted_of(
    inputs: Mapping[str, object], section: str, mapped: Sequence[str] = ()
) -> Iterator[Wanted]:
    """Those of the inputs of a section (by key) that are read from a database.

    Each is of the table that its key names. mapped: the keys whose columns a mapping names.
    """
    for key, given in inputs.items():
        if isinstance(given, DatabaseInput):
            yield Wanted(f"{section}.{key}", key, key, given, key in mapped)
