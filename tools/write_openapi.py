"""Write the description of the API to docs/openapi.json, where every change of the contract shows in a diff."""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ["PORTAL_ENV"] = "development"

from portal_app.api.app import create_api  # noqa: E402
from portal_app.api.openapi import document  # noqa: E402

(ROOT / "docs" / "openapi.json").write_text(json.dumps(document(create_api()), indent=1) + "\n")
