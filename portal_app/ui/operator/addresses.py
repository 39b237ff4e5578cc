"""Where the operator's pages are."""

from portal_app.access.operator_roles import HOME

CUSTOMERS = HOME
CUSTOMER = f"{HOME}/customer"
AUDIT = f"{HOME}/audit"
BRANDING = f"{HOME}/branding"
KEYS = f"{HOME}/keys"
EMBEDDING = f"{HOME}/embedding"
IMPORT = f"{HOME}/import"
