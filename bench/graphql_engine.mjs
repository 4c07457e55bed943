// The documents of bench/graphql_engine.c on graphql-js (npm ci in tests/graphql first): node bench/graphql_engine.mjs
import { readFileSync } from "node:fs";
import { buildSchema, parse, validate, execute } from "../tests/graphql/node_modules/graphql/index.mjs";

const schema = buildSchema(readFileSync(new URL("graphql_engine.graphql", import.meta.url), "utf8"));
const row = "{ id number status severity description reportedAt vehicle { name plate facility { name } } driver { name } photos { id url } }";
const list = `query List($first: Int) { reports(first: $first) ${row} }`;
const byId = "query ById($id: ID!) { report(id: $id) { id number status vehicle { name facility { name } } } }";
const introspect = readFileSync(new URL("../fuzz/corpus/graphql_document/introspect", import.meta.url), "utf8");

const reports = Array.from({ length: 1000 }, (_, i) => ({
  id: `0190b4d5-0000-7000-8000-${String(i).padStart(12, "0")}`, number: String(1000 + i), status: ["REPORTED", "ASSESSED", "APPROVED"][i % 3],
  severity: [null, "MINOR", "MAJOR"][i % 3], description: "Scraped the rear left door in the depot while turning; paint is off, no dent.",
  reportedAt: new Date(1772357400000 + i * 60000).toISOString(),
  vehicle: { name: "VAN-01", plate: "AB-CD 1000", facility: { name: "Depot 1" } }, driver: i % 5 ? { name: "Driver 1" } : null,
  photos: [1, 2].map((k) => ({ id: k, url: `/photos/${i}/${k}/view` })),
}));
const root = { reports: ({ first }) => reports.slice(0, first), report: () => reports[7] };

function measure(what, fn) {
  const rounds = [];
  let n = 1;
  for (const begin = performance.now(); performance.now() - begin < 300; n++) fn();
  for (let i = 0; i < 7; i++) {
    const begin = process.cpuUsage();
    for (let k = 0; k < n; k++) fn();
    const used = process.cpuUsage(begin);
    rounds.push((used.user + used.system) / n);
  }
  console.log(`${what.padEnd(44)} ${rounds.sort((a, b) => a - b)[3].toFixed(2).padStart(10)} us`);
}
const prepare = (query) => () => { const d = parse(query); if (validate(schema, d).length) throw new Error("invalid"); };
const run = (query, variableValues) => {
  const document = parse(query);
  return () => JSON.stringify(execute({ schema, document, rootValue: root, variableValues }));
};
measure("parse, validate: list", prepare(list));
measure("parse, validate: by id", prepare(byId));
measure("parse, validate: introspection", prepare(introspect));
measure("parsed: { __typename }", run("{ __typename }"));
measure("parsed: by id, one variable", run(byId, { id: "7" }));
measure("parsed: introspection of this schema", run(introspect));
measure("parsed: list of 1", run(list, { first: 1 }));
measure("parsed: list of 50", run(list, { first: 50 }));
measure("parsed: list of 1000", run(list, { first: 1000 }));
