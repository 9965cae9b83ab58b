"""The gamma measure, through its own authors' library."""

from __future__ import annotations

import builtins

import numpy as np
import pytest

from annotation.agreement.gamma import gamma, gamma_of
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import Study
from curation.errors import MissingExtraError

pytestmark = pytest.mark.long

FEW = AgreementSettings(minimum_records=1, resamples=100, gamma_records=2, gamma_samples=3)


@pytest.fixture
def uncompiled(monkeypatch):
    """The library as plain Python: compiling it takes half a minute, which small cases do not need."""
    numba = pytest.importorskip("numba")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    pytest.importorskip("pygamma_agreement")


@pytest.mark.usefixtures("uncompiled")
def test_gamma_is_one_when_all_say_the_same_and_less_when_not(reviews, scheme, capfd):
    same = reviews(anna="[high fever]{diagnosis} and [cough]{age}", ben="[high fever]{diagnosis} and [cough]{age}")
    less = reviews(anna="[high fever]{diagnosis} but [cough]{age}", ben="high [fever]{diagnosis} but [cough]{gender}")
    alone = reviews(anna="[fever]{diagnosis}", ben="fever")
    study = Study.of([same, alone, less], scheme.names, FEW)
    values = [gamma_of([one.marks[name] for name in one.people], FEW) for one in (study.records[0], study.records[2])]
    assert values[0] == 1
    assert 0 < values[1] < 1
    before = np.random.get_state()[1].tolist()
    found = gamma(study)
    # A record on which somebody marks nothing has no gamma.
    assert found.value == pytest.approx(sum(values) / 2)
    assert (found.records, found.support) == (2, 8)
    assert np.random.get_state()[1].tolist() == before
    # Neither the solvers nor the library have anything to say to people, or to what reads --json.
    assert capfd.readouterr() == ("", "")


def test_without_the_library_it_says_what_to_install(reviews, scheme, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **options):
        if name.startswith("pygamma"):
            raise ImportError(name)
        return real(name, *rest, **options)

    study = Study.of([reviews(anna="[fever]{diagnosis}", ben="[fever]{diagnosis}")], scheme.names, FEW)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"clincurate\[gamma\]"):
        gamma(study)
