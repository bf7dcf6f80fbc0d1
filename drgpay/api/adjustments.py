"""Overlays: what changes the groups of a scheme, and proposals for it."""

from collections.abc import Sequence
from pathlib import Path

from drgpay.adjust.apply import Adjusted, try_overlay
from drgpay.adjust.apply import apply_overlay as _apply_overlay
from drgpay.adjust.overlay import Overlay, overlay_toml, read_overlay
from drgpay.adjust.propose import Choices, propose
from drgpay.adjust.proposed import Proposed, proposed
from drgpay.adjust.stays import read_stays
from drgpay.api.arguments import checked, refuse_wrong_fields
from drgpay.api.frames import Stays, open_stays
from drgpay.api.grouping import SchemeLike, compiled_scheme
from drgpay.base.file_rights import BY_UMASK
from drgpay.base.language import Language, chosen
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.records.writing import staged_file

OverlayLike = str | Path | Overlay
"""An overlay's file, or the overlay itself."""


@checked
def propose_overlay(
    stays: Stays,
    scheme: SchemeLike,
    choices: Choices | None = None,
    *,
    overlay_id: str | None = None,
    language: Language | None = None,
    mapping: str | None = None,
    encoding: str | None = None,
    clinical_codes: bool = False,
    threads: int | None = None,
) -> Proposed:
    """Look for splits and merges worth making, by the costs of stays (yuan).

    choices: min_cases, max_depth, min_gain, merge_below, seed, kinds, drgs, adrgs, q (`Choices`).
    Returns `overlay`, and `table` with a row a part: kind, drg, part, code, rule, cases, mean_cost
    (yuan), cv, gains, q and stability as shares, reason. The same stays give the same proposals.
    Raises DrgpayError for missing columns and unknown groups. Source: docs/adjustments.md.
    """
    if choices:
        refuse_wrong_fields(choices)
    compiled = compiled_scheme(scheme)
    dataset = open_stays(stays, compiled.code_system, mapping, encoding, clinical_codes)
    read = read_stays(dataset, compiled, threads=threads)
    found = propose(read, compiled.scheme, choices, threads)
    return proposed(found, read, compiled.scheme, language or chosen(), overlay_id)


@checked
def load_overlay(path: str | Path) -> Overlay:
    """Read an overlay file.

    Raises DrgpayError naming every wrong key and rules that do not parse.
    Source: docs/adjustments.md lists the keys.
    """
    return read_overlay(Path(path))


@checked
def save_overlay(overlay: Overlay, path: str | Path) -> Path:
    """Write an overlay as TOML and return the file; reading it gives the same overlay.

    Raises DrgpayError where the file cannot be written. Source: docs/adjustments.md.
    """
    with staged_file(Path(path), BY_UMASK) as staged:
        staged.write_text(overlay_toml(overlay), encoding="utf-8")
    return Path(path)


@checked
def check_overlay(overlays: OverlayLike | Sequence[OverlayLike], scheme: str | Path) -> Adjusted:
    """Try overlays, one on another, on a scheme (id or folder); nothing is left.

    Returns `before` and `after` (schemes), `findings`, `nowhere` (codes that lead nowhere) and
    `faults`: sentences for which `apply_overlay` would refuse. Raises DrgpayError for overlays that
    do not apply. Source: docs/adjustments.md, "What is refused".
    """
    return try_overlay(scheme, _read(overlays))


@checked
def apply_overlay(
    overlays: OverlayLike | Sequence[OverlayLike], scheme: str | Path, out: str | Path
) -> CompiledScheme:
    """Make a new scheme folder of a scheme (id or folder) and overlays; returns it loaded.

    Raises DrgpayError for overlays that do not apply or make an unsound scheme, and if `out`
    exists. Source: docs/adjustments.md.
    """
    _apply_overlay(scheme, _read(overlays), Path(out))
    return load_compiled(str(out))


def _read(overlays: OverlayLike | Sequence[OverlayLike]) -> list[Overlay]:
    listed = [overlays] if isinstance(overlays, str | Path | Overlay) else list(overlays)
    return [one if isinstance(one, Overlay) else load_overlay(one) for one in listed]
