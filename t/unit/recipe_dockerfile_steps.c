/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/dockerfile_steps.h"

/* One side of a comparison. */
struct side {
	const char *text;
	const char *target;
	const char *args;	/* "A=1 B=2" */
	const char *contexts;
	const char *image;	/* what every image is now */
	const char *read;	/* the path that is another now */
	const char *run;
};

static struct imgcache_error err;

static const char *
image_of(void *payload, const char *ref)
{
	const struct side *s = payload;

	(void)ref;
	return s->image;
}

static const char *
read_of(void *payload, const struct dockerfile_read *read)
{
	const struct side *s = payload;

	return s->read && !strcmp(s->read, read->path) ? "other" : NULL;
}

static struct dockerfile_steps *
steps_of(const struct side *s, struct dockerfile **df)
{
	struct strv args = {0}, contexts = {0};
	struct dockerfile_options o = { .target = s->target, .args = &args,
					.contexts = &contexts };
	struct dockerfile_world w = {
		.image = image_of, .read = read_of, .run = s->run,
		.payload = (void *)s,
	};
	struct dockerfile_steps *out;

	strv_split(&args, s->args ? s->args : "", " ");
	strv_split(&contexts, s->contexts ? s->contexts : "", " ");
	cr_assert_eq(dockerfile_parse(s->text, strlen(s->text), "D", df, &err),
		     0, "%s", err.text);
	cr_assert_eq(dockerfile_steps(*df, &o, &w, &out, &err), 0, "%s",
		     err.text);
	strv_release(&args);
	strv_release(&contexts);
	return out;
}

static bool
has(const struct dockerfile_steps *steps, const struct dockerfile_step *s,
    bool sure)
{
	for (size_t i = 0; i < steps->n; i++)
		if (hash_equal(sure ? &steps->v[i].sure : &steps->v[i].id,
			       sure ? &s->sure : &s->id))
			return true;
	return false;
}

/* "2 3?": the lines of the steps that b has and a has not; ?: maybe. */
static void
expect_rerun(const struct side *a, const struct side *b, const char *lines)
{
	struct dockerfile *x, *y;
	struct dockerfile_steps *old = steps_of(a, &x);
	struct dockerfile_steps *now = steps_of(b, &y);
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < now->n; i++)
		if (!has(old, &now->v[i], false))
			buf_addf(&text, "%s%d%s", text.len ? " " : "",
				 now->v[i].line,
				 has(old, &now->v[i], true) ? "?" : "");
	cr_expect_str_eq(text.data, lines);
	buf_release(&text);
	dockerfile_steps_free(old);
	dockerfile_steps_free(now);
	dockerfile_free(x);
	dockerfile_free(y);
}

/* One file, another world. */
static void
expect_moved(struct side b, const char *lines)
{
	struct side a = { .text = b.text };

	expect_rerun(&a, &b, lines);
}

/* The same world, another file. */
static void
expect_edited(const char *before, const char *after, const char *lines)
{
	struct side a = { .text = before }, b = { .text = after };

	expect_rerun(&a, &b, lines);
}

static void
expect_labels(const char *text, const char *labels)
{
	struct side s = { .text = text };
	struct dockerfile *df;
	struct dockerfile_steps *steps = steps_of(&s, &df);
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < steps->n; i++)
		buf_addf(&out, "[%s%s%d/%d]", steps->v[i].stage_name ?
			 steps->v[i].stage_name : "",
			 steps->v[i].stage_name ? " " : "",
			 steps->v[i].number, steps->v[i].total);
	cr_expect_str_eq(out.data, labels);
	buf_release(&out);
	dockerfile_steps_free(steps);
	dockerfile_free(df);
}

Test(dockerfile_steps, they_are_numbered_as_docker_does)
{
	expect_labels("FROM a\nENV X=1\nRUN b\nWORKDIR /c\nCOPY d e\n",
		      "[1/4][2/4][3/4][4/4]");
	expect_labels("FROM a AS one\nRUN b\n", "[1/2][2/2]");
	expect_labels("FROM a AS One\nRUN b\nFROM scratch\nCOPY --from=one c d\n",
		      "[one 1/2][one 2/2][stage-1 1/1]");
	expect_labels("FROM a\nCOPY --from=other b c\n",
		      "[stage-0 1/2][stage-0 2/2]");
	expect_labels("FROM a\nRUN --mount=type=cache,target=/x b\n",
		      "[stage-0 1/2][stage-0 2/2]");
	expect_labels("FROM a\nRUN --mount=from=x,target=/x b\n",
		      "[stage-0 1/2][stage-0 2/2]");
	expect_labels("FROM a AS x\nRUN b\nFROM x AS y\nRUN c\n",
		      "[x 1/2][x 2/2][y 1/1]");
	expect_labels("FROM a AS unused\nRUN b\nFROM c\nRUN d\n",
		      "[stage-1 1/2][stage-1 2/2]");
	expect_labels("FROM a\nWORKDIR /\nRUN b\n", "[1/3][2/3]");
}

