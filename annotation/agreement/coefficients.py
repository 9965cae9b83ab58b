"""Agreement of all people: Fleiss' kappa and Krippendorff's alpha of units, and alpha for unitising."""

from __future__ import annotations

from annotation.agreement.alpha import nominal
from annotation.agreement.estimate import Figure, figure
from annotation.agreement.groups import Groups, group
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import Study
from annotation.agreement.unitising import unitised
from curation.record import Frozen
from curation.scoring.kappa import fleiss


class Coefficients(Frozen):
    """Fleiss' kappa and nominal alpha of units, and alpha for unitising of marks."""

    fleiss: Figure
    alpha: Figure
    unitised: Figure


class OverallAgreement(Frozen):
    """Agreement of all people on the records that two or more have marked."""

    records: int
    overall: Coefficients
    per_category: dict[str, Coefficients]
    #: The overall figures without each person.
    without: dict[str, Coefficients]


def overall_agreement(study: Study) -> OverallAgreement:
    """Agreement of all people at once; with three or more, also without each of them."""
    rows, people, settings = group(study), study.people, study.settings
    left_out = people if len(people) > 2 else []
    return OverallAgreement(
        records=len(rows),
        overall=coefficients(rows, settings),
        per_category={category: coefficients(rows, settings, category) for category in rows.categories},
        without={person: coefficients(group(study, without=[person]), settings) for person in left_out},
    )


def coefficients(rows: Groups, settings: AgreementSettings, category: str | None = None) -> Coefficients:
    """The figures over some rows, of one category or of all."""
    sparse = category is not None
    return Coefficients(
        fleiss=figure(rows.fleiss_tally(category), fleiss, settings, sparse=sparse),
        alpha=figure(rows.nominal_tally(category), nominal, settings, sparse=sparse),
        unitised=figure(rows.unitised_tally(category), unitised, settings, sparse=sparse),
    )
