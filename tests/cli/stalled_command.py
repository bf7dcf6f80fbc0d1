"""Run drgpay until a function is called, say so and stand still, to be killed there.

    python stalled_command.py MODULE:NAME[=NUMBER ...] MODULE:FUNCTION ARGUMENTS ...

Words with a number set a constant first.
"""

import importlib
import sys
import time

from drgpay.cli.main import main


def stand_still(*_arguments: object, **_options: object) -> None:
    print("here", flush=True)
    time.sleep(120)


if __name__ == "__main__":
    words = sys.argv[1:]
    while True:
        place, _, number = words.pop(0).partition("=")
        module, _, path = place.partition(":")
        *owners, name = path.split(".")
        owner = importlib.import_module(module)
        for part in owners:
            owner = getattr(owner, part)
        setattr(owner, name, int(number) if number else stand_still)
        if not number:
            break
    sys.argv = ["drgpay", *words]
    main()
