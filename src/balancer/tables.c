/* SPDX-License-Identifier: ISC */
/*
 * tables.c - the tables by number, and how they travel to a successor: a
 * line for each table, one for each entry below it.
 */
#include <stdlib.h>

#include "balancer/stores.h"
#include "balancer/tables.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/timer.h"

static struct lb_table **tables;
static unsigned count;
static struct timer timer;
static bool started;

void
lb_tables_init(const struct lb_setup *setup)
{
	count = setup->tables.count;
	tables = mem_need((count + 1) * sizeof(void *));
	for (unsigned i = 0; i < count; i++)
		tables[i] = lb_table_new(setup->tables.at[i]);
}

static void
on_timer(void *arg)
{
	for (unsigned i = 0; i < count; i++)
		lb_table_expire(tables[i], loop_now(loop_here()));
}

void
lb_tables_start(struct loop *home)
{
	if (count == 0)
		return;
	timer_init(&timer, home, on_timer, NULL);
	timer_every(&timer, CLOCK_SECOND);
	started = true;
}

void
lb_tables_fini(void)
{
	if (started)
		timer_stop(&timer);
	started = false;
	for (unsigned i = 0; i < count; i++)
		lb_table_free(&tables[i]);
	mem_drop(tables);
	tables = NULL;
	count = 0;
}

unsigned
lb_tables_count(void)
{
	return count;
}

struct lb_table *
lb_tables_at(unsigned number)
{
	return number < count ? tables[number] : NULL;
}

struct lb_table *
lb_tables_find(const struct lb_table_conf *conf)
{
	return conf == NULL ? NULL : lb_tables_at(conf->number);
}

struct lb_table *
lb_tables_named(struct text name)
{
	for (unsigned i = 0; i < count; i++)
		if (text_is(name, lb_table_conf(tables[i])->name))
			return tables[i];
	return NULL;
}

/* ---- out --------------------------------------------------------------- */

struct outgoing {
	FILE *to;
	int64_t now;
};

static void
put_hex(FILE *to, struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		fprintf(to, "%02x", (unsigned char)t.at[i]);
}

/* Times are told as ages: the clocks of two processes need not agree. */
static void
put_element(const struct outgoing *o, struct lb_table *t,
    struct lb_entry *e, const struct lb_store_row *row, unsigned element)
{
	struct lb_period p;
	uint64_t value;

	if (lb_table_peek_rate(t, e, row->store, element, &p))
		fprintf(o->to, " %s.%u=%llu,%llu,%llu", row->name, element,
		    (unsigned long long)((uint64_t)(o->now / CLOCK_MS) -
		    p.began), (unsigned long long)p.now,
		    (unsigned long long)p.before);
	else if (lb_table_peek(t, e, row->store, element, o->now, &value))
		fprintf(o->to, " %s.%u=%llu", row->name, element,
		    (unsigned long long)value);
}

static unsigned
elements_of(const struct lb_table *t, enum lb_store store)
{
	unsigned n = lb_table_conf(t)->elements[store];

	return n > 0 ? n : 1;
}

static void
put_entry(struct lb_table *t, struct lb_entry *e, void *arg)
{
	const struct outgoing *o = arg;

	fputs("e ", o->to);
	put_hex(o->to, lb_table_key(e));
	fprintf(o->to, " %lld", (long long)lb_table_peek_left(t, e, o->now));
	if (lb_table_peek_key(e) != NULL) {
		fputs(" server_key=", o->to);
		put_hex(o->to, text_of(lb_table_peek_key(e)));
	}
	for (size_t i = 0; i < LB_STORE_ROWS; i++)
		for (unsigned n = 0; lb_stores[i].store != LB_STORE_CONN_CUR &&
		    n < elements_of(t, lb_stores[i].store); n++)
			put_element(o, t, e, &lb_stores[i], n);
	fputc('\n', o->to);
}

