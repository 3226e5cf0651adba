"""Models of the kind that real projects ask language models for."""

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AnyHttpUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from typing_extensions import Self

from models.case import NUMBERED, TAGGED, TOGETHER, Case, called

# --- an invoice


class Currency(str, Enum):
    EUR = "EUR"
    USD = "USD"
    CHF = "CHF"


class LineItem(BaseModel):
    sku: Annotated[str, Field(pattern=r"^[A-Z]{2}-\d{3}$")]
    description: str
    quantity: PositiveInt
    unit_price: Decimal
    tax: float = Field(default=0.0, ge=0, le=1)


class Party(BaseModel):
    name: str
    vat: str | None = None
    address: list[str] = Field(default_factory=list, max_length=4)


class Invoice(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: str
    issued: dt.date
    seller: Party
    buyer: Party
    currency: Currency = Currency.EUR
    items: list[LineItem] = Field(min_length=1)
    total: Decimal

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        called("adds_up", self.number)
        if sum(item.quantity * item.unit_price for item in self.items) != self.total:
            msg = "the items do not add up to the total"
            raise ValueError(msg)
        return self


# --- a resume


class Period(BaseModel):
    start: str = Field(pattern=r"^\d{4}-\d{2}$")
    end: str | None = None


class Job(BaseModel):
    company: str
    role: str
    period: Period
    highlights: list[str] = []


class Skill(BaseModel):
    name: str
    level: Literal["beginner", "intermediate", "expert"]
    years: NonNegativeInt | None = None


class Resume(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
    full_name: str
    email_addresses: list[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]] = []
    work_history: list[Job] = []
    skills: dict[str, list[Skill]] = {}
    web_site: AnyHttpUrl | None = None


# --- a calendar event


class Attendee(BaseModel):
    name: str
    optional: bool = False
    answer: Literal["yes", "no", "maybe"] | None = None


class Daily(BaseModel):
    every: Literal["day"]
    interval: int = 1


class Weekly(BaseModel):
    every: Literal["week"]
    days: set[Literal["mo", "tu", "we", "th", "fr", "sa", "su"]]


class Event(BaseModel):
    title: str
    starts: AwareDatetime
    lasts: dt.timedelta = dt.timedelta(hours=1)
    attendees: list[Attendee] = []
    repeats: Annotated[Daily | Weekly, Field(discriminator="every")] | None = None
    remind: tuple[int, Literal["minutes", "hours"]] | None = None


# --- a knowledge graph


class Node(BaseModel):
    id: int
    label: str
    properties: dict[str, str | int | float | bool | None] = {}


class Edge(BaseModel):
    source: int
    target: int
    kind: str
    weight: float = 1.0


class KnowledgeGraph(BaseModel):
    nodes: list[Node]
    edges: list[Edge] = []

    @field_validator("edges")
    @classmethod
    def known_ends(cls, edges: list[Edge], info: Any) -> list[Edge]:
        called("known_ends", len(edges))
        ids = {node.id for node in info.data.get("nodes", [])}
        for edge in edges:
            if not {edge.source, edge.target} <= ids:
                msg = f"an edge of nodes that there are not: {edge.source} -> {edge.target}"
                raise ValueError(msg)
        return edges


# --- a support ticket


class Priority(Enum):
    LOW = 1
    HIGH = 2
    URGENT = 3


class Ticket(BaseModel):
    id: UUID
    subject: str = Field(max_length=40)
    priority: Priority
    tags: frozenset[str] = frozenset()
    history: list[tuple[dt.datetime, str]] = []
    duplicate_of: "Ticket | None" = None


# --- a recipe


class Ingredient(BaseModel):
    name: str
    amount: float | Literal["to taste"]
    unit: str | None = None


class Recipe(BaseModel):
    title: str
    servings: int = Field(ge=1, le=20)
    ingredients: list[Ingredient]
    steps: list[str]
    minutes: dict[Literal["prepare", "cook", "rest"], int] = {}


# --- a product catalogue


class Money(BaseModel):
    model_config = ConfigDict(frozen=True)
    amount: Decimal = Field(ge=0, decimal_places=2)
    currency: Currency


class Book(BaseModel):
    type: Literal["book"]
    isbn: str = Field(min_length=10, max_length=13)
    authors: list[str]


class Device(BaseModel):
    type: Literal["device"]
    volts: int
    ports: dict[str, int] = {}


class Product(BaseModel):
    name: str
    price: Money
    details: Book | Device = Field(discriminator="type")
    related: "list[Product]" = []


class Catalogue(BaseModel):
    products: list[Product]
    by_category: dict[str, list[int]] = {}


# --- the tool calls of an agent


class Search(BaseModel):
    tool: Literal["search"]
    query: str
    limit: int = Field(default=10, ge=1, le=50)


class RunCode(BaseModel):
    tool: Literal["run_code"]
    language: Literal["python", "bash"]
    source: str


class Finish(BaseModel):
    tool: Literal["finish"]
    answer: str
    confidence: float = Field(ge=0, le=1)


class AgentStep(BaseModel):
    """What an agent thinks and does next."""

    thought: str
    calls: list[Annotated[Search | RunCode | Finish, Field(discriminator="tool")]] = Field(max_length=3)
    scratch: dict[str, Any] = {}


# --- a plan with a chain of thought


class Task(BaseModel):
    id: int
    title: str
    depends_on: list[int] = []
    subtasks: "list[Task]" = []
    status: Literal["todo", "doing", "done"] = "todo"


class Plan(BaseModel):
    chain_of_thought: str = Field(description="Think step by step.")
    goal: str
    tasks: list[Task]
    risks: list[str] | None = None


# --- a medical record


class Quantity(BaseModel):
    value: float
    unit: str
    range: tuple[float, float] | None = None


class Observation(BaseModel):
    code: str
    value: Quantity | str | bool
    at: dt.datetime


class MedicalRecord(BaseModel):
    patient: str
    born: dt.date
    blood: Literal["A+", "A-", "B+", "B-", "AB+", "AB-", "0+", "0-"] | None = None
    observations: list[Observation] = []
    medication: dict[str, Annotated[str, Field(pattern=r"^\d+(mg|ml)$")]] = {}


# --- the syntax tree of a query


class Column(BaseModel):
    op: Literal["column"]
    name: str


class Constant(BaseModel):
    op: Literal["constant"]
    value: int | float | str | None


class Binary(BaseModel):
    op: Literal["=", "<", ">", "and", "or"]
    left: "Expression"
    right: "Expression"


Expression = Annotated[Column | Constant | Binary, Field(discriminator="op")]
Binary.model_rebuild()


class Select(BaseModel):
    columns: list[str] = Field(min_length=1)
    table: str
    where: Expression | None = None
    order: list[tuple[str, Literal["asc", "desc"]]] = []
    limit: int | None = Field(default=None, gt=0)


# --- a chart


class Axis(BaseModel):
    field: str
    scale: Literal["linear", "log"] = "linear"
    domain: tuple[float, float] | Literal["auto"] = "auto"


class Chart(BaseModel):
    model_config = ConfigDict(extra="allow")
    mark: Literal["bar", "line", "point"]
    x: Axis
    y: Axis
    data: list[dict[str, float | str]]
    colours: list[Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]] = []


