"""Draw docs/demo.svg: the terminal of `instar demo` as an animated picture.

    python docs/demo.py

Every frame is drawn by rich; what they share (window, fonts, colours) is written once.
"""

import io
import re
from pathlib import Path

from rich.console import Console

from instar.demo import Meter, conversation, moments, picture

WIDTH = 96  # columns
STEP = 3  # one frame for so many snapshots
SECONDS = 0.2  # a frame is seen for
REST = 3.0  # seconds for which the last one stays
SPLIT = "<!-- split -->"
RULE = re.compile(r"\.f-(r\d+) \{ ?(.*?) ?\}")
SHAPE = re.compile(r"<text .*?</text>|<rect .*?/>", re.DOTALL)
BLANK = re.compile(r">\s*</text>")
WINDOW = f"""<svg viewBox="0 0 {{width}} {{height}}" xmlns="http://www.w3.org/2000/svg">
<title>instar demo: the text of an answer arrives, and a User grows</title>
<style>{SPLIT}</style>
{{chrome}}
<g transform="translate({{terminal_x}}, {{terminal_y}})">{SPLIT}</g>
</svg>
"""
STYLE = """
text { font: 20px Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }
.f-title { font-family: sans-serif; font-weight: bold }
%(rules)s
.frame { visibility: hidden; animation: turn %(total).2fs step-end infinite }
.last { visibility: visible; animation-name: stay }
@keyframes turn { 0%% { visibility: visible } %(turn).3f%% { visibility: hidden } }
@keyframes stay { 0%% { visibility: hidden } %(stay).3f%% { visibility: visible } }
@media (prefers-reduced-motion) { .frame { animation: none } }
"""


def frames() -> list[Console]:
    """Play the demo and record every few snapshots, and the last."""
    recorded = []
    with conversation(delay=0, model="local") as stream:
        meter = Meter()
        for user in moments(stream, meter):
            console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
            console.print(picture(console, user, stream, meter))
            recorded.append(console)
    return [*recorded[:-1:STEP], recorded[-1]]


def elements(console: Console, names: dict[str, str]) -> list[str]:
    """Return the shapes of a frame, their styles by names that all frames share."""
    parts = SPLIT.join(f"{{{name}}}" for name in ("styles", "backgrounds", "matrix"))
    exported = console.export_svg(code_format=parts, unique_id="f", clear=False)
    styles, _, drawn = exported.partition(SPLIT)
    shared = {name: names.setdefault(rule, f"c{len(names)}") for name, rule in RULE.findall(styles)}
    drawn = re.sub(r'class="f-(r\d+)"', lambda match: f'class="{shared[match[1]]}"', drawn)
    drawn = re.sub(r' clip-path="[^"]*"', "", drawn)
    return [shape for shape in SHAPE.findall(drawn) if not BLANK.search(shape)]


def svg(consoles: list[Console]) -> str:
    """Put the frames into one picture, each shown in its turn; where nothing moves, the last is seen."""
    names: dict[str, str] = {}
    drawings = [elements(console, names) for console in consoles]
    common = set(drawings[0]).intersection(*drawings[1:])
    groups = ["".join(shape for shape in drawings[0] if shape in common)]
    for number, shapes in enumerate(drawings):
        own = "".join(shape for shape in shapes if shape not in common)
        last = number == len(drawings) - 1
        turn = 'class="frame last"' if last else f'class="frame" style="animation-delay:{number * SECONDS:.2f}s"'
        groups.append(f"<g {turn}>{own}</g>")
    motion = (len(drawings) - 1) * SECONDS
    total = motion + REST
    style = STYLE % {
        "rules": "\n".join(f".{name} {{{rule}}}" for rule, name in names.items()),
        "total": total,
        "turn": 100 * SECONDS / total,
        "stay": 100 * motion / total,
    }
    window = consoles[-1].export_svg(title="instar demo", code_format=WINDOW, unique_id="f")
    return window.replace(SPLIT, style, 1).replace(SPLIT, "\n".join(groups))


if __name__ == "__main__":
    target = Path(__file__).with_suffix(".svg")
    target.write_text(svg(frames()), encoding="utf-8")
