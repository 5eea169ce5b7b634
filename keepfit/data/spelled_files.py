"""Files that stand in texts, as tables and JSON hold them."""

from __future__ import annotations

import re
from base64 import b64decode
from urllib.parse import unquote_to_bytes

_URL = re.compile(r"\s*data:[\w.+-]*/?[\w.+-]*(?:;(?!base64)[^;,]{0,100})*(;base64)?,", re.IGNORECASE)
_BASE64 = re.compile(
    r"\s*(?:iVBORw0KG|/9j/|R0lGOD|UklGR|SUkqA|TU0AK|Qk[0-3]|ZkxhQ|T2dnU|SUQz|Rk9STQ|LnNuZ)[A-Za-z0-9+/_-]"
)
"""How the formats of pictures and recordings begin in base64."""


def of_text(text: str) -> bytes:
    """The file that a text spells, as a data URL or in base64; the text's own bytes where it spells none."""
    found = _URL.match(text)
    start, is_base64 = (found.end(), bool(found[1])) if found else (0, True)
    if not found and not _BASE64.match(text):
        return text.encode("utf-8", "surrogatepass")
    if not is_base64:
        return unquote_to_bytes(text[start:])
    plain = "".join(text[start:].split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:  # characters that are none of base64
        return text.encode("utf-8", "surrogatepass")
