"""Everything that stays the same from month to month, as arrays to draw from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.grouper.compiled import Leaf
from drgpay.grouper.scheme import Scheme, load_scheme
from drgpay.sample.codebook import Codebook, load_codebook
from drgpay.sample.cores import Core, CoreBook, build_cores
from drgpay.sample.draws import Choices, CodeLists, Flags, Floats, Ints, zipf_shares
from drgpay.sample.hospitals import Hospital, load_hospitals
from drgpay.sample.patients import age_shares
from drgpay.sample.plan import SamplePlan
from drgpay.sample.weights import group_weights

_ERRORS = Sentences("errors/sample")

# Share of heavy groups and cost by level of the hospital.
_HEAVINESS = {"3A": 0.5, "3B": 0.3, "2A": 0.0, "2B": -0.2, "1": -0.9, "0": -1.1}
_SURGERY = {"3A": 1.3, "3B": 1.15, "2A": 0.9, "2B": 0.7, "1": 0.12, "0": 0.04}
LEVEL_COST = {"3A": 1.25, "3B": 1.12, "2A": 0.95, "2B": 0.88, "1": 0.68, "0": 0.6}
_FOCUS = 40.0  # how much more often a specialised hospital sees the MDCs of its focus
_RARITY = 1.0  # frequency falls with weight to this power
_FREQUENCY_SPREAD = 0.9
_HOSPITAL_SPREAD = 0.06
# The words by which these MDCs and groups are named in every national and provincial scheme.
_CHILDBIRTH = "妊娠"
_CHEMOTHERAPY = ("化学治疗", "化疗")
_CHILDBEARING_AGES = (17, 46)
_COMMON_DIAGNOSES, _COMMON_COMPLICATIONS, _COMMON_PROCEDURES = 1500, 600, 300
_UNKNOWN_SUFFIX = "x999z"  # no code table has such codes


@dataclass(frozen=True)
class GroupTable:
    """One row a group that stays are drawn for."""

    leaves: tuple[Leaf, ...]
    weight: Floats
    spread: Floats  # sigma of log cost within the group
    surgical: Flags


@dataclass(frozen=True)
class CoreTable:
    """One row a core; code columns hold numbers of `Vocabulary`."""

    group: Ints
    principal: Ints
    other_diagnoses: CodeLists
    procedures: CodeLists
    department: Ints
    bears_cc: Flags
    bears_mcc: Flags
    patients: Choices  # per core over `patient_rows`
    patient_rows: Ints  # row of PatientTable


@dataclass(frozen=True)
class PatientTable:
    """One row a kind of patient with the ages it may have; -1 where a range does not apply."""

    sex: Ints
    age: Ints  # (kinds, 2)
    days: Ints  # (kinds, 2)
    weight: Ints  # (kinds, 2)


@dataclass(frozen=True)
class Vocabulary:
    """The code strings; the last ones of diagnoses and procedures are in no code table."""

    diagnoses: pa.Array
    procedures: pa.Array
    departments: pa.Array
    unknown: int  # how many at the end of each


@dataclass(frozen=True)
class NoiseTable:
    """Further codes, the common ones first, as numbers of the vocabulary."""

    diagnoses: Ints
    cc: Ints
    mcc: Ints
    procedures: Ints
    male_diagnoses: Ints  # principal diagnoses of one sex, for rows in conflict with it
    female_diagnoses: Ints


@dataclass(frozen=True)
class RegionTables:
    """The region as the generator of a month sees it."""

    hospitals: tuple[Hospital, ...]
    hospital_cost: Floats
    hospital_shares: Floats
    groups: GroupTable
    cores: CoreTable
    patients: PatientTable
    vocabulary: Vocabulary
    noise: NoiseTable
    group_of_hospital: Choices  # per hospital over all groups
    core_of_group: Choices
    stray_cores: Ints
    series_cores: Ints  # of the groups of chemotherapy, for which patients return again and again
    age_shares: Floats
    group_count: int
    covered: frozenset[str]


def build_tables(plan: SamplePlan) -> RegionTables:
    """Lay out the region of a plan."""
    scheme = load_scheme(plan.scheme)
    if scheme.info.kind != "drg":
        raise DrgpayError(*_ERRORS("scheme_of_visits", scheme=scheme.info.id))
    codebook = load_codebook(scheme)
    book = build_cores(codebook, plan.seed)
    rng = np.random.default_rng(np.random.SeedSequence([plan.seed, 3]))
    hospitals = load_hospitals()
    leaves = list(dict.fromkeys(core.group for core in book.cores))
    row_of_group = {leaf: row for row, leaf in enumerate(leaves)}
    group_of_core = np.array([row_of_group[core.group] for core in book.cores], np.int64)
    cores_per_group = np.bincount(group_of_core, minlength=len(leaves))

    surgical = {core.group.drg for core in book.cores if core.procedures}
    weights = group_weights(scheme, frozenset(surgical), plan.seed)
    groups = GroupTable(
        leaves=tuple(leaves),
        weight=np.array([weights.get(leaf.drg, 1.0) for leaf in leaves]),
        spread=rng.uniform(0.35, 0.6, len(leaves)),
        surgical=np.array([leaf.drg in surgical for leaf in leaves]),
    )
    regular = np.array([leaf.status == "grouped" for leaf in leaves])
    name_of_mdc = {mdc.code: mdc.name for mdc in scheme.mdcs}
    mdc_names = [name_of_mdc.get(leaf.mdc, "") for leaf in leaves]
    volume = np.array([hospital.volume for hospital in hospitals])
    vocabulary, numbers = _vocabulary(codebook, book, name_of_mdc)
    patient_table, patient_rows, patient_choices = _patients(book, mdc_names, group_of_core)
    return RegionTables(
        hospitals=hospitals,
        hospital_cost=np.array([LEVEL_COST[hospital.level] for hospital in hospitals])
        * np.exp(rng.normal(0, _HOSPITAL_SPREAD, len(hospitals))),
        hospital_shares=volume / volume.sum(),
        groups=groups,
        cores=_cores(
            book.cores, numbers, group_of_core, patient_rows, patient_choices, name_of_mdc
        ),
        patients=patient_table,
        vocabulary=vocabulary,
        noise=_noise(codebook, numbers, rng),
        group_of_hospital=_group_mix(hospitals, groups, regular, mdc_names, rng),
        core_of_group=Choices.of(
            np.concatenate([zipf_shares(int(count)) for count in cores_per_group]), cores_per_group
        ),
        stray_cores=np.flatnonzero(~regular[group_of_core]),
        series_cores=_series_cores(scheme, leaves, regular, group_of_core),
        age_shares=age_shares(),
        group_count=book.groups,
        covered=book.covered,
    )


def _series_cores(
    scheme: Scheme, leaves: Sequence[Leaf], regular: Flags, group_of_core: Ints
) -> Ints:
    """The cores of groups of chemotherapy, told by the name of group or family."""
    named = {
        drg.code
        for _, adrg, drg in scheme.paths()
        if any(word in f"{adrg.name} {drg.name}" for word in _CHEMOTHERAPY)
    }
    wanted = np.array([leaf.drg in named for leaf in leaves]) & regular
    return np.flatnonzero(wanted[group_of_core])


def _group_mix(
    hospitals: Sequence[Hospital],
    groups: GroupTable,
    regular: Flags,
    mdc_names: Sequence[str],
    rng: np.random.Generator,
) -> Choices:
    """How often each hospital sees each group."""
    popularity = np.exp(rng.normal(0, _FREQUENCY_SPREAD, len(regular))) * regular
    shares = []
    for hospital in hospitals:
        tilt = _HEAVINESS[hospital.level] - _RARITY
        mix = popularity * groups.weight**tilt
        mix *= np.where(groups.surgical, _SURGERY[hospital.level], 1.0)
        focused = [any(word in name for word in hospital.focus) for name in mdc_names]
        shares.append(mix * np.where(focused, _FOCUS, 1.0))
    sizes = np.full(len(hospitals), len(regular), np.int64)
    return Choices.of(np.concatenate(shares), sizes)


class _Numbers:
    """The number of each code string in the vocabulary."""

    def __init__(self, codes: Sequence[str]) -> None:
        self._number_of = {code: number for number, code in enumerate(codes)}

    def of(self, codes: Sequence[str]) -> list[int]:
        """Numbers in the order of the codes."""
        return [self._number_of[code] for code in codes]

    def array(self, codes: Sequence[str]) -> Ints:
        """The same as an array."""
        return np.array(self.of(codes), np.int64)


@dataclass(frozen=True)
class _Numbering:
    diagnoses: _Numbers
    procedures: _Numbers
    departments: _Numbers


def _vocabulary(
    codebook: Codebook, book: CoreBook, name_of_mdc: dict[str, str]
) -> tuple[Vocabulary, _Numbering]:
    used_diagnoses = {code for core in book.cores for code in core.other_diagnoses}
    used_diagnoses |= {core.principal_diagnosis for core in book.cores}
    used_procedures = {code for core in book.cores for code in core.procedures}
    diagnoses = sorted(codebook.diagnoses | used_diagnoses | codebook.sex_of_diagnosis.keys())
    procedures = sorted(codebook.procedures | used_procedures)
    unknown = 5
    for codes, letters in ((diagnoses, 3), (procedures, 2)):
        some = codes[:: len(codes) // 5][:unknown]
        codes += [code[:letters] + _UNKNOWN_SUFFIX for code in some]
    departments = sorted({_department(core, name_of_mdc) for core in book.cores})
    vocabulary = Vocabulary(
        pa.array(diagnoses), pa.array(procedures), pa.array(departments), unknown
    )
    return vocabulary, _Numbering(_Numbers(diagnoses), _Numbers(procedures), _Numbers(departments))


def _department(core: Core, name_of_mdc: dict[str, str]) -> str:
    """The asked department, or one named after the organ of the MDC."""
    if core.department is not None:
        return core.department
    organ = name_of_mdc.get(core.group.mdc, "综合").split("疾病")[0]
    for separator in "、，（及(/和":
        organ = organ.split(separator)[0]
    return organ + ("外科" if core.procedures else "内科")


def _cores(
    cores: Sequence[Core],
    numbers: _Numbering,
    group_of_core: Ints,
    patient_rows: Ints,
    patient_choices: Choices,
    name_of_mdc: dict[str, str],
) -> CoreTable:
    diagnoses, procedures = numbers.diagnoses, numbers.procedures
    return CoreTable(
        group=group_of_core,
        principal=diagnoses.array([core.principal_diagnosis for core in cores]),
        other_diagnoses=CodeLists.of([diagnoses.of(core.other_diagnoses) for core in cores]),
        procedures=CodeLists.of([procedures.of(core.procedures) for core in cores]),
        department=numbers.departments.array([_department(core, name_of_mdc) for core in cores]),
        bears_cc=np.array([core.bears_cc for core in cores]),
        bears_mcc=np.array([core.bears_mcc for core in cores]),
        patients=patient_choices,
        patient_rows=patient_rows,
    )


def _patients(
    book: CoreBook, mdc_names: Sequence[str], group_of_core: Ints
) -> tuple[PatientTable, Ints, Choices]:
    """Kinds of patient; a second set of rows holds the kinds within the childbearing ages."""
    kinds = book.kinds
    missing = (-1, -1)
    ages = np.array([kind.age for kind in kinds], np.int64)
    mass = np.array([kind.mass for kind in kinds])
    fertile_ages = np.clip(ages, *_CHILDBEARING_AGES)
    outside = (ages[:, 0] > _CHILDBEARING_AGES[1]) | (ages[:, 1] < _CHILDBEARING_AGES[0])
    table = PatientTable(
        sex=np.tile(np.array([kind.sex for kind in kinds], np.int64), 2),
        age=np.concatenate([ages, np.where(outside[:, None], ages, fertile_ages)]),
        days=np.tile(np.array([kind.days or missing for kind in kinds], np.int64), (2, 1)),
        weight=np.tile(np.array([kind.weight or missing for kind in kinds], np.int64), (2, 1)),
    )
    masses = np.concatenate([mass, np.where(outside, mass * 1e-6, mass)])
    rows: list[int] = []
    for core, group in zip(book.cores, group_of_core, strict=True):
        shift = len(kinds) if _CHILDBIRTH in mdc_names[group] else 0
        rows += [shift + kind for kind in core.patients]
    patient_rows = np.array(rows, np.int64)
    sizes = np.array([len(core.patients) for core in book.cores], np.int64)
    return table, patient_rows, Choices.of(masses[patient_rows], sizes)


def _noise(codebook: Codebook, numbers: _Numbering, rng: np.random.Generator) -> NoiseTable:
    def some(codes: Sequence[str], of: _Numbers, count: int) -> NDArray[np.int64]:
        return rng.permutation(of.array(codes))[:count]

    diagnoses, procedures = numbers.diagnoses, numbers.procedures
    sexes = codebook.sex_of_diagnosis
    return NoiseTable(
        diagnoses=some(codebook.plain_diagnoses, diagnoses, _COMMON_DIAGNOSES),
        cc=some(sorted(codebook.of_level("CC")), diagnoses, _COMMON_COMPLICATIONS),
        mcc=some(sorted(codebook.of_level("MCC")), diagnoses, _COMMON_COMPLICATIONS),
        procedures=some(codebook.plain_procedures, procedures, _COMMON_PROCEDURES),
        male_diagnoses=diagnoses.array(sorted(code for code, sex in sexes.items() if sex == 1)),
        female_diagnoses=diagnoses.array(sorted(code for code, sex in sexes.items() if sex == 2)),
    )
