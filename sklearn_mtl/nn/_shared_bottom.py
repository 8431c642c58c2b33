"""Hard parameter sharing: one trunk, one tower per target."""

from torch import Tensor, nn

from sklearn_mtl.nn._ownership import all_tasks
from sklearn_mtl.nn._towers import Towers


class SharedBottom(nn.Module):
    """One shared trunk and a tower per target.

    Parameters
    ----------
    n_features : int
        Number of inputs F.
    n_targets : int
        Number of targets K.
    hidden_dim : int, default=128
        Width of every trunk layer.
    n_layers : int, default=2
        Number of trunk layers.
    tower_dim : int or None, default=32
        Width of a tower's hidden layer; None makes the towers linear.
    dropout : float, default=0.0
        Dropout rate after every trunk layer.

    Notes
    -----
    **Shape**: ``(B, F) -> (B, K)``.

    References
    ----------
    .. [1] R. Caruana, "Multitask learning", Machine Learning 28, 1997.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.nn import SharedBottom
    >>> SharedBottom(n_features=10, n_targets=2)(torch.zeros(5, 10)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        n_features: int,
        n_targets: int,
        *,
        hidden_dim: int = 128,
        n_layers: int = 2,
        tower_dim: int | None = 32,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.n_targets = n_targets
        layers: list[nn.Module] = []
        for depth in range(n_layers):
            layers += [
                nn.Linear(n_features if depth == 0 else hidden_dim, hidden_dim),
                nn.ReLU(inplace=True),
            ]
            if dropout > 0:
                layers.append(nn.Dropout(dropout))
        self.trunk = nn.Sequential(*layers)
        self.towers = Towers(n_targets, hidden_dim, tower_dim)

    def encode(self, x: Tensor) -> Tensor:
        """Shared features, seen once by every target, ``(B, F) -> (K, B, hidden_dim)``."""
        return self.trunk(x).expand(self.n_targets, -1, -1)

    def decode(self, features: Tensor) -> Tensor:
        """Predictions from every target's features, ``(K, B, hidden_dim) -> (B, K)``."""
        return self.towers(features)

    def forward(self, x: Tensor) -> Tensor:
        """Predict all targets."""
        return self.decode(self.encode(x))

    def task_slices(self) -> dict[str, Tensor]:
        """Declare the trunk as shared and every tower as belonging to one target."""
        slices = all_tasks(self.trunk, self.n_targets, "trunk.")
        slices |= {f"towers.{name}": own for name, own in self.towers.task_slices().items()}
        return slices
