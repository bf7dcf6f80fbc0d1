"""Whom a job shares its output with."""

import getpass
import grp
import os

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER, Rights, rights_of_group
from drgpay.run.job import AnyJob
from drgpay.run.year_job import AnyYearJob


def group_of(job: AnyJob | AnyYearJob) -> int | None:
    """The number of the group that `output.group` of a job or year file names; None without one.

    Raises DrgpayError if this computer has no such group, or the user is no member of it.
    """
    name = job.output_group
    if name is None:
        return None
    try:
        number = grp.getgrnam(name).gr_gid
    except KeyError:
        raise DrgpayError(
            f"{job.path}: output.group names {name}, which is no group of this computer",
            "correct it, or have the group made",
        ) from None
    if os.geteuid() != 0 and number not in {os.getegid(), *os.getgroups()}:
        raise DrgpayError(
            f"{job.path}: output.group names {name}, of which {_user()} is no member",
            f"have {_user()} made a member and log in again, or name another group",
        )
    return number


def rights_of_output(job: AnyJob | AnyYearJob) -> Rights:
    """The rights of what a job leaves in its output folder; raises as `group_of`."""
    group = group_of(job)
    return OWNER if group is None else rights_of_group(group)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.geteuid()}"
