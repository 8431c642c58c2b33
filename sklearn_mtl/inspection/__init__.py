"""Pictures and reports of fitted soft sensors; drawing needs the extra ``plot``."""

from sklearn_mtl.inspection._anomaly_scores import AnomalyScoreDisplay
from sklearn_mtl.inspection._over_time import PredictionOverTimeDisplay
from sklearn_mtl.inspection._pareto_front import ParetoFrontDisplay
from sklearn_mtl.inspection._predicted_versus_true import PredictedVersusTrueDisplay
from sklearn_mtl.inspection._report import html_report
from sklearn_mtl.inspection._residuals import ResidualDisplay
from sklearn_mtl.inspection._search_history import SearchHistoryDisplay
from sklearn_mtl.inspection._training_history import TrainingHistoryDisplay

__all__ = [
    "AnomalyScoreDisplay",
    "ParetoFrontDisplay",
    "PredictedVersusTrueDisplay",
    "PredictionOverTimeDisplay",
    "ResidualDisplay",
    "SearchHistoryDisplay",
    "TrainingHistoryDisplay",
    "html_report",
]
