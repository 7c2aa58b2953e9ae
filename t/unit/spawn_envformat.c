/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "recipe/settings.h"
#include "spawn/env.h"

#define NASTY "a'b\"c$d`e\\f g"
#define LINES "one\nIMGCACHE_END\ntwo"

static struct imgcache_env_image
image(const char *name, const char *prefix, const char *ref)
{
	return (struct imgcache_env_image){ name, prefix, ref, "", "", "" };
}

static char *
text(enum imgcache_env_format format, const struct imgcache_env_image *v,
     size_t n)
{
	struct imgcache_error err = { 0 };
	char *out;

	cr_assert_eq(imgcache_env_text(format, v, n, &out, &err), 0, "%s",
		     err.text);
	return out;
}

static void
refuses(enum imgcache_env_format format, const char *name, const char *ref,
	int code, const char *part)
{
	struct imgcache_env_image v = image(name, "IMGCACHE_X", ref);
	struct imgcache_error err = { 0 };
	char *out;

	cr_assert_eq(imgcache_env_text(format, &v, 1, &out, &err), code);
	cr_assert_null(out);
	cr_assert_not_null(strstr(err.text, part), "%s", err.text);
}

/* What sh makes of a script: the bytes that it prints. */
static void
sh_prints(const char *script, const char *tail, const char *expect)
{
	char *command = malloc(strlen(script) + strlen(tail) + 1);
	char out[256] = "";
	FILE *f;

	strcat(strcpy(command, script), tail);
	f = popen(command, "r");
	cr_assert_not_null(f);
	out[fread(out, 1, sizeof(out) - 1, f)] = '\0';
	cr_assert_eq(pclose(f), 0);
	cr_assert_str_eq(out, expect);
	free(command);
}

Test(envformat, any_value_comes_through_sh_unchanged)
{
	const char *values[] = { NASTY, LINES, "", "r/i:t@sha256:0", "\n" };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct imgcache_env_image v = image("x", "IMGCACHE_X",
						    values[i]);
		char *out = text(IMGCACHE_ENV_SHELL, &v, 1);

		sh_prints(out, "printf %s \"$IMGCACHE_X_REF\"", values[i]);
		free(out);
	}
}

Test(envformat, dotenv_has_no_quotes_where_none_are_needed)
{
	struct imgcache_env_image v = image("x", "IMGCACHE_X",
					    "reg.example:5000/a/b:g1-0");
	char *out = text(IMGCACHE_ENV_DOTENV, &v, 1);

	cr_assert_str_eq(out, "IMGCACHE_X_REF=reg.example:5000/a/b:g1-0\n"
			 "IMGCACHE_X_TAG=\nIMGCACHE_X_DIGEST=\n"
			 "IMGCACHE_X_IMAGE_ID=\n");
	free(out);
	v.ref = "a b$c";
	out = text(IMGCACHE_ENV_DOTENV, &v, 1);
	cr_assert_eq(strncmp(out, "IMGCACHE_X_REF='a b$c'\n", 23), 0);
	free(out);
}

Test(envformat, dotenv_refuses_what_its_readers_take_differently)
{
	refuses(IMGCACHE_ENV_DOTENV, "x", "it's", IMGCACHE_EFAIL,
		"IMGCACHE_X_REF holds a quote");
	refuses(IMGCACHE_ENV_DOTENV, "x", "a\nb", IMGCACHE_EFAIL,
		"a line's end");
}

Test(envformat, github_ends_several_lines_at_one_that_is_not_among_them)
{
	struct imgcache_env_image v = image("x", "IMGCACHE_X", LINES);
	char *out = text(IMGCACHE_ENV_GITHUB, &v, 1);

	cr_assert_str_eq(out, "IMGCACHE_X_REF<<IMGCACHE_END_\n" LINES
			 "\nIMGCACHE_END_\nIMGCACHE_X_TAG=\n"
			 "IMGCACHE_X_DIGEST=\nIMGCACHE_X_IMAGE_ID=\n");
	free(out);
}

Test(envformat, pulumi_is_one_command_with_all_words_whole)
{
	struct imgcache_env_image v[] = {
		image("my.tool", "IMGCACHE_MY_TOOL", NASTY),
		image(NULL, "IMGCACHE", "r:t"),
	};
	char *out = text(IMGCACHE_ENV_PULUMI, v, 2);
	char script[2048];

	snprintf(script, sizeof(script), "pulumi() { for w; do "
		 "printf '%%s\\n' \"$w\"; done | sed -n '1,4p;11,12p'; }\n%s",
		 out);
	sh_prints(script, "", "config\nset-all\n--plaintext\n"
		  "imgcache:my.tool.ref=" NASTY "\n--plaintext\n"
		  "imgcache:ref=r:t\n");
	free(out);
}

Test(envformat, compose_doubles_the_dollar_and_wants_a_name)
{
	struct imgcache_env_image v = image("web", "IMGCACHE_WEB", "a$b\"c");
	char *out = text(IMGCACHE_ENV_COMPOSE, &v, 1);

	cr_assert_str_eq(out, "services:\n  \"web\":\n"
			 "    image: \"a$$b\\\"c\"\n");
	free(out);
	refuses(IMGCACHE_ENV_COMPOSE, NULL, "r:t", IMGCACHE_EUSAGE,
		"needs a name");
}

Test(envformat, bake_refuses_templates)
{
	refuses(IMGCACHE_ENV_BAKE, "x", "a${b}", IMGCACHE_EFAIL, "template");
	refuses(IMGCACHE_ENV_BAKE, "x", "a%{b}", IMGCACHE_EFAIL, "template");
}

/* A variable of exec must not be a setting of the imgcache that it runs. */
Test(envformat, no_setting_is_called_like_a_variable)
{
	const char *ends[] = { "_ref", "_tag", "_digest", "_image_id" };

	for (int i = 0; i < SETTING_COUNT; i++)
		for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
			const char *name = setting_row(i)->name;
			size_t n = strlen(name), m = strlen(ends[k]);

			cr_assert(n < m || strcmp(name + n - m, ends[k]),
				  "%s", name);
			cr_assert_str_neq(name, ends[k] + 1);
		}
}
