"""Where the operator's pages are."""

CUSTOMERS = "/operator"
CUSTOMER = "/operator/customer"
AUDIT = "/operator/audit"
BRANDING = "/operator/branding"
KEYS = "/operator/keys"
EMBEDDING = "/operator/embedding"
IMPORT = "/operator/import"