# --- the triage of an issue


class Triage(BaseModel):
    model_config = ConfigDict(use_enum_values=True, str_strip_whitespace=True)
    kind: Literal["bug", "feature", "question"]
    labels: set[str] = Field(default_factory=set, max_length=3)
    assignee: str | None
    duplicate: int | None = None
    reply: str = Field(min_length=1)
    priority: Priority = Priority.LOW


# --- an extraction with sources


class Quote(BaseModel):
    text: str
    span: tuple[int, int]


class Fact(BaseModel):
    claim: str
    quotes: list[Quote] = Field(min_length=1)


class Answer(BaseModel):
    facts: list[Fact]
    sentiment: float = Field(ge=-1, le=1)
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"


INVOICE = """{"number":"2024-1","issued":"2024-03-01","seller":{"name":"A & Co","vat":"CH1"},\
"buyer":{"name":"Bö","address":["Gasse 1","8000 Zürich"]},"currency":"CHF",\
"items":[{"sku":"AB-123","description":"Screws","quantity":2,"unit_price":"1.50"},\
{"sku":"XY-999","description":"","quantity":1,"unit_price":7,"tax":0.2}],"total":10}"""
RESUME = """{"fullName":"Ada L","emailAddresses":["ada@x.org"],"workHistory":[{"company":"C","role":"R",\
"period":{"start":"1842-01","end":"present"},"highlights":["the first program"]}],\
"skills":{"maths":[{"name":"analysis","level":"expert","years":10}]},"webSite":"https://ada.example/"}"""
EVENT = """{"title":"Stand-up","starts":"2024-05-06T09:00:00+02:00","lasts":"PT15M",\
"attendees":[{"name":"A","answer":"yes"},{"name":"B","optional":true}],"repeats":{"every":"week","days":["mo","fr"]},\
"remind":[10,"minutes"]}"""
GRAPH = """{"nodes":[{"id":1,"label":"a","properties":{"x":1,"y":"z"}},{"id":2,"label":"b"}],\
"edges":[{"source":1,"target":2,"kind":"knows"}]}"""
TICKET = """{"id":"12345678-1234-5678-1234-567812345678","subject":"It fails","priority":2,"tags":["a","b"],\
"history":[["2024-01-01T00:00:00Z","opened"]],"duplicate_of":{"id":"12345678-1234-5678-1234-567812345679",\
"subject":"","priority":1}}"""
RECIPE = """{"title":"Soup","servings":4,"ingredients":[{"name":"salt","amount":"to taste"},\
{"name":"water","amount":1.5,"unit":"l"}],"steps":["Boil.","Salt."],"minutes":{"cook":20,"rest":0}}"""
CATALOGUE = """{"products":[{"name":"B","price":{"amount":"9.90","currency":"EUR"},\
"details":{"type":"book","isbn":"0123456789","authors":["X"]},"related":[{"name":"D",\
"price":{"amount":1,"currency":"USD"},"details":{"volts":5,"type":"device","ports":{"usb":2}}}]}],\
"by_category":{"a":[0]}}"""
STEP = """{"thought":"Let me \\"look\\" …","calls":[{"tool":"search","query":"weather","limit":3},\
{"language":"python","source":"print(1)\\n","tool":"run_code"},{"tool":"finish","answer":"42","confidence":0.9}],\
"scratch":{"a":[1,{"b":null}]}}"""
PLAN = """{"chain_of_thought":"First …","goal":"g","tasks":[{"id":1,"title":"t","subtasks":[{"id":2,"title":"u",\
"depends_on":[1],"status":"done"}]}],"risks":["r"]}"""
RECORD = """{"patient":"P","born":"1980-02-29","blood":"AB-","observations":[{"code":"hr",\
"value":{"value":60,"unit":"bpm","range":[50,100]},"at":"2024-01-01T00:00:00Z"},{"code":"x","value":"fine","at":0},\
{"code":"y","value":true,"at":"2024-01-01"}],"medication":{"asa":"100mg"}}"""
SELECT = """{"columns":["a","b"],"table":"t","where":{"op":"and","left":{"op":"=","left":{"op":"column","name":"a"},\
"right":{"value":1,"op":"constant"}},"right":{"op":"column","name":"b"}},"order":[["a","desc"]],"limit":10}"""
CHART = """{"mark":"line","x":{"field":"t"},"y":{"field":"v","scale":"log","domain":[0,1.5]},\
"data":[{"t":1,"v":"a"}],"colours":["#00ff00"],"title":"T"}"""
TRIAGE = """{"kind":"bug","labels":["crash","p1"],"assignee":null,"reply":"  Thanks! ","priority":3}"""
ANSWER = """{"facts":[{"claim":"c","quotes":[{"text":"q","span":[0,1]}]}],"sentiment":-0.5,"language":"de"}"""

