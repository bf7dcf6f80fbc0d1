"""Connections to a database, and what its driver says told in one sentence without a secret.

PostgreSQL, and what speaks its protocol, by ADBC; all others by ODBC. Both drivers are of the extra
`drgpay[databases]` and are imported when a connection is opened.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drgpay.base.errors import DrgpayError, shortened
from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.databases.settings import Database

_ERRORS = Sentences("errors/databases")

_LOGIN_SECONDS = 15
_LONGEST = 300
_MASK = "***"

# What libpq and servers say; servers may be set to speak Chinese (lc_messages).
_CAUSES: tuple[tuple[str, str], ...] = (
    ("unknown_service", r"definition of service|service file .* not found|IM002|data source name"),
    ("no_driver", r"can't open lib|IM003|specified driver could not be loaded"),
    ("no_password", r"no password supplied|fe_sendauth"),
    ("wrong_password", r"password authentication failed|认证失败|28P01|28000|1017|08004"),
    ("no_such_database", r"database \".*\" does not exist|数据库.*不存在|3D000"),
    (
        "away",
        r"connection refused|could not connect|could not translate host name|timeout expired"
        r"|timed out|no route to host|server closed the connection|terminating connection"
        r"|network is unreachable|connection reset|broken pipe|no connection to the server"
        r"|starting up|shutting down|could not receive data|could not send data"
        r"|08001|08S01|08006|08003|57P0[123]|HYT0[01]",
    ),
)


@contextmanager
def postgresql(database: Database) -> Iterator[Any]:
    """A connection of ADBC (`adbc_driver_manager.dbapi.Connection`), closed behind the block.

    It commits by itself: a transaction is begun by BEGIN. Texts are UTF-8. Raises
    DrgpayError where the server is not reached, does not let us in, or fails within the block.
    """
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise _no_extra(error) from None
    try:
        connection = dbapi.connect(_conninfo(database), autocommit=True)
    except Error as error:
        raise database_error(error, database) from None
    try:
        yield connection
    except Error as error:
        raise database_error(error, database) from None
    finally:
        _close(connection)


@contextmanager
def odbc(database: Database, *, autocommit: bool = True) -> Iterator[Any]:
    """A connection of arrow-odbc (`arrow_odbc.Connection`), closed behind the block.

    Raises DrgpayError where the driver is missing, the server is not reached, does not let us in, or
    fails within the block.
    """
    try:
        from arrow_odbc import Error, connect
    except (ImportError, OSError) as error:
        raise _no_extra(error) from None
    settings = database.settings
    assert settings.dsn is not None
    try:
        connection = connect(
            f"DSN={settings.dsn};",
            user=settings.user,
            password=database.password(),
            login_timeout_sec=_LOGIN_SECONDS,
            autocommit=autocommit,
        )
    except Error as error:
        raise database_error(error, database) from None
    try:
        yield connection
    except Error as error:
        raise database_error(error, database) from None


def is_of_driver(error: Exception) -> bool:
    """Whether an exception is one of the drivers."""
    return type(error).__module__.partition(".")[0] in ("adbc_driver_manager", "arrow_odbc")


def database_error(error: Exception, database: Database, where: Words | None = None) -> DrgpayError:
    """What a driver says as one sentence: the cause by its name, the driver's first line, a remedy.

    where: what was asked, for what the database itself does not take. No password is in the sentence,
    nor how the connection was opened.
    """
    said = str(error)
    state = getattr(error, "sqlstate", None) or ""
    known = next(
        (key for key, cause in _CAUSES if re.search(cause, f"{state} {said}", re.IGNORECASE)),
        "refused" if where is None else "refused_input",
    )
    return DrgpayError(
        *_ERRORS(
            known,
            name=database.name,
            file=database.file,
            called=database.called,
            reason=reason_of_driver(error, database),
            where=where or "",
        )
    )


def reason_of_driver(error: Exception, database: Database) -> str:
    """The first line of what a driver says, without its own name and without passwords."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    if lines[0].startswith("ODBC emitted an error calling") and len(lines) > 1:
        lines = [re.sub(r"^State: .*?, Message: ", "", lines[1])]
    said = re.sub(r"^[A-Z_ ]+: (\[libpq\] )?", "", lines[0]).rstrip(".:")
    return shortened(_without_secrets(said, database), _LONGEST)


def _without_secrets(text: str, database: Database) -> str:
    """The text with each password that the environment gives masked, as it is or quoted."""
    names = [name for name in (database.settings.password_env, "PGPASSWORD") if name]
    for secret in filter(None, map(os.environ.get, names)):
        for form in {secret, _quoted(secret), _quoted(secret)[1:-1], secret.replace("}", "}}")}:
            text = text.replace(form, _MASK)
    return text


def _conninfo(database: Database) -> str:
    """The settings as libpq takes them; what is not said, libpq takes from its own places."""
    settings = database.settings
    said = {
        "service": settings.service,
        "host": settings.host,
        "port": settings.port,
        "dbname": settings.dbname,
        "user": settings.user,
        "sslmode": settings.sslmode,
        "password": database.password(),
        "connect_timeout": _LOGIN_SECONDS,
        "client_encoding": "UTF8",
        "fallback_application_name": "drgpay",
    }
    return " ".join(
        f"{key}={_quoted(str(value))}" for key, value in said.items() if value is not None
    )


def _quoted(value: str) -> str:
    escaped = value.replace("\\", r"\\").replace("'", r"\'")
    return f"'{escaped}'"


def _no_extra(error: Exception) -> DrgpayError:
    """Which package is missing: ours, or the driver manager of ODBC, which is the system's."""
    lacks_manager = isinstance(error, OSError) or "libodbc" in str(error)
    return DrgpayError(*_ERRORS("no_driver_manager" if lacks_manager else "no_extra"))


def _close(connection: Any) -> None:
    """Close a connection whose server may be gone."""
    from adbc_driver_manager import Error

    try:
        connection.close()
    except Error:
        return
