/* SPDX-License-Identifier: ISC */
/* outline.c - setups as lines; see outline.h. First thread. */
#include <sys/stat.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "balancer/digest.h"
#include "balancer/keys.h"
#include "balancer/keys_server.h"
#include "balancer/outline.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"
#include "stat/sheet.h"

enum { FILE_MOST = 64 * 1024 * 1024, WORDS = 1024 };

/* ---- numbers ----------------------------------------------------------- */

#define GLOBAL(field, kind)						\
	{ #field, LB_OUTLINE_##kind, offsetof(struct lb_global_conf, field) }
#define PROXY(field, kind)						\
	{ #field, LB_OUTLINE_##kind, offsetof(struct lb_proxy_conf, field) }
#define SERVER(field, kind)						\
	{ #field, LB_OUTLINE_##kind, offsetof(struct lb_server_conf, field) }

const struct lb_outline_field lb_outline_global[] = {
	GLOBAL(maxconnrate, INT), GLOBAL(maxsessrate, INT),
	GLOBAL(maxsslconn, INT), GLOBAL(maxsslrate, INT),
	GLOBAL(spread_checks, INT), GLOBAL(max_spread_checks, TIME),
	GLOBAL(hard_stop_after, TIME), GLOBAL(grace, TIME),
	GLOBAL(close_spread, TIME), GLOBAL(takeover_drain, TIME),
	GLOBAL(max_reloads, INT), GLOBAL(reload_in_place, BOOL),
	{ NULL, LB_OUTLINE_INT, 0 }
};

const struct lb_outline_field lb_outline_proxy[] = {
	PROXY(timeout.client, TIME), PROXY(timeout.client_fin, TIME),
	PROXY(timeout.client_hs, TIME), PROXY(timeout.server, TIME),
	PROXY(timeout.server_fin, TIME), PROXY(timeout.connect, TIME),
	PROXY(timeout.queue, TIME), PROXY(timeout.check, TIME),
	PROXY(timeout.tunnel, TIME), PROXY(timeout.http_request, TIME),
	PROXY(timeout.http_keep_alive, TIME), PROXY(timeout.tarpit, TIME),
	PROXY(timeout.session, TIME), PROXY(session_spread, INT),
	PROXY(retries, INT), PROXY(redispatch, BOOL),
	PROXY(redispatch_every, INT), PROXY(maxconn, INT),
	PROXY(fullconn, INT), PROXY(session_rate, INT),
	PROXY(options, BITS),
	{ NULL, LB_OUTLINE_INT, 0 }
};

const struct lb_outline_field lb_outline_server[] = {
	SERVER(weight, INT), SERVER(maxconn, INT), SERVER(minconn, INT),
	SERVER(maxqueue, INT), SERVER(slowstart, TIME), SERVER(inter, TIME),
	SERVER(fastinter, TIME), SERVER(downinter, TIME), SERVER(rise, INT),
	SERVER(fall, INT), SERVER(error_limit, INT),
	SERVER(agent_inter, TIME),
	{ NULL, LB_OUTLINE_INT, 0 }
};

/* Numbers of a server that make it another one. */
static const struct lb_outline_field who[] = {
	SERVER(id_given, BOOL), SERVER(template, INT), SERVER(backup, BOOL),
	SERVER(disabled, BOOL), SERVER(check, BOOL),
	SERVER(agent_check, BOOL), SERVER(check_ssl, BOOL),
	SERVER(check_send_proxy, BOOL), SERVER(check_socks4, BOOL),
	SERVER(init_state, INT), SERVER(observe, INT),
	SERVER(on_error, INT), SERVER(down_shuts_sessions, BOOL),
	SERVER(up_shuts_backups, BOOL), SERVER(send_proxy, INT),
	SERVER(send_proxy_ssl, BOOL), SERVER(send_proxy_ssl_cn, BOOL),
	SERVER(proxy_v2_options, BITS), SERVER(tls.on, BOOL),
	SERVER(tcp_ut, TIME), SERVER(mss, INT), SERVER(tfo, BOOL),
	SERVER(peer_id, INT), SERVER(role, INT),
	{ NULL, LB_OUTLINE_INT, 0 }
};

int64_t
lb_outline_load(const struct lb_outline_field *f, const void *object)
{
	const void *at = (const char *)object + f->at;

	switch (f->kind) {
	case LB_OUTLINE_INT:
		return *(const int *)at;
	case LB_OUTLINE_BOOL:
		return *(const bool *)at;
	case LB_OUTLINE_TIME:
		return *(const int64_t *)at;
	case LB_OUTLINE_BITS:
		break;
	}
	return *(const unsigned *)at;
}

void
lb_outline_store(const struct lb_outline_field *f, void *object,
    int64_t value)
{
	void *at = (char *)object + f->at;

	switch (f->kind) {
	case LB_OUTLINE_INT:
		*(int *)at = (int)value;
		break;
	case LB_OUTLINE_BOOL:
		*(bool *)at = value != 0;
		break;
	case LB_OUTLINE_TIME:
		*(int64_t *)at = value;
		break;
	case LB_OUTLINE_BITS:
		*(unsigned *)at = (unsigned)value;
		break;
	}
}

static void
put_numbers(struct sheet *to, const struct lb_outline_field *f,
    const void *object)
{
	for (; f->name != NULL; f++)
		sheet_print(to, "%" PRId64 " ", lb_outline_load(f, object));
}

/* ---- words ------------------------------------------------------------- */

static void
put_word(struct sheet *to, const char *word)
{
	char room[5];

	if (*word == '\0')
		sheet_text(to, "\"\"");
	for (; *word != '\0'; word++)
		sheet_slice(to, (struct text){ room,
		    lb_keys_escape(*word, room) });
	sheet_char(to, ' ');
}

static void
put_words(struct sheet *to, const struct lb_words *w)
{
	for (unsigned i = 0; i < w->count; i++)
		put_word(to, w->at[i]);
}

/* ---- files ------------------------------------------------------------- */

static void
put_digest(struct sheet *to, const char *path, struct text t)
{
	sheet_text(to, "file ");
	put_word(to, path);
	sheet_print(to, "%zu %016" PRIx64 "\n", t.len,
	    lb_digest_xxh64(t, 0));
}

static void
put_file(struct sheet *to, const char *path)
{
	struct text t;
	struct why why;

	if (path == NULL || file_read(path, FILE_MOST, &t, &why) < 0)
		return;
	put_digest(to, path, t);
	mem_drop((void *)(uintptr_t)t.at);
}

/* What a certificate is made of: it may be replaced while it runs. */
static const char *const parts[] = { "", ".key" };

int
lb_outline_cert(const char *path, struct text *to, struct why *why)
{
	struct sheet all = { .len = 0 };
	char name[4096];
	struct text t;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		snprintf(name, sizeof name, "%s%s", path, parts[i]);
		if (file_read(name, FILE_MOST, &t, why) < 0) {
			if (i > 0)
				break;
			return -1;
		}
		sheet_slice(&all, t);
		sheet_char(&all, '\n');
		secret_wipe((void *)(uintptr_t)t.at, t.len);
		mem_drop((void *)(uintptr_t)t.at);
	}
	*to = sheet_all(&all);
	return all.spoiled ? why_set(why, "out of memory") : 0;
}

static void
put_cert_digest(struct sheet *to, const char *path)
{
	struct text t;
	struct why why;

	if (lb_outline_cert(path, &t, &why) < 0)
		return;
	sheet_print(to, "cert\t%s\t%016" PRIx64 "\n", path,
	    lb_digest_xxh64(t, 0));
	secret_wipe((void *)(uintptr_t)t.at, t.len);
	mem_drop((void *)(uintptr_t)t.at);
}

/* What a reload does not bring, in whichever way it is named. */
static void
put_beside(struct sheet *to, const char *path)
{
	static const char *const behind[] = { ".ocsp", ".issuer", ".sctl",
	    ".key" };
	bool ends = text_ends(text_of(path), ".crt");
	int len = (int)strlen(path);
	char name[4096];

	for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
		snprintf(name, sizeof name, "%s%s", path, behind[i]);
		if (strcmp(behind[i], ".key") != 0)
			put_file(to, name);
		snprintf(name, sizeof name, "%.*s%s", len -
		    (int)strlen(".crt"), path, behind[i]);
		if (ends)
			put_file(to, name);
	}
}

/* loose: what may be replaced; else what stands beside it. */
static void
put_cert_file(struct sheet *to, const char *path, bool loose)
{
	bool plain = strpbrk(path, "\t\n") == NULL;

	if (loose && plain)
		put_cert_digest(to, path);
	if (loose)
		return;
	put_beside(to, path);
	if (!plain)
		put_file(to, path);
}

/* Not hidden, and not what stands beside a certificate. */
static int
is_cert(const struct dirent *e)
{
	static const char *const others[] = { ".key", ".ocsp", ".issuer",
	    ".sctl", ".dh" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (text_ends(text_of(e->d_name), others[i]))
			return 0;
	return e->d_name[0] != '.';
}

static void
put_cert(struct sheet *to, const char *path, bool loose)
{
	struct dirent **entries;
	struct stat st;
	char name[4096];
	int n = stat(path, &st) == 0 && S_ISDIR(st.st_mode) ?
	    scandir(path, &entries, is_cert, alphasort) : -1;

	if (n < 0) {
		put_cert_file(to, path, loose);
		return;
	}
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof name, "%s/%s", path,
		    entries[i]->d_name);
		put_cert_file(to, name, loose);
		mem_drop(entries[i]);
	}
	mem_drop(entries);
}

