/* Follows a value that grows on a server: the other end of instar's `sse` and `sse_events`. No build step, no packages.

     import { follow } from "./instar.js";
     for await (const replica of follow("/invoice", { method: "POST" })) {
       draw(replica.value, (path) => replica.isSettled(path));
     }

   Or, with an EventSource, give each event to `replica.receive(event.type, event.data)`. */

/** A copy of the value, kept up to date by events. `value` grows in place. */
export class Replica {
  /** The value so far; null before it has begun. */
  value = null;
  /** The path of the innermost value that may still grow; null once all is settled. */
  open = [];
  #place = []; // where the next change goes

  /** Whether the value at a path, an array of names and indices, is there and will not change again. */
  isSettled(path) {
    const there = path.reduce((part, step) => (part == null ? undefined : part[step]), this.value) !== undefined;
    return there && (this.open === null || path.some((step, depth) => step !== this.open[depth]));
  }

  /** Takes in one event by its name ("message" for changes) and its data. */
  receive(name, data) {
    if (name === "message") {
      for (const line of data.split("\n")) this.#change(JSON.parse(line));
    } else if (name === "snapshot" || name === "retry") {
      this.value = JSON.parse(data);
      this.#place = [];
      this.open = endOf(this.value);
    } else if (name === "end") {
      this.open = null;
    }
  }

  #change(line) {
    if (typeof line === "string") return this.#put(this.#place, at(this.value, this.#place) + line);
    const [kind, value, ...steps] = line;
    const path = kind === "g" ? steps : [...this.#place, ...steps];
    if (kind === "o" || kind === "s" || kind === "r") this.#put(path, value);
    const closed = kind === "s" || kind === "c";
    this.#place = closed ? path.slice(0, -1) : path;
    this.open = closed && path.length === 0 ? null : kind === "r" ? [...path, ...endOf(value)] : this.#place;
  }

  #put(path, value) {
    if (path.length === 0) return void (this.value = value);
    const step = path[path.length - 1];
    // An assignment to "__proto__" would not make a member of that name.
    const member = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(at(this.value, path.slice(0, -1)), step, member);
  }
}

/**
 * Asks a URL, as `fetch` does, and yields the replica after each piece of the answer that has come.
 * Leave the loop, or abort `init.signal`, and the server stops too. Throws what `fetch` throws; an Error by the name of
 * the server's when the server says that it has failed, and one named "Dropped" when the answer ends without its end.
 */
export async function* follow(url, init) {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const replica = new Replica();
  try {
    for (let rest = "", name; name !== "end"; ) {
      const { value, done } = await reader.read().catch((error) => {
        throw error.name === "AbortError" ? error : named("Dropped", error.message);
      });
      if (done) throw named("Dropped", "the answer stopped before its end");
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const event of events) {
        let data;
        [name, data] = parse(event);
        if (name === "failure") throw named(JSON.parse(data).class, JSON.parse(data).text);
        if (data) replica.receive(name, data);
      }
      yield replica;
    }
  } finally {
    reader.cancel().catch(() => {}); // what has been dropped cannot be cancelled
  }
}

function parse(event) {
  const fields = event.split("\n").map((line) => /^(\w*): ?([^]*)$/.exec(line) ?? []);
  const values = (name) => fields.filter((field) => field[1] === name).map((field) => field[2]);
  return [values("event")[0] ?? "message", values("data").join("\n")];
}
const named = (name, message) => Object.assign(new Error(message), { name });
const at = (value, path) => path.reduce((part, step) => part[step], value);

/** The path of the last part of a value that could still grow. */
function endOf(value) {
  const last = value && typeof value === "object" ? Object.keys(value).pop() : undefined;
  if (last === undefined || !["string", "object"].includes(typeof value[last]) || value[last] === null) return [];
  return [Array.isArray(value) ? Number(last) : last, ...endOf(value[last])];
}
