/* Photos in, findings out. This folder reads the photos that people send and says what they show.
 *
 * It is pure: bytes and numbers come in, numbers and text go out; it opens no file, no socket and no database
 * and keeps no state beyond the objects made here. Uploaded bytes are hostile: the server never calls the
 * decoding functions itself but lets a child process do it (worker/worker.h). What a child answers are plain
 * facts (fl_photo) and readings (fl_reading); combining those (fl_assess, the signals, the scan) is arithmetic
 * and may run anywhere.
 *
 *     fl_photo photo;                                           // one upload
 *     FL_TRY(fl_photo_inspect(bytes, &mem, &diag, &photo));     // refused, or facts + view + thumb
 *     FL_TRY(fl_photo_decode(photo.view, 0, &mem, &diag, &image));
 *     FL_TRY(fl_model_read(model, &image, 1, &diag, &reading)); // what the network sees
 *     FL_TRY(fl_assess(fl_model_facts_of(model), &reading, 1, fl_rates_find(FL_STR("EUR")), &mem, &answer));
 *
 * Threads: functions share nothing; a model serves one thread at a time. docs/vision.md tells the methods,
 * their scores and their limits. */
#ifndef FL_VISION_VISION_H
#define FL_VISION_VISION_H

#include "base/base.h"

/* ---- Limits ---------------------------------------------------------------------------------------------- */

#define FL_PHOTO_BYTES_MAX ((size_t)25 << 20) /* of one file */
#define FL_PHOTO_PIXELS_MAX 100000000         /* width x height, checked before anything is decoded */
#define FL_PHOTO_SIDE_MAX 65500               /* of either side: the most that JPEG can say */
#define FL_PHOTO_SIDE_MIN 16                  /* anything smaller is not a photo */
#define FL_PHOTOS_MAX 20                      /* of one report */
#define FL_VIEW_SIDE_MAX 1280                 /* longer side of the view */
#define FL_THUMB_SIDE_MAX 320                 /* longer side of the thumb */
#define FL_EMBEDDING_MAX 512                  /* numbers in an embedding */

/* ---- Words of the domain --------------------------------------------------------------------------------- */
/* X(NAME, code): the names are those of the GraphQL schema, the codes those of the database. 0 is "none". */

#define FL_SEVERITIES(X) \
	X(COSMETIC, 1) X(MINOR, 2) X(MODERATE, 3) X(MAJOR, 4) X(CRITICAL, 5) X(TOTAL_LOSS, 6)
#define FL_DAMAGE_TYPES(X) \
	X(COLLISION, 1) X(VANDALISM, 2) X(WEATHER, 3) X(WEAR_TEAR, 4) X(MECHANICAL, 5) X(GLASS, 6) \
	X(TIRE, 7) X(INTERIOR, 8) X(THEFT, 9) X(FIRE, 10) X(FLOOD, 11) X(OTHER, 12)
#define FL_PARTS(X) \
	X(HOOD, 1) X(BUMPER, 2) X(TRUNK, 3) X(DOOR, 4) X(FENDER, 5) X(LIGHT, 6) X(WINDSHIELD, 7)
#define FL_FRAUD_KINDS(X) \
	X(SAME_FILE, 1) X(SAME_PICTURE, 2) X(MIRRORED_PICTURE, 3) X(CAPTURE_TIME, 4) X(EDITED, 5)
#define FL_PHOTO_FORMATS(X) X(JPEG, 1) X(PNG, 2) X(WEBP, 3) X(HEIC, 4)

typedef enum fl_severity {
	FL_SEV_NONE,
#define X(name, code) FL_SEV_##name = code,
	FL_SEVERITIES(X)
#undef X
} fl_severity;

typedef enum fl_damage_type {
	FL_DAMAGE_NONE,
#define X(name, code) FL_DAMAGE_##name = code,
	FL_DAMAGE_TYPES(X)
#undef X
} fl_damage_type;

typedef enum fl_vehicle_part {
	FL_PART_NONE,
#define X(name, code) FL_PART_##name = code,
	FL_PARTS(X)
#undef X
} fl_vehicle_part;

typedef enum fl_fraud_kind {
	FL_FRAUD_NONE,
#define X(name, code) FL_FRAUD_##name = code,
	FL_FRAUD_KINDS(X)
#undef X
} fl_fraud_kind;

