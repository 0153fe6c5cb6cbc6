/* SPDX-License-Identifier: ISC */
/*
 * commands_table.c - stick tables on the runtime socket: show, set, clear.
 * A table is shown some buckets a turn, however large it is. Loop 0.
 */
#include <arpa/inet.h>

#include <stdlib.h>

#include "balancer/commands_rows.h"
#include "balancer/stores.h"
#include "balancer/tables.h"
#include "balancer/tracking.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"

enum { MOST_FILTERS = 4, BUCKETS_A_TURN = 256, KEY_ROOM = 512 };

enum comparison { EQ, NE, LE, GE, LT, GT, COMPARISONS };

static const char *const comparisons[COMPARISONS] = { "eq", "ne", "le", "ge",
    "lt", "gt" };

struct filter {
	enum lb_store store;
	unsigned element;
	enum comparison op;
	int64_t value;
};

/* A walk over one table or, for a list of them, none. */
struct walk {
	struct talk *talk;
	struct lb_table *table;
	bool clears;
	struct filter filters[MOST_FILTERS];
	unsigned filter_count;
	unsigned at;			/* bucket */
};

/* ---- values ------------------------------------------------------------ */

static void
print_bytes(struct talk *t, struct text key)
{
	for (size_t i = 0; i < key.len; i++)
		lb_talk_print(t, "%02X", (unsigned char)key.at[i]);
}

static void
print_text(struct talk *t, struct text key)
{
	for (size_t i = 0; i < key.len; i++) {
		unsigned char c = (unsigned char)key.at[i];

		if (c < ' ' || c > '~')
			lb_talk_print(t, "\\x%02x", c);
		else
			lb_talk_print(t, strchr(" ;#\\", c) != NULL ?
			    "\\%c" : "%c", c);
	}
}

static void
print_key(struct talk *t, enum lb_type type, struct text key)
{
	char ip[INET6_ADDRSTRLEN];
	uint32_t n = 0;

	switch (type) {
	case LB_TYPE_IPV4:
	case LB_TYPE_IPV6:
		inet_ntop(type == LB_TYPE_IPV4 ? AF_INET : AF_INET6, key.at,
		    ip, sizeof ip);
		lb_talk_print(t, "%s", ip);
		break;
	case LB_TYPE_INT:
		memcpy(&n, key.at, key.len < sizeof n ? key.len : sizeof n);
		lb_talk_print(t, "%u", ntohl(n));
		break;
	case LB_TYPE_STR:
		print_text(t, key);
		break;
	default:
		print_bytes(t, key);
		break;
	}
}

/* gpt(3) shows as gpt0 gpt1 gpt2, gpc_rate(2,T) as gpc0_rate gpc1_rate. */
static void
print_name(struct talk *t, const struct lb_table_conf *c,
    const struct lb_store_row *row, unsigned element)
{
	switch (row->store) {
	case LB_STORE_GPT:
	case LB_STORE_GPC:
		lb_talk_print(t, " %s%u", row->name, element);
		break;
	case LB_STORE_GPC_RATE:
		lb_talk_print(t, " gpc%u_rate", element);
		break;
	default:
		lb_talk_print(t, " %s", row->name);
		break;
	}
	if (lb_stores_is_rate(row->store))
		lb_talk_print(t, "(%lld)",
		    (long long)(c->period[row->store] / CLOCK_MS));
}

static void
print_store(struct talk *t, struct lb_table *table, struct lb_entry *e,
    const struct lb_store_row *row, int64_t now)
{
	const struct lb_table_conf *c = lb_table_conf(table);
	const char *key = lb_table_peek_key(e);
	uint64_t n;

	if (row->store == LB_STORE_SERVER_KEY) {
		if (c->stores & 1u << LB_STORE_SERVER_KEY)
			lb_talk_print(t, " server_key=%s", key == NULL ? "-" :
			    key);
		return;
	}
	for (unsigned i = 0; lb_table_peek(table, e, row->store, i, now, &n);
	    i++) {
		print_name(t, c, row, i);
		lb_talk_print(t, "=%llu", (unsigned long long)n);
	}
}