static void
put_tls(struct sheet *to, const struct lb_tls_conf *t, bool loose)
{
	for (unsigned i = 0; i < t->certs.count; i++) {
		put_cert(to, t->certs.at[i]->path, loose);
		if (t->certs.at[i]->own != NULL)
			put_tls(to, t->certs.at[i]->own, loose);
	}
	if (loose)
		return;
	put_file(to, t->ca_file);
	put_file(to, t->ca_verify_file);
	put_file(to, t->crl_file);
	put_file(to, t->ticket_keys);
}

static void
put_all_tls(struct sheet *to, const struct lb_setup *setup, bool loose)
{
	for (unsigned i = 0; i < setup->proxies.count; i++) {
		const struct lb_proxy_conf *p = setup->proxies.at[i];

		for (unsigned n = 0; n < p->binds.count; n++)
			put_tls(to, &p->binds.at[n]->tls, loose);
		for (unsigned n = 0; n < p->servers.count; n++)
			put_tls(to, &p->servers.at[n]->tls, loose);
	}
}

static void
put_files(struct sheet *to, const struct lb_setup *setup)
{
	put_all_tls(to, setup, false);
	for (unsigned i = 0; i < setup->proxies.count; i++)
		put_file(to, setup->proxies.at[i]->check.password_file);
	for (unsigned i = 0; i < setup->resolvers.count; i++)
		if (setup->resolvers.at[i]->parse_resolv_conf)
			put_file(to, "/etc/resolv.conf");
}

