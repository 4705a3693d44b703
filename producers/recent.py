"""The last so many different keys, to tell whether one came before, in bounded memory."""

from collections import OrderedDict
from collections.abc import Iterable


class Recent:
    """A set that forgets its oldest keys beyond ``limit``."""

    def __init__(self, limit: int, keys: Iterable[str] = ()) -> None:
        self._limit = limit
        self._keys: OrderedDict[str, None] = OrderedDict()
        for key in keys:
            self.add(key)

    def add(self, key: str) -> bool:
        """Take ``key`` in as the newest; whether it was not there."""
        new = key not in self._keys
        self._keys[key] = None
        self._keys.move_to_end(key)
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)
        return new

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def keys(self) -> list[str]:
        """The keys, oldest first."""
        return list(self._keys)
