/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "findings.h"
#include "printer.h"
#include "text.h"
#include "verbs.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF, FORMAT_GITHUB };
static const char *const formats[] = {
	"text", "json", "sarif", "github", NULL
};
/* In the order of enum imgcache_severity, without off. */
static const char *const severities[] = { "info", "warning", "error", NULL };

static bool fix, dry_run, no_buildx, list_rules;
static int format = -1;
static int severity = -1;
static struct words rules;

static const struct opt options[] = {
	FLAG_OPTION(0, "fix", &fix,
		    "show what can be fixed as a difference, and write it"),
	FLAG_OPTION(0, "dry-run", &dry_run,
		    "with --fix: show the difference, write nothing"),
	LIST_OPTION(0, "rule", &rules, "ID", "only these rules, with commas "
		    "between"),
	WORD_OPTION(0, "severity", &severity, severities, "info|warning|error",
		    "show and count what weighs as much; default: warning"),
	WORD_OPTION(0, "format", &format, formats, "text|json|sarif|github",
		    "output"),
	FLAG_OPTION(0, "no-buildx", &no_buildx,
		    "leave out BuildKit's own checks"),
	FLAG_OPTION(0, "rules", &list_rules, "list the rules"),
	JSON_OPTION,
	QUIET_OPTION,
	END_OPTION
};

static void
put_rules_json(const struct imgcache_lint_rule *v, size_t n)
{
	struct printer *p = printer_new(PRINT_JSON, false);
	size_t i;

	for (i = 0; i < n; i++) {
		print_record(p);
		print_text(p, "id", NULL, v[i].id);
		print_text(p, "name", NULL, v[i].name);
		print_text(p, "severity", NULL, severity_word(v[i].severity));
		print_bool(p, "fixes", v[i].fixes);
		print_text(p, "summary", NULL, v[i].summary);
	}
	printer_end(p);
}

static void
put_rules(void)
{
	const struct imgcache_lint_rule *v;
	size_t i, n;
	int width = terminal_width(STDOUT_FILENO);

	v = imgcache_lint_rules(&n);
	if (format == FORMAT_JSON) {
		put_rules_json(v, n);
		return;
	}
	for (i = 0; i < n; i++) {
		printf("%s  %-22s  %s%*s\n       ", v[i].id, v[i].name,
		       severity_word(v[i].severity), v[i].fixes ?
		       14 - (int)strlen(severity_word(v[i].severity)) : 0,
		       v[i].fixes ? "--fix" : "");
		text_put_wrapped(stdout, v[i].summary, 7, 7,
				 width ? width : 80);
		putchar('\n');
	}
}

static void
put_diff_line(FILE *f, const char *s, size_t len, bool colored)
{
	int color = 0;

	if (*s == '+')
		color = COLOR_GREEN;
	else if (*s == '-')
		color = COLOR_RED;
	else if (*s == '@')
		color = COLOR_DIM;
	if (len >= 4 && (!strncmp(s, "+++ ", 4) || !strncmp(s, "--- ", 4)))
		color = COLOR_BOLD;
	if (colored && color)
		fprintf(f, "\033[%dm", color);
	text_put_data(f, s, len);
	fputs(colored && color ? "\033[0m\n" : "\n", f);
}

static void
put_diff(FILE *f, const struct imgcache_lint_result *r, bool colored)
{
	size_t i;

	for (i = 0; i < r->n_changes; i++) {
		const char *s = r->changes[i].diff;

		while (*s) {
			size_t len = strcspn(s, "\n");

			put_diff_line(f, s, len, colored);
			s += len + (s[len] == '\n');
		}
	}
	if (r->n_changes && r->n_findings)
		fputc('\n', f);
}

/* "2 errors", "1 warning" and so on, with what stands before it. */
static void
count(FILE *f, const struct imgcache_lint_result *r,
      enum imgcache_severity s, const char **before)
{
	size_t i, n = 0;

	for (i = 0; i < r->n_findings; i++)
		n += r->findings[i].severity == s;
	if (!n)
		return;
	fprintf(f, "%s%zu %s%s", *before, n,
		s == IMGCACHE_SEVERITY_INFO ? "note" : severity_word(s),
		n == 1 ? "" : "s");
	*before = ", ";
}

