"""How types are made: root models, generics, recursion, typed dicts, private parts, and schemas of one's own."""

import datetime as dt
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PrivateAttr,
    RootModel,
    SkipValidation,
    computed_field,
    create_model,
)
from pydantic_core import CoreSchema, core_schema
from typing_extensions import NotRequired, Required, TypeAliasType, TypedDict

from models.case import OUTLINED, TOGETHER, Case, called, since

T = TypeVar("T")
K = TypeVar("K", bound="int | str")


class Names(RootModel[list[str]]):
    """A list with a name."""


class Matrix(RootModel[list[list[float]]]):
    root: list[list[float]] = Field(max_length=2)


class Scores(RootModel[dict[str, int]]):
    model_config = ConfigDict(frozen=True)


class Word(RootModel[Annotated[str, Field(max_length=5)]]):
    """A word that is a model."""


class Defaulted(RootModel[int]):
    root: int = 7


class Wrapped(RootModel[RootModel[str | int]]):
    """A root model of a root model."""


class Page(BaseModel):
    """A model full of root models."""

    names: Names
    scores: Scores | None = None
    words: list[Word] = []
    n: Defaulted = Defaulted()


class Response(BaseModel, Generic[T]):
    data: T
    errors: list[str] = []


class Pairs(BaseModel, Generic[K, T]):
    items: dict[K, T]
    default: T | None = None


class Item(BaseModel):
    name: str
    price: float


class Items(Response[list[Item]]):
    total: int = 0


class Tree(BaseModel):
    value: int
    left: "Tree | None" = None
    right: "Tree | None" = None
    others: "dict[str, list[Tree]]" = {}


class Folder(BaseModel):
    name: str
    entries: "list[Folder | File]" = []


class File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    file: str
    size: int = 0


Folder.model_rebuild()

JsonValue = TypeAliasType("JsonValue", "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None")


class Document(BaseModel):
    body: JsonValue


class Guarded(BaseModel):
    a: str
    _memo: list[int] = PrivateAttr(default_factory=list)
    _stamp: str = "unstamped"

    def model_post_init(self, _context: Any, /) -> None:
        called("guarded", self.a)
        self._stamp = self.a


class Factories(BaseModel):
    first: str
    slug: str = Field(default_factory=lambda data: data["first"].lower())
    tags: list[str] = Field(default_factory=lambda: ["new"])


class Square(BaseModel):
    side: float

    @computed_field
    def area(self) -> float:
        return self.side**2


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Draft(TypedDict, total=False):
    title: Required[str]
    body: str
    tags: list[str]


class Sealed(TypedDict):
    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]
    title: str
    movie: NotRequired[Movie]


class Opened(TypedDict):
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    title: str


class Constructed(BaseModel):
    a: int
    b: str = ""

    def __init__(self, **data: Any) -> None:
        called("__init__", data)
        super().__init__(**data)


class Celsius:
    """A class of its own, with a schema of its own."""

    def __init__(self, degrees: float) -> None:
        self.degrees = degrees

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Celsius) and self.degrees == other.degrees

    def __hash__(self) -> int:
        return hash(self.degrees)

    def __repr__(self) -> str:
        return f"Celsius({self.degrees})"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.float_schema(ge=-273.15))


