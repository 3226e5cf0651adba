"""`partials` and `elements`: what is handed out, when, and what is closed. Sync and async must not differ."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from instar import AsyncStream, JSONError, LimitError, Limits, Partial, Stream, TruncatedError, elements, partials
from support.samples import Cat, Dog


class User(BaseModel):
    name: str
    age: int


ADA = '{"name": "Ada", "age": 36}'
BOB = '{"name": "Bob", "age": 61}'


class Source:
    """Deltas, and what became of them: how many were asked for, and whether the source was closed."""

    def __init__(self, *deltas: Any) -> None:
        self.deltas = deltas
        self.asked = 0
        self.closed = False

    def __iter__(self) -> Iterator[Any]:
        for delta in self.deltas:
            self.asked += 1
            yield delta

    def close(self) -> None:
        self.closed = True


class AsyncSource(Source):
    """The same for `async for`."""

    def __init__(self, *deltas: Any) -> None:
        super().__init__(*deltas)
        self.closing = asyncio.Event()

    __iter__ = None  # type: ignore[assignment]  # an async source is not a sync one

    async def __aiter__(self) -> AsyncIterator[Any]:
        for delta in self.deltas:
            self.asked += 1
            yield delta

    async def aclose(self) -> None:
        self.closed = True
        self.closing.set()


def run_sync(stream: Stream[Any, Any], seen: list[Any]) -> Any:
    seen.extend(stream)
    return stream.final()


def run_async(stream: AsyncStream[Any, Any], seen: list[Any]) -> Any:
    async def run() -> Any:
        # Not a comprehension: what came before an error counts.
        async for item in stream:
            seen.append(item)  # noqa: PERF401
        return await stream.final()

    return asyncio.run(run())


Run = Callable[[Any, list[Any]], Any]
both = pytest.mark.parametrize(("source", "run"), [(Source, run_sync), (AsyncSource, run_async)], ids=["sync", "async"])


@both
def test_a_snapshot_at_the_opening_and_after_each_delta_that_changed_something(source: type[Source], run: Run) -> None:
    seen: list[User] = []
    deltas = source('{"na', 'me":', ' "A', "", "da", '", "age": 3', "6", "}")
    final = run(partials(deltas, User), seen)
    assert [(user.name, user.age) for user in seen] == [
        (None, None),
        ("A", None),
        ("Ada", None),
        ("Ada", 36),
    ]
    assert all(type(user) is User for user in seen)
    assert final == User(name="Ada", age=36)
    assert deltas.closed


@both
def test_bytes_cut_within_a_character(source: type[Source], run: Run) -> None:
    seen: list[str] = []
    assert run(partials(source(b'"R\xc3', b"\xa9", b'ti"'), str), seen) == "Réti"
    assert seen == [None, "R", "Ré", "Réti"]


@both
def test_a_schema_of_none_gives_plain_values(source: type[Source], run: Run) -> None:
    seen: list[Any] = []
    assert run(partials(source('{"a": [1, ', "2]}"), None), seen) == {"a": [1, 2]}
    assert seen[1:] == [{"a": [1]}, {"a": [1, 2]}]
    seen.clear()
    assert run(elements(source('[1, {"a": ', "[2]}]"), None), seen) == [1, {"a": [2]}] == seen


def test_the_first_snapshot_is_there_before_a_delta_is_asked_for() -> None:
    deltas = Source(ADA)
    stream = partials(deltas, User)
    assert next(stream).name is None
    assert deltas.asked == 0
    assert next(stream).name == "Ada"


async def test_the_first_snapshot_is_there_before_a_delta_is_asked_for_async() -> None:
    deltas = AsyncSource(ADA)
    stream: AsyncStream[User, User] = partials(deltas, User)
    assert (await anext(stream)).name is None
    assert deltas.asked == 0
    assert (await anext(stream)).name == "Ada"
    await stream.aclose()


def test_partial_of_a_model_is_its_model() -> None:
    assert next(partials([], Partial[User])) == next(partials([], User))


def test_final_reads_what_is_left_and_is_made_once() -> None:
    stream = partials(Source(ADA[:5], ADA[5:]), User)
    next(stream)
    final = stream.final()
    assert final == User(name="Ada", age=36)
    assert stream.final() is final
    assert final is not stream.snapshot
    assert list(stream) == []


def test_final_may_be_asked_for_inside_the_loop() -> None:
    stream = partials([ADA[:12], ADA[12:]], User)
    for user in stream:
        assert user.name is None
        assert stream.final().name == "Ada"


@both
def test_what_has_arrived_stays_readable_after_a_truncation(source: type[Source], run: Run) -> None:
    deltas = source('{"name": "A', "da")
    stream = partials(deltas, User)
    seen: list[User] = []
    with pytest.raises(TruncatedError, match="inside `name`") as caught:
        run(stream, seen)
    assert caught.value.path == ("name",)
    assert stream.snapshot.name == seen[-1].name == "Ada"
    assert stream.text == stream.parser.text == '{"name": "Ada'
    assert stream.progress.data == {"name": "Ada"}
    assert deltas.closed


@both
def test_a_violation_ends_the_stream_at_its_delta(source: type[Source], run: Run) -> None:
    deltas = source('{"name": "Ada", ', '"age": [', "1]}")
    stream = partials(deltas, User)
    with pytest.raises(ValidationError) as caught:
        run(stream, [])
    assert caught.value.errors()[0]["loc"] == ("age",)
    assert deltas.asked == 2
    assert deltas.closed
    assert stream.snapshot.name == "Ada"


def test_final_raises_again_what_the_iteration_raised() -> None:
    stream = partials(['{"name": 1'], User)
    with pytest.raises(ValidationError) as first:
        list(stream)
    with pytest.raises(ValidationError) as second:
        stream.final()
    assert first.value is second.value


@both
def test_no_json(source: type[Source], run: Run) -> None:
    deltas = source('{"name": "Ada"', "; 1}")
    with pytest.raises(JSONError) as caught:
        run(partials(deltas, User), [])
    assert (caught.value.offset, caught.value.line, caught.value.column) == (14, 1, 15)
    assert deltas.closed


@both
def test_text_after_the_end(source: type[Source], run: Run) -> None:
    with pytest.raises(JSONError):
        run(partials(source(ADA, " and more"), User), [])


@both
def test_a_limit(source: type[Source], run: Run) -> None:
    with pytest.raises(LimitError):
        run(partials(source(ADA), User, limits=Limits(bytes=10)), [])
    with pytest.raises(LimitError):
        run(elements(source(f"[{ADA}]"), User, limits=Limits(bytes=10)), [])


@both
@pytest.mark.parametrize("stream", [partials, elements])
def test_a_delta_that_is_no_text(source: type[Source], run: Run, stream: Callable[..., Any]) -> None:
    deltas = source("[", 5)
    with pytest.raises(TypeError, match="int"):
        run(stream(deltas, Any), [])
    assert deltas.closed
    with pytest.raises(TypeError, match="int"):
        run(stream(source(5), Any), [])


@pytest.mark.parametrize("stream", [partials, elements])
def test_deltas_that_are_not_iterable(stream: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="NoneType"):
        stream(None, User)


@pytest.mark.parametrize("stream", [partials, elements])
def test_a_schema_that_pydantic_cannot_build(stream: Callable[..., Any]) -> None:
    deltas = Source(ADA)
    with pytest.raises(PydanticSchemaGenerationError, match="object at"):
        stream(deltas, object())


@both
def test_an_error_of_the_source_passes_through(source: type[Source], run: Run) -> None:
    class Broken(source):  # type: ignore[misc,valid-type]
        @property
        def deltas(self) -> Iterator[str]:
            yield '{"name": "Ad'
            raise ConnectionError

        @deltas.setter
        def deltas(self, _: Any) -> None: ...

    deltas = Broken()
    stream = partials(deltas, User)
    with pytest.raises(ConnectionError):
        run(stream, [])
    with pytest.raises(ConnectionError):
        run(stream, [])
    assert stream.snapshot.name == "Ad"
    assert deltas.closed


def test_context_and_strict_reach_the_validation() -> None:
    assert partials(['{"name": "Ada", "age": "36"}'], User).final().age == 36
    with pytest.raises(ValidationError):
        partials(['{"name": "Ada", "age": "36"}'], User, strict=True).final()
    with pytest.raises(ValidationError):
        list(elements(['[{"name": "Ada", "age": "36"}]'], User, strict=True))


@both
def test_the_text_that_came_last(source: type[Source], run: Run) -> None:
    class Seen(list[Any]):
        def append(self, user: Any) -> None:
            super().append((user.name, stream.delta))

        def extend(self, users: Any) -> None:
            for user in users:
                self.append(user)

    seen = Seen()
    stream = partials(source('{"na', 'me":', ' "A', "", b"d\xc3", b"\xa9", '", "age": 3', "6", "}", " "), User)
    run(stream, seen)
    assert seen == [
        (None, ""),
        ("A", '{"name": "A'),
        ("Ad", "d"),
        ("Adé", "é"),
        ("Adé", '", "age": 36}'),
    ]
    assert "".join(delta for _, delta in seen) + stream.delta == stream.text
    assert stream.delta == " "


def test_a_root_number_is_handed_out_when_the_text_ends() -> None:
    expected: list[Any] = [None, 42]
    assert list(partials(["4", "2"], int)) == expected
    assert list(partials(["42 "], int)) == expected
    assert list(partials(["4", "2"], Any)) == expected


@pytest.mark.parametrize("size", [1, 100, 100_000])
def test_white_space_without_end_behind_the_value(size: int) -> None:
    blank = "\n" * size
    deltas = Source(ADA, *[blank] * 100_000)
    stream = partials(deltas, User)
    assert stream.final() == User(name="Ada", age=36)
    assert deltas.asked <= 1 + -(-512 // size)
    assert deltas.closed
    assert stream.text == ADA + "\n" * 512
    assert partials([ADA + "\n" * 512 + "; not read"], User).final().name == "Ada"
    with pytest.raises(JSONError):
        partials([ADA + "\n" * 511 + "; read"], User).final()
    assert len(list(elements([f"[{ADA}]", *[blank] * 1000], User))) == 1


@both
def test_deltas_of_other_kinds(source: type[Source], run: Run) -> None:
    deltas = source(None, bytearray(b'{"name": "A'), memoryview(b'da", '), None, '"age": 36}')
    assert run(partials(deltas, User), []) == User(name="Ada", age=36)


def test_live_snapshots_are_one_object() -> None:
    assert len({id(user) for user in partials([ADA[:12], ADA[12:]], User, live=True)}) == 1


class TestLeaving:
    """The source is closed as soon as the loop is left, whatever variables still hold the stream."""

    def test_by_break(self) -> None:
        deltas = Source(ADA)
        stream = partials(deltas, User)
        for _ in stream:
            break
        assert deltas.closed
        assert deltas.asked == 0
        assert list(stream) == []

    def test_by_an_exception(self) -> None:
        deltas = Source(ADA)
        stream = partials(deltas, User)

        def body() -> None:
            for _ in stream:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            body()
        assert deltas.closed

    def test_by_return(self) -> None:
        deltas = Source(ADA)
        stream = partials(deltas, User)

        def first() -> User:
            for user in stream:
                return user
            raise AssertionError

        assert first().name is None
        assert deltas.closed

    def test_by_dropping_the_iterator(self) -> None:
        deltas = Source(ADA[:12], ADA[12:])
        stream = partials(deltas, User)
        iterator = iter(stream)
        assert [next(iterator).name, next(iterator).name] == [None, "Ad"]
        assert not deltas.closed
        del iterator
        gc.collect()  # where references are not counted
        assert deltas.closed
        assert deltas.asked == 1
        assert (stream.snapshot.name, stream.text) == ("Ad", ADA[:12])

    def test_by_a_loop_that_only_the_garbage_collector_finds(self) -> None:
        deltas = Source(ADA)
        ring: dict[str, Any] = {"deltas": partials(deltas, User)}
        ring["iterator"] = iter(ring["deltas"])
        ring["ring"] = ring
        next(ring["iterator"])
        assert not deltas.closed
        del ring
        gc.collect()
        assert deltas.closed

    def test_by_an_exception_that_the_source_sees(self) -> None:
        seen: list[str] = []

        def deltas() -> Iterator[str]:
            try:
                yield ADA
            finally:
                seen.append("closed")

        def body() -> None:
            for user in partials(deltas(), User):
                if user.name:
                    raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            body()
        assert seen == ["closed"]

    def test_by_the_end_of_a_with_block(self) -> None:
        deltas = Source(ADA)
        with partials(deltas, User) as stream:
            next(stream)
            assert not deltas.closed
        assert deltas.closed

    def test_unread(self) -> None:
        deltas = Source(ADA)
        partials(deltas, User).close()
        assert deltas.closed

    def test_final_of_a_stream_left_early(self) -> None:
        stream = partials(Source(ADA[:12], ADA[12:]), User)
        for _ in stream:
            break
        with pytest.raises(TruncatedError, match="because this stream was closed before its end"):
            stream.final()
        assert stream.parser.feed(ADA) is True, "the parser is as it was"

    def test_final_of_a_whole_answer_that_was_left(self) -> None:
        stream = partials(Source(ADA, " "), User)
        for user in stream:
            if user.age:
                break
        assert stream.final() == User(name="Ada", age=36)

    async def test_async_by_another_task_than_the_one_that_reads(self) -> None:
        reading = asyncio.Event()

        class Endless(AsyncSource):
            async def __aiter__(self) -> AsyncIterator[str]:
                yield ADA[:12]
                reading.set()
                await asyncio.Event().wait()

        deltas = Endless()
        stream = partials(deltas, User)

        async def read() -> list[User]:
            return [user async for user in stream]

        task = asyncio.create_task(read())
        await reading.wait()
        await stream.aclose()
        assert deltas.closed
        assert [user.name for user in await asyncio.wait_for(task, 5)] == [None, "Ad"]
        assert not task.cancelled()
        with pytest.raises(TruncatedError, match="because this stream was closed before its end"):
            await stream.final()

    def test_by_another_thread_than_the_one_that_reads(self) -> None:
        reading, go_on = threading.Event(), threading.Event()

        class Waiting(Source):
            def __iter__(self) -> Iterator[str]:
                yield ADA[:12]
                reading.set()
                go_on.wait()
                yield ADA[12:]

        deltas = Waiting()
        stream = partials(deltas, User)
        seen: list[User] = []
        thread = threading.Thread(target=lambda: seen.extend(stream))
        thread.start()
        assert reading.wait(5)
        stream.close()
        go_on.set()
        thread.join(5)
        assert not thread.is_alive()
        assert deltas.closed
        assert [user.name for user in seen] == [None, "Ad"]
        with pytest.raises(TruncatedError, match="because this stream was closed before its end"):
            stream.final()

    def test_the_source_itself_may_close_the_stream(self) -> None:
        def deltas() -> Iterator[str]:
            yield ADA[:12]
            stream.close()
            yield ADA[12:]

        stream = partials(deltas(), User)
        assert [user.name for user in stream] == [None, "Ad"]

    async def test_a_cancelled_read_is_no_end(self) -> None:
        class Endless(AsyncSource):
            async def __aiter__(self) -> AsyncIterator[str]:
                yield ADA[:12]
                await asyncio.Event().wait()

        stream = partials(Endless(), User)
        names: list[str | None] = [(await anext(stream)).name for _ in range(2)]
        assert names == [None, "Ad"]
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(stream), 0.01)
        for _ in range(2):
            with pytest.raises(TruncatedError, match="its reading was interrupted"):
                await anext(stream)
        with pytest.raises(TruncatedError, match="its reading was interrupted"):
            await stream.final()
        assert stream.snapshot.name == "Ad"

    def test_an_interrupted_read_is_no_end(self) -> None:
        def deltas() -> Iterator[str]:
            yield ADA[:12]
            raise KeyboardInterrupt

        stream = partials(deltas(), User)
        with pytest.raises(KeyboardInterrupt):
            list(stream)
        with pytest.raises(TruncatedError, match="its reading was interrupted"):
            list(stream)

    async def test_async_by_break(self) -> None:
        deltas = AsyncSource(ADA)
        stream = partials(deltas, User)
        async for _ in stream:
            break
        await asyncio.wait_for(deltas.closing.wait(), 5)
        assert deltas.asked == 0

    async def test_async_by_an_exception(self) -> None:
        deltas = AsyncSource(ADA)
        stream = partials(deltas, User)

        async def body() -> None:
            async for _ in stream:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await body()
        await asyncio.wait_for(deltas.closing.wait(), 5)

    async def test_async_by_return(self) -> None:
        deltas = AsyncSource(ADA)
        stream = partials(deltas, User)

        async def first() -> User:
            async for user in stream:
                return user
            raise AssertionError

        assert (await first()).name is None
        await asyncio.wait_for(deltas.closing.wait(), 5)

    async def test_async_by_dropping_the_iterator(self) -> None:
        deltas = AsyncSource(ADA[:12], ADA[12:])
        stream = partials(deltas, User)
        iterator = aiter(stream)
        assert [(await anext(iterator)).name, (await anext(iterator)).name] == [None, "Ad"]
        assert not deltas.closed
        del iterator
        gc.collect()  # where references are not counted
        await asyncio.wait_for(deltas.closing.wait(), 5)
        assert deltas.asked == 1
        assert (stream.snapshot.name, stream.text) == ("Ad", ADA[:12])

    async def test_async_by_the_end_of_a_with_block(self) -> None:
        deltas = AsyncSource(ADA)
        async with partials(deltas, User) as stream:
            await anext(stream)
        assert deltas.closed

    async def test_async_by_cancellation(self) -> None:
        class Endless(AsyncSource):
            async def __aiter__(self) -> AsyncIterator[str]:
                yield '{"name": "'
                await asyncio.Event().wait()

        deltas = Endless()
        stream = partials(deltas, User)
        begun = asyncio.Event()

        async def read() -> None:
            async for user in stream:
                if user.name is not None:
                    begun.set()

        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert deltas.closed
        assert stream.snapshot.name == ""


AT_EXIT = """
import asyncio
import sys
from collections.abc import AsyncIterator, Iterator

