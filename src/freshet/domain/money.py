"""Money is integer micro-units of one currency; floats never touch it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from freshet.domain.errors import Refused

MICROS = 1_000_000


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in millionths of `currency` (ISO 4217).

    >>> Money.parse("1.25", "EUR") + Money(750_000, "EUR")
    Money(micros=2000000, currency='EUR')
    """

    micros: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a decimal amount exactly.

        Raises:
            Refused: not a finite decimal, or finer than a millionth.
        """
        try:
            micros = Decimal(text) * MICROS
        except InvalidOperation:
            raise Refused("amount", f"{text!r} is not a number", "such as 12.50") from None
        if not micros.is_finite():
            raise Refused("amount", f"{text} is not finite", "such as 12.50")
        if micros != micros.to_integral_value():
            raise Refused("amount", f"{text} is finer than a millionth", "at most 6 decimals")
        return cls(int(micros), currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.micros + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.micros - self._same(other), self.currency)

    def __str__(self) -> str:
        return f"{Decimal(self.micros) / MICROS:f} {self.currency}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise Refused("currency", f"{other.currency} meets {self.currency}", "one currency")
        return other.micros
