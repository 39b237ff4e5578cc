"""Find a customer; open or share its portal."""
