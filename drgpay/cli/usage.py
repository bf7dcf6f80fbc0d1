"""What is wrong with the words of a command line, in a sentence like every other mistake."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from typer.exceptions import TyperException

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Words, alike, listed
from drgpay.base.nearest import nearest_name
from drgpay.base.words import Sentences

_ERRORS = Sentences("errors/cli")
_MOVED = {
    ("explain", "--stay"): "explain-stay",
    ("explain", "--sex"): "explain-stay",
    ("explain", "--age"): "explain-stay",
    ("explain", "--diagnosis"): "explain-stay",
    ("explain", "--procedure"): "explain-stay",
    ("explain", "--visit"): "explain-visit",
    ("explain", "--items"): "explain-visit",
    ("calibrate", "--items"): "calibrate-visits",
    ("calibrate", "--previous"): "calibrate-visits",
    ("calibrate", "--items-mapping"): "calibrate-visits",
    ("scheme diff", "--stays"): "scheme migrate",
    ("scheme diff", "--matrix-out"): "scheme migrate",
    ("adjust propose", "--max-depth"): "adjust split",
    ("adjust propose", "--min-gain"): "adjust split",
    ("adjust propose", "--q"): "adjust split",
    ("adjust propose", "--features"): "adjust split",
    ("adjust propose", "--seed"): "adjust split",
    ("adjust propose", "--by-length-of-stay"): "adjust split",
}
"""What a command took formerly, and the command that has it now."""
_NOW_SET = {
    "scheme import": {
        **{f"--{key}": key for key in ("name", "authority", "kind")},
        "--version-label": "version",
        "--effective-from": "effective_from",
        "--effective-to": "effective_to",
        "--code-system": "code_system",
    }
}
"""Options that are keys of --set now."""


@contextmanager
def usage_in_sentences() -> Iterator[None]:
    """Raise what typer refuses within the block as DrgpayError."""
    try:
        yield
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # the help has been printed
            raise
        raise _sentence(error) from None


def unknown_command(ctx: Any, name: str, known: Sequence[str]) -> DrgpayError:
    """The mistake of a command that there is not."""
    meant = nearest_name(name, known)
    said = {"name": name, "of": _path(ctx), "known": listed(known)}
    if meant:
        return DrgpayError(*_ERRORS("command_like", meant=meant, **said))
    return DrgpayError(*_ERRORS("no_command", **said))


def moved(ctx: Any, word: str) -> DrgpayError | None:
    """The mistake of a word that another command takes now."""
    of = _path(ctx).removeprefix("drgpay").strip()
    key = _NOW_SET.get(of, {}).get(word)
    if key:
        return DrgpayError(*_ERRORS("now_set", word=word, of=_path(ctx), key=key))
    command = _MOVED.get((of, word))
    if command is None:
        return None
    return DrgpayError(*_ERRORS("moved", word=word, of=_path(ctx), command=f"drgpay {command}"))


def refuse_extra(ctx: Any) -> None:
    """Refuse arguments that a command has no use for."""
    if ctx.args:
        extra = listed(ctx.args)
        raise DrgpayError(*_ERRORS("extra", extra=extra, of=_path(ctx)))


def _sentence(error: Any) -> DrgpayError:
    ctx = getattr(error, "ctx", None)
    kind = type(error).__name__
    if kind == "NoSuchOption":
        return _no_option(ctx, error.option_name)
    if kind == "BadOptionUsage":
        named = [each for each in _options(ctx) if error.option_name in each.opts]
        takes_none = bool(named and named[0].is_flag)
        key = "needless_value" if takes_none else "valueless"
        return DrgpayError(*_ERRORS(key, option=error.option_name, of=_path(ctx)))
    if kind == "MissingParameter" and error.param is not None:
        return DrgpayError(*_ERRORS("missing", what=_called(error.param), of=_path(ctx)))
    if kind == "BadParameter" and error.param is not None:
        return _bad_value(error)
    return DrgpayError(alike(error.format_message()), _ERRORS.words("see_help", of=_path(ctx)))


def _no_option(ctx: Any, option: str) -> DrgpayError:
    former = moved(ctx, option)
    if former:
        return former
    known = [name for each in _options(ctx) for name in (*each.opts, *each.secondary_opts)]
    meant = nearest_name(option, known)
    if meant:
        return DrgpayError(*_ERRORS("option_like", option=option, meant=meant, of=_path(ctx)))
    return DrgpayError(*_ERRORS("no_option", option=option, of=_path(ctx)))


def _bad_value(error: Any) -> DrgpayError:
    """The mistake of a value that is none of the choices or no number."""
    found = error.__cause__.errors()[0] if hasattr(error.__cause__, "errors") else {}
    value = found.get("input", error.message)
    kind = found.get("type", "")
    limits = found.get("ctx", {})
    choices = error.param.type_descriptor.choices
    said = {"what": _called(error.param), "value": value}
    if choices:
        names = [getattr(each, "value", each) for each in choices]
        return DrgpayError(*_ERRORS("no_choice", known=listed(names), **said))
    if kind == "greater_than_equal":
        return DrgpayError(*_ERRORS("too_small", least=f"{limits['ge']:g}", **said))
    if kind == "less_than_equal":
        return DrgpayError(*_ERRORS("too_large", most=f"{limits['le']:g}", **said))
    if kind.startswith("int"):
        return DrgpayError(*_ERRORS("no_integer", **said))
    if kind.startswith("float"):
        return DrgpayError(*_ERRORS("no_number", **said))
    return DrgpayError(*_ERRORS("bad_value", **said))


def _called(param: Any) -> Words:
    """How a user knows a parameter: the option as it is written, or the argument's place."""
    if param.param_type_name == "option":
        return alike(param.opts[0])
    return _ERRORS.words("argument", name=param.metavar or param.name)


def _options(ctx: Any) -> list[Any]:
    params = ctx.command.get_params(ctx) if ctx else []
    return [each for each in params if each.param_type_name == "option" and not each.hidden]


def _path(ctx: Any) -> str:
    return str(ctx.command_path) if ctx else "drgpay"
