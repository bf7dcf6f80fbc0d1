"""Compiled schemes kept on disk, so that a command starts without compiling again.

The key is the content of the scheme and the version of everything that the tables depend on. A
file that is damaged, foreign or from another version is compiled anew, without a word.
"""

import hashlib
import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from drgpay import __version__
from drgpay.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme, compile_scheme
from drgpay.grouper.exempt_groups import exempt_groups
from drgpay.grouper.scheme_files import content_hash, scheme_folder

_FOLDER_VARIABLE = "DRGPAY_CACHE"
_T = TypeVar("_T")
_DIGEST_BYTES = hashlib.sha256().digest_size


def load_compiled(name: str) -> CompiledScheme:
    """A compiled scheme of kind drg by id or folder, from the cache if it is there.

    The cache lies in $DRGPAY_CACHE, else in $XDG_CACHE_HOME/drgpay or ~/.cache/drgpay; an empty
    DRGPAY_CACHE switches it off. Raises DrgpayError for the mistakes of `load_scheme` and for a
    scheme of kind apg.
    """
    return cached(name, CompiledScheme, _compile)


def cached(name: str, form: type[_T], compile_: Callable[[str], _T]) -> _T:
    """The compiled form of a scheme, from the cache or else made by `compile_` and kept."""
    cache = _cache_folder()
    if cache is None:
        return compile_(name)
    path = cache / f"{_key(scheme_folder(name))}.compiled"
    found = _read(path)
    if isinstance(found, form):
        return found
    made = compile_(name)
    _write(path, made)
    return made


def _compile(name: str) -> CompiledScheme:
    from drgpay.grouper.scheme import load_scheme  # and its libraries: not needed beside a cache

    scheme = load_scheme(name)
    if scheme.info.kind != "drg":
        raise DrgpayError(
            f"the scheme {name} is of kind {scheme.info.kind}: it groups outpatient visits, not stays",
            "name a scheme of kind drg",
        )
    return compile_scheme(scheme)


def _cache_folder() -> Path | None:
    chosen = os.environ.get(_FOLDER_VARIABLE)
    if chosen is not None:
        return Path(chosen) if chosen else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "drgpay"
    except RuntimeError:  # nobody's home
        return None


def _key(folder: Path) -> str:
    versions = (__version__, _source_of_tables(), np.__version__, sys.version)
    # The exempt groups take no part in grouping, and the compiled scheme holds them all the same.
    exempt = str(exempt_groups(folder))
    text = "\n".join([content_hash(folder), exempt, *versions])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _source_of_tables() -> str:
    """A checkout may change the tables without a new version: the code is part of the key."""
    here = Path(__file__).parent
    names = (
        "apg.py",
        "code_patterns.py",
        "compiled.py",
        "scheme.py",
        "group_names.py",
        "exempt_groups.py",
    )
    codes = here.parent / "records" / "codes.py"
    sources = [codes, *(here / name for name in names), *sorted((here / "rules").glob("*"))]
    digest = hashlib.sha256()
    for source in sources:
        if source.is_file():
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> object:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, payload = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != digest:
        return None
    return pickle.loads(payload)


def _write(path: Path, compiled: object) -> None:
    """Keep it if possible: a read-only or full disk is no reason not to group."""
    payload = pickle.dumps(compiled, protocol=5)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged.write_bytes(hashlib.sha256(payload).digest() + payload)
        staged.replace(path)
    with suppress(OSError):
        staged.unlink(missing_ok=True)