/* ---- files that were read ---------------------------------------------- */

struct reading {
	struct sheet *to;
	const struct lb_setup *setup;
};

/* The file itself, its key, or one in that directory. */
static bool
is_of(const struct lb_tls_conf *t, struct text path)
{
	for (unsigned i = 0; i < t->certs.count; i++) {
		const char *own = t->certs.at[i]->path;
		struct text rest = text_begins(path, own) ?
		    text_from(path, strlen(own)) : TEXT_NONE;

		if (rest.at != NULL && (rest.len == 0 ||
		    text_is(rest, ".key") || rest.at[0] == '/'))
			return true;
	}
	return false;
}

static bool
is_certificate(const struct lb_setup *setup, struct text path)
{
	for (unsigned i = 0; i < setup->proxies.count; i++) {
		const struct lb_proxy_conf *p = setup->proxies.at[i];

		for (unsigned n = 0; n < p->binds.count; n++)
			if (is_of(&p->binds.at[n]->tls, path))
				return true;
		for (unsigned n = 0; n < p->servers.count; n++)
			if (is_of(&p->servers.at[n]->tls, path))
				return true;
	}
	return false;
}

/* Certificates are looked at apart from the others. */
static void
put_reading(void *arg, const char *path, struct text t)
{
	struct reading *r = arg;

	if (!is_certificate(r->setup, text_of(path)))
		put_digest(r->to, path, t);
}

