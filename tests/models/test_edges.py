"""What users' classes may do that most do not: own `__new__`, shared keys, raising factories, config at a distance."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticUseDefault
from typing_extensions import TypeAliasType

import instar
from instar import Parser, Partial, elements


class Plain(BaseModel):
    a: int


class Refusing(BaseModel):
    """A class that makes no instances, as a generic one may before its parameter is named."""

    a: int = 0

    def __new__(cls, *_: Any, **__: Any) -> Any:
        message = "name a type"
        raise TypeError(message)


@dataclass
class RefusingData:
    a: int = 0

    def __new__(cls, *_: Any, **__: Any) -> Any:
        message = "name a type"
        raise TypeError(message)


class RefusingRoot(RootModel[list[int]]):
    def __new__(cls, *_: Any, **__: Any) -> Any:
        message = "name a type"
        raise TypeError(message)


class Around(BaseModel):
    a: str
    required: Refusing
    optional: RefusingData | None = None
    members: list[RefusingRoot] = []


@pytest.mark.parametrize(
    ("tp", "text"),
    [
        (Refusing, '{"a": 1}'),
        (Refusing, '{"a": []}'),
        (RefusingData, '{"a": 1}'),
        (RefusingData, '{"a": []}'),
        (RefusingRoot, "[1]"),
        (RefusingRoot, '["x"]'),
        (Around, '{"a": "x", "required": {"a": []}}'),
        (Around, '{"a": "x", "optional": {"a": "y"}}'),
        (Around, '{"a": "x", "members": [[1], ["y"]]}'),
        (Around, '{"a": "x", "members": [[1]]}'),
        (Refusing | int, "3"),
        (Refusing | int, '{"a": 1}'),
        (list[Refusing | int], "[3, true]"),
    ],
)
def test_a_class_that_refuses_to_make_instances_shows_none(tp: Any, text: str) -> None:
    try:
        expected: Any = TypeAdapter(tp).validate_json(text)
    except (TypeError, ValidationError) as error:
        expected = error
    parser = Parser(tp)
    seen: Any = None
    try:
        for letter in text:
            parser.feed(letter)
            assert isinstance(instar.dump(parser.snapshot), type(parser.dump()))
        seen = parser.finish()
    except (TypeError, ValidationError) as error:
        seen = error
    if isinstance(expected, ValidationError):
        lines = [(line["type"], line["loc"]) for line in expected.errors()]
        assert {(line["type"], line["loc"]) for line in seen.errors()} <= set(lines)
    elif isinstance(expected, TypeError):
        assert repr(seen) == repr(expected)
    else:
        assert seen == expected


def test_hooks_are_given_the_fields_that_have_come() -> None:
    seen: list[set[str]] = []

    class Inner(BaseModel):
        a: int
        b: int = 0

    class Outer(BaseModel):
        inner: Inner

        @model_validator(mode="after")
        def look(self) -> Any:
            seen.append(set(self.inner.model_fields_set))
            return self

    parser = Parser(Outer)
    kept = []
    for letter in '{"inner": {"a": 1}}':
        parser.feed(letter)
        kept.append(parser.snapshot)
    assert seen == [{"a"}]
    assert parser.snapshot.inner.model_fields_set == {"a"}
    assert parser.snapshot.inner is kept[-2].inner


def read(tp: Any, text: str) -> Any:
    """Feed a text letter by letter, look each time, and check the end against Pydantic's."""
    parser = Parser(tp)
    for letter in text:
        parser.feed(letter)
        assert parser.snapshot is not None
    final = parser.finish()
    assert final == parser.snapshot
    return final


def test_an_object_of_another_class_is_not_written_into() -> None:
    class Other:
        pass

    class Model(BaseModel):
        a: int

        def __new__(cls, *_: object) -> Any:
            return Other()

    parser = Parser(Model)
    parser.feed('{"a":1')
    assert isinstance(parser.snapshot, Other)


def test_a_refused_parser_is_collected_with_its_error() -> None:
    class Held:
        pass

    def refused() -> weakref.ref[Held]:
        held = Held()
        parser = Parser(Plain, context=held)
        try:
            parser.feed('{"a":[')
        except ValidationError:
            # The error holds the traceback, that this frame, and it the parser, which holds the error.
            return weakref.ref(held)
        raise AssertionError

    refs = [refused() for _ in range(10)]
    gc.collect()
    assert not any(ref() for ref in refs)


