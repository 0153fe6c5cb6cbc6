/* SPDX-License-Identifier: ISC */
/*
 * hba.c - rules in the format of pg_hba.conf, kept in the order of the file.
 * Any thread.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "conf/lexer.h"
#include "pooler/hba.h"
#include "pooler/ident.h"
#include "pooler/skipped.h"

enum { INCLUDE_DEPTH = 10, INCLUDES_MOST = 1000 };

enum name_kind { NAME_EXACT, NAME_ALL, NAME_SAMEUSER, NAME_REPLICATION };

struct name {
	struct name *next;
	enum name_kind kind;
	size_t len;
	char text[];
};

struct network {
	uint16_t family;		/* 0: all */
	uint8_t ip[16], mask[16];
};

struct rule {
	struct rule *next;
	unsigned links;			/* bits by enum pl_hba_link */
	struct name *databases, *users;
	struct network from;
	struct pl_hba_answer answer;
	char *map, *options;		/* those of the answer; owned */
};

struct pl_hba {
	char *copy;
	struct rule *first, **last;
	struct pl_skipped skipped;
};

struct reading {
	const struct pl_hba_reader *with;
	struct pl_hba *hba;
	char *scratch;
	struct lexer l;
	unsigned number;		/* of the line */
	unsigned files;			/* of names, read so far */
	bool out_of_memory;
};

static const struct {
	const char *word;
	unsigned links;
} types[] = {
	{ "local", 1 << PL_HBA_LOCAL },
	{ "host", 1 << PL_HBA_PLAIN | 1 << PL_HBA_TLS },
	{ "hostssl", 1 << PL_HBA_TLS },
	{ "hostnossl", 1 << PL_HBA_PLAIN },
};

static const struct key_word methods[] = {
	{ "trust", PL_AUTH_TRUST, NULL },
	{ "reject", PL_AUTH_REJECT, NULL },
	{ "md5", PL_AUTH_MD5, NULL },
	{ "password", PL_AUTH_PLAIN, NULL },
	{ "peer", PL_AUTH_PEER, NULL },
	{ "cert", PL_AUTH_CERT, NULL },
	{ "scram-sha-256", PL_AUTH_SCRAM, NULL },
	{ "ldap", PL_AUTH_LDAP, NULL },
	{ NULL, 0, NULL }
};

static const struct {
	const char *word;
	enum name_kind kind;
} database_words[] = {
	{ "all", NAME_ALL },
	{ "sameuser", NAME_SAMEUSER },
	{ "replication", NAME_REPLICATION },
};

/* ---- telling */

static bool __attribute__((format(printf, 2, 3)))
refuse(const struct reading *r, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	r->with->tell(r->with->arg, line);
	return false;
}

/* ---- names */

static bool
add_name(struct reading *r, struct name **list, enum name_kind kind)
{
	struct name *n = mem_get(sizeof *n + r->l.word.len);

	if (n == NULL) {
		r->out_of_memory = true;
		return false;
	}
	n->next = *list;
	n->kind = kind;
	n->len = r->l.word.len;
	if (n->len > 0)
		memcpy(n->text, r->l.word.at, n->len);
	*list = n;
	return true;
}

static bool
add_word(struct reading *r, struct name **list, bool databases)
{
	struct text word = r->l.word;

	if (text_begins(word, "+"))
		return refuse(r, "hba line %u: groups are not supported",
		    r->number);
	if (text_begins(word, "/"))
		return refuse(r, "hba line %u: regular expressions are not "
		    "supported", r->number);
	if (!databases)
		return add_name(r, list, text_is(word, "all") ? NAME_ALL :
		    NAME_EXACT);
	if (text_is(word, "samerole") || text_is(word, "samegroup"))
		return refuse(r, "%.*s is not supported", TEXT_ARG(word));
	for (size_t i = 0; i < sizeof database_words /
	    sizeof database_words[0]; i++)
		if (text_is(word, database_words[i].word))
			return add_name(r, list, database_words[i].kind);
	return add_name(r, list, NAME_EXACT);
}

static bool read_file(struct reading *, const char *beside, struct text name,
    struct name **, bool databases, int depth);