/* ---- what must be the same --------------------------------------------- */

/* Device, inode and path of what a line of the map names; else nothing. */
static struct text
mapped_file(struct text line)
{
	struct text word = TEXT_NONE;

	for (unsigned i = 0; i < 3; i++)	/* addresses, rights, offset */
		(void)text_word(&line, " ", &word);
	line = text_trim(line);
	return memchr(line.at, '/', line.len) == NULL ? TEXT_NONE : line;
}

/*
 * Which program this is, and with which libraries: others want a process of
 * their own. Where they lie in memory changes, and so does their order.
 */
static void
put_program(struct sheet *to)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[5000], last[5000] = "";
	uint64_t sum = 0;

	while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
		struct text file = mapped_file(text_of(line));

		/* The parts of one stand together. */
		if (file.len == 0 || text_is(file, last))
			continue;
		snprintf(last, sizeof last, "%.*s", TEXT_ARG(file));
		sum += lb_digest_xxh64(file, 0);
	}
	if (maps != NULL)
		fclose(maps);
	sheet_print(to, "program %016" PRIx64 "\n", sum);
}

static bool
is_any(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static bool
is_loose_switch(const struct lb_key *k)
{
	return k->kind == LB_KEY_BITS &&
	    k->at == offsetof(struct lb_proxy_conf, options) &&
	    ((unsigned)k->value & (1u << LB_OPT_TRANSPARENT)) == 0;
}

/* Lines whose only effect is in the tables of numbers, and servers. */
static bool
is_loose(const struct lb_section *s, const struct lb_words *w)
{
	static const char *const global[] = { "maxconnrate", "maxsessrate",
	    "maxsslconn", "maxsslrate", "spread-checks", "max-spread-checks",
	    "hard-stop-after", "grace", "close-spread-time",
	    "takeover_drain", "mworker-max-reloads", "reload-in-place",
	    NULL };
	static const char *const proxy[] = { "retries", "option redispatch",
	    "maxconn", "fullconn", "rate-limit", "session-spread", "server",
	    "default-server", NULL };
	bool no;
	const struct lb_key *k = lb_keys_line(s, w, &no);

	if (k == NULL)
		return false;
	if (s->in == LB_IN_GLOBAL)
		return is_any(k->name, global);
	if (!(s->in & LB_IN_PROXIES))
		return false;
	return is_any(k->name, proxy) || is_loose_switch(k) ||
	    strncmp(k->name, "timeout ", 8) == 0;
}

static void
put_block(struct sheet *to, const struct lb_block_conf *b)
{
	const struct lb_section *s = lb_keys_section(b->head.at[0]);

	sheet_text(to, "section ");
	put_words(to, &b->head);
	sheet_char(to, '\n');
	for (unsigned i = 0; i < b->lines.count; i++) {
		if (is_loose(s, b->lines.at[i]))
			continue;
		sheet_text(to, "line ");
		put_words(to, b->lines.at[i]);
		sheet_char(to, '\n');
	}
}

static void
put_place(struct sheet *to, const struct lb_address *a)
{
	char room[ADDRESS_TEXT];

	sheet_print(to, "%d %d %u %s ", (int)a->kind, (int)a->port_kind,
	    a->port_low, a->sa.len > 0 ? address_print(&a->sa, room) : "-");
}

/* Names of hosts stand in lines; what they mean now is another thing. */
static void
put_logs(struct sheet *to, const struct lb_log_conf *const *logs,
    unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		sheet_text(to, "log ");
		put_place(to, &logs[i]->addr);
		sheet_char(to, '\n');
	}
}