Test(dockerfile_steps, a_moved_base_runs_all_that_stands_on_it)
{
	expect_moved((struct side){
		.text = "FROM a AS x\nRUN b\nFROM scratch\nCOPY c d\n"
			"COPY --from=x e f\n", .image = "sha256:1" }, "1 2 5?");
	expect_moved((struct side){
		.text = "FROM a\nCOPY --link b c\nRUN d\n", .image = "m" },
		"1 3");
}

Test(dockerfile_steps, an_arg_runs_what_comes_after_its_declaration)
{
	static const char text[] =
		"ARG G\nFROM a\nRUN b\nARG V\nCOPY c d\nRUN e\nCOPY f g\n";

	expect_moved((struct side){ .text = text, .args = "V=2" }, "6 7");
	expect_moved((struct side){ .text = text, .args = "G=2" }, "");
	expect_moved((struct side){ .text = text, .args = "UNDECLARED=2" }, "");
	expect_moved((struct side){
		.text = "ARG G\nFROM a\nRUN b\nARG G\nRUN c\n",
		.args = "G=2" }, "5");
	expect_moved((struct side){
		.text = "FROM a\nARG V\nCOPY src-$V d\nRUN e\n",
		.args = "V=2" }, "3 4");
	expect_moved((struct side){
		.text = "FROM a\nARG V\nENV V=fixed\nRUN e\n",
		.args = "V=2" }, "");
	expect_moved((struct side){
		.text = "FROM a\nARG V\nENV X=$V\nWORKDIR /w\nWORKDIR $X\n",
		.args = "V=2" }, "5");
	expect_moved((struct side){
		.text = "FROM a AS x\nARG V\nFROM x\nRUN b\n",
		.args = "V=2" }, "4");
	expect_moved((struct side){
		.text = "FROM a AS x\nENV V=1\nARG V\nFROM x\nCOPY $V d\n",
		.args = "V=2" }, "");
}

Test(dockerfile_steps, a_global_arg_in_from_is_the_image)
{
	expect_moved((struct side){
		.text = "ARG V=1\nFROM a:$V\nRUN b\n", .args = "V=2" }, "2 3");
}

Test(dockerfile_steps, what_is_read_runs_its_reader_and_what_follows)
{
	expect_moved((struct side){
		.text = "FROM a\nCOPY x /x\nCOPY y /y\nRUN z\n",
		.read = "y" }, "3 4");
	expect_moved((struct side){
		.text = "FROM a\nRUN --mount=type=bind,source=y,target=/y b\n"
			"RUN c\n", .read = "y" }, "2 3");
	expect_moved((struct side){
		.text = "FROM a\nCOPY y z\nFROM a\nCOPY y z\n",
		.read = "y" }, "4");
}

Test(dockerfile_steps, what_is_copied_from_a_stage_may_come_out_as_it_was)
{
	expect_moved((struct side){
		.text = "FROM a AS x\nCOPY y z\nFROM a\nCOPY --from=x p q\n"
			"RUN r\nRUN --mount=from=x,target=/m s\n",
		.read = "y" }, "2 4? 5? 6?");
	expect_edited("FROM a AS x\nRUN b\nFROM a\nCOPY --from=x p q\nRUN r\n",
		      "FROM a AS x\nRUN c\nFROM a\nCOPY --from=x p q\nRUN s\n",
		      "2 4? 5");
}

Test(dockerfile_steps, the_same_from_another_folder_may_be_the_same_content)
{
	expect_edited("FROM a\nCOPY x/f d\nRUN b\n",
		      "FROM a\nCOPY y/f d\nRUN b\n", "2? 3?");
	expect_edited("FROM a\nCOPY x/f d\n", "FROM a\nCOPY x/g d\n", "2");
	expect_edited("FROM a\nRUN --mount=type=bind,source=x,target=/m b\n",
		      "FROM a\nRUN --mount=type=bind,source=y,target=/m b\n",
		      "2?");
	expect_edited("FROM a\nRUN --mount=type=bind,source=x,target=/m b\n",
		      "FROM a\nRUN --mount=type=bind,source=x,target=/n b\n",
		      "2");
}

