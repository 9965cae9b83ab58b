"""The walks of docs/walks.md, typed word for word on a folder of reports without gold."""

from __future__ import annotations

import re
import shlex
import socket
import unicodedata
from pathlib import Path
from typing import Any

import httpx
import pytest
from command_line import curate

from annotation.label_studio.server.credentials import Account, read_credentials
from annotation.label_studio.server.server import status
from pipeline.steps.whoami import PERSON

pytestmark = [pytest.mark.expectations, pytest.mark.server, pytest.mark.model]

PAGE = (Path(__file__).parents[3] / "docs" / "walks.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|toml|python|)\n(.*?)^```$", flags=re.M | re.S)

REPORTS = {
    "miller-1": (
        "Ms. Ruth Miller, a 61-year-old woman, came with fever and a dry cough for three days. Her "
        "temperature was 38.9 °C. The chest film showed an infiltrate. Pneumonia was diagnosed and she was "
        "given amoxicillin 500 mg."
    ),
    "miller-2": (
        "Ms. Ruth Miller came back after two weeks. She had no fever and no cough. CRP was 4 mg/L. "
        "Amoxicillin was stopped and she recovered fully."
    ),
    "case-03": (
        "A 45-year-old man was admitted with crushing chest pain. Troponin was 812 ng/L. Acute myocardial "
        "infarction was diagnosed. Aspirin 100 mg daily and a coronary stent were given. He smokes a pack of "
        "cigarettes a day."
    ),
    "case-04": (
        "A 7-year-old girl had abdominal pain and vomiting since yesterday. Ultrasound showed a thickened "
        "appendix. Appendicitis was diagnosed and a laparoscopic appendectomy was done. She went home after "
        "three days."
    ),
    "case-05": (
        "A 72-year-old woman with diabetes and hypertension fell at home. The X-ray showed a fracture of the "
        "left hip. A hip replacement was performed. Her mother had osteoporosis."
    ),
    "case-06": (
        "A 33-year-old nurse reported headache and blurred vision. Blood pressure was 182/110 mmHg. MRI of "
        "the brain was normal. Ramipril 5 mg was started and the headache went away."
    ),
    "case-07": (
        "A 58-year-old farmer came with swollen legs and dyspnea. Echocardiography showed heart failure. "
        "Furosemide 40 mg was begun and the swelling disappeared within a week."
    ),
    "case-15": "A 250-year-old man came with fever and cough that had lasted for a week and was given aspirin.",
    "huber-1": (
        "Herr Josef Huber, ein 58-jähriger Mann, kam am 03.05.2021 mit Atemnot und Husten. Die Temperatur "
        "betrug 38,4 °C. Das Röntgenbild zeigte ein Infiltrat links. Eine Pneumonie wurde festgestellt und "
        "Ampicillin gegeben."
    ),
    "huber-2": (
        "Herr Josef Huber stellte sich am 17.05.2021 wieder vor. Kein Fieber, kein Husten. Das CRP lag bei 6 "
        "mg/l. Ampicillin wurde abgesetzt."
    ),
    "fall-09": (
        "Eine 66-jährige Frau klagte über Schmerzen im rechten Knie. Im MRT fand sich ein Meniskusriss. Es "
        "erfolgte eine Arthroskopie. Sie erhielt Ibuprofen 400 mg."
    ),
    "fall-10": (
        "Ein 40-jähriger Mann kam mit Übelkeit und Erbrechen. Die Gastroskopie zeigte ein Ulkus. Pantoprazol "
        "40 mg täglich wurde begonnen. Er raucht nicht und trinkt keinen Alkohol."
    ),
    "fall-11": (
        "Eine 81-jährige Patientin mit Vorhofflimmern und Hypertonie wurde wegen Schwindel aufgenommen. Das "
        "EKG zeigte eine Bradykardie. Bisoprolol wurde abgesetzt. Ein Schrittmacher wurde eingesetzt."
    ),
    "fall-12": (
        "Ein 29-jähriger Mann hatte seit zwei Tagen Halsschmerzen und Fieber. Der Abstrich war positiv auf "
        "Streptokokken. Eine Tonsillitis wurde diagnostiziert und Penicillin verordnet."
    ),
    "fall-13": (
        "Eine 54-jährige Lehrerin berichtete über Müdigkeit und Gewichtsverlust. Das Hämoglobin lag bei 8,2 "
        "g/dl. Die Koloskopie zeigte ein Karzinom. Ihr Vater hatte Darmkrebs."
    ),
    "fall-14": "Kein Befund.",
}
#: How some of them are written; the others in UTF-8 with the line ends of Unix.
WRITTEN = {
    "fall-09": lambda text: text.encode("cp1252"),
    "case-04": lambda text: text.replace(". ", ".\r\n").encode(),
    "fall-11": lambda text: unicodedata.normalize("NFD", text).encode(),
    "fall-12": lambda text: text.encode("utf-8-sig"),
}
NEWER = "A {age}-year-old {who} came with a sore throat after {days} days of fever. She was given penicillin."


