"""The State an ICAO address is allocated to."""

from __future__ import annotations

import numpy as np

from skywitness.batches import I64, U8, U32

__all__ = ["COUNTRIES", "find_country"]

BLOCKS: dict[int, str] = {
    20: """
        1 Russian Federation, A United States
    """,
    18: """
        C Italy, D Spain, E France, F Germany, 10 United Kingdom, 1E China, 1F Australia, 20 India, 21 Japan,
        30 Canada, 38 Argentina, 39 Brazil
    """,
    15: """
        1 South Africa, 2 Egypt, 3 Libya, 4 Morocco, 5 Tunisia, 14 Algeria, 1A Mexico, 1B Venezuela, 88 Austria,
        89 Belgium, 8A Bulgaria, 8B Denmark, 8C Finland, 8D Greece, 8E Hungary, 8F Norway,
        90 Kingdom of the Netherlands, 91 Poland, 92 Portugal, 93 Czech Republic, 94 Romania, 95 Sweden,
        96 Switzerland, 97 Turkey, 98 Serbia, A1 Ukraine, E2 Saudi Arabia, E3 Republic of Korea,
        E4 Democratic People's Republic of Korea, E5 Iraq, E6 Islamic Republic of Iran, E7 Israel, E8 Jordan,
        E9 Lebanon, EA Malaysia, EB Philippines, EC Pakistan, ED Singapore, EE Sri Lanka, EF Syrian Arab Republic,
        110 Thailand, 111 Viet Nam, 114 Indonesia, 190 New Zealand, 1E0 ICAO
    """,
    12: """
        6 Mozambique, 32 Burundi, 34 Cameroon, 36 Congo, 38 Côte d'Ivoire, 3E Gabon, 40 Ethiopia,
        42 Equatorial Guinea, 44 Ghana, 46 Guinea, 4C Kenya, 50 Liberia, 54 Madagascar, 58 Malawi, 5C Mali, 62 Niger,
        64 Nigeria, 68 Uganda, 6C Central African Republic, 6E Rwanda, 70 Senegal, 78 Somalia, 7C Sudan,
        80 United Republic of Tanzania, 84 Chad, 88 Togo, 8A Zambia, 8C Democratic Republic of the Congo, 90 Angola,
        9A Gambia, 9C Burkina Faso, A8 Bahamas, AC Colombia, AE Costa Rica, B0 Cuba, B2 El Salvador, B4 Guatemala,
        B6 Guyana, B8 Haiti, BA Honduras, BE Jamaica, C0 Nicaragua, C2 Panama, C4 Dominican Republic,
        C6 Trinidad and Tobago, C8 Suriname, 4CA Ireland, 4CC Iceland, 4D2 Malta, 700 Afghanistan, 702 Bangladesh,
        704 Myanmar, 706 Kuwait, 708 Lao People's Democratic Republic, 70A Nepal, 70E Cambodia, 890 Yemen,
        894 Bahrain, 896 United Arab Emirates, 898 Papua New Guinea, C88 Fiji, E80 Chile, E84 Ecuador, E88 Paraguay,
        E8C Peru, E90 Uruguay, E94 Bolivia
    """,
    10: """
        10 Zimbabwe, C0 Botswana, D4 Comoros, 120 Guinea-Bissau, 128 Lesotho, 168 Maldives, 178 Mauritania,
        180 Mauritius, 1A8 Qatar, 1D0 Seychelles, 1D8 Sierra Leone, 1E8 Eswatini, 250 Benin, 258 Cabo Verde,
        260 Djibouti, 278 Sao Tome and Principe, 2A8 Barbados, 2AC Belize, 2F0 Saint Vincent and the Grenadines,
        328 Antigua and Barbuda, 330 Grenada, 804 Namibia, 808 Eritrea, 1320 Cyprus, 1340 Luxembourg, 1350 Monaco,
        1404 Albania, 1407 Croatia, 140B Latvia, 140F Lithuania, 1413 Republic of Moldova, 1417 Slovakia,
        141B Slovenia, 141F Uzbekistan, 1440 Belarus, 1444 Estonia, 1448 North Macedonia,
        144C Bosnia and Herzegovina, 1450 Georgia, 1454 Tajikistan, 1458 Montenegro, 1800 Armenia, 1802 Azerbaijan,
        1804 Kyrgyzstan, 1806 Turkmenistan, 1A00 Bhutan, 1A04 Micronesia, 1A0C Kazakhstan, 1A10 Palau, 1C30 Oman,
        2254 Brunei Darussalam, 225C Solomon Islands, 2264 Taiwan, 2400 Marshall Islands, 2404 Cook Islands,
        2408 Samoa, 3228 Nauru, 3230 Saint Lucia, 3234 Tonga, 3238 Kiribati, 3240 Vanuatu, 3C24 ICAO
    """,
}
"""Blocks by the number of bits that the State hands out itself; each with its leading bits in hexadecimal
(ICAO Annex 10 Vol. III, Part I, table 9-1; the plan gives 4, 6, 9, 12 or 14 leading bits)."""

UNKNOWN = "Unknown"


def read_blocks() -> tuple[I64, I64, I64, tuple[str, ...]]:
    """First and last address and the place of the name of each block, by address; and the names."""
    names = {UNKNOWN: 0}
    rows = []
    for bits, text in BLOCKS.items():
        for item in text.split(","):
            lead, _, name = item.strip().partition(" ")
            first = int(lead, 16) << bits
            rows.append((first, first + (1 << bits) - 1, names.setdefault(name, len(names))))
    first_last_name = np.array(sorted(rows), np.int64).T.copy()
    return first_last_name[0], first_last_name[1], first_last_name[2], tuple(names)


FIRST, LAST, NAME, COUNTRIES = read_blocks()
"""COUNTRIES: names of States as ICAO uses them; the first one is "Unknown"."""


def find_country(icao: U32, address_kind: U8 | None = None) -> I64:
    """Return the place in COUNTRIES of each address; 0 where it belongs to no State's block, or is no ICAO address."""
    block = np.maximum(np.searchsorted(FIRST, icao, side="right") - 1, 0)
    inside = (FIRST[block] <= icao) & (icao <= LAST[block])
    if address_kind is not None:
        inside &= address_kind == 0
    return np.where(inside, NAME[block], 0)
