"""Customers from a file."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from threading import current_thread
from typing import Any

import pytest
from aiohttp import FormData, web

from control_api.access.limits import Limits, Rules
from control_api.app import create_app
from control_api.people import contact_lists, customer_import, customer_rows, event_stream
from control_api.people.customer_import import FILE_BYTES, TOLD
from control_api.web.bodies import Form, parts
from storage.database import Database
from storage.errors import DatabaseUnavailableError
from storage.records import Scope
from storage.seed import Seeded
from tests.control_api.api import Answer, Api, serving_api
from tests.patience import until

CSV = """name,phone,email,tags,preferred_language,metadata
Jordan Ellis,+14155550192,[email protected],"Region:West,Segment:Lapsed",en,"{""cart_value"":850}"
"""
"""The documents' file."""
JSON = """[
{
"name": "Jordan Ellis",
"phone": "+14155550192",
"tags": ["Region:West"],
"metadata": { "cart_value": 850 }
}
]"""
"""And the other one."""
CAMPAIGN = """phone_number,customer_name,order_id,product_name
+919876543210,Rahul Kumar,ORD-001,Premium Widget
"""
"""The campaign guide's."""
MEMORY_MB = 20
"""What an import may add to the process."""


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def sent(
    api: Api,
    content: str | bytes,
    name: str = "people.csv",
    path: str = "/customers/import",
    mapping: Any = None,
    **more: Any,
) -> Answer:
    form = FormData()
    if mapping is not None:
        form.add_field("mapping", mapping if isinstance(mapping, str) else json.dumps(mapping))
    form.add_field("file", BytesIO(content.encode() if isinstance(content, str) else content), filename=name)
    return await api.post(path, data=form, **more)


HINT = "Write a phone as +919876543210; without a country code it is read as a number of IN"


async def taken(api: Api, content: str | bytes, name: str = "people.csv") -> list[dict[str, Any]]:
    """The customers, oldest first, of a file that is good."""
    answer = await sent(api, content, name)
    assert answer.status == 200, answer
    assert answer.body["errors"] == [], answer.body
    found = (await api.get("/customers?limit=100")).body["customers"]
    assert len(found) == answer.body["imported"]
    return list(reversed(found))


