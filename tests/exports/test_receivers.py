"""Each format opens in the tool that it is for, with the texts that formats stumble over."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from export_parts.trl_environment import opened_by_trl, trl_folder

from curation.sources import Read, read
from curation.sources.own_folder import RECORDS
from exports.handover import hand_over
from exports.settings import ExportSettings
from exports.word_tags import tag_names
from exports.writer import ExportedSet


@pytest.fixture(scope="module")
def written(hard_view: ExportedSet, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Gives the folder of an export, made once."""
    done: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in done:
            done[name] = tmp_path_factory.mktemp(name)
            hand_over(name, hard_view, done[name], ExportSettings(), Counter())
        return done[name]

    return folder


@pytest.fixture(scope="module")
def records(hard) -> list[Any]:
    return [record for rows in hard.values() for record, _ in rows]


@pytest.mark.parametrize("config", ["entities", "flat", "chat", "documents", "bio"])
# Streaming loads torch.
@pytest.mark.parametrize("streaming", [False, pytest.param(True, marks=pytest.mark.model)])
def test_hugging_face_loads_every_configuration(written, records, scheme, config, streaming, tmp_path) -> None:
    import datasets

    loaded = datasets.load_dataset(str(written("hf")), config, streaming=streaming, cache_dir=str(tmp_path))
    rows = [row for split in loaded.values() for row in split]
    assert [row["id"] for row in rows] == [record.id for record in records]
    if config != "chat" and config != "bio":
        assert [row["text"] for row in rows] == [record.text for record in records]
    if config == "bio":
        names = loaded["train"].features["tags"].feature.names
        assert names == tag_names(scheme.names)
        for row, record in zip(rows, records, strict=True):
            spans = zip(row["starts"], row["ends"], strict=True)
            assert row["tokens"] == [record.text[start:end] for start, end in spans]


def test_a_large_set_is_cut_into_shards(hard, hard_view, tmp_path, monkeypatch) -> None:
    import datasets

    from exports import parquet_shards

    monkeypatch.setattr(parquet_shards, "ROWS", 2)
    settings = ExportSettings.model_construct(**{**dict(ExportSettings()), "shard_megabytes": 0})
    hand_over("hf", hard_view, tmp_path / "out", settings, Counter())
    names = sorted(path.name for path in (tmp_path / "out" / "data").glob("train-*"))
    assert names == [f"train-{number:05d}-of-00005.parquet" for number in range(5)]
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert len(loaded["train"]) == len(hard["train"])


def test_spacy_converts_the_table_of_words(written, hard) -> None:
    from spacy.training.converters import conll_ner_to_docs

    content = (written("conll") / "train.conll").read_text(encoding="utf-8")
    docs = list(conll_ner_to_docs(content, no_print=True))
    words = [line.split("\t")[0] for line in content.splitlines() if "\t" in line]
    assert [token.text for doc in docs for token in doc] == words
    found = Counter(entity.label_ for doc in docs for entity in doc.ents)
    assert found == Counter(line.rpartition("\tB-")[2] for line in content.splitlines() if "\tB-" in line)
    assert found["signs_symptoms"] > 3


def test_spacy_opens_its_documents(written, hard) -> None:
    import spacy
    from spacy.tokens import DocBin

    nlp = spacy.blank("xx")
    docs = list(DocBin().from_disk(written("spacy") / "train-00000.spacy").get_docs(nlp.vocab))
    for doc, (record, layer) in zip(docs, hard["train"], strict=True):
        assert doc.text == record.text
        placed = [entity for entity in layer.entities if len(entity.fragments) == 1]
        spans = [(span.start_char, span.end_char, span.label_, span.id_) for span in doc.spans["sc"]]
        assert spans == [(entity.start, entity.end, entity.category, entity.id) for entity in placed]
        assert {span.id_ for span in doc.ents} <= {span.id_ for span in doc.spans["sc"]}


def test_spacy_trains_on_its_documents(written) -> None:
    import spacy
    from spacy.training import Corpus

    nlp = spacy.blank("xx")
    recogniser = nlp.add_pipe("ner")
    examples = list(Corpus(written("spacy"))(nlp))
    for example in examples:
        for entity in example.reference.ents:
            recogniser.add_label(entity.label_)
    optimizer = nlp.initialize(lambda: examples)
    assert nlp.update(examples, sgd=optimizer)["ner"] > 0


