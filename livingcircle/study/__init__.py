"""One study: its file, its layers, and a run of the whole chain."""
