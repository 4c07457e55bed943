#include "app/report_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RULE_LINES_MAX = 12, SIMILAR_MAX = 3 };

static const char *style(const char *code)
{
	static int colours = -1;
	if (colours < 0)
		colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	return colours ? code : "";
}

#define BOLD style("\033[1m")
#define DIM style("\033[2m")
#define RED style("\033[31m")
#define YELLOW style("\033[33m")
#define PLAIN style("\033[0m")

static const fl_json *at(const fl_json *object, const char *name)
{
	return fl_json_get(object, fl_str_z(name));
}

static fl_str text(const fl_json *object, const char *name)
{
	return fl_json_str(at(object, name), FL_STR(""));
}

static bool is_null(const fl_json *value)
{
	return !value || value->type == FL_JSON_NULL;
}

/* TOTAL_LOSS -> total loss */
static void put_word(fl_str word)
{
	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];
		putchar(c == '_' ? ' ' : c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
}

static void put_label(const char *label)
{
	printf("  %s%-10s%s ", DIM, label, PLAIN);
}

static void put_percent(const fl_json *object, const char *name)
{
	printf("%.0f %%", 100 * fl_json_double(at(object, name), 0));
}

/* 'moderate (87 % sure)', or what it means that there is none */
static void put_guess(const fl_json *assessment, const char *name, const char *confidence, const char *none)
{
	fl_str word = text(assessment, name);
	if (word.len == 0) {
		printf("%s%s%s", DIM, none, PLAIN);
		return;
	}
	printf("%s", BOLD);
	put_word(word);
	printf("%s %s(", PLAIN, DIM);
	put_percent(assessment, confidence);
	printf(" sure)%s", PLAIN);
}

static fl_str amount(const fl_json *cost, const char *which)
{
	fl_str value = text(at(cost, which), "amount");
	ptrdiff_t dot = fl_str_find(value, FL_STR(".00"));
	return dot > 0 ? fl_str_slice(value, 0, (size_t)dot) : value;
}

static void put_cost(const fl_json *assessment)
{
	const fl_json *cost = at(assessment, "cost"), *hours = at(assessment, "repairHours");
	put_label("Cost");
	printf("%s%" FL_FMT " %" FL_FMT "%s  %s(%" FL_FMT " to %" FL_FMT ")%s\n", BOLD, FL_ARG(amount(cost, "likely")),
		FL_ARG(text(at(cost, "likely"), "currency")), PLAIN, DIM, FL_ARG(amount(cost, "low")), FL_ARG(amount(cost, "high")), PLAIN);
	put_label("Work");
	printf("%s%.1f h%s  %s(%.1f to %.1f)%s\n", BOLD, fl_json_double(at(hours, "likely"), 0), PLAIN, DIM,
		fl_json_double(at(hours, "low"), 0), fl_json_double(at(hours, "high"), 0), PLAIN);
	const char *label = "Why";
	int lines = 0;
	const fl_json *rule = at(assessment, "rule");
	for (const fl_json *line = rule ? rule->items.first : NULL; line && lines < RULE_LINES_MAX; line = line->next, lines++) {
		put_label(label);
		printf("%" FL_FMT "\n", FL_ARG(fl_json_str(line, FL_STR(""))));
		label = "";
	}
}

static void put_fraud(const fl_json *assessment)
{
	const fl_json *signals = at(assessment, "fraudSignals");
	put_label("Fraud");
	if (is_null(signals) || !signals->items.first) {
		printf("no signs\n");
		return;
	}
	for (const fl_json *s = signals->items.first; s; s = s->next) {
		const fl_json *seen = at(s, "seenIn");
		if (s != signals->items.first)
			put_label("");
		printf("%s%" FL_FMT "%s", YELLOW, FL_ARG(text(s, "message")), PLAIN);
		printf(" %s[photo %" FL_FMT ", %.2f", DIM, FL_ARG(text(s, "photoId")), fl_json_double(at(s, "score"), 0));
		if (!is_null(seen))
			printf(", report %" FL_FMT " of %" FL_FMT, FL_ARG(text(seen, "number")), FL_ARG(text(at(seen, "vehicle"), "name")));
		printf("]%s\n", PLAIN);
	}
}

static void put_similar(const fl_json *assessment)
{
	const fl_json *cases = at(assessment, "similarCases");
	int shown = 0;
	put_label("Similar");
	if (is_null(cases) || !cases->items.first) {
		printf("no earlier case\n");
		return;
	}
	for (const fl_json *c = cases->items.first; c && shown < SIMILAR_MAX; c = c->next, shown++) {
		const fl_json *report = at(c, "report"), *cost = at(report, "actualCost");
		if (shown)
			put_label("");
		printf("report %" FL_FMT " of %" FL_FMT ", ", FL_ARG(text(report, "number")), FL_ARG(text(at(report, "vehicle"), "name")));
		put_percent(c, "similarity");
		printf(" alike");
		if (text(report, "severity").len) {
			printf(", ");
			put_word(text(report, "severity"));
		}
		if (!is_null(cost))
			printf(", cost %" FL_FMT " %" FL_FMT, FL_ARG(text(cost, "amount")), FL_ARG(text(cost, "currency")));
		putchar('\n');
	}
}

static void put_photos(const fl_json *report)
{
	const fl_json *photos = at(report, "photos");
	for (const fl_json *p = photos ? photos->items.first : NULL; p; p = p->next) {
		const fl_json *quality = at(p, "quality"), *problems = is_null(quality) ? NULL : at(quality, "problems");
		if (!problems || !problems->items.first)
			continue;
		put_label("Photo");
		printf("photo %" FL_FMT ":", FL_ARG(text(p, "id")));
		for (const fl_json *problem = problems->items.first; problem; problem = problem->next)
			printf("%s %" FL_FMT, problem == problems->items.first ? "" : ",", FL_ARG(fl_json_str(problem, FL_STR(""))));
		putchar('\n');
	}
}

static void put_assessment(const fl_json *report, const fl_json *assessment)
{
	put_label("Severity");
	put_guess(assessment, "severity", "severityConfidence", "the model is not sure; a person has to look");
	putchar('\n');
	put_label("Damage");
	put_guess(assessment, "part", "partConfidence", "part unclear");
	printf(", ");
	put_guess(assessment, "damageType", "damageTypeConfidence", "kind unclear");
	putchar('\n');
	put_cost(assessment);
	put_fraud(assessment);
	put_similar(assessment);
	put_photos(report);
}

void app_report_print(const fl_json *report, int64_t taken_us)
{
	const fl_json *assessment = at(report, "assessment");
	size_t photos = at(report, "photos") ? at(report, "photos")->items.count : 0;
	printf("\n%sReport %" FL_FMT "%s  %" FL_FMT ", %zu photo%s\n\n", BOLD, FL_ARG(text(report, "number")), PLAIN,
		FL_ARG(text(at(report, "vehicle"), "name")), photos, photos == 1 ? "" : "s");
	if (is_null(assessment)) {
		put_label("Severity");
		printf("%sthe assessment is not there yet; the link shows it when it is%s\n", RED, PLAIN);
	} else {
		put_assessment(report, assessment);
	}
	put_label("Time");
	printf("%.2f s", (double)taken_us / 1e6);
	if (!is_null(assessment))
		printf(" %s(the model %" FL_FMT " took %.2f s of it)%s", DIM, FL_ARG(text(assessment, "model")),
			(double)fl_json_int(at(assessment, "durationMs"), 0) / 1e3, PLAIN);
	putchar('\n');
	put_label("Link");
	printf("%" FL_FMT "\n\n", FL_ARG(text(report, "url")));
}