/* One name, or a file of names. */
static bool
take_name(struct reading *r, const char *file, struct name **list,
    bool databases, int depth)
{
	if (r->l.kind == LEXER_QUOTED)
		return add_name(r, list, NAME_EXACT);
	if (r->l.kind != LEXER_WORD)
		return false;
	if (text_begins(r->l.word, "@") && r->l.word.len > 1)
		return read_file(r, file, text_from(r->l.word, 1), list,
		    databases, depth);
	return add_word(r, list, databases);
}

static bool
read_names_of(struct reading *r, const char *file, struct text all,
    struct name **list, bool databases, int depth)
{
	struct text line;

	while (text_split(&all, '\n', &line)) {
		lexer_start(&r->l, line, r->scratch);
		for (; r->l.kind != LEXER_END; lexer_next(&r->l))
			if (r->l.kind != LEXER_COMMA && !take_name(r, file,
			    list, databases, depth))
				return false;
	}
	return true;
}

/* The path of a file named beside another one. */
static char *
path_beside(const char *beside, struct text name)
{
	const char *slash = strrchr(beside, '/');

	if (name.at[0] == '/' || slash == NULL)
		return mem_copy(name);
	return mem_print("%.*s/%.*s", (int)(slash - beside), beside,
	    TEXT_ARG(name));
}

static bool
read_file(struct reading *r, const char *beside, struct text name,
    struct name **list, bool databases, int depth)
{
	struct lexer outer = r->l;
	char *path, *scratch = r->scratch;
	struct why why = { "", "" };
	struct text all = TEXT_NONE;
	bool good;

	if (depth == INCLUDE_DEPTH || ++r->files > INCLUDES_MOST)
		return refuse(r, "hba line %u: files nested too deep",
		    r->number);
	path = path_beside(beside, name);
	if (path == NULL) {
		r->out_of_memory = true;
		return false;
	}
	good = r->with->load(path, &all, &why) == 0;
	if (!good)
		refuse(r, "hba line %u: could not open %s: %s", r->number,
		    path, why.line);
	r->scratch = good ? mem_get(all.len + 1) : NULL;
	if (good && r->scratch == NULL)
		r->out_of_memory = true;
	good = r->scratch != NULL && read_names_of(r, path, all, list,
	    databases, depth + 1);
	mem_drop(r->scratch);
	r->scratch = scratch;
	r->l = outer;
	mem_drop((void *)(uintptr_t)all.at);
	mem_drop(path);
	return good;
}

static bool
read_names(struct reading *r, struct name **list, bool databases)
{
	for (;;) {
		if (!take_name(r, r->with->path, list, databases, 0))
			return false;
		if (lexer_next(&r->l) != LEXER_COMMA)
			return true;
		lexer_next(&r->l);
	}
}

/* ---- networks */

static void
take_ip(const struct address *a, uint16_t *family, uint8_t ip[16])
{
	*family = a->sa.sa_family;
	if (*family == AF_INET)
		memcpy(ip, &a->in.sin_addr, 4);
	else
		memcpy(ip, &a->in6.sin6_addr, 16);
}

static bool
read_bits(struct text bits, uint16_t family, uint8_t mask[16])
{
	unsigned n = 0, most = family == AF_INET ? 32 : 128;

	if (bits.len == 0 || bits.len > 3)
		return false;
	for (size_t i = 0; i < bits.len; i++) {
		if (bits.at[i] < '0' || bits.at[i] > '9')
			return false;
		n = n * 10 + (unsigned)(bits.at[i] - '0');
	}
	if (n > most)
		return false;
	for (unsigned i = 0; i < n; i++)
		mask[i / 8] = (uint8_t)(mask[i / 8] | 0x80 >> i % 8);
	return true;
}

static bool
read_mask(struct reading *r, struct network *to)
{
	struct address a;
	uint16_t family = 0;

	if (lexer_next(&r->l) != LEXER_WORD)
		return refuse(r, "hba line %u: did not find mask", r->number);
	if (address_ip(r->l.word, 0, &a) == 0)
		take_ip(&a, &family, to->mask);
	if (family != to->family)
		return refuse(r, "hba line %u: failed to parse mask: %.*s",
		    r->number, TEXT_ARG(r->l.word));
	return true;
}

