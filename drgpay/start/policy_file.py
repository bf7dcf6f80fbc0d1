"""The policy of a new project: the shipped core with its sources, of a region and a year.

The budget is the region's own: given, or a gap. Visits have sections of their own, from the shipped
illustration.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from drgpay.base.gaps import gap
from drgpay.base.language import Language, Words
from drgpay.base.words import Wording
from drgpay.policy.load import policy_path

WORDS = Wording("start")
CORE = "zhejiang-2019-core"
VISITS = "illustrative"
_BEFORE_BUDGET = "[clearing]"
_NO_BED_DAYS = "bed_days = []"
_OUTPATIENT = "[outpatient]"
_CAPITATION = "[outpatient.capitation]"
"""Its rates are sums of money of a region that there is not."""
_ANNUAL = re.compile(r"^annual_yuan = .*$", re.MULTILINE)


def policy_text(
    region: str,
    year: int,
    accounts: Sequence[str],
    budget: Mapping[str, Decimal],
    bed_days: Sequence[str],
    with_stays: bool,
    with_visits: bool,
    language: Language,
) -> str:
    """The TOML of the policy.

    accounts: those that need a budget; budget: yuan a year, where known. bed_days: classes
    that occur; their points are the region's to set. Without stays they need no budget.
    """
    core = policy_path(CORE).read_text(encoding="utf-8")
    rules = core[core.index("[records]") :]
    rules = rules.replace(_NO_BED_DAYS, _bed_days(bed_days, language), 1)
    before, after = rules.split(_BEFORE_BUDGET, 1)
    parts = [
        *_comment(WORDS.words("policy.head", core=CORE), language),
        "",
        "[policy]",
        f'id = "{year}"',
        f"name = {_quoted(WORDS.said('policy.name', language, region=region, year=year))}",
        f"region = {_quoted(region)}",
        f"year = {year}",
        "",
        before.rstrip(),
        "",
        *(_budget(accounts, budget, language) if with_stays else ()),
        _BEFORE_BUDGET + after.rstrip(),
    ]
    if with_visits:
        parts += ["", *_visits(accounts, language)]
    return "\n".join(parts) + "\n"


def _budget(
    accounts: Sequence[str], budget: Mapping[str, Decimal], language: Language
) -> list[str]:
    return [
        *_comment(WORDS.words("policy.budget"), language),
        "[budget]",
        f"annual_yuan = {_amounts(accounts, budget, language)}",
        *_comment(WORDS.words("policy.reserve"), language),
        "reserve_ratio = 0.05",
        'months = { rule = "equal" }',
        "",
    ]


def _amounts(accounts: Sequence[str], budget: Mapping[str, Decimal], language: Language) -> str:
    amounts = ", ".join(
        f"{account} = {budget[account]:.2f}"
        if account in budget
        else f"{account} = {_quoted(gap(account_budget(account), language))}"
        for account in accounts
    )
    return f"{{ {amounts} }}"


def _bed_days(classes: Sequence[str], language: Language) -> str:
    if not classes:
        return _NO_BED_DAYS
    rows = []
    for name in sorted(classes):
        what = gap(WORDS.words("gap.bed_days", name=name), language)
        rows.append(f"    {{ bed_day_class = {_quoted(name)}, points_per_day = {_quoted(what)} }},")
    return "\n".join(("bed_days = [", *rows, "]"))


def account_budget(account: str) -> Words:
    """What the budget of an account is called."""
    name = WORDS.words(f"account.{account}") if f"account.{account}" in WORDS else account
    return WORDS.words("gap.budget", account=name)


def _visits(accounts: Sequence[str], language: Language) -> list[str]:
    shipped = policy_path(VISITS).read_text(encoding="utf-8")
    sections = shipped[shipped.index(_OUTPATIENT) : shipped.index(_CAPITATION)].rstrip()
    sections = _ANNUAL.sub(
        lambda _: f"annual_yuan = {_amounts(accounts, {}, language)}", sections, count=1
    )
    return [*_comment(WORDS.words("policy.visits", policy=VISITS), language), sections]


def _comment(words: Words, language: Language) -> list[str]:
    return [f"# {line}" for line in words.said_in(language).splitlines()]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
