"""The nearest street position of every lattice point of a block, and the one next to it: compiled loops."""

from __future__ import annotations

import numpy as np
from numba import njit

# Lattice points on a side of a patch, for which the candidates of a block are sifted once.
PATCH = 4
SAME_CORNER_M = 1e-6
# On one street, places farther apart than this many times the widest difference of legs are rivals, too.
APART = 2.0


@njit(cache=True, nogil=True)
def lattice(streets: tuple, blocks: tuple, terms: tuple) -> tuple:
    """Lattice points with their nearest places, and rivals: points, edges, (offsets, legs), and the same of rivals.

    `streets` are the straight pieces (start, direction, 1 / length², length), the edge of each, the metres of the edge before
    it, and the lengths of edges. `blocks` are where the candidates of each block begin, the candidate pieces, and the south-western
    corners (columns and rows of the lattice); `terms` the points on a side of a block, their distance, how far a place may be,
    and by how much farther a rival may be. Rivals are at most one a point; the number of the point comes before their edge.
    """
    lines, owner, before, length = streets
    first, pieces, corners = blocks
    side, step, reach, wide = terms
    most = len(corners) * side * side
    at, edge, places = np.empty((2, most), np.int32), np.empty(most, np.int64), np.empty((2, most))
    of, rival_edge, rival_places = np.empty(most, np.int64), np.empty(most, np.int64), np.empty((2, most))
    count = rivals = 0
    for block in range(len(corners)):
        candidates = pieces[first[block] : first[block + 1]]
        sifted, far, along = np.empty(len(candidates), np.int64), np.empty(len(candidates)), np.empty(len(candidates))
        for patch in range((side // PATCH) ** 2):
            west = corners[block, 0] + PATCH * (patch % (side // PATCH))
            south = corners[block, 1] + PATCH * (patch // (side // PATCH))
            many = _sift(lines, candidates, (west, south, step, reach, wide), (sifted, far, along))
            for cell in range(PATCH * PATCH if many else 0):
                column, row = west + cell % PATCH, south + cell // PATCH
                near = _distances(lines, sifted[:many], (column * step, row * step), (far, along))
                if far[near] > reach:
                    continue
                piece = sifted[near]
                mine = owner[piece]
                offset = min(before[piece] + along[near] * lines[piece, 5], length[mine])
                at[0, count], at[1, count], edge[count] = column, row, mine
                places[0, count], places[1, count] = offset, far[near]
                other = _rival((lines, owner, before, length), sifted[:many], (far, along), (near, offset, wide))
                if other >= 0:
                    piece = sifted[other]
                    theirs = owner[piece]
                    of[rivals], rival_edge[rivals] = count, theirs
                    rival_places[0, rivals] = min(before[piece] + along[other] * lines[piece, 5], length[theirs])
                    rival_places[1, rivals] = far[other]
                    rivals += 1
                count += 1
    return (
        at[:, :count].copy(), edge[:count].copy(), places[:, :count].copy(),
        of[:rivals].copy(), rival_edge[:rivals].copy(), rival_places[:, :rivals].copy(),
    )


@njit(cache=True, nogil=True)
def _distances(lines, pieces, point, told):
    """Metres to every piece and the part of it before the nearest place, written to `told`; the nearest piece."""
    far, along = told
    near = 0
    for n in range(len(pieces)):
        ax, ay, ux, uy, per_square = lines[pieces[n], 0], lines[pieces[n], 1], lines[pieces[n], 2], lines[pieces[n], 3], lines[pieces[n], 4]
        dx, dy = point[0] - ax, point[1] - ay
        t = min(max((dx * ux + dy * uy) * per_square, 0.0), 1.0)
        dx, dy = dx - t * ux, dy - t * uy
        far[n], along[n] = np.sqrt(dx * dx + dy * dy), t
        if far[n] < far[near]:
            near = n
    return near


@njit(cache=True, nogil=True)
def _sift(lines, candidates, patch, told):
    """Writes the pieces that may be nearest to a point of the patch, or nearly so, to `told`; how many they are."""
    west, south, step, reach, wide = patch
    sifted, far, along = told
    if not len(candidates):
        return 0
    half = (PATCH - 1) / 2 * step
    near = _distances(lines, candidates, (west * step + half, south * step + half), (far, along))
    half *= np.sqrt(2.0)
    least = far[near]
    many = 0
    if least <= reach + half:
        for n in range(len(candidates)):
            if far[n] <= least + 2 * half + wide:
                sifted[many] = candidates[n]
                many += 1
    return many


@njit(cache=True, nogil=True)
def _rival(streets, pieces, told, own):
    """The nearest piece on another street, or far along the same one, that is nearly as near; -1 for none."""
    lines, owner, before, length = streets
    far, along = told
    near, offset, wide = own
    mine = pieces[near]
    best = -1
    for n in range(len(pieces)):
        if n == near or far[n] > far[near] + wide or (best >= 0 and far[n] >= far[best]):
            continue
        piece = pieces[n]
        edge = owner[piece]
        if edge == owner[mine]:
            place = min(before[piece] + along[n] * lines[piece, 5], length[edge])
            if abs(place - offset) <= APART * wide:
                continue
        # Where the nearest place of both streets is one corner, they are no rivals: every walk passes that corner.
        dx = lines[piece, 0] + along[n] * lines[piece, 2] - lines[mine, 0] - along[near] * lines[mine, 2]
        dy = lines[piece, 1] + along[n] * lines[piece, 3] - lines[mine, 1] - along[near] * lines[mine, 3]
        if max(abs(dx), abs(dy)) > SAME_CORNER_M:
            best = n
    return best