Test(dockerfile_steps, the_same_path_is_read_by_each_that_names_it)
{
	struct side s = { .text = "FROM a AS x\nCOPY y z\nFROM a\nRUN b\n"
			"COPY y z\nCOPY --from=x p q\n", .read = "y" };

	expect_moved(s, "2 5 6");
}

Test(dockerfile_steps, network_and_hosts_run_every_run)
{
	expect_moved((struct side){ .text = "FROM a\nCOPY x y\nRUN b\n",
				    .run = "host" }, "3");
}

Test(dockerfile_steps, comments_names_and_settings_run_nothing)
{
	expect_edited("FROM a\nRUN b\nCMD c\n",
		      "# hello\nFROM a\n\nrun \\\n  b\nLABEL x=y\nCMD d\n", "");
	expect_edited("FROM a AS one\nRUN b\nFROM a\nCOPY --from=one c d\n",
		      "FROM a AS two\nRUN b\nFROM a\nCOPY --from=two c d\n",
		      "");
	expect_edited("FROM a\nRUN b\n", "FROM c AS unused\nRUN d\nFROM a\n"
		      "RUN b\n", "");
}

Test(dockerfile_steps, an_edit_runs_it_and_what_follows_in_its_stage)
{
	expect_edited("FROM a\nRUN b\nCOPY c d\nRUN e\n",
		      "FROM a\nRUN b\nCOPY c D\nRUN e\n", "3 4");
	expect_edited("FROM a\nRUN b\nRUN c\nRUN d\n",
		      "FROM a\nRUN b\nRUN d\n", "3");
	expect_edited("FROM a\nRUN b\n", "FROM a\nRUN x\nRUN b\n", "2 3");
	expect_edited("FROM a\nRUN [\"b\"]\n", "FROM a\nRUN b\n", "2");
	expect_edited("FROM a\nRUN <<E\nb\nE\n", "FROM a\nRUN <<E\nc\nE\n",
		      "2");
}

Test(dockerfile_steps, env_user_shell_and_folder_run_what_hangs_on_them)
{
	expect_edited("FROM a\nENV X=1\nCOPY b c\nRUN d\n",
		      "FROM a\nENV X=2\nCOPY b c\nRUN d\n", "4");
	expect_edited("FROM a\nUSER x\nCOPY b c\nRUN d\n",
		      "FROM a\nUSER y\nCOPY b c\nRUN d\n", "4");
	expect_edited("FROM a\nUSER x\nUSER z\nRUN d\n",
		      "FROM a\nUSER y\nUSER z\nRUN d\n", "");
	expect_edited("FROM a\nRUN [\"b\"]\nRUN c\n",
		      "FROM a\nSHELL [\"/bin/bash\", \"-c\"]\nRUN [\"b\"]\n"
		      "RUN c\n", "4");
	expect_edited("FROM a\nWORKDIR /x\nCOPY b /c\nRUN d\n",
		      "FROM a\nWORKDIR /y\nCOPY b /c\nRUN d\n", "2 3 4");
	expect_edited("FROM a\nWORKDIR /x\nWORKDIR y\n",
		      "FROM a\nWORKDIR /x\nWORKDIR z\n", "3");
}

Test(dockerfile_steps, another_target_runs_what_was_not_in_use)
{
	static const char text[] = "FROM a AS x\nRUN b\nFROM x AS y\nRUN c\n";
	struct side a = { .text = text, .target = "x" };
	struct side b = { .text = text };

	expect_rerun(&a, &b, "4");
	expect_rerun(&b, &a, "");
}

Test(dockerfile_steps, a_named_context_stands_for_the_image)
{
	struct side a = { .text = "FROM a\nRUN b\n" };
	struct side b = { .text = a.text, .contexts = "a" };

	expect_rerun(&a, &b, "1 2");
	expect_rerun(&b, &b, "");
}

Test(dockerfile_steps, a_file_too_large_is_an_error_not_an_hour)
{
	struct dockerfile_options o = {0};
	struct dockerfile_world w = {0};
	struct dockerfile_steps *out;
	struct buf text = BUF_INIT;
	struct dockerfile *df;

	buf_adds(&text, "FROM a\n");
	for (int i = 0; i < 20000; i++)
		buf_addf(&text, "ENV A%d=%d\nRUN b\n", i, i);
	cr_assert_eq(dockerfile_parse(text.data, text.len, "D", &df, &err), 0);
	cr_assert_eq(dockerfile_steps(df, &o, &w, &out, &err), IMGCACHE_EFAIL);
	cr_assert(strstr(err.text, "D: too large"));
	cr_assert_null(out);
	dockerfile_free(df);
	buf_release(&text);
}
