/* The log: one line an event on standard error. Never log secrets, tokens, plates or faces. */
#ifndef FL_BASE_LOG_H
#define FL_BASE_LOG_H

typedef enum fl_level { FL_DEBUG, FL_INFO, FL_WARN, FL_ERROR } fl_level;

void fl_log_level(fl_level least);            /* process-wide; FL_INFO at first */
bool fl_log_on(fl_level level);
void fl_log_name(const char *process);        /* stands in each line, as in "serve"; must stay valid */
void fl_log(fl_level level, const char *format, ...) FL_PRINTF(2, 3);

#define fl_debug(...) (fl_log_on(FL_DEBUG) ? fl_log(FL_DEBUG, __VA_ARGS__) : (void)0)
#define fl_info(...) fl_log(FL_INFO, __VA_ARGS__)
#define fl_warn(...) fl_log(FL_WARN, __VA_ARGS__)
#define fl_error(...) fl_log(FL_ERROR, __VA_ARGS__)

#endif
