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
        "x.conll:8: expected utf-8, got other bytes at byte 2, likely cp1252, "
        "which is read by: curate import x.conll --encoding cp1252",
    ]


@pytest.mark.parametrize("space", ["\u00a0", "\u2009", "\u2028", "\u3000", "\x85"])
@pytest.mark.parametrize("gap", [" ", "\t"])
def test_only_blanks_and_tabs_part_columns(written, outcome, space, gap):
    dose = f"10{space}mg"
    result = outcome(written("x.conll", f"morphine{gap}B-Drug\n{dose}{gap}I-Drug\nnow{gap}O\n"), options=ENGLISH)
    assert result.entities == [("Drug", f"morphine {dose}", ((0, 14),))]


@pytest.mark.parametrize("line", ["chest wall B-Sign", "pain O B-Sign", "pain", " B-Sign", "pain B-Sign ; x"])
def test_a_row_with_another_number_of_columns_is_a_problem(written, outcome, line):
    result = outcome(written("x.conll", f"{line}\n\nfever B-Sign\n\nand O\n"), options=ENGLISH)
    assert result.texts == ["fever", "and"]
    (said,) = result.said
    assert said.startswith("x.conll:1: expected")


def test_comments_are_no_tokens(written, outcome):
    content = "# sent_id = 7\n# text = Room # 4\nRoom\tNN\tO\n#\tNN\tO\n4\tCD\tB-Room\n"
    result = outcome(written("x.conll", content), options=ENGLISH)
    assert (result.texts, result.problems) == (["Room # 4"], [])


def test_offsets_in_columns_may_count_bytes(written, outcome):
    content = "Grüße\t0\t7\tO\naus\t8\t11\tO\nKöln\t12\t17\tB-Town\n"
    result = outcome(written("x.conll", content), mapping={"conll": {"start": 1, "end": 2}}, options=ENGLISH)
    assert result.texts == ["Grüße aus Köln"]


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
