/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "lookup/changes.h"
#include "lookup/reasons.h"

#define HEAD "imgcache-manifest 1\nhash git\n"

static struct imgcache ic;
static bool is_generated;	/* each test has a process of its own */

static void
make(struct side *s, const char *manifest, const char *file)
{
	struct imgcache_error err = {0};

	memset(s, 0, sizeof(*s));
	s->ic = &ic;
	s->tag = "g1-0";
	s->is_generated = is_generated;
	s->hash = strstr(manifest, "hash xxh3") ? "xxh3" : "git";
	cr_assert(manifest_read(&s->manifest, manifest, strlen(manifest)));
	if (!file)
		return;
	buf_adds(&s->text, file);
	cr_assert_eq(dockerfile_parse(file, strlen(file), "D", &s->df, &err),
		     0, "%s", err.text);
}

/* With two Dockerfiles; NULL: their text is lost. */
static void
expect_with(const char *const *manifests, const char *const *files,
	    enum imgcache_reason why, const char *detail)
{
	struct buf text = BUF_INIT;
	struct side a, b;

	make(&a, manifests[0], files ? files[0] : NULL);
	make(&b, manifests[1], files ? files[1] : NULL);
	cr_expect_str_eq(imgcache_reason_word(reasons_of_change(&a, &b, &text)),
			 imgcache_reason_word(why));
	cr_expect_str_eq(text.data, detail);
	buf_release(&text);
	side_release(&a);
	side_release(&b);
	arena_release(&ic.arena);
}

static void
expect(const char *before, const char *after, enum imgcache_reason why,
       const char *detail)
{
	const char *const manifests[] = { before, after };

	expect_with(manifests, NULL, why, detail);
}

static void
expect_files(const char *before, const char *after, const char *detail)
{
	static const char *const manifests[] = {
		HEAD "dockerfile 1 aa\n", HEAD "dockerfile 1 bb\n"
	};
	const char *const files[] = { before, after };

	expect_with(manifests, files, IMGCACHE_INPUTS_CHANGED, detail);
}

Test(reasons, a_moved_base_is_told_with_its_name)
{
	expect(HEAD "base debian:12 sha256:aa\n",
	       HEAD "base debian:12 sha256:bb\n",
	       IMGCACHE_BASE_MOVED, "debian:12");
}

Test(reasons, another_base_is_told_with_both)
{
	expect(HEAD "base debian:11 sha256:aa\n",
	       HEAD "base debian:12 sha256:bb\n",
	       IMGCACHE_BASE_MOVED, "base debian:12 instead of debian:11");
}

Test(reasons, a_generated_file_moves_with_its_base)
{
	static const char *const manifests[] = {
		HEAD "dockerfile 3 aa\nbase debian:12 sha256:aa\n",
		HEAD "dockerfile 3 bb\nbase debian:12 sha256:bb\n",
	};
	static const char *const files[] = {
		"FROM debian@sha256:aa\nRUN b\n", "FROM debian@sha256:bb\nRUN b\n"
	};

	is_generated = true;
	expect_with(manifests, files, IMGCACHE_BASE_MOVED, "debian:12");
}

Test(reasons, a_lost_dockerfile_is_no_moved_base)
{
	expect(HEAD "dockerfile 3 aa\n", HEAD "dockerfile 3 bb\n",
	       IMGCACHE_INPUTS_CHANGED, "Dockerfile edited");
}

Test(reasons, an_instruction_is_told_with_its_place)
{
	expect_files("FROM a\nRUN b\n", "FROM a\n\nRUN c\n",
		     "Dockerfile:3 RUN edited");
	expect_files("FROM a\n", "FROM a\nCMD c\n", "Dockerfile:2 CMD added");
	expect_files("FROM a\nCMD c\n", "FROM a\n",
		     "CMD removed from the Dockerfile");
	expect_files("FROM a\n", "# hello\nFROM a\n",
		     "only comments in the Dockerfile edited");
}

Test(reasons, an_epoch_alone_rolled)
{
	expect(HEAD "epoch 2026-W46\n", HEAD "epoch 2026-W47\n",
	       IMGCACHE_EPOCH_ROLLED, "it is 2026-W47 now");
	expect(HEAD "epoch 2026-W46\narg IMGCACHE_EPOCH aa\n",
	       HEAD "epoch 2026-W47\narg IMGCACHE_EPOCH bb\n",
	       IMGCACHE_EPOCH_ROLLED, "it is 2026-W47 now");
	expect(HEAD, HEAD "epoch 2026-W47\n", IMGCACHE_INPUTS_CHANGED,
	       "epoch 2026-W47 added");
	expect(HEAD "epoch 2026-W46\n", HEAD "epoch 2026-11-28\n",
	       IMGCACHE_INPUTS_CHANGED,
	       "epoch 2026-11-28 instead of 2026-W46");
}

Test(reasons, an_arg_is_named_and_its_value_is_not)
{
	expect(HEAD "arg TOKEN aa\n", HEAD "arg TOKEN bb\n",
	       IMGCACHE_INPUTS_CHANGED, "arg TOKEN changed");
	expect(HEAD "arg TOKEN aa\n", HEAD, IMGCACHE_INPUTS_CHANGED,
	       "arg TOKEN removed");
}

