-- As before, planned for their values: a function in SQL is planned without them, and then reads a year of claim numbers instead
-- of the trigrams' index. 350 ms before, 65 after, with 150,000 reports.
SET LOCAL search_path = fleet, public;

CREATE OR REPLACE FUNCTION vehicles_like(needle text, lim int) RETURNS TABLE (id int, closeness real) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = fleet, public SET pg_trgm.word_similarity_threshold = 0.55 SET plan_cache_mode = force_custom_plan AS $$
DECLARE short text := compact(needle); BEGIN
  IF length(short) < 3 THEN RETURN; END IF;
  RETURN QUERY SELECT v.id, CASE WHEN v.search_key LIKE '%' || short || '%' THEN 1 ELSE word_similarity(short, v.search_key) END::real
    FROM vehicles v WHERE v.tenant_id = current_tenant() AND (v.search_key LIKE '%' || short || '%' OR short <% v.search_key) ORDER BY 2 DESC, 1 LIMIT lim;
END $$;
CREATE OR REPLACE FUNCTION claims_like(needle text, low uuid, high uuid, lim int) RETURNS TABLE (id uuid, closeness real) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = fleet, public SET pg_trgm.word_similarity_threshold = 0.6 SET plan_cache_mode = force_custom_plan AS $$ BEGIN
  -- A claim number has a digit; %, _ and \ would be patterns.
  IF length(needle) < 3 OR needle !~ '[0-9]' OR needle ~ '[%_\\]' THEN RETURN; END IF;
  RETURN QUERY SELECT s.report_id, CASE WHEN s.claim_no ILIKE '%' || needle || '%' THEN 1 ELSE word_similarity(needle, s.claim_no) END::real
    FROM report_search s WHERE s.tenant_id = current_tenant() AND s.report_id >= low AND s.report_id < high
      AND (s.claim_no ILIKE '%' || needle || '%' OR needle <% s.claim_no) ORDER BY 2 DESC, 1 DESC LIMIT lim;
END $$;
