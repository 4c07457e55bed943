// PostGraphile with its recommended preset over the same views; it writes its own SQL.
import { createServer } from "node:http";
// It is written for Node 22; this is all that it misses in 20.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
};
const { postgraphile } = await import("postgraphile");
const { PostGraphileAmberPreset } = await import("postgraphile/presets/amber");
const { makePgService } = await import("postgraphile/adaptors/pg");
const { grafserv } = await import("postgraphile/grafserv/node");
const { ready } = await import("./peer.mjs");

const connectionString = `socket:${process.env.PGHOST}?db=fleet&user=fleet_bench`;
const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString, schemas: ["bench"], poolConfig: { max: 10 } })],
  schema: { defaultBehavior: "+list" },
  grafserv: { watch: false, graphqlPath: "/graphql", graphiql: false },
  grafast: { explain: false },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(0, "127.0.0.1", () => ready(server.address().port));
