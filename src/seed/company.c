/* The companies: depots, vehicles, drivers, log-ins. */
#include <stdio.h>
#include <stdlib.h>

#include "seed/seed_int.h"

static const fl_place ROTTERDAM_DEPOTS[] = {
	{ "Rotterdam Waalhaven", "Waalhaven Zuidzijde 18, 3088 HH Rotterdam", 51.8829, 4.4391 },
	{ "Delft Schieoevers", "Rotterdamseweg 386, 2629 HG Delft", 51.9874, 4.3829 },
	{ "Dordrecht Dordtse Kil", "Kilkade 41, 3316 BC Dordrecht", 51.7787, 4.6265 },
};

static const fl_place ROTTERDAM_PLACES[] = {
	{ "at the Waalhaven depot", "Waalhaven Zuidzijde 18, Rotterdam", 51.8829, 4.4391 },
	{ "at the Delft depot", "Rotterdamseweg 386, Delft", 51.9874, 4.3829 },
	{ "at the Dordrecht depot", "Kilkade 41, Dordrecht", 51.7787, 4.6265 },
	{ "on the Maashaven quay", "Maashaven Oostzijde, Rotterdam", 51.8972, 4.4937 },
	{ "near Rotterdam Centraal", "Conradstraat, Rotterdam", 51.9252, 4.4687 },
	{ "in the Alexandrium car park", "Watermanweg, Rotterdam", 51.9518, 4.5525 },
	{ "at the Spaanse Polder yard", "Industrieweg, Rotterdam", 51.9296, 4.4226 },
	{ "on the Coolsingel", "Coolsingel, Rotterdam", 51.9208, 4.4796 },
	{ "in Kralingen", "Oudedijk, Rotterdam", 51.9244, 4.5083 },
	{ "at the Zuidplein loading bay", "Zuidplein, Rotterdam", 51.8867, 4.4885 },
	{ "on the Vondelingenplaat", "Vondelingenweg, Vondelingenplaat", 51.8836, 4.3538 },
	{ "in Schiedam, behind the station", "Stationsplein, Schiedam", 51.9213, 4.4087 },
	{ "in the centre of Vlaardingen", "Westhavenplaats, Vlaardingen", 51.9065, 4.3417 },
	{ "in Spijkenisse", "Stadhuispassage, Spijkenisse", 51.8459, 4.3290 },
	{ "on the Markt in Delft", "Markt, Delft", 52.0116, 4.3591 },
	{ "on the campus in Delft", "Mekelweg, Delft", 52.0006, 4.3720 },
	{ "in Zoetermeer", "Europaweg, Zoetermeer", 52.0605, 4.4946 },
	{ "at Den Haag Binckhorst", "Binckhorstlaan, Den Haag", 52.0716, 4.3350 },
	{ "in Rijswijk, at a customer's yard", "Volmerlaan, Rijswijk", 52.0405, 4.3260 },
	{ "in Gouda, by the canal", "Turfsingel, Gouda", 52.0079, 4.7064 },
	{ "in Capelle aan den IJssel", "Rivium Boulevard, Capelle aan den IJssel", 51.9138, 4.5467 },
	{ "in the Drechtsteden", "Laan der Verenigde Naties, Dordrecht", 51.7979, 4.6677 },
	{ "on the harbour in Zwijndrecht", "Maasboulevard, Zwijndrecht", 51.8167, 4.6492 },
	{ "in Papendrecht", "Veerweg, Papendrecht", 51.8266, 4.6889 },
	{ "at the Barendrecht auction halls", "Dierensteinweg, Barendrecht", 51.8538, 4.5115 },
	{ "at the Maasvlakte gate", "Europaweg, Maasvlakte", 51.9527, 4.0267 },
	{ "at the service area on the A16", "Rijksweg A16, Hendrik-Ido-Ambacht", 51.8437, 4.6083 },
	{ "on the A20 near the Terbregseplein", "Rijksweg A20, Rotterdam", 51.9520, 4.5160 },
};

static const fl_place HAMBURG_DEPOTS[] = {
	{ "Hamburg Billbrook", "Liebigstraße 60, 22113 Hamburg", 53.5313, 10.0892 },
	{ "Hamburg Harburg", "Schellerdamm 16, 21079 Hamburg", 53.4651, 9.9836 },
};