def test_prodigys_lines_have_their_spans_in_the_text(written, hard) -> None:
    lines = (written("spacy-jsonl") / "train.jsonl").read_text(encoding="utf-8").split("\n")
    for line, (record, _) in zip(map(json.loads, filter(None, lines)), hard["train"], strict=True):
        assert line["text"] == record.text
        assert all(line["text"][span["start"] : span["end"]] == span["text"] for span in line["spans"])


def test_brat_gets_a_text_its_annotations_and_its_configuration(written) -> None:
    folder = written("brat")
    assert (folder / "test" / "r3.txt").read_text(encoding="utf-8") == "Pain in the left and right knee."
    assert (folder / "test" / "r3.ann").read_text(encoding="utf-8").splitlines() == [
        "T1\tsigns_symptoms 0 16;27 31\tPain in the left knee",
        "A1\tseverity T1 mild",
        "A2\tScore T1 0.25",
        "N1\tReference T1 UMLS:C0030193\tUMLS:C0030193",
        "T2\tsigns_symptoms 21 31\tright knee",
        "A3\tAssertion T2 possible",
        "R1\trelated_to Arg1:T1 Arg2:T2",
    ]
    configuration = (folder / "annotation.conf").read_text(encoding="utf-8")
    assert "[entities]\nage\n" in configuration
    assert "Assertion\tArg:age|" in configuration


def test_tables_open_where_statistics_are_made(written, records) -> None:
    import pandas
    import pyarrow.parquet

    table = pandas.concat(
        pandas.read_csv(path, keep_default_na=False, lineterminator="\n") for path in written("csv").glob("train.csv")
    )
    assert [text.replace("\r\n", "\n") for text in table["text"]] == [
        record.text.replace("\r\n", "\n") for record in records[: len(table)]
    ]
    with (written("csv") / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == [record.text for record in records[: len(rows)]]
    assert rows[0]["summary.age"] == "54-year-old"
    (path,) = written("parquet").glob("train-*.parquet")
    assert pyarrow.parquet.read_table(path)["summary"].to_pylist()[0]["age"] == "54-year-old"


@pytest.mark.parametrize("name", ["csv-long", "jsonl-long", "parquet-long"])
def test_long_tables_have_a_row_an_entity(written, hard, name) -> None:
    import pandas

    folder = written(name)
    reads = {"csv": pandas.read_csv, "jsonl": lambda path: pandas.read_json(path, lines=True)}
    read = reads.get(name.partition("-")[0], pandas.read_parquet)
    paths = [path for path in sorted(folder.iterdir()) if ".entities" in path.name and not path.name.endswith(RECORDS)]
    rows = pandas.concat(read(path) for path in paths)
    assert len(rows) == sum(len(layer.entities) for members in hard.values() for _, layer in members)
    whole = {record.id: record.text for members in hard.values() for record, _ in members}
    placed = rows[(rows["start"].notna()) & (rows["alignment"] == "exact") & ~rows["fragments"].str.contains(";")]
    for _, found in placed.iterrows():
        assert whole[found["record"]][int(found["start"]) : int(found["end"])] == found["text"]


def test_trainers_get_the_forms_that_they_ask_for(written, hard) -> None:
    def first(name: str) -> dict[str, Any]:
        with (written(name) / "train.jsonl").open(encoding="utf-8") as lines:
            example: dict[str, Any] = json.loads(next(lines))
        return example

    trl, openai, alpaca = first("trl"), first("openai"), first("llama-factory")
    assert [message["role"] for message in trl["prompt"] + trl["completion"]] == ["system", "user", "assistant"]
    assert list(openai) == ["messages"]
    assert [message["role"] for message in openai["messages"]] == ["system", "user", "assistant"]
    assert json.loads(alpaca["output"])["age"] == "54-year-old"
    listed = json.loads((written("llama-factory") / "dataset_info.json").read_text(encoding="utf-8"))
    assert listed["clincurate_train"]["file_name"] == "train.jsonl"
    assert set(listed["clincurate_train"]["columns"].values()) == set(alpaca)


def test_trl_learns_the_answers_alone(written, records) -> None:
    trl = trl_folder(install=False)
    if trl is None:
        pytest.skip("TRL is not here: `python benchmarks/exports.py --quick` gets it")
    found = opened_by_trl(written("trl"), trl)
    assert found == {"examples": len(records), "learned": len(records), "trained": 1}


def test_llama_factory_finds_its_columns(written, records) -> None:
    """By its page on data sets: the form is Alpaca unless said otherwise, and columns have these names."""
    folder = written("llama-factory")
    listed = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))
    rows = []
    for described in listed.values():
        assert described.keys() <= {"file_name", "columns", "formatting", "tags", "split", "num_samples", "ranking"}
        assert described.get("formatting", "alpaca") == "alpaca"
        assert described["columns"].keys() <= {"prompt", "query", "response", "history", "system", "tools", "images"}
        lines = (folder / described["file_name"]).read_text(encoding="utf-8").split("\n")
        rows += [
            {name: json.loads(line)[column] for name, column in described["columns"].items()} for line in lines if line
        ]
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        assert all(isinstance(value, str) and value for value in row.values())
        assert record.text in row["prompt"]
        assert isinstance(json.loads(row["response"]), dict)


