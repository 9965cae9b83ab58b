"""Identifiers in the forms that letters have, and what only looks like them."""

from __future__ import annotations

import unicodedata

import pytest

from curation.deidentify.identifiers.analyzer import find_identifiers
from curation.deidentify.identifiers.identifier import COUNTED


def found(text: str, language: str = "de") -> list[tuple[str, str]]:
    places = find_identifiers(text, language=language)
    return [(one.kind.value, text[one.start : one.end]) for one in places if one.kind in COUNTED]


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("Befund vom 2031-03-05T14:30, Kontrolle 20310305", ["2031-03-05", "20310305"]),
        (
            "am 2.Mär.2031, 5. Mär. 2031, 05 Jan 31 und 7-Okt-2031",
            ["2.Mär.2031", "5. Mär. 2031", "05 Jan 31", "7-Okt-2031"],
        ),
        ("vom 05.11-18.11.2031 stationär", ["05.11", "18.11.2031"]),
        ("am 06/07.11.2031 operiert", ["06", "07.11.2031"]),
        ("Reha vom 5. bis 18.11.2031", ["5.", "18.11.2031"]),
        ("am 5./6. November 2031", ["5.", "6. November 2031"]),
        ("Stent (03/31), ED 9/21, zuletzt 12/19", ["03/31", "9/21", "12/19"]),
        ("Kontrolle am 05.11. und 12.11., Mo., 8.12.", ["05.11.", "12.11.", "8.12."]),
        ("seit Oktober/November 2031, im März beschwerdefrei", ["Oktober", "November 2031", "März"]),
        ("Röntgen 03.2031 und 11-2031", ["03.2031", "11-2031"]),
        ("geb. 05.03.'51 und 5 .3. 1951", ["05.03.'51", "5 .3. 1951"]),
        # A word may begin as a unit does.
        ("am 5.3.2031 ging er, am 7.3.2031 lag er, am 9.3.2031 mgl.", ["5.3.2031", "7.3.2031", "9.3.2031"]),
        ("am 5.3.2031 kg-Verlust gegenüber 1.3.2031 gut", ["1.3.2031"]),
    ],
)
def test_german_dates(text: str, dates: list[str]) -> None:
    assert found(text) == [("DATE", date) for date in dates]


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("Seen 2031-03-12T08:30:00Z and 20310314.", ["2031-03-12", "20310314"]),
        ("05 Jan 31, Jan 5, '31, 05-JAN-2031, Mar '31", ["05 Jan 31", "Jan 5, '31", "05-JAN-2031", "Mar '31"]),
        ("March 5-12, 2031 or 5 to 12 March 2031", ["March 5-12, 2031", "5 to 12 March 2031"]),
    ],
)
def test_english_dates(text: str, dates: list[str]) -> None:
    assert found(text, "en") == [("DATE", date) for date in dates]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("FRAU KOCH und Herr Lange kamen.", ["KOCH", "Lange"]),
        ("Herr O’Brien und Frau D'Angelo", ["O’Brien", "D'Angelo"]),
        ("Zuweiserin war Brunzli B. Dr.", ["Brunzli B."]),
        (
            "über Ihre Patientin Annegrit Schusterbauer, die kam. Annegrit schlief.",
            ["Annegrit Schusterbauer", "Annegrit"],
        ),
        ("unser Patient Kasimir Bolle war da; Bolle klagte.", ["Kasimir Bolle", "Bolle"]),
        ("Ihre Patientin Schusterbauer, geb. 3.5.1961", ["Schusterbauer"]),
        ("Liebe Vroni, lieber Herr Kollege Bierbichler,", ["Vroni", "Bierbichler"]),
        ("Ehefrau Maria, Sohn Tobias Huber; Mutter Brustkrebs", ["Maria", "Tobias Huber"]),
        ("Operateur: Bierbichler / Zangl, Anästhesie: ITN", ["Bierbichler", "Zangl"]),
        ("Herrn und Frau Stadler, Dres. Koch und Lang", ["Stadler", "Koch", "Lang"]),
        ("Frau Müller. Mueller, A.: wach.", ["Müller", "Mueller"]),
        ("Oberarzt Huber und Ass.-Ärztin Klinger, beide da", ["Huber", "Klinger"]),
        ("Frau Weiß kam. Dort klagte Weiß. Weiße Flecken.", ["Weiß", "Weiß"]),
    ],
)
def test_german_names(text: str, names: list[str]) -> None:
    assert [wording for kind, wording in found(text) if kind == "NAME"] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("MR. WHITE and Mr. Brown came.", ["WHITE", "Brown"]),
        ("Patient: O’Brien, Mary-Jane. MRS. PEARSON", ["O’Brien, Mary-Jane", "PEARSON"]),
        ("Your patient John Whitfield was seen.", ["John Whitfield"]),
        ("John Q. Smithson, M.D.", ["John Q. Smithson"]),
        ("Mr. White slept. We told White so. White cells 5.", ["White", "White"]),
        ("his wife Mary and daughter Susan", ["Mary", "Susan"]),
    ],
)
def test_english_names(text: str, names: list[str]) -> None:
    assert [wording for kind, wording in found(text, "en") if kind == "NAME"] == names


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Tel.: 0711-22-33-44", "0711-22-33-44"),
        ("erreichbar 030-450-517-001", "030-450-517-001"),
        ("Praxis +49 (0) 761 / 270 – 33011", "+49 (0) 761 / 270 – 33011"),
        ("Telefon 0043 1 40400 1234", "0043 1 40400 1234"),
        ("Zentrale 044 255 11 11", "044 255 11 11"),
        ("Rückruf 0664 1234567 abends", "0664 1234567"),
        ("Durchwahl -4711", "4711"),
        ("Die Telefonnummer ist 089 1234567.", "089 1234567"),
        ("Seine Handynummer lautet: 0171 2345678", "0171 2345678"),
    ],
)
def test_telephones(text: str, number: str) -> None:
    assert found(text) == [("PHONE", number)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Fallnr.: 2031/12345", "2031/12345"),
        ("Pat.-Nr.: 123 456 789", "123 456 789"),
        ("PatID 00012345", "00012345"),
        ("AHV 756.1234.5678.97", "756.1234.5678.97"),
        ("SVNR 1234 010180", "1234 010180"),
        ("Aktenzeichen AB-12/34", "AB-12/34"),
        ("auf Station 3B", "3B"),
        ("Station M1.2", "M1.2"),
        ("Zimmer 12", "12"),
        ("Zimmer-Nr. 5", "5"),
        ("Befund Nummer 4711", "4711"),
        ("ITS 2", "2"),
    ],
)
def test_numbers_after_their_word(text: str, number: str) -> None:
    assert found(text) == [("ID", number)]