static const fl_place HAMBURG_PLACES[] = {
	{ "at the Billbrook depot", "Liebigstraße 60, Hamburg", 53.5313, 10.0892 },
	{ "at the Harburg depot", "Schellerdamm 16, Hamburg", 53.4651, 9.9836 },
	{ "in the Speicherstadt", "Am Sandtorkai, Hamburg", 53.5433, 9.9926 },
	{ "in Altona", "Große Bergstraße, Hamburg", 53.5506, 9.9398 },
	{ "at the fish market", "Große Elbstraße, Hamburg", 53.5447, 9.9518 },
	{ "in Barmbek", "Fuhlsbüttler Straße, Hamburg", 53.5891, 10.0446 },
	{ "in Wandsbek, outside a customer", "Wandsbeker Marktstraße, Hamburg", 53.5718, 10.0692 },
	{ "at the container terminal gate", "Finkenwerder Straße, Hamburg", 53.5139, 9.9106 },
	{ "in Norderstedt", "Ulzburger Straße, Norderstedt", 53.6867, 9.9966 },
};

fl_company fl_company_demo(int vans)
{
	return (fl_company){ .slug = "demo", .name = "Maas & Rijn Service", .depots = ROTTERDAM_DEPOTS, .depot_count = FL_COUNT(ROTTERDAM_DEPOTS),
		.places = ROTTERDAM_PLACES, .place_count = FL_COUNT(ROTTERDAM_PLACES), .vans = vans, .trucks = vans * 3 / 10, .cars = vans / 2,
		.drivers = vans + vans / 5 };
}

fl_company fl_company_other(int vans)
{
	return (fl_company){ .slug = "other", .name = "Nordlicht Kurier", .depots = HAMBURG_DEPOTS, .depot_count = FL_COUNT(HAMBURG_DEPOTS),
		.places = HAMBURG_PLACES, .place_count = FL_COUNT(HAMBURG_PLACES), .vans = vans,
		.trucks = vans / 6, .cars = vans * 2 / 7, .drivers = vans + 2, .german = true, .manager_only = true };
}

/* ---- Vehicles ---- */

typedef struct model {
	int kind;
	const char *make, *model;
	const char *wmi, *vds; /* first three and next five characters of the VIN */
	int price;             /* new, in euros */
	int weight;
} model;

static const model MODELS[] = {
	{ 2, "Ford", "Transit", "WF0", "EXXTT", 38000, 9 },
	{ 2, "Ford", "Transit Custom", "WF0", "YXXTT", 33000, 8 },
	{ 2, "Mercedes-Benz", "Sprinter", "W1V", "90764", 45000, 7 },
	{ 2, "Mercedes-Benz", "Vito", "W1V", "44760", 36000, 5 },
	{ 2, "Volkswagen", "Crafter", "WV1", "ZZZSY", 43000, 6 },
	{ 2, "Volkswagen", "Transporter", "WV1", "ZZZ7H", 37000, 6 },
	{ 2, "Renault", "Master", "VF1", "MA000", 36000, 5 },
	{ 2, "Opel", "Vivaro", "W0V", "VFEHZ", 31000, 4 },
	{ 2, "Peugeot", "Boxer", "VF3", "YDTMF", 34000, 3 },
	{ 2, "Iveco", "Daily", "ZCF", "C135A", 42000, 3 },
	{ 2, "Volkswagen", "ID. Buzz Cargo", "WV1", "ZZZEB", 52000, 2 },
	{ 3, "DAF", "LF 290", "XLR", "AE55G", 92000, 5 },
	{ 3, "DAF", "XF 480", "XLR", "TEH43", 128000, 4 },
	{ 3, "Volvo", "FL", "YV2", "T0Y1A", 96000, 3 },
	{ 3, "MAN", "TGL 12.220", "WMA", "N38ZZ", 88000, 3 },
	{ 3, "Scania", "P 280", "YS2", "P4X20", 112000, 2 },
	{ 1, "Volkswagen", "Golf", "WVW", "ZZZCD", 29000, 5 },
	{ 1, "Toyota", "Corolla Touring Sports", "SB1", "Z53BE", 31000, 4 },
	{ 1, "Skoda", "Octavia Combi", "TMB", "JJ7NX", 30000, 4 },
	{ 1, "Renault", "Clio", "VF1", "RJA00", 20000, 3 },
	{ 1, "Kia", "Niro EV", "KNA", "CC81J", 38000, 3 },
	{ 1, "Tesla", "Model 3", "LRW", "3E7EK", 42000, 2 },
	{ 1, "Volvo", "V60", "YV1", "ZW25D", 43000, 2 },
};

