/* The child's side: one photo in, one answer out, until the pool closes the socket. */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker/sandbox_int.h"
#include "worker/wire_int.h"
#include "worker/worker.h"

enum { EXIT_GOOD = 0, EXIT_WIRE = 3, EXIT_LOCK = 4 };

/* Memory of one job: an interlaced PNG of 100 megapixels takes 300 MB, everything else far less. */
#define JOB_BYTES_MAX ((size_t)800 << 20)

typedef struct child {
	int sock;
	fl_model *model;
	fl_str json;
} child;

/* Reads one request and the descriptor that came with it (-1: none). 0 at the end, -1 on nonsense. */
static int receive(int sock, fl_wire_request *request, int *fd)
{
	uint8_t bytes[FL_WIRE_REQUEST_BYTES];
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room) };
	ssize_t len;

	*fd = -1;
	do
		len = recvmsg(sock, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	while (len < 0 && errno == EINTR);
	if (len == 0)
		return 0;
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	return len == (ssize_t)sizeof(bytes) && fl_wire_get_request(bytes, request) ? 1 : -1;
}

static bool send_all(int sock, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t sent = send(sock, p, len, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return false;
		p += FL_MAX(sent, 0);
		len -= (size_t)FL_MAX(sent, 0);
	}
	return true;
}

static bool answer(int sock, const fl_wire_request *request, fl_err err, fl_str body)
{
	uint8_t head[FL_WIRE_ANSWER_BYTES];
	fl_wire_answer a = { .err = err, .op = request->op, .job = request->job, .body_len = (uint32_t)body.len };

	fl_wire_put_answer(&a, head);
	return send_all(sock, head, sizeof(head)) && send_all(sock, body.ptr, body.len);
}

/* The old call by number: glibc's fstat looks like a stat by path to the filter, which lets none through. */
static bool is_file(int fd, struct stat *out)
{
	return fd >= 0 && syscall(SYS_fstat, fd, out) == 0 && S_ISREG(out->st_mode);
}

/* The whole file into memory. Reading by position leaves the shared offset alone. */
static fl_err read_file(int fd, fl_arena *mem, fl_diag *diag, fl_str *out)
{
	struct stat st;
	size_t len = 0;

	if (!is_file(fd, &st))
		return fl_fail(diag, FL_IO, "the picture reader was handed no file");
	if (st.st_size > (off_t)FL_PHOTO_BYTES_MAX)
		return fl_photo_probe(fl_str_make("", (size_t)st.st_size), diag, &(fl_photo_header){ 0 });
	char *bytes = fl_arena_take(mem, (size_t)st.st_size + 1);
	if (!bytes)
		return FL_NOMEM;
	while (len < (size_t)st.st_size) {
		ssize_t n = pread(fd, bytes + len, (size_t)st.st_size - len, (off_t)len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fl_fail(diag, FL_IO, "the file could not be read to its end");
		len += (size_t)n;
	}
	*out = (fl_str){ bytes, len };
	return FL_OK;
}

static fl_err inspect(fl_str bytes, fl_arena *mem, fl_diag *diag, fl_buf *body)
{
	fl_photo photo;

	FL_TRY(fl_photo_inspect(bytes, mem, diag, &photo));
	fl_wire_put_photo(&photo, body);
	return fl_buf_err(body);
}

static fl_err assess(fl_model *model, fl_str bytes, fl_arena *mem, fl_diag *diag, fl_buf *body)
{
	fl_image image;
	fl_reading reading;

	if (!model)
		return fl_fail(diag, FL_BAD_MODEL, "this picture reader was started without a network");
	FL_TRY(fl_photo_decode(bytes, FL_VIEW_SIDE_MAX, mem, diag, &image));
	FL_TRY(fl_model_read(model, &image, 1, diag, &reading));
	fl_wire_put_reading(&reading, body);
	return fl_buf_err(body);
}

static bool serve(const child *c, const fl_wire_request *request, int fd)
{
	fl_arena mem = fl_arena_make(JOB_BYTES_MAX);
	fl_buf body = fl_buf_make(FL_WIRE_BODY_MAX);
	fl_diag diag = { "" };
	fl_str bytes;

	fl_err err = read_file(fd, &mem, &diag, &bytes);
	if (err == FL_OK)
		err = request->op == FL_WIRE_INSPECT ? inspect(bytes, &mem, &diag, &body) : assess(c->model, bytes, &mem, &diag, &body);
	if (err != FL_OK && err != FL_BAD_IMAGE && err != FL_BAD_MODEL && err != FL_NOMEM)
		err = FL_IO;
	bool good = answer(c->sock, request, err, err == FL_OK ? fl_buf_view(&body) : fl_str_z(fl_diag_text(&diag, err)));
	fl_buf_fini(&body);
	fl_arena_fini(&mem);
	return good;
}

/* The first request: everything that needs files happens here, then the door is locked. */
static int set_up(child *c, fl_str onnx, const fl_wire_request *request)
{
	fl_sandbox sandbox = { false, false };
	fl_diag diag = { "" };

	fl_err err = onnx.len ? fl_model_new(onnx, c->json, &diag, &c->model) : FL_OK;
	if (err != FL_OK)
		return answer(c->sock, request, err, fl_str_z(fl_diag_text(&diag, err))) ? EXIT_GOOD : EXIT_WIRE;
	if (fl_sandbox_enter(c->sock, request->argument, &sandbox) != FL_OK)
		return EXIT_LOCK;
	char flags = (char)((sandbox.landlock ? FL_WIRE_LANDLOCK : 0) | (sandbox.seccomp ? FL_WIRE_SECCOMP : 0) |
	                    (c->model ? FL_WIRE_MODEL : 0));
	return answer(c->sock, request, FL_OK, fl_str_make(&flags, 1)) ? -1 : EXIT_WIRE;
}

static int run(child *c, fl_str onnx)
{
	fl_wire_request request;
	int fd, got = receive(c->sock, &request, &fd);

	if (got <= 0)
		return got == 0 ? EXIT_GOOD : EXIT_WIRE;
	int status = request.op == FL_WIRE_SETUP ? set_up(c, onnx, &request) : EXIT_WIRE;
	while (status < 0) {
		got = receive(c->sock, &request, &fd);
		if (got == 0)
			return EXIT_GOOD;
		if (got < 0 || request.op == FL_WIRE_SETUP || !serve(c, &request, fd))
			status = EXIT_WIRE;
		if (fd >= 0)
			close(fd);
	}
	return status;
}

int fl_worker_child_main(int sock, fl_str onnx, fl_str json)
{
	child c = { .sock = sock, .json = json };
	int flags = fcntl(sock, F_GETFL);

	if (flags < 0 || fcntl(sock, F_SETFL, flags & ~O_NONBLOCK) != 0)
		return EXIT_WIRE;
	prctl(PR_SET_NAME, "fleet-photos", 0, 0, 0);
	int status = run(&c, onnx);
	fl_model_free(c.model);
	return status;
}