static void
put_fixed(struct sheet *to, const struct lb_setup *setup,
    const struct lb_files *files)
{
	struct reading r = { to, setup };

	put_program(to);
	for (unsigned i = 0; i < setup->blocks.count; i++)
		put_block(to, setup->blocks.at[i]);
	put_logs(to, (const struct lb_log_conf *const *)
	    setup->global.logs.at, setup->global.logs.count);
	lb_files_each(files, put_reading, &r);
	put_files(to, setup);
}

/* ---- servers ----------------------------------------------------------- */

/* The words that a server is made of, wherever they stand. */
struct gathered {
	const char *at[WORDS];
	unsigned count;
	bool overflow;
};

static void
gather(struct gathered *g, const struct lb_words *w, unsigned from)
{
	for (; from < w->count; from++) {
		if (g->count == WORDS)
			g->overflow = true;
		else
			g->at[g->count++] = w->at[from];
	}
}

static bool
is_line(const struct lb_words *w, const char *name)
{
	return strcmp(w->at[0], name) == 0;
}

/* default-server lines of the sections it takes from come first. */
static void
gather_usual(struct gathered *g, const struct lb_block_conf *b)
{
	if (b->from != NULL)
		gather_usual(g, b->from);
	for (unsigned i = 0; i < b->lines.count; i++)
		if (is_line(b->lines.at[i], "default-server"))
			gather(g, b->lines.at[i], 1);
}

/*
 * A server line takes what stands above it; a line of a side file adds to
 * one that is there.
 */
static void
gather_server(struct gathered *g, const struct lb_block_conf *b,
    const char *name)
{
	bool found = false;

	g->count = 0;
	g->overflow = false;
	if (b->from != NULL)
		gather_usual(g, b->from);
	for (unsigned i = 0; i < b->lines.count; i++) {
		const struct lb_words *w = b->lines.at[i];

		if (!found && is_line(w, "default-server"))
			gather(g, w, 1);
		if (!is_line(w, "server") || w->count < 2 ||
		    strcmp(w->at[1], name) != 0)
			continue;
		/* Its address stands in front of all options. */
		gather(g, w, found ? 2 : 3);
		found = true;
	}
}

static bool
is_number(const char *word)
{
	static const char *const names[] = { "weight", "maxconn", "minconn",
	    "maxqueue", "slowstart", "inter", "fastinter", "downinter",
	    "rise", "fall", "error-limit", "agent-inter", NULL };

	return is_any(word, names);
}

static const struct lb_words *
find_line(const struct lb_block_conf *b, const char *name)
{
	for (unsigned i = 0; i < b->lines.count; i++)
		if (is_line(b->lines.at[i], "server") &&
		    b->lines.at[i]->count > 2 &&
		    strcmp(b->lines.at[i]->at[1], name) == 0)
			return b->lines.at[i];
	return NULL;
}

static void
put_facts(struct sheet *to, const struct lb_server_conf *s)
{
	put_numbers(to, who, s);
	if (s->id_given)
		sheet_print(to, "%u ", s->id);
	put_place(to, &s->addr);
	put_place(to, &(struct lb_address){ .sa = s->address });
	put_place(to, &s->check_addr);
	put_place(to, &s->agent_addr);
	put_place(to, &s->socks4);
	sheet_text(to, "; ");
}