char fl_vin_check_digit(const char vin[17])
{
	static const int WEIGHTS[17] = { 8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2 };
	static const char VALUES[] = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ"; /* place modulo 10 is the value */
	int sum = 0;

	for (int i = 0; i < 17; i++) {
		const char *at = strchr(VALUES, vin[i]);
		sum += WEIGHTS[i] * (at ? (int)(at - VALUES) % 10 : 0);
	}
	return sum % 11 == 10 ? 'X' : (char)('0' + sum % 11);
}

static void make_vin(fl_dice *d, const model *m, int year, char out[18])
{
	static const char YEARS[] = "ABCDEFGHJKLMNPRSTVWXY123456789"; /* 1980 or 2010 is A */

	snprintf(out, 18, "%s%s0%cR%06d", m->wmi, m->vds, YEARS[(year - 1980) % 30], 100000 + fl_dice_below(d, 900000));
	out[8] = fl_vin_check_digit(out);
}

static char letter(fl_dice *d)
{
	return "BDFGHJKLNPRSTVXZ"[fl_dice_below(d, 16)];
}

/* As on Dutch plates of these years (V for vans, B for trucks), or on Hamburg's. */
static void make_plate(fl_dice *d, int kind, bool german, char out[24])
{
	int n = 1 + fl_dice_below(d, 999);
	char a = letter(d), b = letter(d);

	if (german)
		snprintf(out, 24, "HH-%c%c %d", a, b, 100 + n);
	else if (kind == 3)
		snprintf(out, 24, "%02d-B%c%c-%d", 10 + n % 90, a, b, n % 10);
	else
		snprintf(out, 24, "%c-%03d-%c%c", kind == 2 ? 'V' : "GHJKLNPRST"[n % 10], n, a, b);
}

static const model *pick_model(fl_dice *d, int kind)
{
	int weights[FL_COUNT(MODELS)];

	for (size_t i = 0; i < FL_COUNT(MODELS); i++)
		weights[i] = MODELS[i].kind == kind ? MODELS[i].weight : 0;
	return &MODELS[fl_dice_weighted(d, weights, FL_COUNT(MODELS))];
}

/* The table of vehicles goes in as one statement of arrays; plates and VINs may collide by chance, so they are drawn again. */
typedef struct lists {
	fl_str *name, *vin, *plate, *make, *model;
	int32_t *kind, *facility, *year;
	int64_t *value;
	int count;
} lists;

static fl_err make_lists(fl_arena *mem, lists *l)
{
	enum { N = 1000 };

	l->name = fl_new_array(mem, fl_str, N);
	l->vin = fl_new_array(mem, fl_str, N);
	l->plate = fl_new_array(mem, fl_str, N);
	l->make = fl_new_array(mem, fl_str, N);
	l->model = fl_new_array(mem, fl_str, N);
	l->kind = fl_new_array(mem, int32_t, N);
	l->facility = fl_new_array(mem, int32_t, N);
	l->year = fl_new_array(mem, int32_t, N);
	l->value = fl_new_array(mem, int64_t, N);
	l->count = 0;
	return l->value ? FL_OK : FL_NOMEM;
}

static void draw_vehicle(fl_dice *d, const fl_company *c, int kind, int n, fl_arena *mem, lists *l)
{
	static const char *const PREFIX[] = { "", "CAR", "VAN", "TRUCK" };
	const model *m = pick_model(d, kind);
	int year = 2017 + fl_dice_below(d, 4) + fl_dice_below(d, 5); /* 2017 to 2024, mostly the middle */
	double left = 1.0;
	char vin[18], plate[24];
	int i = l->count++;

	for (int y = year; y < 2026; y++)
		left *= y == year ? 0.80 : 0.86;
	make_vin(d, m, year, vin);
	make_plate(d, kind, c->german, plate);
	l->name[i] = fl_str_fmt(mem, "%s-%02d", PREFIX[kind], n);
	l->vin[i] = fl_str_dup(mem, fl_str_z(vin));
	l->plate[i] = fl_str_dup(mem, fl_str_z(plate));
	l->make[i] = fl_str_z(m->make);
	l->model[i] = fl_str_z(m->model);
	l->kind[i] = kind;
	l->facility[i] = c->depot_ids[(n - 1) % c->depot_count];
	l->year[i] = year;
	l->value[i] = (int64_t)(m->price * left * (0.9 + 0.2 * fl_dice_unit(d))) * 100;
}