def test_openai_takes_every_line(written, records) -> None:
    """By its guide to fine-tuning: UTF-8 without a mark of byte order, messages alone, the answer last."""
    lines = []
    for path in sorted(written("openai").glob("*.jsonl"), key=lambda path: path.name != "train.jsonl"):
        content = path.read_bytes()
        assert not content.startswith(b"\xef\xbb\xbf")
        if not path.name.endswith(RECORDS):
            lines += [json.loads(line) for line in content.decode("utf-8").split("\n") if line]
    assert len(lines) == len(records)
    for line in lines:
        assert line.keys() == {"messages"}
        assert [message.keys() for message in line["messages"]] == [{"role", "content"}] * 3
        assert [message["role"] for message in line["messages"]] == ["system", "user", "assistant"]
        assert all(isinstance(message["content"], str) and message["content"] for message in line["messages"])


def test_cassis_opens_every_document_with_its_offsets(written, hard) -> None:
    cassis = pytest.importorskip("cassis")
    folder = written("cas")
    with (folder / "TypeSystem.xml").open("rb") as file:
        types = cassis.load_typesystem(file)
    for record, layer in hard["train"]:
        with (folder / "train" / f"{record.id}.xmi").open("rb") as file:
            cas = cassis.load_cas_from_xmi(file, typesystem=types)
        assert len(cas.sofa_string) == len(record.text)
        found = sorted((item.begin, item.end, item.value) for item in cas.select("webanno.custom.ClinicalEntity"))
        placed = [(start, end, entity.category) for entity in layer.entities for start, end in entity.spans]
        assert found == sorted(placed)


def test_characters_that_xml_refuses_are_counted(hard, scheme) -> None:
    from exports.cas import losses

    counts = {
        record.id: losses(record, layer, scheme)["line breaks and control characters"]
        for record, layer in hard["train"]
    }
    assert {id: count for id, count in counts.items() if count} == {"hard-2": 4}


def test_label_studio_takes_the_tasks_for_the_configuration(written, hard) -> None:
    interface = pytest.importorskip("label_studio_sdk.label_interface").LabelInterface
    folder = written("label-studio")
    config = interface((folder / "config.xml").read_text(encoding="utf-8"))
    tasks = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    for task, (record, _) in zip(tasks, hard["train"], strict=True):
        assert config.validate_task({"data": task["data"]})
        for annotation in task["annotations"]:
            assert config.validate_annotation(annotation)
            spans = [item["value"] for item in annotation["result"] if item["type"] == "labels"]
            assert all(record.text[span["start"] : span["end"]] == span["text"] for span in spans)


