"""The project in which disagreements are settled: the reviewers' editor with their differences above it."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, fromstring, indent, tostring

from annotation.adjudication.wording import Words, words
from annotation.label_studio.api.client import Client, Project
from annotation.label_studio.editor.label_config import guideline, label_config
from annotation.label_studio.exchange.project import keep_project
from curation.scheme import Scheme

#: The field of a task's data that holds the page of differences, and the control that shows it.
DIFFERENCES = "differences"

#: The differences may be many; the text to work on stays in sight.
FRAME = "max-height:45vh;overflow:auto;border:1px solid #bbbbbb;border-radius:4px;padding:8px;margin-bottom:12px"


def ensure_adjudication(client: Client, scheme: Scheme, title: str, *, language: str) -> Project:
    """The adjudication project of this title, made if there is none. Raises ReviewError as `keep_project`."""
    said = words(language)
    config = with_differences(label_config(scheme, language=language), said)
    explained = instruction(guideline(scheme, language=language), said)
    return keep_project(client, title, config, explained)


def with_differences(config: str, said: Words) -> str:
    """A label config with the page of differences before everything that is worked with."""
    view = fromstring(config)
    frame = Element("View", style=FRAME)
    SubElement(frame, "Header", value=said.heading, size="5")
    # Read only: no control names it as what it labels.
    SubElement(frame, "HyperText", name=DIFFERENCES, value=f"${DIFFERENCES}", inline="true")
    place = next((place for place, child in enumerate(view) if child.tag != "Style"), len(view))
    view.insert(place, frame)
    indent(view)
    return tostring(view, encoding="unicode")


def instruction(guideline: str, said: Words) -> str:
    """What an adjudicator reads first, as HTML: what to do, then the reviewers' guideline."""
    page = Element("div")
    for paragraph in said.instruction:
        SubElement(page, "p").text = paragraph
    return tostring(page, encoding="unicode", method="html") + guideline
