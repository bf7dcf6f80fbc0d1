"""By what a run was settled, as its own folder keeps it: nothing of the job is read."""

from pathlib import Path

import polars as pl
from pydantic import ValidationError

from drgpay.base.errors import DrgpayError, UnreadableError
from drgpay.base.language import Words
from drgpay.base.words import Sentences
from drgpay.grouper.apg import load_apg
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.scheme import content_hash, shipped_schemes
from drgpay.points.catalogue import Catalogue, load_catalogue, read_catalogue
from drgpay.policy.load import LoadedPolicy
from drgpay.policy.model import Policy
from drgpay.results.part import STAYS, VISITS
from drgpay.results.run_folder import PaidPart, RunFolder
from drgpay.run.rules import PartRules, StayRules, VisitPaymentRules

_ERRORS = Sentences("errors/run")

ARCHIVED_SCHEMES = "schemes"
"""Where an archive has the schemes, beside its folder of runs."""


def policy_kept(run: RunFolder) -> Policy:
    """The policy of a run; raises DrgpayError for one that this version cannot read."""
    try:
        return Policy.model_validate(run.manifest.parameters)
    except ValidationError:
        raise unreadable(run, _ERRORS.words("no_policy_kept")) from None


def scheme_kept(run: PaidPart, named: str | None = None) -> CompiledScheme:
    """The scheme of the stays of a run: the one `named` by its job, else a shipped one.

    Raises DrgpayError where it is not at hand, or has other tables now.
    """
    compiled = load_compiled(_at_hand(run, named))
    _refuse_other(run, compiled.scheme.content_hash)
    return compiled


def catalogue_of(run: PaidPart) -> Path:
    """Where the copy of the catalogue lies in a run."""
    return run.folder / run.part.file("catalogue")


def catalogue_kept(run: PaidPart) -> Catalogue:
    """The copy of the catalogue in the folder of a run; the scheme itself need not be at hand.

    Raises DrgpayError for a damaged one, and for one of another scheme.
    """
    place, scheme = catalogue_of(run), run.about.scheme
    catalogue = read_catalogue(place)
    if (catalogue.info.scheme, catalogue.info.scheme_hash) != (scheme["id"], scheme["sha256"]):
        detail = {"file": place.name, "scheme": scheme["id"]}
        raise unreadable(run, _ERRORS.words("catalogue_of_other_scheme", **detail))
    return catalogue


def rules_kept(run: PaidPart, hospitals: pl.DataFrame, named: str | None = None) -> StayRules:
    """What the stays of a run were paid by. hospitals: hospital_id, name, level of its lines."""
    compiled = scheme_kept(run, named)
    catalogue = load_catalogue(catalogue_of(run), compiled.scheme)
    return PartRules(STAYS, compiled, _loaded(run), catalogue, hospitals)


def visit_rules_kept(
    run: PaidPart, hospitals: pl.DataFrame, named: str | None = None
) -> VisitPaymentRules:
    """What the visits of a run were paid by, as `rules_kept`."""
    compiled = load_apg(_at_hand(run, named))
    _refuse_other(run, compiled.scheme.content_hash)
    catalogue = load_catalogue(catalogue_of(run), compiled.scheme)
    return PartRules(VISITS, compiled, _loaded(run), catalogue, hospitals, run.enrolment())


def unreadable(run: RunFolder, detail: Words | str) -> UnreadableError:
    """The error for a folder of a run that is not as it was written."""
    return UnreadableError(*_ERRORS("unreadable_run", folder=run.folder, detail=detail))


def _loaded(run: RunFolder) -> LoadedPolicy:
    """The policy without the provenance of its values, which a manifest does not hold."""
    return LoadedPolicy(policy_kept(run), {}, run.manifest.path)


def _at_hand(run: PaidPart, named: str | None) -> str:
    archived = _in_archive(run) if named is None else None
    if archived is not None:
        return archived
    name = named or run.about.scheme["id"]
    if not named and name not in shipped_schemes():
        raise DrgpayError(*_ERRORS("scheme_not_shipped", folder=run.folder, scheme=name))
    return name


def _in_archive(run: PaidPart) -> str | None:
    """The scheme of a run that lies in an unpacked archive (run/archive.py), by its content."""
    place = run.folder.resolve().parent.parent / ARCHIVED_SCHEMES
    if not place.is_dir():
        return None
    folders = sorted(path.parent for path in place.glob("*/scheme.toml"))
    due = run.about.scheme["sha256"]
    return next((str(folder) for folder in folders if content_hash(folder) == due), None)


def _refuse_other(run: PaidPart, now: str) -> None:
    about = run.about.scheme
    if now != about["sha256"]:
        settled = {"folder": run.folder, "scheme": about["id"], "program": run.manifest.program}
        raise DrgpayError(*_ERRORS("other_tables", **settled))