def test_what_a_machine_said_is_a_prediction_for_label_studio(hard, hard_view, tmp_path) -> None:
    from dataclasses import replace

    def by_rules(split: str) -> Any:
        return ((record, layer.model_copy(update={"author": "rules@1"})) for record, layer in hard[split])

    hand_over("label-studio", replace(hard_view, members=by_rules), tmp_path, ExportSettings(), Counter())
    (task,) = json.loads((tmp_path / "test.json").read_text(encoding="utf-8"))
    assert task["annotations"] == []
    assert [prediction["model_version"] for prediction in task["predictions"]] == ["rules@1"]
    (found,) = (item for item in read(tmp_path / "test.json") if isinstance(item, Read))
    assert [(layer.name, layer.author) for layer in found.layers] == [("rules", "rules@1")]


def test_bioc_opens_its_documents(written, hard) -> None:
    bioc = pytest.importorskip("bioc")
    from bioc import biocxml

    with (written("bioc") / "train.bioc.xml").open(encoding="utf-8") as file:
        collection = biocxml.load(file)
    assert isinstance(collection, bioc.BioCCollection)
    for document, (record, layer) in zip(collection.documents, hard["train"], strict=True):
        (passage,) = document.passages
        assert len(passage.text) == len(record.text)
        placed = [entity for entity in layer.entities if entity.fragments]
        assert [annotation.id for annotation in passage.annotations] == [entity.id for entity in placed]
        for annotation, entity in zip(passage.annotations, placed, strict=True):
            spans = tuple((location.offset, location.end) for location in annotation.locations)
            assert spans == entity.spans


def test_pubtator_opens_where_bioc_reads_it(written, hard) -> None:
    pytest.importorskip("bioc")
    from bioc import pubtator

    with (written("pubtator") / "test.pubtator").open(encoding="utf-8") as file:
        (document,) = pubtator.load(file)
    assert (document.pmid, document.title) == ("r3", "Pain in the left and right knee.")
    assert [(found.start, found.end, found.type) for found in document.annotations] == [(21, 31, "signs_symptoms")]


# The library's reader of RDF is deprecated by the one that it uses.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_croissant_describes_the_set(written, hard) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    described = mlcroissant.Dataset(jsonld=str(written("hf") / "croissant.json"))
    assert "croissant/1.1" in str(described.metadata.conforms_to)
    assert described.metadata.issues.errors == set()
    rows = list(described.records("test-00000-of-00001"))
    assert [row["test-00000-of-00001/text"] for row in rows] == [hard["test"][0][0].text.encode()]
    written_fields = described.metadata.to_json()["recordSet"][0]["field"]
    author = next(field for field in written_fields if field["name"] == "author")
    assert "wasAttributedTo" in str(author.get("equivalentProperty"))