static void
tell_mismatch(const struct reading *r, const struct network *n)
{
	struct endpoint ip = { n->family, 0, { 0 } }, mask = ip;
	char ip_text[ADDRESS_TEXT], mask_text[ADDRESS_TEXT];
	bool fits = true;

	memcpy(ip.ip, n->ip, sizeof ip.ip);
	memcpy(mask.ip, n->mask, sizeof mask.ip);
	for (size_t i = 0; i < sizeof n->ip; i++)
		fits = fits && (n->ip[i] & ~n->mask[i]) == 0;
	if (!fits)
		refuse(r, "address does not match mask in %s line #%u: %s / "
		    "%s", r->with->path, r->number, endpoint_ip(&ip, ip_text),
		    endpoint_ip(&mask, mask_text));
}

static bool
read_network(struct reading *r, struct network *to)
{
	struct text ip, bits;
	struct address a;
	bool with_bits;

	if (r->l.kind != LEXER_WORD)
		return refuse(r, "hba line %u: did not find address - %d - "
		    "'%.*s'", r->number, (int)r->l.kind, TEXT_ARG(r->l.word));
	if (lexer_is(&r->l, "all"))
		return true;
	bits = r->l.word;
	text_split(&bits, '/', &ip);
	with_bits = bits.at != NULL;
	if (address_ip(ip, 0, &a) < 0)
		return refuse(r, "hba line %u: failed to parse address - "
		    "%.*s", r->number, TEXT_ARG(ip));
	take_ip(&a, &to->family, to->ip);
	if (with_bits && !read_bits(bits, to->family, to->mask))
		return refuse(r, "hba line %u: invalid mask", r->number);
	if (!with_bits && !read_mask(r, to))
		return false;
	tell_mismatch(r, to);
	return true;
}

/* ---- methods and options */

static const char *
unbuilt(int method)
{
	const struct key_word *w = pl_settings_auth_types;

	while (w->word != NULL && w->value != method)
		w++;
	return w->unbuilt;
}

static bool
read_method(struct reading *r, struct pl_hba_answer *to)
{
	const struct key_word *w = methods;

	while (w->word != NULL && !lexer_is(&r->l, w->word))
		w++;
	if (w->word == NULL)
		return refuse(r, "hba line %u: unsupported method: buf=%.*s",
		    r->number, TEXT_ARG(r->l.word));
	to->method = (enum pl_auth_type)w->value;
	if (unbuilt(w->value) != NULL)
		refuse(r, "hba line %u: %s is not in this version: %s",
		    r->number, w->word, unbuilt(w->value));
	return true;
}

static bool
read_map(struct reading *r, struct rule *rule)
{
	struct text map = r->l.word;

	if (!text_begins(map, "map=") || map.len == 4)
		return refuse(r, "hba line %u: Ident map %.*s is malformed. "
		    "It is not in map=value format.", r->number,
		    TEXT_ARG(map));
	map = text_from(map, 4);
	if (!pl_ident_has_map(r->with->ident, map))
		return refuse(r, "hba line %u: Ident map %.*s is not found in "
		    "ident config file", r->number, TEXT_ARG(map));
	rule->map = mem_copy(map);
	r->out_of_memory = rule->map == NULL;
	lexer_next(&r->l);
	return rule->map != NULL;
}

static bool
read_options(struct reading *r, struct rule *rule)
{
	enum pl_auth_type method = rule->answer.method;

	if (method == PL_AUTH_LDAP) {
		rule->options = mem_copy(text_trim(r->l.rest));
		r->out_of_memory = rule->options == NULL;
		return rule->options != NULL;
	}
	lexer_next(&r->l);
	if ((method == PL_AUTH_PEER || method == PL_AUTH_CERT) &&
	    r->l.kind == LEXER_WORD && text_begins(r->l.word, "map") &&
	    !read_map(r, rule))
		return false;
	return r->l.kind == LEXER_END ||
	    refuse(r, "hba line %u: unsupported parameters", r->number);
}

/* ---- lines */

static void
free_names(struct name *n)
{
	while (n != NULL) {
		struct name *next = n->next;

		mem_drop(n);
		n = next;
	}
}

static void
free_rule(struct rule *rule)
{
	free_names(rule->databases);
	free_names(rule->users);
	mem_drop(rule->map);
	mem_drop(rule->options);
	mem_drop(rule);
}

