/* SPDX-License-Identifier: MIT */
/*
 * ignore-case SEED DIR: a random tree in DIR/<SEED>-tree and a random ignore
 * file for it in DIR/<SEED>.Dockerfile.dockerignore, the same for the same
 * seed. Names and patterns are drawn from few words, so that they meet, and
 * from the corners of the syntax.
 */

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t state;

/* xorshift64*; 0 to n - 1 */
static unsigned
pick(unsigned n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static const char *const names[] = {
	"a", "b", "c", "ab", "abc", "foo", "bar", "x.log", "a.log", "a.b.c",
	".git", ".env", "node_modules", "src", "lib", "README.md", "Dockerfile",
	"a b", " a", "a ", "!a", "#a", "[a]", "a*", "a?b", "a\\b", "^a", "$a",
	"(a)", "a+", "a-b", "a]", "-", "\xc3\xa9", "\xc3\xa9t\xc3\xa9", "A",
	"a\nb", "..a", "a..", "0", "_", "{a}", "a|b", "~", "\xe2\x82\xac.log"
};

static const char *const words[] = {
	"a", "b", "c", "ab", "abc", "foo", "bar", "x.log", "a.log", "a.b.c",
	".git", ".env", "node_modules", "src", "lib", "README.md", "Dockerfile",
	"a b", "[a]", "a*", "a?b", "\\a", "^a", "$a", "(a)", "a+", "a-b",
	"\xc3\xa9", "A", "*", "*", "**", "**", "*.log", "*.*", "?", "??", "a?",
	"*b", "a*c", "[ab]", "[^a]", "[a-c]", "[^a-c]*", "*[a-z]", "[a-c]*b*",
	"**b", "a**", "***", "[*]", "[?]", "[a*]", "[[:alpha:]]", "[\\]a]",
	"[!a]", "\\*", "a\\*", "\\!a", "\\#a", "\\d", "\\w*", "\\s?a", "a\\b",
	"?\\b?", "[\\w]", "[a-]", ".", "..", "!a", "#a", "{a}", "a|b", "~",
	"*\\.log", "\\[a\\]", "a]", "^*", "[\xc3\xa9]", "\xe2\x82\xac*",
	"*a*b*", "a{2}*", "*{js,ts}", "?{1,3}", "*|b", "x|*.log", "a{0,1}?",
	"[a-]*", "*[z-a]", "*[", "\\Qa*", "**.log", ".*", "..*", "*.", "[^/]",
	"[a/]", "a[^b]b", "?.log"
};

static void
make_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd >= 0 && write(fd, name, strlen(name)) < 0)
		exit(1);
	close(fd);
}

/* What the tree holds, so that patterns can be made from it. */
static char paths[1024][256];
static unsigned n_paths;

static const char *
note(const char *parent, const char *name)
{
	char *path = paths[n_paths % COUNT(paths)];

	n_paths++;
	snprintf(path, sizeof(paths[0]), "%s%s%s", parent, *parent ? "/" : "",
		 name);
	return path;
}

static void
make_tree(int dir, const char *at, int depth)
{
	unsigned n = 1 + pick(depth ? 5 : 12);

	for (unsigned i = 0; i < n; i++) {
		const char *name = names[pick(COUNT(names))];

		if (depth < 4 && pick(5) < 3 && !mkdirat(dir, name, 0755)) {
			int fd = openat(dir, name, O_DIRECTORY | O_CLOEXEC);

			if (pick(6))
				make_tree(fd, note(at, name), depth + 1);
			close(fd);
		} else if (!pick(12)) {
			if (symlinkat(names[pick(COUNT(names))], dir, name))
				continue;
		} else {
			make_file(dir, name);
			note(at, name);
		}
	}
}

