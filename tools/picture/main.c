/* picture: draws a photo of a damaged vehicle into a file. `picture --help` tells the options. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "picture/picture.h"

static const char help[] =
	"picture [options] FILE.jpg|png|webp|heic    draw a photo of a damaged vehicle\n"
	"  --seed N           everything that is not given follows from it [1]\n"
	"  --vehicle KIND     car, van, truck\n"
	"  --view VIEW        side, front, rear\n"
	"  --part PART        hood, bumper, trunk, door, fender, light, windshield\n"
	"  --damage KIND      none, scratch, dent, broken\n"
	"  --strength X       of the damage, 0..1\n"
	"  --zoom X           1: the whole vehicle; 4: close\n"
	"  --light LIGHT      day, overcast, evening, night\n"
	"  --noise X          of the sensor [3]\n"
	"  --size WxH         in pixels [1600x1200]\n"
	"  --quality N        1..100\n"
	"  --orientation N    EXIF 1..8\n"
	"  --taken TIME       EXIF time, \"2026:03:01 09:30:00\"\n"
	"  --zone ZONE        its zone, \"+01:00\"\n"
	"  --software NAME    EXIF software\n"
	"  --camera NAME      EXIF model\n"
	"  --progressive      JPEG in several scans\n"
	"  --cut PERCENT      keep only the first part of the file: a photo that was not sent completely\n"
	"  --corrupt N        flip N bytes in its later half\n";

typedef struct request {
	fl_scene scene;
	fl_picture_file file;
	int cut, corrupt;
} request;

static int word(const char *given, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(given, words[i]) == 0)
			return i;
	fprintf(stderr, "picture: '%s' is none of the words for this option; see --help\n", given);
	exit(2);
}

static void apply(request *r, int option, const char *value)
{
	static const char *const vehicles[] = { "car", "van", "truck" }, *const views[] = { "side", "front", "rear" };
	static const char *const parts[] = { "none", "hood", "bumper", "trunk", "door", "fender", "light", "windshield" };
	static const char *const damages[] = { "none", "scratch", "dent", "broken" }, *const lights[] = { "day", "overcast", "evening", "night" };

	switch (option) {
	case 'v': r->scene.vehicle = (fl_scene_vehicle)word(value, vehicles, 3); break;
	case 'w': r->scene.view = (fl_scene_view)word(value, views, 3); break;
	case 'p': r->scene.part = (fl_vehicle_part)word(value, parts, 8); break;
	case 'd': r->scene.damage = (fl_scene_damage)word(value, damages, 4); break;
	case 'l': r->scene.light = (fl_scene_light)word(value, lights, 4); break;
	case 't': r->scene.strength = strtof(value, NULL); break;
	case 'z': r->scene.zoom = strtof(value, NULL); break;
	case 'n': r->scene.noise = strtof(value, NULL); break;
	case 'S':
		if (sscanf(value, "%dx%d", &r->scene.width, &r->scene.height) != 2)
			exit(2);
		break;
	case 'q': r->file.quality = (int)strtol(value, NULL, 10); break;
	case 'o': r->file.orientation = (int)strtol(value, NULL, 10); break;
	case 'T': r->file.taken_at = value; break;
	case 'Z': r->file.zone = value; break;
	case 'W': r->file.software = value; break;
	case 'C': r->file.model = value; break;
	case 'P': r->file.progressive = true; break;
	case 'c': r->cut = (int)strtol(value, NULL, 10); break;
	case 'x': r->corrupt = (int)strtol(value, NULL, 10); break;
	case 'h': fputs(help, stdout); exit(0);
	case 's': break;
	default: exit(2);
	}
}

static const struct option options[] = {
	{ "seed", 1, 0, 's' }, { "vehicle", 1, 0, 'v' }, { "view", 1, 0, 'w' }, { "part", 1, 0, 'p' }, { "damage", 1, 0, 'd' },
	{ "light", 1, 0, 'l' }, { "strength", 1, 0, 't' }, { "zoom", 1, 0, 'z' }, { "noise", 1, 0, 'n' }, { "size", 1, 0, 'S' },
	{ "quality", 1, 0, 'q' }, { "orientation", 1, 0, 'o' }, { "taken", 1, 0, 'T' }, { "zone", 1, 0, 'Z' }, { "software", 1, 0, 'W' },
	{ "camera", 1, 0, 'C' }, { "progressive", 0, 0, 'P' }, { "cut", 1, 0, 'c' }, { "corrupt", 1, 0, 'x' }, { "help", 0, 0, 'h' }, { 0 },
};

static fl_photo_format format_of(const char *name)
{
	for (int f = FL_PHOTO_JPEG; f <= FL_PHOTO_HEIC; f++)
		if (fl_str_ends(fl_str_z(name), fl_photo_extension((fl_photo_format)f)))
			return (fl_photo_format)f;
	fprintf(stderr, "picture: %s must end with .jpg, .png, .webp or .heic\n", name);
	exit(2);
}

static void damage_file(const request *r, fl_str *bytes)
{
	char *p = (char *)bytes->ptr;

	for (int i = 0; i < r->corrupt; i++)
		p[bytes->len / 2 + (size_t)i * 7919 % (bytes->len / 2)] ^= 0x55;
	if (r->cut)
		bytes->len = bytes->len * (size_t)r->cut / 100;
}

int main(int argc, char **argv)
{
	request r = { .scene = fl_scene_random(1) };
	fl_arena mem = fl_arena_make((size_t)4 << 30);
	fl_image image;
	fl_str bytes;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) /* the seed first: the rest refines it */
		if (option == 's')
			r.scene = fl_scene_random(strtoull(optarg, NULL, 10));
	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		apply(&r, option, optarg);
	if (optind != argc - 1) {
		fputs(help, stderr);
		return 2;
	}
	r.file.format = format_of(argv[optind]);
	if (fl_scene_draw(&r.scene, &mem, &image) != FL_OK || fl_picture_write(&image, &r.file, &mem, &bytes) != FL_OK) {
		fputs("picture: not enough memory\n", stderr);
		return 1;
	}
	damage_file(&r, &bytes);
	FILE *f = fopen(argv[optind], "wb");
	bool good = f && fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len;
	if (!f || fclose(f) != 0 || !good) {
		perror(argv[optind]);
		return 1;
	}
	fl_arena_fini(&mem);
	return 0;
}
