#include "base/base.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static _Atomic int least_level = FL_INFO;
static const char *_Atomic process_name = "fleet";

void fl_log_level(fl_level least)
{
	atomic_store_explicit(&least_level, (int)least, memory_order_relaxed);
}

bool fl_log_on(fl_level level)
{
	return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

void fl_log_name(const char *process)
{
	atomic_store(&process_name, process);
}

/* One write a line, so that lines of several processes on one terminal do not mix. */
void fl_log(fl_level level, const char *format, ...)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	if (!fl_log_on(level))
		return;
	char line[1024], when[FL_TIME_TEXT_MAX];
	fl_time_format(fl_now_us() / 1000 * 1000, when);
	int len = snprintf(line, sizeof(line), "%s %-5s %s ", when, names[level], (const char *)atomic_load(&process_name));
	va_list args;
	va_start(args, format);
	int more = vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	va_end(args);
	len = FL_MIN(len + FL_MAX(more, 0), (int)sizeof(line) - 2);
	for (int i = 0; i < len; i++)
		if ((unsigned char)line[i] < 32)
			line[i] = ' ';
	line[len++] = '\n';
	ssize_t written = write(STDERR_FILENO, line, len);
	(void)written; /* there is nowhere left to say that the log cannot be written */
}
