/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "recipe/dockerfile.h"

static void
show_one(struct buf *out, const struct dockerfile_instruction *in)
{
	buf_adds(out, dockerfile_keyword_name(in->keyword));
	for (size_t i = 0; i < in->n_flags; i++)
		buf_addf(out, " <%s>", in->flags[i]);
	if (in->json)
		buf_adds(out, " json");
	for (size_t i = 0; i < in->n_args; i++)
		buf_addf(out, " [%s]", in->args[i]);
	for (size_t i = 0; i < in->n_heredocs; i++)
		buf_addf(out, " %s%s%s{%.*s}", in->heredocs[i].chomp ? "-" : "",
			 in->heredocs[i].expand ? "" : "'",
			 in->heredocs[i].name, (int)in->heredocs[i].body_len,
			 in->heredocs[i].body);
	if (in->trigger) {
		buf_adds(out, " > ");
		show_one(out, in->trigger);
	}
}

/* Instructions separated by "; ", or the error's text. The caller frees. */
static char *
show_bytes(const char *text, size_t len)
{
	struct imgcache_error err = { 0 };
	struct dockerfile *df = NULL;
	struct buf out = BUF_INIT;

	if (dockerfile_parse(text, len, "D", &df, &err) < 0) {
		cr_assert_eq(err.code, IMGCACHE_EFAIL);
		cr_assert_null(df);
		buf_adds(&out, err.text);
		return buf_detach(&out);
	}
	for (size_t i = 0; i < df->n; i++) {
		buf_adds(&out, i ? "; " : "");
		show_one(&out, &df->v[i]);
	}
	dockerfile_free(df);
	return buf_detach(&out);
}

struct row {
	const char *text;
	const char *expect;
};

static void
check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *actual = show_bytes(rows[i].text, strlen(rows[i].text));
		cr_expect_str_eq(actual, rows[i].expect, "%s\n  gives %s\n",
				 rows[i].text, actual);
		free(actual);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

Test(dockerfile, instructions_fall_into_their_arguments)
{
	static const struct row rows[] = {
		{ "FROM a AS b", "FROM [a] [AS] [b]" },
		{ "from  a\tas\vb", "FROM [a] [as] [b]" },
		{ "  FROM a", "FROM [a]" },
		{ "RUN a  b 'c'", "RUN [a  b 'c']" },
		{ "RUN", "RUN" },
		{ "CMD [\"a\", \"b c\"]", "CMD json [a] [b c]" },
		{ "CMD []", "CMD json" },
		{ "CMD [\"a\" \"b\"]", "CMD [[\"a\" \"b\"]]" },
		{ "ENTRYPOINT ['a']", "ENTRYPOINT [['a']]" },
		{ "COPY a 'b c' d", "COPY [a] ['b] [c'] [d]" },
		{ "COPY [\"a b\", \"c\"]", "COPY json [a b] [c]" },
		{ "COPY [\"\\u0061\\n\", \"\\ud83d\\ude00\"]",
		  "COPY json [a\n] [\xf0\x9f\x98\x80]" },
		{ "ADD [a, b]", "ADD [[a,] [b]]" },
		{ "VOLUME a b", "VOLUME [a] [b]" },
		{ "EXPOSE 80 90/udp", "EXPOSE [80] [90/udp]" },
		{ "USER a b", "USER [a b]" },
		{ "WORKDIR  /a b ", "WORKDIR [/a b]" },
		{ "STOPSIGNAL KILL", "STOPSIGNAL [KILL]" },
		{ "MAINTAINER a <b>", "MAINTAINER [a <b>]" },
		{ "SHELL [\"a\"]", "SHELL json [a]" },
		{ "HEALTHCHECK NONE", "HEALTHCHECK [NONE]" },
		{ "HEALTHCHECK --interval=1s CMD a b",
		  "HEALTHCHECK <--interval=1s> [CMD] [a b]" },
		{ "HEALTHCHECK CMD [\"a\"]", "HEALTHCHECK json [CMD] [a]" },
		{ "WAT x y", "?" },
	};
	CHECK(rows);
}

