"""The customer portal: the page where a company's customers see their own billing."""
