/* Questions about a request. */
#include "http/server_int.h"

fl_str fl_request_header(const fl_request *req, fl_str name)
{
	for (size_t i = 0; i < req->header_count; i++) {
		if (req->headers[i].name.len == name.len && fl_str_eq_nocase(req->headers[i].name, name))
			return req->headers[i].value;
	}
	return (fl_str){ 0 };
}

bool fl_form_get(fl_arena *mem, fl_str form, fl_str name, fl_str *out)
{
	while (form.len > 0) {
		fl_str value, pair = fl_str_cut(form, '&', &form), key = fl_str_cut(pair, '=', &value), decoded;

		if (fl_url_decode(mem, key, true, &decoded) && fl_str_eq(decoded, name))
			return fl_url_decode(mem, value, true, out);
	}
	return false;
}

bool fl_request_query(fl_arena *mem, const fl_request *req, fl_str name, fl_str *out)
{
	return fl_form_get(mem, req->query, name, out);
}

/* RFC 6265 5.4: one Cookie line, "a=1; b=2"; several lines come from HTTP/2 proxies. */
bool fl_request_cookie(const fl_request *req, fl_str name, fl_str *out)
{
	for (size_t i = 0; i < req->header_count; i++) {
		fl_str rest = req->headers[i].value;

		if (!fl_str_eq(req->headers[i].name, FL_STR("cookie")))
			continue;
		while (rest.len > 0) {
			fl_str value, pair = fl_str_trim(fl_str_cut(rest, ';', &rest));

			if (!fl_str_eq(fl_str_trim(fl_str_cut(pair, '=', &value)), name))
				continue;
			value = fl_str_trim(value);
			if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
				value = fl_str_slice(value, 1, value.len - 1);
			*out = value;
			return true;
		}
	}
	return false;
}

fl_str fl_request_media_type(const fl_request *req)
{
	fl_str rest;

	return fl_str_trim(fl_str_cut(fl_request_header(req, FL_STR("content-type")), ';', &rest));
}

int fl_request_names(const fl_request *req, fl_str media_type)
{
	return fl_weight_of(fl_request_header(req, FL_STR("accept")), media_type);
}

bool fl_request_has_copy(const fl_request *req, fl_str etag)
{
	return fl_etag_listed(fl_request_header(req, FL_STR("if-none-match")), etag);
}

bool fl_request_accepts(const fl_request *req, fl_str media_type)
{
	fl_str accept = fl_request_header(req, FL_STR("accept")), rest, type = fl_str_cut(media_type, '/', &rest);
	char wide[64];
	int q;

	if (accept.ptr == NULL)
		return true;
	q = fl_weight_of(accept, media_type);
	if (q < 0 && type.len + 2 < sizeof(wide)) {
		memcpy(wide, type.ptr, type.len);
		memcpy(wide + type.len, "/*", 2);
		q = fl_weight_of(accept, fl_str_make(wide, type.len + 2));
	}
	if (q < 0)
		q = fl_weight_of(accept, FL_STR("*/*"));
	return q > 0;
}
