"""Whom a job shares its output with."""

import getpass

from drgpay.base.errors import DrgpayError
from drgpay.base.file_rights import OWNER, Rights, rights_of_group
from drgpay.base.language import Words, alike
from drgpay.base.users import is_member, number_of_group, own_number
from drgpay.base.words import Sentences
from drgpay.run.job import AnyJob
from drgpay.run.year_job import AnyYearJob

_ERRORS = Sentences("errors/run")


def group_of(job: AnyJob | AnyYearJob) -> int | None:
    """The number of the group that `output.group` of a job or year file names; None without one.

    Raises DrgpayError if this computer has no such group, or the user is no member of it.
    """
    name = job.output_group
    if name is None:
        return None
    number = number_of_group(name)
    if number is None:
        raise DrgpayError(*_ERRORS("no_such_group", path=job.path, group=name))
    if not is_member(number):
        raise DrgpayError(*_ERRORS("no_member", path=job.path, group=name, user=_user()))
    return number


def rights_of_output(job: AnyJob | AnyYearJob) -> Rights:
    """The rights of what a job leaves in its output folder; raises as `group_of`."""
    group = group_of(job)
    return OWNER if group is None else rights_of_group(group)


def _user() -> Words:
    try:
        return alike(getpass.getuser())
    except (KeyError, OSError):
        return _ERRORS.words("user", number=own_number())
