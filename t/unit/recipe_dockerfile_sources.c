/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "recipe/dockerfile.h"
#include "recipe/dockerfile_sources.h"

static void
show_read(struct buf *out, const struct dockerfile_read *r)
{
	static const char *const kinds[] = { "", "parents ", "tree ", "url ",
					     "git " };

	buf_adds(out, out->len ? "; " : "");
	buf_adds(out, kinds[r->kind]);
	if (r->context)
		buf_addf(out, "%s:", r->context);
	buf_addf(out, "[%s]%s", r->path, r->wildcard ? "*" : "");
	if (r->include)
		buf_addf(out, "/[%s]", r->include);
	for (size_t i = 0; i < r->n_exclude; i++)
		buf_addf(out, " -%s", r->exclude[i]);
	buf_adds(out, r->exclude_differs ? " -?" : "");
	if (r->checksum)
		buf_addf(out, " #%s", r->checksum);
	buf_addf(out, "@%d", r->line);
}

/* Reads, "?" and the line of a doubt, or "!error". The caller frees. */
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
		buf_addf(&out, "!%s", err.text);
	for (size_t i = 0; plan && i < plan->n_reads; i++)
		show_read(&out, &plan->reads[i]);
	if (plan && plan->cache_is_blind)
		buf_adds(&out, " blind");
	if (plan && !plan->understood)
		buf_addf(&out, "%s?%d", out.len ? "; " : "",
			 plan->reason_line);
	dockerfile_plan_free(plan);
	dockerfile_free(df);
	return buf_detach(&out);
}

struct row {
	const char *text;
	const char *expect;
};

