/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/dockerfile.h"

static void
show_plan(struct buf *out, const struct dockerfile_plan *p)
{
	for (size_t i = 0; i < p->n_stages; i++) {
		const struct dockerfile_stage *s = &p->stages[i];
		buf_addf(out, "stage %zu:%d", s->index, s->line);
		buf_addf(out, "%s%s", s->name ? " " : "", s->name ? s->name :
			 "");
		if (s->context)
			buf_addf(out, " =%s", s->context);
		buf_adds(out, "\n");
	}
	for (size_t i = 0; i < p->n_images; i++) {
		const struct dockerfile_image *m = &p->images[i];
		buf_addf(out, "%s %s:%d", m->is_base ? "base" : "image",
			 m->ref, m->line);
		if (m->platform)
			buf_addf(out, " on %s", m->platform);
		if (m->context)
			buf_addf(out, " =%s", m->context);
		buf_adds(out, "\n");
	}
	for (size_t i = 0; i < p->args.n; i++)
		buf_addf(out, "arg %s\n", p->args.v[i]);
	if (!p->understood)
		buf_addf(out, "doubt %d %s\n", p->reason_line, p->reason);
}

/* The plan as lines, or "!error". The caller frees. */
static char *
show(const char *text, const struct dockerfile_options *options)
{
	struct imgcache_error err = { 0 };
	struct dockerfile *df = NULL;
	struct dockerfile_plan *plan = NULL;
	struct buf out = BUF_INIT;

	cr_assert_eq(dockerfile_parse(text, strlen(text), "D", &df, &err), 0,
		     "%s", err.text);
	if (dockerfile_resolve(df, options, &plan, &err) < 0)
		buf_addf(&out, "!%d %s", err.code, err.text);
	else
		show_plan(&out, plan);
	dockerfile_plan_free(plan);
	dockerfile_free(df);
	return buf_detach(&out);
}

/* args, contexts and platforms: words between blanks, NULL for none */
struct row {
	const char *text;
	const char *expect;
	const char *target;
	const char *args;
	const char *contexts;
	const char *platforms;
};

static void
check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct strv args = { 0 }, contexts = { 0 }, platforms = { 0 };
		struct dockerfile_options o = {
			.target = rows[i].target, .args = &args,
			.contexts = &contexts, .platforms = &platforms,
		};
		if (rows[i].args)
			strv_split(&args, rows[i].args, " ");
		if (rows[i].contexts)
			strv_split(&contexts, rows[i].contexts, " ");
		if (rows[i].platforms)
			strv_split(&platforms, rows[i].platforms, " ");
		char *actual = show(rows[i].text, &o);
		cr_expect_str_eq(actual, rows[i].expect, "%s\n gives %s",
				 rows[i].text, actual);
		free(actual);
		strv_release(&args);
		strv_release(&contexts);
		strv_release(&platforms);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