bool
lb_outline_is(const struct lb_server_conf *s, struct text is)
{
	struct sheet facts = { .len = 0 };
	bool same;

	put_facts(&facts, s);
	same = !facts.spoiled && is.len >= facts.len &&
	    memcmp(is.at, facts.at, facts.len) == 0;
	sheet_fini(&facts);
	return same;
}

static void
put_who(struct sheet *to, const struct lb_server_conf *s,
    const struct gathered *g)
{
	put_facts(to, s);
	for (unsigned i = 0; i < g->count; i++)
		if (is_number(g->at[i]))
			i++;
		else
			put_word(to, g->at[i]);
}

/* Why it could not be made while the process runs; NULL: it can. */
static const char *
find_hindrance(const struct lb_proxy_conf *p, const struct lb_server_conf *s,
    const struct gathered *g, const struct lb_words *line)
{
	if (g->overflow || line == NULL || s->template > 0)
		return "it is of a template";
	if (s->resolvers != NULL || s->addr.kind == LB_ADDRESS_NAME)
		return "it has a name for an address";
	if (s->tls.on || s->check_ssl)
		return "it uses TLS";
	if (s->track_name != NULL || s->namespace != NULL || s->disabled ||
	    s->check_socks4 || s->cookie != NULL)
		return "of one of its options";
	if (p->check.kind == LB_CHECK_EXTERNAL && s->check)
		return "a program checks it";
	return NULL;
}

static void
put_server(struct sheet *to, const struct lb_proxy_conf *p,
    const struct lb_block_conf *b, const struct lb_server_conf *s,
    struct gathered *g)
{
	const struct lb_words *line = find_line(b, s->name);
	const char *hindrance;

	gather_server(g, b, s->name);
	hindrance = find_hindrance(p, s, g, line);
	sheet_print(to, "server\t%s\t%s\t", p->name, s->name);
	put_who(to, s, g);
	sheet_char(to, '\t');
	put_numbers(to, lb_outline_server, s);
	sheet_char(to, '\t');
	if (hindrance != NULL)
		sheet_print(to, "!%s", hindrance);
	else {
		put_word(to, line->at[2]);
		for (unsigned i = 0; i < g->count; i++)
			put_word(to, g->at[i]);
	}
	sheet_char(to, '\n');
}

/* ---- all --------------------------------------------------------------- */

static const struct lb_block_conf *
find_block(const struct lb_setup *setup, const void *object)
{
	for (unsigned i = 0; i < setup->blocks.count; i++)
		if (setup->blocks.at[i]->object == object)
			return setup->blocks.at[i];
	return NULL;
}

static void
put_proxy(struct sheet *to, const struct lb_setup *setup,
    const struct lb_proxy_conf *p, struct gathered *g)
{
	const struct lb_block_conf *b = find_block(setup, p);

	sheet_print(to, "proxy\t%s\t", p->name);
	put_numbers(to, lb_outline_proxy, p);
	sheet_char(to, '\n');
	for (unsigned i = 0; b != NULL && i < p->servers.count; i++)
		put_server(to, p, b, p->servers.at[i], g);
}

char *
lb_outline_print(const struct lb_setup *setup, const struct lb_files *files)
{
	struct gathered *g = mem_get(sizeof *g);
	struct sheet to = { .len = 0 };

	if (g == NULL)
		return NULL;
	put_fixed(&to, setup, files);
	sheet_text(&to, LB_OUTLINE_LOOSE);
	sheet_text(&to, "global\t");
	put_numbers(&to, lb_outline_global, &setup->global);
	sheet_char(&to, '\n');
	put_all_tls(&to, setup, true);
	for (unsigned i = 0; i < setup->proxies.count; i++)
		put_proxy(&to, setup, setup->proxies.at[i], g);
	sheet_char(&to, '\0');
	mem_drop(g);
	if (to.spoiled)
		sheet_fini(&to);
	return to.at;
}
