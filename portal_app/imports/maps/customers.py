"""customers: who is billed."""

from portal_app.imports import kinds
from portal_app.imports.columns import Noun, column, key
from portal_app.models.customer import Customer

CUSTOMERS = Noun(
    name="customers",
    singular="customer",
    table=Customer,
    columns=(
        key(Customer, "acme"),
        column(Customer, "name", "Acme Corp", "as it stands on invoices", required=True),
        column(Customer, "email", "billing@acme.example", "where bills go", kind=kinds.email(320)),
        column(Customer, "address_line1", "Torstraße 1", "street and number"),
        column(Customer, "address_line2", "2nd floor", "more of the street address"),
        column(Customer, "address_city", "Berlin", "city"),
        column(Customer, "address_state", "BE", "state or region"),
        column(Customer, "address_postal_code", "10119", "postal code"),
        column(Customer, "address_country", "DE", "country", kind=kinds.country()),
        column(Customer, "tax_id", "DE811111111", "the customer's tax id, as it stands on invoices"),
        column(Customer, "timezone", "Europe/Berlin", "cuts the customer's days and months", kind=kinds.zone()),
        column(
            Customer,
            "locale",
            "de_DE",
            "how the customer reads numbers and dates",
            kind=kinds.locale(),
            empty="the operator's locale",
        ),
        column(Customer, "status", "published", "archived and deleted customers cannot open the portal"),
    ),
)
