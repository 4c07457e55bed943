// Compares the engine with graphql-js on thousands of random documents, valid and broken: the same verdict, the same
// data to the byte, errors at the same paths. `npm ci` here first; then: node differential.mjs PROBE ROOT [COUNT] [SEED]
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import {
  buildSchema, parse, validate, execute, getIntrospectionQuery, buildClientSchema, lexicographicSortSchema, printSchema,
} from "graphql";
import { Maker, addScalars, chance, mutate, plant } from "./documents.mjs";
import { executeMade } from "./made.mjs";
import { shopRoot } from "./shop.mjs";

const [probePath, root, countText = "2500", seedText = "1"] = process.argv.slice(2);
const count = Number(countText);
plant(Number(seedText));

// What the two engines call by different names, or in a different order, on purpose.
const paths = (errors) => (errors ?? []).map((e) => JSON.stringify(e.path ?? null)).sort();
// These depend on how many parents a batch has; graphql-js has no batches.
const skip = (query) => /rowError/.test(query);

// run executes a document on the schema as the engine does: operation is "query" or "mutation".
async function compare(name, schema, args, run, documents) {
  const probe = spawn(probePath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
  let valid = 0, refused = 0, different = 0, sameMessage = 0;
  const complain = (what, request, theirs, ours) => {
    if (++different <= 5) console.log(`${name}: ${what}\n  request ${JSON.stringify(request)}\n  graphql-js ${theirs}\n  engine     ${ours}`);
  };
  for (const request of documents) {
    probe.stdin.write(`${JSON.stringify(request)}\n`);
    const { value: line, done } = await lines.next();
    if (done) { complain("the engine ended", request, "", ""); break; }
    const ours = JSON.parse(line);
    if (ours.failed || (ours.errors && /_LIMIT$/.test(ours.errors[0].extensions?.code))) continue;
    let errors = [], document;
    try { document = parse(request.query); errors = validate(schema, document); } catch (e) { errors = [e]; }
    if (errors.length) {
      refused++;
      if (!ours.errors || "data" in ours) complain("accepted what graphql-js refuses", request, errors[0].message, line);
      else if (ours.errors.some((o) => errors.some((e) => e.message === o.message))) sameMessage++;
      continue;
    }
    valid++;
    const operation = document.definitions.find((d) => d.kind === "OperationDefinition");
    const theirs = await run(document, operation.operation, request.variables);
    if (("data" in ours) !== (theirs.data !== undefined)) complain("executed or not", request, JSON.stringify(theirs), line);
    else if ("data" in ours && JSON.stringify(ours.data) !== JSON.stringify(theirs.data)) complain("data", request, JSON.stringify(theirs), line);
    else if (!!ours.errors !== !!theirs.errors) complain("errors", request, JSON.stringify(theirs), line);
    else if ("data" in ours && paths(ours.errors).join() !== paths(theirs.errors).join()) complain("error paths", request, JSON.stringify(theirs), line);
  }
  probe.stdin.end();
  console.log(`${name}: ${valid} valid and ${refused} refused documents (${sameMessage} with the same message), ${different} differences`);
  return different;
}

function* documentsFor(schema, filter) {
  const maker = new Maker(schema);
  for (let i = 0; i < count;) {
    const request = maker.document();
    if (filter && filter(request.query)) continue;
    i++;
    yield chance(0.4) ? { ...request, query: mutate(request.query) } : request;
  }
}

// Built into the engine, not into graphql-js 16: incremental.mjs compares with 17.
const incremental = `
"Lets the fragment follow in a later part of the response, for clients that accept one."
directive @defer("Whether to put it off." if: Boolean! = true, "Names it in the response; unique." label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
"Lets the items of the list follow in later parts of the response, for clients that accept them."
directive @stream("How many items come at once." initialCount: Int! = 0, "Whether to stream it." if: Boolean! = true,
  "Names it in the response; unique." label: String) on FIELD`;
const shop = addScalars(buildSchema(readFileSync(`${root}/tests/unit/graphql/shop.graphql`, "utf8") + incremental));
const federated = { assumeValidSDL: true }; // graphql-js does not know what @link imports
const fleetFiles = readdirSync(`${root}/schema`).filter((name) => name.endsWith(".graphql")).map((name) => `${root}/schema/${name}`);
const fleet = addScalars(buildSchema(fleetFiles.map((file) => readFileSync(file, "utf8")).join("\n") + incremental, federated));
// What clients build from our introspection must be the schema that graphql-js builds from the SDL.
async function introspection(name, schema, args) {
  const probe = spawn(probePath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
  const options = { specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true };
  probe.stdin.end(`${JSON.stringify({ query: getIntrospectionQuery(options) })}\n`);
  const { data, errors } = JSON.parse((await lines.next()).value);
  const print = (s) => printSchema(lexicographicSortSchema(s)).split("\n");
  const theirs = print(schema), ours = errors ? [JSON.stringify(errors)] : print(buildClientSchema(data));
  const at = theirs.findIndex((line, i) => line !== ours[i]);
  if (at < 0 && ours.length === theirs.length) {
    console.log(`${name}: introspection shows the same schema, ${ours.length} lines`);
    return 0;
  }
  console.log(`${name}: introspection differs at line ${at}\n  graphql-js ${theirs[at]}\n  engine     ${ours[at]}`);
  return 1;
}

const roots = shopRoot();
const executeShop = (document, operation, variableValues) => execute({ schema: shop, document, rootValue: roots[operation], variableValues });
const executeFleet = (document, operation, variableValues) => executeMade(fleet, document, operation, variableValues);

const results = [
  await introspection("shop", shop, []),
  await introspection("fleet", fleet, fleetFiles),
  await compare("shop", shop, [], executeShop, documentsFor(shop, skip)),
  await compare("fleet", fleet, fleetFiles, executeFleet, documentsFor(fleet)),
];
const failed = results.filter((different) => different > 0).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
