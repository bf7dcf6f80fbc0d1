"""What the operating system says of a file that it refused."""

import errno
import os

from drgpay.base.language import Words, alike
from drgpay.base.words import Wording

_REASONS = Wording("errors/system")


def reason_of(error: OSError) -> Words:
    """Why the system refused, in a few words."""
    name = errno.errorcode.get(error.errno, "") if error.errno else ""
    if name in _REASONS:
        return _REASONS.words(name)
    return alike(os.strerror(error.errno) if error.errno else error)
