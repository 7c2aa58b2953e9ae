/* SPDX-License-Identifier: MIT */
/*
 * The samples in docker_samples/ were printed by buildx 0.13.1 and engine
 * 26.1.5: a first build, the same again, one whose RUN fails, and one that
 * gets no cache and cannot write one.
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "docker/progress.h"
#include "imgcache.h"
#include "sys/file.h"

static void
read_sample(const char *name, struct buf *out)
{
	struct imgcache_error err = { 0 };
	char *dir = path_dir(__FILE__);
	char *path = mem_printf("%s/docker_samples/%s", dir, name);

	cr_assert_eq(file_read(AT_FDCWD, path, 0, out, &err), 0, "%s",
		     err.text);
	free(path);
	free(dir);
}

static void
collect(void *payload, const struct progress_event *e)
{
	struct strv *lines = payload;
	struct buf b = BUF_INIT;

	progress_add_line(&b, e);
	strv_push(lines, b.data);
	buf_release(&b);
}

/* Feed text in parts of that size. */
static void
feed(const char *text, size_t len, size_t part,
	struct strv *lines, struct progress_summary *s)
{
	struct progress *p = progress_new(collect, lines);

	for (size_t i = 0; i < len; i += part)
		progress_feed(p, text + i, len - i < part ? len - i : part);
	progress_end(p);
	progress_summarize(p, s);
	progress_free(p);
}

static void
read_text(const char *text, struct strv *lines,
	  struct progress_summary *s)
{
	feed(text, strlen(text), 4096, lines, s);
}

static void
summarize(const char *sample, struct progress_summary *s)
{
	struct strv lines = { 0 };
	struct buf text = BUF_INIT;

	read_sample(sample, &text);
	feed(text.data, text.len, 1000, &lines, s);
	strv_release(&lines);
	buf_release(&text);
}

Test(progress, a_first_build_has_no_cached_step)
{
	static const char *const samples[] = { "rawjson-first", "plain-first" };
	struct progress_summary s;

	for (int i = 0; i < 2; i++) {
		summarize(samples[i], &s);
		cr_expect_eq(s.steps, 3, "%s: %d", samples[i], s.steps);
		cr_expect_eq(s.cached, 0, "%s: %d", samples[i], s.cached);
		cr_expect_not(s.failed);
	}
}

Test(progress, the_same_build_again_is_all_cached)
{
	static const char *const samples[] = { "rawjson-cached",
					       "plain-cached" };
	struct progress_summary s;

	for (int i = 0; i < 2; i++) {
		summarize(samples[i], &s);
		cr_expect_eq(s.steps, 3, "%s: %d", samples[i], s.steps);
		cr_expect_eq(s.cached, 3, "%s: %d", samples[i], s.cached);
		cr_expect_not(s.failed);
	}
}

Test(progress, a_failed_step_is_named_with_its_error)
{
	static const char *const samples[] = { "rawjson-failed",
					       "plain-failed" };
	struct progress_summary s;

	for (int i = 0; i < 2; i++) {
		summarize(samples[i], &s);
		cr_expect(s.failed);
		cr_expect_str_eq(s.step, "[2/2] RUN echo boo; exit 37");
		cr_expect_str_eq(s.error, "process \"/bin/sh -c echo boo; exit "
				 "37\" did not complete successfully: exit "
				 "code: 37");
	}
}

/* One that is not there is no failure: the export ended the build. */
Test(progress, a_cache_that_is_not_to_be_had_hides_no_export_that_failed)
{
	struct progress_summary s;

	summarize("rawjson-cache-failed", &s);
	cr_expect(s.failed);
	cr_expect_str_eq(s.step, "exporting cache to registry");
	cr_expect(strstr(s.error, "localhost:1/v2/z/blobs/"), "%s", s.error);
}

Test(progress, where_the_stream_is_cut_does_not_matter)
{
	struct progress_summary s;
	struct strv whole = { 0 };
	struct buf text = BUF_INIT;

	read_sample("rawjson-first", &text);
	feed(text.data, text.len, text.len, &whole, &s);
	for (size_t part = 1; part < 8; part += 2) {
		struct strv lines = { 0 };

		feed(text.data, text.len, part, &lines, &s);
		cr_assert_eq(lines.n, whole.n);
		for (size_t i = 0; i < lines.n; i++)
			cr_assert_str_eq(lines.v[i], whole.v[i]);
		strv_release(&lines);
	}
	strv_release(&whole);
	buf_release(&text);
}

/* As buildx prints since 0.15: the same objects without line breaks. */
Test(progress, objects_of_one_line_say_the_same)
{
	struct progress_summary s;
	struct strv tall = { 0 }, flat = { 0 };
	struct buf text = BUF_INIT, one = BUF_INIT;

	read_sample("rawjson-cached", &text);
	for (size_t i = 0; i < text.len; i++) {
		bool ends = text.data[i] == '}' && i &&
			text.data[i - 1] == '\n';

		if (text.data[i] == '\n')
			while (text.data[i + 1] == ' ')
				i++;
		else
			buf_addc(&one, text.data[i]);
		if (ends)
			buf_addc(&one, '\n');
	}
	feed(text.data, text.len, 100, &tall, &s);
	feed(one.data, one.len, 100, &flat, &s);
	cr_expect_eq(s.cached, 3);
	cr_assert_eq(tall.n, flat.n);
	for (size_t i = 0; i < tall.n; i++)
		cr_expect_str_eq(tall.v[i], flat.v[i]);
	strv_release(&tall);
	strv_release(&flat);
	buf_release(&text);
	buf_release(&one);
}

