"""What the types of AR items are called in letters and reports; those of documents are among them."""

from __future__ import annotations

from typing import Final

from reskontro.kit.messages import PLACES, Language

_ITEM_TYPES: Final[dict[str, tuple[str, str, str]]] = {
    "IN": ("Invoice", "Faktura", "Faktura"),
    "CN": ("Credit note", "Kreditnota", "Kreditnota"),
    "IT": ("Interest note", "Rentenota", "Rentenota"),
    "RM": ("Reminder", "Purring", "Purring"),
    "PY": ("Payment", "Innbetaling", "Innbetaling"),
    "FE": ("Fee", "Gebyr", "Gebyr"),
    "RF": ("Refund", "Tilbakebetaling", "Tilbakebetaling"),
    "WO": ("Write-off", "Tap", "Tap"),
    "SD": ("Small difference", "Øredifferanse", "Øredifferanse"),
    "TR": ("Transfer", "Overføring", "Overføring"),
    "MJ": ("Manual journal", "Manuelt bilag", "Manuelt bilag"),
    "EX": ("Exchange difference", "Valutadifferanse", "Valutadifferanse"),
    "CO": ("Collection", "Inkasso", "Inkasso"),
}


def item_type(code: str | None, language: Language) -> str:
    """The name of a type of AR item or document; another code as it is."""
    return _ITEM_TYPES[code][PLACES[language]] if code in _ITEM_TYPES else code or ""
