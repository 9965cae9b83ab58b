"""A language model as a judge of another author's layer; what it says is stored beside the layer, which stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from pydantic import JsonValue

from curation.author import AuthorKind, author_name
from curation.deidentify.surrogate_records import SurrogateRecords
from curation.errors import LanguageModelError, UsageError, may_pass
from curation.judge.claims import Claim, claims_of, numbered
from curation.judge.judged import JudgedLayer, judging
from curation.judge.verdicts import NO_PLACE, EntityJudgement, JudgeOutcome, not_judged, read_verdicts, verdict_schema
from curation.models.asking_stage import INCOMPLETE, Conversation
from curation.models.contract import Answer, Finish, LanguageModel, Message, Request, room_parameter
from curation.models.prompt import Prompt
from curation.models.tokens import count_tokens
from curation.models.whole_answer import unusable
from curation.record import Layer, Record, digest
from curation.scheme import Scheme
from curation.settings import JudgeSettings
from curation.stage import Item, Result

#: Raised when the same answers would become other judgements.
VERSION = 1
#: The style of prompts that ask for verdicts.
STYLE = "judge"
#: Why a verdict that cannot be read is none.
UNPARSABLE = "unparsable"
#: Tokens of a verdict, about.
VERDICT_TOKENS = 48


class Judge:
    """Asks a model about each entity of a layer; an entity without a verdict that can be read is not judged.

    surrogates: what records are shown with in place of their identifiers; None where they are shown as they are. Raises
    UsageError where there is not exactly one model, and for a scheme without categories.
    """

    def __init__(
        self,
        scheme: Scheme,
        settings: JudgeSettings,
        models: Mapping[str, LanguageModel],
        *,
        layer: str,
        surrogates: SurrogateRecords | None = None,
    ) -> None:
        if len(models) != 1:
            raise UsageError(f"expected one language model as a judge, got {', '.join(models) or 'none'}")
        if not scheme.categories:
            raise UsageError(f"expected categories in the scheme {scheme.name}: without entities, nothing is to judge")
        self.models = models
        self._model = next(iter(models.values()))
        self._scheme, self._settings, self.layer, self._surrogates = scheme, settings, layer, surrogates
        self._prompt = Prompt(settings.prompt, scheme)
        if self._prompt.style != STYLE:
            raise UsageError(
                f"curation.judge.prompt: expected a prompt of the style {STYLE}, {self._prompt.name} is of the style "
                f"{self._prompt.style}"
            )
        self.name = judging(layer)
        self.reads: Sequence[str] = (layer,)
        #: The host that records' text is sent to, if it is not this machine.
        self.remote = self._model.remote

    @property
    def author(self) -> str:
        """Who judges: the model and the prompt's version."""
        return author_name(AuthorKind.LLM, self._model.name, revision=self._prompt.name)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of model, prompt, scheme, settings and surrogates; the server's address may change."""
        identity = {name: dict(model.identity) for name, model in self.models.items()}
        settings = self._settings.model_dump(mode="json")
        parts = [VERSION, self.author, identity, self._prompt.digest, self._scheme.digest, settings, self.layer]
        return digest(parts if self._surrogates is None else [*parts, self._surrogates.digest])

    def load(self, languages: Sequence[str]) -> None:
        """Fill the prompt for a made-up record of each language. Raises ConfigError where that fails."""
        for language in languages:
            self._prompt.check(language)

    def prepare(self, items: Sequence[Item]) -> None:
        """Look for the identifiers of records that are asked about next, where they are replaced: it takes long."""
        for item in items:
            self._shown(item)

    def _shown(self, item: Item) -> tuple[Record, Layer | None]:
        """The record and its layer as the model is shown them."""
        layer = item.layers.get(self.layer)
        if self._surrogates is None:
            return item.record, layer
        made = self._surrogates.of(item.record)
        return made.record, layer and made.shown(layer)

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        """The questions about a record's layer; at the end what was judged, and its error where that is not all.

        Several entities are asked about together. Those without a verdict that can be read are asked about once more,
        each by itself, unless the server is at fault; with each further attempt at the record, all of that anew.
        """
        record, layer = self._shown(item)
        if layer is None:
            return Result(record.id)
        judged = JudgedLayer(layer=self.layer, version=item.layers[self.layer].digest, by=self.author)
        found = {entity.id: not_judged(NO_PLACE) for entity in layer.entities if not entity.fragments}
        failures: dict[str, LanguageModelError] = {}
        room: dict[str, int] = {}
        claims = claims_of(record, layer)
        for sample in range(attempt + 1):
            alone: set[str] = set()
            for together in (self._settings.together, 1):
                left = [claim for claim in claims if claim.entity.id not in found and claim.entity.id not in alone]
                if together == 1:
                    left = [claim for claim in left if not _is_of_the_server(failures.get(claim.entity.id))]
                asked = list(self._chunks(record, left, together))
                if not asked:
                    continue
                alone |= {chunk[0].entity.id for chunk in asked if len(chunk) == 1}
                answers = yield [self._request(record, chunk, sample, room) for chunk in asked]
                for chunk, answer in zip(asked, answers, strict=True):
                    failed = self._read(chunk, answer, found)
                    failures |= failed
                    room |= {id: _more_room(answer) for id, error in failed.items() if error.kind == Finish.TRUNCATED}
        return self._result(record.id, judged, found, failures)

    def _chunks(self, record: Record, claims: Sequence[Claim], most: int) -> Iterator[Sequence[Claim]]:
        """The claims in questions of so many at most; of fewer, where the model takes less at once."""
        for start in range(0, len(claims), most):
            yield from self._fitting(record, claims[start : start + most])

    def _fitting(self, record: Record, claims: Sequence[Claim]) -> Iterator[Sequence[Claim]]:
        context: int | None = getattr(self._model, "context", None)
        if context is not None and len(claims) > 1:
            needed = count_tokens(self._messages(record, claims)).tokens + VERDICT_TOKENS * len(claims)
            if needed > context:
                half = len(claims) // 2
                yield from self._fitting(record, claims[:half])
                yield from self._fitting(record, claims[half:])
                return
        yield claims

    def _messages(self, record: Record, claims: Sequence[Claim]) -> tuple[Message, ...]:
        lines = "\n".join(claim.line(id) for id, claim in numbered(claims).items())
        return self._prompt.messages(lines, record.language)

    def _request(self, record: Record, claims: Sequence[Claim], sample: int, room: Mapping[str, int]) -> Request:
        """The question; after an answer that was cut off, with room for a longer one."""
        needed = sum(room.get(claim.entity.id, VERDICT_TOKENS) for claim in claims)
        is_cut = sample > 0 and any(claim.entity.id in room for claim in claims)
        sampling: dict[str, JsonValue] = {room_parameter(self._model.identity): needed} if is_cut else {}
        return Request(
            self._model.name,
            self._messages(record, claims),
            verdict_schema(claims, self._scheme),
            sampling=sampling,
            sample=sample,
            about=(record,),
            purpose=self.name,
        )

    def _read(
        self, claims: Sequence[Claim], answer: Answer | LanguageModelError, found: dict[str, EntityJudgement]
    ) -> dict[str, LanguageModelError]:
        """Adds the judgements of an answer; the claims that have none, with the reason."""
        error = answer if isinstance(answer, LanguageModelError) else unusable(answer)
        if error is None and isinstance(answer, Answer):
            found |= read_verdicts(answer, claims, self._scheme)
        error = error or LanguageModelError(UNPARSABLE, "expected a verdict for each entity, got something else")
        return {claim.entity.id: error for claim in claims if claim.entity.id not in found}

    def _result(
        self,
        record_id: str,
        judged: JudgedLayer,
        found: Mapping[str, EntityJudgement],
        failures: Mapping[str, LanguageModelError],
    ) -> Result:
        failed = {id: error for id, error in failures.items() if id not in found}
        entities = {**found, **{id: not_judged(error.kind) for id, error in failed.items()}}
        notes = _notes(entities.values())
        measures = {self.name: judged.model_copy(update={"entities": entities}).model_dump(mode="json")}
        if not failed:
            return Result(record_id, measures=measures, notes=notes)
        kinds = Counter(error.kind for error in failed.values())
        said = ", ".join(f"{count} without one ({kind})" for kind, count in sorted(kinds.items()))
        passes = all(map(may_pass, failed.values()))
        is_whole = len(failed) == len(entities) - sum(judgement.why == NO_PLACE for judgement in found.values())
        kind = next(iter(kinds)) if is_whole and len(kinds) == 1 else INCOMPLETE
        error = f"{kind}: expected a verdict for each entity, got {said}"
        return Result(record_id, measures=measures, notes=notes, error=error, may_pass=passes, kind=kind)


def _is_of_the_server(error: LanguageModelError | None) -> bool:
    return error is not None and may_pass(error)


def _more_room(answer: Answer | LanguageModelError) -> int:
    written = answer.tokens_out if isinstance(answer, Answer) else None
    return 2 * max(written or 0, VERDICT_TOKENS)


def _notes(judgements: Iterable[EntityJudgement]) -> dict[str, int]:
    """What was found about one record, in counts."""
    counts = Counter(
        f"not judged: {judgement.why}"
        if judgement.outcome is JudgeOutcome.NOT_JUDGED
        else judgement.outcome.value.replace("_", " ")
        for judgement in judgements
    )
    return dict(counts)