void
lb_tables_export(FILE *to)
{
	struct outgoing o = { to, clock_now() };

	for (unsigned i = 0; i < count; i++) {
		const struct lb_table_conf *c = lb_table_conf(tables[i]);

		fprintf(to, "t %d %s\n", (int)c->type, c->name);
		lb_table_each(tables[i], put_entry, &o);
	}
}

/* ---- in ---------------------------------------------------------------- */

static int
hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; false: it is not hex. */
static bool
read_hex(struct text t, char *to, size_t room, struct text *bytes)
{
	if (t.len % 2 != 0 || t.len / 2 >= room)
		return false;
	for (size_t i = 0; i < t.len; i += 2) {
		int high = hex_of(t.at[i]), low = hex_of(t.at[i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i / 2] = (char)(high * 16 + low);
	}
	to[t.len / 2] = '\0';
	*bytes = (struct text){ to, t.len / 2 };
	return true;
}

static uint64_t
next_number(struct text *rest)
{
	struct text one;
	int64_t n = 0;

	if (!text_split(rest, ',', &one) ||
	    number_int(one, 10, 0, INT64_MAX, &n, NULL) < 0)
		return 0;
	return (uint64_t)n;
}

static void
take_value(struct lb_table *t, struct lb_entry *e, struct text word,
    int64_t now, unsigned *server, char key[256])
{
	struct text rest = word, name, bytes;
	const struct lb_store_row *row;
	struct lb_period p;
	int64_t element = 0;

	text_split(&rest, '=', &word);
	text_split(&word, '.', &name);
	row = lb_stores_find(name);
	if (row == NULL || rest.at == NULL)
		return;
	if (row->store == LB_STORE_SERVER_KEY) {
		if (!read_hex(rest, key, 256, &bytes))
			key[0] = '\0';
		return;
	}
	if (word.at != NULL)
		number_int(word, 10, 0, 100, &element, NULL);
	if (row->store == LB_STORE_SERVER_ID)
		*server = (unsigned)next_number(&rest);
	else if (lb_stores_is_rate(row->store)) {
		p.began = (uint64_t)(now / CLOCK_MS) - next_number(&rest);
		p.now = next_number(&rest);
		p.before = next_number(&rest);
		lb_table_set_rate(t, e, row->store, (unsigned)element, &p);
	} else
		lb_table_set(t, e, row->store, (unsigned)element,
		    next_number(&rest), now);
}

static bool
take_entry(struct lb_table *t, struct text rest, int64_t now)
{
	char bytes[65536], server_key[256] = "";
	struct text word, key;
	struct lb_entry *e;
	unsigned server = 0;
	int64_t left;

	if (!text_word(&rest, " ", &word) ||
	    !read_hex(word, bytes, sizeof bytes, &key) ||
	    !text_word(&rest, " ", &word) ||
	    number_int(word, 10, 0, INT64_MAX, &left, NULL) < 0)
		return false;
	e = lb_table_hold(t, key, LB_TABLE_MAKE, now);
	if (e == NULL)
		return false;
	while (text_word(&rest, " ", &word))
		take_value(t, e, word, now, &server, server_key);
	if (server != 0 || server_key[0] != '\0')
		lb_table_set_server(t, e, server, server_key);
	lb_table_set_end(t, e, now + left);
	lb_table_drop(t, e, false, now);
	return true;
}

static struct lb_table *
take_table(struct text rest)
{
	struct lb_table *t;
	struct text type;
	int64_t n;

	if (!text_word(&rest, " ", &type) ||
	    number_int(type, 10, 0, 100, &n, NULL) < 0)
		return NULL;
	t = lb_tables_named(text_trim(rest));
	return t != NULL && (int64_t)lb_table_conf(t)->type == n ? t : NULL;
}

unsigned
lb_tables_import(struct text all)
{
	struct lb_table *t = NULL;
	int64_t now = clock_now();
	unsigned taken = 0;
	struct text line;

	while (all.len > 0 && text_split(&all, '\n', &line)) {
		if (text_begins(line, "t "))
			t = take_table(text_from(line, 2));
		else if (t != NULL && text_begins(line, "e "))
			taken += take_entry(t, text_from(line, 2), now);
	}
	return taken;
}
