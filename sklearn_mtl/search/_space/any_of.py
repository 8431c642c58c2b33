"""Several spaces as one, with the choice between them as its first parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sklearn_mtl.search._space.space import ConfigurationSpace, import_pipeline
from sklearn_mtl.search._space.variables import Discrete, Variable


def any_of(name: str, spaces: Mapping[str, ConfigurationSpace]) -> ConfigurationSpace:
    """Join spaces into one that also chooses between them.

    A search of the joined space compares whole systems, each at its best, within one budget.

    Parameters
    ----------
    name : str
        Name of the parameter that chooses.
    spaces : dict of str to ConfigurationSpace
        The spaces by the value of that parameter. Each names a pipeline.

    Returns
    -------
    space : ConfigurationSpace
        Its parameters are `name` and, called ``<value>__<parameter>``, those of every space, which
        count while `name` takes that value. What a space fixes is fixed under such a name, too.
        `build` makes the pipeline of the space that is chosen.

    Raises
    ------
    ValueError
        If there is no space, one names no pipeline, or a value is no text or holds two underscores.

    Examples
    --------
    >>> from sklearn_mtl.search import any_of, attention_mmoe_space, tmoep_space
    >>> space = any_of("system", {"attention": attention_mmoe_space(), "tmoep": tmoep_space()})
    >>> space["tmoep__n_blocks"]
    Discrete(name='tmoep__n_blocks', choices=(1, 2, 3, 4), when={'system': ['tmoep']})
    >>> quick = space.with_fixed(attention__max_epochs=5, tmoep__max_epochs=5)
    >>> "system" in quick.names
    True
    """
    if not isinstance(spaces, Mapping) or not spaces:
        raise ValueError(
            "`spaces` must be a dict from names to at least one space, for example "
            f"{{'tmoep': tmoep_space()}}. Got {spaces!r}."
        )
    variables: list[Variable] = [Discrete(name, list(spaces))]
    fixed: dict[str, Any] = {"selector": name, "pipelines": {}}
    for value, space in spaces.items():
        if space.pipeline is None:
            raise ValueError(f"The space {value!r} names no `pipeline` that could make estimators.")
        if not isinstance(value, str):
            raise ValueError(f"The name of a space must be a text, for example 'a'. Got {value!r}.")
        if "__" in value:
            raise ValueError(
                f"The name {value!r} of a space holds '__', which parts it from the names of the "
                "parameters. Call it otherwise."
            )
        prefix = f"{value}__"
        fixed["pipelines"][value] = space.pipeline
        fixed |= {prefix + argument: shared for argument, shared in space.fixed.items()}
        for variable in space.variables:
            own = {prefix + parent: values for parent, values in (variable.when or {}).items()}
            when = {name: [value], **own}
            variables.append(replace(variable, name=prefix + variable.name, when=when))
    return ConfigurationSpace(variables, f"{__name__}.{pipeline_of_choice.__name__}", fixed)


def pipeline_of_choice(*, selector: str, pipelines: Mapping[str, str], **arguments: Any) -> Any:
    """Make the pipeline of the chosen space, with those arguments that bear its name."""
    chosen = arguments[selector]
    prefix = f"{chosen}__"
    own = {
        name.removeprefix(prefix): value
        for name, value in arguments.items()
        if name.startswith(prefix)
    }
    return import_pipeline(pipelines[chosen])(**own)