@pytest.mark.parametrize(
    ("text", "towns"),
    [
        ("Er kommt aus Rosenheim, war in Freising", ["Rosenheim", "Freising"]),
        ("Nach Wien, Zürich und Innsbruck gereist", ["Wien", "Zürich", "Innsbruck"]),
        ("Verlegung nach Singen, wohnt in Halle, aus Essen", ["Singen", "Halle", "Essen"]),
        ("Nach dem Essen Schmerzen, in der Halle Singen", []),
        ("Haar, Rücken, Leber, Mund und Milz unauffällig; in Ruhe", []),
        ("wohnhaft in Haar", ["Haar"]),
        ("Bad Aibling und Frankfurt am Main", ["Bad Aibling", "Frankfurt am Main"]),
        ("Berlin-Mitte", ["Berlin-Mitte"]),
    ],
)
def test_towns_by_the_gazetteer(text: str, towns: list[str]) -> None:
    assert found(text) == [("CITY", town) for town in towns]


@pytest.mark.parametrize(
    "name",
    [
        "Klinikum Rosenheim",
        "St. Josef-Krankenhaus",
        "Marienhospital Stuttgart",
        "Kantonsspital St. Gallen",
        "Helios Klinikum Berlin-Buch",
        "Klinikum rechts der Isar",
        "Bezirkskrankenhaus Haar",
        "Rehaklinik Bad Aibling",
    ],
)
def test_hospitals(name: str) -> None:
    assert found(f"Verlegung in das {name}.") == [("HOSPITAL", name)]


