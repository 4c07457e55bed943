#include "app/demo_picture.h"

#include <fcntl.h>
#include <unistd.h>

enum { MEM_MAX = 256 << 20 };

static fl_err keep(const char *path, fl_str bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return FL_IO;
	fl_err err = write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len ? FL_OK : FL_IO;
	close(fd);
	return err;
}

fl_err app_demo_picture(const fl_scene *scene, const char *path, app_upload *out)
{
	fl_arena mem = fl_arena_make(MEM_MAX);
	fl_image image;
	fl_str bytes;
	fl_err err = fl_scene_draw(scene, &mem, &image);
	if (err == FL_OK)
		err = fl_picture_write(&image, &(fl_picture_file){ .format = FL_PHOTO_JPEG, .quality = 88 }, &mem, &bytes);
	if (err == FL_OK)
		err = keep(path, bytes);
	if (err == FL_OK)
		*out = (app_upload){ .path = path, .size = (int64_t)bytes.len };
	fl_arena_fini(&mem);
	return err;
}
