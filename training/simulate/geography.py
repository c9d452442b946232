"""Countries of the simulated world: currency, wages, paydays, and where families live.

Wages are monthly medians in EUR, `per_euro` a rough exchange rate, as for the virtual assets; both
only give amounts their size. Weights say how many of the bank's customers live there; what a
country holds as a corridor follows the World Bank's bilateral remittance matrix in its larger
entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Payday = Literal["last_business_day", "day_25", "day_1", "day_10", "twice_a_month"]


@dataclass(frozen=True, slots=True)
class Country:
    """One country of the simulated world."""

    code: str
    currency: str
    per_euro: float
    wage: float
    weight: float
    names: str
    payday: Payday
    families_in: tuple[str, ...]

    @property
    def euro_area_payments(self) -> bool:
        """True where euro transfers are domestic in kind (the single euro payments area)."""
        return self.code in SEPA


_SEPA = "DE FR NL ES IT PT IE BE AT PL RO BG SE DK FI GR CZ HU EE LT CH NO GB"
SEPA = frozenset(_SEPA.split())
FASTING = frozenset(("TR", "AE", "SA", "EG", "MA", "PK"))
_ROWS = """
DE EUR 1     2900 11  germanic last_business_day TR,PL,RO,UA,BG
FR EUR 1     2500 9   romance  last_business_day MA,PT,TR,EG
GB GBP 0.86  2900 10  british  last_business_day IN,PK,NG,PL,RO
NL EUR 1     3000 6   germanic day_25            TR,PL,MA
ES EUR 1     1900 6   romance  last_business_day MA,RO,BR,MX
IT EUR 1     1900 7   romance  day_10            RO,UA,EG,PH
PT EUR 1     1250 3   romance  last_business_day BR,FR
IE EUR 1     3100 2.5 british  last_business_day PL,BR,GB
BE EUR 1     2500 3   germanic last_business_day MA,TR,FR
AT EUR 1     2500 2.5 germanic last_business_day TR,RO,HU
PL PLN 4.3   1350 5   slavic   day_10            UA,DE
RO RON 5     1000 4   romance  day_10            IT,ES
BG EUR 1     900  2   slavic   last_business_day DE,TR
SE SEK 11.2  2900 3   nordic   day_25            PL,TR,FI
DK DKK 7.46  3300 2   nordic   last_business_day PL,TR,DE
FI EUR 1     2700 2   nordic   day_25            EE,SE
GR EUR 1     1100 2.5 greek    last_business_day BG,DE
CZ CZK 24.8  1450 2   slavic   day_10            UA,DE
HU HUF 395   1100 2   slavic   day_10            AT,DE
EE EUR 1     1500 1   nordic   day_10            FI,UA
LT EUR 1     1300 1.2 slavic   day_10            GB,NO
CH CHF 0.94  5200 3   germanic day_25            PT,IT,TR
NO NOK 11.6  3500 1.5 nordic   day_25            PL,PH
TR TRY 48    900  3   turkish  day_1             DE,NL
AE AED 4.2   2600 2   arabic   day_1             IN,PK,PH,EG,KE
SA SAR 4.3   2200 1.5 arabic   last_business_day IN,PK,PH,EG
EG EGP 56    300  1   arabic   day_25            SA,AE
MA MAD 10.8  450  1.2 arabic   last_business_day FR,ES
US USD 1.13  3600 6   british  twice_a_month     MX,IN,PH,NG
CA CAD 1.6   3000 2.5 british  twice_a_month     IN,PH,PK
MX MXN 21.5  750  2   romance  twice_a_month     US
BR BRL 6.4   650  2.5 romance  day_1             PT,JP
IN INR 97    500  3   indian   day_1             AE,US
PH PHP 66    450  2   romance  twice_a_month     SG,US
SG SGD 1.47  3800 2   eastern  last_business_day IN,PH
HK HKD 8.9   2500 1.5 eastern  last_business_day PH,SG
ZA ZAR 21    1200 1.5 african  day_25            NG,KE,GB
NG NGN 1750  250  1.2 african  day_25            GB,US
KE KES 146   350  1   african  last_business_day GB,US
PK PKR 320   250  0.8 indian   day_1             GB,AE
UA UAH 47    500  1   slavic   day_10            PL,DE
JP JPY 165   2200 1.5 eastern  day_25            PH,BR
"""


def _read(row: str) -> Country:
    code, currency, per_euro, wage, weight, names, payday, families = row.split()
    words: dict[str, Payday] = {
        word: word for word in ("last_business_day", "day_25", "day_1", "day_10", "twice_a_month")
    }
    return Country(
        code,
        currency,
        float(per_euro),
        float(wage),
        float(weight),
        names,
        words[payday],
        tuple(families.split(",")),
    )


WALLETS_PER_EURO = {"USDC": 1.13, "BTC": 0.0000105}
COUNTRIES = {country.code: country for country in map(_read, _ROWS.strip().splitlines())}
ORDER = tuple(COUNTRIES)
