"""Whether text on a colour can be read: contrast as WCAG 2.2 defines it, and the nearest colour that has enough."""

import re

LEAST_CONTRAST = 4.5
WHITE, NIGHT = "#ffffff", "#16171a"
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")
_STEPS = 100


def is_colour(text: str) -> bool:
    """Tell whether `text` is a colour such as #0b5cad."""
    return bool(_HEX.fullmatch(text))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours: from 1 (the same) to 21 (black and white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def nearest_readable(colour: str, ground: str) -> str:
    """Return `colour` if it has enough contrast with `ground`, else the first that does on its way away from it."""
    towards = "#000000" if _luminance(ground) > _luminance(NIGHT) else WHITE
    for step in range(_STEPS + 1):
        mixed = _mix(colour, towards, step / _STEPS)
        if contrast(mixed, ground) >= LEAST_CONTRAST:
            return mixed
    return towards


def _mix(colour: str, towards: str, share: float) -> str:
    return "#" + "".join(
        f"{round(a + (b - a) * share):02x}" for a, b in zip(_parts(colour), _parts(towards), strict=True)
    )


def _luminance(colour: str) -> float:
    linear = [part / 255 for part in _parts(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in linear)  # noqa: PLR2004 (sRGB)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
