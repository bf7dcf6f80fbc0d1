"""[databases.NAME]: where a database is found. Where its password comes from, and never the password.

A job or year file may hold such sections; those that all jobs of a computer share stand in
~/.config/drgpay/databases.toml (XDG_CONFIG_HOME). Of the same name, that of the job counts.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from drgpay.base.errors import DrgpayError, UnfitError
from drgpay.base.language import Words, listed
from drgpay.base.words import Sentences
from drgpay.policy.load import read_keys

_ERRORS = Sentences("errors/databases")

DatabaseKind = Literal["postgresql", "odbc"]
_SECRET = re.compile(r"pass|pwd|secret|token|credential|api_?key", re.IGNORECASE)
_ALLOWED = "password_env"
_OF_KIND = {
    "postgresql": ("service", "host", "port", "dbname", "sslmode"),
    "odbc": ("dsn", "quote"),
}
"""The keys that only one kind has; the others are of both."""

# What ODBC allows in names of data sources, so that nothing else gets into a connection string.
_Source = Annotated[
    str,
    StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\[\]{}(),;?*=!@\\]+$"),
]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]+$")]


class DatabaseFile(BaseModel):
    """[databases.NAME]: a database, by the name of its service or data source, or where it listens.

    password_env: the environment variable that holds the password; without it libpq's own ways count
    (PGPASSWORD, a service file, a pass file), of ODBC those of the driver. quote: what the database
    puts around names (ODBC).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: DatabaseKind
    service: _Text | None = None
    host: _Text | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    dbname: _Text | None = None
    user: _Text | None = None
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None = (
        None
    )
    dsn: _Source | None = None
    quote: Literal['"', "`", ""] | None = None
    password_env: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_password(cls, given: Any) -> Any:
        """A password is refused by its key alone: what stands there is not repeated."""
        if isinstance(given, dict):
            for key in given:
                if key != _ALLOWED and _SECRET.search(str(key)):
                    raise UnfitError(_ERRORS.words("password_in_file", key=key))
            variable = given.get(_ALLOWED)
            if variable is not None and not _is_variable(variable):
                raise UnfitError(_ERRORS.words("no_variable_name"))
        return given

    @model_validator(mode="after")
    def _fits_kind(self) -> "DatabaseFile":
        other = "odbc" if self.kind == "postgresql" else "postgresql"
        for key in _OF_KIND[other]:
            if getattr(self, key) is not None:
                raise UnfitError(_ERRORS.words("key_of_other_kind", key=key, kind=self.kind))
        if self.kind == "odbc" and self.dsn is None:
            raise UnfitError(_ERRORS.words("no_dsn"))
        if self.kind == "postgresql" and self.service is None and self.host is None:
            raise UnfitError(_ERRORS.words("no_service"))
        return self

    @property
    def quote_or_usual(self) -> str:
        """What stands around names: by default what the SQL standard has."""
        return '"' if self.quote is None else self.quote


def _is_variable(given: object) -> bool:
    """Whether it can be the name of an environment variable, which a password seldom is."""
    return isinstance(given, str) and bool(re.fullmatch(r"[A-Z_][A-Z0-9_]{0,99}", given))


class DatabasesFile(BaseModel):
    """The file of all databases of a computer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    databases: dict[str, DatabaseFile] = Field(default_factory=dict)


@dataclass(frozen=True)
class Database:
    """A database by the name that jobs call it, and the file that says where it is."""

    name: str
    settings: DatabaseFile
    file: Path

    @property
    def called(self) -> str:
        """What messages and manifests call it: its service or source, else its name in the file."""
        return self.settings.service or self.settings.dsn or self.name

    def password(self) -> str | None:
        """The password that password_env names; None where it names none.

        Raises DrgpayError if the variable is not set.
        """
        variable = self.settings.password_env
        if variable is None:
            return None
        found = os.environ.get(variable)
        if not found:
            raise DrgpayError(*_ERRORS("variable_not_set", file=self.file, name=self.name))
        return found


def shared_file() -> Path:
    """The file of the databases that all jobs of this user share, whether it is there or not."""
    given = os.environ.get("XDG_CONFIG_HOME")
    base = Path(given) if given and Path(given).is_absolute() else Path.home() / ".config"
    return base / "drgpay" / "databases.toml"


def database_named(
    name: str, file: Path, own: Mapping[str, DatabaseFile], shared: Path | None = None
) -> Database:
    """The database that a file (a job) calls by a name: its own section, else one of `shared`.

    own: the sections of the file. shared: by default `shared_file`. Raises DrgpayError for a name that
    neither has, and for what is wrong in the shared file.
    """
    if name in own:
        return Database(name, own[name], file)
    place = shared or shared_file()
    others = _read(place) if place.exists() else {}
    if name in others:
        return Database(name, others[name], place)
    known = listed(sorted({*own, *others})) if own or others else _ERRORS.words("none")
    raise DrgpayError(*_ERRORS("no_database", file=file, name=name, shared=place, known=known))


def _read(path: Path) -> Mapping[str, DatabaseFile]:
    what: Words = _ERRORS.words("databases_file")
    return read_keys(path, DatabasesFile, what, _ERRORS.words("correct_keys")).databases