Test(dockerfile_stages, only_what_the_target_needs_is_in_use)
{
	static const char file[] =
		"FROM i0 AS a\nRUN x\n"
		"FROM i1 AS b\nCOPY --from=a x y\n"
		"FROM i2 AS c\n"
		"FROM b AS d\nRUN --mount=from=i3,target=/m x\n"
		"FROM scratch\nCOPY --from=1 x y\nCOPY --from=i4 x y\n";
	static const struct row rows[] = {
		{ file, "stage 0:1 a\nbase i0:1\n", .target = "a" },
		{ file, "stage 0:1 a\nstage 1:3 b\nbase i0:1\nbase i1:3\n",
		  .target = "B" },
		{ file, "stage 2:5 c\nbase i2:5\n", .target = "c" },
		{ file, "stage 0:1 a\nstage 1:3 b\nstage 3:6 d\nbase i0:1\n"
		  "base i1:3\nimage i3:7\n", .target = "d" },
		{ file, "stage 0:1 a\nstage 1:3 b\nstage 4:8\nbase i0:1\n"
		  "base i1:3\nimage i4:10\n" },
		{ file, "stage 0:1 a\nstage 1:3 b\nstage 4:8\nbase i0:1\n"
		  "base i1:3\nimage i4:10\n", .target = "" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, a_missing_target_names_the_nearest)
{
	static const struct row rows[] = {
		{ "FROM a AS build\nFROM b AS prod\n",
		  "!-6 D: no stage 'biuld'; did you mean 'build'?",
		  .target = "biuld" },
		{ "FROM a AS build\n", "!-6 D: no stage 'xyz'; name one with "
		  "FROM ... AS xyz", .target = "xyz" },
		{ "FROM a\n", "!-6 D: no stage '0'; name one with FROM ... "
		  "AS 0", .target = "0" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, images_are_what_no_stage_is)
{
	static const struct row rows[] = {
		{ "FROM a AS a\nFROM a\n",
		  "stage 0:1 a\nstage 1:2\nbase a:1\n" },
		{ "FROM scratch\n", "stage 0:1\n" },
		{ "FROM a AS scratch\nFROM scratch\n",
		  "stage 0:1 scratch\nstage 1:2\nbase a:1\n" },
		{ "FROM a AS x\nFROM b AS x\nFROM x\n",
		  "stage 1:2 x\nstage 2:3\nbase b:2\n" },
		{ "FROM a AS Up\nFROM up\n",
		  "stage 0:1 up\nstage 1:2\nbase a:1\n" },
		{ "FROM a AS up\nFROM i\nCOPY --from=UP x y\n",
		  "stage 0:1 up\nstage 1:2\nbase a:1\nbase i:2\n" },
		{ "FROM a\nCOPY --from=a x y\nRUN --mount=from=a,target=/m "
		  "x\n", "stage 0:1\nbase a:1\n" },
		{ "FROM a\nCOPY --from=scratch x y\n",
		  "stage 0:1\nbase a:1\n" },
		{ "FROM a\nRUN --mount=type=cache,from=b,target=/m x\n",
		  "stage 0:1\nbase a:1\nimage b:2\n" },
		{ "FROM a\nRUN --mount=from=0,target=/m x\n",
		  "stage 0:1\nbase a:1\nimage 0:2\n" },
		{ "FROM r.io:5000/a/b:1@sha256:0123456789abcdef0123456789abc"
		  "def0123456789abcdef0123456789abcdef\n",
		  "stage 0:1\nbase r.io:5000/a/b:1@sha256:0123456789abcdef012"
		  "3456789abcdef0123456789abcdef0123456789abcdef:1\n" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, a_platform_belongs_to_the_image)
{
	static const struct row rows[] = {
		{ "FROM --platform=linux/arm64/v8 a\n",
		  "stage 0:1\nbase a:1 on linux/arm64\n" },
		{ "FROM --platform=$BUILDPLATFORM a AS x\nFROM a\n"
		  "COPY --from=x b c\n", "stage 0:1 x\nstage 1:2\n"
		  "base a:1 on linux/amd64\nbase a:2\n",
		  .platforms = "linux/arm64" },
		{ "FROM --platform=$TARGETPLATFORM a\n",
		  "stage 0:1\nbase a:1 on linux/amd64\n"
		  "base a:1 on linux/arm/v7\n",
		  .platforms = "linux/amd64 linux/arm" },
		{ "FROM a-$TARGETARCH$TARGETVARIANT\n",
		  "stage 0:1\nbase a-amd64:1\nbase a-armv7:1\n",
		  .platforms = "linux/amd64 linux/arm/v7" },
		{ "FROM --platform=$NO a\n", "!-1 D:1: FROM a: --platform "
		  "comes out blank, because 'NO' is not set above the first "
		  "FROM; give it a value there (ARG NO=...) or with "
		  "--build-arg" },
		{ "FROM --platform=a/b/c/d a\n", "!-1 D:1: 'a/b/c/d' is no "
		  "platform; write os/arch like linux/amd64" },
		{ "FROM a\n", "!-6 'lunix' is no platform; write os/arch like "
		  "linux/amd64", .platforms = "lunix" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, global_args_reach_from_lines)
{
	static const struct row rows[] = {
		{ "ARG A=x\nFROM $A\n", "stage 0:2\nbase x:2\narg A\n" },
		{ "ARG A=x\nFROM $A\n", "stage 0:2\nbase y:2\narg A\n",
		  .args = "A=y" },
		{ "ARG A=x\nFROM $A\n", "stage 0:2\nbase x:2\narg A\n",
		  .args = "A" },
		{ "ARG A\nFROM ${A:-d}\n", "stage 0:2\nbase d:2\narg A\n" },
		{ "ARG A=1 B=$A-2\nFROM x:$B\n",
		  "stage 0:2\nbase x:1-2:2\narg A\narg B\n" },
		{ "ARG A=1 B=$A-2\nFROM x:$B\n",
		  "stage 0:2\nbase x:3:2\narg B\n", .args = "A=9 B=3" },
		{ "ARG A=1\nARG A=${A}2\nFROM x:$A\n",
		  "stage 0:3\nbase x:12:3\narg A\n" },
		{ "ARG A=1 U=2\nFROM x:$A AS u\nFROM y\n",
		  "stage 1:3\nbase y:3\n" },
		{ "FROM x:$A\nARG A=1\n", "!-1 D:1: FROM x:$A: this is no "
		  "valid image name, because 'A' is not set above the first "
		  "FROM; give it a value there (ARG A=...) or with "
		  "--build-arg" },
		{ "FROM $A\n", "!-1 D:1: FROM $A: the image's name comes out "
		  "blank, because 'A' is not set above the first FROM; give "
		  "it a value there (ARG A=...) or with --build-arg",
		  .args = "A=x" },
		{ "ARG A='x'\nFROM \"$A\"\n",
		  "stage 0:2\nbase x:2\narg A\n" },
		{ "ARG A=\"${B:?say what}\"\nFROM x\n",
		  "!-1 D:1: B: say what" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, args_are_those_the_stages_in_use_declare)
{
	static const struct row rows[] = {
		{ "FROM a AS u\nARG N\nRUN x\nFROM b AS v\nARG M\n"
		  "ARG K=1 L=2\nFROM v\nRUN x\n", "stage 1:4 v\nstage 2:7\n"
		  "base b:4\narg K\narg L\narg M\n" },
		{ "ARG D=1 G=$D U=2\nFROM a\nARG G\nRUN x\n",
		  "stage 0:2\nbase a:2\narg D\narg G\n" },
		{ "ARG D=1 G=$D\nFROM a\nARG G=3\nRUN x\n",
		  "stage 0:2\nbase a:2\narg G\n" },
		{ "FROM a\nARG HTTP_PROXY\nRUN x\n",
		  "stage 0:1\nbase a:1\narg HTTP_PROXY\n" },
		{ "FROM a-$TARGETARCH\n", "stage 0:1\nbase a-amd64:1\n" },
		{ "FROM a-$TARGETARCH\n",
		  "stage 0:1\nbase a-z:1\narg TARGETARCH\n",
		  .args = "TARGETARCH=z" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, an_arg_counts_once_something_can_use_it)
{
	static const struct row rows[] = {
		{ "FROM a\nRUN x\nARG N\nCOPY x y\nCMD z\n",
		  "stage 0:1\nbase a:1\n" },
		{ "FROM a\nARG N\nCOPY x y\nRUN x\n",
		  "stage 0:1\nbase a:1\narg N\n" },
		{ "FROM a\nARG N\nENV X=${N}\n",
		  "stage 0:1\nbase a:1\narg N\n" },
		{ "FROM a\nARG N\nARG M=$N\nLABEL a=$M\n",
		  "stage 0:1\nbase a:1\narg M\narg N\n" },
		{ "FROM a\nARG N=1 M=$N\nLABEL a=b\n",
		  "stage 0:1\nbase a:1\n" },
		{ "FROM a\nARG N\nCOPY <<E /x\n$N\nE\n",
		  "stage 0:1\nbase a:1\narg N\n" },
		{ "FROM a\nARG N\nCOPY <<'E' /x\n$N\nE\n",
		  "stage 0:1\nbase a:1\n" },
		{ "FROM a\nARG N\nONBUILD COPY $N /x\n",
		  "stage 0:1\nbase a:1\narg N\n" },
		{ "ARG A=x\nARG B=$A\nFROM a\nARG B\n",
		  "stage 0:3\nbase a:3\n" },
		{ "ARG A=x\nARG B=$A\nFROM a\nARG B\nRUN x\n",
		  "stage 0:3\nbase a:3\narg A\narg B\n" },
		{ "FROM a\nARG N\nWAT\n", "stage 0:1\nbase a:1\narg N\n"
		  "doubt 3 unknown instruction 'WAT'\n" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, an_arg_counts_for_the_stages_that_stand_on_it)
{
	static const struct row rows[] = {
		{ "FROM a AS s\nARG N\nFROM s AS t\nCOPY x y\n"
		  "FROM s\nRUN x\nCOPY --from=t x y\n", "stage 0:1 s\n"
		  "stage 1:3 t\nstage 2:5\nbase a:1\narg N\n" },
		{ "FROM a AS s\nFROM s AS t\nARG N\n"
		  "FROM s\nRUN x\nCOPY --from=t x y\n", "stage 0:1 s\n"
		  "stage 1:2 t\nstage 2:4\nbase a:1\n" },
		{ "FROM a AS t\nARG N\nFROM b\nRUN x\nCOPY --from=t x y\n",
		  "stage 0:1 t\nstage 1:3\nbase a:1\nbase b:3\n" },
		{ "FROM a AS s\nARG N\nRUN x\nFROM s AS t\nARG M\n"
		  "FROM s\nARG M\nCOPY --from=t x y\n", "stage 0:1 s\n"
		  "stage 1:4 t\nstage 2:6\nbase a:1\narg N\n" },
		{ "FROM a AS s\nARG X\nARG Y\nFROM s AS t\nRUN x\nARG N\n"
		  "FROM s\nRUN y\nCOPY --from=t x y\n", "stage 0:1 s\n"
		  "stage 1:4 t\nstage 2:7\nbase a:1\narg X\narg Y\n" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, named_contexts_replace_stages_and_images)
{
	static const struct row rows[] = {
		{ "FROM a AS s\nARG N\nRUN --mount=from=q,target=/m x\n"
		  "FROM b\nCOPY --from=s x y\n",
		  "stage 0:1 s =s\nstage 1:4\nbase b:4\n", .contexts = "s" },
		{ "FROM a\n", "stage 0:1\nbase a:1 =a\n", .contexts = "a" },
		{ "FROM docker.io/library/a:latest\n", "stage 0:1\n"
		  "base docker.io/library/a:latest:1 =a\n", .contexts = "a" },
		{ "FROM a\n", "stage 0:1\nbase a:1 =docker.io/library/a\n",
		  .contexts = "docker.io/library/a" },
		{ "FROM a:1\n", "stage 0:1\nbase a:1:1\n", .contexts = "a" },
		{ "FROM scratch\nCOPY --from=i x y\n",
		  "stage 0:1\nimage i:2 =i\n", .contexts = "i scratch" },
		{ "FROM a AS a\n", "stage 0:1 a =a\n", .contexts = "a" },
		{ "FROM a\nCOPY --from=s x y\nFROM b AS s\nFROM c\n"
		  "COPY --from=0 x y\n", "stage 0:1\nstage 1:3 s =s\n"
		  "stage 2:4\nbase a:1\nbase c:4\n", .contexts = "s" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, a_base_by_the_builder_s_platform_is_any)
{
	static const struct row rows[] = {
		{ "FROM a AS s-amd64\nFROM b AS s-arm64\n"
		  "FROM s-$BUILDARCH\n", "stage 0:1 s-amd64\n"
		  "stage 1:2 s-arm64\nstage 2:3\nbase a:1\nbase b:2\n"
		  "doubt 3 FROM s-$BUILDARCH hangs on the builder's platform\n"
		},
		{ "FROM s-$BUILDARCH AS s\n", "stage 0:1 s =s\n",
		  .contexts = "s" },
		{ "FROM --platform=$BUILDPLATFORM a\n",
		  "stage 0:1\nbase a:1 on linux/amd64\n" },
	};
	CHECK(rows);
}

/* As frontends from 1.24 on have it. */
Test(dockerfile_stages, the_date_counts_though_no_stage_asks_for_it)
{
	static const struct row rows[] = {
		{ "ARG X=1\nARG SOURCE_DATE_EPOCH=$X\nFROM a\nFROM b\n",
		  "stage 1:4\nbase b:4\narg SOURCE_DATE_EPOCH\narg X\n" },
		{ "FROM a AS s\nARG V\nRUN $V\nFROM b\n", "stage 0:1 s\n"
		  "stage 1:4\nbase a:1\nbase b:4\narg V\n"
		  "doubt 0 SOURCE_DATE_EPOCH is not a number of seconds\n",
		  .args = "SOURCE_DATE_EPOCH=s" },
		{ "FROM a\nFROM b\n", "stage 1:2\nbase b:2\n",
		  .args = "SOURCE_DATE_EPOCH=1" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, what_buildkit_refuses_is_an_error)
{
	static const struct row rows[] = {
		{ "RUN x\nFROM a\n", "!-1 D:1: RUN before the first FROM" },
		{ "ARG A=1\n", "!-1 D: no FROM in it" },
		{ "FROM Foo\n", "!-1 D:1: FROM Foo: this is no valid image "
		  "name" },
		{ "FROM a AS Base\nFROM Base\n", "!-1 D:2: FROM Base: this is "
		  "no valid image name" },
		{ "FROM a\nCOPY --from=b x y\nFROM c AS b\nFROM d\n"
		  "COPY --from=0 x y\n", "!-1 D:2: stage 'b' is used before "
		  "it is complete; move it up" },
		{ "FROM a AS s\nCOPY --from=s x y\n", "!-1 D:2: stage 's' is "
		  "used before it is complete; move it up" },
		{ "FROM a\nCOPY --from=0 x y\n", "!-1 D:2: stage '(unnamed)' "
		  "is used before it is complete; move it up" },
		{ "FROM a\nCOPY --from=-1 x y\n",
		  "!-1 D:2: there is no stage -1" },
		{ "FROM a\nCOPY --from=$X x y\n", "!-1 D:2: --from=$X: "
		  "variables do not work here; give the image a stage with "
		  "FROM" },
		{ "FROM a\nCOPY --from=a/B x y\n", "!-1 D:2: 'a/B' is neither "
		  "a stage nor a valid image name" },
		{ "FROM a\nRUN --mount=from=$X,target=/x y\n", "!-1 D:2: "
		  "--mount from=$X: variables do not work here; give the "
		  "image a stage with FROM" },
		{ "FROM a\nRUN --mount=\\\"a y\n", "!-1 D:2: --mount: a quote "
		  "is not closed" },
		{ "FROM a\nENV A=\"x\n", "!-1 D:2: missing double quote" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, what_is_not_understood_is_said)
{
	static const struct row rows[] = {
		{ "# syntax=docker/dockerfile:1\nFROM a\n",
		  "stage 0:2\nbase a:2\n" },
		{ "# syntax=acme/x\nFROM a\n", "stage 0:2\nbase a:2\ndoubt 1 "
		  "a frontend that is not docker's own, 'acme/x'\n" },
		{ "# syntax=acme/x\nwhat: ever\n", "doubt 1 a frontend that "
		  "is not docker's own, 'acme/x'\n" },
		{ "FROM a\n", "stage 0:1\nbase a:1\ndoubt 0 a frontend that "
		  "is not docker's own, 'acme/x', by BUILDKIT_SYNTAX\n",
		  .args = "BUILDKIT_SYNTAX=acme/x" },
		{ "what: ever\nFROM a\n", "doubt 0 a frontend that is not "
		  "docker's own, 'acme/x', by BUILDKIT_SYNTAX\n",
		  .args = "BUILDKIT_SYNTAX=acme/x" },
		{ "FROM a\n", "stage 0:1\nbase a:1\n",
		  .args = "BUILDKIT_SYNTAX=docker/dockerfile:1" },
		{ "FROM a\n", "stage 0:1\nbase a:1\n",
		  .args = "BUILDKIT_SYNTAX" },
		{ "FROM a\nWAT\n", "stage 0:1\nbase a:1\n"
		  "doubt 2 unknown instruction 'WAT'\n" },
		{ "FROM a\nONBUILD WAT\n", "stage 0:1\nbase a:1\n"
		  "doubt 2 unknown instruction 'WAT'\n" },
		{ "FROM --wat=1 a\n", "stage 0:1\nbase a:1\n"
		  "doubt 1 unknown flag '--wat=1'\n" },
		{ "FROM a\nCOPY --from=b x y\nCOPY --from=1 x y\n",
		  "stage 0:1\nbase a:1\nimage b:2\ndoubt 3 a stage number "
		  "beyond the stages of the file\n" },
		{ "FROM a\nRUN x \\\\\nRUN y\n", "stage 0:1\nbase a:1\n"
		  "doubt 2 older engines continue a line that ends in two "
		  "escapes\n" },
		{ "ARG A=x\nARG A\nFROM $A\n", "stage 0:3\nbase x:3\narg A\n"
		  "doubt 0 engines differ on the value of 'A'\n" },
		{ "ARG A=x\nARG A\nFROM $A\n", "stage 0:3\nbase y:3\narg A\n",
		  .args = "A=y" },
		{ "FROM a\nARG TARGETSTAGE\nRUN x\n", "stage 0:1\nbase a:1\n"
		  "arg TARGETSTAGE\ndoubt 0 engines differ on the value of "
		  "'TARGETSTAGE'\n" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, triggers_of_a_stage_run_in_those_that_stand_on_it)
{
	static const struct row rows[] = {
		{ "FROM a AS x\nFROM b AS o\nONBUILD COPY --from=x p q\n"
		  "FROM c AS i\nONBUILD COPY --from=img p q\nFROM o\n",
		  "stage 0:1 x\nstage 1:2 o\nstage 3:6\nbase a:1\nbase b:2\n" },
		{ "FROM b AS o\nONBUILD ARG Q\nFROM o\n",
		  "stage 0:1 o\nstage 1:3\nbase b:1\ndoubt 3 ONBUILD "
		  "ARG of a stage in this file, which engines treat "
		  "differently\n" },
		{ "FROM b AS o\nONBUILD RUN --mount=from=i,target=/m x\n"
		  "FROM o AS p\nFROM p\n", "stage 0:1 o\nstage 1:3 p\n"
		  "stage 2:4\nbase b:1\nimage i:3\n" },
		{ "# escape=`\nFROM c AS i\nFROM b AS o\n"
		  "ONBUILD ENV A=b\\ C=d\nONBUILD COPY $C /x\nFROM o\n", "stage 0:2 i\n"
		  "stage 1:3 o\nstage 2:6\nbase c:2\nbase b:3\ndoubt 6 "
		  "ONBUILD instructions, which are read without the escape "
		  "directive\n" },
		{ "# escape=`\nFROM c AS i\nFROM b AS o\nONBUILD COPY y /x\n"
		  "FROM o\n", "stage 1:3 o\nstage 2:5\nbase b:3\n" },
	};
	CHECK(rows);
}

Test(dockerfile_stages, triggers_of_a_base_image_come_from_the_caller)
{
	struct strv onbuild = { 0 };
	struct dockerfile_base base = { .ref = "a", .onbuild = &onbuild };
	struct dockerfile_options o = { .bases = &base, .n_bases = 1 };

	strv_push(&onbuild, "ARG N");
	strv_push(&onbuild, "RUN x");
	strv_push(&onbuild, "COPY --from=i x y");
	char *actual = show("FROM a\nFROM a AS b\nFROM b\n", &o);
	cr_expect_str_eq(actual, "stage 1:2 b\nstage 2:3\nbase a:2\n"
			 "image i:2\narg N\n");
	free(actual);
	strv_clear(&onbuild);
	strv_push(&onbuild, "COPY x");
	actual = show("FROM a\n", &o);
	cr_expect_str_eq(actual, "!-1 ONBUILD of a:1: COPY needs a source and "
			 "a destination");
	free(actual);
	strv_release(&onbuild);
}

/* A base that nobody has seen, with the args that are then declared. */
static const struct dockerfile_base unseen = { .ref = "a", .is_unseen = true };

Test(dockerfile_stages, a_base_that_nobody_saw_may_use_every_stage_above)
{
	struct dockerfile_options o = { .bases = &unseen, .n_bases = 1 };
	char *actual = show("FROM b AS x\nARG P\nRUN x\nFROM c AS y\n"
			    "FROM a\nFROM d\n", &o);

	cr_expect_str_eq(actual, "stage 3:6\nbase d:6\n");
	free(actual);
	o.target = "z";
	actual = show("FROM b AS x\nARG P\nRUN x\nFROM c AS y\n"
		      "FROM a AS z\nFROM d\n", &o);
	cr_expect_str_eq(actual, "stage 0:1 x\nstage 1:4 y\nstage 2:5 z\n"
			 "base b:1\nbase c:4\nbase a:5\narg P\ndoubt 5 nobody "
			 "could look at 'a', whose ONBUILD instructions count "
			 "too\n");
	free(actual);
}

Test(dockerfile_stages, triggers_that_are_no_single_instruction_are_in_doubt)
{
	static const char *const odd[] = {
		"ONBUILD RUN x", "RUN x\nARG N", "RUN x \\", "# escape=`",
		"\n # x\nRUN x",
	};
	struct strv onbuild = { 0 };
	struct dockerfile_base base = { .ref = "a", .onbuild = &onbuild };
	struct dockerfile_options o = { .bases = &base, .n_bases = 1 };

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		strv_clear(&onbuild);
		strv_push(&onbuild, odd[i]);
		strv_push(&onbuild, "RUN y");
		char *actual = show("FROM a\n", &o);
		cr_expect_not_null(strstr(actual, "doubt 1 "), "%s: %s",
				   odd[i], actual);
		free(actual);
	}
	strv_clear(&onbuild);
	strv_push(&onbuild, "COPY <<E /x\n$N\nE");
	strv_push(&onbuild, "ARG N");
	strv_push(&onbuild, "RUN x");
	char *actual = show("FROM a\n", &o);
	cr_expect_str_eq(actual, "stage 0:1\nbase a:1\narg N\n");
	free(actual);
	strv_release(&onbuild);
}

Test(dockerfile_stages, each_platform_has_its_own_base)
{
	struct strv platforms = { 0 }, amd = { 0 }, arm = { 0 };
	struct dockerfile_base bases[] = {
		{ .ref = "a", .platform = "linux/amd64", .onbuild = &amd },
		{ .ref = "a", .platform = "linux/arm/v7", .onbuild = &arm },
	};
	struct dockerfile_options o = { .platforms = &platforms,
					.bases = bases, .n_bases = 2 };

	strv_push(&amd, "ARG AMD");
	strv_push(&amd, "RUN x");
	strv_push(&arm, "ARG ARM");
	strv_push(&arm, "RUN x");
	strv_push(&platforms, "linux/arm");
	char *actual = show("FROM a\n", &o);
	cr_expect_str_eq(actual, "stage 0:1\nbase a:1\narg ARM\n");
	free(actual);
	actual = show("FROM --platform=amd64 a\n", &o);
	cr_expect_str_eq(actual, "stage 0:1\nbase a:1 on linux/amd64\n"
			 "arg AMD\n");
	free(actual);
	strv_push(&platforms, "linux/amd64");
	actual = show("FROM a\n", &o);
	cr_expect_str_eq(actual, "stage 0:1\nbase a:1\narg AMD\narg ARM\n");
	free(actual);
	strv_release(&platforms);
	strv_release(&amd);
	strv_release(&arm);
}

Test(dockerfile_stages, an_image_as_a_named_context_has_triggers_too)
{
	struct strv contexts = { 0 }, onbuild = { 0 };
	struct dockerfile_base base = { .ref = "other", .context = "ctx",
					.onbuild = &onbuild };
	struct dockerfile_options o = { .contexts = &contexts,
					.bases = &base, .n_bases = 1 };

	strv_push(&contexts, "ctx");
	strv_push(&onbuild, "ARG N");
	strv_push(&onbuild, "RUN x");
	char *actual = show("FROM ctx\nFROM ctx\n", &o);
	cr_expect_str_eq(actual, "stage 1:2\nbase ctx:2 =ctx\narg N\n");
	free(actual);
	actual = show("FROM a AS ctx\nFROM ctx\n", &o);
	cr_expect_str_eq(actual, "stage 0:1 ctx =ctx\nstage 1:2\ndoubt 1 "
			 "ONBUILD instructions of the context 'ctx', which "
			 "engines treat differently\n");
	free(actual);
	strv_release(&contexts);
	strv_release(&onbuild);
}

/* The bases as lines, then what is known of triggers and args. */
static char *
show_bases(const char *text, const struct dockerfile_options *options)
{
	struct imgcache_error err = { 0 };
	struct dockerfile *df = NULL;
	struct dockerfile_plan *p = NULL;
	struct buf out = BUF_INIT;

	cr_assert_eq(dockerfile_parse(text, strlen(text), "D", &df, &err), 0);
	cr_assert_eq(dockerfile_resolve(df, options, &p, &err), 0);
	for (size_t i = 0; i < p->n_bases; i++)
		buf_addf(&out, "%d %s=%s on %s\n", p->bases[i].line,
			 p->bases[i].ref ? p->bases[i].ref : "-",
			 p->bases[i].context ? p->bases[i].context : "-",
			 p->bases[i].platform);
	for (size_t i = 0; i < p->onbuild.n; i++)
		buf_addf(&out, "onbuild %s\n", p->onbuild.v[i]);
	buf_addf(&out, "%s%s", p->has_onbuild ? "" : "triggers unknown\n",
		 p->any_arg ? "any arg\n" : "");
	dockerfile_plan_free(p);
	dockerfile_free(df);
	return buf_detach(&out);
}

Test(dockerfile_stages, the_plan_says_which_bases_to_look_at)
{
	struct strv contexts = { 0 }, platforms = { 0 };
	struct dockerfile_options o = { .contexts = &contexts,
					.platforms = &platforms };

	strv_push(&contexts, "ctx");
	strv_push(&platforms, "linux/amd64");
	strv_push(&platforms, "linux/arm64/v8");
	char *actual = show_bases("FROM a-$TARGETARCH AS x\nFROM u\n"
				  "FROM ctx\nCOPY --from=x a b\n"
				  "COPY --from=i a b\n", &o);
	cr_expect_str_eq(actual, "1 a-amd64=- on linux/amd64\n"
			 "1 a-arm64=- on linux/arm64\n"
			 "3 ctx=ctx on linux/amd64\n"
			 "3 ctx=ctx on linux/arm64\n");
	free(actual);
	actual = show_bases("FROM --platform=linux/s390x a AS ctx\n"
			    "FROM ctx\nFROM scratch\nCOPY --from=1 a b\n", &o);
	cr_expect_str_eq(actual, "1 -=ctx on linux/s390x\n");
	free(actual);
	strv_release(&contexts);
	strv_release(&platforms);
}

Test(dockerfile_stages, the_plan_says_which_triggers_the_image_will_have)
{
	static const char *const rows[][2] = {
		{ "FROM a\nONBUILD RUN x\nFROM b\nONBUILD  copy a \\\n  b\n"
		  "ONBUILD ARG V\n", "onbuild copy a   b\nonbuild ARG V\n" },
		{ "FROM b AS x\nONBUILD RUN x\nFROM x\n", "" },
		{ "FROM b\nONBUILD COPY <<E /x\nhi\nE\n",
		  "onbuild COPY <<E /x\ntriggers unknown\n" },
		{ "# syntax=acme/x\nFROM b\n", "triggers unknown\n" },
		{ "FROM c AS ctx\n", "triggers unknown\n" },
		{ "FROM a\n", "triggers unknown\nany arg\n" },
	};
	struct strv contexts = { 0 };
	struct dockerfile_options o = { .contexts = &contexts,
					.bases = &unseen, .n_bases = 1 };

	strv_push(&contexts, "ctx");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *actual = show_bases(rows[i][0], &o);
		const char *own = strstr(actual, "linux/amd64\n");
		cr_expect_str_eq(own ? own + strlen("linux/amd64\n") : actual,
				 rows[i][1], "%s", rows[i][0]);
		free(actual);
	}
	strv_release(&contexts);
}

/* What the target begins with, "-" for nothing. */
static char *
root_of(const char *text, const char *target)
{
	const struct dockerfile_options o = { .target = target };
	struct imgcache_error err = { 0 };
	struct dockerfile *df = NULL;
	struct dockerfile_plan *plan = NULL;
	char *root;

	cr_assert_eq(dockerfile_parse(text, strlen(text), "D", &df, &err), 0);
	cr_assert_eq(dockerfile_resolve(df, &o, &plan, &err), 0);
	root = mem_strdup(plan->root ? plan->root : "-");
	dockerfile_plan_free(plan);
	dockerfile_free(df);
	return root;
}

static void
expect_root(const char *text, const char *target, const char *root)
{
	char *found = root_of(text, target);

	cr_expect_str_eq(found, root, "%s", text);
	free(found);
}

Test(dockerfile_stages, the_root_is_what_the_target_itself_begins_with)
{
	static const char text[] = "FROM golang:1 AS build\nRUN make\n"
		"FROM debian:12 AS base\nFROM base AS run\n"
		"COPY --from=build /a /a\nFROM scratch AS bare\n"
		"COPY --from=build /a /a\n";

	expect_root(text, "run", "debian:12");
	expect_root(text, "build", "golang:1");
	expect_root(text, NULL, "-");
}
