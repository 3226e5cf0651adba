"""What `model_config` changes."""

from enum import Enum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from models.case import CHANGED, OUTLINED, TOGETHER, Case


class Tone(Enum):
    MAJOR = "major"
    MINOR = "minor"


class Ignoring(BaseModel):
    model_config = ConfigDict(extra="ignore")
    a: int


class Allowing(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")
    alpha: int
    alps: str = ""
    nested: "Forbidding | None" = None


class AllowingNumbers(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[int]]
    a: str = ""


class Stripped(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, str_min_length=1, str_max_length=5)
    a: str
    b: list[str] = []
    c: Annotated[str, Field(max_length=3, pattern="^x")] = "x"


class Lowered(BaseModel):
    model_config = ConfigDict(str_to_lower=True)
    a: str
    b: dict[str, str] = {}


class Uppered(BaseModel):
    model_config = ConfigDict(str_to_upper=True)
    a: Annotated[str, Field(pattern="^[a-z]+$")]


class Valued(BaseModel):
    model_config = ConfigDict(use_enum_values=True)
    tone: Tone
    tones: list[Tone] = []
    default: Tone = Tone.MAJOR


class ValuedDefaults(BaseModel):
    model_config = ConfigDict(use_enum_values=True, validate_default=True)
    default: Tone = Tone.MAJOR
    number: int = "7"  # type: ignore[assignment]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    a: str
    b: tuple[str, ...] = ()
    c: "list[Frozen]" = []


class Coerced(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    a: str
    b: str | None = None
    c: dict[str, str] = {}


class Finite(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)
    a: float
    b: list[float] = []


class Populated(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="forbid")
    a: int = Field(alias="alpha")


class Revalidated(BaseModel):
    model_config = ConfigDict(revalidate_instances="always", validate_assignment=True)
    inner: Frozen
    n: int = 0


class Shy(BaseModel):
    """Its errors do not show what was refused."""

    model_config = ConfigDict(hide_input_in_errors=True, title="Nobody")
    a: int
    b: str = ""


class ByPythonsRe(BaseModel):
    model_config = ConfigDict(regex_engine="python-re")
    a: Annotated[str, Field(pattern=r"^(?!x)\w+$")]


class Bytes64(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64", ser_json_bytes="base64")
    a: bytes


class Opaque:
    """A class that Pydantic knows nothing of."""


class Arbitrary(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, protected_namespaces=())
    model_name: str
    thing: Opaque | None = None


class Deferred(BaseModel):
    model_config = ConfigDict(defer_build=True, use_attribute_docstrings=True)
    a: int
    """How many."""
    more: list[Any] = []


CASES = [
    Case(Ignoring, ('{"a":1,"b":[1,{"c":2}]}', '{"b":NaN,"a":1}'), ('{"b":1}', '{"a":null}', "[]")),
    Case(Allowing, ('{"a":1,"b":[1,{"c":"d"}],"e":"f"}', '{"x":"y","a":1}'), ('{"a":"x","b":1}', '{"b":{}}')),
    Case(
        Forbidding,
        ('{"alpha":1,"alps":"x"}', '{"nested":{"alpha":2,"nested":null},"alpha":1}'),
        (
            '{"alpha":1,"beta":2}',
            '{"alpha":1,"al":2}',
            '{"alpha":1,"alphabet":2}',
            '{"alpha":1,"":2}',
            '{"alpha":1,"nested":{"alpha":1,"x":1}}',
            '{"Alpha":1}',
        ),
    ),
    Case(AllowingNumbers, ('{"a":"x","b":[1],"c":[]}', "{}"), ('{"b":["x"]}', '{"b":1}', '{"a":1}')),
    Case(
        Stripped,
        ('{"a":"  ab  ","b":["c "," d"],"c":" xy "}', '{"a":"12345       "}'),
        ('{"a":"   "}', '{"a":"a","b":[""]}', '{"a":1}', '{"a":"a","b":{}}', '{"a":"a","b":[true]}'),
        late=dict.fromkeys(('{"a":"123456"}', '{"a":"a","c":"y"}', '{"a":"a","c":"xxxx"}'), CHANGED),
    ),
    Case(Lowered, ('{"a":"ABC","b":{"K":"V"}}',), ('{"a":1}', '{"a":"A","b":{"K":1}}')),
    Case(Uppered, ('{"a":"abc"}',), ('{"a":"Abc"}', '{"a":"ab1"}', '{"a":""}')),
    Case(
        Valued,
        ('{"tone":"major","tones":["minor","major"]}',),
        ('{"tone":"minors"}', '{"tone":"minor","tones":["x"]}', '{"tone":1}'),
    ),
    Case(
        ValuedDefaults,
        ("{}", '{"default":"minor","number":1}'),
        ('{"number":"x"}',),
        late={'{"default":"x"}': OUTLINED},
        remade=TOGETHER,
    ),
    Case(Frozen, ('{"a":"x","b":["y","z"],"c":[{"a":"w"}]}',), ('{"a":1}', '{"a":"x","b":[1]}', '{"a":"x","c":[{}]}')),
    Case(
        Coerced,
        ('{"a":12,"b":"x","c":{"k":1.5}}', '{"a":"12","b":3}', '{"a":1e5}'),
        ('{"a":true}', '{"a":null}', '{"a":1,"c":{"k":[]}}'),
    ),
    Case(Finite, ('{"a":1.5,"b":[1,2e3]}',), ('{"a":NaN}', '{"a":1,"b":[-Infinity]}', '{"a":1e999}', '{"a":"nan"}')),
    Case(Populated, ('{"alpha":1}', '{"a":1}'), ('{"al":1}', '{"b":1}', '{"a":[]}')),
    Case(Revalidated, ('{"inner":{"a":"x"},"n":2}',), ('{"inner":{"a":1}}', '{"inner":{"a":"x"},"n":"x"}')),
    Case(Shy, ('{"a":1}', '{"a":1,"b":""}'), ('{"a":"secret"}', '{"a":1,"b":12345}', '{"b":"x"}')),
    Case(
        ByPythonsRe,
        ('{"a":"abc"}',),
        ('{"a":1}', '{"a":null}'),
        late=dict.fromkeys(('{"a":"xyz"}', '{"a":"a-b"}'), "only Python can tell, when it has all"),
    ),
    Case(Bytes64, ('{"a":"YWJj"}',), ('{"a":"YW"}', '{"a":"?"}', '{"a":1}')),
    Case(
        Arbitrary,
        ('{"model_name":"m"}', '{"model_name":"m","thing":null}'),
        ('{"model_name":"m","thing":{}}', '{"thing":null}'),
    ),
    Case(Deferred, ('{"a":1,"more":[{"b":2}]}',), ('{"a":"x"}', '{"a":1,"more":{}}')),
]
