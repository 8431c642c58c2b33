"""Measured data sets of plants, and simulated ones that work offline."""

from sklearn_mtl.datasets._debutanizer import fetch_debutanizer
from sklearn_mtl.datasets._fermentation import load_fermentation
from sklearn_mtl.datasets._flotation import fetch_flotation
from sklearn_mtl.datasets._gas_turbine import fetch_gas_turbine
from sklearn_mtl.datasets._multirate_sintering import make_multirate_sintering
from sklearn_mtl.datasets._sintering import make_sintering
from sklearn_mtl.datasets._sru import fetch_sru

__all__ = [
    "fetch_debutanizer",
    "fetch_flotation",
    "fetch_gas_turbine",
    "fetch_sru",
    "load_fermentation",
    "make_multirate_sintering",
    "make_sintering",
]
