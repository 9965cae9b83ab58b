"""Columns of tokens and tags."""

from __future__ import annotations

import pytest

from curation.sources import ReadOptions
from curation.sources.conll import chunks

ENGLISH = ReadOptions(language="en")


@pytest.mark.parametrize("gap", ["\t", " ", "\x01", "   "])
def test_sentences_become_records(written, outcome, gap):
    content = f"No{gap}O\nchest{gap}B-Sign\npain{gap}I-Sign\n\n\nAspirin{gap}B-Drug\n.{gap}O\n"
    result = outcome(written("x.conll", content), options=ENGLISH)
    assert result.texts == ["No chest pain", "Aspirin ."]
    assert result.entities == [("Sign", "chest pain", ((3, 13),)), ("Drug", "Aspirin", ((0, 7),))]


def test_documents_hold_their_sentences_together(written, outcome):
    content = (
        "-DOCSTART- -X- O O\n\nFever NN O B-Sign\n\nand CC O O\ncough NN O B-Sign\n-DOCSTART- -X- O O\nWell RB O O\n"
    )
    result = outcome(written("x.conll", content), options=ENGLISH)
    assert result.texts == ["Fever\nand cough", "Well"]
    assert result.entities == [("Sign", "Fever", ((0, 5),)), ("Sign", "cough", ((10, 15),))]


def test_a_file_can_be_one_record_named_after_it(written, outcome):
    path = written("doc7.conll", "Fever\tB-Sign\n\ncough\tB-Sign\n")
    result = outcome(path, mapping={"conll": {"record": "file"}}, options=ENGLISH)
    assert [(record.text, record.meta) for record in result.records] == [("Fever\ncough", {"source_id": "doc7"})]


def test_offsets_in_columns_give_the_spacing_back(written, outcome):
    content = "22\t100\t102\tB-Drug\n-\t102\t103\tI-Drug\noxa\t103\t106\tI-Drug\nhelps\t108\t113\tO\n"
    mapping = {"conll": {"start": 1, "end": 2}}
    result = outcome(written("x.conll", content), mapping=mapping, options=ENGLISH)
    assert result.texts == ["22-oxa  helps"]
    assert result.entities == [("Drug", "22-oxa", ((0, 6),))]


def test_a_bad_line_costs_its_sentence_only(written, outcome):
    content = b"good\tO\n\nalone\nbad\tO\n\nwrong\tTAGGED\n\ngr\xfcn\tO\nlast\tO\n"
    result = outcome(written("x.conll", content), options=ENGLISH)
    assert result.texts == ["good", "last"]
    assert result.said == [
        "x.conll:3: expected a token and a tag, got 1 column",
        "x.conll:6: expected a token and a tag such as O, B-TYPE or I-TYPE, got something else",
        "x.conll:8: expected utf-8, got other bytes at byte 2",
    ]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-X I-X O", [("X", 0, 1)]),
        ("I-X I-X O", [("X", 0, 1)]),  # IOB1
        ("B-X B-X", [("X", 0, 0), ("X", 1, 1)]),
        ("B-X I-Y", [("X", 0, 0), ("Y", 1, 1)]),
        ("B-X I-X E-X S-X", [("X", 0, 2), ("X", 3, 3)]),  # BIOES
        ("B-X L-X U-Y O", [("X", 0, 1), ("Y", 2, 2)]),  # BILOU
        ("O I-X O I-X", [("X", 1, 1), ("X", 3, 3)]),
        ("B I O", [("entity", 0, 1)]),
        ("O O", []),
    ],
)
def test_tag_schemes_are_read_alike(tags, expected):
    assert list(chunks(tags.split())) == expected
