/* SPDX-License-Identifier: MIT */
#include "source_room.h"

#include "base/buf.h"
#include "builder/builder.h"
#include "docker/progress.h"
#include "key/inputs.h"
#include "recipe/recipe.h"
#include "session/session.h"
#include "source/ignore.h"
#include "source/reach.h"
#include "source/tree.h"

/* A build of what is copied of the context t, as far as it is looked at. */
static struct imgcache ic;
static struct imgcache_recipe recipe;
static struct recipe fields;
static struct reach read_of = { .path = "src" };
static struct input_context context;
static struct inputs in;
static struct builder b;

static void
enter(void)
{
	room_enter();
	put("t/src/f", "f");
	put("t/src/sub/g", "g");
	fields.kind = RECIPE_DOCKERFILE;
	recipe.recipe = &fields;
	context.path = "t";
	context.reads = &read_of;
	context.n_reads = 1;
	in.ic = &ic;
	in.r = &recipe;
	in.contexts = &context;
	in.n_contexts = 1;
	b.in = &in;
	read_of = (struct reach){ .path = "src" };
}

static void
leave(void)
{
	tree_free(context.tree);
	context.tree = NULL;
	buf_release(&context.ignore);
	folders_release(&b.folders);
	arena_release(&b.text);
	room_leave();
}

TestSuite(folders, .init = enter, .fini = leave);

/* Not now, or what comes next may have the very same time. */
static void
make_old(const char *path)
{
	static const struct timespec then[2] = { { 1000, 0 }, { 1000, 0 } };

	cr_assert_eq(utimensat(AT_FDCWD, path, then, 0), 0);
}

static void
begin(const char *rules)
{
	struct tree_options o = { .hash = HASH_XXH3, .reads = &read_of,
				  .n_reads = 1 };
	struct ignore *ig = NULL;

	buf_adds(&context.ignore, rules);
	context.has_ignore = *rules != '\0';
	context.ignore_name = "rules";
	if (*rules)
		cr_assert_eq(ignore_parse(&ig, "rules", rules, strlen(rules),
					  &err), 0);
	o.ignore = ig;
	cr_assert_eq(tree_scan("t", &o, &context.tree, &err), 0);
	ignore_free(ig);
	make_old("t");
	make_old("t/src");
	make_old("t/src/sub");
	folders_note(&b.folders, &in);
}

static void
come_and_go(const char *path)
{
	put(path, "swap");
	cr_assert_eq(unlink(path), 0);
}

static void
docker_says(enum progress_type type, const char *name, const char *text)
{
	struct progress_event e = { .type = type, .name = name, .text = text,
				    .vertex = 3 };

	builder_progress(&b, &e);
}

static void
found(const char *expect)
{
	struct buf name = BUF_INIT;
	bool is = folders_find(&b.folders, &in, &name);

	cr_expect_str_eq(name.data ? name.data : "", expect);
	cr_expect_eq(is, *expect != '\0');
	buf_release(&name);
	for (size_t i = 0; i < b.n_said; i++)
		free(b.said[i]);
	free(b.said);
	b.said = NULL;
	b.n_said = 0;
}

Test(folders, something_came_and_went)
{
	begin("");
	found("");
	come_and_go("t/src/sub/.g.swp");
	found("'src/sub'");
}

Test(folders, after_docker_has_read_nothing_matters)
{
	begin("");
	docker_says(PROGRESS_OUTPUT, "[internal] load build context",
		    "transferring context: 2.1kB done");
	come_and_go("t/src/sub/.g.swp");
	docker_says(PROGRESS_OUTPUT, "[2/2] RUN cp",
		    "transferring context: 2.1kB done");
	found("");
	docker_says(PROGRESS_OUTPUT, "[context other] load from client",
		    "transferring other: 2.1kB 0.1s done");
	found("'src/sub'");
}

/* BuildKit says that before it reads: docker_samples/rawjson-first. */
Test(folders, the_end_of_a_step_is_no_end_of_a_reading)
{
	static const char name[] = "[internal] load build context";

	begin("");
	docker_says(PROGRESS_BEGIN, name, NULL);
	docker_says(PROGRESS_DONE, name, NULL);
	docker_says(PROGRESS_OUTPUT, "[internal] load .dockerignore",
		    "transferring context: 2B done");
	come_and_go("t/src/.f.swp");
	docker_says(PROGRESS_OUTPUT, name, "transferring context: 2.1kB");
	found("'src'");
}

Test(folders, a_name_that_could_be_ignored_is_none)
{
	begin("**/*.swp\n");
	come_and_go("t/src/.f.swp");
	found("");
}

Test(folders, rules_for_another_place_change_nothing)
{
	begin("other/*.swp\n.git\n");
	come_and_go("t/src/.f.swp");
	found("'src'");
}

Test(folders, a_name_that_copy_could_leave_out_is_none)
{
	static const char *const swp[] = { "*.swp" };

	read_of.exclude = swp;
	read_of.n_exclude = 1;
	begin("");
	come_and_go("t/src/.f.swp");
	found("");
	come_and_go("t/src/sub/.g.swp");
	found("'src/sub'");
}

Test(folders, a_pattern_takes_only_some_names)
{
	cr_assert_eq(rename("t/src", "t/srcs"), 0);
	cr_assert_eq(mkdir("t/src", 0755), 0);
	cr_assert_eq(mkdir("t/src/sub", 0755), 0);
	read_of.path = "src*";
	read_of.wildcard = true;
	begin("");
	come_and_go("t/.swp");
	found("");
	come_and_go("t/srcs/sub/.g.swp");
	found("'srcs/sub'");
}

Test(folders, a_star_takes_every_name)
{
	read_of.path = "*";
	read_of.wildcard = true;
	begin("");
	come_and_go("t/.swp");
	found("'t'");
}