@pytest.mark.parametrize(
    "text",
    [
        "RR 120/80, NRS 7/10, BWK 11/12, 3/15 LK, pN1 (3/15), Ramipril/HCT 5/25 1-0-0, Grad 2/6, GCS 15/15",
        "Leukozyten 12.500/µl, Thrombozyten 250000/µl, 500000 IE, CRP 12.5, pH 7.35. 10.11 G/l, 5.11 bis 6.12 mmol/l",
        "Kalium * 5,3 mmol/l; Weber C-Fraktur; Mutter Diabetes; Hausärztin Ibuprofen 2,5 mg",
        "Die Klinik des Kompartmentsyndroms",
        "Sie geht zur Hausärztin zum Wechsel des Verbands Prontosan 5 ml",
        "Befund Nummer 0: der Patient schlief gut. Befund Nummer 12, Probe Nr. 3, Untersuchung Nummer 7 und 8",
        "Hernienoperation nach Lichtenstein, Antikörper gegen den Rezeptor 212 U/ml, Faktor 186 IE/ml",
        "Beschwerden einer Frau in den Vierzigern, die kam",
        "Nach 2000 ml Infusion an 3 Tagen, Station betreten, T 37.2 C, F 120",
    ],
)
def test_what_only_looks_like_an_identifier(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "White count (cell): 7200/mm, telesystolic widths 58/40 mm. MR. Lesions were seen. In March, May 5 mg.",
        "NCBI ref: NM_000111.1, HLA B*07010102, ypN1 (2/17), T11-12, L4-5, BP 120/80",
        "Height was on the 10th and weight on the 50th centile.",
        "A man from Georgia learned Zen Garden breathing.",
    ],
)
def test_what_only_looks_like_an_english_identifier(text: str) -> None:
    assert found(text, "en") == []


HIDDEN = "Frau Kö­nig, geb. 12.​03.1950, kommt aus Würz­burg; Tel. 0711‑22‑33‑44 (Herr Bö⁠hm)"


def test_invisible_signs_hide_no_identifier() -> None:
    for text in (HIDDEN, unicodedata.normalize("NFD", HIDDEN)):
        assert [kind for kind, _ in found(text)] == ["NAME", "DATE", "CITY", "PHONE", "NAME"]


def test_a_town_at_the_end_stands_within_the_text() -> None:
    assert found("49074 Osnabrück; 8091 Zürich")[-1] == ("CITY", "Zürich")


