"""The sample district: schematic streets, synthetic people and facilities, written in the forms in which real data arrive."""

from sample_beilun.district import generate

__all__ = ["generate"]