Test(dockerfile, env_and_arg_keep_quotes_and_escapes)
{
	static const struct row rows[] = {
		{ "ENV a=b", "ENV [a] [b]" },
		{ "ENV a=b c=\"d e\" f='g h' i=j\\ k",
		  "ENV [a] [b] [c] [\"d e\"] [f] ['g h'] [i] [j\\ k]" },
		{ "ENV a b  c=d", "ENV [a] [b  c=d]" },
		{ "ENV a= b=", "ENV [a] [] [b] []" },
		{ "ENV a=b=c", "ENV [a] [b=c]" },
		{ "LABEL \"a b\"=c", "LABEL [\"a b\"] [c]" },
		{ "ARG a b=c d=\"e f\"", "ARG [a] [b=c] [d=\"e f\"]" },
		{ "ARG a=", "ARG [a=]" },
	};
	CHECK(rows);
}

Test(dockerfile, flags_come_before_arguments_and_lose_their_quotes)
{
	static const struct row rows[] = {
		{ "COPY --from=a --chown=1:2 b c",
		  "COPY <--from=a> <--chown=1:2> [b] [c]" },
		{ "COPY --from=\"a b\" c d", "COPY <--from=a b> [c] [d]" },
		{ "COPY --from='a'b c d", "COPY <--from=ab> [c] [d]" },
		{ "COPY --from=a\\ b c d", "COPY <--from=a b> [c] [d]" },
		{ "COPY --link a b", "COPY <--link> [a] [b]" },
		{ "COPY -- --x a", "COPY [--x] [a]" },
		{ "COPY a --from=b c", "COPY [a] [--from=b] [c]" },
		{ "COPY -x a", "COPY [-x] [a]" },
		{ "RUN --mount=a --network=none x --y",
		  "RUN <--mount=a> <--network=none> [x --y]" },
		{ "FROM --platform=$P a", "FROM <--platform=$P> [a]" },
	};
	CHECK(rows);
}

Test(dockerfile, heredocs_are_found_where_a_shell_would)
{
	static const struct row rows[] = {
		{ "RUN <<E\na\nE\nRUN b", "RUN [<<E] E{a\n}; RUN [b]" },
		{ "COPY <<A <<B /x\n1\nA\n2\nB\n",
		  "COPY [<<A] [<<B] [/x] A{1\n} B{2\n}" },
		{ "RUN cat <<-E\n\ta\n\t\tE\n", "RUN [cat <<-E] -E{\ta\n}" },
		{ "RUN cat <<'E'\n$a\nE\n", "RUN [cat <<'E'] 'E{$a\n}" },
		{ "RUN cat <<\"E F\"\na\nE F\n",
		  "RUN [cat <<\"E F\"] 'E F{a\n}" },
		{ "RUN cat 3<<E\nE\n", "RUN [cat 3<<E] E{}" },
		{ "RUN a <<E \\\n b\nE\n", "RUN [a <<E  b] E{}" },
		{ "RUN <<E\r\na\r\nE\r\nRUN b", "RUN [<<E] E{a\r\n}; RUN [b]" },
		{ "RUN <<E\n# a\n\nFROM x \\\nE\n",
		  "RUN [<<E] E{# a\n\nFROM x \\\n}" },
		{ "ONBUILD COPY <<E /x\na\nE\n",
		  "ONBUILD E{a\n} > COPY [<<E] [/x]" },
		/* not one */
		{ "RUN a << E\n", "RUN [a << E]" },
		{ "RUN a <<<E\n", "RUN [a <<<E]" },
		{ "RUN a \"<<E\"\n", "RUN [a \"<<E\"]" },
		{ "RUN a '<<E\n", "RUN [a '<<E]" },
		{ "RUN a x<<E\n", "RUN [a x<<E]" },
		{ "CMD a <<E\n", "CMD [a <<E]" },
		{ "RUN [\"a\", \"<<E\"]", "RUN json [a] [<<E]" },
	};
	CHECK(rows);
}

Test(dockerfile, onbuild_holds_an_instruction)
{
	static const struct row rows[] = {
		{ "ONBUILD run a", "ONBUILD > RUN [a]" },
		{ "ONBUILD COPY --from=a b c",
		  "ONBUILD > COPY <--from=a> [b] [c]" },
		{ "ONBUILD", "D:1: ONBUILD needs an instruction" },
		{ "ONBUILD ONBUILD RUN a",
		  "D:1: ONBUILD is not allowed after ONBUILD" },
		{ "ONBUILD FROM a", "D:1: FROM is not allowed after ONBUILD" },
		{ "ONBUILD maintainer a",
		  "D:1: MAINTAINER is not allowed after ONBUILD" },
	};
	CHECK(rows);
}

