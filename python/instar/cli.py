"""The `instar` command."""

from typing import Annotated

try:
    import typer
    from rich.console import Console

    from instar.demo import play
except ImportError as error:
    message = f'the instar command needs {error.name}: pip install "instar[demo]"'
    raise SystemExit(message) from error

from openai import OpenAIError
from pydantic import ValidationError

from instar import StreamError, __version__

app = typer.Typer(add_completion=False, no_args_is_help=True)


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"instar {__version__}")
        raise typer.Exit


@app.callback()
def instar(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and leave.")
    ] = False,
) -> None:
    """Typed Python objects from a language model's token stream, while it is still arriving."""


@app.command()
def demo(
    delay: Annotated[float, typer.Option(min=0, help="Seconds between deltas of the local server.")] = 0.03,
    model: Annotated[str, typer.Option(envvar="OPENAI_MODEL", help="Model of the real API.")] = "gpt-4o-mini",
) -> None:
    """Watch an object grow out of a stream.

    It asks the API that OPENAI_API_KEY or OPENAI_BASE_URL names, or else a small server on this machine.
    """
    try:
        play(Console(), delay, model)
    except (OpenAIError, StreamError, ValidationError) as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error


def main() -> None:
    """Run the command."""
    app()
