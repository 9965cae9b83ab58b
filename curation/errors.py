"""Everything this project raises on purpose.

CurateError                 the job failed; the message says what was expected, what came, what to do
├── UsageError              wrong option, unknown name (exit code 2)
├── ConfigError             curate.toml does not fit
├── SlowPatternError        a regular expression of a user takes too long on a text
├── SchemeError             the scheme file does not fit
├── ContradictionError      a record, entity, relation or layer contradicts itself or its text
├── SourceError             a source cannot be read at all (single bad rows are problems, not errors)
├── StoreError              the store refused, or is of another version
├── NothingToGoByError      an annotator has no patterns or examples for anything that the scheme asks for
├── MissingExtraError       an optional dependency is not installed
├── EgressBlockedError      the privacy policy keeps texts on this machine
├── EnvironmentFailureError  record after record failed for what is none of the records' faults
├── WorkerError             a worker process was ended from outside
├── ReviewError             Label Studio did not answer as expected
├── HubError                a hub of data sets did not take or give what was asked
├── EncoderError            an encoder at an address gave no vectors; `kind` says why
└── LanguageModelError      a language model gave no answer that can be used; `kind` says why
"""

import difflib
from collections.abc import Iterable

#: So many of the names that there are stand in an error.
NAMED = 40


class CurateError(Exception):
    """The job failed for a reason that a user can act on."""


class UsageError(CurateError):
    """A command or function was called with unknown words."""


class ConfigError(CurateError):
    """The configuration does not fit."""


class SlowPatternError(CurateError):
    """A regular expression of a user takes too long on a text."""

    def __init__(self, name: str, pattern: str) -> None:
        super().__init__(
            f"expected the pattern {name} to need less than a second for a text, it needs longer; write it without "
            "repeats inside of repeats, such as (a+)+"
        )
        self.pattern = pattern


class SchemeError(CurateError):
    """The scheme file does not fit."""


class ContradictionError(CurateError):
    """A record or layer contradicts itself."""


class SourceError(CurateError):
    """A source cannot be read at all."""


class StoreError(CurateError):
    """The store refused."""


class WorkerError(CurateError):
    """A worker process was ended from outside."""


class NothingToGoByError(CurateError):
    """An annotator has no patterns or examples for anything that the scheme asks for."""


class MissingExtraError(CurateError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs the package {package}, which is not installed: pip install 'clincurate[{extra}]'")


class EgressBlockedError(CurateError):
    """The privacy policy keeps texts on this machine."""


class EnvironmentFailureError(CurateError):
    """Record after record failed for what is none of the records' faults."""


class ReviewError(CurateError):
    """Label Studio did not answer as expected."""


class HubError(CurateError):
    """A hub of data sets did not take or give what was asked."""


class EncoderError(CurateError):
    """An encoder at an address gave no vectors: unreachable, rejected or denied, as of a LanguageModelError."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"encoder {kind}: {message}")
        self.kind = kind


#: Kinds of LanguageModelError after which the same request may be answered a little later.
PASSING = frozenset({"unreachable", "timeout", "busy"})
#: Kinds of LanguageModelError that the record has no part in.
OF_THE_SERVER = PASSING | {"denied"}


class LanguageModelError(CurateError):
    """A language model gave no answer that can be used.

    Kinds: refused, truncated, looping, empty, unparsable (the answer), unreachable (nobody answers, or the answer was
    cut off on the way), timeout (no answer in time), busy (the server has too much to do), rejected (it dislikes this
    request), denied (it dislikes all of them: the key, the address or the model). retry_after: seconds for which the
    server asks to be left alone. by_server: whether the record has no part in it, whatever the kind.
    """

    def __init__(self, kind: str, message: str, *, retry_after: float | None = None, by_server: bool = False) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.retry_after = retry_after
        self.by_server = by_server or kind in OF_THE_SERVER


#: Classes of errors of PyTorch, httpx and SQLAlchemy that the record has no part in.
OF_THE_MACHINE = {"OutOfMemoryError", "TransportError", "OperationalError", "AcceleratorError"}


def may_pass(error: BaseException) -> bool:
    """Whether a failure comes from the machine, the settings or a server, and not from the record that it befell.

    Libraries raise errors of their own classes for exhausted memory and lost connections; their names say so.
    """
    if isinstance(error, LanguageModelError):
        return error.by_server
    if isinstance(error, EncoderError):
        return error.kind in OF_THE_SERVER
    if isinstance(error, CurateError):
        return isinstance(error, ConfigError | MissingExtraError | SchemeError | StoreError | UsageError)
    names = {base.__name__ for base in type(error).__mro__}
    return isinstance(error, OSError | MemoryError | ImportError) or bool(names & OF_THE_MACHINE)


def one_line(error: Exception) -> str:
    """What a library says of a file that does not fit, in one line."""
    return " ".join(str(error).split())


def unknown_name(what: str, got: str, known: Iterable[str]) -> UsageError:
    """The error about a name that is none of those known."""
    return UsageError(no_such(what, got, known))


def no_such(what: str, got: str, known: Iterable[str]) -> str:
    """What to say of a name that is none of those known: the nearest one, and which there are.

    what: a noun with its article, such as "a layer".
    """
    names = list(known)
    folded = {name.casefold(): name for name in reversed(names)}
    near = difflib.get_close_matches(got.casefold(), folded, n=1, cutoff=0.5)
    hint = f"did you mean {folded[near[0]]}? " if near else ""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"expected {what}, got {got!r}; {hint}there are: {', '.join(names[:NAMED]) or 'none yet'}{more}"
