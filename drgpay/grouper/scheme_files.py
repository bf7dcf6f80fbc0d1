"""Where a scheme lies and what it holds, found without reading it: its folder, its content hash."""

import hashlib
from pathlib import Path

from drgpay.base.errors import DrgpayError
from drgpay.base.language import listed
from drgpay.base.nearest import unknown_name
from drgpay.base.shipped import shipped_folder
from drgpay.base.words import Sentences
from drgpay.tables.declared import read_tables

_ERRORS = Sentences("errors/grouper")

_COLUMNS = {
    name: tuple(field.name for field in table.fields)
    for name, table in read_tables("schemes").items()
}
# Further tables of a scheme of kind apg.
APG_TABLES = {"packaging": _COLUMNS["packaging"]}
# Lists that a scheme of kind drg may have: diagnoses that cannot be principal, procedures that take
# no part in grouping, groups of primary care (ADRGs or DRGs). No rule reads them.
OPTIONAL_TABLES = {name: _COLUMNS[name] for name in ("not_principal", "no_part", "primary_care")}
TABLES = {
    name: columns
    for name, columns in _COLUMNS.items()
    if name not in (*APG_TABLES, *OPTIONAL_TABLES)
}


def shipped_schemes() -> list[str]:
    """The ids of the schemes that come with the program, sorted."""
    folder = shipped_folder("grouping_schemes")
    return sorted(path.parent.name for path in folder.glob("*/scheme.toml"))


def scheme_folder(name: str) -> Path:
    """The folder of a scheme that is named by its id or by its folder."""
    shipped = shipped_folder("grouping_schemes") / name
    if name in shipped_schemes():
        return shipped
    folder = Path(name)
    if (folder / "scheme.toml").is_file():
        return folder
    if folder.is_dir():
        raise DrgpayError(*_ERRORS("no_scheme_file", folder=folder))
    what, other = _ERRORS.words("scheme.what"), _ERRORS.words("scheme.other")
    raise unknown_name(what, name, other, shipped_schemes())


def missing_table(path: Path) -> DrgpayError:
    """The mistake of a scheme that lacks one of its files."""
    needed = listed([*TABLES, *(APG_TABLES if path.stem in APG_TABLES else ())])
    return DrgpayError(*_ERRORS("no_table", path=path, needed=needed))


def content_hash(folder: Path) -> str:
    """A hash over the files of a scheme; raises DrgpayError if one is missing."""
    digest = hashlib.sha256()
    further = [
        f"{table}.csv"
        for table in (*APG_TABLES, *OPTIONAL_TABLES)
        if (folder / f"{table}.csv").is_file()
    ]
    for name in ["scheme.toml", *(f"{table}.csv" for table in TABLES), *further]:
        digest.update(name.encode())
        # A checkout with other line endings is the same scheme.
        try:
            digest.update((folder / name).read_bytes().replace(b"\r\n", b"\n"))
        except FileNotFoundError:
            raise missing_table(folder / name) from None
    return digest.hexdigest()
