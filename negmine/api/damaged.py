"""One message for what a damaged file causes that `verify="sizes"` let pass, in every function of the API."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from negmine.errors import CorruptArtifact, NegmineError
from negmine.storage.contents import damage_by_size, forget_sizes


def telling_damage(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that raises CorruptArtifact in place of what a library says of a damaged file.

    Only files count of which this call compared the size alone. Other errors come as they are, and so does what
    the operating system refuses.
    """

    @wraps(function)
    def telling(*args: Any, **settings: Any) -> Any:
        forget_sizes()
        try:
            return function(*args, **settings)
        except (NegmineError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # also a panic of Polars, which is no Exception
            is_refused = isinstance(error, OSError) and error.errno is not None
            if not is_refused and (message := damage_by_size(error)):
                raise CorruptArtifact(message) from error
            raise

    return telling
