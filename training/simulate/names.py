"""Fictional names: common given names with surnames and firms made up from syllables."""

from __future__ import annotations

from training.simulate.chance import Chance

_GIVEN = {
    "germanic": "Anna Lukas Mia Jonas Lena Felix Sophie Maarten Femke Bram Clara Emil",
    "romance": "Marta Luis Giulia Marco Camille Hugo Ana Tiago Elena Andrei Chiara Pablo",
    "british": "Emma Oliver Grace Jack Ruby Liam Chloe Aiden Hannah Mason Zoe Owen",
    "slavic": "Zofia Jan Oksana Petr Daria Milan Ivana Tomasz Vera Pavel Nadia Marek",
    "nordic": "Astrid Nils Freja Lars Saga Mikko Aino Erik Liis Magnus Tuuli Anders",
    "greek": "Eleni Nikos Maria Giorgos Katerina Yannis Sofia Kostas Dimitra Petros",
    "turkish": "Elif Emre Zeynep Mehmet Ayla Kerem Defne Murat Selin Onur",
    "arabic": "Layla Omar Fatima Yusuf Noor Karim Salma Tariq Huda Samir",
    "indian": "Priya Arjun Ananya Rohan Sana Imran Kavya Vikram Aisha Farhan",
    "eastern": "Mei Hiroshi Yuki Wei Jia Kenji Sakura Ming Haruka Jun",
    "african": "Amara Kwame Ngozi Tunde Wanjiru Thabo Zola Chidi Akinyi Sipho",
}
_BEGINNINGS = {
    "germanic": "Vander Hohen Blaum Krass Winter Eichel Stolz Grun Brink Lauter",
    "romance": "Mont Vald Ferra Bell Carda Roqu Sant Alb Olive Terra",
    "british": "Thorn Hart Wex Black Mill Ash Pem Brad Kings Fair",
    "slavic": "Novo Kova Zele Horo Bran Vino Petro Dvor Sosn Lipo",
    "nordic": "Sten Lund Bjork Hav Sjo Gran Fjell Nord Aho Kivi",
    "greek": "Papa Kara Anto Theo Lyko Stavro Mano Vasso Kalli Drako",
    "turkish": "Kara Demir Yil Ak Gul Oz Tas Ay Bey Cel",
    "arabic": "Al-Nas Al-Har Ben-Sal El-Mas Al-Zah Bou-Kar El-Fah Al-Tam Ben-Az El-Gha",
    "indian": "Sha Ver Kho Mal Chau Ran Bha Meh Qad Sid",
    "eastern": "Tana Mori Lian Zhou Kuro Fuji Chen Hana Yama Taka",
    "african": "Oko Ade Mwa Nko Dla Kip Eze Mbe Olu Kam",
}
_ENDINGS = {
    "germanic": "berger mann hof stein bach dijk huber wald",
    "romance": "elli ari uero eira ignac escu onne anza",
    "british": "worth ley ford combe bury wick ham stead",
    "slavic": "vsky nik enko ova czyk ar inski ak",
    "nordic": "strom gren dal nen vik berg holm set",
    "greek": "dakis poulos nidis kis ras topoulos elis nos",
    "turkish": "oglu kaya soy han can tekin maz er",
    "arabic": "sari ouni mawi adri louli rani bouti ssafi",
    "indian": "rma pal dhari nair wani gupra eshi man",
    "eastern": "guchi moto zawa ling shan wen mura hara",
    "african": "nkwo yemi ngi for mini choge bola dube",
}
_TRADES = (
    "Textiles Machinery Foods Logistics Components Interiors Chemicals Electronics Packaging "
    "Timber Tools Ceramics Instruments Hydraulics"
)
_FORMS = {
    "germanic": "GmbH",
    "romance": "SA",
    "british": "Ltd",
    "slavic": "sro",
    "nordic": "AB",
    "greek": "AE",
    "turkish": "AS",
    "arabic": "LLC",
    "indian": "Pvt Ltd",
    "eastern": "KK",
    "african": "Ltd",
}


def surname(chance: Chance, group: str) -> str:
    """Return a made-up surname of a group of languages."""
    return chance.pick(_BEGINNINGS[group].split()) + chance.pick(_ENDINGS[group].split())


def person(chance: Chance, group: str) -> str:
    """Return a fictional person's name."""
    return f"{chance.pick(_GIVEN[group].split())} {surname(chance, group)}"


def business(chance: Chance, group: str) -> str:
    """Return a fictional firm's name."""
    return f"{surname(chance, group)} {chance.pick(_TRADES.split())} {_FORMS[group]}"


def shop(chance: Chance, group: str, kind: str) -> str:
    """Return a fictional shop's name."""
    return f"{surname(chance, group)} {kind.replace('_', ' ').title()}"


def misspelt(chance: Chance, name: str) -> str:
    """Return the name as somebody might mistype or shorten it."""
    first, _, rest = name.partition(" ")
    if rest and chance.happens(0.5):
        return f"{first[0]}. {rest}"
    place = chance.whole(1, max(1, len(name) - 2))
    return name[:place] + name[place + 1 :]