Test(dockerfile, malformed_instructions_are_errors_with_their_line)
{
	static const struct row rows[] = {
		{ "", "D: no instructions in it" },
		{ "# only this\n\n", "D: no instructions in it" },
		{ "\nFROM", "D:2: FROM needs an argument" },
		{ "FROM a b", "D:1: FROM takes an image, or an image AS a "
		  "name" },
		{ "FROM a ASS b", "D:1: FROM takes an image, or an image AS a "
		  "name" },
		{ "FROM a AS 1b", "D:1: bad stage name '1b'; it begins with a "
		  "letter and has only letters, digits and -_. in it" },
		{ "FROM a\n\nCOPY \\\n b", "D:3: COPY needs a source and a "
		  "destination" },
		{ "ADD", "D:1: ADD needs arguments" },
		{ "COPY [\"a\", 1]", "D:1: an array may hold strings only" },
		{ "COPY [\"a\\u0000\", \"b\"]", "D:1: a string holds a NUL" },
		{ "ENV", "D:1: ENV needs arguments" },
		{ "ENV a", "D:1: ENV needs a name and a value" },
		{ "ENV a=b c", "D:1: no '=' in 'c'; ENV takes name=value" },
		{ "LABEL =b", "D:1: LABEL without a name in '=b'" },
		{ "ARG", "D:1: ARG needs an argument" },
		{ "ARG a =b", "D:1: ARG without a name in '=b'" },
		{ "USER", "D:1: USER needs an argument" },
		{ "FROM a\nRUN <<E\nx\n",
		  "D:2: no line 'E' ends this heredoc" },
		{ "FROM a\n\\\n", "D:2: nothing follows the line "
		  "continuation" },
	};
	CHECK(rows);
}

Test(dockerfile, a_nul_is_an_error_but_not_in_a_heredoc)
{
	static const char bad[] = "FROM a\nRUN a\0b\n";
	static const char good[] = "COPY <<E /x\na\0b\nE\n";
	struct imgcache_error err = { 0 };
	struct dockerfile *df;
	char *actual = show_bytes(bad, sizeof(bad) - 1);

	cr_expect_str_eq(actual,
			 "D:2: a NUL byte; save the file as UTF-8 text");
	free(actual);
	cr_assert_eq(dockerfile_parse(good, sizeof(good) - 1, "D", &df, &err),
		     0);
	cr_expect_eq(df->v[0].heredocs[0].body_len, 4);
	cr_expect_eq(memcmp(df->v[0].heredocs[0].body, "a\0b\n", 4), 0);
	dockerfile_free(df);
}

Test(dockerfile, instructions_know_their_text_and_lines)
{
	static const char text[] = "# c\nFROM a\n\nRUN x \\\n # c\n\n  y\n"
				   "COPY <<E /q\n1\nE\nUSER u";
	static const int lines[][2] = { { 2, 2 }, { 4, 7 }, { 8, 10 },
					{ 11, 11 } };
	struct imgcache_error err = { 0 };
	struct dockerfile *df;

	cr_assert_eq(dockerfile_parse(text, strlen(text), "D", &df, &err), 0);
	cr_assert_eq(df->n, 4);
	for (size_t i = 0; i < df->n; i++) {
		cr_expect_eq(df->v[i].line, lines[i][0]);
		cr_expect_eq(df->v[i].end_line, lines[i][1]);
	}
	cr_expect_str_eq(df->v[1].text, "RUN x   y");
	cr_expect_str_eq(df->v[1].word, "RUN");
	dockerfile_free(df);
}

Test(dockerfile, flag_finds_values)
{
	static const char text[] = "COPY --from=a --link --fromage=b x y";
	struct imgcache_error err = { 0 };
	struct dockerfile *df;

	cr_assert_eq(dockerfile_parse(text, strlen(text), "D", &df, &err), 0);
	cr_expect_str_eq(dockerfile_flag(&df->v[0], "from"), "a");
	cr_expect_str_eq(dockerfile_flag(&df->v[0], "link"), "");
	cr_expect_null(dockerfile_flag(&df->v[0], "chown"));
	dockerfile_free(df);
}