static void
put_summary(const struct imgcache_lint_result *r)
{
	const char *before = ": ";
	size_t i, n_fixable = 0;

	for (i = 0; i < r->n_findings; i++)
		n_fixable += r->findings[i].is_fixable;
	if (!r->n_files) {
		fputs("no Dockerfile, ignore file or script here\n", stderr);
		return;
	}
	if (r->n_findings)
		fprintf(stderr, "\n%zu finding%s", r->n_findings,
			r->n_findings == 1 ? "" : "s");
	else
		fputs("nothing found", stderr);
	fprintf(stderr, " in %zu file%s", r->n_files,
		r->n_files == 1 ? "" : "s");
	count(stderr, r, IMGCACHE_SEVERITY_ERROR, &before);
	count(stderr, r, IMGCACHE_SEVERITY_WARNING, &before);
	count(stderr, r, IMGCACHE_SEVERITY_INFO, &before);
	fputc('\n', stderr);
	if (n_fixable)
		fprintf(stderr, "%zu of them can be cured: imgcache lint "
			"--fix\n", n_fixable);
	if (r->n_below)
		fprintf(stderr, "%zu of less weight: --severity info shows "
			"all\n", r->n_below);
	if (r->n_silenced)
		fprintf(stderr, "%zu silenced by comments\n", r->n_silenced);
}

static void
put_findings(const struct imgcache_lint_result *r, bool colored)
{
	switch (format) {
	case FORMAT_JSON:
		findings_put_json(r);
		break;
	case FORMAT_SARIF:
		findings_put_sarif(r);
		break;
	case FORMAT_GITHUB:
		findings_put_github(r);
		break;
	default:
		findings_put_text(r, colored);
	}
}

static int
write_changes(const struct imgcache_lint_result *r, struct imgcache_error *err)
{
	size_t i;
	int ret = 0;

	flush_output();
	for (i = 0; i < r->n_changes && !ret; i++) {
		ret = imgcache_lint_write(&r->changes[i], err);
		if (!ret && !given.quiet)
			complain("%s '%s'", r->changes[i].was ? "fixed" :
				 "wrote", r->changes[i].file);
	}
	return ret;
}

static int
check_usage(struct imgcache_error *err)
{
	if (given.json && format >= 0 && format != FORMAT_JSON)
		return fail(err, IMGCACHE_EUSAGE, "--json and --format %s are "
			    "two outputs; give one of them", formats[format]);
	if (given.json)
		format = FORMAT_JSON;
	else if (format < 0)
		format = FORMAT_TEXT;
	if (dry_run && !fix)
		return fail(err, IMGCACHE_EUSAGE, "--dry-run goes with --fix");
	return 0;
}

static int
run(struct invocation *inv, const struct parsed *p)
{
	struct imgcache_lint_options o = {
		.paths = p->words.n ? p->words.v : NULL,
		.rules = rules.n ? rules.v : NULL,
		.least = severity < 0 ? IMGCACHE_SEVERITY_OFF :
			(enum imgcache_severity)(severity + 1),
		.fix = fix,
		.no_buildx = no_buildx,
	};
	struct imgcache_lint_result r;
	FILE *diff = stdout;
	bool colored;
	int ret = check_usage(&inv->err);

	if (ret)
		return ret;
	if (list_rules) {
		put_rules();
		return EXIT_YES;
	}
	ret = imgcache_lint(inv->ic, &o, &r, &inv->err);
	if (ret)
		return ret;
	if (format != FORMAT_TEXT)
		diff = stderr;
	colored = color_wanted(diff, setting_value(inv->ic, "color",
						   &inv->err));
	put_diff(diff, &r, colored);
	if (!dry_run)
		ret = write_changes(&r, &inv->err);
	if (ret)
		return ret;
	put_findings(&r, colored);
	flush_output();
	if (format == FORMAT_TEXT && !given.quiet)
		put_summary(&r);
	return r.n_findings || (dry_run && r.n_changes) ? EXIT_NO : EXIT_YES;
}

const struct command command_lint = {
	.name = "lint",
	.summary = "What defeats the cache in Dockerfiles, ignore files and "
		"scripts.",
	.arguments = "[PATH...]",
	.options = options,
	.group = GROUP_CARE,
	.run = run,
};
