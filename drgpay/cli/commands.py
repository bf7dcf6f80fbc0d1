"""Commands and groups of the program: their help in the chosen language, their general options.

What help says stands in drgpay/words/help.toml, by command and parameter, and is looked up when a
help is printed. Every command takes --lang, -q and -v, before its name and behind it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import cache, partial
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from drgpay.base.language import choose, chosen
from drgpay.base.words import Wording
from drgpay.cli import console
from drgpay.cli.outputs import refuse_outputs_over_inputs
from drgpay.cli.usage import moved, refuse_extra, unknown_command, usage_in_sentences

HELP = Wording("help")
SHARED = "options"
"""The section of help.toml with the parameters that mean the same for every command."""
FORMER = frozenset({"--output", "--visits-mapping", "--xlsx"})
"""Former names of options, which are taken and not shown."""
_HEADINGS = {
    "DEFAULT_STRING": "default",
    "REQUIRED_LONG_STRING": "required",
    "ARGUMENTS_PANEL_TITLE": "arguments",
    "OPTIONS_PANEL_TITLE": "own_options",
    "COMMANDS_PANEL_TITLE": "commands",
}


class Lang(StrEnum):
    """Languages of what people read."""

    zh = "zh"
    en = "en"


def add_command(
    app: typer.Typer,
    function: Callable[..., None],
    examples: Sequence[str],
    name: str | None = None,
) -> None:
    """Add a command to the program or to a group, with examples for its help."""
    app.command(name, cls=Command, epilog="\n\n".join(examples))(function)


def add_group(app: typer.Typer, name: str) -> typer.Typer:
    """Add a group of commands to the program."""
    group = typer.Typer(cls=Group, no_args_is_help=True, rich_markup_mode="rich")
    group.callback()(lambda: None)  # a group of one command stays a group
    app.add_typer(group, name=name)
    return group


class _Worded:
    """What commands and groups have in common."""

    params: list[Any]
    epilog: str | None
    examples: list[str]

    def _take(self) -> None:
        self.examples = [part for part in (self.epilog or "").split("\n\n") if part]
        self.params = [*self.params, *general_options()]

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The line that shows how the command is written."""
        pieces: list[str] = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined]
        usage = HELP.said("headings.usage", chosen())
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=usage)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help, in the chosen language."""
        _word(self, ctx)
        with _former_names_hidden(self, ctx):
            super().format_help(ctx, formatter)  # type: ignore[misc]

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What may stand next, with its help in the chosen language."""
        _word(self, ctx)
        with _former_names_hidden(self, ctx):
            return list(super().shell_complete(ctx, incomplete))  # type: ignore[misc]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; what is refused knows the command."""
        try:
            return list(super().parse_args(ctx, args))  # type: ignore[misc]
        except TyperException as error:
            if getattr(error, "ctx", ctx) is None:
                vars(error)["ctx"] = ctx
            raise


class Command(_Worded, TyperCommand):
    """A command."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._take()

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """Read the arguments; those that are left over are refused in a sentence."""
        ctx = super().make_context(*arguments, allow_extra_args=True, **settings)
        if not ctx.resilient_parsing:
            refuse_extra(ctx)
        return ctx

    def invoke(self, ctx: Any) -> Any:
        """Do the command, unless it would write over what it reads."""
        refuse_outputs_over_inputs(ctx.params)
        return super().invoke(ctx)


class Group(_Worded, TyperGroup):
    """A group of commands; its help shows the first example of each."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._take()
        if not self.examples:
            firsts = [getattr(each, "examples", [])[:1] for each in self.commands.values()]
            self.examples = [first for found in firsts for first in found]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options before the command; without a command the help is printed."""
        super().parse_args(ctx, args)
        if not ctx._protected_args and not ctx.resilient_parsing:
            super().parse_args(ctx, [])
        return list(ctx.args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of a name; one that there is not is refused in a sentence."""
        name = args[0]
        if name not in self.commands and not ctx.resilient_parsing:
            raise moved(ctx, name) or unknown_command(ctx, name, list(self.commands))
        return super().resolve_command(ctx, args)


