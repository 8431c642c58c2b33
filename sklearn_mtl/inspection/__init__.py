"""Pictures and reports of fitted soft sensors; drawing needs the extra ``plot``."""

from sklearn_mtl.inspection._anomaly_scores import AnomalyScoreDisplay
from sklearn_mtl.inspection._over_time import PredictionOverTimeDisplay
from sklearn_mtl.inspection._predicted_versus_true import PredictedVersusTrueDisplay
from sklearn_mtl.inspection._report import html_report
from sklearn_mtl.inspection._residuals import ResidualDisplay
from sklearn_mtl.inspection._training_history import TrainingHistoryDisplay

__all__ = [
    "AnomalyScoreDisplay",
    "PredictedVersusTrueDisplay",
    "PredictionOverTimeDisplay",
    "ResidualDisplay",
    "TrainingHistoryDisplay",
    "html_report",
]
