/* SPDX-License-Identifier: MIT */
/*
 * json_tree() gives the elements of a text in the order in which they are
 * written, parents before children, each with a small number of its own. They
 * become nodes in one pass; finding a value is then a walk in memory.
 */

#include "store/jsonr.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "store/statements.h"

#define JSONR_STATEMENTS(X)						\
	X(JSON_TREE,							\
		"SELECT id, parent, type, key, atom FROM json_tree(?1)"	\
		" ORDER BY id")

SQL_LIST(jsonr, JSONR_STATEMENTS);

/* A node while the tree grows; last is its youngest child. */
struct slot {
	struct jsonr_node *node;
	struct jsonr_node *last;
};

struct jsonr {
	struct sql *db;
	struct arena arena;
	struct slot *slots;	/* by the number of the element */
	size_t n, cap;		/* those from n on are empty */
};

struct jsonr *
jsonr_new(void)
{
	return mem_alloc(sizeof(struct jsonr));
}

void
jsonr_free(struct jsonr *r)
{
	if (!r)
		return;
	sql_close(r->db);
	arena_release(&r->arena);
	free(r->slots);
	free(r);
}

/* SQLite's words: null true false integer real text array object. */
static enum jsonr_type
parse_type(const char *word)
{
	switch (word[0]) {
	case 't': return word[1] == 'e' ? JSONR_STRING : JSONR_BOOL;
	case 'f': return JSONR_BOOL;
	case 'i': return JSONR_INT;
	case 'r': return JSONR_REAL;
	case 'a': return JSONR_ARRAY;
	case 'o': return JSONR_OBJECT;
	default: return JSONR_NULL;
	}
}

static struct jsonr_node *
make_node(struct jsonr *r, struct sql_use *q)
{
	struct jsonr_node *n = arena_alloc(&r->arena, sizeof(*n));
	const char *word = sql_text(q, 2);

	n->type = parse_type(word);
	switch (n->type) {
	case JSONR_BOOL:
		n->number = word[0] == 't';
		break;
	case JSONR_INT:
		n->number = sql_int(q, 4);
		n->real = (double)n->number;
		break;
	case JSONR_REAL:
		n->real = sql_real(q, 4);
		break;
	case JSONR_STRING:
		n->text = arena_strdup(&r->arena, sql_text(q, 4));
		break;
	default:
		break;
	}
	return n;
}

/* The slot of an element; those between stay empty (names have numbers too). */
static struct slot *
slot_of(struct jsonr *r, size_t id)
{
	size_t had = r->cap;

	if (id >= r->cap) {
		r->cap = id < 64 ? 128 : id * 2;
		r->slots = mem_resize(r->slots, r->cap, sizeof(*r->slots));
		memset(r->slots + had, 0, (r->cap - had) * sizeof(*r->slots));
	}
	if (id >= r->n)
		r->n = id + 1;
	return &r->slots[id];
}

static void
add_node(struct jsonr *r, struct sql_use *q)
{
	struct jsonr_node *n = make_node(r, q);
	struct slot *up;

	*slot_of(r, (size_t)sql_int(q, 0)) = (struct slot){ n, NULL };
	if (sql_is_null(q, 1))
		return;
	up = slot_of(r, (size_t)sql_int(q, 1));
	if (up->node->type == JSONR_OBJECT)
		n->key = arena_strdup(&r->arena, sql_text(q, 3));
	if (up->last)
		up->last->next = n;
	else
		up->node->child = n;
	up->last = n;
	up->node->n++;
}

static int
malformed(const char *text, size_t len, struct imgcache_error *err)
{
	struct buf b = BUF_INIT;

	buf_add_cquoted(&b, text, len < 40 ? len : 40);
	error_set(err, IMGCACHE_EFAIL, "malformed JSON: %s%s", b.data,
		  len > 40 ? " ..." : "");
	buf_release(&b);
	return err->code;
}

static int
load(struct jsonr *r, const char *text, size_t len,
	struct imgcache_error *err)
{
	struct sql_use *q;
	int rc = 0;

	if (!r->db)
		rc = sql_open("", SQL_MEMORY, &r->db, err);
	if (rc)
		return rc;
	/* SQLite would take what stands before a NUL for the whole */
	if (!len || memchr(text, '\0', len))
		return malformed(text, len, err);
	q = sql_use(r->db, &jsonr_statements, JSON_TREE, err);
	sql_bind(q, "S", text, len);
	while ((rc = sql_next(q, err)) > 0)
		add_node(r, q);
	if (rc == 0)
		return 0;
	error_clear(err);
	return malformed(text, len, err);
}

const struct jsonr_node *
jsonr_parse(struct jsonr *r, const char *text,
	    size_t len, struct imgcache_error *err)
{
	arena_release(&r->arena);
	if (r->n)
		memset(r->slots, 0, r->n * sizeof(*r->slots));
	r->n = 0;
	return load(r, text, len, err) ? NULL : slot_of(r, 0)->node;
}

/* Does name equal the first part of a JSON pointer, len bytes long? */
static bool
is_part(const char *name, const char *part, size_t len)
{
	size_t i = 0;

	for (; i < len && *name; i++, name++) {
		char c = part[i];

		if (c == '~' && i + 1 < len)
			c = part[++i] == '1' ? '/' : '~';
		if (c != *name)
			return false;
	}
	return i == len && !*name;
}

static const struct jsonr_node *
element(const struct jsonr_node *n,
	const char *part, size_t len)
{
	const struct jsonr_node *c = n->child;
	char *end;
	unsigned long i = strtoul(part, &end, 10);

	if (end != part + len || part[0] < '0' || part[0] > '9')
		return NULL;
	while (c && i--)
		c = c->next;
	return c;
}

static const struct jsonr_node *
step(const struct jsonr_node *n,
	const char *part, size_t len)
{
	const struct jsonr_node *c = n->child;

	if (n->type == JSONR_ARRAY)
		return element(n, part, len);
	while (c && !is_part(c->key, part, len))
		c = c->next;
	return c;
}

const struct jsonr_node *
jsonr_at(const struct jsonr_node *n, const char *path)
{
	while (n && *path == '/') {
		size_t len = strcspn(path + 1, "/");

		n = step(n, path + 1, len);
		path += 1 + len;
	}
	return n;
}

const struct jsonr_node *
jsonr_member(const struct jsonr_node *n,
	     const char *name)
{
	const struct jsonr_node *c;

	if (!n || n->type != JSONR_OBJECT)
		return NULL;
	for (c = n->child; c && strcmp(c->key, name); c = c->next)
		;
	return c;
}

const char *
jsonr_string(const struct jsonr_node *n, const char *path,
	     const char *otherwise)
{
	n = jsonr_at(n, path);
	return n && n->type == JSONR_STRING ? n->text : otherwise;
}

int64_t
jsonr_int(const struct jsonr_node *n, const char *path,
	  int64_t otherwise)
{
	n = jsonr_at(n, path);
	return n && n->type == JSONR_INT ? n->number : otherwise;
}

double
jsonr_real(const struct jsonr_node *n, const char *path,
	   double otherwise)
{
	n = jsonr_at(n, path);
	return n && (n->type == JSONR_INT || n->type == JSONR_REAL) ? n->real :
		otherwise;
}

bool
jsonr_bool(const struct jsonr_node *n, const char *path, bool otherwise)
{
	n = jsonr_at(n, path);
	return n && n->type == JSONR_BOOL ? n->number != 0 : otherwise;
}
