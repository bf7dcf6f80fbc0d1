"""What a simulation prints."""

from typing import TYPE_CHECKING

from drgpay.language import Language
from drgpay.report.tables_console import console_tables
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.page import conflict_sentence
from drgpay.simulate.tables import narrow, shown_tables, target_sentence, visits_sentence
from drgpay.simulate.wording import word

if TYPE_CHECKING:
    from rich.console import RenderableType

_KEYS = (
    *("t_values", "t_sweep", "t_hospitals", "t_bins", "t_effects", "t_waterfall"),
    *("t_quality", "t_migration", "t_visit_values", "t_visit_hospitals", "t_visit_contractors"),
)


def console_report(found: Simulation, language: Language) -> "RenderableType":
    """Point values, hospitals, bins, effects; sweep, waterfall and migration where there are any."""
    from rich.console import Group

    from drgpay.terminal import Text

    tables = [narrow(table) for table in shown_tables(found, language) if table.key in _KEYS]
    tables = [table for table in tables if table.frame.height or table.key != "t_migration"]
    lines = [
        Text(conflict_sentence(found, place, language), style="bold yellow")
        for place in range(len(found.conflicts))
    ]
    if found.found:
        lines.append(Text(target_sentence(found.found, language), style="bold"))
    said = visits_sentence(found, language)
    if said:
        lines.append(Text(said))
    return Group(*lines, console_tables(tables, lambda key: word(key, language), most_rows=30))