/* Each text stands below "FROM scratch", its first line is 2. */
static void
check(const struct row *rows, size_t n)
{
	static char context[] = "ctx", arg[] = "GIVEN=g/v";
	char *contexts[] = { context, NULL }, *args[] = { arg, NULL };
	struct strv context_list = { contexts, 1, 2 };
	struct strv arg_list = { args, 1, 2 };
	struct dockerfile_options o = { .contexts = &context_list,
					.args = &arg_list };

	for (size_t i = 0; i < n; i++) {
		char *text = mem_printf("FROM scratch\n%s", rows[i].text);
		char *actual = show(text, &o);
		cr_expect_str_eq(actual, rows[i].expect, "%s\n gives %s",
				 rows[i].text, actual);
		free(actual);
		free(text);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

Test(dockerfile_sources, copy_and_add_read_their_sources)
{
	static const struct row rows[] = {
		{ "COPY a b /x", "[a]@2; [b]@2" },
		{ "ADD a.tar b /x", "[a.tar]@2; [b]@2" },
		{ "COPY . /x", "[]@2" },
		{ "COPY / /x", "[]@2" },
		{ "COPY ./a//b/../c/ /x", "[a/c]@2" },
		{ "COPY ../../a /x", "[a]@2" },
		{ "COPY [\"a b\", \"c\", \"/x\"]", "[a b]@2; [c]@2" },
		{ "COPY \"a\" 'b' c\\d /x", "[a]@2; [b]@2; [cd]@2" },
		{ "COPY a /x\nCOPY a /y", "[a]@2" },
		{ "COPY <<E /x\nhi\nE", "" },
		{ "COPY a <<E /x\nhi\nE", "[a]@2" },
		{ "COPY [\"<<a\", \"/x\"]", "[<<a]@2" },
		{ "COPY 'a\\b' /x", "?2" },
		{ "COPY --wat a /x", "[a]@2; ?2" },
		{ "COPY --chown=1 --chmod=2 --link a /x", "[a]@2" },
		{ "USER a\nWORKDIR /b\nRUN c\nCMD d", "" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, wildcards_are_kept_as_patterns)
{
	static const struct row rows[] = {
		{ "COPY *.c a?b [a-c]d /x", "[*.c]*@2; [[a-c]d]*@2; [a?b]*@2" },
		{ "COPY d/*/../e /x", "[d/e]@2" },
		{ "COPY arr[[]0].txt /x", "[arr[[]0].txt]*@2" },
		{ "COPY ./* /x", "[*]*@2" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, parents_and_excludes)
{
	static const struct row rows[] = {
		{ "COPY --parents a/b c /x",
		  "parents []/[a/b]@2; parents []/[c]@2" },
		{ "COPY --parents a/./b/**/c /x",
		  "parents [a]/[b/**/c]@2" },
		{ "COPY --parents ./a/b /x", "parents []/[a/b]@2" },
		{ "COPY --parents=false a/./b /x", "[a/b]@2" },
		{ "COPY --exclude=*.md --exclude=d/$GIVEN a /x",
		  "[a] -*.md -d/ -?@2 blind" },
		{ "COPY --exclude=\"*.md\" a /x", "[a] -*.md@2" },
		{ "COPY --exclude=$GIVEN a /x\nCOPY --exclude= a /x",
		  "[a] - -?@2; [a] -@3 blind" },
		{ "ADD --exclude=b a /x", "[a] -b@2" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, escapes_in_excludes_are_read_differently)
{
	static const struct row rows[] = {
		{ "COPY --exclude=a\\b a /x", "[a] -ab -?@2" },
		{ "COPY --exclude=a`b a /x", "[a] -a`b -?@2" },
		{ "COPY --exclude=\xc3\xbc a /x", "[a] -\xc3\x83\xc2\xbc -?@2" },
		{ "COPY --exclude=a \\\n b /x", "[b] -a@2" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, who_may_exclude_everything_blinds_the_cache)
{
	static const struct row rows[] = {
		{ "COPY --exclude=* --exclude=!a a /x", "[a] -* -!a@2 blind" },
		{ "ADD --exclude=**/ a /x", "[a] -**/@2 blind" },
		{ "COPY --exclude=?* --exclude=*.c a /x", "[a] -?* -*.c@2" },
		{ "COPY --from=img --exclude=* a /x", " blind" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, add_reads_addresses)
{
	static const struct row rows[] = {
		{ "ADD http://a/b.tgz https://c/d?e#f /x",
		  "url [http://a/b.tgz]@2; url [https://c/d?e#f]@2" },
		{ "ADD --checksum=sha256:1 http://a/b /x",
		  "url [http://a/b] #sha256:1@2" },
		{ "ADD https://h/r.git#v1:d /x", "git [https://h/r.git#v1:d]@2"
		},
		{ "ADD https://h/r.git?tag=v1 /x",
		  "git [https://h/r.git?tag=v1]@2" },
		{ "ADD git@h.x:a/b.git git://h/r ssh://g@h/r /x",
		  "git [git://h/r]@2; git [git@h.x:a/b.git]@2; "
		  "git [ssh://g@h/r]@2" },
		{ "ADD git://$GIVEN /x", "git [git://]@2" },
		{ "ADD ./git@h:b a:b @b:c a@b_c:d github.com/a/b /x",
		  "[@b:c]@2; [a:b]@2; [a@b_c:d]@2; [git@h:b]@2; "
		  "[github.com/a/b]@2" },
		{ "COPY http://a/b /x",
		  "!D:2: COPY cannot fetch 'http://a/b'; use ADD" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, bind_mounts_read_a_path)
{
	static const struct row rows[] = {
		{ "RUN --mount=type=bind,source=a/b,target=/m x",
		  "tree [a/b]@2" },
		{ "RUN --mount=src=/a/../b,dst=/m x", "tree [b]@2" },
		{ "RUN --mount=target=/m x", "tree []@2" },
		{ "RUN --mount=TYPE=BIND,Source=*,target=/m x",
		  "tree [*]@2" },
		{ "RUN --mount=type=bind,\\\"source=a,b\\\",target=/m x",
		  "tree [a,b]@2" },
		{ "RUN --mount=type=cache,source=a,target=/m x", "" },
		{ "RUN --mount=type=tmpfs,target=/m x", "" },
		{ "RUN --mount=type=secret,id=a --mount=type=ssh x", "" },
		{ "RUN --mount=from=ctx,source=a,target=/m x",
		  "tree ctx:[a]@2" },
		{ "RUN --mount=type=cache,from=ctx,source=a,target=/m x",
		  "tree ctx:[a]@2" },
		{ "RUN --mount=from=img,source=a,target=/m x", "" },
		{ "RUN --mount=source=a,target=/m [\"x\"]", "tree [a]@2" },
		{ "RUN --mount=source=a,target=/m <<E\nx\nE", "tree [a]@2" },
		{ "RUN x --mount=source=a", "" },
		{ "ENV P=p\nRUN --mount=source=$P/q,target=/m x",
		  "tree [p/q]@3" },
		{ "ENV P=cache\nRUN --mount=type=$P,target=/m x", "?3" },
		{ "RUN --mount=type=wat,target=/m x", "?2" },
		{ "RUN --wat x", "?2" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, other_stages_and_images_are_not_contexts)
{
	static const struct row rows[] = {
		{ "COPY --from=img a /x", "" },
		{ "COPY --from=ctx a b* /x", "ctx:[a]@2; ctx:[b*]*@2" },
		{ "COPY --from=ctx --exclude=e a /x", "ctx:[a] -e@2" },
		{ "FROM scratch\nCOPY --from=0 a /x", "" },
		{ "COPY u /x\nFROM scratch AS z\nCOPY v /x", "[v]@4" },
		{ "FROM ctx\nCOPY a /x", "tree ctx:[]@2; [a]@3" },
		{ "FROM b AS ctx\nCOPY u /x\nFROM ctx\nCOPY a /x",
		  "tree ctx:[]@4; [a]@5" },
		{ "FROM b AS ctx\nCOPY u /x\nFROM scratch\n"
		  "COPY --from=ctx a /x", "ctx:[a]@5" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, variables_of_the_stage)
{
	static const struct row rows[] = {
		{ "ENV A=a B=$A\nCOPY x$A x$B /x", "[x]@3; [xa]@3" },
		{ "ENV A=a\nENV B=$A$A\nCOPY $B /x", "[aa]@4" },
		{ "ENV A b  c\nCOPY \"$A\" /x", "[b  c]@3" },
		{ "ENV A='b c'\nCOPY $A /x", "[b c]@3" },
		{ "ARG A=a\nCOPY $A /x", "[a]@3" },
		{ "ARG GIVEN=d\nCOPY $GIVEN /x", "[g/v]@3" },
		{ "ARG GIVEN\nCOPY ${GIVEN%/*} /x", "[g]@3" },
		{ "COPY x$GIVEN /x", "[x]@2" },
		{ "ENV A=1\nARG A=2\nCOPY $A /x", "[2]@4" },
		{ "ARG A=1\nENV A=2\nCOPY $A /x", "[2]@4" },
		{ "ENV A=1\nARG A\nCOPY $A /x", "[1]@4" },
		{ "ARG A=1 B=$A\nCOPY $A /x", "[1]@3" },
		{ "ARG A=1 B=$A\nCOPY $B /x", "?3" },
		{ "ARG TARGETARCH\nCOPY bin-$TARGETARCH /x", "[bin-amd64]@3" },
		{ "COPY bin-$TARGETARCH /x", "[bin-]@2" },
		{ "COPY ${A:-${B:-c}} /x", "[c]@2" },
		{ "COPY $PATH /x", "[usr/local/sbin:/usr/local/bin:/usr/sbin:"
		  "/usr/bin:/sbin:/bin]@2" },
		{ "ENV N=A\nENV $N=b\nCOPY $A /x", "[b]@4" },
		{ "COPY ${A?} /x", "!D:2: A: is not allowed to be unset" },
		{ "COPY ${A /x", "!D:2: unsupported modifier in ${}" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, variables_go_down_from_stage_to_stage)
{
	static const struct row rows[] = {
		{ "ENV A=1\nFROM scratch AS p\nENV A=2 B=3\n"
		  "FROM p AS q\nENV A=4\nCOPY q$A$B /x\n"
		  "FROM p AS r\nCOPY r$A$B /x\n"
		  "FROM scratch\nCOPY s$A$B /x\n"
		  "COPY --from=q a b\nCOPY --from=r a b\n",
		  "[q43]@7; [r23]@9; [s]@11" },
		{ "FROM scratch AS a\nARG A=1\nFROM a\nCOPY x$A /x",
		  "[x1]@5" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, an_arg_hides_what_the_image_has_for_one_stage_only)
{
	static const struct row rows[] = {
		{ "ENV A=1\nFROM scratch AS a\nENV A=2\nARG A=3\nCOPY x$A /x\n"
		  "FROM a AS b\nCOPY y$A /x\nARG A=4\nFROM b\nCOPY z$A /x",
		  "[x3]@6; [y2]@8; [z2]@11" },
		{ "FROM scratch AS a\nENV A=2\nFROM a AS b\nARG A=3\n"
		  "FROM b\nCOPY $A /x", "[2]@7" },
		{ "FROM scratch AS a\nENV GIVEN=2\nARG GIVEN\nFROM a\n"
		  "COPY $GIVEN /x", "[2]@6" },
		{ "FROM img AS a\nARG A=1\nENV B=2\nCOPY x$A /x\nFROM a\n"
		  "COPY y$A /x\nCOPY z$B /x", "[x1]@5; [z2]@8; ?7" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, what_the_builder_is_nobody_here_knows)
{
	static const struct row rows[] = {
		{ "ARG BUILDARCH\nCOPY bin-$BUILDARCH /x", "?3" },
		{ "ARG BUILDVARIANT\nCOPY bin$BUILDVARIANT /x", "?3" },
		{ "ARG BUILDARCH=amd64\nCOPY bin-$BUILDARCH /x",
		  "[bin-amd64]@3" },
		{ "ARG BUILDKIT_SBOM_SCAN_STAGE=b\n"
		  "COPY $BUILDKIT_SBOM_SCAN_STAGE /x", "?3" },
	};
	CHECK(rows);

	struct dockerfile_options o = { 0 };
	char *actual = show("ARG A=bin-$BUILDARCH\nFROM scratch\nARG A\n"
			    "COPY $A /x\n", &o);
	cr_expect_str_eq(actual, "?4");
	free(actual);
}

Test(dockerfile_sources, a_base_image_may_set_anything)
{
	static const struct row rows[] = {
		{ "FROM img\nCOPY x$A /x", "?3" },
		{ "FROM img\nENV A=$B\nCOPY x$A /x", "?4" },
		{ "FROM img\nENV A=$B\nENV A=1\nCOPY x$A /x", "[x1]@5" },
		{ "FROM img\nARG A\nCOPY x$A /x", "?4" },
		{ "FROM img\nARG A=1\nCOPY x$A /x", "[x1]@4" },
		{ "FROM img\nCOPY ${A:-b} /x", "?3" },
		{ "FROM img\nENV A=1\nCOPY ${A:-$B} /x", "[1]@4" },
		{ "FROM img\nENV $A=1\nCOPY a /x", "[a]@4; ?3" },
		{ "FROM img\nRUN --mount=source=$A,target=/m x", "?3" },
		{ "FROM img\nRUN --mount=target=$A x", "tree []@3" },
		{ "FROM img\nCOPY --chown=$A a $B", "[a]@3" },
		{ "FROM img\nCOPY --exclude=$A a /x", "[a] -$A -?@3 blind" },
		{ "FROM img AS i\nFROM i\nCOPY x$A /x", "?4" },
	};
	CHECK(rows);
}

Test(dockerfile_sources, a_known_base_has_known_variables)
{
	struct strv env = { 0 };
	struct dockerfile_base base = { .ref = "img", .env = &env };
	struct dockerfile_options o = { .bases = &base, .n_bases = 1 };

	strv_push(&env, "A=1=2");
	strv_push(&env, "PATH=/p");
	char *actual = show("FROM img AS i\nFROM i\nCOPY x$A y$B $PATH /x\n",
			    &o);
	cr_expect_str_eq(actual, "[p]@3; [x1=2]@3; [y]@3");
	free(actual);
	strv_release(&env);
}

Test(dockerfile_sources, triggers_read_too)
{
	struct strv onbuild = { 0 };
	struct dockerfile_base base = { .ref = "img", .onbuild = &onbuild };
	struct dockerfile_options o = { .bases = &base, .n_bases = 1 };

	strv_push(&onbuild, "ENV A=1");
	strv_push(&onbuild, "COPY p$A /x");
	char *actual = show("FROM img\nCOPY q$A /x\n", &o);
	cr_expect_str_eq(actual, "[p1]@1; [q1]@2");
	free(actual);
	strv_release(&onbuild);
	actual = show("FROM scratch AS b\nONBUILD COPY p /x\nFROM b\n"
		      "COPY q /x\n", &o);
	cr_expect_str_eq(actual, "[p]@3; [q]@4");
	free(actual);
}

Test(dockerfile_sources, every_platform_adds_its_reads)
{
	struct strv platforms = { 0 };
	struct dockerfile_options o = { .platforms = &platforms };

	strv_push(&platforms, "linux/amd64");
	strv_push(&platforms, "linux/arm64");
	char *actual = show("FROM scratch\nARG TARGETARCH\n"
			    "COPY a b-$TARGETARCH /x\n", &o);
	cr_expect_str_eq(actual, "[a]@3; [b-amd64]@3; [b-arm64]@3");
	free(actual);
	strv_clear(&platforms);
	strv_push(&platforms, "windows/amd64");
	actual = show("FROM scratch\nCOPY a /x\n", &o);
	cr_expect_str_eq(actual, "[a]@2; ?2");
	free(actual);
	strv_release(&platforms);
}

Test(dockerfile_sources, equal_excludes_are_one_list)
{
	static const char text[] = "FROM scratch\nCOPY --exclude=e a b /x\n"
				   "COPY --exclude=f a /x\n";
	struct dockerfile_options o = { 0 };
	char *actual = show(text, &o);

	cr_expect_str_eq(actual, "[a] -e@2; [b] -e@2; [a] -f@3");
	free(actual);
}

Test(dockerfile_sources, clean_is_what_go_s_path_join_does)
{
	static const struct row rows[] = {
		{ "", "" }, { "/", "" }, { ".", "" }, { "..", "" },
		{ "a", "a" }, { "/a/", "a" }, { "a/./b", "a/b" },
		{ "a//b", "a/b" }, { "a/..", "" }, { "a/../b", "b" },
		{ "../a", "a" }, { "a/b/../../c", "c" }, { "...", "..." },
		{ "a/..b", "a/..b" }, { "a/b/..", "a" },
	};
	struct arena arena = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(source_clean(&arena, rows[i].text),
				 rows[i].expect, "%s", rows[i].text);
	arena_release(&arena);
}
