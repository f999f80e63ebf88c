"""A month of charges as numbers: which line is charged how much on which day.

Everything is integer arithmetic on the day and the line alone, so a day is the same whatever
else is asked for, and the same on every machine.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finops_cost_management.builtin.demo.anomalies import USUAL, events_of
from finops_cost_management.builtin.demo.lines import hash_bits, lines_of
from finops_cost_management.builtin.demo.vocabulary import MICRO, micro

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    from finops_cost_management.builtin.demo.anomalies import Event
    from finops_cost_management.builtin.demo.lines import Line
    from finops_cost_management.builtin.demo.month import Month
    from finops_cost_management.builtin.demo.options import DemoOptions

    Integers = npt.NDArray[np.int64]

GROWTH_ANCHOR = 739_617
"""2026-01-01 as a day number: growth is told as a share of the level of that day."""
SMALLEST = 250_000
"""However long ago, a quantity is at least this many millionths of its level of 2026."""
LARGEST = 20_000_000
"""However far ahead, it is at most this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfCharges:
    """The charges of one month up to a day.

    Attributes:
        month: The billing month.
        lines: Its charge lines.
        events: What is planted in it.
        days: Day numbers from the first of the month.
        quantities: Lines by days, in millionths of the line's unit; 0 where nothing is charged.
        copies: Lines by days: how often the charge is on the bill.
    """

    month: Month
    lines: tuple[Line, ...]
    events: tuple[Event, ...]
    days: Integers
    quantities: Integers
    copies: Integers

    def costs(self, price: Callable[[Line], int]) -> Integers:
        """Lines by days of the cost that a price makes, in 1e-12 of the currency."""
        import numpy as np

        prices = np.array([price(line) for line in self.lines], dtype=np.int64)
        return self.quantities * self.copies * prices[:, None]


def charges_of(month: Month, end: int, options: DemoOptions) -> MonthOfCharges:
    """Work out the charges of a month, none of them on or after the day ``end``."""
    import numpy as np

    lines = lines_of(month, options)
    days = np.arange(month.first_day, min(month.end, end), dtype=np.int64)
    quantities = _usual(lines, days, month, options.seed)
    copies = np.ones_like(quantities)
    awake = np.repeat([[not line.dormant] for line in lines], len(days), axis=1)
    events = tuple(
        event
        for unit in range(1, options.scale + 1)
        for event in (events_of(month, options.seed, unit) if options.anomalies else ())
    )
    of_unit = defaultdict(list)
    for index, line in enumerate(lines):
        of_unit[line.unit].append(index)
    for event in events:
        hit = [index for index in of_unit[event.unit] if event.hits(lines[index])]
        quantities[hit] = quantities[hit] * event.levels(days) // USUAL
        copies[hit] = event.copies(days)
        awake[hit] |= event.wakes(days)
    quantities[~awake] = 0
    _fill_rests(lines, quantities)
    return MonthOfCharges(
        month=month, lines=lines, events=events, days=days, quantities=quantities, copies=copies
    )


def _usual(lines: Sequence[Line], days: Integers, month: Month, seed: int) -> Integers:
    """What a day brings when nothing special happens."""
    import numpy as np

    rhythms = [line.rhythm for line in lines]

    def per_line(values: Sequence[int]) -> Integers:
        return np.array(values, dtype=np.int64)[:, None]

    # Step by step, so that no product leaves 64 bits.
    quantities = per_line([line.amount for line in lines])
    elapsed = days - GROWTH_ANCHOR
    growth = per_line([rhythm.growth * 1000 for rhythm in rhythms])
    level = np.clip(MICRO + growth * elapsed * 12 // 365, SMALLEST, LARGEST)
    quantities = quantities * level // MICRO
    weekday = (days - 1) % 7  # Monday is 0: day 1 of the proleptic calendar was one
    quantities = quantities * np.array([rhythm.week for rhythm in rhythms])[:, weekday] // 100
    noise = per_line([rhythm.noise * 1000 for rhythm in rhythms])
    quantities = quantities * (MICRO + _noise(lines, days, seed) * noise // MICRO) // MICRO

    by_the_month = [line.price is not None and line.price.by_the_month for line in lines]
    quantities //= per_line([month.days if held else 1 for held in by_the_month])
    most = [rhythm.at_most * MICRO if rhythm.at_most else 2**62 for rhythm in rhythms]
    quantities = np.minimum(quantities, per_line(most))
    step = per_line([micro(rhythm.step) if rhythm.step else 1 for rhythm in rhythms])
    quantities -= quantities % step
    day_of_month = days - month.first_day + 1
    only = per_line([rhythm.on_day or 0 for rhythm in rhythms])
    charged: Integers = np.where((only == 0) | (only == day_of_month), quantities, 0)
    return charged


def _noise(lines: Sequence[Line], days: Integers, seed: int) -> Integers:
    """Millionths of a standard deviation, nearly normal, never beyond 3.5 of them.

    A counter-based generator (the finaliser of SplitMix64) over line and day; the sum of the
    four 16-bit words of each number is close to normal, and all of it is integer.
    """
    import numpy as np

    keys = [hash_bits(seed, line.unit, line.provider.name, line.key) for line in lines]
    bits = np.array(keys, dtype=np.uint64)[:, None] + days.astype(np.uint64) * np.uint64(
        0x9E3779B97F4A7C15
    )
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    word = np.uint64(0xFFFF)
    total = sum(((bits >> np.uint64(shift)) & word).astype(np.int64) for shift in (0, 16, 32, 48))
    mean, deviation = 2 * 0xFFFF, 37_837
    centred: Integers = (total - mean) * MICRO // deviation
    return centred


def _fill_rests(lines: Sequence[Line], quantities: Integers) -> None:
    """Give each line that is the rest of a whole what the parts of the whole leave."""
    rests = {line.rest_of: index for index, line in enumerate(lines) if line.rest_of}
    for index, line in enumerate(lines):
        if line.part_of:
            quantities[rests[line.part_of]] -= quantities[index] * line.weight // MICRO
