"""The schemas that come with the program, and the line by which a TOML file names its own.

They lie here as `generate` makes them of the models that read the files; a test compares both.
"""

from pathlib import Path
from typing import Literal, get_args

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import BY_UMASK
from drgpay.base.words import Sentences
from drgpay.records.writing import staged_file

_ERRORS = Sentences("errors/schemas")

Kind = Literal[
    "job", "year", "policy", "scenario", "mapping", "transition", "responsibility", "evaluation"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
_HERE = Path(__file__).resolve().parent
_DIALECT = b'"$schema"'
_HEAD_BYTES = 1_000


def schema_file(kind: Kind) -> str:
    """The name of the file of a schema, here and beside a TOML file."""
    return f"{kind}.schema.json"


def schema_text(kind: Kind) -> str:
    """The JSON Schema (draft 2020-12) of a kind of TOML file."""
    return (_HERE / schema_file(kind)).read_text(encoding="utf-8")


def schema_line(name: str) -> str:
    """The first line of a TOML file beside which its schema lies; Taplo and Tombi read it."""
    return f"#:schema ./{name}"


def save_schema(text: str, path: Path) -> None:
    """Write a schema over an older one; any other file stays, and is a DrgpayError."""
    if path.suffix.lower() != ".json":
        raise DrgpayError(*_ERRORS("no_json_name", path=path))
    if path.is_file():
        with path.open("rb") as file:
            if _DIALECT not in file.read(_HEAD_BYTES):
                raise DrgpayError(*_ERRORS("no_schema", path=path))
    with staged_file(path, BY_UMASK) as staged:
        staged.write_text(text, encoding="utf-8", newline="\n")
