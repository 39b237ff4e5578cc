"""The words people read, through one gettext catalogue (English is the source; see locale/portal.pot).

Pages are built once, in the language of the process; formats follow each customer's locale (display.py).
"""

import gettext as _gettext
from pathlib import Path

LOCALE_DIR = Path(__file__).parent / "locale"

_catalogue = _gettext.translation("portal", LOCALE_DIR, languages=["en"], fallback=True)
gettext = _catalogue.gettext
ngettext = _catalogue.ngettext
pgettext = _catalogue.pgettext
