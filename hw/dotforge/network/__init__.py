"""Distribution and reduction networks."""
