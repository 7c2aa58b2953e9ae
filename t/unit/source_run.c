/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "source/run.h"

TestSuite(source_run);

static struct run
run_of(const struct buf *b, uint32_t n)
{
	return (struct run){ .data = b->data, .len = b->len, .n = n };
}

static void
add(struct buf *b, const char *name)
{
	struct file_record f = { .mode = S_IFREG | 0644, .size = 3 };

	run_add_file(b, f, name, strlen(name));
}

Test(source_run, records_come_back_in_their_order)
{
	struct record d = { .mode = S_IFDIR, .child = 7 };
	struct buf b = BUF_INIT;
	const struct record *r;
	struct run run;
	size_t at = 0;

	add(&b, "file");
	run_add_dir(&b, d, "d", 1);
	run = run_of(&b, 2);
	r = run_next(&run, &at);
	cr_assert(r);
	cr_expect_str_eq(record_name(r), "file");
	cr_expect_eq(record_file(r)->size, 3);
	r = run_next(&run, &at);
	cr_assert(r);
	cr_expect(record_is_dir(r));
	cr_expect_eq(r->child, 7);
	cr_expect_str_eq(record_name(r), "d");
	cr_expect_null(run_next(&run, &at));
	buf_release(&b);
}

Test(source_run, every_length_of_name_fits)
{
	struct buf b = BUF_INIT;
	const struct record *r;
	char name[256];
	struct run run;
	size_t at = 0;

	for (size_t len = 1; len < sizeof(name); len++) {
		memset(name, 'x', len);
		name[len] = '\0';
		add(&b, name);
	}
	run = run_of(&b, 255);
	for (size_t len = 1; len < sizeof(name); len++) {
		r = run_next(&run, &at);
		cr_assert(r);
		cr_expect_eq((size_t)r->name_len, len);
		cr_expect_eq(strlen(record_name(r)), len);
		cr_expect_eq(at % 8, 0);
	}
	buf_release(&b);
}

Test(source_run, a_run_cut_short_ends_before_the_cut)
{
	struct buf b = BUF_INIT;

	add(&b, "one");
	add(&b, "two");
	for (size_t len = 0; len < b.len; len++) {
		/* Exactly so long, for the sanitizer to see. */
		char *cut = malloc(len ? len : 1);
		struct run run = { .data = cut, .len = len };
		size_t at = 0;
		int n = 0;

		memcpy(cut, b.data, len);
		while (run_next(&run, &at))
			n++;
		cr_expect_eq(n, len >= b.len / 2);
		free(cut);
	}
	buf_release(&b);
}

Test(source_run, names_are_found_in_short_and_long_runs)
{
	for (int n = 1; n <= 1000; n *= 10) {
		struct run_names names = { 0 };
		struct buf b = BUF_INIT;
		char name[16];
		struct run run;

		for (int i = 0; i < n; i++) {
			snprintf(name, sizeof(name), "f%d", i);
			add(&b, name);
		}
		run = run_of(&b, (uint32_t)n);
		for (int i = 0; i < n; i++) {
			size_t at;

			snprintf(name, sizeof(name), "f%d", i);
			at = run_find(&run, &names, name, strlen(name));
			cr_assert_neq(at, SIZE_MAX);
			cr_expect(record_has_name((const void *)(b.data + at),
						  name, strlen(name)));
		}
		cr_expect_eq(run_find(&run, &names, "f", 1), SIZE_MAX);
		run_names_release(&names);
		buf_release(&b);
	}
}