def events(answer: Answer) -> list[tuple[str, dict[str, Any]]]:
    """Names and data, of an answer that is nothing but events."""
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache, no-transform"
    *blocks, rest = answer.raw.decode().split("\n\n")
    assert rest == ""
    found = []
    for block in blocks:
        event, data = block.split("\n")
        found.append((event.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def reasons(api: Api, content: str | bytes, name: str = "people.csv") -> dict[int, str]:
    answer = await sent(api, content, name)
    assert answer.status == 200, answer
    assert answer.body["skipped"] >= len(answer.body["errors"])
    return {error["row"]: error["reason"] for error in answer.body["errors"]}


@pytest.mark.parametrize("path", ["/api/voice/customers/import", "/v1/contacts/import"])
async def test_the_documents_files_are_imported(api: Api, path: str) -> None:
    first = await sent(api, CSV, path=path)
    assert (first.status, first.body) == (200, {"imported": 1, "updated": 0, "skipped": 0, "errors": []})
    (made,) = (await api.get("/customers")).body["customers"]
    assert (made["name"], made["phone"], made["email"]) == ("Jordan Ellis", "+14155550192", "[email protected]")
    assert made["tags"] == ["Region:West", "Segment:Lapsed"]
    assert (made["preferred_language"], made["metadata"]) == ("en", {"cart_value": 850})
    again = await sent(api, JSON, "people.json", path=path)
    assert again.body == {"imported": 0, "updated": 1, "skipped": 0, "errors": []}
    (merged,) = (await api.get("/customers")).body["customers"]
    assert merged["tags"] == ["Region:West"]
    assert {**merged, "tags": made["tags"], "updated_at": made["updated_at"]} == made


ORDINARY = [
    "+91 98765 43210",
    "98765-43210",
    "098765 43210",
    "00919876543210",
    "(+91) 98765.43210",
    "919876543210",
    "98765\u00a043210",
]


@pytest.mark.parametrize("ending", ["csv", "json"])
async def test_phones_are_read_as_people_spell_them(api: Api, ending: str) -> None:
    rows = [{"phone": phone} for phone in ORDINARY]
    content = "\n".join(["phone", *ORDINARY]) if ending == "csv" else json.dumps([{**row, "name": "A"} for row in rows])
    answer = await sent(api, content, f"people.{ending}")
    assert answer.body == {"imported": 1, "updated": len(ORDINARY) - 1, "skipped": 0, "errors": []}
    (one,) = (await api.get("/customers")).body["customers"]
    assert (one["phone"], one["name"]) == ("+919876543210", "+919876543210" if ending == "csv" else "A")


@pytest.mark.parametrize(
    "phone", ["98765", "2345 6789", "9.87654E+09", "call 9876543210", "+91+9876543210", "-", "9876543210 x 5"]
)
async def test_what_is_no_phone_is_refused_with_a_hint(api: Api, phone: str) -> None:
    answer = await sent(api, f"name,phone\nA,{phone}\n")
    assert answer.body["errors"] == [{"row": 1, "phone": phone, "reason": "invalid phone format"}]
    assert answer.body["hint"] == HINT


async def test_the_server_says_whose_numbers_have_no_country(
    database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    async with serving_api(database, tmp_path, country="US") as api:
        (one,) = await taken(api, "name,phone\nA,(415) 555-0192\n")
        assert one["phone"] == "+14155550192"


async def test_a_campaigns_file_gives_names_phones_and_variables(api: Api) -> None:
    (rahul,) = await taken(api, CAMPAIGN)
    assert (rahul["name"], rahul["phone"]) == ("Rahul Kumar", "+919876543210")
    assert rahul["metadata"] == {
        "phone_number": "+919876543210",
        "customer_name": "Rahul Kumar",
        "order_id": "ORD-001",
        "product_name": "Premium Widget",
    }


@pytest.mark.either
@pytest.mark.parametrize("phone", ["phone_number", "Mobile", "mobile number", "Telephone", "Contact-Number"])
@pytest.mark.parametrize("name", ["customer_name", "Full Name", "Contact Name"])
async def test_a_column_by_another_word_is_the_field_and_a_variable(api: Api, phone: str, name: str) -> None:
    (one,) = await taken(api, f"{name},{phone},E-Mail,Time Zone,Opt-out\nAsha,+919876543210,,Asia/Kolkata,no\n")
    assert (one["name"], one["phone"], one["timezone"]) == ("Asha", "+919876543210", "Asia/Kolkata")
    assert one["metadata"] == {name: "Asha", phone: "+919876543210", "Time Zone": "Asia/Kolkata"}


async def test_every_column_of_a_customer_is_read_in_any_order(api: Api) -> None:
    (one,) = await taken(
        api,
        "Recording Opt-Out, opted_out ,EXTERNAL ID,timezone,Extension, Phone ,Lead Source,name\n"
        "yes,true,LH-1,Asia/Kolkata,42, +919876543210 , web form , Asha \n",
    )
    assert (one["name"], one["phone"], one["external_id"], one["extension"]) == ("Asha", "+919876543210", "LH-1", "42")
    assert (one["opted_out"], one["recording_opt_out"], one["timezone"]) == (True, True, "Asia/Kolkata")
    assert one["metadata"] == {"Lead Source": "web form"}


@pytest.mark.either
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
async def test_files_come_as_programs_write_them(api: Api, ending: str, separator: str, mark: str) -> None:
    rows = [
        ["name", "phone", "tags"],
        ["रवि कुमार", "+918888888888", '"a, b,,a "'],
        ['"Line\nbreak"', "+14155550192", ""],
    ]
    lines = [separator.join(row) for row in rows]
    first, second = await taken(api, mark + ending.join(lines))
    assert (first["name"], first["tags"]) == ("रवि कुमार", ["a", "b"])
    assert (second["name"], second["tags"]) == ("Line\nbreak", [])


async def test_what_a_file_does_not_say_stays_as_it_was(api: Api) -> None:
    known = await api.made(
        "/customers", {"name": "Asha", "phone": "+919876543210", "tags": ["x"], "metadata": {"a": 1}, "opted_out": True}
    )
    answer = await sent(api, "phone,name,tags,opted_out,metadata,b\n+919876543210,,,,,2\n")
    assert answer.body == {"imported": 0, "updated": 1, "skipped": 0, "errors": []}
    found = (await api.get(f"/customers/{known['uuid']}")).body
    assert found == {**known, "metadata": {"a": 1, "b": "2"}, "updated_at": found["updated_at"]}


async def test_who_has_no_name_is_called_by_the_phone(api: Api) -> None:
    (one,) = await taken(api, "phone\n+919876543210\n")
    assert one["name"] == "+919876543210"
    await sent(api, '[{"phone": "+14155550192", "name": ""}]', "people.json")
    assert (await api.get("/customers?search=4155550192")).body["customers"][0]["name"] == "+14155550192"


async def test_a_bad_row_is_told_and_the_others_are_taken(api: Api) -> None:
    answer = await sent(
        api,
        "\n"
        "name,phone,preferred_language,metadata,\n"
        "One,+14155550001,,,\n"  # 1
        "Two,+10000000000,,,\n"
        "Three,,,,\n"
        "\n"
        ",,,,\n"  # 5
        "Six,+14155550006,fr,,\n"
        "Seven,+14155550007,,\n"
        "Eight,+14155550008,,,,\n"
        "Nine,+14155550009,,,x\n"
        'Ten,+14155550010,,{"a": 1,\n'  # 10
        "Eleven,+14155550011,,[],\n"
        "Twelve,+14155550012,,{,\n"
        'Thirteen,+14155550013,,"{""a"": ""\\u0000""}",\n'
        "Four\0teen,+14155550014,,,\n"
        '"Fifteen"x,+14155550015,,,\n'  # 15
        f"Sixteen,+14155550016,,{'x' * 140_000},\n"
        "Seventeen,+14155550017,,,\n"
        '"Eighteen,+14155550018,,,\n',
    )
    assert answer.status == 200
    body = answer.body
    assert (body["imported"], body["updated"], body["skipped"]) == (2, 0, 16)
    told = {error["row"]: error["reason"] for error in body["errors"]}
    assert told.pop(6).startswith("preferred_language must be ")
    assert told == {
        2: "invalid phone format",
        3: "phone is required",
        7: "the row has 4 columns and the header 5",
        8: "the row has 6 columns and the header 5",
        9: "the row has a value in a column without a name",
        10: "metadata is not valid JSON",
        11: "metadata must be an object",
        12: "metadata is not valid JSON",
        13: "metadata holds a character that cannot be stored",
        14: "the row holds a character that cannot be stored",
        15: "the row is not valid CSV: ',' expected after '\"'",
        16: "the row is not valid CSV: field larger than field limit (131072)",
        18: "the row is not valid CSV: unexpected end of data",
    }
    assert body["errors"][0] == {"row": 2, "phone": "+10000000000", "reason": "invalid phone format"}
    assert {one["name"] for one in (await api.get("/customers")).body["customers"]} == {"One", "Seventeen"}


async def test_a_bad_object_is_told_and_the_others_are_taken(api: Api) -> None:
    rows = [
        '{"name": "One", "phone": "+14155550001", "assistant_overrides": {"firstMessage": "Hello."}}',
        '{"name": "Two", "phone": "+10000000000"}',
        '"three"',
        "null",
        '{"name": "Five", "phone": "+14155550005", "metadata": {"x": NaN}}',
        '{"name": "Six\\u0000", "phone": "+14155550006"}',
        '{"name": "Seven\\ud800", "phone": "+14155550007"}',
        '{"name": "Eight", "phone": "+14155550008", "metadata": {"x": ' + "[" * 200 + "]" * 200 + "}}",
        '{"name": "Nine", "phone": 5}',
        '{"phone": null}',
        '{"name": "Eleven", "phone": "+14155550011"}',
    ]
    answer = await sent(api, '{"contacts": [' + ",\n".join(rows) + "]}", "people.json")
    assert (answer.status, answer.body["imported"], answer.body["skipped"]) == (200, 2, 9)
    assert {error["row"]: error["reason"] for error in answer.body["errors"]} == {
        2: "invalid phone format",
        3: "the row must be an object",
        4: "the row must be an object",
        5: "the row is not valid JSON",
        6: "the row holds a character that cannot be stored",
        7: "the row is not valid JSON",
        8: "the row is nested too deeply",
        9: "invalid phone format",
        10: "name is required",
    }


async def test_a_phone_that_comes_again_is_the_same_customer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_import, "CHUNK", 2)
    lines = ["phone,name,k"] + [f"+1415555000{number % 3},Person {number},{number}" for number in range(7)]
    answer = await sent(api, "\n".join(lines))
    assert answer.body == {"imported": 3, "updated": 4, "skipped": 0, "errors": []}
    assert (await api.get("/customers?search=50000")).body["customers"][0]["name"] == "Person 6"


@pytest.mark.either
@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        ("", "people.csv", "the file has no column phone"),
        ("\n\n", "people.csv", "the file has no column phone"),
        ("name,fax\nx,y\n", "people.csv", "the file has no column phone"),
        (
            "phone,Phone Number\n",
            "people.csv",
            "the columns phone and Phone Number are both for phone: say in mapping what they are",
        ),
        ("phone,phone\n", "people.csv", "the file has the column phone twice"),
        ("phone,a,a\n", "people.csv", "the file has the column a twice"),
        ('phone,"a\n', "people.csv", "the header is not valid CSV: unexpected end of data"),
        (b"phone,name\n+14155550001,Ren\xe9\n", "people.csv", "the file must be UTF-8: byte 28, in line 2, is not"),
        ("phone\n+14155550001".encode("utf-16"), "people.csv", "the file must be UTF-8: byte 1, in line 1, is not"),
        (b"phone\n\xe0\xa4", "people.csv", "the file must be UTF-8: its last character is cut off"),
        ("{}", "people.json", "the file must be an array of objects"),
        ('[{"phone": "+14155550001"}', "people.json", "the file is not valid JSON after element 1"),
        ("phone\n", "people.xlsx", "file must be a .csv or a .json file"),
        ("phone\n", "csv", "file must be a .csv or a .json file"),
    ],
)
async def test_a_file_that_will_not_do_changes_nothing(api: Api, content: Any, name: str, sentence: str) -> None:
    answer = await sent(api, content, name)
    assert (answer.status, answer.detail) == (400, sentence)
    assert (await api.get("/customers/meta/count")).body == {"count": 0}