static void
print_entry(struct talk *t, struct lb_table *table, struct lb_entry *e,
    unsigned own)
{
	const struct lb_table_conf *c = lb_table_conf(table);
	int64_t now = clock_now();

	lb_talk_print(t, "%p: key=", (void *)e);
	print_key(t, c->type, lb_table_key(e));
	lb_talk_print(t, " use=%u exp=%lld shard=0",
	    lb_table_trackers(e) - own,
	    (long long)(lb_table_peek_left(table, e, now) / CLOCK_MS));
	for (size_t i = 0; i < LB_STORE_ROWS; i++)
		print_store(t, table, e, &lb_stores[i], now);
	lb_talk_print(t, "\n");
}

static void
print_head(struct talk *t, struct lb_table *table)
{
	static const char *const types[] = { [LB_TYPE_IPV4] = "ip",
	    [LB_TYPE_IPV6] = "ipv6", [LB_TYPE_INT] = "integer",
	    [LB_TYPE_STR] = "string", [LB_TYPE_BIN] = "binary" };
	const struct lb_table_conf *c = lb_table_conf(table);

	lb_talk_print(t, "# table: %s, type: %s, size:%lld, used:%u\n",
	    c->name, types[c->type], (long long)c->size,
	    lb_table_used(table));
}

/* ---- which entries ----------------------------------------------------- */

static bool
compare(int64_t value, const struct filter *f)
{
	switch (f->op) {
	case EQ:
		return value == f->value;
	case NE:
		return value != f->value;
	case LE:
		return value <= f->value;
	case GE:
		return value >= f->value;
	case LT:
		return value < f->value;
	default:
		return value > f->value;
	}
}

static bool
passes(const struct walk *w, struct lb_entry *e, int64_t now)
{
	uint64_t value;

	for (unsigned i = 0; i < w->filter_count; i++)
		if (!lb_table_peek(w->table, e, w->filters[i].store,
		    w->filters[i].element, now, &value) ||
		    !compare((int64_t)value, &w->filters[i]))
			return false;
	return true;
}

static void
on_entry(struct lb_table *table, struct lb_entry *e, void *arg)
{
	struct walk *w = arg;

	if (!passes(w, e, clock_now()))
		return;
	if (w->clears)
		lb_table_forget(table, e);
	else
		print_entry(w->talk, table, e, 0);
}

static bool
go_on(struct talk *t, void *arg)
{
	struct walk *w = arg;
	bool more = true;

	w->talk = t;
	for (unsigned i = 0; more && lb_talk_has_room(t) && i < 16; i++)
		more = lb_table_walk(w->table, &w->at, BUCKETS_A_TURN,
		    on_entry, w);
	return more;
}

/* Does the table keep it? data.gpt0 of a table with gpt(2) it does not. */
static const struct lb_store_row *
find_store(struct lb_table *table, const char *word, const char **wrong)
{
	const struct lb_store_row *row = lb_stores_find(text_of(word));

	*wrong = row == NULL ? "Unknown data type" :
	    !(lb_table_conf(table)->stores & 1u << row->store) ?
	    "Data type not stored in this table" : NULL;
	return *wrong == NULL ? row : NULL;
}

/* data.<type> <operator> <value>; false: refused. */
static bool
read_filter(struct talk *t, const struct command_line *l, unsigned at,
    struct walk *w)
{
	struct filter *f = &w->filters[w->filter_count];
	const struct lb_store_row *row;
	const char *wrong;

