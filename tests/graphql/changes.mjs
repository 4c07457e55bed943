// Compares what the engine and graphql-js call breaking and dangerous between two schemas: a schema, and the same one edited.
//	node changes.mjs PROBE [COUNT] [SEED]        FLEET_PROGRAM: `fleet schema` is tried too
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildSchema, findBreakingChanges, findDangerousChanges } from "graphql";

const [probePath, countText = "400", seedText = "1"] = process.argv.slice(2);
let seed = Number(seedText) >>> 0;

function random() { // mulberry32
  seed = (seed + 0x6d2b79f5) >>> 0;
  let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
  t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const pick = (list) => list[Math.floor(random() * list.length)];

// One member a line, so that an edit is a line.
const lines = `
directive @mark(
n: Int = 3
must: Int!
) repeatable on OBJECT | FIELD_DEFINITION
directive @plain on FIELD | QUERY
type Query implements Node & Named {
id: ID!
name(
short: Boolean = false
first: Int! = 10
must: [Int!]!
filter: In
): String
things: [Thing!]!
deep: [[Query]!]
color: Color!
other: Other
}
type Other implements Node {
id: ID!
x: Int
}
interface Node {
id: ID!
}
interface Named {
name(
short: Boolean = false
first: Int! = 10
must: [Int!]!
filter: In
): String
}
union Thing = Query | Other
union Few = Other
enum Color {
RED
GREEN
BLUE
}
scalar When
input In {
a: Int!
b: String = "x"
list: [In!]
c: Color = RED
when: When
}
input Alone {
x: Int
}`.trim().split("\n");

const bracket = (line) => /[{}()]/.test(line);
const edits = [
  (all, at) => { if (!bracket(all[at])) all.splice(at, 1); },
  (all, at) => { if (!bracket(all[at])) all[at] = all[at].replace(/^(\w+: )(.*)$/, (_, name, type) => name + pick(["Int", "Int!", "[Int]", "[Int!]!", "String", "ID!", "Color", "Color!", type.replace("!", "")]))},
  (all, at) => { if (!bracket(all[at])) all.splice(at, 0, pick(["extra: Int", "extra: Int! = 2", "extra: Int!", "EXTRA"])); },
  (all, at) => { all[at] = all[at].replace(/ = .*$/, pick(["", " = null", " = 7", " = 10", " = true"])); },
  (all, at) => { all[at] = all[at].replace(/^(\w+:.*)!$/, "$1"); },
  (all, at) => { all[at] = all[at].replace(/^(\w+: [\w[\]]*)$/, "$1!"); },
  (all) => { const at = all.indexOf("union Thing = Query | Other"); if (at >= 0) all[at] = pick(["union Thing = Query", "union Thing = Other", "scalar Thing"]); },
  (all) => { const at = all.indexOf("union Few = Other"); if (at >= 0) all[at] = pick(["union Few = Other | Query", "type Few { id: ID }", ""]); },
  (all) => { const at = all.findIndex((l) => l.startsWith("type Other")); if (at >= 0) all[at] = pick(["type Other {", "type Other implements Node & Extra {", "interface Other implements Node {"]); all.push("interface Extra { id: ID! }"); },
  (all) => { const at = all.findIndex((l) => l.startsWith(") repeatable")); if (at >= 0) all[at] = pick([") on OBJECT", ") repeatable on OBJECT | FIELD_DEFINITION | QUERY", ") on FIELD_DEFINITION | OBJECT"]); },
  (all) => { const at = all.findIndex((l) => l.startsWith("directive @plain")); if (at >= 0) all[at] = pick(["", "directive @plain on QUERY", "directive @plain(a: Int!) on FIELD | QUERY"]); },
  (all) => { const at = all.indexOf("input Alone {"); if (at >= 0) all.splice(at, 3, ...pick([[], ["type Alone {", "x: Int", "}"], ["enum Alone {", "x", "}"]])); },
];

function edited() {
  const all = [...lines];
  for (let i = 1 + Math.floor(random() * 5); i > 0; i--) pick(edits)(all, Math.floor(random() * all.length));
  return all.join("\n");
}

function theirs(from, to) {
  const name = (level) => ({ type, description }) => `${level} ${type} ${description}`;
  return [...findBreakingChanges(from, to).map(name("breaking")), ...findDangerousChanges(from, to).map(name("dangerous"))].sort();
}

const old = lines.join("\n"), oldSchema = buildSchema(old);
const probe = spawn(probePath, [], { stdio: ["pipe", "pipe", "inherit"] });
const answers = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
let compared = 0, changes = 0, different = 0;
const kinds = new Set();
while (compared < Number(countText)) {
  const text = edited();
  let schema;
  try { schema = buildSchema(text); } catch { continue; }
  const backwards = random() < 0.3;
  probe.stdin.write(`${JSON.stringify(backwards ? { old: text, new: old } : { old, new: text })}\n`);
  const { value, done } = await answers.next();
  if (done) { console.log("the engine ended"); different++; break; }
  const ours = JSON.parse(value);
  if (!Array.isArray(ours)) continue; // the engine checks defaults and more (sdl.mjs)
  const expected = backwards ? theirs(schema, oldSchema) : theirs(oldSchema, schema);
  compared++;
  changes += expected.length;
  for (const change of expected) kinds.add(change.split(" ")[1]);
  if (ours.sort().join("\n") === expected.join("\n")) continue;
  if (++different <= 3) console.log(`different\n  graphql-js ${expected.join("\n             ")}\n  engine     ${ours.join("\n             ")}`);
}
probe.stdin.end();

// The verb: what it prints it takes as unchanged; a field less breaks, and the status says so.
function verb(sdl) {
  const folder = mkdtempSync(join(tmpdir(), "fleet-schema-")), file = join(folder, "old.graphql");
  const printed = spawnSync(process.env.FLEET_PROGRAM, ["schema", "print"], { encoding: "utf8" }).stdout;
  writeFileSync(file, sdl(printed));
  const { status, stdout } = spawnSync(process.env.FLEET_PROGRAM, ["schema", "check", "--json", file], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return { status, ...JSON.parse(stdout || "{}") };
}
if (process.env.FLEET_PROGRAM) {
  const same = verb((text) => text), broken = verb((text) => `${text}\nextend type Vehicle { gone: Int }`), wrong = verb(() => "type Query {");
  const ok = same.status === 0 && same.breaking === 0 && broken.status === 1 && broken.changes[0].text === "Vehicle.gone was removed." && wrong.status === 2;
  if (!ok) { console.log(`fleet schema: ${JSON.stringify({ same, broken, wrong })}`); different++; }
}
console.log(`changes: ${compared} pairs of schemas, ${changes} changes of ${kinds.size} kinds, ${different} differences`);
console.log(`${different ? 0 : 1} passed, ${different ? 1 : 0} failed`);
process.exit(different ? 1 : 0);