class Program(Group):
    """The program: what typer refuses of its arguments is a sentence like every other mistake."""

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """Read the options before the command."""
        with usage_in_sentences():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Read the command with its arguments, and do it."""
        with usage_in_sentences():
            return super().invoke(ctx)


@cache
def general_options() -> tuple[Any, ...]:
    """The options that every command takes."""
    source = typer.Typer(add_completion=False)
    source.command()(_general)
    return tuple(typer.main.get_command(source).params)


def _choose(ctx: typer.Context, language: Lang | None) -> None:
    """Choose the language until the command ends; the program has chosen it before."""
    if language:
        before = chosen()
        choose(language.value)
        ctx.call_on_close(lambda: choose(before))


def _be_quiet(ctx: typer.Context, asked: bool) -> None:
    if asked:
        _speak(ctx, "quiet")


def _be_verbose(ctx: typer.Context, asked: bool) -> None:
    if asked:
        _speak(ctx, "verbose")


def _speak(ctx: typer.Context, level: console.Level) -> None:
    before = console.speak(level)
    ctx.call_on_close(lambda: console.speak(before))


def _general(
    lang: Annotated[
        Lang | None, typer.Option(callback=_choose, is_eager=True, expose_value=False)
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", callback=_be_quiet, expose_value=False)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", callback=_be_verbose, expose_value=False)
    ] = False,
) -> None:
    """The general options."""


def key_of(ctx: Any) -> str:
    """The section of a command in help.toml: `runs.list`, and `drgpay` for the program itself."""
    names: list[str] = []
    while ctx.parent is not None:
        names.insert(0, ctx.info_name)
        ctx = ctx.parent
    return ".".join(names) or "drgpay"


def parameter_key(key: str, name: str) -> str:
    """The key of a parameter: the command's own words for it, or those that all have in common."""
    own = f"{key}.{name}"
    return own if own in HELP else f"{SHARED}.{name}"


def _word(command: Any, ctx: Any) -> None:
    """Put the words of the chosen language into a command: it, its parameters, its commands."""
    from typer import rich_utils

    printer: Any = rich_utils  # what it has of rich is part of it
    escape, language = printer.escape, chosen()

    def said(key: str) -> str:
        return str(escape(HELP.said(key, language)))

    _fold_lines(printer)
    for name, heading in _HEADINGS.items():
        setattr(printer, name, HELP.said(f"headings.{heading}", language))
    key = key_of(ctx)
    more = f"{key}.more"
    command.help = "\n\n".join(said(part) for part in (f"{key}.about", more) if part in HELP)
    command.options_metavar = HELP.said("headings.some_options", language)
    general = {each.name for each in general_options()} | {"help"}
    for param in command.get_params(ctx):
        param.help = said(parameter_key(key, param.name))
        if param.name in general:
            param.rich_help_panel = HELP.said("headings.general_options", language)
    for name, each in getattr(command, "commands", {}).items():
        each.short_help = said(f"{name if key == 'drgpay' else f'{key}.{name}'}.about")
    if hasattr(command, "subcommand_metavar"):
        command.subcommand_metavar = HELP.said("headings.some_command", language)
    heading = "example" if len(command.examples) == 1 else "examples"
    examples = "\n\n".join(escape(each) for each in command.examples)
    command.epilog = f"\n[bold]{said(f'headings.{heading}')}[/bold]\n\n{examples}\n"


@contextmanager
def _former_names_hidden(command: Any, ctx: Any) -> Iterator[None]:
    """Show no former names of options; behind the block they are taken again."""
    options = [(param, param.opts) for param in command.get_params(ctx)]
    for param, names in options:
        param.opts = [each for each in names if each not in FORMER] or names
    try:
        yield
    finally:
        for param, names in options:
            param.opts = names


def _fold_lines(printer: Any) -> None:
    """Let lists break Chinese lines, which have no spaces, rather than cut them off."""
    if hasattr(printer, _FOLDING):
        return
    table, columns = printer.Table, printer.Columns

    def folding_table(*arguments: Any, **settings: Any) -> Any:
        made = table(*arguments, **settings)
        made.add_column = partial(made.add_column, overflow="fold")
        return made

    def folding_columns(texts: list[Any]) -> Any:
        for text in texts:
            text.overflow = "fold"
        return columns(texts)

    printer.Table, printer.Columns = folding_table, folding_columns
    setattr(printer, _FOLDING, True)


_FOLDING = "folds_for_drgpay"
