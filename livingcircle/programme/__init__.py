"""The programme of near-term projects: new sites, enlargements, gates and links, ranked under a budget."""