UNION = "the best of several alternatives is another one as more of the text comes"

CASES = [
    Case(
        Invoice,
        (INVOICE,),
        (
            INVOICE.replace('"total":10', '"total":11'),
            INVOICE.replace("AB-123", "AB-12"),
            INVOICE.replace("AB-123", "aB-123"),
            INVOICE.replace('"CHF"', '"GBP"'),
            INVOICE.replace('"quantity":2', '"quantity":0'),
            INVOICE.replace('"total"', '"totals"'),
            INVOICE.replace('"8000 Zürich"', '"1","2","3","4"'),
            INVOICE.replace('"seller":{"name":"A & Co","vat":"CH1"}', '"seller":"A & Co"'),
            '{"items":[]}',
        ),
    ),
    Case(
        Resume,
        (RESUME, '{"full_name":"x"}'),
        (
            RESUME.replace("ada@x.org", "ada"),
            RESUME.replace("1842-01", "1842"),
            RESUME.replace("expert", "export"),
            RESUME.replace('"years":10', '"years":-1'),
            RESUME.replace("https://ada.example/", "ada"),
        ),
    ),
    Case(
        Event,
        (EVENT, EVENT.replace('{"every":"week","days":["mo","fr"]}', '{"interval":2,"every":"day"}')),
        (
            EVENT.replace("+02:00", ""),
            EVENT.replace('"mo"', '"mon"'),
            EVENT.replace('"week"', '"year"'),
            EVENT.replace('"minutes"', '"seconds"'),
            EVENT.replace('[10,"minutes"]', "[10]"),
            EVENT.replace('"yes"', '"perhaps"'),
            EVENT.replace("PT15M", "15 min or so"),
        ),
    ),
    Case(
        KnowledgeGraph,
        (GRAPH, '{"nodes":[]}'),
        (
            GRAPH.replace('"y":"z"', '"y":[]'),
            GRAPH.replace('"id":1', '"id":"one"'),
        ),
        late={GRAPH.replace('"target":2', '"target":3'): TOGETHER},
        remade=UNION,
    ),
    Case(
        Ticket,
        (TICKET,),
        (
            TICKET.replace("It fails", "It fails" * 9),
            TICKET.replace('"priority":2', '"priority":4'),
            TICKET.replace('"12345678-', '"'),
            TICKET.replace('"opened"]', '"opened",1]'),
            TICKET.replace('["a","b"]', '"a"'),
        ),
        late={TICKET.replace('"priority":1', '"priority":"low"'): NUMBERED},
    ),
    Case(
        Recipe,
        (RECIPE,),
        (
            RECIPE.replace("to taste", "a pinch"),
            RECIPE.replace('"cook"', '"fry"'),
            RECIPE.replace('"servings":4', '"servings":21'),
            RECIPE.replace('"Boil."', "1"),
        ),
    ),
    Case(
        Catalogue,
        (CATALOGUE,),
        (
            CATALOGUE.replace("0123456789", "01234567890123"),
            CATALOGUE.replace("0123456789", "0"),
            CATALOGUE.replace('"book"', '"bike"'),
            CATALOGUE.replace("9.90", "9.999"),
            CATALOGUE.replace('"usb":2', '"usb":"two"'),
            CATALOGUE.replace('"USD"', '"US"'),
        ),
    ),
    Case(
        AgentStep,
        (STEP,),
        (
            STEP.replace('"limit":3', '"limit":51'),
            STEP.replace("0.9", "1.9"),
            STEP.replace('"finish"', '"finished"'),
            STEP.replace('"calls":[', '"calls":[{"tool":"search","query":""},'),
            STEP.replace('"weather"', "null"),
        ),
        late={STEP.replace('"python"', '"perl"'): TAGGED},
    ),
    Case(
        Plan,
        (PLAN, PLAN.replace('["r"]', "null")),
        (
            PLAN.replace('"done"', '"late"'),
            PLAN.replace('"id":2', '"id":2.5'),
            PLAN.replace("[1]", "1"),
            PLAN.replace('"goal":"g",', ""),
        ),
    ),
    Case(
        MedicalRecord,
        (RECORD,),
        (
            RECORD.replace("1980-02-29", "1981-02-29"),
            RECORD.replace("AB-", "AC-"),
            RECORD.replace("100mg", "100g"),
            RECORD.replace("true", "[]"),
            RECORD.replace("[50,100]", "[50]"),
        ),
        remade=UNION,
    ),
    Case(
        Select,
        (SELECT, '{"table":"t","columns":["a"],"limit":null}'),
        (
            SELECT.replace('"and"', '"xor"'),
            SELECT.replace('["a","b"]', "[]"),
            SELECT.replace('"desc"', '"down"'),
            SELECT.replace('"limit":10', '"limit":0'),
            SELECT.replace('"name":"b"', '"name":1'),
        ),
    ),
    Case(
        Chart,
        (CHART,),
        (
            CHART.replace("line", "lines"),
            CHART.replace("#00ff00", "#00ff0"),
            CHART.replace("#00ff00", "#00ff00a"),
            CHART.replace("[0,1.5]", "[0]"),
            CHART.replace('"v":"a"', '"v":null'),
        ),
        remade=UNION,
    ),
    Case(
        Triage,
        (TRIAGE,),
        (
            TRIAGE.replace("  Thanks! ", "   "),
            TRIAGE.replace('"assignee":null,', ""),
            TRIAGE.replace("bug", "bugs"),
        ),
        late={
            TRIAGE.replace('"priority":3', '"priority":"3"'): NUMBERED,
            TRIAGE.replace('"p1"', '"p1","p2","p3"'): "only a whole member is known to be another",
        },
    ),
    Case(
        Answer,
        (ANSWER, '{"facts":[],"sentiment":1}'),
        (
            ANSWER.replace("[0,1]", "[0,1,2]"),
            ANSWER.replace("-0.5", "-1.5"),
            ANSWER.replace('"de"', '"deu"'),
            ANSWER.replace('[{"text":"q","span":[0,1]}]', "[]"),
        ),
    ),
]
