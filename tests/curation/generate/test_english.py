"""Number of English noun phrases."""

from __future__ import annotations

import pytest

from curation.generate.phrase import Phrase


@pytest.mark.parametrize(
    "notation",
    [
        "petechiae on both shins = Petechien an beiden Schienbeinen (p)",
        "infantile spasms = Blitz-Nick-Salaam-Krämpfe^n (p)",
        "spider naevi = Spider naevi (p)",
        "red, swollen palms and soles = gerötet~ Handflächen und Fußsohlen (p)",
        "small bowel loops dilated to {36-52} mm = auf {36-52} mm dilatiert~ Dünndarmschlingen (p)",
        "widely dilated pupils = weit~ Pupillen (p)",
        "chills = Schüttelfrost (m-)",
        "night sweats = Nachtschweiß (m-)",
    ],
)
def test_plurals_are_plural_whatever_their_ending(notation: str) -> None:
    assert Phrase.parse(notation).en_number == "p"


@pytest.mark.parametrize(
    "notation",
    [
        "back pain = Rückenschmerzen (p)",
        "thrombosis = Thrombosen (p)",
        "leg oedema = Beinödeme^n (p)",
        "ascites = Aszites (m-)",
        "a|loss of both reflexes = Verlust beider Reflexe (m)",
        "warm and dry skin = warm~, trocken~ Haut (f)",
        "subarachnoid haemorrhage, Hunt and Hess grade {2-4} = Blutung, Hunt und Hess Grad {2-4} (f)",
        "morning stiffness lasting {60-90} minutes = Morgensteifigkeit von {60-90} Minuten (f)",
    ],
)
def test_singulars_are_singular_whatever_their_ending(notation: str) -> None:
    assert Phrase.parse(notation).en_number == ""