static bool
fill_rule(struct reading *r, struct rule *rule)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (lexer_is(&r->l, types[i].word))
			rule->links = types[i].links;
	if (rule->links == 0)
		return refuse(r, "hba line %u: unknown type", r->number);
	lexer_next(&r->l);
	if (!read_names(r, &rule->databases, true) ||
	    !read_names(r, &rule->users, false))
		return false;
	if ((rule->links & 1 << PL_HBA_LOCAL) == 0) {
		if (!read_network(r, &rule->from))
			return false;
		lexer_next(&r->l);
	}
	return read_method(r, &rule->answer) && read_options(r, rule);
}

/* -1: no memory. */
static int
read_line(struct reading *r, struct text line)
{
	struct rule *rule;

	lexer_start(&r->l, line, r->scratch);
	if (r->l.kind == LEXER_END)
		return 0;
	rule = mem_zero(sizeof *rule);
	if (rule == NULL)
		return -1;
	if (!fill_rule(r, rule)) {
		free_rule(rule);
		refuse(r, "could not parse hba config line %u", r->number);
		return r->out_of_memory ? -1 :
		    pl_skipped_add(&r->hba->skipped, line);
	}
	rule->answer.map = rule->map;
	rule->answer.options = rule->options;
	rule->answer.line = r->number;
	*r->hba->last = rule;
	r->hba->last = &rule->next;
	return 0;
}

static int
read_lines(struct reading *r, struct text all)
{
	struct text line;

	while (text_split(&all, '\n', &line)) {
		r->number++;
		if (read_line(r, line) < 0)
			return -1;
	}
	return 0;
}

struct pl_hba *
pl_hba_read(struct text all, const struct pl_hba_reader *with)
{
	struct pl_hba *hba = mem_zero(sizeof *hba);
	struct reading r = { .with = with, .hba = hba };

	if (hba == NULL)
		return NULL;
	hba->last = &hba->first;
	hba->copy = mem_copy(all);
	r.scratch = mem_get(all.len + 1);
	if (hba->copy == NULL || r.scratch == NULL ||
	    read_lines(&r, (struct text){ hba->copy, all.len }) < 0)
		pl_hba_free(&hba);
	mem_drop(r.scratch);
	return hba;
}

bool
pl_hba_worse(const struct pl_hba *now, const struct pl_hba *before)
{
	return pl_skipped_worse(&now->skipped,
	    before == NULL ? NULL : &before->skipped);
}

void
pl_hba_free(struct pl_hba **hba)
{
	struct pl_hba *own = *hba;

	*hba = NULL;
	if (own == NULL)
		return;
	while (own->first != NULL) {
		struct rule *next = own->first->next;

		free_rule(own->first);
		own->first = next;
	}
	pl_skipped_free(&own->skipped);
	mem_drop(own->copy);
	mem_drop(own);
}

/* ---- the question */

static bool
fits_database(const struct name *n, const struct pl_hba_question *q)
{
	bool physical = q->replication == PL_REPLICATION_PHYSICAL;

	for (; n != NULL; n = n->next) {
		if ((n->kind == NAME_REPLICATION) != physical)
			continue;
		if (n->kind == NAME_REPLICATION || n->kind == NAME_ALL ||
		    (n->kind == NAME_SAMEUSER &&
		    text_same(q->database, q->user)) ||
		    (n->kind == NAME_EXACT && text_same(q->database,
		    (struct text){ n->text, n->len })))
			return true;
	}
	return false;
}

static bool
fits_user(const struct name *n, struct text user)
{
	for (; n != NULL; n = n->next)
		if (n->kind == NAME_ALL ||
		    text_same(user, (struct text){ n->text, n->len }))
			return true;
	return false;
}

static bool
fits_network(const struct network *n, const struct endpoint *from)
{
	if (n->family == 0)
		return true;
	if (from == NULL || from->family != n->family)
		return false;
	for (size_t i = 0; i < (n->family == AF_INET ? 4 : 16); i++)
		if ((from->ip[i] & n->mask[i]) != n->ip[i])
			return false;
	return true;
}

const struct pl_hba_answer *
pl_hba_match(const struct pl_hba *hba, const struct pl_hba_question *q)
{
	if (hba == NULL)
		return NULL;
	for (const struct rule *r = hba->first; r != NULL; r = r->next)
		if ((r->links >> q->link & 1) != 0 &&
		    fits_database(r->databases, q) &&
		    fits_user(r->users, q->user) &&
		    (q->link == PL_HBA_LOCAL ||
		    fits_network(&r->from, q->from)))
			return &r->answer;
	return NULL;
}
