// The C face of OpenCV: networks (dnn) and matching of pictures (features2d, calib3d). Every exception ends here.
#include <new>
#include <vector>

#include <opencv2/calib3d.hpp>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/features2d.hpp>

extern "C" {
#include "vision/net_int.h"
}

struct fl_net {
	cv::dnn::Net net;
};

// One thread: the pool runs one child per core, and threads inside would only fight each other.
static void be_single()
{
	cv::setNumThreads(1);
	cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
}

static int be_quiet(int, const char *, const char *, const char *, int, void *)
{
	return 0;
}

template <typename Body> static fl_err guarded(fl_diag *diag, fl_err err, const char *what, Body body)
{
	cv::redirectError(be_quiet);
	try {
		return body();
	} catch (const std::bad_alloc &) {
		return FL_NOMEM;
	} catch (const cv::Exception &e) {
		return e.code == cv::Error::StsNoMem ? FL_NOMEM : fl_fail(diag, err, "%s: %.200s", what, e.err.c_str());
	} catch (...) {
		return fl_fail(diag, err, "%s", what);
	}
}

fl_err fl_net_new(const void *onnx, size_t len, fl_diag *diag, fl_net **out)
{
	return guarded(diag, FL_BAD_MODEL, "the network cannot be read", [&] {
		be_single();
		cv::dnn::Net net = cv::dnn::readNetFromONNX(static_cast<const char *>(onnx), len);
		if (net.empty())
			return fl_fail(diag, FL_BAD_MODEL, "the network cannot be read");
		net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
		net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
		*out = new fl_net{ net };
		return FL_OK;
	});
}

void fl_net_free(fl_net *net)
{
	delete net;
}

static fl_err copy_out(const cv::Mat &mat, int count, const fl_net_output &to, fl_diag *diag)
{
	if (mat.type() != CV_32F || mat.total() != static_cast<size_t>(count) * static_cast<size_t>(to.len) || !mat.isContinuous())
		return fl_fail(diag, FL_BAD_MODEL, "the network's output '%s' has %zu numbers for %d photos; expected %d each",
		               to.name, mat.total(), count, to.len);
	memcpy(to.out, mat.ptr<float>(), mat.total() * sizeof(float));
	return FL_OK;
}

fl_err fl_net_run(fl_net *net, const char *input_name, const float *input, int count, int side, fl_net_output *outputs,
                  int output_count, fl_diag *diag)
{
	return guarded(diag, FL_BAD_MODEL, "the network fails", [&] {
		const int shape[] = { count, 3, side, side };
		std::vector<cv::String> names;
		std::vector<cv::Mat> mats;

		for (int i = 0; i < output_count; i++)
			names.emplace_back(outputs[i].name);
		net->net.setInput(cv::Mat(4, shape, CV_32F, const_cast<float *>(input)), input_name);
		net->net.forward(mats, names);
		if (mats.size() != names.size())
			return fl_fail(diag, FL_BAD_MODEL, "the network lacks outputs");
		for (int i = 0; i < output_count; i++)
			FL_TRY(copy_out(mats[static_cast<size_t>(i)], count, outputs[i], diag));
		return FL_OK;
	});
}

namespace
{
constexpr int POINTS = 1000;      // per picture
constexpr float RATIO = 0.8f;     // the best match must be this much better than the next
constexpr double REACH = 4.0;     // pixels by which an inlier may miss
constexpr int NEEDED = 6;         // matches below which no change of place is sought
} // namespace

static std::vector<cv::DMatch> good_matches(const cv::Mat &a, const cv::Mat &b)
{
	std::vector<std::vector<cv::DMatch>> pairs;
	std::vector<cv::DMatch> good;

	cv::BFMatcher(cv::NORM_HAMMING).knnMatch(a, b, pairs, 2);
	for (const auto &pair : pairs)
		if (pair.size() == 2 && pair[0].distance < RATIO * pair[1].distance)
			good.push_back(pair[0]);
	return good;
}

fl_err fl_match_gray(const unsigned char *a, int a_width, int a_height, const unsigned char *b, int b_width, int b_height,
                     fl_diag *diag, int *inliers)
{
	return guarded(diag, FL_INTERNAL, "the pictures cannot be compared", [&] {
		be_single();
		cv::Mat pictures[2] = { cv::Mat(a_height, a_width, CV_8U, const_cast<unsigned char *>(a)),
			                cv::Mat(b_height, b_width, CV_8U, const_cast<unsigned char *>(b)) };
		std::vector<cv::KeyPoint> points[2];
		cv::Mat descriptors[2];
		auto orb = cv::ORB::create(POINTS);

		for (int i = 0; i < 2; i++)
			orb->detectAndCompute(pictures[i], cv::noArray(), points[i], descriptors[i]);
		*inliers = 0;
		if (descriptors[0].rows < NEEDED || descriptors[1].rows < NEEDED)
			return FL_OK;
		std::vector<cv::Point2f> from, to;
		for (const auto &m : good_matches(descriptors[0], descriptors[1])) {
			from.push_back(points[0][static_cast<size_t>(m.queryIdx)].pt);
			to.push_back(points[1][static_cast<size_t>(m.trainIdx)].pt);
		}
		if (from.size() < static_cast<size_t>(NEEDED))
			return FL_OK;
		std::vector<unsigned char> kept;
		cv::theRNG().state = 1; // the same pictures give the same answer
		cv::Mat affine = cv::estimateAffinePartial2D(from, to, kept, cv::RANSAC, REACH);
		*inliers = affine.empty() ? 0 : cv::countNonZero(kept);
		return FL_OK;
	});
}
