/* SPDX-License-Identifier: MIT */

/*
 * libFuzzer target for the view of shell scripts: any bytes are read, and what
 * comes out is held against the promises of shellwords.h.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "recipe/shellwords.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool promise)
{
	if (!promise)
		abort();
}

static void
check_command(const struct shell_command *c, size_t size)
{
	require(c->n_words + c->n_assigns + c->n_redirects > 0);
	require(c->begin <= c->end && c->end <= size && c->depth >= 0);
	for (size_t i = 0; i < c->n_words; i++) {
		require(c->words[i].text != NULL);
		require(c->words[i].begin >= c->begin);
		require(c->words[i].begin <= c->words[i].end);
		require(c->words[i].end <= c->end);
		require(!i || !c->exact ||
			c->words[i - 1].end <= c->words[i].begin);
	}
	for (size_t i = 0; i < c->n_assigns; i++)
		require(strchr(c->assigns[i].text, '=') != NULL);
	for (size_t i = 0; i < c->n_redirects; i++) {
		require(c->redirects[i].begin >= c->begin);
		require(c->redirects[i].begin <= c->redirects[i].end);
		require(c->redirects[i].end <= c->end);
	}
	require(c->join == SHELL_FIRST || c->join_begin < size);
	require(shell_program(c) <= c->n_words);
	require(shell_program_name(c) != NULL);
	(void)shell_has_word(c, "-y");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shell_script script;
	struct arena arena = { 0 };

	shell_parse(&arena, (const char *)data, size, &script);
	for (size_t i = 0; i < script.n; i++)
		check_command(&script.v[i], size);
	arena_release(&arena);
	return 0;
}
