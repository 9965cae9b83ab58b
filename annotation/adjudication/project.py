"""The project in which disagreements are decided: the reviewers' editor with the disagreements above it."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, fromstring, indent, tostring

from annotation.adjudication.wording import AdjudicationWording, adjudication_wording
from annotation.label_studio.api.client import Client, Project
from annotation.label_studio.editor.label_config import guideline, label_config
from annotation.label_studio.exchange.project import ProjectConfig, keep_project
from curation.scheme import Scheme

#: The field of a task's data that holds the page of disagreements, and the control that shows it.
DIFFERENCES = "differences"

#: A long page is scrolled, so that the text to annotate stays visible.
FRAME = "max-height:45vh;overflow:auto;border:1px solid #bbbbbb;border-radius:4px;padding:8px;margin-bottom:12px"


def ensure_adjudication(client: Client, scheme: Scheme, title: str, *, language: str) -> Project:
    """The adjudication project of this title, made if there is none. Raises ReviewError as `keep_project`."""
    return keep_project(client, title, adjudication_config(scheme, language=language))


def adjudication_config(scheme: Scheme, *, language: str) -> ProjectConfig:
    """What adjudicators see."""
    wording = adjudication_wording(language)
    return ProjectConfig(
        with_differences(label_config(scheme, language=language), wording),
        instruction(guideline(scheme, language=language), wording),
    )


def with_differences(config: str, wording: AdjudicationWording) -> str:
    """The label config with the page of disagreements above all controls."""
    view = fromstring(config)
    frame = Element("View", style=FRAME)
    SubElement(frame, "Header", value=wording.heading, size="5")
    # Read only: no control labels it.
    SubElement(frame, "HyperText", name=DIFFERENCES, value=f"${DIFFERENCES}", inline="true")
    index = next((index for index, child in enumerate(view) if child.tag != "Style"), len(view))
    view.insert(index, frame)
    indent(view)
    return tostring(view, encoding="unicode")


def instruction(guideline: str, wording: AdjudicationWording) -> str:
    """The instruction for adjudicators as HTML: what to do, then the reviewers' guideline."""
    page = Element("div")
    for paragraph in wording.instruction:
        SubElement(page, "p").text = paragraph
    return tostring(page, encoding="unicode", method="html") + guideline