class Upper:
    """An annotation with a schema of its own."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.chain_schema([handler(source), core_schema.str_schema(to_upper=True)])


class OwnSchema:
    """An annotation that takes any core schema for what it annotates."""

    def __init__(self, schema: CoreSchema) -> None:
        self.schema = schema

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return self.schema


class Weather(BaseModel):
    low: Celsius
    high: Celsius | None = None
    place: Annotated[str, Upper()] = ""


LaxOrStrict = Annotated[
    int, OwnSchema(core_schema.lax_or_strict_schema(core_schema.int_schema(), core_schema.int_schema(ge=5)))
]
JsonOrPython = Annotated[
    Any, OwnSchema(core_schema.json_or_python_schema(core_schema.str_schema(max_length=2), core_schema.int_schema()))
]
Complaining = Annotated[
    int,
    OwnSchema(
        core_schema.custom_error_schema(
            core_schema.int_schema(ge=1),
            custom_error_type="no_number",
            custom_error_message="give a number, {name}",
            custom_error_context={"name": "please"},
        )
    ),
]
Forgiving = Annotated[
    int,
    OwnSchema(core_schema.with_default_schema(core_schema.int_schema(), default=-1, on_error="default")),
]


class Odd(BaseModel):
    """Fields whose schemas are written by hand."""

    a: LaxOrStrict = 0
    b: JsonOrPython = ""
    c: Complaining = 1
    d: Forgiving = 0
    e: list[Forgiving] = []


class Unchecked(BaseModel):
    a: SkipValidation[int]
    b: list[SkipValidation[str]] = []


Made = create_model("Made", a=(int, ...), b=(list[str], Field(default_factory=list, max_length=2)))

Alias = TypeAliasType("Alias", "list[Alias]")
Numbers = TypeAliasType("Numbers", Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=2)])


class Clash(BaseModel):
    """Field names that mean something to Python or Pydantic."""

    model_config = ConfigDict(protected_namespaces=())
    copy_: str = Field(alias="copy")
    model_fields_: int = Field(default=0, alias="model_fields")
    self: str = ""
    __slots__ = ()


class Many(BaseModel):
    """More fields than a machine word has bits."""

    model_config = ConfigDict(extra="forbid")
    first: int


Wide = create_model("Wide", __base__=Many, **{f"field_{i}": (int, i) for i in range(70)})  # type: ignore[call-overload]

CASES = [
    Case(Names, ('["a","b"]', "[]"), ("[1]", "{}", '"a"')),
    Case(Matrix, ("[[1,2.5],[]]",), ("[[1],[2],[3]]", '[["x"]]', "[1]")),
    Case(Scores, ('{"a":1}', "{}"), ('{"a":"x"}', "[]")),
    Case(Word, ('"abc"',), ('"abcdef"', "1")),
    Case(Wrapped, ('"a"', "1"), ("null", "[]", "1.5")),
    Case(Defaulted, ("1", '"2"'), ('"x"', "null")),
    Case(
        Page,
        ('{"names":["a"],"scores":{"x":1},"words":["u","v"],"n":3}', '{"scores":null,"names":[]}'),
        ('{"names":"a"}', '{"names":[],"scores":{"x":[]}}', '{"names":[],"words":["toolong"]}', '{"names":[],"n":"x"}'),
    ),
    Case(Response[Item], ('{"data":{"name":"a","price":1}}',), ('{"data":{"name":"a"}}', '{"data":[]}', "{}")),
    Case(
        Response[Response[int]],
        ('{"data":{"data":1,"errors":["x"]}}',),
        ('{"data":{"data":"x"}}', '{"data":{"data":1,"errors":[1]}}'),
    ),
    Case(Response[Any], ('{"data":{"any":[1]},"errors":[]}',), ("{}", '{"data":1,"errors":{}}')),
    Case(
        Pairs[int, list[str]],
        ('{"items":{"1":["a"]},"default":[]}',),
        ('{"items":{"x":[]}}', '{"items":{"1":[1]}}', '{"items":{},"default":1}'),
    ),
    Case(
        Items,
        ('{"data":[{"name":"a","price":"1.5"}],"total":1}',),
        ('{"data":[{"name":"a","price":"x"}]}', '{"data":{}}'),
    ),
    Case(
        Tree,
        ('{"value":1,"left":{"value":2,"right":{"value":3}},"others":{"a":[{"value":4}],"b":[]}}',),
        (
            '{"value":1,"left":{}}',
            '{"value":1,"others":{"a":[{"value":"x"}]}}',
            '{"value":1,"left":{"value":2,"right":[]}}',
        ),
    ),
    Case(
        Folder,
        ('{"name":"/","entries":[{"file":"a","size":1},{"name":"b","entries":[{"file":"c"}]}]}',),
        ('{"name":"/","entries":[{"fole":"a"}]}', '{"name":"/","entries":[1]}', '{"name":1}'),
        remade="the best of several alternatives is another one as more of the text comes",
    ),
    Case(JsonValue, ('{"a":[1,"b",null,{"c":true}]}', "1.5", '"x"'), ()),
    Case(
        Document,
        ('{"body":{"a":[1,"b",null,{"c":1.5}]}}', '{"body":"x"}'),
        ("{}", "[]"),
        remade="the best of several alternatives is another one as more of the text comes",
    ),
    Case(Guarded, ('{"a":"x"}', '{"_memo":[1],"a":"y"}'), ('{"a":1}', "{}")),
    Case(
        Factories,
        ('{"first":"A"}', '{"slug":"b","first":"A","tags":[]}'),
        ('{"slug":"b"}', '{"first":"A","tags":[1]}'),
        remade=TOGETHER,
    ),
    Case(Square, ('{"side":2}', '{"side":2,"area":9}'), ('{"side":"x"}', '{"area":4}')),
    Case(
        Movie,
        ('{"title":"t"}', '{"year":1999,"title":"t","x":1}'),
        ("{}", '{"title":1}', '{"title":"t","year":"y"}', "[]"),
    ),
    Case(
        Draft,
        ('{"title":"t"}', '{"tags":["a","b"],"title":"t","body":"b"}'),
        ('{"body":"b"}', '{"title":"t","tags":[1]}'),
    ),
    Case(
        Sealed,
        ('{"title":"t","movie":{"title":"m","year":1}}',),
        (
            '{"title":"t","x":1}',
            '{"title":"t","mov":1}',
            '{"title":"t","movie":{"title":"m","other":1}}',
            '{"title":"t","movie":{}}',
        ),
    ),
    Case(Opened, ('{"title":"t","more":[1,{"a":"b"}]}',), ("{}",), late={'{"title":1}': OUTLINED}),
    Case(Constructed, ('{"a":1,"b":"x"}',), ('{"b":"x"}', "[]"), late={'{"a":"x"}': OUTLINED}),
    Case(
        Weather,
        ('{"low":-3,"high":12.5,"place":"oslo"}', '{"low":"0"}'),
        ('{"low":-300}', '{"low":"cold"}', '{"low":0,"high":[]}', '{"low":0,"place":1}'),
    ),
    Case(
        Odd,
        ('{"a":"1","b":"xy","c":2,"d":3,"e":[1,"x",3]}', '{"d":"no"}', "{}"),
        ('{"a":"x"}', '{"b":"xyz"}', '{"b":1}', '{"c":[]}'),
        late={'{"c":0}': OUTLINED},
        remade="what stands for a value that is wrong is Pydantic's to say",
    ),
    Case(Unchecked, ('{"a":"anything","b":[1,null]}',), ("{}", '{"a":1,"b":{}}')),
    Case(Made, ('{"a":1,"b":["x"]}',), ('{"b":[]}', '{"a":1,"b":["x","y","z"]}')),
    Case(Alias, ("[[],[[]]]", "[]"), ("[1]", "[[{}]]")),
    Case(Numbers, ("[1,2]",), ("[-1]", "[1,2,3]", "[[]]")),
    Case(Clash, ('{"copy":"c","model_fields":2,"self":"s"}',), ('{"copy_":"c"}', '{"copy":"c","self":1}')),
    Case(
        Wide,
        ('{"field_69":1,"first":2,"field_3":"4"}',),
        ('{"field_69":1}', '{"first":1,"field_70":1}', '{"first":1,"field_":1}', '{"first":1,"field_64":"x"}'),
    ),
    Case(dict[str, Response[dt.date]], ('{"a":{"data":"2024-01-01"}}',), ('{"a":{"data":"x"}}', '{"a":{"data":{}}}')),
    Case(Literal["only"], ('"only"',), ('"onl"', '"onlyx"', "null")),
]

if since("2.11"):
    CASES.append(Case(Response[Names], ('{"data":["a"]}',), ('{"data":{}}', '{"data":[1]}')))