import instar


def deltas() -> Iterator[str]:
    try:
        yield from ["[1, ", "2, ", "3]"]
    finally:
        print("closed")


async def async_deltas() -> AsyncIterator[str]:
    try:
        for delta in deltas():
            yield delta
    finally:
        await asyncio.sleep(0)


async def main() -> None:
    global items
    items = aiter(instar.elements(async_deltas(), int))
    print(await anext(items))


if sys.argv[1] == "sync":
    items = iter(instar.elements(deltas(), int))
    print(next(items))
else:
    asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_interpreter_may_exit_in_the_middle(kind: str) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", AT_EXIT, kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - it is ours
    assert (done.stdout.split(), done.stderr, done.returncode) == (["1", "closed"], "", 0)


class TestSeveralReaders:
    """Each item is handed out once, to whoever asks for it first. So is an error; `final` raises it to everyone."""

    def test_two_loops(self) -> None:
        stream = elements(Source("[1, ", "2, ", "3, ", "4]"), int)
        first, second = iter(stream), iter(stream)
        assert [next(first), next(second), next(stream), next(first)] == [1, 2, 3, 4]
        assert next(second, None) is None
        assert stream.final() == [1, 2, 3, 4]

    def test_an_error(self) -> None:
        stream = elements(Source("[1, ", "x]"), int)
        first, second = iter(stream), iter(stream)
        assert next(first) == 1
        with pytest.raises(JSONError) as caught:
            next(first)
        assert next(second, None) is None
        with pytest.raises(JSONError) as again:
            stream.final()
        assert caught.value is again.value

    def test_a_second_thread_that_reads_while_the_first_waits(self) -> None:
        reading, go_on = threading.Event(), threading.Event()

        def deltas() -> Iterator[str]:
            yield "[1, "
            reading.set()
            go_on.wait()
            yield "2]"

        stream = elements(deltas(), int)
        seen: list[int] = []
        thread = threading.Thread(target=lambda: seen.extend(stream))
        thread.start()
        assert reading.wait(5)
        with pytest.raises(RuntimeError):
            next(stream)
        go_on.set()
        thread.join(5)
        assert seen == [1, 2]

    async def test_two_tasks(self) -> None:
        stream = elements(AsyncSource(*["[", *[f"{number}, " for number in range(9)], "9]"]), int)
        seen: tuple[list[int], list[int]] = ([], [])

        async def read(mine: list[int]) -> None:
            while (item := await anext(stream, None)) is not None:
                mine.append(item)
                await asyncio.sleep(0)

        await asyncio.gather(*map(read, seen))
        assert sorted(seen[0] + seen[1]) == list(range(10))
        assert all(mine == sorted(mine) for mine in seen)
        assert all(seen)

    async def test_an_error_in_tasks(self) -> None:
        stream = elements(AsyncSource("[1, ", "x]"), int)
        assert await anext(stream) == 1
        error, end = await asyncio.gather(anext(stream, None), anext(stream, None), return_exceptions=True)
        assert isinstance(error, JSONError)
        assert end is None
        with pytest.raises(JSONError) as again:
            await stream.final()
        assert again.value is error