static const char INSERT_VEHICLES[] =
	"INSERT INTO fleet.vehicles (tenant_id, name, vin, plate, make, model, kind, facility_id, year, value)"
	" SELECT $1, v.* FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[]::smallint[], $8::int[], $9::int[]::smallint[], $10::bigint[]) v"
	" ON CONFLICT DO NOTHING"; /* the same VIN drawn twice: a vehicle less */

static fl_err insert_vehicles(fl_pg *pg, const fl_company *c, const lists *l, fl_arena *mem, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	size_t n = (size_t)l->count;

	fl_arg_i32(&args, c->tenant);
	fl_arg_texts(&args, l->name, n);
	fl_arg_texts(&args, l->vin, n);
	fl_arg_texts(&args, l->plate, n);
	fl_arg_texts(&args, l->make, n);
	fl_arg_texts(&args, l->model, n);
	fl_arg_i32s(&args, l->kind, n);
	fl_arg_i32s(&args, l->facility, n);
	fl_arg_i32s(&args, l->year, n);
	fl_arg_i64s(&args, l->value, n);
	return fl_pg_query(pg, INSERT_VEHICLES, &args, mem, NULL, diag);
}

static fl_err make_vehicles(fl_pg *pg, const fl_company *c, fl_dice *d, fl_arena *mem, fl_diag *diag)
{
	const int counts[] = { 0, c->cars, c->vans, c->trucks };
	lists l;

	FL_TRY(make_lists(mem, &l));
	for (int kind = 1; kind <= 3; kind++) {
		for (int n = 1; n <= counts[kind]; n++) {
			draw_vehicle(d, c, kind, n, mem, &l);
			if (l.count == 1000) {
				FL_TRY(insert_vehicles(pg, c, &l, mem, diag));
				l.count = 0;
			}
		}
	}
	return l.count ? insert_vehicles(pg, c, &l, mem, diag) : FL_OK;
}

/* ---- People ---- */

static const char *const FIRST[] = { "Anouk", "Bram", "Carmen", "Daan", "Elif", "Femke", "Gijs", "Hanna", "Ibrahim", "Jasmijn", "Kees", "Lotte",
	"Mehmet", "Noor", "Omar", "Petra", "Quinten", "Roos", "Sander", "Tess", "Umut", "Vera", "Wouter", "Yara", "Zoran", "Aisha", "Bart", "Chantal",
	"Dirk", "Esther", "Fatima", "Gerrit", "Hugo", "Iris", "Joris", "Karim", "Lars", "Maaike", "Niels", "Paulina" };
static const char *const LAST[] = { "de Vries", "Jansen", "Bakker", "Visser", "Smit", "Meijer", "de Boer", "Mulder", "Bos", "Vos", "Peters",
	"Hendriks", "van Leeuwen", "Dekker", "Yilmaz", "Kaya", "El Amrani", "Bouzid", "Kowalski", "Nowak", "Santos", "Silva", "van den Berg", "Willems",
	"Kuipers", "Postma", "Hoekstra", "Schouten", "Blom", "Verhoeven" };
static const char *const FIRST_DE[] = { "Jan", "Sophie", "Tim", "Lena", "Emre", "Katja", "Ole", "Miriam", "Sven", "Aylin", "Paul", "Greta", "Jonas", "Svetlana", "Kai", "Nele" };
static const char *const LAST_DE[] = { "Petersen", "Hansen", "Schröder", "Krüger", "Yıldız", "Lange", "Wolff", "Brandt", "Ivanova", "Behrens", "Friedrich", "Voß" };

static fl_err make_drivers(fl_pg *pg, const fl_company *c, fl_dice *d, fl_arena *mem, fl_diag *diag)
{
	fl_str *names = fl_new_array(mem, fl_str, 1000);
	int n = 0;

	if (!names)
		return FL_NOMEM;
	for (int i = 0; i < c->drivers; i++) {
		const char *first = c->german ? FIRST_DE[i % FL_COUNT(FIRST_DE)] : FIRST[i % FL_COUNT(FIRST)];
		const char *last = c->german ? LAST_DE[fl_dice_below(d, FL_COUNT(LAST_DE))] : LAST[fl_dice_below(d, FL_COUNT(LAST))];
		names[n++] = fl_str_fmt(mem, "%s %s", first, last);
		if (n == 1000 || i == c->drivers - 1) {
			fl_args args = fl_args_make(mem);
			fl_arg_i32(&args, c->tenant);
			fl_arg_texts(&args, names, (size_t)n);
			FL_TRY(fl_pg_query(pg, "INSERT INTO fleet.drivers (tenant_id, name) SELECT $1, n FROM unnest($2::text[]) n", &args, mem, NULL, diag));
			n = 0;
		}
	}
	return FL_OK;
}

