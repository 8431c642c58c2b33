"""Texts that stand for data, estimators and functions: the same in every process, or another."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import joblib
import numpy as np
import pandas as pd

_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic)


def fingerprint(X: Any, y: Any, splits: Sequence[tuple[np.ndarray, np.ndarray]]) -> str:
    """Hash of data and splits.

    Parameters
    ----------
    X, y : array-like, sparse matrix or None
    splits : sequence of (train, test)

    Returns
    -------
    fingerprint : str
    """
    digest = hashlib.blake2b(digest_size=8)
    labels = () if y is None else (y,)
    for data in (X, *labels, *(rows for split in splits for rows in split)):
        for part in _parts(data):
            digest.update(str(part.shape).encode())
            digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _parts(data: Any) -> list[np.ndarray]:
    """Arrays of plain numbers and texts that stand for the data."""
    if hasattr(data, "tocsr"):
        matrix = data.tocsr()
        return [matrix.data, matrix.indices, matrix.indptr]
    if not hasattr(data, "columns"):
        values = np.asarray(data)
        if values.dtype != object:
            return [values]
        data = pd.DataFrame({"values": [repr(row) for row in values]})
    table = pd.DataFrame(data)
    names = np.array([repr(name) for name in table.columns], dtype=str)
    return [names, pd.util.hash_pandas_object(table).to_numpy()]


def describe(value: Any) -> str:
    """Tell what something is made of.

    Parameters
    ----------
    value : object
        Estimators count with all parameters, arrays with all elements, scorers and partial
        functions with their arguments. A function that can be imported counts by its name, any
        other one, such as a lambda, by what it does. Addresses in memory do not count.

    Returns
    -------
    text : str
    """
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, Mapping):
        return f"{{{_joined(value)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(describe, value))}]"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(describe, value)))}}}"
    if isinstance(value, type):
        return _name(value)
    if hasattr(value, "get_params"):
        return f"{_name(type(value))}({_joined(value.get_params(deep=False))})"
    if isinstance(value, partial):
        return f"partial({describe([value.func, value.args, value.keywords])})"
    if isinstance(value, FunctionType):
        return _function(value)
    if hasattr(value, "tocsr") or hasattr(value, "columns") or isinstance(value, np.ndarray):
        return f"{type(value).__name__} {fingerprint(value, None, ())}"
    if hasattr(value, "_score_func"):  # a scorer, which is no estimator
        return f"{_name(type(value))}({_joined(vars(value))})"
    try:
        return f"{_name(type(value))} {joblib.hash(value)}"
    except Exception:  # whatever pickling raises
        return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def _joined(values: Mapping[Any, Any]) -> str:
    return ", ".join(sorted(f"{describe(key)}={describe(item)}" for key, item in values.items()))


def _name(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _function(function: FunctionType) -> str:
    if function.__module__ != "__main__" and "<" not in function.__qualname__:
        return _name(function)
    closure = [cell.cell_contents for cell in function.__closure__ or ()]
    defaults = [function.__defaults__, function.__kwdefaults__]
    return f"{function.__qualname__} {_code(function.__code__)} {describe([defaults, closure])}"


def _code(code: CodeType) -> str:
    """Instructions, names and constants; not where the function stands in its file."""
    constants = [
        _code(constant) if isinstance(constant, CodeType) else describe(constant)
        for constant in code.co_consts
    ]
    text = f"{code.co_code.hex()} {code.co_names} {constants}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
