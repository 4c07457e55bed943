-- What the peers read: the same rows of the same tables, through views of one company. The views belong to the owner of
-- the tables, so the peers are spared row security, which our server pays for; codes and hashes are text here already.
-- A fresh company has no photos: each report of the months that have partitions gets two.
SET search_path = fleet, public;
SELECT platform.ensure_partitions(date_trunc('year', now())::date, now()::date, '{damage_photos}');
INSERT INTO damage_photos (tenant_id, report_id, id, sha256, media_type, bytes, width, height, taken_at, sharpness, brightness)
SELECT r.tenant_id, r.id, n, sha256((r.id::text || n)::bytea), 'image/jpeg', 2000000 + (r.report_number * 7919 + n) % 3000000, 4032, 3024,
       r.reported_at, 0.8, 0.5
FROM damage_reports r, generate_series(1, 2) n WHERE r.id >= uuid7_floor(date_trunc('year', now()));

CREATE SCHEMA bench;
CREATE VIEW bench.facilities AS SELECT id, name FROM facilities WHERE tenant_id = 1;
CREATE VIEW bench.drivers AS SELECT id, name FROM drivers WHERE tenant_id = 1;
CREATE VIEW bench.vehicles AS SELECT id, name, plate, vin, make, model, year, facility_id FROM vehicles WHERE tenant_id = 1;
CREATE VIEW bench.photos AS
SELECT report_id, id, encode(sha256, 'hex') AS sha256, media_type, bytes AS size_bytes, width, height FROM damage_photos WHERE tenant_id = 1;
CREATE VIEW bench.reports AS
SELECT id, report_number AS number, (ARRAY['REPORTED', 'ASSESSED', 'APPROVED', 'IN_REPAIR', 'COMPLETED', 'REJECTED'])[status] AS status,
       (ARRAY['COSMETIC', 'MINOR', 'MODERATE', 'MAJOR', 'CRITICAL', 'TOTAL_LOSS'])[severity] AS severity,
       (ARRAY['COLLISION', 'VANDALISM', 'WEATHER', 'WEAR_TEAR', 'MECHANICAL', 'GLASS', 'TIRE', 'INTERIOR', 'THEFT', 'FIRE', 'FLOOD', 'OTHER'])[damage_type]
         AS damage_type,
       priority, description, reported_at, incident_at, updated_at, version, vehicle_id, driver_id
FROM damage_reports WHERE tenant_id = 1;

-- Views have no keys; these say which there are.
COMMENT ON VIEW bench.facilities IS '@primaryKey id';
COMMENT ON VIEW bench.drivers IS '@primaryKey id';
COMMENT ON VIEW bench.vehicles IS E'@primaryKey id\n@foreignKey (facility_id) references bench.facilities (id)|@fieldName facility';
COMMENT ON VIEW bench.photos IS
  E'@primaryKey report_id,id\n@foreignKey (report_id) references bench.reports (id)|@foreignSimpleFieldName photos|@foreignFieldName photosConnection';
COMMENT ON VIEW bench.reports IS E'@primaryKey id\n@foreignKey (vehicle_id) references bench.vehicles (id)|@fieldName vehicle\n'
  '@foreignKey (driver_id) references bench.drivers (id)|@fieldName driver';

CREATE ROLE fleet_bench LOGIN;
GRANT USAGE ON SCHEMA bench TO fleet_bench;
GRANT SELECT ON ALL TABLES IN SCHEMA bench TO fleet_bench;
-- The settings that our own connections have.
ALTER ROLE fleet_bench SET jit = off;
ALTER ROLE fleet_bench SET max_parallel_workers_per_gather = 0;
ALTER ROLE fleet_bench SET constraint_exclusion = off;
ALTER ROLE fleet_bench SET timezone = 'UTC';
ALTER ROLE fleet_bench SET plan_cache_mode = force_generic_plan;
VACUUM ANALYZE damage_photos, damage_reports, vehicles, drivers, facilities;
