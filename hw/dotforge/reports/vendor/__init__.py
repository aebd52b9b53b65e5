"""Reports of other people's flows, a module a tool: what they say of area, clock rate and power."""
