"""WebAnno TSV 3: what WebAnno and INCEpTION export, what other writers make of it, and what is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curation.record import check_layer
from curation.sources import Notice, Problem, Read, read
from curation.sources.reading import Lost

NAMED = "#T_SP=webanno.custom.Befund|identifier|value|sicher"


def written(folder: Path, *lines: str, name: str = "letter.tsv", version: str = "3.3") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((f"#FORMAT=WebAnno TSV {version}", *lines)) + "\n", encoding="utf-8", newline="\n")
    return path


def outcome(path: Path) -> tuple[Read, list[Problem], list[Notice]]:
    found = list(read(path))
    (record,) = (item for item in found if isinstance(item, Read))
    for layer in record.layers:
        check_layer(record.record, layer)
    problems = [item for item in found if isinstance(item, Problem)]
    return record, problems, [item for item in found if isinstance(item, Notice)]


def marks(found: Read) -> list[tuple[str, str]]:
    return [(entity.category, entity.text) for layer in found.layers for entity in layer.entities]


def links(found: Read) -> list[tuple[str, str, str]]:
    (layer,) = found.layers
    words = {entity.id: entity.text for entity in layer.entities}
    return [(link.type, words[link.head], words[link.tail]) for link in layer.relations]


def test_spans_of_several_words_and_stacked_ones_come_in_with_their_features(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue",
        NAMED,
        "",
        "",
        "#Sentence.id=s1",
        "#Text=Hohes Fieber seit Montag .",
        "1-1\t0-5\tHohes\tADJA\thttp://kb/1[1]\tSymptom[1]\ttrue[1]\t",
        "1-2\t6-12\tFieber\tNN\thttp://kb/1[1]|*[2]\tSymptom[1]|Kopf[2]\ttrue[1]|*[2]\t",
        "1-3\t13-17\tseit\tAPPR\t_\t_\t_\t",
        "1-4\t18-24\tMontag\tNN\t*\t*\tfalse\t",
        "1-5\t25-26\t.\t$.\t_\t_\t_\t",
    )
    found, problems, notices = outcome(path)
    assert (problems, notices) == ([], [])
    assert found.record.text == "Hohes Fieber seit Montag ."
    assert found.record.meta == {"source_id": "letter"}
    assert marks(found) == [("Symptom", "Hohes Fieber"), ("Kopf", "Fieber"), ("Befund", "Montag")]
    (layer,) = found.layers
    assert [(entity.codes, entity.attributes) for entity in layer.entities] == [
        (("http://kb/1",), {"sicher": "true"}), ((), {}), ((), {"sicher": "false"}),
    ]  # fmt: skip


def test_offsets_count_utf16_and_text_lines_keep_their_breaks(tmp_path: Path) -> None:
    path = written(
        tmp_path, "#T_SP=webanno.custom.Span|value", "", "",
        "#Text=👩🏽 Frau hat Fieber.\\r",
        "#Text=Kein\\tHusten 🩺.",
        "1-1\t0-4\t👩🏽\t_\t",
        "1-2\t5-9\tFrau\t_\t",
        "1-3\t14-20\tFieber\tSymptom\t",
        "1-4\t28-34\tHusten\tSymptom\t",
        "1-5\t35-37\t🩺\tGerät\t",
        "",
        "#Text=Zweiter Satz.",
        "2-1\t41-48\tZweiter\t_\t",
        "2-2\t49-53\tSatz\tWort\t",
    )  # fmt: skip
    found, problems, notices = outcome(path)
    assert (problems, notices) == ([], [])
    assert found.record.text == "👩🏽 Frau hat Fieber.\r\nKein\tHusten 🩺.\n  Zweiter Satz."
    assert marks(found) == [("Symptom", "Fieber"), ("Symptom", "Husten"), ("Gerät", "🩺"), ("Wort", "Satz")]


def test_offsets_that_count_characters_are_known_and_said(tmp_path: Path) -> None:
    path = written(
        tmp_path, "#T_SP=webanno.custom.Span|value", "", "",
        "#Text=🩺 und 🩺 Fieber",
        "1-1\t0-1\t🩺\t_\t", "1-2\t2-5\tund\t_\t", "1-3\t6-7\t🩺\t_\t", "1-4\t8-14\tFieber\tSymptom\t",
    )  # fmt: skip
    found, problems, (notice,) = outcome(path)
    assert problems == []
    assert notice.what == "counted in characters"
    assert marks(found) == [("Symptom", "Fieber")]


def test_parts_of_words_and_escapes(tmp_path: Path) -> None:
    path = written(
        tmp_path, "#T_SP=webanno.custom.Span|value", "", "",
        "#Text=Herz_insuffizienz [akut] \\\\ *neu*",
        "1-1\t0-17\tHerz_insuffizienz\t_\t",
        "1-1.1\t0-4\tHerz\tOrgan\\[s\\]\\_\\|\\;\\->\\*\\\\|\\_[3]\t",
        "1-1.2\t5-17\tinsuffizienz\t\\_[3]\t",
        "1-1.3\t5-5\t\tleer\t",
        "1-2\t18-19\t[\t_\t",
        "1-3\t25-26\t\\\\\t\\\\\t",
        "1-4\t27-32\t*neu*\t\\*\t",
    )  # fmt: skip
    found, problems, notices = outcome(path)
    assert (problems, notices) == ([], [])
    assert marks(found) == [("Organ[s]_|;->*\\", "Herz"), ("_", "Herz_insuffizienz"), ("\\", "\\"), ("*", "*neu*")]
    assert found.left_out == 1


@pytest.mark.parametrize(
    ("version", "text", "form"),
    [
        ("3.1", '\\u00dcbelkeit \\"stark\\"', "Übelkeit"),
        ("3.2", "\\Übelkeit \\_", "\\Übelkeit"),
        ("3.3", "a\\_b c", "a_b"),
    ],
)
def test_texts_are_unescaped_as_their_version_and_their_words_say(tmp_path, version, text, form) -> None:
    path = written(
        tmp_path, "#T_SP=webanno.custom.Span|value", "", "", f"#Text={text}", f"1-1\t0-{len(form)}\t{form}\tX\t",
        version=version,
    )  # fmt: skip
    found, problems, _ = outcome(path)
    assert (problems, marks(found)) == ([], [("X", form)])


def test_relations_slots_and_chains_link_what_they_name(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "#T_SP=webanno.custom.Gabe|ROLE_webanno.custom.Gabe:Rollen_webanno.custom.GabeRollenLink|webanno.custom.Mittel|art",
        "#T_SP=webanno.custom.Mittel|",
        "#T_CH=webanno.custom.KorefLink|referenceRelation|referenceType",
        "#T_RL=webanno.custom.Zeit|value|BT_webanno.custom.Mittel",
        "", "",
        "#Text=Heparin gegeben , dann ASS , es half",
        "1-1\t0-7\tHeparin\t_\t_\t_\t*\tgleich->1-1\tmittel[1]\t_\t_\t",
        "1-2\t8-15\tgegeben\twas;*\t1-1;1-4[5]\ti. v.\t_\t_\t_\t_\t_\t",
        "1-3\t18-22\tdann\t_\t_\t_\t*[5]\t_\t_\t_\t_\t",
        "1-4\t23-26\tASS\t_\t_\t_\t*[5]|*[6]\t_\t_\tvor|*\t1-1[0_6]|1-3[5_6]\t",
        "1-5\t29-31\tes\t_\t_\t_\t_\t*->1-2\t*[1]\t_\t_\t",
    )  # fmt: skip
    found, problems, notices = outcome(path)
    assert (problems, notices) == ([], [])
    assert marks(found) == [
        ("Mittel", "Heparin"), ("mittel", "Heparin"), ("Gabe", "gegeben"), ("Mittel", "dann ASS"), ("Mittel", "ASS"),
        ("KorefLink", "es"),
    ]  # fmt: skip
    assert found.layers[0].entities[2].attributes == {"art": "i. v."}
    assert links(found) == [
        ("was", "gegeben", "Heparin"), ("Rollen", "gegeben", "dann ASS"), ("gleich", "Heparin", "es"),
        ("vor", "Heparin", "ASS"), ("Zeit", "dann ASS", "ASS"),
    ]  # fmt: skip


def test_a_damaged_line_costs_its_own_annotations_only(tmp_path: Path) -> None:
    path = written(
        tmp_path, "#T_SP=webanno.custom.Span|value", "", "",
        "#Text=Hohes Fieber und Husten",
        "1-1\t0-5\tHohes\tSymptom[1]\t",
        "1-2\t6-12\tFieber\tSymptom[1]",  # a column too few: a part of the annotation is lost
        "1-3\t13-x\tund\tWort\t",
        "1-4\t17-23\tHusten\tSymptom\t",
        "broken",
        "",
        "#Text=Kein Schmerz",
        "2-1\t24-28\tKein\t_\t",
        "2-2\t30-37\tSchmerz\tSymptom\t",  # not its offsets
        "2-3\t29-36\tSchmerz\tBefund\t",
    )  # fmt: skip
    path.write_text(path.read_text("utf-8").replace("Fieber\tSymptom[1]\n", "Fieber\n"), "utf-8")
    found, problems, _ = outcome(path)
    assert found.record.text == "Hohes Fieber und Husten\nKein Schmerz"
    assert marks(found) == [("Symptom", "Husten"), ("Befund", "Schmerz")]
    assert [problem.lost for problem in problems] == [Lost.ENTITY] * 5
    assert sum("expected 4 columns" in str(problem) for problem in problems) == 2
    assert [problem for problem in problems if "in 1 lines" in str(problem)]


def test_an_annotation_of_which_a_line_is_damaged_is_refused_not_cut(tmp_path: Path) -> None:
    path = written(
        tmp_path, "#T_SP=webanno.custom.Span|value", "", "",
        "#Text=Hohes Fieber heute",
        "1-1\t0-5\tHohes\tSymptom[1]\t",
        "1-2\t6-99999999999\tFieber\tSymptom[1]\t",
        "1-3\t13-18\theute\tZeit\t",
    )  # fmt: skip
    found, problems, _ = outcome(path)
    assert marks(found) == [("Zeit", "heute")]
    assert any("got one that is damaged" in str(problem) for problem in problems)


@pytest.mark.parametrize("cut", ["1-2\t6-12\tFieber", "1-2\t6-12", "1-2", "1-2\t6-12\tFieber\tSym"])
def test_an_annotation_beside_a_line_that_was_cut_off_is_refused(tmp_path: Path, cut: str) -> None:
    path = written(
        tmp_path, "#T_SP=webanno.custom.Span|value|sicher", "", "",
        "#Text=Hohes Fieber seit heute frueh",
        "1-1\t0-5\tHohes\tSymptom[1]\tja[1]\t",
        cut,
        "1-3\t13-17\tseit\tZeit[2]\tja[2]\t",
        "1-4\t18-23\theute\tZeit[2]\tja[2]\t",
        "1-5\t24-29\tfrueh\tTag\tja\t",
    )  # fmt: skip
    found, problems, _ = outcome(path)
    assert marks(found) == [("Tag", "frueh")]
    assert sum("got one that is damaged" in str(problem) for problem in problems) == 2


@pytest.mark.parametrize("damaged", ["1-1\t0-4x\tKein\t_\t", "1-1\t0-4"])
def test_a_text_that_misses_a_word_is_not_made(tmp_path: Path, damaged: str) -> None:
    path = written(tmp_path, "#T_SP=webanno.custom.Span|value", "", "", damaged, "1-2\t5-11\tFieber\tSymptom\t")
    found = list(read(path))
    assert not [item for item in found if isinstance(item, Read)]
    assert any("its words are not known" in str(item) for item in found)


def test_a_file_with_lines_in_another_encoding_is_not_put_together_without_them(tmp_path: Path) -> None:
    path = written(
        tmp_path, "#T_SP=webanno.custom.Span|value", "", "",
        "#Text=Kein Fieber", "1-1\t0-4\tKein\t_\t", "1-2\t5-11\tFieber\tSymptom\t", "",
        "#Text=Über Nacht Husten", "2-1\t12-16\tÜber\t_\t", "2-2\t17-22\tNacht\t_\t", "2-3\t23-29\tHusten\tSymptom\t",
    )  # fmt: skip
    path.write_bytes(path.read_text("utf-8").encode("cp1252"))
    found = list(read(path))
    assert not [item for item in found if isinstance(item, Read)]
    assert any("--encoding cp1252" in str(item) for item in found)


@pytest.mark.parametrize(
    ("name", "value", "is_said"),
    [
        ("assertion", "negated", True), ("Negation", "true", True), ("negated", "yes", True), ("polarity", "-1", True),
        ("assertion", "vielleicht", True), ("assertion", "present", False), ("Negation", "false", False),
        ("polarity", "1", False), ("seite", "links", False),
    ],
)  # fmt: skip
def test_a_feature_that_may_deny_is_said(tmp_path: Path, name: str, value: str, is_said: bool) -> None:
    lines = ("", "", "#Text=Fieber", f"1-1\t0-6\tFieber\tSymptom\t{value}\t")
    found, problems, notices = outcome(written(tmp_path, f"#T_SP=webanno.custom.Span|value|{name}", *lines))
    assert (found.layers[0].entities[0].attributes, problems) == ({name: value}, [])
    assert [notice.what for notice in notices if "came in as present" in notice.what and name in notice.what] == [
        notice.what for notice in notices
    ]
    assert bool(notices) is is_said


def test_a_sentence_without_its_text_is_made_of_its_words(tmp_path: Path) -> None:
    path = written(
        tmp_path, "#T_SP=webanno.custom.Span|value", "", "", "1-1\t0-5\tHohes\t_\t", "1-2\t6-12\tFieber\tSymptom\t"
    )
    found, problems, _ = outcome(path)
    assert (found.record.text, marks(found), problems) == ("Hohes Fieber", [("Symptom", "Fieber")], [])


def test_offsets_that_start_again_in_each_sentence_are_its_own(tmp_path: Path) -> None:
    path = written(
        tmp_path, "#T_SP=webanno.custom.Span|value", "", "",
        "#Text=Fieber .", "1-1\t0-6\tFieber\tSymptom\t", "",
        "#Text=Husten .", "2-1\t0-6\tHusten\tSymptom\t",
    )  # fmt: skip
    found, problems, _ = outcome(path)
    assert (found.record.text, problems) == ("Fieber .\nHusten .", [])
    assert marks(found) == [("Symptom", "Fieber"), ("Symptom", "Husten")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("#FORMAT=WebAnno TSV 2.0\n", "expected #FORMAT=WebAnno TSV 3.x"),
        ("", "empty file"),
        ("#FORMAT=WebAnno TSV 3.3\n\n\n", "expected text, got none"),
        ("#FORMAT=WebAnno TSV 3.3\n#T_SP=a.B|v\n\n\n#Text=a\n1-1\t900000000-900000001\ta\tX\t\n", "usual length"),
    ],
)
def test_what_is_no_document_is_said(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "letter.tsv"
    path.write_text(content, encoding="utf-8")
    problems = [item for item in read(path, format="webanno") if isinstance(item, Problem)]
    assert [problem for problem in problems if said in str(problem)]


def test_no_line_of_a_problem_quotes_the_text(tmp_path: Path) -> None:
    path = written(tmp_path, "#T_SP=a.B|v", "", "", "#Text=Geheim", "1-1\t0-9\tGeheim\tGeheim[1]\tGeheim\tGeheim")
    assert all("Geheim" not in str(item) for item in read(path) if not isinstance(item, Read))


def test_a_project_of_inception_has_folders_of_documents_and_files_of_people(tmp_path: Path) -> None:
    lines = ("#T_SP=webanno.custom.Span|value", "", "", "#Text=Fieber", "1-1\t0-6\tFieber\t{}\t")
    for name, kind in (("anna", "A"), ("ben", "B"), ("CURATION_USER", "C")):
        body = [line.format(kind) for line in lines]
        written(tmp_path, *body, name=f"annotation/letter 1.txt/{name}.tsv")
    found = [item for item in read(tmp_path) if isinstance(item, Read)]
    assert {item.record.meta["source_id"] for item in found} == {"letter 1"}
    assert len({item.record.id for item in found}) == 1
    layers: dict[str, Any] = {layer.name: layer.entities[0].category for item in found for layer in item.layers}
    assert layers == {"human:anna": "A", "human:ben": "B", "gold": "C"}


def test_the_format_is_known_by_its_first_line_and_other_tables_are_not_it(tmp_path: Path) -> None:
    path = written(tmp_path, "#T_SP=a.B|value", "", "", "#Text=a", "1-1\t0-1\ta\tX\t", name="any.txt")
    assert marks(outcome(path)[0]) == [("X", "a")]
    table = tmp_path / "table.tsv"
    table.write_text("id\ttext\n1\tFieber seit gestern\n", encoding="utf-8")
    (found,) = read(table)
    assert isinstance(found, Read)
    assert found.record.text == "Fieber seit gestern"
