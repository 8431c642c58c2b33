"""
A tenth of the parameters, the same predictions
===============================================

A search that knows only the error ends with one network. One that counts parameters too ends with
the front: the best network that was found of every size. On a simulated sinter plant it bends
early: the network at its knee has a tenth of the parameters of the best one, and on rows that the
search has not seen both are level.
"""

# %%
# Error and size, searched together
# ---------------------------------
# Trials are trained on the older four fifths of the rows and compared on the newest fifth.

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import SharedBottomRegressor
from sklearn_mtl.datasets import make_sintering
from sklearn_mtl.inspection import ParetoFrontDisplay
from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete, ParetoSearchCV

plant = make_sintering(n_samples=1200, missing_fraction=0.3, outlier_fraction=0.0, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(
    plant.data, plant.target, test_size=0.25, shuffle=False
)
sensor = Pipeline(
    [("scale", StandardScaler()), ("model", SharedBottomRegressor(dropout=0.0, max_epochs=25))]
)
space = ConfigurationSpace(
    [
        Discrete("model__hidden_dim", [2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256]),
        Discrete("model__n_layers", [1, 2, 3]),
        Continuous("model__learning_rate", 2e-3, 5e-2, log=True),
    ]
)
search = ParetoSearchCV(
    sensor, space, objectives=["nmse", "n_parameters"], n_trials=60, random_state=0
).fit(X_train, y_train)
print(search.front_table().round(3))

# %%
# Three models of the front
# -------------------------
# Each is fitted on all training rows when it is asked for, and judged on the test rows.
models = {
    "best error": search.select("best_error"),
    "knee": search.select("knee"),
    "smallest": search.select("smallest"),
}
print(
    pd.DataFrame(
        {
            "parameters": {name: model[-1].n_parameters_ for name, model in models.items()},
            "test R2": {name: model.score(X_test, y_test) for name, model in models.items()},
        }
    ).round(3)
)

# %%
# The figure
# ----------
figure, ax = plt.subplots(figsize=(7.2, 4), layout="constrained")
ParetoFrontDisplay.from_estimator(search, selected=search.select_index("best_error"), axes=ax)
ax.set(ylabel="NMSE of the newest fifth", xlabel="parameters of the network")
plt.show()
