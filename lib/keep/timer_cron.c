/* SPDX-License-Identifier: MIT */
/*
 * A block in the user's crontab, by crontab(1) alone: it knows where crontabs
 * are. A '%' is a line's end to cron, and a command has at most 998 bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "imgcache.h"
#include "keep/timer.h"
#include "sys/child.h"

#define ASK_MS 10000
#define CRONTAB_MAX (4u << 20)
#define COMMAND_MAX 998

static const char begin[] = "# BEGIN imgcache prune\n";
static const char end[] = "# END imgcache prune\n";

/* So that not all machines prune in the same minute. */
static unsigned
minute(void)
{
	char name[256] = "";
	unsigned n = (unsigned)getuid();
	const char *p;

	if (gethostname(name, sizeof(name) - 1))
		name[0] = '\0';
	for (p = name; *p; p++)
		n = n * 31 + (unsigned char)*p;
	return n % 60;
}

/* As a person would: quoted where it must be. */
static void
add_word(struct buf *out, const char *word)
{
	size_t plain = strspn(word, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			      "-_./:=@+,");

	if (*word && !word[plain])
		buf_adds(out, word);
	else
		buf_add_shquoted(out, word);
}

static void
add_command(struct buf *out, const struct timer_job *job)
{
	size_t i;

	if (job->env->n)
		buf_adds(out, "env ");
	for (i = 0; i < job->env->n; i++) {
		add_word(out, job->env->v[i]);
		buf_addc(out, ' ');
	}
	for (i = 0; i < job->argv->n; i++) {
		if (i)
			buf_addc(out, ' ');
		add_word(out, job->argv->v[i]);
	}
}

int
timer_crontab_block(const struct timer_job *job, struct buf *out,
		    struct imgcache_error *err)
{
	struct buf command = BUF_INIT;
	size_t from;
	const char *p;

	add_command(&command, job);
	buf_addf(out, "%s# Written by imgcache prune --install-timer; "
		 "--remove-timer takes it away.\n%u 3 * * * ", begin, minute());
	from = out->len;
	for (p = command.data; *p; p++) {
		if (*p == '%')
			buf_addc(out, '\\');
		buf_addc(out, *p);
	}
	if (out->len - from > COMMAND_MAX)
		error_set(err, IMGCACHE_EFAIL, "the command has more than %d "
			  "bytes, and cron would cut it; put the limits into "
			  "the user's config.yaml", COMMAND_MAX);
	buf_addf(out, "\n%s", end);
	buf_release(&command);
	return err->code;
}

/* Where a line begins that is mark; NULL: nowhere. */
static const char *
find_line(const char *text, const char *mark)
{
	const char *at = text;

	while ((at = strstr(at, mark)) && at > text && at[-1] != '\n')
		at++;
	return at;
}

int
timer_crontab_edit(const char *text, const char *block, struct buf *out,
		   struct imgcache_error *err)
{
	const char *first = find_line(text, begin), *last, *next;

	last = first ? find_line(first, end) : NULL;
	next = first ? find_line(first + 1, begin) : NULL;
	if ((first && !last) || (next && next < last) ||
	    (!first && find_line(text, end)))
		return error_set(err, IMGCACHE_EFAIL, "the crontab has only one "
				 "of the two marks of a block; repair it with "
				 "crontab -e");
	if (first) {
		buf_add(out, text, (size_t)(first - text));
		buf_adds(out, block ? block : "");
		buf_adds(out, last + strlen(end));
		return 0;
	}
	buf_adds(out, text);
	if (!block)
		return 0;
	if (out->len && out->data[out->len - 1] != '\n')
		buf_addc(out, '\n');
	buf_adds(out, block);
	return 0;
}

/* IMGCACHE_ENO: there is no such program. What it refuses is in errs. */
static int
run(const char *option, const char *input, struct buf *out, struct buf *errs)
{
	static const char *const env[] = { "LC_ALL=C", NULL };
	const char *const argv[] = { "crontab", option, NULL };
	struct imgcache_error err = {0};
	struct child_options o = {
		.argv = argv, .env_set = env, .timeout_ms = ASK_MS,
		.own_group = true, .out = out, .errs = errs,
		.max_output = CRONTAB_MAX, .label = "crontab",
		.input = input, .input_len = input ? strlen(input) : 0,
	};
	struct child_result result;
	int ret = child_run(&o, &result, &err);

	if (ret)
		return err.sys_errno == ENOENT ? IMGCACHE_ENO : IMGCACHE_EFAIL;
	return result.end == CHILD_EXITED && !result.status ? 0 :
		IMGCACHE_EFAIL;
}

/* As vixie cron and cronie say it. */
static const char *
cure(const char *said)
{
	return strstr(said, "not allowed") ? "; it goes by /etc/cron.allow and "
		"/etc/cron.deny, have yourself named or taken out there" : "";
}

static int
refused(const char *what, struct buf *errs, struct imgcache_error *err)
{
	errs->data[strcspn(errs->data, "\n")] = '\0';
	return error_set(err, IMGCACHE_EFAIL, "%s the crontab: %.500s%s", what,
			 *errs->data ? errs->data : "crontab failed",
			 cure(errs->data));
}

/* Only its own word that there is none counts as an empty one. */
static int
read_crontab(struct buf *out, struct imgcache_error *err)
{
	struct buf errs = BUF_INIT;
	int ret = run("-l", NULL, out, &errs);

	if (ret == IMGCACHE_EFAIL && (strstr(errs.data, "no crontab for") ||
				      strstr(errs.data, "No such file"))) {
		buf_clear(out);
		ret = 0;
	} else if (ret == IMGCACHE_EFAIL) {
		refused("cannot read", &errs, err);
	} else if (!ret && memchr(out->data, '\0', out->len)) {
		ret = error_set(err, IMGCACHE_EFAIL, "the crontab is no text");
	}
	buf_release(&errs);
	return ret;
}

/* An empty one is taken away: that is how it was. */
static int
write_crontab(const char *text, struct imgcache_error *err)
{
	struct buf errs = BUF_INIT, out = BUF_INIT;
	int ret = *text ? run("-", text, &out, &errs) :
		run("-r", NULL, &out, &errs);

	if (ret)
		ret = refused("cannot write", &errs, err);
	buf_release(&out);
	buf_release(&errs);
	return ret;
}

static int
change(const char *block, bool *changed, struct imgcache_error *err)
{
	struct buf now = BUF_INIT, next = BUF_INIT;
	int ret = read_crontab(&now, err);

	*changed = false;
	if (!ret)
		ret = timer_crontab_edit(now.data, block, &next, err);
	if (!ret && strcmp(now.data, next.data)) {
		ret = write_crontab(next.data, err);
		*changed = !ret;
	}
	buf_release(&now);
	buf_release(&next);
	return ret;
}

int
timer_cron_install(const struct timer_job *job, bool *changed,
		   struct imgcache_error *err)
{
	struct buf block = BUF_INIT;
	int ret = timer_crontab_block(job, &block, err);

	if (!ret)
		ret = change(block.data, changed, err);
	buf_release(&block);
	return ret;
}

int
timer_cron_remove(bool *changed, struct imgcache_error *err)
{
	int ret = change(NULL, changed, err);

	return ret == IMGCACHE_ENO ? 0 : ret;
}
