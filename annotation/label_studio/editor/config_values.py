"""What annotations that were made with a label config can hold."""

from __future__ import annotations

from xml.etree.ElementTree import ParseError, fromstring

#: Controls whose answers are written or rated, not chosen from a list.
WRITTEN = frozenset({"TextArea", "Rating"})


def config_values(config: str) -> set[str]:
    """Each value of a control ("control: value", by its alias), and each control whose answers are written.

    Empty without XML.
    """
    try:
        root = fromstring(config)
    except ParseError:
        return set()
    controls = [control for control in root.iter() if control.get("name") and control.tag != "Text"]
    written = {str(control.get("name")) for control in controls if control.tag in WRITTEN}
    return written | {
        f"{control.get('name')}: {value.get('alias') or value.get('value')}"
        for control in controls
        for value in control
        if value.get("value")
    }
