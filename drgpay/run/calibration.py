"""Make a catalogue from the stays of past years and leave it as a folder."""

from pathlib import Path

from drgpay.errors import DrgpayError
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.grouped_stays import read_grouped_stays, sex_of_diagnosis
from drgpay.points.calibrate import calibrate
from drgpay.points.catalogue import Catalogue, save_catalogue
from drgpay.policy.load import load_policy
from drgpay.records.checks import check_stays
from drgpay.records.dataset import RecordsInput
from drgpay.records.hospitals import read_hospitals
from drgpay.run.month_end import ProgressBar, no_progress
from drgpay.run.staging import staged_folder


def make_catalogue(
    stays: RecordsInput,
    scheme_name: str,
    policy_name: str,
    hospitals_path: Path,
    out: Path,
    progress: ProgressBar = no_progress,
) -> Catalogue:
    """Group, check and calibrate; `out` must not exist yet.

    Raises DrgpayError for every mistake in the inputs.
    """
    if out.exists():
        raise DrgpayError(
            f"{out} exists already", "name a new folder: a catalogue is not rewritten"
        )
    compiled = load_compiled(scheme_name)
    scheme = compiled.scheme
    policy = load_policy(policy_name).policy
    hospitals = read_hospitals(hospitals_path)
    dataset = stays.open(scheme.info.code_system)
    with progress("grouping", dataset.rows) as advance:
        grouped = read_grouped_stays(dataset, compiled, advance)
    checked = check_stays(
        grouped, policy, hospitals, None, sex_of_diagnosis(compiled), str(stays.path)
    )
    catalogue = calibrate(checked.valid, dataset.rows, scheme, policy, out.name, dataset.path.name)
    with staged_folder(out) as staged:
        save_catalogue(catalogue, staged)
    return catalogue
