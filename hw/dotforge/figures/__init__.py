"""What writes the tables and plots of the documentation."""
