"""What is the same in a prompt for all records is filled once, and what is not is filled for each."""

from __future__ import annotations

import pytest

from curation.models.prompt import Prompt, ShownExample, shipped_prompts

SYSTEM = "{% block system %}{system}{% endblock %}{% block user %}{{ text }}{% endblock %}"


def prompt_of(tmp_path, scheme, system):
    file = tmp_path / "own.v1.jinja"
    file.write_text(SYSTEM.replace("{system}", system), encoding="utf-8")
    return Prompt(str(file), scheme)


@pytest.mark.parametrize("name", shipped_prompts())
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_shipped_prompt_says_the_same_to_the_second_record_as_to_the_first(scheme, name, language):
    example = ShownExample("Husten.", "{}")
    category = scheme.categories[0]
    used = Prompt(name, scheme)
    for text, examples, asked in (("Fever.", (), None), ("Fieber.", (example,), None), ("Fever.", (), category)):
        fresh = Prompt(name, scheme).messages(text, language, category=asked, examples=examples)
        assert used.messages(text, language, category=asked, examples=examples) == fresh


@pytest.mark.parametrize(
    "system",
    [
        "About {{ text }}",
        "{% set all = text %}{{ all | length }}",
        "{{ self.user() }}",
        "Between {{ tag }}",
        "Between {{ tag | upper }}",
        "{% set mark = tag %}{{ mark }}",
        "{% for example in examples %}{{ example.text }}{% endfor %}",
        "{% macro m() %}{{ text }}{% endmacro %}{{ m() }}",
    ],
)
def test_an_instruction_that_names_the_record_is_made_for_each(scheme, tmp_path, system):
    used = prompt_of(tmp_path, scheme, system)
    for text in ("Fever.", "No fever at all."):
        shown = [ShownExample(text, "{}")]
        fresh = prompt_of(tmp_path, scheme, system).messages(text, "en", examples=shown)
        assert used.messages(text, "en", examples=shown) == fresh


def test_each_language_and_category_has_its_own(scheme, tmp_path):
    used = prompt_of(tmp_path, scheme, "{{ language }} {{ category.name if category else 'all' }}")
    asked = [("en", None), ("de", None), ("en", scheme.categories[0]), ("en", scheme.categories[1])]
    said = [used.messages("Fever.", language, category=category)[0].content for language, category in asked]
    assert said == ["en all", "de all", f"en {scheme.categories[0].name}", f"en {scheme.categories[1].name}"]