@both
def test_an_error_comes_where_the_next_item_is_asked_for(source: type[Source], run: Run) -> None:
    deltas = source('[{"name": "Ada", "age": 36}, ', '{"name": "Bob", "age": 61}, ; no JSON', "never asked for")
    seen: list[User] = []
    stream = elements(deltas, User)
    with pytest.raises(JSONError):
        run(stream, seen)
    assert [user.name for user in seen] == ["Ada", "Bob"]
    assert (deltas.asked, deltas.closed) == (2, True)
    assert stream.snapshot == seen
    assert stream.text.endswith("}, ;")


class TestElements:
    @both
    @pytest.mark.parametrize(
        "text",
        [
            f"[{ADA}, {BOB}]",
            f'{{"users": [{ADA}, {BOB}]}}',
            f'\n {{\n"": [{ADA},\n{BOB}\n]\n}} ',
            f" \n\t\r[{ADA},{BOB}]\n",
        ],
    )
    @pytest.mark.parametrize("size", [1, 7, 1000])
    def test_a_bare_list_or_the_list_of_an_object(self, source: type[Source], run: Run, text: str, size: int) -> None:
        for cut in (text, text.encode()):
            deltas = [cut[at : at + size] for at in range(0, len(cut), size)]
            seen: list[User] = []
            final = run(elements(source(*deltas), User), seen)
            assert seen == final == [User(name="Ada", age=36), User(name="Bob", age=61)]

    def test_each_as_it_closes(self) -> None:
        deltas = Source("[", ADA, ", ", BOB, "]")
        stream = elements(deltas, User)
        assert next(stream).name == "Ada"
        assert deltas.asked == 2
        assert stream.snapshot == [User(name="Ada", age=36)]
        assert next(stream).name == "Bob"
        assert deltas.asked == 4

    def test_several_in_one_delta(self) -> None:
        stream = elements([f"[{ADA}, {BOB}", "]"], User)
        assert [user.name for user in stream] == ["Ada", "Bob"]

    def test_none(self) -> None:
        assert list(elements(["[]"], User)) == []
        assert elements(['{"users": []}'], User).final() == []
        assert elements(["{}"], User).final() == []

    def test_unions_and_scalars(self) -> None:
        text = '[{"kind": "dog", "breed": "Poodle"}, {"kind": "cat", "lives": 9}]'
        dog, cat = elements([text], Cat | Dog)
        assert (dog, cat) == (Dog(kind="dog", breed="Poodle"), Cat(kind="cat", lives=9))
        assert list(elements(["[1, 2", "3, 4]"], int)) == [1, 23, 4]
        assert list(elements(['["a', 'b"]'], str)) == ["ab"]
        assert list(elements(["[[1], [2,", "3]]"], list[int])) == [[1], [2, 3]]

    @both
    def test_a_truncation_comes_after_the_whole_ones(self, source: type[Source], run: Run) -> None:
        stream = elements(source(f'{{"users": [{ADA}, {BOB[:10]}'), User)
        seen: list[User] = []
        with pytest.raises(TruncatedError) as caught:
            run(stream, seen)
        assert [user.name for user in seen] == ["Ada"]
        assert caught.value.path == ("users", 1, "name")
        assert stream.snapshot[0].name == "Ada"

    @both
    def test_a_violation_comes_after_the_whole_ones_of_its_delta(self, source: type[Source], run: Run) -> None:
        seen: list[User] = []
        with pytest.raises(ValidationError) as caught:
            run(elements(source(f'[{ADA}, {{"name": 1}}]'), User), seen)
        assert [user.name for user in seen] == ["Ada"]
        assert caught.value.errors()[0]["loc"] == (1, "name")

    @both
    @pytest.mark.parametrize("text", ["5", '"users"', "null", '{"users": 5}', '{"users": null}'])
    def test_no_list(self, source: type[Source], run: Run, text: str) -> None:
        with pytest.raises(ValidationError) as caught:
            run(elements(source(text), User), [])
        assert caught.value.errors()[0]["type"] == "list_type"

    @pytest.mark.parametrize("text", ["", " \n"])
    def test_nothing(self, text: str) -> None:
        with pytest.raises(TruncatedError):
            list(elements([text], User))