LEADS = """Kunde;Handy;Festnetz;Alter;Notiz;Sprache
Asha;+919876543210;+912212345678;42;calls back;hi
"""
"""Whose columns nobody could guess."""


@pytest.mark.parametrize("path", ["/api/voice/customers/import", "/v1/contacts/import"])
async def test_a_mapping_says_what_the_columns_are(api: Api, path: str) -> None:
    mapping = {
        "Kunde": "name",
        " Handy ": "phone",
        "Festnetz": None,
        "Alter": "metadata.age",
        "Notiz": "",
        "Sprache": "preferred_language",
    }
    answer = await sent(api, LEADS, path=path, mapping=mapping)
    assert (answer.status, answer.body) == (200, {"imported": 1, "updated": 0, "skipped": 0, "errors": []})
    (asha,) = (await api.get("/customers")).body["customers"]
    assert (asha["name"], asha["phone"], asha["preferred_language"]) == ("Asha", "+919876543210", "hi")
    assert asha["metadata"] == {"Kunde": "Asha", "Handy": "+919876543210", "age": "42", "Sprache": "hi"}


async def test_a_column_that_a_mapping_does_not_name_goes_by_its_own(api: Api) -> None:
    content = "customer_name,phone,Mobile,tags,order_id\nAsha,,+919876543210,a,ORD-1\n"
    answer = await sent(api, content, mapping={"phone": "metadata.home", "Mobile": "phone"})
    assert answer.body["imported"] == 1
    (asha,) = (await api.get("/customers")).body["customers"]
    assert (asha["name"], asha["phone"], asha["tags"]) == ("Asha", "+919876543210", ["a"])
    assert asha["metadata"] == {"customer_name": "Asha", "Mobile": "+919876543210", "order_id": "ORD-1"}


