"""The sync client, through the real SDK and real HTTP, against the embedded server."""

from __future__ import annotations

import json
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import openai
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion
from pydantic import (
    BaseModel,
    Field,
    RootModel,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError
from pydantic_core import from_json
from typing_extensions import TypedDict

from instar import JSONError, Partial, RefusalError, StreamError, TruncatedError
from instar.openai import Mode, from_openai
from instar.testing import LocalOpenAI, Reply
from support.material import STREAMS, shared
from support.samples import ADA, ASK, BOB, Cat, Dog, User

if TYPE_CHECKING:
    from instar.openai import Client


@dataclass
class Point:
    x: int
    y: int


class Size(TypedDict):
    width: int


def sent(server: LocalOpenAI) -> dict[str, Any]:
    """Return the body of the last request."""
    return server.requests[-1].body


class TestPartial:
    def test_the_growing_user_and_the_final_one(self) -> None:
        with LocalOpenAI(['{"name": "A', 'da", ', '"age": 3', "6", ', "bio": "Plans', ' ahead."}']) as server:
            stream = from_openai(server.client()).chat.completions.create_partial(response_model=User, **ASK)
            seen = list(stream)
        assert [(user.name, user.age, user.bio) for user in seen] == [
            (None, None, None),
            ("A", None, None),
            ("Ada", None, None),
            ("Ada", 36, "Plans"),
            ("Ada", 36, "Plans ahead."),
        ]
        assert all(type(user) is User for user in seen)
        assert stream.final() == User.model_validate_json(ADA)
        assert stream.text == ADA
        assert stream.snapshot == stream.final()
        assert stream.progress.completion == 100
        assert stream.parser.complete

    def test_the_first_snapshot_comes_before_the_first_delta_and_each_before_the_next(self) -> None:
        deltas = ['{"name": "A', 'da", ', '"age": 36, ', '"bio": ""}']
        with LocalOpenAI(deltas, hold=True) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            assert next(stream).name is None
            for number, name in enumerate(["A", "Ada"]):
                assert server.exchanges[0].sent == number
                server.release()
                assert next(stream).name == name
            server.release_all()
            assert stream.final().age == 36

    def test_what_the_completion_says(self) -> None:
        with LocalOpenAI(Reply(ADA, usage={"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7})) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            assert stream.finish_reason is None
            assert stream.usage is None
            stream.final()
        assert stream.finish_reason == "stop"
        assert stream.usage is not None
        assert stream.usage.total_tokens == 7
        assert isinstance(stream.completion, ChatCompletion)
        assert stream.completion.choices[0].message.content == ADA
        assert stream.completion.usage == stream.usage
        assert stream.completion.model == "any"

    def test_usage_is_asked_for_unless_the_caller_decides(self) -> None:
        with LocalOpenAI(ADA, ADA, ADA) as server:
            client = from_openai(server.client())
            client.create_partial(response_model=User, **ASK).final()
            assert sent(server)["stream_options"] == {"include_usage": True}
            stream = client.create_partial(response_model=User, stream_options={"include_usage": False}, **ASK)
            stream.final()
            assert sent(server)["stream_options"] == {"include_usage": False}
            assert stream.usage is None
            client.create_partial(response_model=User, stream_options=openai.omit, **ASK).final()
            assert "stream_options" not in sent(server)

    def test_the_request_is_sent_at_the_call(self) -> None:
        with LocalOpenAI(Reply("no such key", status=401)) as server:
            client = from_openai(server.client())
            with pytest.raises(openai.AuthenticationError, match="no such key"):
                client.create_partial(response_model=User, **ASK)

    def test_context_and_strict(self) -> None:
        class Known(BaseModel):
            name: str

            @field_validator("name")
            @classmethod
            def known(cls, name: str, info: ValidationInfo) -> str:
                if info.context != [name]:
                    message = f"{name} is unknown"
                    raise ValueError(message)
                return name

        with LocalOpenAI('{"name": "Ada"}', '{"name": "Ada"}', '{"x": "1", "y": 2}') as server:
            client = from_openai(server.client())
            assert client.create_partial(response_model=Known, context=["Ada"], **ASK).final().name == "Ada"
            with pytest.raises(ValidationError, match="Ada is unknown"):
                client.create_partial(response_model=Known, context=["Bob"], **ASK).final()
            with pytest.raises(ValidationError):
                client.create_partial(response_model=Point, strict=True, **ASK).final()


class TestIterable:
    def test_each_element_comes_before_the_next_one_starts(self) -> None:
        deltas = ['{"items": [', ADA, ", ", BOB, "]}"]
        with LocalOpenAI(deltas, hold=True) as server:
            stream = from_openai(server.client()).chat.completions.create_iterable(response_model=User, **ASK)
            server.release(2)
            assert next(stream).name == "Ada"
            assert server.exchanges[0].sent <= 2
            server.release(2)
            assert next(stream).name == "Bob"
            assert server.exchanges[0].sent <= 4
            server.release_all()
            assert list(stream) == []
            assert [user.name for user in stream.final()] == ["Ada", "Bob"]

    @pytest.mark.parametrize("text", [f"[{ADA}, {BOB}]", f'{{"users": [{ADA}, {BOB}]}}'])
    @pytest.mark.parametrize("cut", [None, 1, 50])
    def test_a_bare_list_or_one_in_an_object_however_the_bytes_are_cut(self, text: str, cut: int | None) -> None:
        with LocalOpenAI(text, cut=cut) as server:
            users = list(from_openai(server.client()).create_iterable(response_model=User, **ASK))
        assert [user.name for user in users] == ["Ada", "Bob"]

    def test_unions_and_scalars(self) -> None:
        pets = '{"items": [{"kind": "dog", "breed": "Poodle"}, {"kind": "cat", "lives": 9}]}'
        with LocalOpenAI(pets, '{"items": [1, 2, 3]}', '{"items": ["a", "b"]}') as server:
            client = from_openai(server.client())
            dog, cat = client.create_iterable(response_model=Cat | Dog, **ASK)
            assert (dog, cat) == (Dog(kind="dog", breed="Poodle"), Cat(kind="cat", lives=9))
            assert list(client.create_iterable(response_model=int, **ASK)) == [1, 2, 3]
            assert list(client.create_iterable(response_model=str, **ASK)) == ["a", "b"]


class TestCreate:
    """`create` does what the type and `stream` say."""

    @pytest.mark.parametrize("model", [User, Partial[User]])
    def test_a_stream_of_one(self, model: Any) -> None:
        with LocalOpenAI(ADA) as server:
            *_, last = from_openai(server.client()).create(response_model=model, stream=True, **ASK)
        assert last == User.model_validate_json(ADA)

    @pytest.mark.parametrize("model", [list[User], Iterable[User]])
    def test_a_stream_of_many(self, model: Any) -> None:
        with LocalOpenAI(f'{{"items": [{ADA}, {BOB}]}}') as server:
            users = list(from_openai(server.client()).create(response_model=model, stream=True, **ASK))
        assert [user.name for user in users] == ["Ada", "Bob"]

    @pytest.mark.parametrize("model", [User, Partial[User]])
    @pytest.mark.parametrize("mode", Mode)
    def test_one(self, model: Any, mode: Mode) -> None:
        with LocalOpenAI(ADA) as server:
            user = from_openai(server.client()).create(response_model=model, mode=mode, **ASK)
            assert "stream" not in sent(server)
        assert user == User.model_validate_json(ADA)

    @pytest.mark.parametrize("model", [list[User], Iterable[User]])
    @pytest.mark.parametrize("mode", Mode)
    def test_many(self, model: Any, mode: Mode) -> None:
        with LocalOpenAI(f'{{"items": [{ADA}, {BOB}]}}') as server:
            users = from_openai(server.client()).create(response_model=model, mode=mode, **ASK)
        assert [user.name for user in users] == ["Ada", "Bob"]

    def test_with_the_completion(self) -> None:
        with LocalOpenAI(ADA) as server:
            client = from_openai(server.client())
            user, completion = client.chat.completions.create_with_completion(response_model=User, **ASK)
            assert user.name == "Ada"
            assert completion.choices[0].message.content == ADA
            with pytest.raises(TypeError, match="create_partial"):
                client.create_with_completion(response_model=User, stream=True, **ASK)  # type: ignore[call-overload]

    def test_without_a_response_model_it_is_the_sdks(self) -> None:
        with LocalOpenAI("Hello.", "Hello.", "Hello.") as server:
            client = from_openai(server.client())
            assert client.chat.completions.create(**ASK).choices[0].message.content == "Hello."
            assert client.create(response_model=None, **ASK).choices[0].message.content == "Hello."
            chunks = client.chat.completions.create(stream=True, **ASK)
            assert isinstance(chunks, openai.Stream)
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello."
            assert sent(server) == {**ASK, "stream": True}

    def test_the_errors_of_an_answer_in_one_piece(self) -> None:
        replies = [
            Reply(ADA[:12], finish_reason="length"),
            Reply("Not that.", field="refusal"),
            Reply("Ada"),
            Reply('{"name": 1}'),
        ]
        with LocalOpenAI(*replies) as server:
            client = from_openai(server.client())
            with pytest.raises(TruncatedError, match="max_tokens"):
                client.create(response_model=User, **ASK)
            with pytest.raises(RefusalError, match=r"Not that\."):
                client.create(response_model=User, **ASK)
            with pytest.raises(JSONError):
                client.create(response_model=User, **ASK)
            with pytest.raises(ValidationError):
                client.create(response_model=User, **ASK)


class TestTheRequest:
    """How the schema is put to the API in each mode."""

    def ask(self, text: str, **keywords: Any) -> tuple[Any, dict[str, Any]]:
        with LocalOpenAI(text) as server:
            final = from_openai(server.client()).create_partial(**ASK | keywords).final()
            return final, sent(server)

    def test_a_strict_schema(self) -> None:
        _, body = self.ask(ADA, response_model=User)
        wanted = body["response_format"]["json_schema"]
        assert body["response_format"]["type"] == "json_schema"
        assert (wanted["name"], wanted["strict"]) == ("User", True)
        assert wanted["schema"]["required"] == ["name", "age", "bio"]
        assert wanted["schema"]["additionalProperties"] is False

    def test_a_forced_tool(self) -> None:
        _, body = self.ask(ADA, response_model=User, mode=Mode.TOOLS)
        (tool,) = body["tools"]
        assert tool["function"]["name"] == "User"
        assert tool["function"]["description"] == "A member of the club."
        assert tool["function"]["strict"] is True
        assert tool["function"]["parameters"]["required"] == ["name", "age", "bio"]
        assert body["tool_choice"] == {"type": "function", "function": {"name": "User"}}
        assert "response_format" not in body

    def test_json_mode_puts_the_schema_into_a_system_message(self) -> None:
        _, body = self.ask(ADA, response_model=User, mode=Mode.JSON)
        system, user = body["messages"]
        assert system["role"] == "system"
        assert '"title": "User"' in system["content"]
        assert user == ASK["messages"][0]
        assert body["response_format"] == {"type": "json_object"}

    def test_a_fence_is_asked_for_in_a_system_message(self) -> None:
        final, body = self.ask(f"```json\n{ADA}\n```", response_model=User, mode=Mode.MD_JSON)
        system, user = body["messages"]
        assert "```json" in system["content"]
        assert '"title": "User"' in system["content"]
        assert user == ASK["messages"][0]
        assert "response_format" not in body
        assert final.name == "Ada"

    def test_json_mode_keeps_to_the_system_message_that_is_there(self) -> None:
        messages = [{"role": "system", "content": "Be brief."}, *ASK["messages"]]
        _, body = self.ask(ADA, response_model=User, mode=Mode.JSON, messages=messages)
        assert len(body["messages"]) == 2
        assert body["messages"][0]["content"].startswith("Be brief.\n\n")
        assert messages[0]["content"] == "Be brief."

    def test_the_clients_mode_and_the_calls(self) -> None:
        with LocalOpenAI(ADA, ADA) as server:
            client = from_openai(server.client(), mode=Mode.TOOLS)
            client.create(response_model=User, **ASK)
            assert "tools" in sent(server)
            client.create(response_model=User, mode=Mode.JSON, **ASK)
            assert "tools" not in sent(server)

    @pytest.mark.parametrize("mode", Mode)
    @pytest.mark.parametrize(
        ("model", "text", "expected"),
        [
            (int, '{"value": 5}', 5),
            (str, '{"value": "five"}', "five"),
            (Cat | None, '{"value": {"kind": "cat", "lives": 9}}', Cat(kind="cat", lives=9)),
            (list[int], '{"value": [1, 2]}', [1, 2]),
            (RootModel[list[int]], '{"value": [1, 2]}', RootModel[list[int]]([1, 2])),
            (Point, '{"x": 1, "y": 2}', Point(1, 2)),
            (Size, '{"width": 3}', {"width": 3}),
            (dict[str, int], '{"a": 1}', {"a": 1}),
            (None, '{"value": {"a": [1]}}', {"a": [1]}),
        ],
        ids=str,
    )
    def test_any_type(self, mode: Mode, model: Any, text: str, expected: Any) -> None:
        final, body = self.ask(text, response_model=model, mode=mode)
        assert final == expected
        if mode is Mode.JSON_SCHEMA:
            assert body["response_format"]["json_schema"]["schema"]["type"] == "object"

    def test_a_growing_list(self) -> None:
        with LocalOpenAI(['{"value": [1, ', "2, 3", "]}"]) as server:
            seen = list(from_openai(server.client()).create_partial(response_model=list[int], **ASK))
        assert seen == [None, [1], [1, 2], [1, 2, 3]]

    @pytest.mark.parametrize("mode", list(Mode))
    def test_a_type_that_cannot_be_hashed(self, mode: Mode) -> None:
        model = Annotated[int, ["not", "hashable"]]
        final, _ = self.ask('{"value": 5}', response_model=model, mode=mode)
        assert final == 5
        with LocalOpenAI('{"items": [5]}') as server:
            stream = from_openai(server.client()).create_iterable(response_model=model, mode=mode, **ASK)
            assert list(stream) == [5]

    def test_a_recursive_model_stands_at_the_root(self) -> None:
        class Node(BaseModel):
            name: str
            children: list[Node] = []

        Node.model_rebuild(_types_namespace={"Node": Node})
        final, body = self.ask('{"name": "a", "children": [{"name": "b"}]}', response_model=Node)
        assert final.children[0].name == "b"
        wanted = body["response_format"]["json_schema"]
        assert wanted["strict"] is True
        assert wanted["schema"]["type"] == "object"
        assert wanted["schema"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
        assert "default" not in wanted["schema"]["properties"]["children"]

    def test_a_tagged_union_is_strict(self) -> None:
        class Owner(BaseModel):
            pet: Annotated[Cat | Dog, Field(discriminator="kind", description="The first one.")]

        _, body = self.ask('{"pet": {"kind": "cat", "lives": 9}}', response_model=Owner)
        wanted = body["response_format"]["json_schema"]
        assert wanted["strict"] is True
        assert wanted["schema"]["properties"]["pet"] == {
            "anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
            "description": "The first one.",
            "title": "Pet",
        }

    def test_a_described_reference_stands_alone(self) -> None:
        class Owner(BaseModel):
            cat: Cat = Field(description="The first one.")

        _, body = self.ask('{"cat": {"kind": "cat", "lives": 9}}', response_model=Owner)
        cat = body["response_format"]["json_schema"]["schema"]["properties"]["cat"]
        assert cat == {"anyOf": [{"$ref": "#/$defs/Cat"}], "description": "The first one."}

    @pytest.mark.parametrize("field", [dict[str, int], Any, tuple[int, str], set[int]], ids=str)
    def test_what_cannot_be_said_strictly_is_not(self, field: Any) -> None:
        loose = create_model("Loose", field=(field, ...))
        with LocalOpenAI("{}") as server:
            from_openai(server.client()).create_partial(response_model=loose, **ASK).close()
            wanted = sent(server)["response_format"]["json_schema"]
        assert wanted["strict"] is False
        assert wanted["schema"] == loose.model_json_schema()

    def test_the_name_is_one_the_api_takes(self) -> None:
        _, body = self.ask('{"value": 5}', response_model=Annotated[int | str, Field(title="Größe (cm) " * 20)])
        name = body["response_format"]["json_schema"]["name"]
        assert name.isascii()
        assert name.replace("_", "").replace("-", "").isalnum()
        assert 0 < len(name) <= 64

    def test_a_type_that_pydantic_cannot_build(self) -> None:
        with LocalOpenAI() as server:
            client = from_openai(server.client())
            with pytest.raises(PydanticSchemaGenerationError):
                client.create_partial(response_model=object(), **ASK)
            with pytest.raises(PydanticInvalidForJsonSchema):
                client.create_partial(response_model=Callable[[], int], **ASK)
            assert server.requests == []

    def test_a_keyword_that_the_response_model_decides(self) -> None:
        with LocalOpenAI() as server:
            client = from_openai(server.client())
            with pytest.raises(TypeError, match="response_format"):
                client.create_partial(response_model=User, response_format={"type": "text"}, **ASK)
            with pytest.raises(TypeError, match="tools"):
                client.create_partial(response_model=User, mode=Mode.TOOLS, tools=[], **ASK)

    def test_other_keywords_pass_through(self) -> None:
        _, body = self.ask(ADA, response_model=User, temperature=0.5, seed=7)
        assert (body["temperature"], body["seed"]) == (0.5, 7)


class TestMisuse:
    def test_a_mode_may_be_named_by_its_value(self) -> None:
        with LocalOpenAI(Reply(calls=[("User", ADA)])) as server:
            client = from_openai(server.client(), mode="tools")  # type: ignore[call-overload]
            assert client.create(response_model=User, **ASK) == User.model_validate_json(ADA)
        assert "tools" in sent(server)

    def test_there_are_no_other_modes(self) -> None:
        with LocalOpenAI(ADA) as server:
            with pytest.raises(ValueError, match="there is no mode 'yaml'"):
                from_openai(server.client(), mode="yaml")  # type: ignore[call-overload]
            with pytest.raises(ValueError, match="there is no mode 'yaml'"):
                from_openai(server.client()).create(response_model=User, mode="yaml", **ASK)  # type: ignore[call-overload]

    @pytest.mark.parametrize("wrong", [{"max_retries": -1}, {"max_retries": "2"}, {"on_retry": "x"}])
    def test_what_cannot_be_done_is_refused_before_it_is_asked(self, wrong: dict[str, Any]) -> None:
        with LocalOpenAI(ADA) as server, pytest.raises(TypeError, match=next(iter(wrong))):
            from_openai(server.client()).create(response_model=User, **wrong, **ASK)
        assert not server.requests

    def test_no_response_model_beside_types_as_tools(self) -> None:
        with LocalOpenAI(Reply(calls=[("User", ADA)])) as server:
            tools: Any = [User, Size]
            stream = from_openai(server.client()).create_partial(response_model=None, tools=tools, **ASK)
            assert stream.final() == User.model_validate_json(ADA)

    def test_a_list_of_anything(self) -> None:
        with LocalOpenAI('{"items": [1, "a"]}') as server:
            bare: Any = typing.List  # noqa: UP006 - with nothing between brackets
            assert from_openai(server.client()).create(response_model=bare, **ASK) == [1, "a"]


class TestBadAnswers:
    """Each has its error, and leaves what has arrived readable on the stream."""

    @pytest.mark.parametrize("mode", Mode)
    def test_the_token_limit(self, mode: Mode) -> None:
        with LocalOpenAI(Reply(ADA[:12], finish_reason="length")) as server:
            stream = from_openai(server.client(), mode).create_partial(response_model=User, **ASK)
            with pytest.raises(TruncatedError, match=r"inside `name`.*max_tokens") as caught:
                list(stream)
        assert caught.value.path == ("name",)
        assert caught.value.offset == 12
        assert stream.snapshot.name == "Ad"
        assert stream.text == ADA[:12]
        assert stream.finish_reason == "length"
        with pytest.raises(TruncatedError, match="max_tokens"):
            stream.final()

    def test_the_token_limit_in_a_list(self) -> None:
        with LocalOpenAI(Reply(f'{{"items": [{ADA}, {BOB[:12]}', finish_reason="length")) as server:
            stream = from_openai(server.client()).create_iterable(response_model=User, **ASK)
            assert next(stream).name == "Ada"
            with pytest.raises(TruncatedError, match="max_tokens") as caught:
                next(stream)
        assert caught.value.path == ("items", 1, "name")

    def test_the_token_limit_right_after_the_answer_does_no_harm(self) -> None:
        with LocalOpenAI(Reply(ADA, finish_reason="length")) as server:
            assert from_openai(server.client()).create_partial(response_model=User, **ASK).final().age == 36

    def test_the_content_filter(self) -> None:
        with LocalOpenAI(Reply(ADA[:12], finish_reason="content_filter")) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            with pytest.raises(TruncatedError, match="content_filter"):
                stream.final()

    def test_a_model_that_stops_too_early(self) -> None:
        with LocalOpenAI(ADA[:12], "") as server:
            client = from_openai(server.client())
            with pytest.raises(TruncatedError, match="stop"):
                client.create_partial(response_model=User, **ASK).final()
            with pytest.raises(TruncatedError, match="stop") as caught:
                client.create_partial(response_model=User, **ASK).final()
        assert caught.value.offset == 0

    @pytest.mark.parametrize("mode", Mode)
    def test_a_refusal(self, mode: Mode) -> None:
        with LocalOpenAI(Reply("I would rather not.", field="refusal")) as server:
            stream = from_openai(server.client(), mode).create_partial(response_model=User, **ASK)
            assert next(stream).name is None
            with pytest.raises(RefusalError, match="I would rather not") as caught:
                next(stream)
        assert caught.value.refusal == "I would rather not."
        assert stream.completion.choices[0].message.refusal == "I would rather not."

    def test_no_json(self) -> None:
        with LocalOpenAI("Sure! Here is the user:\n{") as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            with pytest.raises(JSONError) as caught:
                list(stream)
        assert (caught.value.offset, caught.value.line, caught.value.column) == (0, 1, 1)

    def test_no_choices(self) -> None:
        empty = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
        body = f"data: {json.dumps(empty)}\n\ndata: [DONE]\n\n"
        with LocalOpenAI(body.encode()) as server, pytest.raises(StreamError, match="its body begins with 'data: "):
            from_openai(server.client()).create_partial(response_model=User, **ASK).final()

    def test_prose_in_place_of_the_call(self) -> None:
        with LocalOpenAI(Reply("Which user?", field="content")) as server:
            stream = from_openai(server.client(), Mode.TOOLS).create_partial(response_model=User, **ASK)
            with pytest.raises(StreamError, match="prose"):
                stream.final()

    def test_a_connection_that_breaks(self) -> None:
        with LocalOpenAI(Reply(['{"name": "Ada", ', '"age": 3'], drop=True)) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            with pytest.raises(openai.APIConnectionError, match="broke off after"):
                list(stream)
        assert stream.snapshot.name == "Ada"
        assert stream.text == '{"name": "Ada", "age": 3'
        assert stream.finish_reason is None

    def test_an_error_inside_the_stream(self) -> None:
        body = b'data: {"error": {"message": "out of memory"}}\n\n'
        with LocalOpenAI(body) as server, pytest.raises(openai.APIError, match="out of memory"):
            from_openai(server.client()).create_partial(response_model=User, **ASK).final()


class TestClosing:
    """The server sees the disconnect while it still has something to say."""

    @staticmethod
    def left(server: LocalOpenAI) -> bool:
        (exchange,) = server.exchanges
        assert exchange.closed.wait(5)
        return exchange.disconnected

    def test_break(self) -> None:
        with LocalOpenAI(ADA, hold=True) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            for user in stream:
                assert user.name is None
                break
            assert self.left(server)
            assert stream.snapshot.name is None

    def test_an_exception_in_the_body(self) -> None:
        def body(client: Client) -> None:
            for _ in client.create_partial(response_model=User, **ASK):
                raise ZeroDivisionError

        with LocalOpenAI(ADA, hold=True) as server:
            with pytest.raises(ZeroDivisionError):
                body(from_openai(server.client()))
            assert self.left(server)

    def test_a_with_block(self) -> None:
        with LocalOpenAI(ADA, hold=True) as server:
            with from_openai(server.client()).create_partial(response_model=User, **ASK) as stream:
                next(stream)
            assert self.left(server)

    def test_close(self) -> None:
        with LocalOpenAI(ADA, hold=True) as server:
            from_openai(server.client()).create_partial(response_model=User, **ASK).close()
            assert self.left(server)

    def test_an_iterable_left_early(self) -> None:
        with LocalOpenAI(["[", ADA, BOB, "]"], hold=True) as server:
            server.release(2)
            for user in from_openai(server.client()).create_iterable(response_model=User, **ASK):
                assert user.name == "Ada"
                break
            assert self.left(server)

    def test_a_violation(self) -> None:
        with LocalOpenAI(['{"name": "Ada", ', '"age": [', "36]}"], hold=True) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            server.release(2)
            with pytest.raises(ValidationError) as caught:
                list(stream)
            assert self.left(server)
            assert server.exchanges[0].sent == 2
        assert caught.value.errors()[0]["loc"] == ("age",)
        assert stream.snapshot.name == "Ada"

    def test_bad_json(self) -> None:
        with LocalOpenAI(["{name", ": 1}"], hold=True) as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            server.release(1)
            with pytest.raises(JSONError):
                list(stream)
            assert self.left(server)


class TestTheWrappedClient:
    def test_everything_else_is_as_it_was(self) -> None:
        with LocalOpenAI() as server:
            real = server.client()
            client = from_openai(real)
            assert client.api_key == "local"
            assert client.models is real.models
            assert client.chat.completions.with_raw_response is real.chat.completions.with_raw_response
            with pytest.raises(AttributeError, match="no_such"):
                client.chat.no_such  # noqa: B018

    def test_other_options_keep_the_types(self) -> None:
        with LocalOpenAI(ADA) as server:
            client = from_openai(server.client(), Mode.TOOLS).with_options(timeout=5)
            assert client.timeout == 5
            assert client.create(response_model=User, **ASK).name == "Ada"
            assert "tools" in sent(server)

    def test_as_a_context_manager(self) -> None:
        with LocalOpenAI() as server:
            with from_openai(server.client()) as client:
                assert not client.is_closed()
            assert client.is_closed()

    def test_something_else(self) -> None:
        with pytest.raises(TypeError, match=r"openai\.OpenAI"):
            from_openai(object())  # type: ignore[call-overload]


class TestRecordings:
    """What real servers have sent."""

    @pytest.mark.parametrize(
        "name",
        [
            "answer",
            "article",
            "invoice",
            "reading",
            "recipe",
            "shelter",
            "ticket",
            "user",
            "users",
            "users_fr",
        ],
    )
    def test_streams_of_a_small_model(self, name: str) -> None:
        recorded = json.loads((STREAMS / f"{name}.json").read_text(encoding="utf-8"))
        text = "".join(recorded["deltas"])
        with LocalOpenAI((STREAMS / f"{name}.sse").read_bytes()) as server:
            stream = from_openai(server.client()).create_partial(response_model=dict[str, Any], **ASK)
            expected, error = _expected(text)
            if error is None:
                assert stream.final() == expected
                assert stream.text == text
            else:
                with pytest.raises(error):
                    stream.final()
                assert text.startswith(stream.text)
            if error is not JSONError:
                assert stream.finish_reason == recorded["finish_reason"]

    def test_elements_of_a_recorded_stream(self) -> None:
        with LocalOpenAI((STREAMS / "users_fr.sse").read_bytes()) as server:
            stream = from_openai(server.client()).create_iterable(response_model=User, **ASK)
            seen: list[User] = []
            with pytest.raises(TruncatedError, match="max_tokens"):
                seen.extend(stream)
        recorded = from_json(stream.text, allow_partial=True)["tasks"]
        assert [user.name for user in stream.snapshot[: len(recorded)]] == [user["name"] for user in recorded]

    @pytest.mark.parametrize(
        "name",
        [
            "173417d55340",
            "2018feb66ae1",
            "4cc50a6135d2",
            "569c877e6942",
            "7e5ea4d12e7c",
            "83b060bae42e",
            "a247c49c5fcd",
            "a491adda08c3",
            "c6aa7e397b71",
            "d61558011839",
            "e2aad469b71d",
            "f82268f2fefd",
        ],
    )
    def test_the_completion_is_the_one_that_the_sdk_accumulates(self, name: str) -> None:
        body = shared(f"recordings/openai-python/{name}.sse").read_bytes()
        with LocalOpenAI(body, body) as server:
            client = from_openai(server.client())
            accumulated = ChatCompletionStreamState()
            for chunk in client.create(stream=True, **ASK):
                accumulated.handle_chunk(chunk)
            expected = accumulated.current_completion_snapshot.to_dict(exclude_none=True)
            stream = client.create_partial(response_model=dict[str, Any], **ASK)
            try:
                stream.final()
            except (StreamError, ValidationError):
                # Where the answer is no JSON, the response was closed: nothing to compare.
                if stream.finish_reason is None:
                    return
            assert stream.completion.to_dict(exclude_none=True) == _without_parsed(expected)

    def test_a_recorded_refusal(self) -> None:
        with self.replay("173417d55340") as server:
            stream = from_openai(server.client()).create_partial(response_model=User, **ASK)
            with pytest.raises(RefusalError) as caught:
                stream.final()
        assert caught.value.refusal == "I'm sorry, I can't assist with that request."

    def test_a_recorded_token_limit(self) -> None:
        with self.replay("4cc50a6135d2") as server, pytest.raises(TruncatedError, match="max_tokens"):
            from_openai(server.client()).create_partial(response_model=User, **ASK).final()

    def test_the_first_of_parallel_calls(self) -> None:
        with self.replay("f82268f2fefd") as server:
            stream = from_openai(server.client(), Mode.TOOLS).create_partial(response_model=dict[str, str], **ASK)
            assert stream.final() == {"city": "Edinburgh", "country": "GB", "units": "c"}
        calls = stream.completion.choices[0].message.tool_calls
        assert calls is not None
        assert len(calls) == 2

    def test_the_first_of_interleaved_choices(self) -> None:
        with self.replay("a491adda08c3") as server:
            stream = from_openai(server.client()).create_partial(response_model=dict[str, Any], **ASK)
            assert stream.final() == {"city": "San Francisco", "temperature": 65, "units": "f"}
        assert len(stream.completion.choices) == 3

    @staticmethod
    def replay(name: str) -> LocalOpenAI:
        return LocalOpenAI(shared(f"recordings/openai-python/{name}.sse").read_bytes())


def _expected(text: str) -> tuple[Any, type[StreamError] | None]:
    """Return what Pydantic makes of a text, or the error that it deserves."""
    try:
        return from_json(text), None
    except ValueError:
        pass
    try:
        return from_json(text, allow_partial="trailing-strings"), TruncatedError
    except ValueError:
        return None, JSONError


def _without_parsed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_parsed(part) for key, part in value.items() if not key.startswith("parsed")}
    return [_without_parsed(part) for part in value] if isinstance(value, list) else value