typedef enum fl_photo_format {
	FL_PHOTO_NONE,
#define X(name, code) FL_PHOTO_##name = code,
	FL_PHOTO_FORMATS(X)
#undef X
} fl_photo_format;

/* The name as in the schema ("TOTAL_LOSS"); empty for a code that does not exist. */
fl_str fl_severity_name(fl_severity severity);
fl_str fl_damage_type_name(fl_damage_type type);
fl_str fl_vehicle_part_name(fl_vehicle_part part);
fl_str fl_fraud_kind_name(fl_fraud_kind kind);

/* "image/jpeg" and the like; a file name extension with its dot (".jpg"). */
fl_str fl_photo_media_type(fl_photo_format format);
fl_str fl_photo_extension(fl_photo_format format);

/* ---- A photo --------------------------------------------------------------------------------------------- */

/* RGB, 8 bits, rows one after the other without gaps: width x height x 3 bytes. */
typedef struct fl_image {
	int width, height;
	uint8_t *rgb;
} fl_image;

/* What the first bytes of a file say, before anything is decoded. */
typedef struct fl_photo_header {
	fl_photo_format format;
	int width, height; /* as stored, before it is turned upright */
	int orientation;   /* EXIF's 1..8: how the decoder must turn the pixels */
	bool has_taken_at;
	bool has_zone;    /* else the camera's clock had no zone, and taken_at reads it as if it were UTC */
	int64_t taken_at; /* microseconds since 1970 */
	char software[64];
	char camera[64]; /* make and model */
	bool has_place;  /* where the camera says that it was */
	double latitude, longitude; /* degrees, WGS 84 */
} fl_photo_header;

enum {
	FL_PHOTO_BLURRED = 1,
	FL_PHOTO_TOO_DARK = 2,
	FL_PHOTO_TOO_BRIGHT = 4,
	FL_PHOTO_TOO_SMALL = 8,
};

/* A 256-bit perceptual hash: pictures that look the same differ in few bits. */
typedef struct fl_phash {
	uint8_t bits[32];
} fl_phash;

/* Everything that is known of one upload without a network. */
typedef struct fl_photo {
	fl_photo_header header;
	int width, height; /* upright */
	size_t size_bytes;
	uint8_t sha256[32]; /* of the file as sent */
	fl_phash phash, phash_mirrored;
	float sharpness;   /* 0 (blurred) .. 1 (sharp), measured on the view */
	float brightness;  /* 0 (black) .. 1 (white) */
	unsigned problems; /* FL_PHOTO_BLURRED and so on; 0 is a good photo */
	fl_str view;       /* JPEG, upright, longer side at most FL_VIEW_SIDE_MAX, no metadata */
	fl_str thumb;      /* JPEG, upright, longer side at most FL_THUMB_SIDE_MAX, no metadata */
} fl_photo;

/* Reads the header of a file.
 * Errors: FL_BAD_IMAGE with a sentence in diag that says what is wrong and what would be right: empty, not a
 * picture, a format we do not read, animated, too many pixels, more than FL_PHOTO_BYTES_MAX, broken header.
 * Cost: microseconds (HEIC: its boxes are parsed), a few kilobytes of heap, freed again. */
FL_MUST fl_err fl_photo_probe(fl_str bytes, fl_diag *diag, fl_photo_header *out);

/* Decodes a file to an upright picture whose longer side is at most side_max (0: as large as it is).
 * Every byte of the picture is read even when it is opened smaller, so a file that ends early is refused, not
 * shown half grey. Gray, CMYK, palettes and 16 bits become RGB; transparency lies on white; colour profiles are
 * ignored. out->rgb lives in mem.
 * Errors: as fl_photo_probe, and FL_BAD_IMAGE for damaged or truncated data, FL_NOMEM.
 * Cost: JPEG of 12 megapixels at side_max 1280 about 50 ms and 10 MB. */
FL_MUST fl_err fl_photo_decode(fl_str bytes, int side_max, fl_arena *mem, fl_diag *diag, fl_image *out);

