// Apollo Server, standalone, with a DataLoader for each reference, as its documentation shows.
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import DataLoader from "dataloader";
import * as data from "./peer.mjs";

const server = new ApolloServer({
  typeDefs: data.typeDefs,
  introspection: false,
  resolvers: {
    Query: {
      damageReport: (_, { id }) => data.reportById(id),
      damageReports: async (_, { first }) => ({ nodes: await data.reportsNewest(first) }),
    },
    DamageReport: {
      vehicle: (report, _, { vehicles }) => vehicles.load(report.vehicleId),
      driver: (report, _, { drivers }) => (report.driverId === null ? null : drivers.load(report.driverId)),
      photos: (report, _, { photos }) => photos.load(report.id),
    },
    Vehicle: { facility: (vehicle, _, { facilities }) => (vehicle.facilityId === null ? null : facilities.load(vehicle.facilityId)) },
  },
});
const { url } = await startStandaloneServer(server, {
  listen: { port: 0, host: "127.0.0.1" },
  context: async () => ({
    vehicles: new DataLoader(data.vehiclesByIds),
    drivers: new DataLoader(data.driversByIds),
    facilities: new DataLoader(data.facilitiesByIds),
    photos: new DataLoader(data.photosByReports),
  }),
});
data.ready(Number(new URL(url).port));
