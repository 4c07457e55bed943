-- What a person signed: erasure_duties asks for the last three months of it, and a large company signs much.
CREATE INDEX inspection_signatures_user ON fleet.inspection_signatures (tenant_id, user_id, inspection_id DESC); -- erasure_duties
