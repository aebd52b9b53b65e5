"""The engines, a folder each: configuration, datapath, control, and the component with its streams."""