static const char INSERT_USER[] =
	"INSERT INTO fleet.users (tenant_id, email, name, role, driver_id, password)"
	" VALUES ($1, $2, $3, $4, CASE WHEN $4 = 1 THEN (SELECT min(id) FROM fleet.drivers WHERE tenant_id = $1) END, $5)"
	" ON CONFLICT (email) DO NOTHING";

static fl_err make_user(fl_pg *pg, const fl_company *c, const char *what, const char *name, int role, const char *password, fl_arena *mem, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);

	fl_arg_i32(&args, c->tenant);
	fl_arg_text(&args, fl_str_fmt(mem, "%s@%s.example", what, c->slug));
	fl_arg_text(&args, fl_str_z(name));
	fl_arg_i16(&args, (int16_t)role);
	fl_arg_text(&args, password ? fl_str_z(password) : (fl_str){ NULL, 0 });
	return fl_pg_query(pg, INSERT_USER, &args, mem, NULL, diag);
}

static fl_err make_users(fl_pg *pg, const fl_company *c, const char *password, fl_arena *mem, fl_diag *diag)
{
	if (c->manager_only)
		return make_user(pg, c, "manager", c->german ? "Greta Petersen" : "Robin Visser", 2, password, mem, diag);
	FL_TRY(make_user(pg, c, "driver", "Anouk Bakker", 1, password, mem, diag));
	FL_TRY(make_user(pg, c, "manager", "Willem Dekker", 2, password, mem, diag));
	FL_TRY(make_user(pg, c, "auditor", "Marit Postma", 3, password, mem, diag));
	return make_user(pg, c, "admin", "Sam Verhoeven", 4, password, mem, diag);
}

/* A manager approves 10,000.00 alone, 50,000.00 with a second person. */
static fl_err make_limits(fl_pg *pg, const fl_company *c, fl_arena *mem, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);

	fl_arg_i32(&args, c->tenant);
	return fl_pg_query(pg, "INSERT INTO fleet.approval_limits (tenant_id, role, alone, together) VALUES ($1, 2, 1000000, 5000000) ON CONFLICT DO NOTHING",
		&args, mem, NULL, diag);
}

/* ---- The whole ---- */

static fl_err make_depots(fl_pg *pg, fl_company *c, fl_arena *mem, fl_diag *diag)
{
	for (int i = 0; i < c->depot_count; i++) {
		fl_args args = fl_args_make(mem);
		fl_arg_i32(&args, c->tenant);
		fl_arg_text(&args, fl_str_z(c->depots[i].name));
		fl_arg_f8(&args, c->depots[i].longitude);
		fl_arg_f8(&args, c->depots[i].latitude);
		fl_arg_text(&args, fl_str_z(c->depots[i].address));
		FL_TRY(fl_pg_query(pg, "INSERT INTO fleet.facilities (tenant_id, name, location, address)"
			" VALUES ($1, $2, public.ST_SetSRID(public.ST_MakePoint($3, $4), 4326)::public.geography, $5) ON CONFLICT DO NOTHING", &args, mem, NULL, diag));
	}
	return FL_OK;
}

static fl_err find_tenant(fl_pg *pg, fl_company *c, fl_arena *mem, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;

	fl_arg_text(&args, fl_str_z(c->slug));
	FL_TRY(fl_pg_query(pg, "SELECT id FROM fleet.tenants WHERE slug = $1", &args, mem, &rows, diag));
	if (rows->count)
		c->tenant = fl_row_i32(rows, 0, 0);
	return FL_OK;
}

static fl_err load_depots(fl_pg *pg, fl_company *c, fl_arena *mem, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;

	fl_arg_i32(&args, c->tenant);
	FL_TRY(fl_pg_query(pg, "SELECT id FROM fleet.facilities WHERE tenant_id = $1 ORDER BY id LIMIT 3", &args, mem, &rows, diag));
	if (rows->count == 0)
		return fl_fail(diag, FL_CONFLICT, "company %s has no depots", c->slug);
	c->depot_count = FL_MIN(rows->count, c->depot_count);
	for (int i = 0; i < c->depot_count; i++)
		c->depot_ids[i] = fl_row_i32(rows, i, 0);
	return FL_OK;
}