def test_a_deferred_violation_lets_the_object_grow_and_is_raised_at_the_end() -> None:
    stream = partials(['{"name": 7, ', '"age": 36}'], User, on_violation="defer")
    with pytest.raises(ValidationError, match="valid string"):
        for _ in stream:
            pass
    shown: tuple[Any, int] = (stream.snapshot.name, stream.snapshot.age)
    assert shown == (None, 36)
    assert [violation.loc for violation in stream.parser.violations] == [("name",)]


def test_elements_are_not_handed_out_unless_they_are_valid() -> None:
    with pytest.raises(TypeError, match="on_violation"):
        elements([], User, on_violation="defer")


class Response:
    """What an HTTP library gives: not the bytes themselves, but something that has them."""

    def iter_bytes(self) -> Iterator[bytes]:
        raise NotImplementedError


@pytest.mark.parametrize("stream", [partials, elements])
@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"{}", "not the bytes itself: put it in a list"),
        ("{}", "not the str itself: put it in a list"),
        ({"choices": []}, "not one dict: put it in a list"),
        (list, "not the class list"),
        (Response(), r"give its bytes, response\.iter_bytes\(\), and wire="),
        (5, "not int"),
    ],
    ids=["bytes", "str", "dict", "class", "response", "int"],
)
def test_what_is_no_iterable_of_deltas(stream: Callable[..., Any], source: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        stream(source, User)


CHUNK: dict[str, Any] = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "{}"}}]}


