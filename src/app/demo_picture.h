/* A drawn picture as a file that can be uploaded: the photos of the demo. */
#ifndef FL_APP_DEMO_PICTURE_H
#define FL_APP_DEMO_PICTURE_H

#include "app/client.h"
#include "picture/picture.h"

/* Draws the scene into a new JPEG at path, which stays the caller's. Errors: FL_IO, FL_NOMEM. */
FL_MUST fl_err app_demo_picture(const fl_scene *scene, const char *path, app_upload *out);

#endif
