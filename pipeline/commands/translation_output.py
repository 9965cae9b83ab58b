"""What is told of translations: their entities by category, their quality, and what came of translating again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.annotate import say_done
from pipeline.commands.output import print_counts, print_table, say, show

if TYPE_CHECKING:
    from curation.translate.standing import CarriedCounts
    from pipeline.steps.translate import TranslateReport
    from pipeline.steps.translations.examination import ExaminationReport
    from pipeline.steps.translations.quality import TranslationQuality
    from pipeline.steps.translations.retries import FindingCounts, RetryReport


def show_carried(to: str, counts: CarriedCounts) -> None:
    """What became of entities, by category: what is known of their places, and which method found them."""
    from curation.translate.projection.layers import ENTITIES, METHODS, PART_OF_WORD, STATES

    def table(title: str, columns: tuple[str, ...]) -> None:
        rows = [(name, *(found[column] for column in columns)) for name, found in sorted(counts.by_category.items())]
        total = (sum(found[column] for found in counts.by_category.values()) for column in columns)
        print_table(title, ("category", *columns), [*rows, ("all", *total)])

    translators = ", ".join(sorted(counts.translators)) or "nobody yet"
    table(f"Entities in {counts.records} translations into {to}, by {translators}", (ENTITIES, *STATES))
    table("How they were found", (*METHODS, PART_OF_WORD))


def show_quality(quality: TranslationQuality) -> None:
    """What was found out about translations; what nobody asked for is said to be not measured."""
    total = quality.translations
    chrf, chrf_words = quality.means
    if chrf is None:
        show("Back-translation: not measured; --back-translate does it")
    else:
        show(
            f"Back-translation of {len(quality.back):,} of {total:,} by {', '.join(sorted(quality.back_by))}: chrF "
            f"{chrf:.2f}, chrF++ {chrf_words:.2f} in the mean; {quality.below:,} below {quality.limit:g}"
        )
    if not quality.judged_by:
        show("Judge: not measured; --judge --with llm:NAME does it")
    else:
        itself = f"; {quality.judges_itself:,} by the model that made them" if quality.judges_itself else ""
        none = quality.without_verdicts
        unread = f"; {none:,} without a verdict that could be read, --retry-failed asks again" if none else ""
        show(
            f"Judged {quality.judged_by.total() - quality.without_verdicts:,} of {total:,} by "
            f"{', '.join(sorted(quality.judged_by))}: {quality.wrong:,} with a wrong segment{itself}{unread}"
        )
        print_counts("Segments, as judged", dict(quality.says), what="segments")
        print_counts("What is wrong with segments", dict(sorted(quality.faults.items())), what="segments")
    if not quality.checked:
        show("Checks: not measured; `curate validate` does it")
    else:
        show(f"Checks as measured last, of {quality.checked:,} of {total:,}:")
        print_counts("Translations that break a check", dict(sorted(quality.failing.items())), what="translations")


def show_translated(to: str, report: TranslateReport) -> None:
    """How translating went, and what became of the entities of all translations."""
    say_done("Translate", report.done)
    print_counts("Not translated", report.left_out, what="records")
    if report.set_aside:
        say(f"{report.set_aside:,} older translations were set aside: the new ones stand in their place")
    show_carried(to, report.counts)


def show_examination(name: str, report: ExaminationReport) -> None:
    """How an examination went, and the quality as it is known now."""
    say_done(name, report.done)
    print_counts("Not examined", report.left_out, what="translations")
    show_quality(report.quality)


def show_retries(report: RetryReport) -> None:
    """How translating again went, with the findings before and after."""
    say_done("Translate again", report.done)
    print_counts("Not translated again", report.left_out, what="translations")
    say(f"{report.set_aside:,} translations were set aside: better ones stand in their place")
    names = sorted({*report.before.failing, *report.after.failing})

    def row(name: str, before: FindingCounts, after: FindingCounts) -> tuple[str, int, int]:
        return name, before.failing.get(name, 0), after.failing.get(name, 0)

    rows = [row(name, report.before, report.after) for name in names]
    rows.append(("translations with findings", report.before.translations, report.after.translations))
    print_table("Findings", ("check", "before", "after"), rows)
