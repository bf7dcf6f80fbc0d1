"""The folder of a result that is no run: named by what it stands for, there as a whole or not at all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER
from drgpay.base.words import Sentences
from drgpay.results.data_package import write_data_package
from drgpay.results.manifest import output_hashes, read_manifest, run_id_of, write_manifest
from drgpay.run.staging import staged_folder

_ERRORS = Sentences("errors/run")


def leave_result(
    basis: Mapping[str, Any],
    beside: Path,
    out: Path | None,
    fill: Callable[[Path], None],
    counts: Mapping[str, int],
    seconds: Mapping[str, float] | None = None,
) -> Path:
    """Have `fill` write the files of a result, add manifest and data package; returns the folder.

    It is `out`, or lies in `beside` under the id of the basis, where the same result may lie already.
    For its owner alone. Raises DrgpayError if `out` exists, for another result of the same id, and for
    whatever the operating system refuses.
    """
    folder = out or beside / run_id_of(basis)
    with staged_folder(folder, *(() if out else (keep_same,))) as staged:
        fill(staged)
        write_manifest(staged, folder.name, dict(basis), dict(counts), dict(seconds or {}), OWNER)
        write_data_package(staged)
    return folder


def keep_same(folder: Path, staged: Path) -> None:
    """The id stands for the content; what lies there with it must be that."""
    same = read_manifest(folder).at("basis_sha256") == read_manifest(staged).at("basis_sha256")
    if not same or output_hashes(folder) != output_hashes(staged):
        raise DrgpayError(*_ERRORS("other_result_folder", folder=folder))
