"""What visits are drawn from: providers, diagnoses with their profiles, items by category."""

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import numpy as np
import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.records.known_codes import code_table
from drgpay.sample.contractors import Contractors, load_contractors
from drgpay.sample.draws import Choices, Floats, Ints, zipf_shares
from drgpay.sample.hospitals import Hospital, load_hospitals

_ERRORS = Sentences("errors/sample")

FEE = "fee"
"""The category of which a visit to a hospital has one item."""

_CODES_OF_A_PREFIX = 12
_PHARMACY_SHARE = 0.12  # of the visits
_CODE_SYSTEM = "insurance-2.0"


@dataclass(frozen=True)
class VisitTables:
    """Providers (pharmacies last), principal diagnoses, profiles and items, each by number.

    means: how many lines of a category a visit of a profile has: (profiles, categories).
    diagnosis_*: one entry a diagnosis of `diagnoses`; chronic, special: the share of such visits.
    """

    hospitals: tuple[Hospital, ...]
    pharmacies: tuple[Hospital, ...]
    contractors: Contractors
    diagnoses: pa.Array
    diagnosis_shares: Floats
    diagnosis_profile: Ints
    diagnosis_chronic: Floats
    diagnosis_special: Floats
    categories: tuple[str, ...]
    means: Floats
    item_codes: pa.Array
    item_kinds: pa.Array
    item_yuan: Floats
    item_sigma: Floats
    items_of_category: Choices

    @cached_property
    def providers(self) -> tuple[Hospital, ...]:
        """Hospitals, then pharmacies."""
        return (*self.hospitals, *self.pharmacies)

    @cached_property
    def provider_shares(self) -> Floats:
        """The share of the visits that each provider has."""
        hospitals = np.array([each.volume for each in self.hospitals])
        pharmacies = np.array([each.volume for each in self.pharmacies])
        return np.concatenate(
            (
                hospitals / hospitals.sum() * (1 - _PHARMACY_SHARE),
                pharmacies / pharmacies.sum() * _PHARMACY_SHARE,
            )
        )

    @cached_property
    def sold_in_pharmacies(self) -> Ints:
        """The categories of drugs."""
        return np.array([n for n, name in enumerate(self.categories) if "drug" in name])


def load_visit_tables() -> VisitTables:
    """The tables of this package and the shipped diagnoses."""
    items = _table("visit_items.csv").sort("category", maintain_order=True)
    categories = tuple(items["category"].unique(maintain_order=True))
    lengths = items.group_by("category", maintain_order=True).len()["len"]
    sizes = lengths.cast(pl.Int64).to_numpy()
    profiles = _table("visit_profiles.csv")
    names = tuple(profiles["profile"].unique(maintain_order=True))
    means = np.zeros((len(names), len(categories)))
    for profile, category, mean in profiles.iter_rows():
        means[names.index(profile), categories.index(category)] = mean
    diagnoses = _diagnoses(names)
    return VisitTables(
        hospitals=load_hospitals(),
        pharmacies=load_hospitals("visit_providers.csv"),
        contractors=load_contractors(),
        diagnoses=pa.array(diagnoses["code"].to_list()),
        diagnosis_shares=diagnoses["share"].to_numpy() / diagnoses["share"].sum(),
        diagnosis_profile=diagnoses["profile"].to_numpy(),
        diagnosis_chronic=diagnoses["chronic"].to_numpy(),
        diagnosis_special=diagnoses["special"].to_numpy(),
        categories=categories,
        means=means,
        item_codes=pa.array(items["item_code"].to_list()),
        item_kinds=pa.array(items["item_kind"].to_list()),
        item_yuan=items["yuan"].to_numpy(),
        item_sigma=items["sigma"].to_numpy(),
        items_of_category=Choices.of(items["weight"].to_numpy(), sizes),
    )


def _diagnoses(profiles: tuple[str, ...]) -> pl.DataFrame:
    """Some codes of each prefix: code, share, profile (its number), chronic, special."""
    known = code_table(_CODE_SYSTEM, "diagnoses")
    if known is None:
        raise DrgpayError(*_ERRORS("no_code_table", code_system=_CODE_SYSTEM))
    parts = []
    for prefix, profile, weight, chronic, special in _table("visit_diagnoses.csv").iter_rows():
        codes = known.filter(pl.col("code").str.starts_with(prefix))["code"].head(
            _CODES_OF_A_PREFIX
        )
        parts.append(
            pl.DataFrame(
                {
                    "code": codes,
                    "share": weight * zipf_shares(len(codes)),
                    "profile": profiles.index(profile),
                    "chronic": float(chronic),
                    "special": float(special),
                }
            )
        )
    return pl.concat(parts)


def _table(name: str) -> pl.DataFrame:
    data = files("drgpay.sample").joinpath(name).read_bytes()
    frame = pl.read_csv(data, infer_schema=False)
    numbers = ("yuan", "sigma", "weight", "mean", "chronic", "special")
    return frame.with_columns(
        pl.col(column).cast(pl.Float64) for column in frame.columns if column in numbers
    )
