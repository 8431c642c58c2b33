"""Published figures on the sulfur recovery unit, to stand beside ours: means over its runs.

L. Pan et al., "TMoE-P: towards the Pareto optimum for multivariate soft sensors", 2023, tables II
and III. The paper does not say how it split the rows; its PLSR row fits a shuffled split.
"""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """One row of table II; every metric for hydrogen sulfide, then sulfur dioxide."""

    RMSE: tuple[float, float]
    MAE: tuple[float, float]
    R2: tuple[float, float]


TABLE_2: dict[str, Published] = {
    "ST PLSR": Published((0.0323, 0.0271), (0.0187, 0.0191), (0.6299, 0.7730)),
    "ST AE": Published((0.0264, 0.0243), (0.0171, 0.0176), (0.6950, 0.7833)),
    "ST SAE": Published((0.0198, 0.0240), (0.0133, 0.0171), (0.8008, 0.7916)),
    "ST GSTAE": Published((0.0226, 0.0247), (0.0142, 0.0177), (0.7731, 0.7767)),
    "ST LSTM": Published((0.0221, 0.0228), (0.0146, 0.0170), (0.7719, 0.8045)),
    "ST VA-LSTM": Published((0.0202, 0.0225), (0.0131, 0.0170), (0.8183, 0.8180)),
    "ST SLSTM": Published((0.0215, 0.0202), (0.0136, 0.0148), (0.8124, 0.8568)),
    "MT GSTAE": Published((0.0226, 0.0249), (0.0141, 0.0178), (0.8319, 0.8065)),
    "MT VA-LSTM": Published((0.0205, 0.0238), (0.0133, 0.0175), (0.8351, 0.8091)),
    "MT SLSTM": Published((0.0245, 0.0247), (0.0193, 0.0164), (0.8051, 0.8024)),
    "MT MMoE": Published((0.0225, 0.0235), (0.0147, 0.0173), (0.8444, 0.8292)),
    "MT BMoE": Published((0.0207, 0.0222), (0.0149, 0.0176), (0.8665, 0.8534)),
    "MT PLE": Published((0.0192, 0.0225), (0.0131, 0.0167), (0.8764, 0.8371)),
    "MT TMoE-P": Published((0.0177, 0.0207), (0.0122, 0.0153), (0.8845, 0.8626)),
}

# (specific experts per target, shared experts): R2
TABLE_3: dict[tuple[int, int], tuple[float, float]] = {
    (1, 0): (0.8764, 0.8379),
    (0, 1): (0.8646, 0.8462),
    (1, 1): (0.8845, 0.8626),
    (2, 0): (0.7580, 0.7833),
    (0, 2): (0.7526, 0.7841),
    (2, 2): (0.8009, 0.7914),
    (3, 0): (0.8256, 0.8143),
    (0, 3): (0.8119, 0.8123),
    (3, 3): (0.8306, 0.8222),
    (4, 0): (0.7622, 0.7854),
    (0, 4): (0.7954, 0.7896),
    (4, 4): (0.8045, 0.7884),
}