/* All facts of one upload: header, hashes, quality, view, thumb (both live in mem). Errors as above. */
FL_MUST fl_err fl_photo_inspect(fl_str bytes, fl_arena *mem, fl_diag *diag, fl_photo *out);

/* Advice for the photographer, as in "too dark: switch a light on"; *count of them, in mem. */
FL_MUST fl_err fl_photo_advice(unsigned problems, fl_arena *mem, fl_str **out, size_t *count);

/* ---- Pixels ---------------------------------------------------------------------------------------------- */

/* Area-averaged (down) or bilinear (up) copy of exactly this size. */
FL_MUST fl_err fl_image_resize(const fl_image *image, int width, int height, fl_arena *mem, fl_image *out);

/* JPEG without metadata; quality 1..100. *out lives in mem. */
FL_MUST fl_err fl_image_jpeg(const fl_image *image, int quality, fl_arena *mem, fl_str *out);

/* The upright copy of a picture stored with an EXIF orientation; 1 is a plain copy. */
FL_MUST fl_err fl_image_orient(const fl_image *image, int orientation, fl_arena *mem, fl_image *out);

/* Sharpness, brightness and problems; the last counts FL_PHOTO_TOO_SMALL by original_width and _height. */
FL_MUST fl_err fl_image_quality(const fl_image *image, int original_width, int original_height, fl_arena *mem,
                                float *sharpness, float *brightness, unsigned *problems);

/* The hash of the picture and that of its mirror image. */
FL_MUST fl_err fl_image_phash(const fl_image *image, fl_arena *mem, fl_phash *out, fl_phash *mirrored);

void fl_photo_sha256(fl_str bytes, uint8_t out[32]);

/* ---- The network ----------------------------------------------------------------------------------------- */

enum { FL_MODEL_SEVERITIES = 3, FL_MODEL_PARTS = 7, FL_MODEL_TYPES = 3 };

/* What the network saw in one photo: probabilities 0..1, calibrated by the temperatures of the model. */
typedef struct fl_reading {
	float damaged;
	float severity[FL_MODEL_SEVERITIES]; /* minor, moderate, severe; they add up to 1 */
	float part[FL_MODEL_PARTS];          /* by fl_vehicle_part - 1, each for itself */
	float type[FL_MODEL_TYPES];          /* dent, scratch, broken, each for itself */
	int embedding_len;
	float embedding[FL_EMBEDDING_MAX]; /* length 1 */
} fl_reading;

/* What models/damage.json says of the network: how to feed it and how to read it. */
typedef struct fl_model_facts {
	char version[32];   /* as in "damage-1" */
	uint8_t sha256[32]; /* of the ONNX file */
	int side;           /* the network looks at side x side pixels */
	float mean[3], std[3];
	enum { FL_FIT_SQUASH, FL_FIT_LETTERBOX, FL_FIT_CROP } fit;
	/* Place of our label among the network's outputs. */
	uint8_t severity_at[FL_MODEL_SEVERITIES], part_at[FL_MODEL_PARTS], type_at[FL_MODEL_TYPES];
	float severity_temperature, part_temperature, type_temperature, damaged_temperature;
	float severity_min;             /* abstain below this confidence */
	float part_min[FL_MODEL_PARTS]; /* a part counts from this probability on */
	float type_min[FL_MODEL_TYPES];
	int embedding_len;
} fl_model_facts;

typedef struct fl_model fl_model;

/* Reads the description alone. Errors: FL_BAD_MODEL. */
FL_MUST fl_err fl_model_facts_read(fl_str json, fl_diag *diag, fl_model_facts *out);

/* Loads a network from ONNX bytes and its description, and runs it once to see that its outputs have the
 * promised shapes. *out is owned by the caller. Errors: FL_BAD_MODEL (unreadable, other shapes, another
 * sha256), FL_NOMEM. Cost: tens of milliseconds and megabytes. */
FL_MUST fl_err fl_model_new(fl_str onnx, fl_str json, fl_diag *diag, fl_model **out);
void fl_model_free(fl_model *model);
const fl_model_facts *fl_model_facts_of(const fl_model *model);

/* Runs the network on photos of any size; readings has room for count. Errors: FL_BAD_MODEL, FL_NOMEM. */
FL_MUST fl_err fl_model_read(fl_model *model, const fl_image *photos, size_t count, fl_diag *diag,
                             fl_reading *readings);

