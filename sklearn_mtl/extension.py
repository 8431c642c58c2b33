"""What a method of one's own needs: base classes, and checks that it keeps the contracts.

- A network: any module class built as ``Network(n_features=..., n_targets=..., **params)``; pass it
  as ``MultiTaskRegressor(architecture=Network)`` and run :func:`check_architecture` on it.
- A weighting rule: a subclass of :class:`TaskWeighting`; pass an instance as ``weighting`` to any
  neural estimator and run :func:`check_weighting` on it.
- An estimator with parameters of its own: a subclass of :class:`BaseMultiTaskRegressor`.
"""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from torch import Tensor, nn

from sklearn_mtl.estimators import BaseMultiTaskRegressor, MMoERegressor, MultiTaskRegressor
from sklearn_mtl.nn import ImplicitEnsemble, has_towers, task_slices
from sklearn_mtl.training import MultiTaskNet
from sklearn_mtl.weighting import EqualWeighting, TaskWeighting

__all__ = [
    "BaseMultiTaskRegressor",
    "MultiTaskNet",
    "TaskWeighting",
    "check_architecture",
    "check_weighting",
]

N_FEATURES, N_TARGETS, N_ROWS = 6, 3, 7


def check_architecture(architecture: type[nn.Module], **params: Any) -> None:
    """Check that a network keeps the contract of ``MultiTaskRegressor(architecture=...)``.

    Parameters
    ----------
    architecture : type
        Module class, built as ``architecture(n_features=..., n_targets=..., **params)``.
    **params
        Further arguments of the class.

    Raises
    ------
    AssertionError
        With the rule that is broken. Checked are shapes (one row and one target too), rows
        that do not influence each other in evaluation, gradients to every parameter, declared
        ownership (``task_slices``) against gradients, ``encode`` and ``decode`` against
        ``forward``, gates that sum to one, copying and pickling, and that training on partly
        labelled targets lowers the loss.

    Examples
    --------
    >>> from sklearn_mtl.extension import check_architecture
    >>> from sklearn_mtl.nn import MMoE
    >>> check_architecture(MMoE, n_experts=2)
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for n_features, n_targets in [(N_FEATURES, N_TARGETS), (1, 1)]:
            module: Any = _build(architecture, params, n_features, n_targets)
            for n_rows in (N_ROWS, 1):
                output = module.eval()(torch.randn(n_rows, n_features))
                assert output.shape == (n_rows, n_targets), (
                    f"forward must map ({n_rows}, {n_features}) to ({n_rows}, {n_targets}). "
                    f"Found {tuple(output.shape)}."
                )
        module = _build(architecture, params).double().eval()
        x = torch.randn(N_ROWS, N_FEATURES, dtype=torch.float64)
        _check_rows_are_independent(module, x)
        _check_gradients_and_ownership(module, x)
        if hasattr(module, "encode") and hasattr(module, "decode"):
            _check_encode_decode(module, x)
        if has_towers(module):
            assert torch.allclose(module.towers(module.encode(x)), module(x)), (
                "towers(encode(x)) must equal forward(x). Give what follows towers another name."
            )
        if hasattr(module, "gates"):
            gates = module.gates(x)
            assert gates.shape[:2] == (N_TARGETS, N_ROWS), (
                f"gates must have the shape (n_targets, n_rows, n_experts). Found {gates.shape}."
            )
            assert torch.allclose(gates.sum(dim=2), torch.ones(1, dtype=x.dtype)), (
                "gates must sum to one over the experts."
            )
        for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
            assert torch.equal(twin(x), module(x)), "a copy must give the same outputs."
        _check_training(architecture, params)


def _build(
    architecture: type[nn.Module],
    params: dict[str, Any],
    n_features: int = N_FEATURES,
    n_targets: int = N_TARGETS,
) -> nn.Module:
    return architecture(n_features=n_features, n_targets=n_targets, **params)


def _check_rows_are_independent(module: nn.Module, x: Tensor) -> None:
    alone = torch.cat([module(row[None]) for row in x])
    assert torch.allclose(alone, module(x), rtol=1e-9, atol=1e-12), (
        "in evaluation a row's output must not depend on the other rows."
    )


def _check_gradients_and_ownership(module: nn.Module, x: Tensor) -> None:
    slices = task_slices(module, module(x).sum(dim=0))
    parameters = {n: p for n, p in module.named_parameters() if p.requires_grad}
    connected = set()
    # A second batch, because a rectifier may be silent on one.
    for batch in (x, torch.randn(64, N_FEATURES, dtype=x.dtype)):
        for k, loss in enumerate(module(batch).square().sum(dim=0)):
            gradients = torch.autograd.grad(
                loss, list(parameters.values()), retain_graph=True, allow_unused=True
            )
            for name, gradient in zip(parameters, gradients, strict=True):
                if gradient is None:
                    continue
                connected.add(name)
                undeclared = gradient.reshape(len(gradient), -1).any(dim=1) & ~slices[name][:, k]
                assert not undeclared.any(), (
                    f"task_slices() must declare the slices {undeclared.nonzero().tolist()} of "
                    f"{name!r} as reached by target {k}, whose loss reaches them."
                )
    unused = set(parameters) - connected
    assert not unused, f"no loss reaches the parameter(s) {sorted(unused)}."


def _check_encode_decode(module: Any, x: Tensor) -> None:
    features = module.encode(x)
    assert features.ndim == 3 and features.shape[:2] == (N_TARGETS, N_ROWS), (
        f"encode must give (n_targets, n_rows, h). Found {tuple(features.shape)}."
    )
    assert torch.allclose(module.decode(features), module(x)), (
        "decode(encode(x)) must equal forward(x)."
    )
    leaf = features.detach().clone().requires_grad_()
    for k, output in enumerate(module.decode(leaf).sum(dim=0)):
        (gradient,) = torch.autograd.grad(output, leaf, retain_graph=True)
        others = [j for j in range(N_TARGETS) if j != k]
        assert not gradient[others].any(), (
            f"decode must read target {k} from features[{k}] only; it reads others too."
        )


def _partly_labelled(n_targets: int = N_TARGETS) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, N_FEATURES))
    y = X @ rng.normal(size=(N_FEATURES, n_targets)) + np.sin(3 * X[:, :1])
    y[rng.random(y.shape) < 0.3] = np.nan
    return X, y


def _check_training(architecture: type[nn.Module], params: dict[str, Any]) -> None:
    X, y = _partly_labelled()
    probe = _build(architecture, params)
    has_members = has_towers(probe)
    if has_members:
        ensemble: Any = ImplicitEnsemble(
            N_FEATURES, N_TARGETS, network=architecture, n_members=2, **params
        ).double()
        x = torch.randn(N_ROWS, N_FEATURES, dtype=torch.float64)
        _check_gradients_and_ownership(ensemble, x)
    for ensemble_size in (1, 3) if has_members else (1,):
        model = MultiTaskRegressor(
            architecture=architecture,
            architecture_params=params,
            ensemble_size=ensemble_size,
            max_epochs=20,
            random_state=0,
        ).fit(X, y)
        losses = model.history_["train_loss"]
        assert losses.iloc[-1] < losses.iloc[0], (
            f"training with ensemble_size={ensemble_size} did not lower the loss: "
            f"{losses.iloc[0]:.4f} before, {losses.iloc[-1]:.4f} after {len(losses)} epochs."
        )
        assert np.isfinite(model.predict(X)).all(), "predictions must be finite."


def check_weighting(weighting: TaskWeighting) -> None:
    """Check that a weighting rule keeps the contract of the parameter ``weighting``.

    Parameters
    ----------
    weighting : TaskWeighting
        The rule, with the parameters to check.

    Raises
    ------
    AssertionError
        With the rule that is broken. Checked are cloning and pickling, finite weights of the right
        shape on partly labelled batches and for a single target, weights on record in
        ``history_``, the same result for the same seed, no advance of state when
        ``on_task_losses`` is announced twice in a step, and, unless it is
        :class:`EqualWeighting`, an update that differs from that of equal weights on targets
        in conflict.

    Examples
    --------
    >>> from sklearn_mtl.extension import check_weighting
    >>> from sklearn_mtl.weighting import GradNorm
    >>> check_weighting(GradNorm())
    """
    twin = clone(weighting, safe=False)
    # By their text, because a parameter may be an object that knows no equality
    assert repr(twin.get_params()) == repr(weighting.get_params()), (
        "a clone must have the same parameters."
    )
    loss = weighting.fixed_loss or "mse"

    def fit(rule: TaskWeighting, X: np.ndarray, y: np.ndarray) -> MMoERegressor:
        return MMoERegressor(
            weighting=rule, loss=loss, hidden_dim=8, expert_dim=4, max_epochs=4, random_state=0
        ).fit(X, y)

    X, y = _partly_labelled()
    model = fit(weighting, X, y)
    weights = model.history_[[f"weight_{name}" for name in model.target_names_]].to_numpy()
    direction = model.net_.weighting_.shared_gradient_
    assert direction is not None or np.isfinite(weights).all(), (
        f"weights must be finite, unless the rule sets shared_gradient_. Found {weights}."
    )
    again = fit(weighting, X, y)
    assert np.array_equal(model.predict(X), again.predict(X)), (
        "two trainings with the same random_state must give the same model."
    )
    twin_model = pickle.loads(pickle.dumps(model))
    assert np.array_equal(model.predict(X), twin_model.predict(X)), (
        "a pickled model must give the same predictions."
    )
    _check_no_advance(model, X, y)

    if not _equals_one_target(weighting):
        fit(weighting, X, y[:, 0])
    if not isinstance(weighting, EqualWeighting):
        conflict = np.column_stack([5 * y[:, 0], -y[:, 0] + y[:, 1] ** 2, y[:, 2]])
        equal = fit(EqualWeighting(), X, conflict)
        assert not np.array_equal(fit(weighting, X, conflict).predict(X), equal.predict(X)), (
            "on targets in conflict the rule must update the network otherwise than equal weights."
        )


def _equals_one_target(weighting: TaskWeighting) -> bool:
    # A rule with one parameter per target, such as fixed weights, cannot serve another number.
    return any(
        isinstance(value, (list, tuple, np.ndarray)) and len(value) == N_TARGETS
        for value in weighting.get_params().values()
    )


def _check_no_advance(model: MMoERegressor, X: np.ndarray, y: np.ndarray) -> None:
    net = model.net_
    rule: Any = net.weighting_
    seen: list[tuple[Tensor, Tensor]] = []
    targets = torch.tensor(model.scaling_.to_standard(y), dtype=torch.float32)
    with torch.random.fork_rng(devices=[]):
        for _ in range(2):
            torch.manual_seed(0)
            prediction, features = net.predict_for_step(torch.tensor(X, dtype=torch.float32))
            net.announce(net.criterion_(prediction, targets, None), None, features)
            weights, direction = rule.weights_, rule.shared_gradient_
            assert weights is not None and weights.shape == (N_TARGETS,), (
                f"on_task_losses must set weights_ of shape ({N_TARGETS},). Found {weights}."
            )
            seen.append((weights.nan_to_num(), weights if direction is None else direction.clone()))
    for before, after in zip(*seen, strict=True):
        assert torch.equal(before, after), "on_task_losses must not advance the rule's state."
