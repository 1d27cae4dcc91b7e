"""15-minute living circles: walk times, isochrones, coverage, gaps and maps."""

__version__ = "0.1.0"