def write_reports(folder: Path) -> None:
    """A folder for each patient; in another folder, reports that came later."""
    for name, text in REPORTS.items():
        patient = folder / "reports" / (name[:-2] if name[:-2] in ("miller", "huber") else name)
        patient.mkdir(parents=True, exist_ok=True)
        (patient / f"{name}.txt").write_bytes(WRITTEN.get(name, str.encode)(text))
    for number in range(9):
        patient = folder / "newer" / f"late-{number}"
        patient.mkdir(parents=True)
        text = NEWER.format(age=30 + 5 * number, who="teacher" if number % 2 else "woman", days=2 + number)
        (patient / f"late-{number}.txt").write_text(text, encoding="utf-8")


def submit(workspace: Path) -> None:
    """What Anna and Ben do in the browser: each accepts the marks of every record that the project shows."""
    running = status(workspace)
    credentials = read_credentials(workspace / "label-studio" / "secrets.json")
    assert running is not None
    assert credentials is not None
    assert set(credentials.annotators) == {"anna", "ben"}
    for account in credentials.annotators.values():
        with _logged_in(running.url, account) as person:
            (project,) = person.get("/api/projects/").json()["results"]
            tasks = person.get(f"/api/projects/{project['id']}/tasks/", params={"page_size": 100}).json()
            assert len(tasks) > 12
            for task in tasks:
                (shown, *_) = person.get(f"/api/tasks/{task['id']}/").json()["predictions"]
                body = {"result": [*shown["result"], _verdict("accept")], "parent_prediction": shown["id"]}
                assert person.post(f"/api/tasks/{task['id']}/annotations/", json=body).status_code == 201


def _logged_in(url: str, account: Account) -> httpx.Client:
    headers = {"Authorization": f"Token {account.token.get_secret_value()}"}
    return httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)


def _verdict(word: str) -> dict[str, Any]:
    return {"id": "v", "from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": [word]}}


def typed(line: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a line of the page prints, once it has ended with the exit code that the page says."""
    words, stated = shlex.split(line, comments=True), re.search(r"# exit code (\d)", line)
    if words[0] == "cd":
        monkeypatch.chdir(words[1])
        return ""
    assert words[0] == "curate", line
    done = curate(*words[1:], code=int(stated[1]) if stated else 0)
    assert "Traceback" not in done.stdout + done.stderr, line
    return done.stdout + done.stderr


def test_the_walks_can_be_typed_word_for_word(installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = BLOCK.findall(PAGE)
    assert 2 * len(blocks) == PAGE.count("\n```"), "a block of another language than those that are run"
    write_reports(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(PERSON, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    printed = ""
    try:
        for language, block in blocks:
            match language:
                case "sh":
                    for line in block.splitlines():
                        if line == "curate review start":
                            _set(f"[review]\nport = {_free_port()}\n")
                        if line == "curate review pull":
                            submit(Path())
                        printed = typed(line, monkeypatch)
                        print(f"$ {line}\n{printed}")
                case "toml":
                    _set(block)
                case "python":
                    exec(block, {})
                case _:
                    assert block.strip() in printed
    finally:
        if status(Path()) is not None:
            curate("review", "stop")


def _set(block: str) -> None:
    """Puts the lines of each section below its heading in `curate.toml`, as a person does."""
    config = Path("curate.toml")
    text = config.read_text(encoding="utf-8")
    for section in block.strip().split("\n\n"):
        heading, _, lines = section.partition("\n")
        assert text.count(f"\n{heading}\n") == 1, heading
        text = text.replace(f"\n{heading}\n", f"\n{heading}\n{lines}\n")
    config.write_text(text, encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