Test(reasons, what_came_and_what_went_are_both_named)
{
	expect(HEAD "secret a\n", HEAD "secret b\n", IMGCACHE_INPUTS_CHANGED,
	       "secret a removed, secret b added");
	expect(HEAD "platform linux/amd64\n", HEAD "platform linux/arm64\n",
	       IMGCACHE_INPUTS_CHANGED,
	       "platform linux/arm64 instead of linux/amd64");
	expect(HEAD "target a\n", HEAD, IMGCACHE_INPUTS_CHANGED,
	       "target a removed");
	expect(HEAD "salt a\n", HEAD "salt b\n", IMGCACHE_INPUTS_CHANGED,
	       "salt changed");
}

Test(reasons, a_name_with_a_space_is_one_subject)
{
	expect(HEAD "extra \"a b\" 1 aa\n", HEAD "extra \"a b\" 1 bb\n",
	       IMGCACHE_INPUTS_CHANGED, "key file a b edited");
}

Test(reasons, the_weightiest_come_first_and_the_rest_is_counted)
{
	expect(HEAD "label a b\nlabel c d\ntarget x\nbase d sha256:a\n",
	       HEAD "label a c\nlabel c e\ntarget y\nbase d sha256:b\n",
	       IMGCACHE_INPUTS_CHANGED, "base d moved, target y instead of x, "
	       "label a changed, 1 more change");
}

Test(reasons, packages_stand_for_the_step_that_installs_them)
{
	static const char before[] = "FROM a\nRUN : 'system packages'; set -eu; "
		"set -- 'curl=7' 'git'; if x\nRUN : 'npm packages'; npm install "
		"-g -- 'typescript@5.4'\n";
	static const char after[] = "FROM a\nRUN : 'system packages'; set -eu; "
		"set -- 'curl=8' 'jq'; if x\nRUN : 'npm packages'; npm install "
		"-g -- 'typescript@5.4'\nRUN : 'pip packages'; pip install -- "
		"'requests'\n";
	struct imgcache_error err = {0};
	char text[IMGCACHE_CHANGE_TEXT];
	struct buf all = BUF_INIT;
	struct changes c;
	struct side a, b;

	make(&a, HEAD "dockerfile 1 aa\n", before);
	make(&b, HEAD "dockerfile 1 bb\n", after);
	a.is_generated = b.is_generated = true;
	changes_find(&c, &a, &b, 9);
	for (size_t i = 0; i < c.n; i++)
		buf_addf(&all, "%s\n", imgcache_change_text(text, &c.v[i].c));
	cr_expect_str_eq(all.data, "apt git removed\napt curl=8 changed\n"
			 "apt jq added\npip requests added\n");
	cr_expect_str_eq(c.v[1].c.before, "curl=7");
	changes_release(&c);
	buf_release(&all);
	side_release(&a);
	side_release(&b);
	arena_release(&ic.arena);
	error_clear(&err);
}

Test(reasons, under_another_hash_only_names_are_compared)
{
	static const char *const manifests[] = {
		"imgcache-manifest 1\nhash xxh3\ndockerfile 9 aa\narg A aa\n"
		"arg B aa\nextra k 1 aa\ncontext full aa\n",
		HEAD "dockerfile 9 bb\narg A bb\nextra k 1 bb\n"
		"context full bb\n",
	};
	static const char *const files[] = {
		"FROM a\nARG B\n", "FROM a\nARG B\n"
	};

	expect_with(manifests, files, IMGCACHE_INPUTS_CHANGED,
		    "hash of files git instead of xxh3, arg B removed");
}

Test(reasons, an_arg_that_is_declared_newly_is_the_instruction_s_doing)
{
	static const char *const manifests[] = {
		HEAD "dockerfile 1 aa\n",
		HEAD "dockerfile 1 bb\narg A aa\n",
	};
	static const char *const files[] = {
		"FROM a\n", "FROM a\nARG A\n"
	};

	expect_with(manifests, files, IMGCACHE_INPUTS_CHANGED,
		    "Dockerfile:2 ARG added");
}

Test(reasons, another_target_takes_its_bases_and_args_with_it)
{
	expect(HEAD "target a\nbase x sha256:a\n",
	       HEAD "target b\nbase x sha256:b\nbase y sha256:c\n",
	       IMGCACHE_INPUTS_CHANGED, "base x moved, target b instead of a");
}

Test(reasons, what_counts_of_a_context_is_told_with_its_reason)
{
	expect(HEAD "context sources aa\n",
	       HEAD "context full aa\ncontext-reason \"line 3: odd\"\n",
	       IMGCACHE_INPUTS_CHANGED, "every file of the context counts "
	       "now (line 3: odd)");
}

Test(reasons, every_reason_has_a_word_and_a_text)
{
	int i;

	for (i = 0; i < IMGCACHE_REASONS; i++) {
		cr_assert(*imgcache_reason_word((enum imgcache_reason)i));
		cr_assert(*imgcache_reason_text((enum imgcache_reason)i));
	}
	for (i = 0; i < IMGCACHE_SUBJECTS; i++)
		cr_assert(*imgcache_subject_word((enum imgcache_subject)i));
	for (i = 0; i < IMGCACHE_HOWS; i++)
		cr_assert(*imgcache_how_word((enum imgcache_how)i));
}
