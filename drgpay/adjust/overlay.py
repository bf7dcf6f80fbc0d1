"""An overlay: a TOML file that says how the groups of a scheme are to change (docs/adjustments.md)."""

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import tomli_w
from pydantic import AfterValidator, Field

from drgpay.base.errors import UnfitError
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.grouper.rules.parser import RuleError, parse_rule
from drgpay.policy.fields import Name, Section
from drgpay.policy.load import read_keys

_ERRORS = Sentences("errors/adjust")

Level = Literal["mdc", "adrg", "drg"]


def _parsed(text: str) -> str:
    try:
        parse_rule(text)
    except RuleError as error:
        raise UnfitError(_ERRORS.words("unparsed_rule", said=error.words)) from None
    return text


RuleText = Annotated[str, AfterValidator(_parsed)]
Codes = Annotated[tuple[Name, ...], Field(min_length=1)]


class Identity(Section):
    """[scheme]: what the new scheme is called; what is left out stays as in the base."""

    id: Name
    name: Name
    base: Name | None = None  # the id of the only scheme that the overlay is meant for
    name_en: str | None = None
    authority: Name | None = None
    version: Name | None = None
    effective_from: date | None = None
    effective_to: date | None = None


class Accept(Section):
    """[accept]: findings about the result that are intended."""

    codes_nowhere: tuple[Name, ...] = ()
    unreachable: tuple[Name, ...] = ()


class SetCodes(Section):
    """Codes of one set: [[new_set]], [[add_codes]], [[remove_codes]]."""

    set: Name
    codes: Codes


class MoveCodes(Section):
    """[[move_codes]]: codes that leave one set for another."""

    from_set: Name = Field(alias="from")
    to_set: Name = Field(alias="to")
    codes: Codes


class ChangeRule(Section):
    """[[change_rule]]: another rule for an MDC, an ADRG or a DRG."""

    group: Name
    rule: RuleText
    level: Level | None = None


class AddGroup(Section):
    """[[add_group]]: a new ADRG or DRG with its rule, last under its parent unless `before` another."""

    level: Literal["adrg", "drg"]
    parent: Name
    code: Name
    name: Name
    rule: RuleText
    before: Name | None = None


class Part(Section):
    """[[split.part]]: stays of the group of which the rule holds."""

    code: Name
    name: Name
    rule: RuleText


class Split(Section):
    """[[split]]: parts tried in order before the group, which keeps the rest."""

    drg: Name
    part: Annotated[tuple[Part, ...], Field(min_length=1)]
    rest_name: Name | None = None
    reason: str = ""


class Merge(Section):
    """[[merge]]: DRGs of one ADRG that become one, `code` or else the last of them."""

    drgs: Annotated[tuple[Name, ...], Field(min_length=2)]
    name: Name
    code: Name | None = None
    reason: str = ""


class Rename(Section):
    """[[rename]]: another name for an MDC, an ADRG or a DRG."""

    group: Name
    name: Name
    level: Level | None = None


class Overlay(Shown, Section):
    """A whole overlay; the changes apply in the order of the fields."""

    scheme: Identity
    accept: Accept = Accept()
    new_set: tuple[SetCodes, ...] = ()
    add_codes: tuple[SetCodes, ...] = ()
    remove_codes: tuple[SetCodes, ...] = ()
    move_codes: tuple[MoveCodes, ...] = ()
    change_rule: tuple[ChangeRule, ...] = ()
    add_group: tuple[AddGroup, ...] = ()
    split: tuple[Split, ...] = ()
    merge: tuple[Merge, ...] = ()
    rename: tuple[Rename, ...] = ()

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "scheme", self.scheme.id
        for name in type(self).model_fields:
            changes = getattr(self, name)
            if isinstance(changes, tuple) and changes:
                yield name, changes

    @property
    def content_hash(self) -> str:
        """A hash of what the overlay says, whatever the layout of its file."""
        return hashlib.sha256(self.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def read_overlay(path: Path) -> Overlay:
    """Read an overlay file.

    Raises DrgpayError for TOML that does not parse and, all in one sentence by the paths of their
    keys, for unknown, missing and wrong keys and for rules that do not parse (with line and column).
    """
    what, remedy = _ERRORS.words("overlay"), _ERRORS.words("overlay_keys")
    return read_keys(path, Overlay, what, remedy, decimals=True)


def overlay_toml(overlay: Overlay) -> str:
    """The text of an overlay file; reading it gives the same overlay."""
    return tomli_w.dumps(overlay.model_dump(by_alias=True, exclude_defaults=True))
