"""Cores of stays: codes that really lead to a group, found by drawing and by grouping the draws.

A rule says which sets the codes come from; whether an earlier group takes the stay away is left to
the grouper: only the candidates that it puts into the wanted group are kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import NO_GROUP, CompiledScheme, Leaf, compile_scheme
from drgpay.grouper.rules.nodes import And
from drgpay.sample.blueprints import Blueprint, Pool, blueprint
from drgpay.sample.codebook import Codebook
from drgpay.sample.patients import PatientKind, patient_kinds
from drgpay.schemes.alternatives import alternatives

CORES_PER_GROUP = 32
_STRAY_CORES = 200
# (candidates per group, drawn for groups that have fewer cores than)
_ROUNDS = ((48, CORES_PER_GROUP), (200, 8), (1000, 4), (4000, 1))
# Up to how many alternatives of a group are tried.
_BLUEPRINTS = 96
_LEVELS = ("adrg", "drg")

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Core:
    """The codes of a stay that decide its group, and who may have them."""

    group: Leaf
    principal_diagnosis: str
    other_diagnoses: tuple[str, ...]
    procedures: tuple[str, ...]
    department: str | None
    patients: tuple[int, ...]  # the kinds with which the codes lead to the group
    bears_cc: bool = False  # whether the group stays when a CC is added
    bears_mcc: bool = False


@dataclass(frozen=True)
class CoreBook:
    """All cores, those of a group side by side, and the kinds of patient they refer to."""

    cores: tuple[Core, ...]
    kinds: tuple[PatientKind, ...]
    groups: int  # groups of the scheme, ambiguous ones and fallbacks left out

    @property
    def covered(self) -> frozenset[str]:
        """The groups, ambiguous ones left out, that have a core."""
        return frozenset(core.group.drg for core in self.cores if core.group.status == "grouped")


def build_cores(codebook: Codebook, seed: int) -> CoreBook:
    """Find cores for every group that a few thousand draws can reach."""
    compiled = compile_scheme(codebook.scheme)
    kinds = patient_kinds(compiled.thresholds)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    return _Search(codebook, compiled, kinds, rng).book()


@dataclass(frozen=True)
class _Search:
    """The search for cores: what may be drawn, and the grouper that says where a draw ends."""

    codebook: Codebook
    compiled: CompiledScheme
    kinds: tuple[PatientKind, ...]
    rng: np.random.Generator

    def book(self) -> CoreBook:
        plans = self._blueprints()
        found: dict[Leaf, list[Core]] = {group: [] for group in plans}
        for draws, enough in _ROUNDS:
            candidates = [
                candidate
                for group, blueprints in plans.items()
                if len(found[group]) < enough
                for candidate in self._draw(group, blueprints, draws)
            ]
            for core in dict.fromkeys(self._kept(candidates)):
                if len(found[core.group]) < CORES_PER_GROUP and core not in found[core.group]:
                    found[core.group].append(core)
        found[NO_GROUP] = self._strays()
        cores = [core for group in found.values() for core in group]
        cores = self._with_tolerance(self._with_patients(cores))
        groups = sum(group.status == "grouped" for group in plans)
        return CoreBook(tuple(cores), self.kinds, groups)

    def _blueprints(self) -> dict[Leaf, list[Blueprint]]:
        leaves = {(leaf.adrg, leaf.drg): leaf for leaf in self.compiled.leaves}
        plans: dict[Leaf, list[Blueprint]] = {}
        for mdc, adrg, drg in self.codebook.scheme.paths():
            leaf = leaves[adrg.code, drg.code]
            if leaf.status == "ungrouped":
                continue
            options = alternatives(And((mdc.rule, adrg.rule, drg.rule)))
            order = self.rng.permutation(len(options))[:_BLUEPRINTS]
            made = [blueprint(self.codebook, self.kinds, options[number]) for number in order]
            plans[leaf] = [plan for plan in made if plan is not None]
        return plans

    def _draw(self, group: Leaf, blueprints: Sequence[Blueprint], draws: int) -> Iterator[Core]:
        if not blueprints:
            return
        anything = tuple(self.codebook.plain_diagnoses)
        for number in range(draws):
            plan = blueprints[number % len(blueprints)]
            procedures = [plan.principal_procedure] if plan.principal_procedure else []
            principal = self._one(plan.principal_diagnosis or anything)
            yield Core(
                group=group,
                principal_diagnosis=principal,
                other_diagnoses=self._different(plan.other_diagnoses, principal),
                procedures=self._different([*procedures, *plan.other_procedures]),
                department=self._one(plan.department) if plan.department else None,
                patients=(plan.patient,),
            )

    def _one(self, pool: Pool) -> str:
        return pool[int(self.rng.random() * len(pool))]

    def _different(self, pools: Sequence[Pool], *taken: str) -> tuple[str, ...]:
        """A code of each pool, each code once."""
        codes = dict.fromkeys(self._one(pool) for pool in pools)
        return tuple(code for code in codes if code not in taken)

    def _strays(self) -> list[Core]:
        """Stays that no group takes: principal diagnoses that no rule knows."""
        pool = tuple(self.codebook.homeless_diagnoses)
        commonest = max(range(len(self.kinds)), key=lambda number: self.kinds[number].mass)
        return self._kept(
            [
                Core(NO_GROUP, self._one(pool), (), (), None, (commonest,))
                for _ in range(_STRAY_CORES if pool else 0)
            ]
        )

    def _kept(self, candidates: Sequence[Core]) -> list[Core]:
        patients = [self.kinds[core.patients[0]] for core in candidates]
        reached = self._reaches(candidates, patients)
        return [core for core, fits in zip(candidates, reached, strict=True) if fits]

    def _with_patients(self, cores: Sequence[Core]) -> list[Core]:
        """Find out for each core which other kinds of patient end in the same group."""
        codes = _code_columns(cores)
        fits = np.stack([self._reaches(cores, [kind] * len(cores), codes) for kind in self.kinds])
        sexes = np.array([kind.sex for kind in self.kinds])
        result = []
        for number, core in enumerate(cores):
            possible = fits[:, number]
            sex = self.codebook.sex_of_diagnosis.get(core.principal_diagnosis)
            if sex and (possible & (sexes == sex)).any():
                possible = possible & (sexes == sex)
            patients = tuple(int(kind) for kind in np.flatnonzero(possible))
            result.append(replace(core, patients=patients or core.patients))
        return result

    def _with_tolerance(self, cores: Sequence[Core]) -> list[Core]:
        """Find out which cores stay in their group when a further CC or MCC is coded."""
        patients = [self.kinds[core.patients[0]] for core in cores]
        bears = {}
        for level in ("CC", "MCC"):
            pool = tuple(sorted(self.codebook.of_level(level)))
            if not pool:
                bears[level] = np.zeros(len(cores), dtype=np.bool_)
                continue
            more = [self._with_complication(core, pool) for core in cores]
            bears[level] = self._reaches(more, patients)
        return [
            replace(core, bears_cc=bool(cc), bears_mcc=bool(cc and mcc))
            for core, cc, mcc in zip(cores, bears["CC"], bears["MCC"], strict=True)
        ]

    def _with_complication(self, core: Core, pool: Pool) -> Core:
        """The core with one more code of the pool, one that its principal diagnosis allows."""
        scheme = self.codebook.scheme
        excluding = scheme.excluding_tables.get(core.principal_diagnosis, frozenset())
        for _ in range(20):
            code = self._one(pool)
            if scheme.complications[code].exclusion_table not in excluding:
                break
        return replace(core, other_diagnoses=(*core.other_diagnoses, code))

    def _reaches(
        self,
        cores: Sequence[Core],
        patients: Sequence[PatientKind],
        codes: dict[str, pa.Array] | None = None,
    ) -> Flags:
        """Which cores the grouper puts into their group when such patients have them."""
        columns = (codes or _code_columns(cores)) | _patient_columns(patients)
        grouped = group_batch(self.compiled, pa.RecordBatch.from_pydict(columns))
        wanted = {
            level: pa.array([getattr(core.group, level) for core in cores]) for level in _LEVELS
        }
        same = [
            pc.equal(pc.cast(grouped[level], pa.string()), names).to_numpy(zero_copy_only=False)
            for level, names in wanted.items()
        ]
        both: Flags = np.logical_and.reduce(same)
        return both


def _code_columns(cores: Sequence[Core]) -> dict[str, pa.Array]:
    lists = pa.list_(pa.string())
    return {
        "principal_diagnosis": pa.array([core.principal_diagnosis for core in cores], pa.string()),
        "other_diagnoses": pa.array([core.other_diagnoses for core in cores], lists),
        "procedures": pa.array([core.procedures for core in cores], lists),
        "department": pa.array([core.department for core in cores], pa.string()),
    }


def _patient_columns(patients: Sequence[PatientKind]) -> dict[str, pa.Array]:
    return {
        "sex": pa.array([kind.sex for kind in patients], pa.int8()),
        "age": pa.array([kind.age[0] for kind in patients], pa.int16()),
        "age_days": pa.array([kind.days and kind.days[0] for kind in patients], pa.int16()),
        "weight_g": pa.array([kind.weight and kind.weight[0] for kind in patients], pa.int32()),
        "length_of_stay": pa.array([7] * len(patients), pa.int16()),
        "discharge_type": pa.array([1] * len(patients), pa.int8()),
    }
