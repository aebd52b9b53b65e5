"""Number formats: what words mean, as data for every layer. Nothing here knows hardware."""
