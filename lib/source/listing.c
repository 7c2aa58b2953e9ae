/* SPDX-License-Identifier: MIT */
#include "source/listing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/strv.h"

#define MAX_WORD 64

/* The next word of the line and the space behind it. */
static bool
take_word(const char **s, char word[MAX_WORD])
{
	size_t n = strcspn(*s, " \n");

	if (!n || n >= MAX_WORD || (*s)[n] != ' ')
		return false;
	memcpy(word, *s, n);
	word[n] = '\0';
	*s += n + 1;
	return true;
}

static bool
read_number(const char *word, int base, uint64_t *out)
{
	char *end;

	if (*word < '0' || *word > '9')
		return false;
	*out = strtoull(word, &end, base);
	return !*end;
}

static bool
take_number(const char **s, int base, uint64_t *out)
{
	char word[MAX_WORD];

	return take_word(s, word) && read_number(word, base, out);
}

static bool
take_digest(const char **s, struct hash *out)
{
	char word[MAX_WORD];

	return take_word(s, word) && hash_parse(word, out);
}

/* A mode is there only where it is not the usual one. */
static bool
take_dir(const char **s, struct tree_entry *e)
{
	uint64_t mode = 0755;
	size_t n = strcspn(*s, " \n");

	if (n < 2 * 16 && !take_number(s, 8, &mode))
		return false;
	e->id.mode = S_IFDIR | (uint32_t)(mode & 07777);
	return take_digest(s, &e->digest);
}

static bool
take_file(const char **s, struct tree_entry *e)
{
	uint64_t mode, size;

	if (!take_number(s, 8, &mode) || !take_number(s, 10, &size))
		return false;
	e->id.mode = S_IFREG | (uint32_t)(mode & 07777);
	e->id.size = (int64_t)size;
	return take_digest(s, &e->digest);
}

/* "fifo", "socket", "dev-c-1-3" */
static bool
read_kind(const char *word, struct tree_entry *e, uint32_t mode)
{
	uint64_t major, minor;
	char *end;

	if (!strcmp(word, "fifo"))
		e->id.mode = S_IFIFO | mode;
	else if (!strcmp(word, "socket"))
		e->id.mode = S_IFSOCK | mode;
	else if (str_starts(word, "dev-c-") || str_starts(word, "dev-b-"))
		e->id.mode = (word[4] == 'c' ? S_IFCHR : S_IFBLK) | mode;
	else
		return false;
	if (word[0] != 'd')
		return true;
	major = strtoull(word + 6, &end, 10);
	if (*end != '-' || !read_number(end + 1, 10, &minor))
		return false;
	e->id.rdev = (uint32_t)(major << 20 | (minor & 0xfffff));
	return true;
}

static bool
take_special(const char **s, struct tree_entry *e)
{
	char word[MAX_WORD];
	uint64_t mode = 0644;

	if (**s >= '0' && **s <= '7' && !take_number(s, 8, &mode))
		return false;
	return take_word(s, word) &&
		read_kind(word, e, (uint32_t)(mode & 07777));
}

static bool
take_entry(const char **s, struct tree_entry *e)
{
	char word[MAX_WORD];

	if (!take_word(s, word) || word[1])
		return false;
	switch (word[0]) {
	case 'd':
		e->type = TREE_DIR;
		return take_dir(s, e);
	case 'e':
	case 'f':
		e->hollow = word[0] == 'e';
		e->type = TREE_FILE;
		return take_file(s, e);
	case 'l':
		e->type = TREE_LINK;
		e->id.mode = S_IFLNK;
		return take_digest(s, &e->digest);
	case 'x':
		e->type = TREE_SPECIAL;
		return take_special(s, e);
	}
	return false;
}

static bool
take_name(struct listing *l, const char **s, struct tree_entry *e)
{
	struct buf name = BUF_INIT;
	bool good = buf_add_cunquoted(&name, s) && name.len <= UINT16_MAX &&
		name.len && **s == '\n' && !memchr(name.data, '\0', name.len);

	if (good) {
		e->name = arena_strndup(&l->memory, name.data, name.len);
		e->name_len = (uint16_t)name.len;
		++*s;
	}
	buf_release(&name);
	return good;
}

bool
listing_parse(struct listing *l, const char *text, size_t len)
{
	const char *s = text;
	size_t cap = 0;

	memset(l, 0, sizeof(*l));
	l->dir.name = "";
	while (s < text + len) {
		struct tree_entry e = {0};

		if (!take_entry(&s, &e) || !take_name(l, &s, &e))
			return false;
		mem_grow(l->dir.entries, l->dir.n, cap);
		l->dir.entries[l->dir.n++] = e;
	}
	return true;
}

void
listing_release(struct listing *l)
{
	free(l->dir.entries);
	arena_release(&l->memory);
	memset(l, 0, sizeof(*l));
}
