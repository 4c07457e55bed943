// Random documents of a schema, valid but for what chance does; the same ones for the same seed.
import {
  isNonNullType, isListType, isUnionType, isEnumType, isInputObjectType, isCompositeType, getNamedType, getNullableType,
  isRequiredArgument, isAbstractType,
} from "graphql";

// ---- Random ----
let seed = 1;
export function plant(number) { seed = number >>> 0; }
export function random() { // mulberry32: the same documents for the same seed
  seed = (seed + 0x6d2b79f5) >>> 0;
  let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
  t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
export const below = (n) => Math.floor(random() * n);
export const chance = (p) => random() < p;
export const pick = (list) => list[below(list.length)];

// ---- Custom scalars as the engine reads them ----
function refuse(type) { throw new Error(`${type.name} cannot represent value`); }

// A literal as the JSON that a client would have sent: variables as they were sent, members without a value left out.
function plain(node, variables) {
  switch (node.kind) {
    case "Variable": return variables[node.name.value];
    case "NullValue": return null;
    case "IntValue": case "FloatValue": return Number(node.value);
    case "ListValue": return node.values.map((v) => plain(v, variables) ?? null);
    case "ObjectValue": return Object.fromEntries(node.fields.map((f) => [f.name.value, plain(f.value, variables)]).filter(([, v]) => v !== undefined));
    default: return node.value;
  }
}

function isGeometry(v, collections = true) {
  const position = (p) => Array.isArray(p) && (p.length === 2 || p.length === 3) && p.every(Number.isFinite) && Math.abs(p[0]) <= 180 && Math.abs(p[1]) <= 90;
  const line = (least) => (c) => Array.isArray(c) && c.length >= least && c.every(position);
  const ring = (c) => line(4)(c) && JSON.stringify(c[0]) === JSON.stringify(c.at(-1));
  const list = (of, least = 0) => (c) => Array.isArray(c) && c.length >= least && c.every(of);
  const shapes = {
    Point: position, MultiPoint: line(0), LineString: line(2), MultiLineString: list(line(2)), Polygon: list(ring, 1), MultiPolygon: list(list(ring, 1)),
  };
  if (v === null || typeof v !== "object" || Array.isArray(v)) return false;
  if (v.bbox !== undefined && !(Array.isArray(v.bbox) && [4, 6].includes(v.bbox.length) && v.bbox.every(Number.isFinite))) return false;
  if (v.type === "GeometryCollection") return collections && Array.isArray(v.geometries) && v.geometries.every((g) => isGeometry(g, false));
  return Object.hasOwn(shapes, v.type) && shapes[v.type](v.coordinates);
}

function checkedScalar(type, literal, value) {
  type.parseLiteral = (node) => (literal(node) === undefined ? refuse(type) : literal(node));
  type.parseValue = (v) => (value(v) === undefined ? refuse(type) : value(v));
  type.serialize = (v) => v;
}
const text = (node) => (node.kind === "StringValue" ? node.value : undefined);
const matches = (pattern) => (v) => (typeof v === "string" && pattern.test(v) ? v : undefined);
const inInt64 = (v) => (/^-?\d+$/.test(v) && BigInt.asIntN(64, BigInt(v)) === BigInt(v) ? String(BigInt(v)) : undefined);
export function addScalars(schema) {
  const time = matches(/^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/);
  const decimal = matches(/^-?(0|[1-9]\d*)(\.\d+)?$/);
  const uuid = matches(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
  const types = schema.getTypeMap();
  if (types.DateTime) checkedScalar(types.DateTime, (n) => time(text(n)), time);
  if (types.UUID) checkedScalar(types.UUID, (n) => uuid(text(n)), uuid);
  const structured = (type, check) => {
    const hasVariable = (n) => n.kind === "Variable" || (n.values ?? n.fields ?? []).some((m) => hasVariable(m.value ?? m));
    type.parseValue = (v) => { if (!check(v)) refuse(type); return v; };
    type.parseLiteral = (node, variables) => {
      if (hasVariable(node) && !variables) return null; // validation knows no values yet
      return type.parseValue(plain(node, variables));
    };
    type.serialize = (v) => v;
  };
  if (types.JSON) structured(types.JSON, () => true);
  if (types.GeoJSON) structured(types.GeoJSON, isGeometry);
  if (types.Upload) checkedScalar(types.Upload, () => undefined, () => undefined);
  if (types.Decimal)
    checkedScalar(types.Decimal, (n) => decimal(n.kind === "IntValue" || n.kind === "FloatValue" ? n.value : text(n)),
      (v) => (Number.isInteger(v) ? String(v) : decimal(v)));
  if (types.BigInt)
    checkedScalar(types.BigInt, (n) => (n.kind === "IntValue" || n.kind === "StringValue" ? inInt64(n.value) : undefined),
      (v) => (Number.isInteger(v) ? inInt64(String(v)) : typeof v === "string" ? inInt64(v) : undefined));
  return schema;
}

// ---- Random documents from a schema ----
export class Maker {
  constructor(schema) {
    this.schema = schema;
    this.objects = Object.values(schema.getTypeMap()).filter((t) => isCompositeType(t) && !t.name.startsWith("__"));
  }

  document() {
    this.variables = new Map();
    this.fragments = new Map();
    this.budget = 40;
    const roots = [this.schema.getQueryType(), this.schema.getQueryType(), this.schema.getMutationType()].filter(Boolean);
    const rootType = pick(roots);
    const body = this.selections(rootType, 4, true);
    const kind = rootType === this.schema.getMutationType() ? "mutation" : "query";
    const vars = [...this.variables].map(([name, v]) => `$${name}: ${v.type}${v.def}`).join(chance(0.5) ? ", " : " ");
    const head = vars || kind !== "query" || chance(0.3) ? `${kind}${chance(0.5) ? " Q" : ""}${vars ? `(${vars})` : ""} ` : "";
    const frags = [...this.fragments].map(([name, f]) => ` fragment ${name} on ${f.type} ${f.body}`).join("");
    return { query: head + body + frags, variables: Object.fromEntries([...this.variables].filter(([, v]) => v.value !== undefined).map(([n, v]) => [n, v.value])) };
  }

  selections(type, depth, top) {
    const parts = [];
    for (let i = 1 + below(4); i > 0 && this.budget > 0; i--) parts.push(this.selection(type, depth, top));
    return `{ ${parts.filter(Boolean).join(" ") || "__typename"} }`;
  }

  selection(type, depth, top) {
    this.budget--;
    if (chance(0.12) && depth > 1) {
      const on = this.overlapping(type);
      return `... ${chance(0.8) ? `on ${on.name} ` : ""}${this.fragmentDirectives()}${this.selections(on, depth - 1, top)}`.replace(/^(\.\.\. )(?!on)/, "$1");
    }
    if (chance(0.08) && depth > 1) return this.spread(type, depth);
    if (chance(0.08) || isUnionType(type)) return `${this.alias()}__typename${this.directives()}`;
    const field = pick(Object.values(type.getFields()));
    const named = getNamedType(field.type);
    if (isCompositeType(named) && depth <= 1) return chance(0.5) ? "__typename" : `t${below(3)}: __typename`;
    const args = this.args(field.args);
    const inner = isCompositeType(named) ? ` ${this.selections(named, depth - 1)}` : "";
    return `${this.alias()}${field.name}${args}${this.fieldDirectives(field)}${inner}`;
  }

  spread(type, depth) {
    const known = [...this.fragments].filter(([, f]) => f.on === type && f.done);
    if (known.length && chance(0.5)) return `...${pick(known)[0]}${this.fragmentDirectives()}`;
    const name = `F${this.fragments.size}`;
    const entry = { on: type, type: this.overlapping(type).name, body: "", done: false };
    this.fragments.set(name, entry);
    entry.body = this.selections(this.schema.getType(entry.type), depth - 1);
    entry.done = true;
    return `...${name}${this.fragmentDirectives()}`;
  }

  overlapping(type) {
    const possible = (t) => (isAbstractType(t) ? this.schema.getPossibleTypes(t) : [t]);
    return pick(this.objects.filter((t) => possible(t).some((p) => possible(type).includes(p))));
  }

  alias() { return chance(0.2) ? `a${below(6)}: ` : ""; }

  fragmentDirectives() { return this.directives(); }
  fieldDirectives() { return this.directives(); }

  directives() {
    if (!chance(0.1)) return " ".trim();
    const value = chance(0.5) ? String(chance(0.5)) : this.variable(this.schema.getType("Boolean"), "Boolean!", true);
    return ` @${chance(0.5) ? "skip" : "include"}(if: ${value})`;
  }

  args(defs) {
    const given = defs.filter((a) => isRequiredArgument(a) || chance(0.35)).map((a) => `${a.name}: ${this.argument(a.type)}`);
    return given.length ? `(${given.join(", ")})` : "";
  }

  argument(type) {
    if (chance(0.25)) return this.variable(type, String(type), isNonNullType(type));
    return this.literal(type, 3);
  }

  variable(type, written, required) {
    const name = `v${this.variables.size}`;
    const value = chance(0.1) && !required ? null : this.json(type, 3);
    const missing = chance(0.15) && !required;
    const plain = !required && chance(0.2);
    this.variables.set(name, { type: plain && !written.endsWith("!") && chance(0.5) ? `${written}!` : written, def: "", value: missing ? undefined : value });
    if (!required && chance(0.2) && !this.variables.get(name).type.endsWith("!")) this.variables.get(name).def = ` = ${this.literal(type, 2)}`;
    if (this.variables.get(name).type.endsWith("!") && (value === null || missing)) this.variables.get(name).value = this.json(type, 3);
    return `$${name}`;
  }

  // A value with a structure, as JSON; some geometries are none.
  structured(type) {
    const points = [[13.4, 52.5], [0, 0], [-180, 90, 12.5], [13, 52.25], [181, 0], [1], ["a", 2]];
    const position = () => points[below(chance(0.9) ? 4 : 7)];
    const line = () => Array.from({ length: 1 + below(4) }, position);
    const ring = () => { const r = [position(), position(), position()]; return chance(0.9) ? [...r, r[0]] : r; };
    const geometry = () => pick([
      () => ({ type: "Point", coordinates: position() }), () => ({ type: "LineString", coordinates: line() }), () => ({ coordinates: line(), type: "MultiPoint" }),
      () => ({ type: "Polygon", coordinates: chance(0.9) ? [ring()] : [] }), () => ({ type: "MultiPolygon", coordinates: [[ring()], [ring()]], bbox: [0, 0, 1, 1] }),
      () => ({ type: "MultiLineString", coordinates: [line(), line()] }), () => ({ type: "Circle", radius: 1 }), () => ({ type: "Point" }),
    ])();
    if (type.name === "GeoJSON") return chance(0.15) ? { type: "GeometryCollection", geometries: [geometry(), geometry()] } : geometry();
    return pick([1, -2.5, "a\n", true, [], {}, { a: { b: [1, "x", {}] }, c: null }, [[1], { d: false }]]);
  }

  // JSON as a literal; a member may be a variable.
  asLiteral(value) {
    if (Array.isArray(value)) return `[${value.map((v) => this.asLiteral(v)).join(" ")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    return `{ ${Object.entries(value).map(([k, v]) => `${k}: ${chance(0.08) ? this.variable(this.schema.getType("String"), "String", false) : this.asLiteral(v)}`).join(" ")} }`;
  }

  scalarText(type, json) {
    if (type.name === "JSON" || type.name === "GeoJSON") return json ? this.structured(type) : this.asLiteral(this.structured(type));
    const wrong = chance(0.04);
    if (wrong) return pick(json ? [1, "x", true, 1.5, [], {}, null] : ["1", '"x"', "true", "1.5", "[]", "{}", "RED", "null"]);
    const values = {
      Int: [0, 1, -1, 2, 3, 2147483647], Float: [0, 1.5, -2, 1e3, 0.1], Boolean: [true, false], ID: ["1", "10", "11", 2, 12, "zzz"],
      String: ["", "a", "é\n\"\\", "😀"], DateTime: ["2026-03-01T09:30:00Z"], BigInt: ["9007199254740993", 5], Decimal: ["12.50", 7],
      UUID: ["01234567-89ab-cdef-0123-456789abcdef"], Upload: [null],
    }[type.name] ?? ["x"];
    const value = pick(values);
    return json ? value : JSON.stringify(value);
  }

  literal(type, depth) {
    if (!isNonNullType(type) && chance(0.07)) return "null";
    type = getNullableType(type);
    if (isListType(type)) {
      if (chance(0.15)) return this.literal(type.ofType, depth - 1);
      return `[${Array.from({ length: below(3) }, () => this.literal(type.ofType, depth - 1)).join(" ")}]`;
    }
    if (isEnumType(type)) return chance(0.03) ? "NOPE" : pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((f) => isNonNullType(f.type) || (depth > 0 && chance(0.3)));
      const chosen = type.isOneOf ? [pick(Object.values(type.getFields()))] : fields;
      return `{ ${chosen.map((f) => `${f.name}: ${chance(0.1) ? this.variable(f.type, String(f.type), isNonNullType(f.type) || type.isOneOf) : this.literal(f.type, depth - 1)}`).join(", ")} }`;
    }
    return this.scalarText(type, false);
  }

  json(type, depth) {
    if (!isNonNullType(type) && chance(0.07)) return null;
    type = getNullableType(type);
    if (isListType(type)) return chance(0.15) ? this.json(type.ofType, depth - 1) : Array.from({ length: below(3) }, () => this.json(type.ofType, depth - 1));
    if (isEnumType(type)) return chance(0.03) ? "NOPE" : pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((f) => isNonNullType(f.type) || (depth > 0 && chance(0.3)));
      const chosen = type.isOneOf ? [pick(Object.values(type.getFields()))] : fields;
      return Object.fromEntries(chosen.map((f) => [f.name, this.json(f.type, depth - 1)]));
    }
    return this.scalarText(type, true);
  }
}

// Breaks a document a little: drops, doubles, swaps or replaces tokens.
export function mutate(query) {
  const tokens = query.match(/"(?:[^"\\]|\\.)*"|[_A-Za-z][_0-9A-Za-z]*|-?[0-9.]+|\.\.\.|[^\s]/g);
  const words = ["{", "}", "(", ")", "[", "]", ":", "=", "$", "@", "!", "...", "on", "fragment", "query", "null", "1", "\"x\"", "id", "name", "x", "$v0", "true", "__typename"];
  for (let i = 1 + below(2); i > 0; i--) {
    const at = below(tokens.length);
    const how = below(5);
    if (how === 0) tokens.splice(at, 1);
    else if (how === 1) tokens.splice(at, 0, tokens[at]);
    else if (how === 2) [tokens[at], tokens[below(tokens.length)]] = [tokens[below(tokens.length)], tokens[at]];
    else if (how === 3) tokens[at] = pick(words);
    else tokens.splice(at, 0, pick(tokens));
    if (!tokens.length) break;
  }
  return tokens.join(" ");
}
