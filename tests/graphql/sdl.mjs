// Compares what the engine and graphql-js refuse as a schema: thousands of SDL texts, broken in a small way each.
//	node sdl.mjs PROBE ROOT [COUNT] [SEED]
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { buildSchema, validateSchema } from "graphql";

const [probePath, root, countText = "2000", seedText = "1"] = process.argv.slice(2);
let seed = Number(seedText) >>> 0;

function random() { // mulberry32
  seed = (seed + 0x6d2b79f5) >>> 0;
  let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
  t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];

// A little of everything that SDL has.
const kitchen = `
"""The whole.""" schema @mark(n: 1) { query: Query subscription: Live }
extend schema @mark(n: 2) { mutation: Change }
directive @mark("how" n: Int! = 3, in: In = { a: 1, list: [{ a: 2 }] }) repeatable on SCHEMA | OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | ENUM_VALUE | INPUT_FIELD_DEFINITION
directive @once(why: [Color!]) on OBJECT | INTERFACE | UNION | ENUM | SCALAR | INPUT_OBJECT
type Query implements Node & Named @mark(n: 1) @mark(n: 2) { id: ID! name(short: Boolean = false, at: When): String @deprecated(reason: "old") things(first: Int! = 10 @mark, in: In): [Thing!]! @mark(n: 4) node: Node }
extend type Query @once(why: [RED]) { more: Query! }
type Change { set(in: In!, one: One, colors: [Color!] = [RED, GREEN]): Boolean }
type Live { seen(color: Color = RED): Query! }
interface Node { id: ID! }
interface Named implements Node @once { id: ID! name(short: Boolean = false): String @deprecated }
extend interface Named { more: Node }
union Thing @once = Query | Change
extend union Thing = Live
enum Color @once(why: []) { RED GREEN @deprecated BLUE @mark(n: 5) }
extend enum Color { BLACK }
scalar When @specifiedBy(url: "https://example.org/when")
extend scalar When @once
input In @once(why: RED) { a: Int! b: String = "x" @deprecated list: [In!] c: Color = BLUE one: One = { id: 1 } }
extend input In { d: [[Float!]]! = [[1.5, 2], []] }
input One @oneOf { id: ID name: String }
`;
const shop = readFileSync(`${root}/tests/unit/graphql/shop.graphql`, "utf8");
// The engine always knows these; graphql-js 16 only when told.
const incremental = `
directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @stream(initialCount: Int! = 0, if: Boolean! = true, label: String) on FIELD`;

const words = ["{", "}", "(", ")", "[", "]", ":", "=", "@", "!", "|", "&", "on", "extend", "type", "input", "enum", "interface", "union", "scalar", "schema", "directive",
  "implements", "repeatable", "Query", "Node", "In", "Color", "One", "Thing", "Int", "String", "null", "1", "\"x\"", "RED", "id", "a", "__x", "@oneOf", "@deprecated", "OBJECT",
  "@mark(n: 1)", "@once", "@skip(if: true)", "true", "name", "mutation", "Nope"];

function mutate(text) {
  const tokens = text.match(/"""[^]*?"""|"(?:[^"\\\n]|\\.)*"|[_A-Za-z][_0-9A-Za-z]*|-?[0-9.]+|[^\s,]/g);
  for (let i = random() < 0.6 ? 1 : 2; i > 0; i--) {
    const at = below(tokens.length), how = below(6);
    if (how === 0) tokens.splice(at, 1);
    else if (how === 1) tokens.splice(at, 0, tokens[at]);
    else if (how === 2) { const to = below(tokens.length); [tokens[at], tokens[to]] = [tokens[to], tokens[at]]; }
    else if (how === 3) tokens[at] = pick(words);
    else if (how === 4) tokens.splice(at, 0, pick(words));
    else tokens[at] = pick(tokens);
  }
  return tokens.join(" ");
}

// What graphql-js 16 does not ask, though the specification does, or the engine on purpose.
const stricter = [
  /all root types must be different/, /is deprecated, but not in interface/, /is applied to its own argument/, /has more than \d+/, /^GraphQL schema: the default of /,
  // Arguments of applied directives are values like any others.
  /^GraphQL schema: [\w.]+: .*(cannot represent|is not defined by type|does not exist in|must specify exactly one key|Expected value of type|of required type)/,
];

function theirs(sdl) {
  try {
    const errors = validateSchema(buildSchema(sdl + incremental));
    return errors.length ? errors[0].message : null;
  } catch (error) {
    return error.message;
  }
}

const probe = spawn(probePath, [], { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
let valid = 0, refused = 0, different = 0, asked = 0;
for (let i = 0; i < Number(countText); i++) {
  const sdl = i < 2 ? [kitchen, shop][i] : mutate(i % 4 ? kitchen : shop);
  probe.stdin.write(`${JSON.stringify({ sdl })}\n`);
  const { value, done } = await lines.next();
  if (done) { console.log(`the engine ended at\n${sdl}`); different++; break; }
  const ours = JSON.parse(value).refused ?? null, other = theirs(sdl);
  if (ours && !other && stricter.some((pattern) => pattern.test(ours))) { asked++; continue; }
  if (!ours === !other) { if (ours) refused++; else valid++; continue; }
  if (++different <= 5) console.log(`${ours ? "refused what graphql-js takes" : "took what graphql-js refuses"}\n  graphql-js ${other}\n  engine     ${ours}\n  SDL ${sdl.replace(/\s+/g, " ")}`);
}
probe.stdin.end();
console.log(`SDL: ${valid} valid and ${refused} refused texts, ${asked} where the engine asks more, ${different} differences`);
console.log(`${different ? 0 : 1} passed, ${different ? 1 : 0} failed`);
process.exit(different ? 1 : 0);
