"""The directory that a designer is given: generate, datasheet."""
