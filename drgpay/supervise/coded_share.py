"""How many of its eligible stays a hospital codes severe, beside its peers (07, "up_coding")."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl


def coded_shares(
    counts: pl.DataFrame, peers: Mapping[str, Sequence[str]], min_there: int, min_peers: int
) -> pl.DataFrame:
    """hospital_id, n, p, e: of each hospital its share of coded stays and what its peers' shares expect.

    counts: hospital_id, adrg, eligible, coded. The share of an ADRG is the median over the peers with at
    least min_there eligible stays there; with fewer than min_peers such peers the pooled share of the
    peers; an ADRG without any counts in neither. Statistics: floats.
    """
    hospitals = sorted(peers)
    adrgs = counts["adrg"].unique().sort().to_list()
    place = {name: number for number, name in enumerate(hospitals)}
    column = {name: number for number, name in enumerate(adrgs)}
    eligible = np.zeros((len(hospitals), len(adrgs)))
    coded = np.zeros_like(eligible)
    for hospital, adrg, n, c in counts.select(
        "hospital_id", "adrg", "eligible", "coded"
    ).iter_rows():
        eligible[place[hospital], column[adrg]] = n
        coded[place[hospital], column[adrg]] = c
    rows = []
    for hospital in hospitals:
        mine = place[hospital]
        theirs = [place[one] for one in peers[hospital]]
        shares = _expected(eligible[theirs], coded[theirs], min_there, min_peers)
        counted = (eligible[mine] > 0) & ~np.isnan(shares)
        n = float(eligible[mine][counted].sum())
        if n:
            p = float(coded[mine][counted].sum()) / n
            e = float((eligible[mine][counted] * shares[counted]).sum()) / n
            rows.append((hospital, int(n), p, e))
    schema = {"hospital_id": pl.String, "n": pl.Int64, "p": pl.Float64, "e": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _expected(
    eligible: np.ndarray, coded: np.ndarray, min_there: int, min_peers: int
) -> np.ndarray:
    """The peers' share of each ADRG, nan where none has an eligible stay."""
    shares = np.full(eligible.shape[1], np.nan)
    for adrg in range(eligible.shape[1]):
        there = eligible[:, adrg] >= min_there
        pooled = eligible[:, adrg].sum()
        if there.sum() >= min_peers:
            shares[adrg] = np.median(coded[there, adrg] / eligible[there, adrg])
        elif pooled:
            shares[adrg] = coded[:, adrg].sum() / pooled
    return shares


def prior(
    n: int, p: float, e: float, *, min_n: int, z_from: float, least: float, most: float
) -> float:
    """pi, the part of its coded stays that a hospital may have coded up (S8: .5690).

    (p - e) / p held in least .. most where n and z are large enough; else least, also where p, e or
    1 - e is 0.
    """
    if n < min_n or p <= 0 or e <= 0 or e >= 1:
        return least
    z = (p - e) / float(np.sqrt(e * (1 - e) / n))
    return min(max((p - e) / p, least), most) if z >= z_from else least
