"""Models whose fields depend on each other: they grow like others; Pydantic validates them whole when they close."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationError, ValidationInfo, field_validator, model_validator

from instar import Parser

CALLS: list[str] = []


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()


def shouted(text: str) -> str:
    CALLS.append(f"shouted {text}")
    return text.upper()


class Item(BaseModel):
    name: Annotated[str, AfterValidator(shouted)]


class Address(BaseModel):
    city: str


def rank(data: dict[str, Any]) -> int:
    CALLS.append("rank")
    return len(data["password"])


class Account(BaseModel):
    password: str
    again: str
    address: Address
    items: list[Item] = []
    rank: int = Field(default_factory=rank)

    @field_validator("again")
    @classmethod
    def is_same(cls, again: str, info: ValidationInfo) -> str:
        CALLS.append("is_same")
        if again != info.data["password"]:
            message = "the passwords differ"
            raise ValueError(message)
        return again.title()

    @model_validator(mode="after")
    def seen(self) -> Account:
        CALLS.append("seen")
        return self


TEXT = '{"again":"abc","password":"abc","items":[{"name":"x"}],"address":{"city":"Ur"}}'


@pytest.mark.parametrize("live", [False, True])
def test_it_grows_and_ends_as_pydantics(live: bool) -> None:  # noqa: FBT001
    parser = Parser(Account, live=live)
    shown = [repr(parser.snapshot)] + [repr(parser.snapshot) for letter in TEXT if parser.feed(letter)]
    expected = Account.model_validate_json(TEXT)
    assert parser.snapshot == expected == parser.finish()
    assert list(dict.fromkeys(shown))[1:4] == [
        "Account(password=None, again='', address=Address(city=None), items=[], rank=None)",
        "Account(password=None, again='a', address=Address(city=None), items=[], rank=None)",
        "Account(password=None, again='ab', address=Address(city=None), items=[], rank=None)",
    ]
    # Text shows as it came until the whole is validated: a validator that ran earlier would run twice.
    assert (
        "Account(password='abc', again='abc', address=Address(city=None), items=[Item(name=None)], rank=None)" in shown
    )
    assert "Account(password='abc', again='abc', address=Address(city='U'), items=[Item(name='x')], rank=None)" in shown
    assert shown[-1] == repr(expected)


def test_7_user_code_runs_once_while_it_streams() -> None:
    parser = Parser(list[Account])
    for letter in f"[{TEXT}":
        parser.feed(letter)
        assert isinstance(parser.snapshot, list) or letter == "["
    assert CALLS == ["is_same", "shouted x", "rank", "seen"]
    assert parser.snapshot == [Account.model_validate_json(TEXT)]


def test_2_what_pydantic_refuses_is_refused_at_the_brace() -> None:
    text = TEXT.replace('"again":"abc"', '"again":"xyz"')
    parser = Parser(dict[str, Account])
    with pytest.raises(ValidationError) as caught:
        parser.feed(f'{{"a":{text}, "b":1}}')
    with pytest.raises(ValidationError) as pydantics:
        Account.model_validate_json(text)
    seen, expected = caught.value.errors(), pydantics.value.errors()
    assert [(line["type"], line["loc"][1:], line["msg"], line["input"]) for line in seen] == [
        (line["type"], line["loc"], line["msg"], line["input"]) for line in expected
    ]
    assert all(line["loc"][0] == "a" for line in seen)
    assert parser.offset == len('{"a":') + len(text) - 1


def test_2_what_does_not_depend_on_others_is_refused_at_its_first_byte() -> None:
    parser = Parser(Account)
    with pytest.raises(ValidationError, match="valid string") as caught:
        parser.feed('{"address":{"city":1')
    assert caught.value.errors()[0]["loc"] == ("address", "city")


def test_a_recursive_one() -> None:
    class Node(BaseModel):
        name: str
        children: list[Node] = []

        @field_validator("children")
        @classmethod
        def named(cls, children: list[Node], info: ValidationInfo) -> list[Node]:
            CALLS.append(info.data["name"])
            return children

    parser = Parser(Node)
    text = '{"name":"a","children":[{"name":"b","children":[]}]}'
    shown = [repr(parser.snapshot) for letter in text if parser.feed(letter)]
    assert list(dict.fromkeys(shown)) == [
        "Node(name='', children=[])",
        "Node(name='a', children=[])",
        "Node(name='a', children=[Node(name=None, children=[])])",
        "Node(name='a', children=[Node(name='', children=[])])",
        "Node(name='a', children=[Node(name='b', children=[])])",
    ]
    assert CALLS == ["b", "a"]
    assert parser.finish() == parser.snapshot


@pytest.mark.parametrize("live", [False, True])
def test_4_a_repeated_key_does_not_replace_what_has_settled(live: bool) -> None:  # noqa: FBT001
    parser = Parser(dict[str, Account], live=live)
    parser.feed(f'{{"a":{TEXT},')
    first = parser.snapshot["a"]
    parser.feed(f'"a":{TEXT.replace("abc", "xyz")}')
    assert parser.snapshot["a"] is first
    assert parser.snapshot == {"a": Account.model_validate_json(TEXT)}
    parser.feed("}")
    assert parser.finish() == {"a": Account.model_validate_json(TEXT.replace("abc", "xyz"))}
