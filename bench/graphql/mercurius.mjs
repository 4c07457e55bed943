// Mercurius on Fastify, with its JIT from the first request on and a loader for each reference.
import Fastify from "fastify";
import mercurius from "mercurius";
import * as data from "./peer.mjs";

const app = Fastify();
const of = (key, load) => ({ loader: (queries) => load(queries.map(({ obj }) => obj[key])), opts: { cache: false } });

await app.register(mercurius, {
  schema: data.typeDefs,
  jit: 1,
  resolvers: {
    Query: {
      damageReport: (_, { id }) => data.reportById(id),
      damageReports: async (_, { first }) => ({ nodes: await data.reportsNewest(first) }),
    },
  },
  loaders: {
    DamageReport: {
      vehicle: of("vehicleId", data.vehiclesByIds),
      driver: of("driverId", data.driversByIds),
      photos: of("id", data.photosByReports),
    },
    Vehicle: { facility: of("facilityId", data.facilitiesByIds) },
  },
});
await app.listen({ port: 0, host: "127.0.0.1" });
data.ready(app.server.address().port);