/* ---- The assessment -------------------------------------------------------------------------------------- */

/* What work costs somewhere; the table is rates.h. Amounts are minor units (cents). */
typedef struct fl_rates {
	char currency[4]; /* ISO 4217 */
	int64_t body_hour_cents, paint_hour_cents;
	int goods_percent; /* price of parts and paint against the table's euros; exchange rate included */
} fl_rates;

/* The rates of a currency. Where the table has no line for it, those of EUR: amounts are then in euros, and say so. */
const fl_rates *fl_rates_find(fl_str currency);

typedef struct fl_assessment {
	fl_severity severity; /* FL_SEV_NONE: the network abstains */
	float severity_confidence;
	fl_vehicle_part part; /* FL_PART_NONE: none is clear */
	float part_confidence;
	fl_damage_type type; /* FL_DAMAGE_NONE: unclear */
	float type_confidence;
	bool has_estimate; /* the three lines below hold */
	char currency[4];
	int64_t cost_low_cents, cost_likely_cents, cost_high_cents; /* 1 in 10 is lower, half, 1 in 10 is higher */
	float hours_low, hours_likely, hours_high;
	fl_str *rule; /* how it came about, a line each, for people */
	size_t rule_count;
} fl_assessment;

/* Combines the readings of one report's photos into one answer with its estimate. rule lives in mem.
 * Severity: never CRITICAL or TOTAL_LOSS, which no photo alone can show. docs/vision.md tells the rules.
 * Errors: FL_NOMEM. No photos: an answer that abstains from everything. */
FL_MUST fl_err fl_assess(const fl_model_facts *facts, const fl_reading *readings, size_t count,
                         const fl_rates *rates, fl_arena *mem, fl_assessment *out);

/* ---- Seen before, looks alike ---------------------------------------------------------------------------- */

#define FL_PHASH_SAME_MAX 60 /* differing bits up to which two pictures are the same one */

int fl_phash_distance(const fl_phash *a, const fl_phash *b);

/* Is b's picture that of a, saved anew or resized (FL_FRAUD_SAME_PICTURE), mirrored (FL_FRAUD_MIRRORED_PICTURE),
 * or another one (FL_FRAUD_NONE)? score: 1 for no differing bit, falling to 0.5 at the limit. */
fl_fraud_kind fl_phash_compare(const fl_phash *a, const fl_phash *a_mirrored, const fl_phash *b, float *score);

/* A sign that something is wrong with one photo, from the photo itself. */
typedef struct fl_photo_signal {
	fl_fraud_kind kind;
	float score;
	fl_str message;
} fl_photo_signal;

/* CAPTURE_TIME and EDITED signals of one photo; at most 4, in mem. */
FL_MUST fl_err fl_photo_signals(const fl_photo_header *header, int64_t incident_at, int64_t reported_at,
                                fl_arena *mem, fl_photo_signal **out, size_t *count);

/* Packs an embedding of length 1 into bytes, one each: q = round(value / scale). Returns the scale. */
float fl_embedding_pack(const float *embedding, int len, int8_t *out);

typedef struct fl_similar_hit {
	size_t index;     /* of the row */
	float similarity; /* cosine, -1..1 */
} fl_similar_hit;

/* The `want` rows most alike to the query, best first: an exact scan of `rows` packed embeddings of `len` bytes,
 * one after the other, with their scales. Returns how many hits it wrote (min(want, rows)).
 * Cost: 1 million rows of 256 in about 10 ms with AVX-512 VNNI, 25 ms with AVX2. */
size_t fl_similar_scan(const int8_t *query, float query_scale, const int8_t *packed, const float *scales,
                       size_t rows, int len, fl_similar_hit *hits, size_t want);

/* Do two pictures show the same scene, cropped, turned or mirrored? *inliers: matching points that agree on one
 * affine change of place; 40 or more: the same photo; 20..39: a person should look; unrelated pictures have under
 * 10, but different cars before one studio wall reach 36. Cost: about 10 ms. Errors: FL_NOMEM. */
FL_MUST fl_err fl_image_match(const fl_image *a, const fl_image *b, fl_diag *diag, int *inliers);

#endif