Test(progress, output_comes_as_lines_with_its_time)
{
	struct progress_summary s;
	struct strv lines = { 0 };
	struct buf text = BUF_INIT;
	size_t found = 0;

	read_sample("rawjson-first", &text);
	feed(text.data, text.len, 100, &lines, &s);
	for (size_t i = 0; i < lines.n; i++) {
		found += str_ends(lines.v[i], " hello 1");
		found += str_ends(lines.v[i], " err");
		found += str_ends(lines.v[i], " no newline");
	}
	cr_expect_eq(found, 3);
	strv_release(&lines);
	buf_release(&text);
}

#define VERTEX(fields) "{\"vertexes\":[{\"digest\":\"sha256:1\"," fields "}]}\n"
#define STARTED "\"started\":\"2026-01-01T00:00:00Z\""
#define COMPLETED "\"completed\":\"2026-01-01T00:00:01.5Z\""
#define NAME "\"name\":\"[1/1] RUN x\""

Test(progress, an_end_waits_for_the_next_object_and_comes_once)
{
	struct progress_summary s;
	struct strv lines = { 0 };

	read_text(VERTEX(NAME "," STARTED "," COMPLETED)
		  VERTEX(NAME ",\"started\":\"2026-01-01T00:00:02Z\"")
		  VERTEX(NAME ",\"started\":\"2026-01-01T00:00:02Z\","
			 "\"completed\":\"2026-01-01T00:00:04Z\"")
		  "{\"logs\":[]}\n", &lines, &s);
	cr_assert_eq(lines.n, 2);
	cr_expect_str_eq(lines.v[0], "#1 [1/1] RUN x");
	cr_expect_str_eq(lines.v[1], "#1 DONE 2.0s");
	strv_release(&lines);
}

Test(progress, cached_may_come_the_second_time_only)
{
	struct progress_summary s;
	struct strv lines = { 0 };

	read_text(VERTEX(NAME "," STARTED "," COMPLETED)
		  VERTEX(NAME "," STARTED "," COMPLETED ",\"cached\":true"),
		  &lines, &s);
	cr_expect_eq(s.cached, 1);
	cr_assert_eq(lines.n, 2);
	cr_expect_str_eq(lines.v[1], "#1 CACHED");
	strv_release(&lines);
}

Test(progress, text_between_objects_stays_text)
{
	struct progress_summary s;
	struct strv lines = { 0 };

	read_text("WARNING: no commit\n" VERTEX(NAME)
		  "D:2\nERROR: failed to solve: gone\n", &lines, &s);
	cr_expect_eq(s.warnings, 1);
	cr_expect(s.failed);
	cr_expect_str_eq(s.error, "failed to solve: gone");
	cr_assert_eq(lines.n, 3);
	cr_expect_str_eq(lines.v[0], "WARNING: no commit");
	cr_expect_str_eq(lines.v[1], "D:2");
	strv_release(&lines);
}

Test(progress, a_broken_object_does_not_swallow_what_follows)
{
	static const char *const broken[] = {
		"{\n  \"vertexes\": [\n    {\n      \"dige\n",
		"{\n  \"vertexes\": [\n", "{\"a\":\"unended\n", "{x\n"
	};
	struct progress_summary s;

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		char *text = mem_printf("%s%s", broken[i],
					VERTEX(NAME ",\"cached\":true"));
		struct strv lines = { 0 };

		read_text(text, &lines, &s);
		cr_expect_eq(s.cached, 1, "after %s", broken[i]);
		strv_release(&lines);
		free(text);
	}
}

Test(progress, a_hundred_megabytes_in_one_object_are_survived)
{
	struct progress_summary s;
	struct progress *p = progress_new(NULL, NULL);
	char part[65536];

	memset(part, 'A', sizeof(part));
	progress_feed(p, "{\"logs\":[{\"data\":\"", 18);
	for (int i = 0; i < 300; i++)
		progress_feed(p, part, sizeof(part));
	progress_feed(p, "\n", 1);
	progress_feed(p, VERTEX(NAME ",\"cached\":true"),
		      strlen(VERTEX(NAME ",\"cached\":true")));
	progress_end(p);
	progress_summarize(p, &s);
	cr_expect_eq(s.cached, 1);
	progress_free(p);
}

Test(progress, cancelled_steps_do_not_hide_the_one_that_failed)
{
	struct progress_summary s;
	struct strv lines = { 0 };

	read_text("#1 [1/2] RUN a\n#2 [2/2] RUN b\n"
		  "#1 ERROR: no luck\n#2 CANCELED\n"
		  "ERROR: failed to solve: no luck\n", &lines, &s);
	cr_expect_str_eq(s.step, "[1/2] RUN a");
	cr_expect_str_eq(s.error, "no luck");
	strv_release(&lines);
}

