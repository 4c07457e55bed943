// What the hand-written peers share: the part of our schema that the bench asks for, and its SQL. Written as their authors
// advise: prepared statements, one query a batch of keys, only the columns that are asked for.
import pg from "pg";

export const typeDefs = `
  type Query { damageReport(id: ID!): DamageReport damageReports(first: Int = 20): DamageReportConnection! }
  type DamageReportConnection { nodes: [DamageReport!]! }
  type DamageReport {
    id: ID! number: String! status: Status! severity: Severity damageType: DamageType priority: Int! description: String!
    reportedAt: String! incidentAt: String! updatedAt: String! version: Int! vehicle: Vehicle! driver: Driver photos: [Photo!]!
  }
  type Vehicle { id: ID! name: String! plate: String vin: String! make: String! model: String! year: Int! facility: Facility }
  type Facility { id: ID! name: String! }
  type Driver { id: ID! name: String! }
  type Photo { id: ID! sha256: String! mediaType: String! sizeBytes: String! width: Int! height: Int! }
  enum Status { REPORTED ASSESSED APPROVED IN_REPAIR COMPLETED REJECTED }
  enum Severity { COSMETIC MINOR MODERATE MAJOR CRITICAL TOTAL_LOSS }
  enum DamageType { COLLISION VANDALISM WEATHER WEAR_TEAR MECHANICAL GLASS TIRE INTERIOR THEFT FIRE FLOOD OTHER }`;

pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => `${text.slice(0, 10)}T${text.slice(11, -3)}Z`);

const pool = new pg.Pool({ host: process.env.PGHOST, database: "fleet", user: "fleet_bench", max: 10 });

const columns = `id, number, status, severity, damage_type AS "damageType", priority, description, reported_at AS "reportedAt",
  incident_at AS "incidentAt", updated_at AS "updatedAt", version, vehicle_id AS "vehicleId", driver_id AS "driverId"`;
const newest = { name: "newest", text: `SELECT ${columns} FROM bench.reports ORDER BY id DESC LIMIT $1` };
const one = { name: "one", text: `SELECT ${columns} FROM bench.reports WHERE id = $1` };
const vehicles = { name: "vehicles", text: `SELECT id, name, plate, vin, make, model, year, facility_id AS "facilityId" FROM bench.vehicles WHERE id = ANY($1)` };
const drivers = { name: "drivers", text: "SELECT id, name FROM bench.drivers WHERE id = ANY($1)" };
const facilities = { name: "facilities", text: "SELECT id, name FROM bench.facilities WHERE id = ANY($1)" };
const photos = {
  name: "photos",
  text: `SELECT report_id AS "reportId", id, sha256, media_type AS "mediaType", size_bytes AS "sizeBytes", width, height FROM bench.photos
    WHERE report_id = ANY($1) AND report_id >= $2 AND report_id <= $3 ORDER BY report_id, id`,
};

const rows = async (query, values) => (await pool.query({ ...query, values })).rows;

export const reportsNewest = (first) => rows(newest, [first]);
export const reportById = async (id) => (await rows(one, [id]))[0];

// The rows of distinct keys, one for each key given.
async function byIds(query, ids) {
  const found = new Map();
  for (const row of await rows(query, [[...new Set(ids.filter((id) => id !== null))]])) found.set(row.id, row);
  return ids.map((id) => found.get(id) ?? null);
}
export const vehiclesByIds = (ids) => byIds(vehicles, ids);
export const driversByIds = (ids) => byIds(drivers, ids);
export const facilitiesByIds = (ids) => byIds(facilities, ids);

export async function photosByReports(ids) {
  const lists = new Map(ids.map((id) => [id, []]));
  let low = ids[0], high = ids[0];
  for (const id of ids) {
    if (id < low) low = id;
    if (id > high) high = id;
  }
  for (const photo of await rows(photos, [ids, low, high])) lists.get(photo.reportId).push(photo);
  return ids.map((id) => lists.get(id));
}

// Says where it listens; the bench waits for that line.
export const ready = (port) => console.log(JSON.stringify({ port }));