def test_omop_keeps_what_is_denied_as_such(written, hard) -> None:
    def rows(name: str) -> list[dict[str, str]]:
        with (written("omop") / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    notes, mentions = rows("train.note.csv"), rows("train.note_nlp.csv")
    assert [note["note_text"] for note in notes] == [record.text for record, _ in hard["train"]]
    assert len({note["person_id"] for note in notes}) == len({record.group for record, _ in hard["train"]})
    assert len(mentions[0]) == 14
    assert [found["term_exists"] for found in mentions if found["lexical_variant"] == "fever"] == ["N", "N"]
    texts = {note["note_id"]: note["note_text"] for note in notes}
    for found in mentions:
        start, _, end = found["offset"].partition("-")
        assert texts[found["note_id"]][int(start) : int(end)] == found["lexical_variant"]


@pytest.mark.parametrize(
    ("category", "assertion", "exists"),
    [
        ("diagnosis", "present", "Y"),
        ("diagnosis", "possible", "Y"),
        ("diagnosis", "historical", "Y"),
        ("diagnosis", "negated", "N"),
        ("diagnosis", "conditional", "N"),
        ("diagnosis", "family", "N"),
        ("family_history", "present", "N"),
    ],
)
def test_omop_says_only_of_the_patient_that_a_term_exists(hard_view, hard, tmp_path, category, assertion, exists):
    from dataclasses import replace

    from curation.record import Entity

    record, layer = hard["test"][0]
    entity = Entity.at(record.text, 0, 4, category, id="T1", assertion=assertion)
    said = layer.model_copy(update={"entities": (entity,), "relations": ()})
    view = replace(hard_view, members=lambda split: iter([(record, said)]))
    hand_over("omop", view, tmp_path, ExportSettings(), Counter())
    with (tmp_path / "test.note_nlp.csv").open(encoding="utf-8", newline="") as file:
        assert [row["term_exists"] for row in csv.DictReader(file)] == [exists]


def test_fhir_resources_have_the_shape_of_r4b(written, hard) -> None:
    bundle = pytest.importorskip("fhir.resources.R4B.bundle").Bundle
    with (written("fhir") / "train.ndjson").open(encoding="utf-8") as lines:
        bundles = [bundle.model_validate_json(line) for line in lines]
    for found, (record, layer) in zip(bundles, hard["train"], strict=True):
        patient, document, *rest = (entry.resource for entry in found.entry)
        assert set(patient.model_dump(exclude_none=True)) <= {"resourceType", "id"}
        assert document.content[0].attachment.data.decode() == record.text
        assert len(rest) == len(layer.entities) + bool(layer.entities)
        assert len({entry.fullUrl for entry in found.entry}) == len(found.entry)


@pytest.mark.parametrize(
    ("category", "assertion", "kind", "field", "value"),
    [
        ("diagnosis", "negated", "Condition", "verificationStatus", "refuted"),
        ("signs_symptoms", "possible", "Condition", "verificationStatus", "unconfirmed"),
        ("pharmacological_therapy", "negated", "MedicationStatement", "status", "not-taken"),
        ("interventional_therapy", "negated", "Procedure", "status", "not-done"),
        ("laboratory_values", "negated", "Observation", "interpretation", "NEG"),
        ("laboratory_values", "possible", "Observation", "interpretation", "IND"),
        ("family_history", "present", "FamilyMemberHistory", "status", "partial"),
        # What others have is not the patient's own, and what nobody has is no history.
        ("diagnosis", "family", "FamilyMemberHistory", "condition", "fever"),
        ("pharmacological_therapy", "family", "FamilyMemberHistory", "condition", "fever"),
        ("laboratory_values", "family", "FamilyMemberHistory", "condition", "fever"),
        ("family_history", "negated", "Observation", "interpretation", "NEG"),
        ("family_history", "conditional", "Observation", "interpretation", "IND"),
    ],
)
def test_fhir_keeps_what_is_denied_and_marks_machines(hard_view, tmp_path, category, assertion, kind, field, value):
    from dataclasses import replace

    from curation.record import Entity, Layer, Record

    record = Record(id="r", group="g", source="s", language="en", text="No fever.")
    entity = Entity.at(record.text, 3, 8, category, id="T1", assertion=assertion)
    layer = Layer(record_id="r", name="rules", author="rules@1", entities=(entity,))
    hand_over(
        "fhir", replace(hard_view, members=lambda split: iter([(record, layer)])), tmp_path, ExportSettings(), Counter()
    )
    entries = json.loads((tmp_path / "test.ndjson").read_text(encoding="utf-8"))["entry"]
    resource = entries[2]["resource"]
    assert resource["resourceType"] == kind
    assert value in json.dumps(resource[field])
    assert [mark["code"] for mark in resource["meta"]["security"]] == ["AIAST"]
    assert entries[1]["resource"]["docStatus"] == "preliminary"
    assert entries[3]["resource"]["agent"][0]["who"] == {"reference": entries[4]["fullUrl"], "display": "rules@1"}
    assert entries[4]["resource"]["resourceType"] == "Device"


@pytest.mark.parametrize(
    ("author", "by_people"),
    [("gold", True), ("human:anna", True), ("consensus@1", True), ("rules@1", False), ("adapter:a@12", False)],
)
def test_what_people_agreed_on_is_theirs_in_every_format(hard_view, hard, tmp_path, author, by_people):
    from dataclasses import replace

    def by(split: str) -> Any:
        return ((record, layer.model_copy(update={"author": author})) for record, layer in hard[split])

    view = replace(hard_view, members=by)
    for format in ("label-studio", "fhir"):
        hand_over(format, view, tmp_path / format, ExportSettings(), Counter())
    (task,) = json.loads((tmp_path / "label-studio" / "test.json").read_text(encoding="utf-8"))
    assert (bool(task["annotations"]), bool(task["predictions"])) == (by_people, not by_people)
    assert ("AIAST" not in (tmp_path / "fhir" / "test.ndjson").read_text(encoding="utf-8")) is by_people
