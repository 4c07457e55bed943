/* The words of the domain as text. */
#include "vision/vision.h"

#define NAME(name, code) [code] = FL_STR_INIT(#name),

static fl_str name_at(const fl_str *names, size_t count, int code)
{
	return code > 0 && (size_t)code < count ? names[code] : (fl_str){ "", 0 };
}

fl_str fl_severity_name(fl_severity severity)
{
	static const fl_str names[] = { FL_SEVERITIES(NAME) };
	return name_at(names, FL_COUNT(names), (int)severity);
}

fl_str fl_damage_type_name(fl_damage_type type)
{
	static const fl_str names[] = { FL_DAMAGE_TYPES(NAME) };
	return name_at(names, FL_COUNT(names), (int)type);
}

fl_str fl_vehicle_part_name(fl_vehicle_part part)
{
	static const fl_str names[] = { FL_PARTS(NAME) };
	return name_at(names, FL_COUNT(names), (int)part);
}

fl_str fl_fraud_kind_name(fl_fraud_kind kind)
{
	static const fl_str names[] = { FL_FRAUD_KINDS(NAME) };
	return name_at(names, FL_COUNT(names), (int)kind);
}

fl_str fl_photo_media_type(fl_photo_format format)
{
	static const fl_str types[] = { [FL_PHOTO_JPEG] = FL_STR_INIT("image/jpeg"), [FL_PHOTO_PNG] = FL_STR_INIT("image/png"),
		[FL_PHOTO_WEBP] = FL_STR_INIT("image/webp"), [FL_PHOTO_HEIC] = FL_STR_INIT("image/heic") };
	return name_at(types, FL_COUNT(types), (int)format);
}

fl_str fl_photo_extension(fl_photo_format format)
{
	static const fl_str extensions[] = { [FL_PHOTO_JPEG] = FL_STR_INIT(".jpg"), [FL_PHOTO_PNG] = FL_STR_INIT(".png"),
		[FL_PHOTO_WEBP] = FL_STR_INIT(".webp"), [FL_PHOTO_HEIC] = FL_STR_INIT(".heic") };
	return name_at(extensions, FL_COUNT(extensions), (int)format);
}
