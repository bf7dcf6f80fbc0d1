"""[output] in job and year files: a folder, and a group that reads it."""

import grp
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.registry.database import database_path
from drgpay.registry.registration import rebuild, register
from drgpay.results.manifest import output_hashes, read_manifest
from drgpay.run.job import AnyJob, load_any_job
from drgpay.run.month_end import run_month
from drgpay.run.output_group import group_of, rights_of_output
from drgpay.run.verify import verify_run
from drgpay.run.year_job import load_any_year_job
from tests.modes import modes
from tests.run.small_region import small_region

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to any group")
JOB = 'period = "2026-10"\nscheme = "chs-drg-2.0"\ncatalogue = "c"\npolicy = "p.toml"\n'
YEAR = JOB.replace('period = "2026-10"', "year = 2026\nreadmissions_across_months = false")
INPUTS = '[inputs]\nhospitals = "h.csv"\n'


def job_file(folder: Path, output: str) -> Path:
    path = folder / "job.toml"
    path.write_text(f'{JOB}{output}\n{INPUTS}stays = "s.csv"\n', encoding="utf-8")
    return path


def load(folder: Path, output: str) -> AnyJob:
    return load_any_job(job_file(folder, output))


def test_a_folder_or_a_table(tmp_path: Path) -> None:
    for output in ('output = "runs"', '[output]\nfolder = "runs"'):
        job = load(tmp_path, output)
        assert (job.output, group_of(job)) == (tmp_path / "runs", None)
    year = tmp_path / "year.toml"
    year.write_text(f'{YEAR}[output]\nfolder = "runs"\ngroup = "some"\n{INPUTS}', encoding="utf-8")
    loaded = load_any_year_job(year)
    assert (loaded.output, loaded.output_group) == (tmp_path / "runs", "some")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ('[output]\ngroup = "some"', "the key output.folder is missing"),
        ('[output]\nfolder = "runs"\ngroup = ""', "the key output.group is wrong"),
        ('[output]\nfolder = "runs"\nmode = "0644"', "the key output.mode is unknown"),
        ("output = 7", r"the key output is wrong: give a folder .* \(given: 7\)"),
    ],
)
def test_wrong_keys_are_named(tmp_path: Path, output: str, words: str) -> None:
    with pytest.raises(DrgpayError, match=words):
        load(tmp_path, output)


def test_an_unknown_group_is_a_sentence(tmp_path: Path) -> None:
    job = load(tmp_path, '[output]\nfolder = "runs"\ngroup = "no-such-group"')
    with pytest.raises(DrgpayError, match=r"job.toml: output.group names no-such-group, which is"):
        run_month(job)
    assert not (tmp_path / "runs").exists()


def test_who_is_no_member_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = {os.getegid(), *os.getgroups()}
    other = next(group for group in grp.getgrall() if group.gr_gid not in mine)
    job = load(tmp_path, f'[output]\nfolder = "runs"\ngroup = "{other.gr_name}"')
    monkeypatch.setattr(os, "geteuid", lambda: 60_124)
    with pytest.raises(DrgpayError, match=rf"names {other.gr_name}, of which .* is no member"):
        rights_of_output(job)
    monkeypatch.setattr(os, "getgroups", lambda: [other.gr_gid])
    assert rights_of_output(job).group == other.gr_gid


@root_only
@pytest.mark.slow
def test_a_month_of_a_group_has_the_bytes_of_any(tmp_path: Path, sample_data: Path) -> None:
    group = next(group for group in grp.getgrall() if group.gr_gid != os.getegid())
    job = load_any_job(small_region(sample_data, tmp_path / "region"))
    alone = run_month(job)
    shared = run_month(replace(job, output=tmp_path / "shared", output_group=group.gr_name))
    assert shared.folder.name == alone.folder.name
    assert output_hashes(shared.folder) == output_hashes(alone.folder)
    assert verify_run(shared.folder).evidence == verify_run(alone.folder).evidence
    assert verify_run(shared.folder).status == "right"
    assert read_manifest(shared.folder).at("rights") == {
        "files": "0640",
        "folders": "2750",
        "kept": True,
        "group": group.gr_name,
    }
    register(shared.folder)
    _is_for(tmp_path / "shared", group.gr_gid)
    rebuild(tmp_path / "shared")
    _is_for(tmp_path / "shared", group.gr_gid)
    # Runs of nobody else's: the database, too, whatever the one that it replaces allowed.
    shutil.rmtree(shared.folder)
    run_month(replace(job, output=tmp_path / "shared"))
    rebuild(tmp_path / "shared")
    assert database_path(tmp_path / "shared").stat().st_mode & 0o777 == 0o600


def _is_for(output: Path, group: int) -> None:
    found = modes(output)
    assert found.pop(".") == 0o2770
    assert found.pop(".drgpay.duckdb.lock") == 0o660
    assert set(found.values()) == {0o640, 0o2750}
    assert {path.stat().st_gid for path in [output, *output.rglob("*")]} == {group}


def test_a_manifest_without_rights_is_verified(tmp_path: Path, sample_data: Path) -> None:
    run = run_month(load_any_job(small_region(sample_data, tmp_path / "region"))).folder
    before = verify_run(run)
    text = (run / "manifest.json").read_text(encoding="utf-8")
    start = text.index(',\n  "rights"')
    (run / "manifest.json").write_text(text[:start] + "\n}\n", encoding="utf-8")
    assert "rights" not in read_manifest(run).content
    after = verify_run(run)
    assert (after.status, after.evidence) == ("right", before.evidence)
