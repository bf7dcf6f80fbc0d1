"""By what a run was settled, as its own folder keeps it: nothing of the job is read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from drgpay.base.errors import DrgpayError, UnreadableError
from drgpay.grouper.apg import load_apg
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.scheme import shipped_schemes
from drgpay.points.catalogue import Catalogue, load_catalogue, read_catalogue
from drgpay.policy.load import LoadedPolicy
from drgpay.policy.model import Policy
from drgpay.results.manifest import MANIFEST
from drgpay.run.rules import StayRules, VisitPaymentRules, outpatient_of


def policy_kept(folder: Path, manifest: Mapping[str, Any]) -> Policy:
    """The policy of a run; raises DrgpayError for one that this version cannot read."""
    try:
        return Policy.model_validate(manifest["policy"]["parameters"])
    except (ValidationError, KeyError, TypeError):
        raise unreadable(folder, "its manifest holds no policy of this version") from None


def scheme_kept(
    folder: Path, manifest: Mapping[str, Any], named: str | None = None
) -> CompiledScheme:
    """The scheme of the stays of a run: the one `named` by its job, else a shipped one.

    Raises DrgpayError where it is not at hand, or has other tables now.
    """
    about = manifest["scheme"]
    compiled = load_compiled(_at_hand(folder, about, named))
    _refuse_other(folder, manifest, about, compiled.scheme.content_hash)
    return compiled


def catalogue_kept(folder: Path, name: str, about: Mapping[str, Any]) -> Catalogue:
    """The copy of the catalogue in the folder of a run; the scheme itself need not be at hand.

    about: the part of the manifest that names the scheme. Raises DrgpayError for a damaged one, and
    for one of another scheme.
    """
    catalogue = read_catalogue(folder / name)
    scheme = about["scheme"]
    if (catalogue.info.scheme, catalogue.info.scheme_hash) != (scheme["id"], scheme["sha256"]):
        raise unreadable(folder, f"{name} was made for another scheme than {scheme['id']}")
    return catalogue


def rules_kept(
    folder: Path, manifest: Mapping[str, Any], hospitals: pl.DataFrame, named: str | None = None
) -> StayRules:
    """What the stays of a run were paid by. hospitals: hospital_id, name, level of its lines."""
    compiled = scheme_kept(folder, manifest, named)
    catalogue = load_catalogue(folder / "catalogue", compiled.scheme)
    return StayRules(compiled, _loaded(folder, manifest), catalogue, hospitals)


def visit_rules_kept(
    folder: Path,
    manifest: Mapping[str, Any],
    hospitals: pl.DataFrame,
    enrolment: pl.DataFrame | None,
    named: str | None = None,
) -> VisitPaymentRules:
    """What the visits of a run were paid by, as `rules_kept`."""
    about = manifest["outpatient"]
    compiled = load_apg(_at_hand(folder, about["scheme"], named))
    _refuse_other(folder, manifest, about["scheme"], compiled.scheme.content_hash)
    loaded = _loaded(folder, manifest)
    catalogue = load_catalogue(folder / "visit_catalogue", compiled.scheme)
    outpatient = outpatient_of(loaded.policy)
    return VisitPaymentRules(compiled, loaded, outpatient, catalogue, hospitals, enrolment)


def unreadable(folder: Path, detail: str) -> UnreadableError:
    """The error for a folder of a run that is not as it was written."""
    return UnreadableError(
        f"the run {folder} cannot be read ({detail})",
        f"see what changed (drgpay verify {folder}) and restore it from a copy",
    )


def _loaded(folder: Path, manifest: Mapping[str, Any]) -> LoadedPolicy:
    """The policy without the provenance of its values, which a manifest does not hold."""
    return LoadedPolicy(policy_kept(folder, manifest), {}, folder / MANIFEST)


def _at_hand(folder: Path, about: Mapping[str, str], named: str | None) -> str:
    name = named or about["id"]
    if not named and name not in shipped_schemes():
        raise DrgpayError(
            f"{folder} was settled with the scheme {name}, which is not shipped",
            "name with --job the job file, which says where the scheme lies",
        )
    return name


def _refuse_other(
    folder: Path, manifest: Mapping[str, Any], about: Mapping[str, str], now: str
) -> None:
    if now != about["sha256"]:
        raise DrgpayError(
            f"{folder} was settled with the scheme {about['id']} with other tables than it has now",
            f"use {manifest['program']}, or name with --job a job that has this scheme",
        )