	row = find_store(w->table, l->at[at] + 5, &wrong);
	if (row == NULL) {
		lb_talk_refuse(t, "Filter entry #%u: %s", w->filter_count + 1,
		    wrong);
		return false;
	}
	f->store = row->store;
	f->op = EQ;
	while (f->op < COMPARISONS && (at + 1 >= l->count ||
	    strcmp(comparisons[f->op], l->at[at + 1]) != 0))
		f->op++;
	if (f->op == COMPARISONS)
		lb_talk_refuse(t, "Filter entry #%u: Require and operator "
		    "among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"",
		    w->filter_count + 1);
	else if (at + 2 >= l->count || number_int(text_of(l->at[at + 2]), 10,
	    INT64_MIN, INT64_MAX, &f->value, NULL) < 0)
		lb_talk_refuse(t, "Filter entry #%u: Require a valid integer "
		    "value to compare against", w->filter_count + 1);
	else {
		w->filter_count++;
		return true;
	}
	return false;
}

/* ---- keys -------------------------------------------------------------- */

/* A word as a key; NULL, or what is wrong with it ("": said in silence). */
static const char *
read_key(const struct lb_table_conf *c, const char *word, char room[KEY_ROOM],
    struct text *key, bool inserts)
{
	size_t len = strlen(word);
	uint32_t n;
	int64_t number;

	*key = (struct text){ room, 0 };
	switch (c->type) {
	case LB_TYPE_IPV4:
	case LB_TYPE_IPV6:
		key->len = c->type == LB_TYPE_IPV4 ? 4 : 16;
		return inet_pton(c->type == LB_TYPE_IPV4 ? AF_INET : AF_INET6,
		    word, room) == 1 ? NULL : inserts ? "Invalid key" : "";
	case LB_TYPE_INT:
		if (number_int(text_of(word), 10, 0, UINT32_MAX, &number,
		    NULL) < 0)
			return inserts ? "Invalid key" : "";
		n = htonl((uint32_t)number);
		memcpy(room, &n, sizeof n);
		key->len = sizeof n;
		return NULL;
	case LB_TYPE_STR:
		key->len = len < c->key_length ? len : c->key_length;
		if (key->len > KEY_ROOM)
			key->len = KEY_ROOM;
		memcpy(room, word, key->len);
		return NULL;
	default:
		return inserts ? "Inserting keys into tables of type other "
		    "than ip, ipv6, string and integer is not supported" :
		    "Showing keys from tables of type other than ip, ipv6, "
		    "string and integer is not supported";
	}
}

static void
show_key(struct talk *t, struct lb_table *table, struct text key)
{
	struct lb_entry *e = lb_table_hold(table, key, LB_TABLE_LOOK,
	    clock_now());

	if (e == NULL)
		return;
	print_head(t, table);
	print_entry(t, table, e, 1);
	lb_table_drop(table, e, false, clock_now());
}

static void
clear_key(struct talk *t, struct lb_table *table, struct text key)
{
	bool in_use;

	if (!lb_table_remove(table, key, &in_use) && in_use)
		lb_talk_refuse(t, "Entry currently in use, cannot remove");
}

/* data.<type> <value> ... of an entry that is there now. */
static void
set_values(struct talk *t, struct lb_table *table, struct lb_entry *e,
    const struct command_line *l, unsigned at)
{
	const struct lb_store_row *row;
	const char *wrong;
	int64_t value;

	for (; at < l->count; at += 2) {
		if (strncmp(l->at[at], "data.", 5) != 0) {
			lb_talk_refuse(t, "\"data.<type>\" followed by a "
			    "value expected");
			return;
		}
		row = find_store(table, l->at[at] + 5, &wrong);
		if (row == NULL) {
			lb_talk_refuse(t, "%s", wrong);
			return;
		}
		if (at + 1 >= l->count || number_int(text_of(l->at[at + 1]),
		    10, 0, INT64_MAX, &value, NULL) < 0 ||
		    row->store == LB_STORE_SERVER_KEY) {
			lb_talk_refuse(t, "Require a valid integer value to "
			    "store");
			return;
		}
		lb_table_set(table, e, row->store, 0, (uint64_t)value,
		    clock_now());
	}
}

static void
set_key(struct talk *t, struct lb_table *table, struct text key,
    const struct command_line *l, unsigned at)
{
	struct lb_entry *e = lb_table_hold(table, key, LB_TABLE_MAKE,
	    clock_now());

	if (e == NULL) {
		lb_talk_refuse(t, "Unable to allocate a new entry");
		return;
	}
	set_values(t, table, e, l, at);
	lb_table_drop(table, e, true, clock_now());
}

