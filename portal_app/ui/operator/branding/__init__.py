"""How the portal looks to customers: names, colour, logo, menu; with a preview."""
