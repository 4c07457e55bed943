-- When a repair does not pay: rules by company and jurisdiction, where a vehicle is at home, and what it was worth when.
SET LOCAL search_path = fleet, public;

-- ISO 3166: a country, or a part of one, as in DE or US-TX. A vehicle's own counts before that of its depot.
ALTER TABLE facilities ADD COLUMN jurisdiction text CONSTRAINT facilities_jurisdiction CHECK (jurisdiction ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$');
ALTER TABLE vehicles ADD COLUMN jurisdiction text CONSTRAINT vehicles_jurisdiction CHECK (jurisdiction ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$');

-- kind 1: a total loss from this share of the value on. kind 2: when repair and salvage together reach the value, salvage being this
-- share of it. In hundredths of a percent. jurisdiction '' is the company's own rule where no other fits.
CREATE TABLE total_loss_rules (
  tenant_id int NOT NULL REFERENCES tenants(id), jurisdiction text NOT NULL CHECK (jurisdiction ~ '^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$'),
  kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 2), rate int NOT NULL CHECK (rate BETWEEN 0 AND 20000),
  PRIMARY KEY (tenant_id, jurisdiction));

-- What a vehicle was worth until a moment; what it is worth since the last of them stands in vehicles.value.
CREATE TABLE vehicle_values (
  tenant_id int NOT NULL, vehicle_id int NOT NULL, until timestamptz NOT NULL, value bigint NOT NULL CHECK (value >= 0),
  PRIMARY KEY (tenant_id, vehicle_id, until), FOREIGN KEY (tenant_id, vehicle_id) REFERENCES vehicles(tenant_id, id));
CREATE FUNCTION vehicle_value_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = fleet, public AS $$ BEGIN
  INSERT INTO vehicle_values VALUES (OLD.tenant_id, OLD.id, clock_timestamp(), OLD.value) ON CONFLICT DO NOTHING;
  RETURN NULL; END $$;
CREATE TRIGGER vehicles_value AFTER UPDATE OF value ON vehicles FOR EACH ROW
  WHEN (OLD.value IS NOT NULL AND OLD.value IS DISTINCT FROM NEW.value) EXECUTE FUNCTION vehicle_value_keep();

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['total_loss_rules', 'vehicle_values'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rw ON %I TO fleet_app, fleet_worker USING (tenant_id = (SELECT current_tenant())) WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON total_loss_rules TO fleet_app;
GRANT SELECT, INSERT ON vehicle_values TO fleet_app, fleet_worker;
GRANT SELECT ON total_loss_rules TO fleet_worker;