async def test_what_a_mapping_names_wins_over_a_columns_own_word(api: Api) -> None:
    content = "customer_name,phone,title,,tags\nAsha,+919876543210,Dr Asha,x,a\n"
    mapping = {"title": "metadata.customer_name", "": None, "tags": None}
    assert (await sent(api, content, mapping=mapping)).body["imported"] == 1
    (asha,) = (await api.get("/customers")).body["customers"]
    assert (asha["name"], asha["tags"], asha["metadata"]) == ("Asha", [], {"customer_name": "Dr Asha"})


@pytest.mark.either
@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({"phone": "phone", "Fax": "metadata.fax"}, "mapping names the column Fax, which the file has not"),
        ({"name": "surname"}, "mapping.name is surname, which is neither a field of a customer nor metadata.<name>"),
        ({"name": "total_calls"}, "mapping.name is total_calls, which is neither a field of a customer nor "),
        ({"name": "metadata. "}, "mapping.name is metadata., which is neither a field of a customer nor "),
        ({"name": 5}, "mapping.name must be a field of a customer, metadata.<name> or null"),
        ({"k": "name"}, "the columns name and k are both for name: say in mapping what they are"),
        ({"name": "metadata.k"}, "the columns name and k are both for metadata.k: say in mapping what they are"),
        ({"phone": None}, "the file has no column phone"),
        ({"phone": "metadata.phone"}, "the file has no column phone"),
        ([], "mapping must be a JSON object"),
        ("phone", "mapping is not valid JSON"),
        ("", "mapping is not valid JSON"),
        ('{"k": "metadata.\\u0000"}', "mapping holds a character that cannot be stored"),
    ],
)
async def test_a_mapping_that_will_not_do_changes_nothing(api: Api, mapping: Any, sentence: str) -> None:
    answer = await sent(api, "name,phone,k\nAsha,+919876543210,1\n", mapping=mapping)
    assert answer.status == 400
    assert answer.detail.startswith(sentence)
    assert (await api.get("/customers/meta/count")).body == {"count": 0}


