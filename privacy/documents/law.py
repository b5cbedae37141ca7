"""Finds the laws and rulings that a text names, and links them: whoever quotes law shows where it stands."""

import re
from collections.abc import Callable

GDPR = "https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_{}"
AI_ACT = "https://eur-lex.europa.eu/eli/reg/2024/1689/oj#{}"
#: How the laws are written in texts; the groups of a phrase go into its address.
_GDPR = (
    r"(?:Art\.|Artikel|Article)\s(\d+)(?:\([0-9a-z]+\))*(?:\sAbs(?:\.|atz)\s\d+)?(?:\s(?:Satz|Buchst(?:\.|abe))\s\w+)*"
    # The law may be named once for two articles: “Art. 6(1)(a) and 9(2)(a) GDPR”.
    r"(?:\s(?:DSGVO|GDPR)|(?=\s(?:und|and)\s(?:Art\.\s)?\d[^.;,]{0,12}[^;,]{0,14}\s(?:DSGVO|GDPR)))"
)
_AI_ACT = r"(?:Art\.|Artikel|Article)\s(\d+)(?:\([0-9a-z]+\))*(?:\sAbs(?:\.|atz)\s\d+)?\s(?:KI-VO|AI\sAct)"
_CURIA = "https://curia.europa.eu/juris/liste.jsf?num=C-{}/{}"
_LAWS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (_GDPR, lambda found: GDPR.format(found[1])),
    (_AI_ACT, lambda found: AI_ACT.format(f"art_{found[1]}")),
    (r"(?:Anhang|Annex)\sIII\s(?:KI-VO|AI\sAct)", lambda _found: AI_ACT.format("anx_III")),
    (r"C-(\d+)/(\d+)", lambda found: _CURIA.format(found[1], found[2])),
    (r"§\s25\sTDDDG", lambda _found: "https://www.gesetze-im-internet.de/ttdsg/__25.html"),
)
_ANY = re.compile("|".join(f"(?:{phrase})" for phrase, _ in _LAWS))
_EACH = [(re.compile(phrase), address) for phrase, address in _LAWS]


def pieces(text: str) -> list[tuple[str, str]]:
    """The text cut into pieces, each with the address it links to, empty where it is plain text."""
    found, at = [], 0
    for match in _ANY.finditer(text):
        found += [(text[at : match.start()], ""), (match[0], _address((text, match.start())))]
        at = match.end()
    return [piece for piece in [*found, (text[at:], "")] if piece[0]]


def _address(phrase: tuple[str, int]) -> str:
    """What the law links to that stands in a text at this place."""
    return next(address(match) for pattern, address in _EACH if (match := pattern.match(*phrase)) is not None)
