"""A product that shows its customers their billing: it mints a link on its server and embeds the portal in its page.

    PORTAL_URL=http://localhost:3000 PORTAL_API_KEY=portal_dev_… uvicorn app:app --port 5000

Then open http://127.0.0.1:5000.
"""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import HTMLResponse

PORTAL = os.environ.get("PORTAL_URL", "http://localhost:3000")
KEY = os.environ.get("PORTAL_API_KEY", "")

PAGE = f"""<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <meta name="viewport" content="width=device-width" />
  <meta name="color-scheme" content="light dark" />
  <link rel="icon" href="data:," />
  <title>A product</title>
  <script type="module" src="{PORTAL}/embed.js"></script>
  <h1>Billing</h1>
  <customer-portal token-endpoint="/billing-session" hide-header></customer-portal>
</html>
"""

app = FastAPI()


@app.get("/")
def billing_page() -> HTMLResponse:
    """Show the page with the portal in it."""
    return HTMLResponse(PAGE)


@app.post("/billing-session")
def billing_session(sec_fetch_site: Annotated[str, Header()] = "") -> Any:
    """Mint a link for whoever is signed in. The key stays here: the page gets the link alone."""
    if sec_fetch_site != "same-origin":
        raise HTTPException(403, "only this product's own pages may ask")
    asked = urllib.request.Request(  # noqa: S310 (the operator's own address)
        f"{PORTAL}/v1/customers/portal/{signed_in_customer()}",
        data=json.dumps({"expires_in": 900}).encode(),
        headers={"x-api-key": KEY, "Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def signed_in_customer() -> str:
    """Return your own id of the customer who is signed in: here is where your session or cookie is read."""
    return "acme"