Test(progress, from_and_internal_vertices_are_no_steps)
{
	struct progress_summary s;
	struct strv lines = { 0 };

	read_text("#1 [internal] load build context\n#2 [a 1/2] FROM x\n"
		  "#2 CACHED\n#3 [linux/arm64 a 2/2] RUN y\n#3 CACHED\n"
		  "#4 exporting to image\n", &lines, &s);
	cr_expect_eq(s.steps, 1);
	cr_expect_eq(s.cached, 1);
	strv_release(&lines);
}

Test(progress, plain_output_that_comes_back_to_a_step_is_no_output)
{
	struct progress_summary s;
	struct strv lines = { 0 };

	read_text("#1 [1/1] RUN a\n#1 0.500 x\n#1 ...\n#1 [1/1] RUN a\n"
		  "#1 DONE 1.2s\n", &lines, &s);
	cr_assert_eq(lines.n, 3);
	cr_expect_str_eq(lines.v[1], "#1 0.500 x");
	cr_expect_str_eq(lines.v[2], "#1 DONE 1.2s");
	strv_release(&lines);
}

Test(progress, a_line_cannot_steer_a_terminal)
{
	struct progress_event e = {
		.type = PROGRESS_TEXT,
		.text = "a\033[31mred\033]0;title\a\x01\t\xc2\x9b" "b\x7f"
	};
	struct buf out = BUF_INIT;

	progress_add_line(&out, &e);
	cr_expect_str_eq(out.data, "ared\tb");
	buf_release(&out);
}

Test(progress, of_a_redrawn_line_the_last_state_is_kept)
{
	struct progress_summary s;
	struct strv lines = { 0 };

	/* "10%\r50%\r100%\r\n" */
	read_text(VERTEX(NAME "," STARTED)
		  "{\"logs\":[{\"vertex\":\"sha256:1\",\"data\":"
		  "\"MTAlDTUwJQ0xMDAlDQo=\"}]}\n", &lines, &s);
	cr_assert_eq(lines.n, 2);
	cr_expect_str_eq(lines.v[1], "#1 100%");
	strv_release(&lines);
}

static void
add_text(void *payload, const char *line, size_t len)
{
	buf_add(payload, line, len);
	buf_addc(payload, '\n');
}

Test(progress, a_stored_log_is_rendered_from_its_file)
{
	struct imgcache_error err = { 0 };
	char *dir = path_dir(__FILE__);
	char *path = mem_printf("%s/docker_samples/rawjson-failed", dir);
	struct buf text = BUF_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert_eq(progress_render_log(fd, add_text, &text, &err), 0);
	cr_expect_not_null(strstr(text.data, "[2/2] RUN echo boo; exit 37\n"));
	cr_expect_not_null(strstr(text.data, " boo\n"));
	cr_expect_not_null(strstr(text.data, "\nERROR: failed to solve: "));
	cr_expect_null(strstr(text.data, "vertexes"));
	close(fd);
	free(path);
	free(dir);
	buf_release(&text);
}

Test(progress, steps_of_a_stage_on_a_named_context_have_the_files_numbers)
{
	struct progress_summary s;
	struct strv lines = { 0 };
	static const char *const expect[] = {
		"#1 [build 2/4] WORKDIR /w",
		"#2 [mid 2/2] RUN x",
		"#3 [linux/amd64 build 10/14] RUN y",
		"#4 [internal] load build context",
		"#5 [stage-2 3/4] RUN z",
		"#1 DONE 0.1s",
	};

	read_text("{\"imgcache\":{\"contexts\":[\"build\",\"stage-2\"]}}\n"
		  "#5 [build 1/4] WORKDIR /w\n#6 [mid 2/2] RUN x\n"
		  "#7 [linux/amd64 build  9/14] RUN y\n"
		  "#8 [internal] load build context\n"
		  "#9 [stage-2 2/4] RUN z\n"
		  "#5 [build 1/4] WORKDIR /w\n#5 DONE 0.1s\n", &lines, &s);
	cr_assert_eq(lines.n, sizeof(expect) / sizeof(*expect));
	for (size_t i = 0; i < lines.n; i++)
		cr_expect_str_eq(lines.v[i], expect[i]);
	strv_release(&lines);
}

Test(progress, so_has_the_only_stage)
{
	struct progress_summary s;
	struct strv lines = { 0 };

	read_text("{\"imgcache\":{\"contexts\":[\"\"]}}\n"
		  "#5 [1/3] RUN a\n#6 [linux/arm64 2/3] RUN b\n"
		  "#7 [other 1/3] RUN c\n", &lines, &s);
	cr_assert_eq(lines.n, 3);
	cr_expect_str_eq(lines.v[0], "#1 [2/3] RUN a");
	cr_expect_str_eq(lines.v[1], "#2 [linux/arm64 3/3] RUN b");
	cr_expect_str_eq(lines.v[2], "#3 [other 1/3] RUN c");
	strv_release(&lines);
}