@pytest.mark.parametrize(
    ("text", "kind", "wordings"),
    [
        ("Aufnahme 17 . 05 . 2031, dann am 12 . 10 . entlassen", "DATE", ["17 . 05 . 2031", "12 . 10 ."]),
        ("bis inkl. 22.1., Rö v. 1.5. und einschl. 31/7", "DATE", ["22.1.", "1.5.", "31/7"]),
        ("Diabetes 2031/03, PM 2030-12", "DATE", ["2031/03", "2030-12"]),
        ("am 12. des Monats, am 14. d. M., am 21ten Juni 2031", "DATE", ["12.", "14.", "21ten Juni 2031"]),
        ("Saison 2010/11, ER 12/12, PR 9/12, APGAR 9/10/10", "DATE", []),
        ("Maßnahme-Nr. 0815, Acc.-Nr. MR17-06-00231", "ID", ["0815", "MR17-06-00231"]),
        ("Art.-Nr. 123456, Leukozytenzahl 12300", "ID", []),
        ("Fall - Nr . 7788 4123, KV: DAK, M987654326", "ID", ["7788 4123", "M987654326"]),
        ("Az. 532 XVII 1234/15, Vorbefund E/23/012345", "ID", ["532 XVII 1234/15", "E/23/012345"]),
        ("Station Süd 2, Leitstelle 5C, Station „Löwenzahn“", "ID", ["Süd 2", "5C", "Löwenzahn"]),
        ("Turmstr . 21\n10559 Berlin", "STREET", ["Turmstr . 21"]),
        ("m, Vogelsang 84, Postfach, 2501 Biel", "STREET", ["Vogelsang 84"]),
        ("Rue de Lausanne 5 und Chemin des Vignes 12", "STREET", ["Rue de Lausanne 5", "Chemin des Vignes 12"]),
        ("Q 5, 14-22, 68161 Mannheim", "STREET", ["Q 5, 14-22"]),
        ("Dr. Hofer, Lyss, und I-39030 Sexten", "CITY", ["Lyss", "Sexten"]),
        ("2503 Biel/Bienne", "CITY", ["Biel/Bienne"]),
        ("aus der Oberschwabenklinik, im SKH Altscherbitz", "HOSPITAL", ["Oberschwabenklinik", "SKH Altscherbitz"]),
        ("Missionsärztliche Klinik, Uni-Frauenklinik", "HOSPITAL", ["Missionsärztliche Klinik", "Uni-Frauenklinik"]),
        ("Medizinische Klinik, Tagesklinik, Strahlenklinik, Chirurgische Klinik", "HOSPITAL", []),
        ("Pieper 567, unter der Nummer 29 84762", "PHONE", ["567", "29 84762"]),
        ("Dr. v. Bülow, Frau d'Alembert, Ass.Dr. K. Wünscher  FOÄ Dr. Ley", "NAME",
         ["v. Bülow", "d'Alembert", "K. Wünscher", "Ley"]),
        ("lebt mit seiner Frau Danuta und den Söhnen Marek und Piotr", "NAME", ["Danuta", "Marek", "Piotr"]),
        ("bei Dr. Theuermann zur Stammzellapherese", "NAME", ["Theuermann"]),
        ("Der Ehemann heißt Dmitri Kusnezow.", "NAME", ["Dmitri Kusnezow"]),
        ("mit seiner Frau Talea. Sein Partner Ruedi kam.", "NAME", ["Talea", "Ruedi"]),
        ("mit der Mutter Rücksprache, Mutter Brustkrebs, sein Bruder Diabetiker.", "NAME", []),
        ("Hr. Ing. Grabenhofer und Stationsschwester Hilka", "NAME", ["Grabenhofer", "Hilka"]),
        ("Guten Tag Sandra\nDanke", "NAME", ["Sandra"]),
        ("seit gestern 12.8. Fieber, am 21.11. 9h, 11.XI.2031", "DATE", ["21.11.", "11.XI.2031"]),
        ("seit gestern 12.8. an Fieber; Kapitel 3.2. beschreibt", "DATE", ["12.8."]),
        ("im Bethesda Spital, Neurologie Klinikum Leer", "HOSPITAL", ["Bethesda Spital", "Klinikum Leer"]),
        ("Unser Zeichen Lü/ep 4471, verlegt auf C 2, tel. besprochen (-3412)", "ID", ["Lü/ep 4471", "C 2"]),
        ("i.A. Wagner, AÄ\n", "NAME", ["Wagner"]),
        ("Mit besten Wünschen\nIhr Focke Zierau, Oberarzt\nBarth-Schmidtke, Ärztl. Direktor\n", "NAME",
         ["Focke Zierau", "Barth-Schmidtke"]),
        ("Dr. Gerstäcker     Wunderlich\nChefarzt      Arzt\n", "NAME", ["Gerstäcker", "Wunderlich"]),
        ("\n\nVorgeschichte\nSie war Lehrerin und Leiterin.\nWeiblich, Husten, Heiserkeit\nbeim Hausarzt", "NAME", []),
        ("Herrn\tDr. Urs Lauber\tSeestr. 44", "NAME", ["Urs Lauber"]),
    ],
)  # fmt: skip
def test_forms_of_other_houses(text: str, kind: str, wordings: list[str]) -> None:
    assert [wording for found_kind, wording in found(text) if found_kind == kind] == wordings


@pytest.mark.parametrize(
    ("text", "kind", "wordings"),
    [
        ("seen on 12/28, strength on 4/5", "DATE", ["12/28"]),
        ("He will be seen in September, or Thursday 12th.", "DATE", ["September", "12th"]),
        ("Her husband Callum and (daughter Lupe) came, his sister, Keisha Brown, too", "NAME",
         ["Callum", "Lupe", "Keisha Brown"]),
        ("Seen by Ms L Okonkwo. Mother Parkinson's disease.", "NAME", ["L Okonkwo"]),
        ("26 Cornhill Road, Aberdeen AB25 2ZH", "CITY", ["Aberdeen"]),
        ("MRN: 00-45-67-12, GMC 4123456", "ID", ["00-45-67-12", "4123456"]),
        ("MERCY GENERAL HOSPITAL, St George's University Hospitals NHS Foundation Trust", "HOSPITAL",
         ["MERCY GENERAL HOSPITAL", "St George's University Hospitals NHS Foundation Trust"]),
    ],
)  # fmt: skip
def test_english_forms_of_other_houses(text: str, kind: str, wordings: list[str]) -> None:
    assert [wording for found_kind, wording in found(text, "en") if found_kind == kind] == wordings