/* ---- commands ---------------------------------------------------------- */

enum what { SHOW, SET, CLEAR };

static void
explain(struct talk *t, enum what what)
{
	if (what == SHOW)
		lb_talk_refuse(t, "Optional argument only supports "
		    "\"data.<store_data_type>\" <operator> <value> and key "
		    "<key>");
	else if (what == SET)
		lb_talk_refuse(t, "Required arguments: <table> key <key> "
		    "[data.<store_data_type> <value>]*");
	else
		lb_talk_refuse(t, "Required arguments: <table> "
		    "\"data.<store_data_type>\" <operator> <value> or "
		    "<table> key <key>");
}

static void
work_on_key(struct talk *t, const struct command_line *l,
    struct lb_table *table, enum what what)
{
	char room[KEY_ROOM];
	const char *wrong;
	struct text key;

	if (l->count < 5) {
		lb_talk_refuse(t, "Key value expected");
		return;
	}
	wrong = read_key(lb_table_conf(table), l->at[4], room, &key,
	    what == SET);
	if (wrong != NULL) {
		if (*wrong != '\0')
			lb_talk_refuse(t, "%s", wrong);
	} else if (what == SHOW)
		show_key(t, table, key);
	else if (what == CLEAR)
		clear_key(t, table, key);
	else
		set_key(t, table, key, l, 5);
}

static void
walk_over(struct talk *t, const struct command_line *l,
    struct lb_table *table, enum what what)
{
	struct walk *w = mem_zero(sizeof *w);

	if (w == NULL) {
		lb_talk_refuse(t, "Out of memory");
		return;
	}
	w->table = table;
	w->clears = what == CLEAR;
	for (unsigned at = 3; at < l->count && w->filter_count < MOST_FILTERS;
	    at += 3)
		if (strncmp(l->at[at], "data.", 5) != 0 ||
		    !read_filter(t, l, at, w)) {
			if (strncmp(l->at[at], "data.", 5) != 0)
				explain(t, what);
			mem_drop(w);
			return;
		}
	if (what == SHOW)
		print_head(t, table);
	lb_talk_more(t, go_on, w, mem_drop);
}

static void
run(struct talk *t, const struct command_line *l, enum what what)
{
	struct lb_table *table;

	if (l->count < 3 && what != SHOW) {
		explain(t, what);
		return;
	}
	if (l->count < 3) {
		for (unsigned i = lb_tables_count(); i > 0; i--)
			print_head(t, lb_tables_at(i - 1));
		return;
	}
	table = lb_tables_named(text_of(l->at[2]));
	if (table == NULL)
		lb_talk_refuse(t, "No such table");
	else if (l->count > 3 && strcmp(l->at[3], "key") == 0)
		work_on_key(t, l, table, what);
	else if (what != SET)
		walk_over(t, l, table, what);
	else if (l->count > 3)
		explain(t, what);
}

static void
run_show(struct talk *t, const struct command_line *l)
{
	run(t, l, SHOW);
}

static void
run_set(struct talk *t, const struct command_line *l)
{
	run(t, l, SET);
}

static void
run_clear(struct talk *t, const struct command_line *l)
{
	run(t, l, CLEAR);
}

const struct command lb_commands_table[] = {
	{ "clear table", "<table> [<filter>]*", "remove an entry from a "
	    "table (filter: data/key)", LB_LEVEL_OPERATOR, run_clear },
	{ "set table", "<table> key <key> [data.* <v>]*", "update or create "
	    "a table entry's data", LB_LEVEL_OPERATOR, run_set },
	{ "show table", "<table> [<filter>]*", "report table usage stats or "
	    "dump this table's contents (filter: data/key)",
	    LB_LEVEL_OPERATOR, run_show },
	{ NULL, NULL, NULL, 0, NULL }
};
