"""What a run writes: one module for each file or folder of results."""
