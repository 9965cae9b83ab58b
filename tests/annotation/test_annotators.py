import pytest

from annotation.annotators import ANNOTATORS, annotator
from annotation.settings import AdapterSettings, AnnotationSettings, LlmSettings
from curation.errors import CurateError, UsageError
from curation.models.settings import EndpointModelSettings


@pytest.mark.parametrize("name", [name for name in ANNOTATORS if name != "adapter"])
def test_an_annotator_writes_to_the_layer_of_its_name_or_to_the_one_given(scheme, name):
    models = {"some": EndpointModelSettings(urls="http://127.0.0.1:8000/v1")}
    assert annotator(name, scheme, AnnotationSettings(), models=models).name == f"annotate:{name}"
    assert annotator(name, scheme, AnnotationSettings(), layer="mine", models=models).name == "annotate:mine"


@pytest.mark.parametrize(("spoken", "folder"), [("adapter", "configured"), ("adapter:spoken", "spoken")])
def test_the_adapter_is_the_one_spoken_of_else_the_configured_one(scheme, tmp_path, monkeypatch, spoken, folder):
    monkeypatch.chdir(tmp_path)
    settings = AnnotationSettings(adapter=AdapterSettings(path="configured"))
    with pytest.raises(CurateError, match=folder):
        annotator(spoken, scheme, settings)


def test_an_adapter_without_a_folder_is_told(scheme):
    with pytest.raises(UsageError, match="expected the adapter's folder"):
        annotator("adapter", scheme, AnnotationSettings())


def test_the_model_that_is_spoken_of_goes_before_the_configured_one(scheme, monkeypatch):
    monkeypatch.setattr("curation.models.models.PACKAGED", {})
    models = {name: EndpointModelSettings(urls=("http://127.0.0.1:9/v1",)) for name in ("configured", "llama3.1:8b")}
    settings = AnnotationSettings(llm=LlmSettings(model="configured"))
    assert annotator("llm:llama3.1:8b", scheme, settings, models=models).author == "llm:llama3.1:8b@entities.v1"
    assert annotator("llm", scheme, settings, models=models).author == "llm:configured@entities.v1"
    only = {"only": models["configured"]}
    assert annotator("llm", scheme, AnnotationSettings(), models=only).author == "llm:only@entities.v1"
    with pytest.raises(UsageError, match=r"expected one language model, got 2: name one with llm:NAME"):
        annotator("llm", scheme, AnnotationSettings(), models=models)
    with pytest.raises(UsageError, match=r"got 'confgured'; did you mean configured\?"):
        annotator("llm:confgured", scheme, settings, models=models)
    for spoken in ("llm", "llm:some"):
        with pytest.raises(UsageError, match=r"curate models install smollm2.*\[models.NAME\]"):
            annotator(spoken, scheme, AnnotationSettings())
