"""What is proven of every engine, and how well its bench would notice if it were wrong."""