async def test_a_mapping_is_a_field_and_for_columns(api: Api) -> None:
    answer = await sent(api, JSON, "people.json", mapping={"phone": "phone"})
    assert (answer.status, answer.detail) == (400, "mapping is of a .csv file's columns, and this is a .json file")
    assert (await sent(api, JSON, "people.json", mapping={})).status == 200
    form = FormData()
    form.add_field("file", BytesIO(CSV.encode()), filename="people.csv")
    form.add_field("mapping", b"{}", filename="mapping.json")
    answer = await api.post("/customers/import", data=form)
    assert (answer.status, answer.detail) == (400, "mapping must be a JSON object, and no file")


EVENTS = {"Accept": "text/event-stream"}


@pytest.mark.parametrize("path", ["/api/voice/customers/import", "/v1/contacts/import"])
async def test_progress_is_told_and_then_what_the_answer_would_have_been(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(customer_import, "CHUNK", 2)
    monkeypatch.setattr(customer_import, "PACE", 0)
    content = "phone\n+14155550001\n+14155550002\nx\n\n+14155550001\n"
    answer = await sent(api, content, path=path, headers={"Accept": "text/event-stream; q=1, */*"})
    assert answer.status == 200
    assert events(answer) == [
        ("progress", {"total": 5, "rows": 0, "created": 0, "updated": 0, "failed": 0}),
        ("progress", {"total": 5, "rows": 2, "created": 2, "updated": 0, "failed": 0}),
        ("progress", {"total": 5, "rows": 4, "created": 2, "updated": 0, "failed": 1}),
        ("progress", {"total": 5, "rows": 5, "created": 2, "updated": 1, "failed": 1}),
        (
            "done",
            {
                "imported": 2,
                "updated": 1,
                "skipped": 2,
                "errors": [{"row": 3, "phone": "x", "reason": "invalid phone format"}],
                "hint": HINT,
            },
        ),
    ]
    plain = await sent(api, content, path=path, headers={"Accept": "application/json"})
    assert plain.body == {**events(answer)[-1][1], "imported": 0, "updated": 3}


async def test_the_document_tells_both_answers_and_events_have_the_limits(
    api: Api, database: Database, tmp_path: Path
) -> None:
    paths = (await api.get("/openapi.json")).body["paths"]
    for path in "/api/voice/customers/import", "/v1/contact-lists/{list_uuid}/import":
        content = paths[path]["post"]["responses"]["200"]["content"]
        assert content["text/event-stream"] == {}
        assert content["application/json"]["schema"]["$ref"].endswith("ImportDone")
    async with serving_api(database, tmp_path, limits=Limits(None, Rules.parse("default=9/minute"))) as limited:
        assert (await sent(limited, CSV, headers=EVENTS)).headers["X-RateLimit-Limit"] == "5"


async def test_no_more_progress_is_told_than_anybody_reads(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_import, "CHUNK", 1)
    monkeypatch.setattr(customer_import, "PACE", 1000)
    answer = await sent(api, "phone\n" + "x\n" * 20, headers=EVENTS)
    assert [(event, data.get("rows")) for event, data in events(answer)] == [
        ("progress", 0),
        ("progress", 20),
        ("done", None),
    ]


async def test_what_is_wrong_before_the_first_event_is_answered_as_everywhere(api: Api) -> None:
    for content, mapping in (("name\n", None), (CSV, {"Fax": None})):
        answer = await sent(api, content, mapping=mapping, headers=EVENTS)
        assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (400, "application/json")


async def test_a_failure_after_the_first_event_is_an_event(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await api.made("/contact-lists", {"name": "List"})
    path, loop = f"/contact-lists/{made['uuid']}", asyncio.get_running_loop()
    read = 0

    def read_rows(*given: Any) -> Any:
        nonlocal read
        read += 1
        if read == 2:
            asyncio.run_coroutine_threadsafe(api.delete(path), loop).result(10)
        return customer_rows.read_rows(*given)

    monkeypatch.setattr(customer_import, "CHUNK", 1)
    monkeypatch.setattr(customer_import, "read_rows", read_rows)
    answer = await sent(api, "phone\n+14155550001\n+14155550002\n", path=f"{path}/import", headers=EVENTS)
    assert answer.status == 200
    assert events(answer)[0][0] == "progress"
    assert events(answer)[-1] == ("error", {"detail": "Contact list not found"})
    assert (await api.get("/customers/meta/count")).body == {"count": 1}


async def test_a_database_that_is_lost_meanwhile_is_an_event(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def keep(*given: Any) -> Any:
        raise DatabaseUnavailableError("the database is busy")

    monkeypatch.setattr(customer_import, "_keep", keep)
    assert events(await sent(api, CSV, headers=EVENTS))[-1] == ("error", {"detail": "The database is busy"})


async def test_a_file_is_taken_though_nobody_hears_of_it(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone, loop = asyncio.Event(), asyncio.get_running_loop()

    def read_rows(*given: Any) -> Any:
        asyncio.run_coroutine_threadsafe(gone.wait(), loop).result(10)
        return customer_rows.read_rows(*given)

    monkeypatch.setattr(customer_import, "CHUNK", 1)
    monkeypatch.setattr(customer_import, "PACE", 0)
    monkeypatch.setattr(customer_import, "read_rows", read_rows)
    caplog.set_level("INFO", event_stream.__name__)
    form = FormData()
    form.add_field("file", BytesIO(b"phone\n+14155550001\n+14155550002\n"), filename="people.csv")
    headers = {"Authorization": f"Bearer {api.token}", **EVENTS}
    # tests' own server ends a request whose client leaves
    runner = web.AppRunner(create_app([], services=api.services, ready=lambda: None), shutdown_timeout=10)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with api.http.post(
            f"http://127.0.0.1:{runner.addresses[0][1]}/v1/contacts/import", data=form, headers=headers
        ) as answer:
            assert (await answer.content.readline()) == b"event: progress\n"
            answer.close()
        server = runner.server
        assert server is not None
        await until(lambda: not any(connection.connected for connection in server.connections))
        gone.set()
        await until(lambda: "a client left before its last event" in caplog.messages)

        async def taken() -> bool:
            return bool((await api.get("/customers/meta/count")).body == {"count": 2})

        await until(taken)
    finally:
        await runner.cleanup()


async def test_no_list_takes_back_an_opt_out(api: Api) -> None:
    about = {"name": "Asha", "phone": "+919876543210"}
    out = {"opted_out": True, "recording_opt_out": True}
    back = dict.fromkeys(out, False)
    made = await api.made("/customers", {**about, **out})
    contact_list = await api.made("/contact-lists", {"name": "List"})
    csv = "phone,name,opted_out,recording_opt_out\n+919876543210,Asha,no,no\n"

    async def shown() -> dict[str, Any]:
        body: dict[str, Any] = (await api.get(f"/customers/{made['uuid']}")).body
        return {name: body[name] for name in out}

    for answer in (
        await sent(api, csv),
        await sent(api, json.dumps([{**about, **back}]), "people.json"),
        await sent(api, csv, path=f"/contact-lists/{contact_list['uuid']}/import"),
        await api.post("/customers/bulk", {"customers": [{**about, **back}]}),
        await api.post("/customers", {**about, **back, "overwrite": True}),
    ):
        assert answer.status in (200, 201), answer
        assert await shown() == out
    await api.patch(f"/customers/{made['uuid']}", back)
    assert await shown() == back
    await sent(api, csv.replace("no,no", "yes,yes"))
    assert await shown() == out


async def test_blanks_around_its_colon_make_no_other_tag(api: Api) -> None:
    (one,) = await taken(api, 'phone,tags\n+919876543210,"Branch: Pune,Branch:Pune,Slot : 10:30,a  b"\n')
    assert one["tags"] == ["Branch:Pune", "Slot:10:30", "a  b"]
    for query in ("Branch:Pune", "Branch:%20Pune"):
        assert (await api.get(f"/customers?tags={query}")).body["total"] == 1
        assert (await api.get(f"/customers/meta/count?tags={query}")).body == {"count": 1}
    flow = {"kind": "outbound", "name": "F", "provider": "nextneural", "branches": ["Branch: Pune"]}
    assert (await api.made("/flows", flow))["branches"] == ["Branch:Pune"]


async def test_a_wrong_byte_is_found_across_the_pieces_that_are_read(api: Api) -> None:
    at = (1 << 20) - 1
    head = b"phone,name\n+14155550001,"
    content = head + b"x" * (at - len(head)) + b"\xe0\xa4x\n"
    answer = await sent(api, content)
    assert answer.detail == f"the file must be UTF-8: byte {at + 1}, in line 2, is not"


async def test_a_form_holds_one_file_and_nothing_else(api: Api) -> None:
    async def form(**fields: str) -> Answer:
        data = FormData()
        for name, value in fields.items():
            data.add_field(name, value, filename="people.csv" if name == "upload" else None, content_type="text/plain")
        return await api.post("/customers/import", data=data)

    assert (await form(file=CSV)).detail == "file must be a file"
    assert (await form(upload=CSV)).detail == "upload is not a known field"
    assert (await form(file=CSV, mode="append")).detail == "mode is not a known field"
    assert (await api.post("/customers/import", [])).status == 415


async def test_a_file_over_50_mb_is_refused(api: Api) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n\r\nphone\n'
        for _ in range((FILE_BYTES >> 20) + 1):
            yield b"\n" * (1 << 20)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await api.post("/customers/import", data=pieces(), headers=headers)
    assert answer.status == 413
    assert "larger than" in answer.detail


async def test_importing_needs_its_scope(api: Api) -> None:
    token = await api.key(*(set(Scope) - {Scope.CONTACTS_WRITE}))
    for path in "/customers/import", "/v1/contacts/import":
        assert (await sent(api, CSV, path=path, token=token)).status == 403


async def test_customers_can_be_put_on_a_list_as_they_come(api: Api) -> None:
    made = await api.made("/contact-lists", {"name": "List"})
    path = f"/contact-lists/{made['uuid']}"
    for expected in (2, 0):
        answer = await sent(api, "phone\n+14155550001\n+14155550002\n+14155550001\nx\n", path=f"{path}/import")
        assert (answer.body["imported"], answer.body["skipped"]) == (expected, 1)
        assert (await api.get(path)).body["size"] == 2
    await api.delete(path)
    gone = await sent(api, "phone\n+14155550003\n", path=f"{path}/import")
    assert (gone.status, gone.detail) == (404, "Contact list not found")
    assert (await api.get("/customers/meta/count")).body == {"count": 2}


async def test_an_import_ends_when_its_list_is_deleted_meanwhile(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await api.made("/contact-lists", {"name": "List"})
    path = f"/contact-lists/{made['uuid']}"

    @asynccontextmanager
    async def slow(*arguments: Any, **more: Any) -> AsyncIterator[Form]:
        async with parts(*arguments, **more) as form:
            await api.delete(path)
            yield form

    monkeypatch.setattr(contact_lists, "parts", slow)
    gone = await sent(api, "phone\n+14155550003\n", path=f"{path}/import")
    assert (gone.status, gone.detail) == (404, "Contact list not found")
    assert (await api.get("/customers/meta/count")).body == {"count": 0}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("phone\n" + "+14155550001\n" * 4, "people.csv"),
        ("phone\n+14155550001\n\n\n\n", "people.csv"),
        ('[{"phone": "+14155550001"}, 1, 2, 3]', "people.json"),
    ],
)
async def test_a_file_of_too_many_rows_changes_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, content: str, name: str
) -> None:
    monkeypatch.setattr(customer_rows, "MOST", 3)
    answer = await sent(api, content, name)
    assert (answer.status, answer.detail) == (413, "The file has more than 3 rows")
    assert (await api.get("/customers/meta/count")).body == {"count": 0}
    monkeypatch.setattr(customer_rows, "MOST", 4)
    assert (await sent(api, content, name)).status == 200


async def test_metadata_that_grows_too_large_is_a_bad_row(api: Api) -> None:
    rows = [{"phone": f"+1415555000{number}", "metadata": {"first": "x" * 40_000}} for number in (1, 2)]
    assert (await sent(api, json.dumps(rows), "people.json")).body["imported"] == 2
    before = (await api.get("/customers")).body
    more = [
        {"phone": "+14155550001", "metadata": {"second": "x" * 40_000}},
        {"phone": "nobody's"},
        {"phone": "+14155550003"},
    ]
    answer = await sent(api, json.dumps(more), "people.json")
    assert answer.body == {
        "imported": 1,
        "updated": 0,
        "skipped": 2,
        "errors": [
            {"row": 1, "phone": "+14155550001", "reason": "metadata must be smaller than 65536 characters"},
            {"row": 2, "phone": "nobody's", "reason": "invalid phone format"},
        ],
        "hint": HINT,
    }
    assert (await api.get("/customers?offset=1")).body["customers"] == before["customers"]


async def test_nothing_is_written_for_rows_of_nobody(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = 0

    def begin(database: Database, organisation: str | None = None) -> Any:
        nonlocal begun
        begun += organisation is not None
        return into(database, organisation)

    assert (await api.get("/customers")).status == 200  # the use of the key is noted
    into = Database.begin
    monkeypatch.setattr(Database, "begin", begin)
    monkeypatch.setattr(customer_import, "CHUNK", 2)
    answer = await sent(api, "phone\nx\nx\n\n\nx\n")
    assert (answer.body["skipped"], begun) == (5, 0)


async def test_files_are_read_in_a_room_of_their_own(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    readers: set[str] = set()

    def noted(*given: Any) -> Any:
        readers.add(current_thread().name.partition("_")[0])
        return customer_rows.read_rows(*given)

    monkeypatch.setattr(customer_import, "read_rows", noted)
    assert (await sent(api, CSV)).status == 200
    assert readers == {"import"}


async def test_no_more_errors_are_told_than_anybody_reads(api: Api) -> None:
    answer = await sent(api, "phone\n" + "x\n" * (TOLD + 500))
    assert (answer.body["skipped"], len(answer.body["errors"])) == (TOLD + 500, TOLD)
    assert answer.body["errors"][-1]["row"] == TOLD


async def test_others_write_while_thousands_are_imported(api: Api) -> None:
    file = "phone,name,tags\n" + "".join(
        f'+1415{number:07},Person {number},"Region:{number % 4},Segment:{number % 5}"\n'
        for number in range(2000000, 2005000)
    )
    importing = asyncio.create_task(sent(api, file))
    written = 0
    while not importing.done():
        answer = await api.post("/customers", {"name": "Between", "phone": f"+9198765{written:05}"})
        assert answer.status == 201
        written += 1
    assert importing.result().body == {"imported": 5000, "updated": 0, "skipped": 0, "errors": []}
    assert written > 5
    assert (await api.get("/customers?tags=Region:1&tags=Segment:1")).body["total"] == 250


def rows_of(kind: str, count: int) -> Iterator[str]:
    if kind == "csv":
        yield "name,phone,tags,timezone,metadata\n"
        for number in range(count):
            tag, zone = f"Region:{number % 4}", ("Asia/Kolkata", "America/New_York")[number % 2]
            yield f'Person {number},+1415{2000000 + number},"{tag}",{zone},"{{""cart_value"":{number}}}"\n'
    else:
        for number in range(count):
            about = {"name": f"Person {number}", "phone": f"+1415{2000000 + number}", "metadata": {"n": number}}
            yield ("[" if number == 0 else ",") + json.dumps(about)
        yield "]"


def grown(file: Path, database: Path) -> dict[str, Any]:
    """Imports in a process of its own: the answer, and by how many megabytes it grew."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.control_api.importing", str(file), str(database)],
        check=True,
        capture_output=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("csv", 5000),
        ("json", 5000),
        pytest.param("csv", 100_000, marks=[pytest.mark.soak, pytest.mark.timeout(300)]),
        pytest.param("json", 100_000, marks=[pytest.mark.soak, pytest.mark.timeout(300)]),
    ],
)
def test_memory_stays_flat_however_long_the_file_is(file: Path, tmp_path: Path, kind: str, count: int) -> None:
    people = tmp_path / f"people.{kind}"
    with people.open("w") as out:
        out.writelines(rows_of(kind, count))
    report = grown(people, file)
    assert report["done"] == {"imported": count, "updated": 0, "skipped": 0, "errors": []}
    assert report["megabytes"] <= MEMORY_MB
