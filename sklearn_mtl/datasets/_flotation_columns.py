"""Columns that the flotation tables of both rates have in common."""

N_COLUMNS = 7  # flotation columns, in two banks
FEED_NAMES = ("iron_feed_pct", "silica_feed_pct")
TARGET_NAMES = ("y1_iron_concentrate_pct", "y2_silica_concentrate_pct")
UNITS = {
    "iron_feed_pct": "%",
    "silica_feed_pct": "%",
    "starch_flow": "m3/h",
    "amina_flow": "m3/h",
    "ore_pulp_flow": "t/h",
    "ore_pulp_ph": "pH",
    "ore_pulp_density": "kg/cm3",
    **{f"col{i:02d}_air_flow": "Nm3/h" for i in range(1, N_COLUMNS + 1)},
    **{f"col{i:02d}_level": "mm" for i in range(1, N_COLUMNS + 1)},
    "y1_iron_concentrate_pct": "%",
    "y2_silica_concentrate_pct": "%",
}
