/* One neural network in ONNX form; a C face for OpenCV's DNN module. */
#ifndef FL_VISION_NET_INT_H
#define FL_VISION_NET_INT_H

#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fl_net fl_net;

typedef struct fl_net_output {
	const char *name;
	int len;    /* numbers per photo; another count is an error */
	float *out; /* count x len */
} fl_net_output;

/* Errors: FL_BAD_MODEL, FL_NOMEM. */
FL_MUST fl_err fl_net_new(const void *onnx, size_t len, fl_diag *diag, fl_net **out);
void fl_net_free(fl_net *net);

/* input: count x 3 x side x side floats. One thread at a time. */
FL_MUST fl_err fl_net_run(fl_net *net, const char *input_name, const float *input, int count, int side,
                          fl_net_output *outputs, int output_count, fl_diag *diag);

/* Points of two gray pictures that match and agree on one affine change of place (ORB, ratio test, RANSAC). */
FL_MUST fl_err fl_match_gray(const unsigned char *a, int a_width, int a_height, const unsigned char *b, int b_width,
                             int b_height, fl_diag *diag, int *inliers);

#ifdef __cplusplus
}
#endif
#endif
