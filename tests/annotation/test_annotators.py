import pytest

from annotation.annotators import ANNOTATORS, annotator
from annotation.settings import AdapterSettings, AnnotationSettings
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