static int depot_index(const fl_company *c, int32_t id)
{
	for (int i = 0; i < c->depot_count; i++)
		if (c->depot_ids[i] == id)
			return i;
	return 0;
}

static fl_err load_vehicles(fl_pg *pg, fl_company *c, fl_arena *keep, fl_arena *mem, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;

	fl_arg_i32(&args, c->tenant);
	FL_TRY(fl_pg_query(pg, "SELECT id, kind, coalesce(facility_id, 0), coalesce(value, 2000000) FROM fleet.vehicles WHERE tenant_id = $1 ORDER BY id LIMIT 50000",
		&args, mem, &rows, diag));
	if (rows->count == 0)
		return fl_fail(diag, FL_CONFLICT, "company %s has no vehicles", c->slug);
	c->vehicles = fl_new_array(keep, fl_seed_vehicle, (size_t)rows->count);
	if (!c->vehicles)
		return FL_NOMEM;
	c->vehicle_count = rows->count;
	for (int i = 0; i < rows->count; i++)
		c->vehicles[i] = (fl_seed_vehicle){ fl_row_i32(rows, i, 0), depot_index(c, fl_row_i32(rows, i, 2)), fl_row_i16(rows, i, 1), fl_row_i64(rows, i, 3) };
	return FL_OK;
}

static fl_err load_people(fl_pg *pg, fl_company *c, fl_arena *keep, fl_arena *mem, fl_diag *diag)
{
	fl_args args = fl_args_make(mem);
	const fl_rows *rows;

	fl_arg_i32(&args, c->tenant);
	FL_TRY(fl_pg_query(pg, "SELECT id FROM fleet.drivers WHERE tenant_id = $1 ORDER BY id LIMIT 50000", &args, mem, &rows, diag));
	c->driver_ids = fl_new_array(keep, int32_t, (size_t)FL_MAX(rows->count, 1));
	if (!c->driver_ids)
		return FL_NOMEM;
	c->drivers = rows->count;
	for (int i = 0; i < rows->count; i++)
		c->driver_ids[i] = fl_row_i32(rows, i, 0);
	FL_TRY(fl_pg_query(pg, "SELECT coalesce(min(id) FILTER (WHERE role = 2), 0), coalesce(min(id) FILTER (WHERE role = 1), 0) FROM fleet.users WHERE tenant_id = $1",
		&args, mem, &rows, diag));
	c->manager = fl_row_i32(rows, 0, 0);
	c->driver_user = fl_row_i32(rows, 0, 1);
	return FL_OK;
}

fl_err fl_company_make(fl_pg *pg, fl_company *c, const char *password, uint64_t seed, fl_arena *keep, fl_arena *mem, fl_diag *diag)
{
	fl_dice dice = { seed ^ fl_hash(c->slug, strlen(c->slug), 7) };

	FL_TRY(find_tenant(pg, c, mem, diag));
	if (!c->tenant) {
		fl_args args = fl_args_make(mem);
		const fl_rows *rows;
		fl_arg_text(&args, fl_str_z(c->slug));
		fl_arg_text(&args, fl_str_z(c->name));
		fl_arg_text(&args, c->german ? FL_STR("Europe/Berlin") : FL_STR("Europe/Amsterdam"));
		FL_TRY(fl_pg_query(pg, "INSERT INTO fleet.tenants (slug, name, tz) VALUES ($1, $2, $3) RETURNING id", &args, mem, &rows, diag));
		c->tenant = fl_row_i32(rows, 0, 0);
		FL_TRY(make_depots(pg, c, mem, diag));
		FL_TRY(load_depots(pg, c, mem, diag));
		FL_TRY(make_vehicles(pg, c, &dice, mem, diag));
		FL_TRY(make_drivers(pg, c, &dice, mem, diag));
	}
	FL_TRY(make_users(pg, c, password, mem, diag));
	FL_TRY(make_limits(pg, c, mem, diag));
	FL_TRY(load_depots(pg, c, mem, diag));
	FL_TRY(load_vehicles(pg, c, keep, mem, diag));
	return load_people(pg, c, keep, mem, diag);
}
