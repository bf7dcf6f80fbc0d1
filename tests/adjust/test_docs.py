"""docs/adjustments.md shows an overlay that works, and names every key and feature."""

import tomllib
from pathlib import Path

from drgpay.adjust.features import KINDS
from drgpay.adjust.overlay import Overlay
from drgpay.adjust.proposed import PROPOSAL_SCHEMA
from drgpay.adjust.touched import touched_mdcs

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "adjustments.md").read_text(encoding="utf-8")


def test_the_overlay_shown_can_be_applied() -> None:
    shown = TEXT.split("```toml\n")[1].split("```")[0]
    overlay = Overlay.model_validate(tomllib.loads(shown))
    assert touched_mdcs(overlay, "chs-drg-2.0") == {"MDCE"}


def test_all_keys_features_and_columns_are_named() -> None:
    for name in [*Overlay.model_fields, *KINDS, *PROPOSAL_SCHEMA]:
        assert f"`{name}`" in TEXT or f"[{name}]" in TEXT, name