Test(dockerfile, a_foreign_frontends_file_never_fails)
{
	static const char text[] = "# syntax=acme/thing\nkey: [\nCOPY\n";
	struct imgcache_error err = { 0 };
	struct dockerfile *df;

	cr_assert_eq(dockerfile_parse(text, strlen(text), "D", &df, &err), 0);
	cr_expect(df->foreign);
	cr_expect_str_eq(df->frontend, "acme/thing");
	cr_expect_eq(df->frontend_line, 1);
	cr_expect_eq(err.code, 0);
	dockerfile_free(df);
}

Test(dockerfile, names_that_docker_gives_a_meaning)
{
	cr_expect(dockerfile_arg_is_predefined_proxy("HTTP_PROXY"));
	cr_expect(dockerfile_arg_is_predefined_proxy("no_proxy"));
	cr_expect(dockerfile_arg_is_predefined_proxy("All_Proxy"));
	cr_expect_not(dockerfile_arg_is_predefined_proxy("PROXY"));
	cr_expect(dockerfile_arg_is_platform("TARGETARCH"));
	cr_expect_not(dockerfile_arg_is_platform("targetarch"));
	cr_expect(dockerfile_arg_always_counts("SOURCE_DATE_EPOCH"));
	cr_expect(dockerfile_arg_always_counts("BUILDKIT_INLINE_CACHE"));
	cr_expect(dockerfile_arg_always_counts("BUILDKIT_NEW_THING"));
	cr_expect_not(dockerfile_arg_always_counts("BUILDKIT_BUILD_NAME"));
	cr_expect_not(dockerfile_arg_always_counts("VERSION"));
}

Test(dockerfile, docker_s_own_frontends_are_known)
{
	cr_expect(dockerfile_frontend_is_known(NULL));
	cr_expect(dockerfile_frontend_is_known("dockerfile.v0"));
	cr_expect(dockerfile_frontend_is_known("docker/dockerfile"));
	cr_expect(dockerfile_frontend_is_known("docker/dockerfile:1-labs"));
	cr_expect(dockerfile_frontend_is_known(
			  "docker.io/docker/dockerfile-upstream:master"));
	cr_expect_not(dockerfile_frontend_is_known(""));
	cr_expect_not(dockerfile_frontend_is_known("dockerfile:1"));
	cr_expect_not(dockerfile_frontend_is_known(
			      "example.org/docker/dockerfile:1"));
}

/* Every byte of every text is found in the file again. */
static void
check_places(const char *text)
{
	struct imgcache_error err = { 0 };
	struct dockerfile *df = NULL;

	cr_assert_eq(dockerfile_parse(text, strlen(text), "D", &df, &err), 0);
	for (size_t i = 0; i < df->n; i++) {
		const struct dockerfile_instruction *in = &df->v[i];

		for (size_t k = 0; in->text[k]; k++)
			cr_expect_eq(text[dockerfile_place(in, k)], in->text[k],
				     "%s: byte %zu", in->text, k);
		for (size_t k = 0; k < in->n_heredocs; k++)
			cr_expect_arr_eq(text + in->heredocs[k].offset,
					 in->heredocs[k].body,
					 in->heredocs[k].body_len);
	}
	dockerfile_free(df);
}

Test(dockerfile, the_place_of_every_byte_is_known)
{
	check_places("FROM a\nRUN b \\\n  # no\n\n\tc \\  \n d\nENV x=1\n");
	check_places("\xef\xbb\xbf  FROM a\r\nRUN b \\\r\n c\r\n");
	check_places("FROM a\n \\\n  RUN x\n\\\n\\\n  y\n");
	check_places("# escape=`\nFROM a\nRUN b `\n c\n");
	check_places("FROM a\nRUN <<A cat <<B\na\nA\nb\nB\nUSER c");
}

Test(dockerfile, a_place_may_be_lines_below)
{
	static const char text[] = "FROM a\nRUN b \\\n# c\n  d\n";
	struct imgcache_error err = { 0 };
	struct dockerfile *df = NULL;

	cr_assert_eq(dockerfile_parse(text, strlen(text), "D", &df, &err), 0);
	cr_expect_str_eq(df->v[1].text, "RUN b   d");
	cr_expect_eq(dockerfile_place(&df->v[1], 8),
		     (size_t)(strchr(text, 'd') - text));
	cr_expect_eq(dockerfile_place(&df->v[1], 0), 7);
	dockerfile_free(df);
}
