"""What a month is paid by: policy, hospitals, filings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.api.arguments import checked
from drgpay.api.frames import Table, as_file, reading_of
from drgpay.policy.load import LoadedPolicy
from drgpay.policy.load import load_policy as _load_policy
from drgpay.policy.model import Policy
from drgpay.records.filings import Filings, read_filings
from drgpay.records.hospitals import read_hospitals
from drgpay.records.visits.enrolment import read_enrolment
from drgpay.simulate.paths import with_values

PolicyLike = str | Path | Policy
"""A policy's id, its TOML file, or what `load_policy` gave."""
HospitalsLike = Table
"""The table of hospitals: a CSV or Parquet file, or a frame."""


@checked
def load_policy(name: str | Path) -> Policy:
    """The parameters of a region and a year; yuan and ratios are decimals.

    name: the id of a shipped policy or a TOML file. Raises DrgpayError naming every wrong key.
    Source: the file, whose values may name theirs; docs/policy.md lists the keys.
    """
    return _load_policy(name).policy


@checked
def change_policy(policy: PolicyLike, values: Mapping[str, Any]) -> Policy:
    """The policy with other values by dotted path, as `{"settlement.prepay_ratio": "0.9"}`.

    A place in a list is a number from 0; money is in yuan. Give decimals as text or Decimal. Raises
    DrgpayError for an unknown path, with the nearest known one, and for a value that the policy
    refuses. Source: docs/policy.md.
    """
    return with_values(loaded_policy(policy), values, "change_policy")


def loaded_policy(policy: PolicyLike) -> Policy:
    """What was loaded already, or loaded now; raises DrgpayError as `load_policy`."""
    return policy if isinstance(policy, Policy) else load_policy(policy)


def named_policy(given: PolicyLike, policy: Policy) -> LoadedPolicy:
    """A policy as runs have it, called as it was given."""
    return LoadedPolicy(policy, {}, Path(policy.policy.id if isinstance(given, Policy) else given))


@checked
def load_hospitals(hospitals: HospitalsLike) -> pl.DataFrame:
    """The contracted hospitals, one row each, sorted by hospital_id; all columns are text.

    Takes hospital_id, name, level and, if there, county, alliance, kind, assessment. Raises
    DrgpayError for a missing column or cell and for a hospital that is listed twice.
    Source: docs/files.md, "Input: hospitals".
    """
    with as_file(hospitals, "hospitals") as path:
        return read_hospitals(path)


@checked
def load_filings(
    reviews: str | Path | None = None,
    deductions: str | Path | None = None,
    technologies: str | Path | None = None,
    *,
    policy: PolicyLike | None = None,
) -> Filings:
    """What was filed beside the records of a period: CSV or Parquet files, each optional.

    policy: says how times are read where a file has any. Returns frames `reviews`, `deductions`, `technologies`, `payments` in scaled integers: money in
    fen, points in 1/10,000. Raises DrgpayError naming file, row and column of a mistake.
    Source: docs/files.md, "Input: filings".
    """
    return read_filings(
        *(Path(one) if one else None for one in (reviews, deductions, technologies)),
        reading=reading_of(loaded_policy(policy) if policy is not None else None),
    )


@checked
def load_enrolment(enrolment: Table, policy: PolicyLike) -> pl.DataFrame:
    """Who is under contract with whom: contractor_id, account, age_band (or null), heads; sorted.

    Raises DrgpayError naming row and column of a mistake, and for an account that records.accounts
    of the policy does not list. Source: docs/files.md, "Input: enrolment".
    """
    with as_file(enrolment, "enrolment") as path:
        return read_enrolment(path, loaded_policy(policy).records.accounts)
