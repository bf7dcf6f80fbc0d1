"""Tables of the folders that supervision leaves, read back; what cannot be read is told with its path."""

from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.system_errors import reason_of
from drgpay.base.words import Sentences
from drgpay.results.manifest import SUPERVISION, Manifest, read_manifest

_ERRORS = Sentences("errors/supervise")


def open_supervision(folder: Path) -> Manifest:
    """The manifest of a supervision's folder; raises DrgpayError for another folder."""
    manifest = read_manifest(folder)
    if manifest.kind != SUPERVISION:
        raise DrgpayError(*_ERRORS("no_supervision", folder=folder))
    return manifest


def kept_table(folder: Path, name: str) -> pl.DataFrame:
    """A table of a supervision's folder, with the names of the file; raises DrgpayError if it is missing."""
    path = folder / f"{name}.parquet"
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_table", path=path))
    return read_kept(path)


def read_kept(path: Path, refusal: str = "unreadable_table") -> pl.DataFrame:
    """A Parquet file that a command left; refusal: the sentence for one that cannot be read."""
    try:
        with path.open("rb") as opened:
            return pl.read_parquet(opened)
    except OSError as error:
        reason: object = reason_of(error)
    except pl.exceptions.PolarsError:
        reason = _ERRORS.words("no_parquet")
    raise DrgpayError(*_ERRORS(refusal, path=path, reason=reason))
