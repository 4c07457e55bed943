// Puts the payloads of a response in parts together, as a client does, and holds them to the protocol.

function merge(into, from) {
  for (const [key, value] of Object.entries(from)) {
    const mine = into[key];
    if (value && mine && typeof value === "object" && typeof mine === "object") merge(mine, value);
    else into[key] = value;
  }
}

export class Merged {
  constructor(of2022 = false) {
    this.of2022 = of2022;
    this.pending = new Map();
    this.used = new Set();
    this.errors = new Set(); // their paths
    this.ended = false;
    this.labels = [];
  }

  assert(condition, what) { if (!condition) throw new Error(what); }

  noteErrors(errors) { for (const error of errors ?? []) this.errors.add(JSON.stringify(error.path ?? null)); }

  at(path) {
    const value = path.reduce((v, key) => v?.[key], this.data);
    this.assert(value !== undefined && value !== null, `nothing is at ${JSON.stringify(path)}`);
    return value;
  }

  take(payload) {
    this.assert(!this.ended, "a payload follows the last one");
    if (this.data === undefined) {
      this.assert("data" in payload, "the first payload has no data");
      this.data = payload.data;
    } else {
      this.assert("hasNext" in payload && !("data" in payload), "a later payload has hasNext and no data of its own");
    }
    this.noteErrors(payload.errors);
    this.announce(payload.pending);
    for (const entry of payload.incremental ?? []) this.add(entry);
    for (const entry of payload.completed ?? []) this.complete(entry);
    this.ended = !payload.hasNext;
  }

  announce(pending) {
    this.assert(!pending || !this.of2022, "the format of 2022 announces nothing");
    for (const entry of pending ?? []) {
      this.assert(!this.used.has(entry.id), `id ${entry.id} is announced twice`);
      this.used.add(entry.id);
      this.pending.set(entry.id, entry);
    }
  }

  add(entry) {
    this.noteErrors(entry.errors);
    let { path } = entry;
    if (!this.of2022) {
      this.assert(this.pending.has(entry.id), `id ${entry.id} is not pending`);
      path = [...this.pending.get(entry.id).path, ...(entry.subPath ?? [])];
    }
    if (entry.label) this.labels.push(entry.label);
    if (entry.items) this.addItems(path, entry.items);
    else if (entry.data) merge(this.at(path), entry.data);
  }

  addItems(path, items) {
    if (!this.of2022) return this.at(path).push(...items);
    const list = this.at(path.slice(0, -1));
    this.assert(list.length >= path.at(-1), `items at ${JSON.stringify(path)}, but the list has ${list.length}`);
    merge(list, Object.fromEntries(items.map((item, i) => [path.at(-1) + i, item])));
  }

  complete(entry) {
    this.noteErrors(entry.errors);
    this.assert(this.pending.delete(entry.id), `id ${entry.id} is completed, but not pending`);
  }

  finish() {
    this.assert(this.ended, "the last payload says that more follows");
    this.assert(this.pending.size === 0, `never completed: ${[...this.pending.keys()]}`);
  }
}
