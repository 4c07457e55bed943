// Compares responses in parts with those of graphql-js 17, for random documents with @defer and @stream: the same verdict,
// the same data once all payloads are put together, errors at the same paths, in both formats; and each payload follows
// the protocol. `npm ci` here first; then: node incremental.mjs PROBE ROOT [COUNT] [SEED]
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { buildSchema, getNullableType, isListType } from "graphql";
import { Maker, addScalars, chance, below, plant } from "./documents.mjs";
import { Merged } from "./merge.mjs";
import { shopRoot } from "./shop.mjs";

const [probePath, root, countText = "1500", seedText = "1"] = process.argv.slice(2);
plant(Number(seedText));

let js17;
try {
  js17 = await import("graphql17");
  if (!Array.prototype.toReversed) throw new Error("it needs Array.prototype.toReversed");
} catch (error) {
  console.log(`SKIPPED: graphql-js 17 does not load under Node ${process.versions.node} (${error.message.split("\n")[0]})`);
  console.log("0 passed, 0 failed");
  process.exit(0);
}

const sdl = `${readFileSync(`${root}/tests/unit/graphql/shop.graphql`, "utf8")}
directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @stream(initialCount: Int! = 0, if: Boolean! = true, label: String) on FIELD`;
const schema = js17.buildSchema(sdl);
for (const [name, type] of Object.entries(addScalars(buildSchema(sdl)).getTypeMap()))
  if (type.parseLiteral && schema.getType(name) && !["Int", "Float", "String", "Boolean", "ID"].includes(name)) {
    const theirs = schema.getType(name);
    theirs.coerceOutputValue = (v) => v;
    theirs.coerceInputValue = type.parseValue;
    theirs.coerceInputLiteral = (node) => type.parseLiteral(node);
  }

class PartsMaker extends Maker {
  document() {
    this.labels = 0;
    return super.document();
  }

  arguments_(extra) {
    const args = [...extra];
    if (chance(0.4)) args.push(`label: "l${chance(0.97) ? this.labels++ : 0}"`);
    if (chance(0.25)) args.push(`if: ${chance(0.5) ? chance(0.5) : this.variable(this.schema.getType("Boolean"), "Boolean!", true)}`);
    return args.length ? `(${args.join(", ")})` : "";
  }

  fragmentDirectives() {
    return `${this.directives()}${chance(0.6) ? ` @defer${this.arguments_([])}` : ""} `;
  }

  fieldDirectives(field) {
    const streams = isListType(getNullableType(field.type)) ? chance(0.4) : chance(0.005);
    if (!streams) return this.directives();
    const count = chance(0.6) ? [`initialCount: ${below(4)}`] : [];
    return `${this.directives()} @stream${this.arguments_(count)} `;
  }

  selection(type, depth, top) { // more fragments than others make
    if (depth > 1 && chance(0.2)) {
      this.budget--;
      return `... ${this.fragmentDirectives()}${this.selections(type, depth - 1, top)}`;
    }
    return super.selection(type, depth, top);
  }
}

const shop = shopRoot();
async function theirPayloads(request, document, format) {
  const operation = document.definitions.find((d) => d.kind === "OperationDefinition");
  const args = { schema, document, rootValue: shop[operation.operation], variableValues: request.variables };
  const result = await (format === "2022" ? js17.legacyExecuteIncrementally : js17.experimentalExecuteIncrementally)(args);
  if (!result.initialResult) return [result];
  const payloads = [result.initialResult];
  for await (const payload of result.subsequentResults) payloads.push(payload);
  return payloads;
}

const probe = spawn(probePath, [], { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
async function ourPayloads(request, format) {
  probe.stdin.write(`${JSON.stringify({ ...request, parts: format })}\n`);
  return JSON.parse((await lines.next()).value);
}

function merge(payloads, of2022 = false) {
  const merged = new Merged(of2022);
  payloads.forEach((payload) => merged.take(JSON.parse(JSON.stringify(payload))));
  merged.finish();
  return merged;
}

let different = 0;
function complain(what, request, format, theirs, ours) {
  if (++different <= 5)
    console.log(`${what} (${format})\n  request ${JSON.stringify(request)}\n  graphql-js ${JSON.stringify(theirs)}\n  engine     ${JSON.stringify(ours)}`);
}

const sorted = (value) => JSON.stringify(value, (_, v) =>
  (v && typeof v === "object" && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v));

const failed = (payloads) => payloads.flatMap((p) => [p, ...(p.incremental ?? [])]).some((entry) => entry.errors);

// The format of 2022 sends fields again that were sent; where one of the two is null, the order decides what a client has.
function compareOf2022(request, theirs, ours) {
  if (failed(theirs) !== failed(ours)) return complain("errors", request, "2022", theirs, ours);
  if (failed(theirs)) return;
  const left = merge(theirs, true);
  let right;
  try { right = merge(ours, true); } catch (error) { return complain(`the protocol: ${error.message}`, request, "2022", theirs, ours); }
  if (sorted(left.data) !== sorted(right.data)) complain("data", request, "2022", theirs, ours);
}

let parts = 0, wholes = 0, refused = 0;
async function compare(request, format) {
  let document, errors;
  try { document = js17.parse(request.query); errors = js17.validate(schema, document); } catch (error) { errors = [error]; }
  const ours = await ourPayloads(request, format);
  if (ours.failed) return complain("failed", request, format, "", ours);
  if (/_LIMIT$/.test(ours[0].errors?.[0].extensions?.code)) return;
  if (errors.length) {
    refused++;
    if ("data" in ours[0]) complain("accepted what graphql-js refuses", request, format, errors[0].message, ours[0]);
    return;
  }
  const theirs = await theirPayloads(request, document, format);
  if (!("data" in ours[0]) || !("data" in theirs[0])) {
    if (("data" in ours[0]) !== ("data" in theirs[0])) complain("executed or not", request, format, theirs, ours);
    return;
  }
  ours.length > 1 ? parts++ : wholes++;
  if (format === "2022") return compareOf2022(request, theirs, ours);
  const left = merge(theirs);
  let right;
  try { right = merge(ours); } catch (error) { return complain(`the protocol: ${error.message}`, request, format, theirs, ours); }
  if (sorted(left.data) !== sorted(right.data)) complain("data", request, format, theirs, ours);
  else if ([...left.errors].sort().join() !== [...right.errors].sort().join()) complain("error paths", request, format, theirs, ours);
}

const maker = new PartsMaker(buildSchema(sdl));
for (let i = 0; i < Number(countText);) {
  const request = maker.document();
  // Batches have errors by row; a shelf breaks where graphql-js makes it whole; structured scalars are differential.mjs's.
  if (/rowError|shelf\(|(json|geo): /.test(request.query) || !/@defer|@stream/.test(request.query)) continue;
  i++;
  await compare(request, "v0.2");
  await compare(request, "2022");
}
probe.stdin.end();
console.log(`shop in parts: ${parts} responses in several parts, ${wholes} in one, ${refused} refused, ${different} differences`);
console.log(`${different ? 0 : 1} passed, ${different ? 1 : 0} failed`);
process.exit(different ? 1 : 0);