/* One part of a path as it is, or as a pattern that matches it, or not. */
static void
write_part(FILE *f, const char *s, size_t len)
{
	switch (pick(10)) {
	case 0:
		fputs("*", f);
		break;
	case 1:
		fputs("**", f);
		break;
	case 2:
		fprintf(f, "%.1s*", s);
		break;
	case 3:
		fprintf(f, "*%.1s", s + len - 1);
		break;
	case 4:
		for (size_t i = 0; i < len; i++)
			fputc(pick(3) ? s[i] : '?', f);
		break;
	case 5:
		for (size_t i = 0; i < len; i++)
			if (pick(3))
				fputc(s[i], f);
			else if (pick(2))
				fprintf(f, "[%ca]", s[i]);
			else
				fprintf(f, "\\%c", s[i]);
		break;
	default:
		fprintf(f, "%.*s", (int)len, s);
	}
}

/* A path of the tree, or the beginning or the end of one. */
static void
write_path(FILE *f)
{
	const char *s = paths[pick(n_paths < COUNT(paths) ? n_paths :
				   (unsigned)COUNT(paths))];
	bool first = true;

	if (!pick(5))
		fputs("**/", f);
	while (*s && *s != '\n') {
		size_t len = strcspn(s, "/\n");

		if (!first || pick(8)) {
			fputs(first ? "" : "/", f);
			write_part(f, s, len);
			first = false;
		}
		s += len + (s[len] == '/');
		if (!pick(3))
			break;
	}
}

static void
write_words(FILE *f)
{
	unsigned parts = 1 + pick(3) * (pick(3) > 0);

	for (unsigned i = 0; i < parts; i++) {
		if (i)
			fputs(pick(20) ? "/" : "//", f);
		if (pick(2))
			fputs(words[pick(COUNT(words))], f);
		else
			fputs(words[pick(21)], f);
	}
}

static void
write_pattern(FILE *f)
{
	static const char *const ends[] = { "/", "/**", "/*", " ", "\r", "/." };

	if (!pick(12))
		fputs(pick(2) ? " " : "\t", f);
	if (pick(3) == 0)
		fputs(pick(8) ? "!" : "! ", f);
	if (!pick(8))
		fputs(pick(2) ? "/" : "./", f);
	if (n_paths && pick(5) < 3)
		write_path(f);
	else
		write_words(f);
	if (!pick(4))
		fputs(ends[pick(COUNT(ends))], f);
	fputc('\n', f);
}

/* Where there are many, wildcards are looked up and not tried one by one. */
static void
write_idle(FILE *f)
{
	for (unsigned i = 0; i < 70; i++)
		fprintf(f, i % 2 ? "none%u/*\n" : "**/*.none%u\n", i);
}

static void
write_rules(FILE *f, bool many)
{
	unsigned n = 1 + pick(6);

	if (!pick(20))
		fputs("\xef\xbb\xbf", f);
	if (!pick(3))
		fputs(pick(2) ? "*\n" : "*/*\n", f);
	if (many)
		write_idle(f);
	for (unsigned i = 0; i < n; i++) {
		if (!pick(12))
			fputs("# comment\n\n", f);
		write_pattern(f);
	}
}

int
main(int argc, char **argv)
{
	char path[4096];
	FILE *f;
	int dir;

	if (argc != 3)
		return 129;
	state = strtoull(argv[1], NULL, 10) * 7919 + 88172645463325252u;
	for (int i = 0; i < 20; i++)
		pick(2);
	snprintf(path, sizeof(path), "%s/%s-tree", argv[2], argv[1]);
	if (mkdir(path, 0755) < 0)
		return 1;
	dir = open(path, O_DIRECTORY | O_CLOEXEC);
	make_tree(dir, "", 0);
	snprintf(path, sizeof(path), "%s/%s.Dockerfile.dockerignore", argv[2],
		 argv[1]);
	f = fopen(path, "w");
	if (!f)
		return 1;
	write_rules(f, strtoull(argv[1], NULL, 10) % 4 == 0);
	return fclose(f) ? 1 : 0;
}
