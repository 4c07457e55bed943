/* Companies beyond the two of the demo: one city each, so that a map of all of them covers a continent. */
#include <math.h>

#include "seed/seed_int.h"

typedef struct city {
	const char *name;
	double latitude, longitude;
	bool german;
} city;

static const city CITIES[] = {
	{ "Utrecht", 52.0907, 5.1214 },
	{ "Amsterdam", 52.3702, 4.8952 },
	{ "Eindhoven", 51.4416, 5.4697 },
	{ "Groningen", 53.2194, 6.5665 },
	{ "Antwerpen", 51.2194, 4.4025 },
	{ "Gent", 51.0543, 3.7174 },
	{ "Liège", 50.6326, 5.5797 },
	{ "Lille", 50.6292, 3.0573 },
	{ "Paris", 48.8566, 2.3522 },
	{ "Lyon", 45.7640, 4.8357 },
	{ "Strasbourg", 48.5734, 7.7521 },
	{ "Toulouse", 43.6047, 1.4442 },
	{ "Berlin", 52.5200, 13.4050, true },
	{ "Köln", 50.9375, 6.9603, true },
	{ "Bremen", 53.0793, 8.8017, true },
	{ "Leipzig", 51.3397, 12.3731, true },
	{ "Stuttgart", 48.7758, 9.1829, true },
	{ "München", 48.1351, 11.5820, true },
	{ "Wien", 48.2082, 16.3738, true },
	{ "Zürich", 47.3769, 8.5417, true },
	{ "Milano", 45.4642, 9.1900 },
	{ "Torino", 45.0703, 7.6869 },
	{ "Barcelona", 41.3874, 2.1686 },
	{ "Madrid", 40.4168, -3.7038 },
	{ "Porto", 41.1579, -8.6291 },
	{ "Aarhus", 56.1629, 10.2039 },
	{ "Malmö", 55.6050, 13.0038 },
	{ "Göteborg", 57.7089, 11.9746 },
	{ "Poznań", 52.4064, 16.9252 },
	{ "Praha", 50.0755, 14.4378 },
};

static const char *const TRADES[] = { "Couriers", "Logistics", "Home Care", "Parts", "Bakeries", "Cleaning", "Electric",
	"Rentals", "Fresh", "Parcel" };

/* Where things happen around a city; the first three are its depots. Kilometres north and east of the centre. */
static const struct spot {
	const char *name, *street;
	double north, east;
} SPOTS[] = {
	{ "at the depot in the north of %s", "Industrial Estate North", 6.5, 1.2 },
	{ "at the depot by the station of %s", "Station Square", 0.9, -0.8 },
	{ "at the depot on the ring road of %s", "Ring Road 12", -5.8, 3.9 },
	{ "in the centre of %s", "Market Square", 0.1, 0.2 },
	{ "at the wholesale market of %s", "Market Hall Street", -3.1, 4.4 },
	{ "on the motorway near %s", "Motorway Junction South", -9.2, -2.5 },
	{ "at the hospital of %s", "Hospital Street", 2.6, 2.9 },
	{ "in a suburb of %s", "Garden Street", 4.2, -6.1 },
	{ "at a customer's yard outside %s", "Mill Lane", 11.0, 7.5 },
	{ "at the freight terminal of %s", "Terminal Road", -7.4, -8.0 },
	{ "in a car park in %s", "Theatre Street", -0.7, 1.1 },
	{ "at a building site in %s", "New Street", 1.8, -3.2 },
};

static bool place_of(const city *at, const struct spot *s, fl_arena *mem, fl_place *out)
{
	fl_str before, after = {}, name;

	before = fl_str_cut(fl_str_z(s->name), '%', &after);
	name = fl_str_fmt(mem, "%" FL_FMT "%s%" FL_FMT, FL_ARG(before), at->name, FL_ARG(fl_str_slice(after, 1, after.len)));
	*out = (fl_place) { .name = fl_str_cstr(mem, name),
		.address = fl_str_cstr(mem, fl_str_fmt(mem, "%s, %s", s->street, at->name)),
		.latitude = at->latitude + s->north / 111.2,
		.longitude = at->longitude + s->east / (111.2 * cos(at->latitude * M_PI / 180)) };
	return out->name && out->address;
}

fl_err fl_company_of_city(int index, int vehicles, fl_arena *mem, fl_company *out)
{
	const city *at = &CITIES[index % (int)FL_COUNT(CITIES)];
	fl_place *places = fl_new_array(mem, fl_place, FL_COUNT(SPOTS));
	int vans = (vehicles * 5 + 8) / 9, trucks = vehicles / 6;

	if (!places)
		return FL_NOMEM;
	for (size_t i = 0; i < FL_COUNT(SPOTS); i++)
		if (!place_of(at, &SPOTS[i], mem, &places[i]))
			return FL_NOMEM;
	*out = (fl_company) { .slug = fl_str_cstr(mem, fl_str_fmt(mem, "company-%d", index + 1)),
		.name = fl_str_cstr(
			mem, fl_str_fmt(mem, "%s %s %d", at->name, TRADES[index / 7 % (int)FL_COUNT(TRADES)], index + 1)),
		.depots = places,
		.depot_count = FL_SEED_DEPOTS,
		.places = places,
		.place_count = (int)FL_COUNT(SPOTS),
		.vans = vans,
		.trucks = trucks,
		.cars = FL_MAX(vehicles - vans - trucks, 0),
		.drivers = vehicles * 2 / 3 + 1,
		.german = at->german,
		.manager_only = true };
	return out->slug && out->name ? FL_OK : FL_NOMEM;
}