@pytest.mark.parametrize(
    ("piece", "wire"),
    [
        (CHUNK, "'openai-chat'"),
        (ChatCompletionChunk.construct(**CHUNK), "'sdk'"),
        ({"type": "message_start", "message": {}}, "'anthropic'"),
    ],
    ids=["dict", "object", "another"],
)
def test_events_without_a_wire(piece: Any, wire: str) -> None:
    with pytest.raises(TypeError, match=f"give wire={wire}"):
        partials([piece], User).final()


def test_an_answer_without_a_wire() -> None:
    with pytest.raises(TypeError, match="say by wire="):
        partials([], User, answer="call")  # type: ignore[call-overload]


class Deltas(Iterator[str]):
    """A source that is its own iterator, and counts how often it is closed."""

    def __init__(self) -> None:
        self.deltas = iter([ADA])
        self.closed = 0

    def __next__(self) -> str:
        return next(self.deltas)

    def close(self) -> None:
        self.closed += 1


class AsyncDeltas(AsyncIterator[str]):
    """The same for `async for`."""

    def __init__(self) -> None:
        self.deltas = iter([ADA])
        self.closed = 0

    async def __anext__(self) -> str:
        try:
            return next(self.deltas)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        self.closed += 1


async def test_a_source_that_is_its_own_iterator_is_closed_once() -> None:
    deltas, others = Deltas(), AsyncDeltas()
    assert partials(deltas, User).final() == await partials(others, User).final()
    assert (deltas.closed, others.closed) == (1, 1)
