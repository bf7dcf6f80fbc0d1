"""What a simulation prints."""

from typing import TYPE_CHECKING

from drgpay.base.language import Language
from drgpay.show.tables_console import console_tables
from drgpay.simulate.notes import remarks_of, warnings_of
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.tables import narrow, shown_tables, target_table
from drgpay.simulate.target import Found
from drgpay.simulate.wording import target_sentence, word

if TYPE_CHECKING:
    from rich.console import RenderableType

_KEYS = (
    *("t_stops", "t_values", "t_sweep", "t_hospitals", "t_bins", "t_effects", "t_waterfall"),
    *("t_quality", "t_migration", "t_visit_values", "t_visit_hospitals", "t_visit_contractors"),
)


def console_report(found: Simulation, language: Language) -> "RenderableType":
    """Point values, hospitals, bins, effects; sweep, waterfall and migration where there are any."""
    from rich.console import Group

    from drgpay.show.terminal import Text

    tables = [narrow(table) for table in shown_tables(found, language) if table.key in _KEYS]
    tables = [table for table in tables if table.frame.height or table.key != "t_migration"]
    lines = [Text(said, style="bold yellow") for said in warnings_of(found, language)]
    lines += [Text(said, style="bold") for said in remarks_of(found, language)]
    return Group(*lines, console_tables(tables, lambda key: word(key, language), most_rows=30))


def console_missed(found: Found, language: Language) -> "RenderableType":
    """A target that no value reaches: what comes nearest, and what was tried. Nothing else is shown."""
    from rich.console import Group

    from drgpay.show.terminal import Text

    tried = console_tables([target_table(found)], lambda key: word(key, language), most_rows=30)
    return Group(Text(target_sentence(found, language), style="bold"), tried)