def test_classes_made_for_one_request_do_not_stay_for_ever() -> None:
    refs = []
    for _ in range(600):
        model = create_model("Model", a=(int, ...))
        Parser(model).feed("{")
        refs.append(weakref.ref(model))
        del model
    gc.collect()
    assert sum(ref() is not None for ref in refs) <= 512


def test_a_partial_keeps_the_other_marks() -> None:
    parser = Parser(Partial[Annotated[int, Field(gt=0)]])
    with pytest.raises(ValidationError, match="greater than 0"):
        parser.feed("-5 ")


def test_two_fields_of_one_key() -> None:
    class Twins(BaseModel):
        a: int = Field(alias="x")
        b: int = Field(alias="x")

    parser = Parser(Twins)
    parser.feed('{"x":1}')
    assert parser.snapshot == parser.finish() == Twins.model_validate({"x": 1})


def test_validators_deep_in_a_field_see_the_other_fields() -> None:
    def add(value: int, info: ValidationInfo) -> int:
        return value + int(info.data["a"])

    class Sum(BaseModel):
        a: int
        items: list[Annotated[int, AfterValidator(add)]]
        type: str = "a field with the name of a core schema's key"

    assert read(Sum, '{"a":1,"items":[1,2]}').items == [2, 3]


def test_a_validator_may_ask_for_the_default() -> None:
    def default(value: object) -> object:
        if value is None:
            raise PydanticUseDefault
        return value

    class Model(BaseModel):
        a: Annotated[int, BeforeValidator(default)] = 5

    assert read(Model, '{"a":null}').a == 5


def test_defaults_that_the_config_validates() -> None:
    class Model(BaseModel):
        model_config = ConfigDict(validate_default=True)
        a: int = "5"  # type: ignore[assignment]
        b: str = ""

    assert read(Model, '{"b":"abc"}').a == 5


def test_a_type_alias_stands_under_the_config_of_its_model() -> None:
    names = TypeAliasType("names", list[str])

    class Model(BaseModel):
        model_config = ConfigDict(coerce_numbers_to_str=True)
        a: names = []
        b: names = []

    assert read(Model, '{"a":[1]}').a == ["1"]


def test_inputs_that_are_to_be_hidden_are() -> None:
    class Secret(BaseModel):
        model_config = ConfigDict(hide_input_in_errors=True)
        a: int

        @model_validator(mode="after")
        def same(self) -> Secret:
            return self

    with pytest.raises(ValidationError) as caught:
        Parser(Secret).feed('{"a":"password"')
    assert "password" not in str(caught.value)


def test_a_factory_that_raises_matters_only_if_pydantic_calls_it() -> None:
    class Model(BaseModel):
        a: int
        b: int = Field(default_factory=lambda: 1 // 0)

    assert read(Model, '{"a":1,"b":2}').b == 2
    parser = Parser(Model)
    parser.feed('{"a":1}')
    assert parser.snapshot.b is None
    with pytest.raises(ZeroDivisionError):
        parser.finish()


def test_a_custom_error_with_the_name_of_a_known_one() -> None:
    def refuse(_: object) -> None:
        kind, message = "string_type", "not {this} one"
        raise PydanticCustomError(kind, message)

    class Model(BaseModel):
        a: Annotated[str, AfterValidator(refuse)]

    with pytest.raises(ValidationError, match=r"not \{this\} one"):
        Parser(Model).feed('{"a":"x"')


def test_an_interrupt_is_raised_once() -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    class Model(BaseModel):
        a: Annotated[str, AfterValidator(interrupt)]

    parser = Parser(Model)
    with pytest.raises(KeyboardInterrupt):
        parser.feed('{"a":"x"')
    with pytest.raises(RuntimeError, match="interrupted"):
        parser.feed("}")
    assert parser.snapshot.a == "x"


def test_a_live_list_that_its_user_empties() -> None:
    parser = Parser(list[str], live=True)
    parser.feed('["a","xx')
    parser.snapshot.clear()
    assert parser.drain() == []
    parser.feed('y","z"]')
    assert parser.finish() == ["a", "xxy", "z"]


def test_the_order_of_a_union_is_kept() -> None:
    ints_first: Any = Annotated[int | str, Field(union_mode="left_to_right")]
    texts_first: Any = Annotated[str | int, Field(union_mode="left_to_right")]
    assert list(elements(['["1"]'], ints_first)) == [1]
    assert list(elements(['["1"]'], texts_first)) == ["1"]


def test_base_model_itself() -> None:
    parser = Parser(BaseModel)
    parser.feed('{"a": 1}')
    assert type(parser.finish()) is BaseModel
