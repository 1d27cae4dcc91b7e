"""People from whatever a bureau has: dwellings, buildings, planned parcels, grids, unit totals, and shares of age groups.

Every step gives residences (`layers.RESIDENCES`, a column `people_<group>` for each group), so that steps follow one another:
buildings within units, cells onto land, and at the end always `rescaled` to the totals of streets or communities.
"""

from livingcircle.population.buildings import over_buildings
from livingcircle.population.cells import onto_land
from livingcircle.population.figures import facts
from livingcircle.population.groups import with_shares
from livingcircle.population.stated import from_dwellings, from_parcels, of_units, residential_land
from livingcircle.population.totals import remarks, rescaled, unit_totals

__all__ = [
    "facts",
    "from_dwellings",
    "from_parcels",
    "of_units",
    "onto_land",
    "over_buildings",
    "remarks",
    "rescaled",
    "residential_land",
    "unit_totals",
    "with_shares",
]
