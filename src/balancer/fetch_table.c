/* SPDX-License-Identifier: ISC */
/*
 * fetch_table.c - what stick tables keep, as values: of what the session
 * tracks (sc_*), of its source address (src_*), of any key (table_*). All
 * three find an entry and then ask it the same way. On the scene's loop.
 */
#include "balancer/fetch_table.h"
#include "balancer/tables.h"
#include "balancer/tracking.h"
#include "base/clock.h"

/* An entry that is asked; entry NULL: it is not there, which is an answer. */
struct asked {
	struct lb_table *table;
	struct lb_entry *entry;
	bool dirty;			/* its life begins anew */
};

/* What is asked of it, and with which argument. */
typedef bool ask_fn(struct asked *, enum lb_store, unsigned element,
    struct lb_value *);

static int64_t
now_here(void)
{
	return loop_now(loop_here());
}

/* ---- questions --------------------------------------------------------- */

static bool
tell_number(struct asked *q, enum lb_store store, unsigned element,
    struct lb_value *v)
{
	uint64_t n = 0;

	if (q->entry != NULL && !lb_table_read(q->table, q->entry, store,
	    element, now_here(), &n))
		return false;
	return lb_scene_number(v, (int64_t)n);
}

static bool
tell_kilobytes(struct asked *q, enum lb_store store, unsigned element,
    struct lb_value *v)
{
	if (!tell_number(q, store, element, v))
		return false;
	v->number >>= 10;
	return true;
}

/* gpc0, gpc1, gpt0 and their rates: the old name, or an element. */
static bool
tell_general(struct asked *q, enum lb_store store, unsigned element,
    struct lb_value *v)
{
	static const struct {
		enum lb_store store, old[2];
	} rows[] = {
		{ LB_STORE_GPC, { LB_STORE_GPC0, LB_STORE_GPC1 } },
		{ LB_STORE_GPC_RATE, { LB_STORE_GPC0_RATE,
		    LB_STORE_GPC1_RATE } },
		{ LB_STORE_GPT, { LB_STORE_GPT0, LB_STORES } },
	};

	if (tell_number(q, store, element, v))
		return true;
	if (element > 1)
		return false;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].store == store &&
		    rows[i].old[element] != LB_STORES)
			return tell_number(q, rows[i].old[element], 0, v);
	return false;
}

static bool
count_one(struct asked *q, enum lb_store store, unsigned element,
    struct lb_value *v)
{
	struct lb_track t = { q->table, q->entry };
	uint64_t n = 0;

	if (q->entry != NULL) {
		q->dirty = true;
		if (!lb_tracking_count(&t, element, 1, now_here(), &n))
			return false;
	}
	return lb_scene_number(v, (int64_t)n);
}

static bool
clear(struct asked *q, enum lb_store store, unsigned element,
    struct lb_value *v)
{
	enum lb_store old = element == 0 ? LB_STORE_GPC0 : LB_STORE_GPC1;

	if (!tell_general(q, LB_STORE_GPC, element, v))
		return false;
	if (q->entry == NULL)
		return true;
	q->dirty = true;
	if (!lb_table_set(q->table, q->entry, LB_STORE_GPC, element, 0,
	    now_here()) && element < 2)
		lb_table_set(q->table, q->entry, old, 0, 0, now_here());
	return true;
}

static bool
count_connection(struct asked *q, enum lb_store store, unsigned element,
    struct lb_value *v)
{
	uint64_t n = 0;

	if (q->entry != NULL) {
		q->dirty = true;
		if (!lb_table_add(q->table, q->entry, LB_STORE_CONN_CNT, 0, 1,
		    now_here(), &n))
			return false;
		lb_table_add(q->table, q->entry, LB_STORE_CONN_RATE, 0, 1,
		    now_here(), NULL);
	}
	return lb_scene_number(v, (int64_t)n);
}

static bool
tell_tracked(struct asked *q, enum lb_store store, unsigned element,
    struct lb_value *v)
{
	return lb_scene_truth(v, q->entry != NULL);
}

/* Our own hold, of a question by key, is not one of them. */
static bool
tell_trackers(struct asked *q, enum lb_store store, unsigned element,
    struct lb_value *v)
{
	return lb_scene_number(v, q->entry == NULL ? 0 :
	    (int64_t)lb_table_trackers(q->entry) - 1);
}

/* ---- whom -------------------------------------------------------------- */

/*
 * What the session tracks in that slot, or the entry of the same key in
 * another table. False: nothing is tracked.
 */
static bool
ask_tracked(struct lb_scene *c, int64_t slot, const struct lb_arg *other,
    ask_fn *ask, enum lb_store store, unsigned element, struct lb_value *v)
{
	const struct lb_track *t = slot < 0 ? NULL :
	    lb_tracking_find(c->session, (unsigned)slot);
	struct asked q = { NULL, NULL, false };
	struct lb_table *table;
	bool got;

	if (t == NULL)
		return ask == tell_tracked && ask(&q, store, element, v);
	table = other->table != NULL ? lb_tables_find(other->table) :
	    t->table;
	q.table = table;
	q.entry = lb_table_hold(table, lb_table_key(t->entry),
	    LB_TABLE_LOOK, now_here());
	got = ask(&q, store, element, v);
	if (q.entry != NULL)
		lb_table_drop(table, q.entry, q.dirty, now_here());
	return got;
}

/* Does the question make the entry that it asks for? */
static bool
makes(ask_fn *ask)
{
	return ask == count_one || ask == count_connection;
}

static bool
ask_key(struct lb_scene *c, const struct lb_arg *table, struct lb_value *key,
    ask_fn *ask, enum lb_store store, unsigned element, struct lb_value *v)
{
	struct asked q = { lb_tables_find(table->table), NULL, false };
	struct text bytes;
	bool got;

	if (q.table == NULL || !lb_tracking_key(c, q.table, key, &bytes))
		return false;
	q.entry = lb_table_hold(q.table, bytes, makes(ask) ? LB_TABLE_MAKE :
	    LB_TABLE_LOOK, now_here());
	if (q.entry == NULL && makes(ask))
		return false;
	got = ask(&q, store, element, v);
	if (q.entry != NULL)
		lb_table_drop(q.table, q.entry, q.dirty, now_here());
	return got;
}

static bool
ask_source(struct lb_scene *c, const struct lb_arg *table, ask_fn *ask,
    enum lb_store store, unsigned element, struct lb_value *v)
{
	const struct endpoint *e = c->session == NULL ? NULL :
	    &c->session->src;
	struct lb_value key;

	if (e == NULL || (e->family != AF_INET && e->family != AF_INET6))
		return false;
	memset(&key, 0, sizeof key);
	key.type = e->family == AF_INET ? LB_TYPE_IPV4 : LB_TYPE_IPV6;
	memcpy(key.ip, e->ip, sizeof key.ip);
	return ask_key(c, table, &key, ask, store, element, v);
}

/* ---- rows -------------------------------------------------------------- */

/* name, question, what is kept, element: each as sc_, sc0_..sc2_, src_. */
#define ALL(X)								\
	X(bytes_in_rate, tell_number, BYTES_IN_RATE, 0)			\
	X(bytes_out_rate, tell_number, BYTES_OUT_RATE, 0)		\
	X(clr_gpc0, clear, GPC, 0)					\
	X(clr_gpc1, clear, GPC, 1)					\
	X(conn_cnt, tell_number, CONN_CNT, 0)				\
	X(conn_cur, tell_number, CONN_CUR, 0)				\
	X(conn_rate, tell_number, CONN_RATE, 0)				\
	X(get_gpc0, tell_general, GPC, 0)				\
	X(get_gpc1, tell_general, GPC, 1)				\
	X(get_gpt0, tell_general, GPT, 0)				\
	X(glitch_cnt, tell_number, GLITCH_CNT, 0)			\
	X(glitch_rate, tell_number, GLITCH_RATE, 0)			\
	X(gpc0_rate, tell_general, GPC_RATE, 0)				\
	X(gpc1_rate, tell_general, GPC_RATE, 1)				\
	X(http_err_cnt, tell_number, HTTP_ERR_CNT, 0)			\
	X(http_err_rate, tell_number, HTTP_ERR_RATE, 0)			\
	X(http_fail_cnt, tell_number, HTTP_FAIL_CNT, 0)			\
	X(http_fail_rate, tell_number, HTTP_FAIL_RATE, 0)		\
	X(http_req_cnt, tell_number, HTTP_REQ_CNT, 0)			\
	X(http_req_rate, tell_number, HTTP_REQ_RATE, 0)			\
	X(inc_gpc0, count_one, GPC, 0)					\
	X(inc_gpc1, count_one, GPC, 1)					\
	X(kbytes_in, tell_kilobytes, BYTES_IN_CNT, 0)			\
	X(kbytes_out, tell_kilobytes, BYTES_OUT_CNT, 0)			\
	X(sess_cnt, tell_number, SESS_CNT, 0)				\
	X(sess_rate, tell_number, SESS_RATE, 0)				\
	X(updt_conn_cnt, count_connection, CONN_CNT, 0)			\
	X(tracked, tell_tracked, CONN_CNT, 0)				\
	X(trackers, tell_trackers, CONN_CNT, 0)

#define SLOT(n, name, ask, store, element)				\
static bool								\
get_sc##n##_##name(struct lb_scene *c, const struct lb_arg *a,		\
    struct lb_value *v)							\
{									\
	return ask_tracked(c, n, &a[0], ask, LB_STORE_##store, element,	\
	    v);								\
}

#define WAYS(name, ask, store, element)					\
static bool								\
get_sc_##name(struct lb_scene *c, const struct lb_arg *a,		\
    struct lb_value *v)							\
{									\
	return ask_tracked(c, a[0].number, &a[1], ask, LB_STORE_##store,	\
	    element, v);						\
}									\
SLOT(0, name, ask, store, element)					\
SLOT(1, name, ask, store, element)					\
SLOT(2, name, ask, store, element)					\
static bool								\
get_src_##name(struct lb_scene *c, const struct lb_arg *a,		\
    struct lb_value *v)							\
{									\
	return ask_source(c, &a[0], ask, LB_STORE_##store, element, v);	\
}
ALL(WAYS)

/* The same with the number of the element as the first argument. */
#define NUMBERED(name, ask, store)					\
static bool								\
get_sc_n_##name(struct lb_scene *c, const struct lb_arg *a,		\
    struct lb_value *v)							\
{									\
	return ask_tracked(c, a[1].number, &a[2], ask, LB_STORE_##store,	\
	    (unsigned)a[0].number, v);					\
}									\
static bool								\
get_src_n_##name(struct lb_scene *c, const struct lb_arg *a,		\
    struct lb_value *v)							\
{									\
	return ask_source(c, &a[1], ask, LB_STORE_##store,		\
	    (unsigned)a[0].number, v);					\
}
NUMBERED(clr_gpc, clear, GPC)
NUMBERED(get_gpc, tell_general, GPC)
NUMBERED(get_gpt, tell_general, GPT)
NUMBERED(gpc_rate, tell_general, GPC_RATE)
NUMBERED(inc_gpc, count_one, GPC)

/* The key in the form that its table has. */
static bool
get_sc_key(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	const struct lb_track *t = lb_tracking_find(c->session,
	    (unsigned)a[0].number);
	struct text key;
	uint32_t n = 0;

	if (t == NULL)
		return false;
	key = lb_table_key(t->entry);
	v->type = lb_table_conf(t->table)->type;
	v->text = key;
	if (v->type == LB_TYPE_IPV4 || v->type == LB_TYPE_IPV6)
		memcpy(v->ip, key.at, key.len);
	for (size_t i = 0; v->type == LB_TYPE_INT && i < key.len; i++)
		n = n << 8 | (unsigned char)key.at[i];
	v->number = n;
	return true;
}

static bool
get_table_cnt(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct lb_table *t = lb_tables_find(a[0].table);

	return t != NULL && lb_scene_number(v, lb_table_used(t));
}

static bool
get_table_avl(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct lb_table *t = lb_tables_find(a[0].table);

	return t != NULL && lb_scene_number(v, lb_table_conf(t)->size -
	    lb_table_used(t));
}

#define ROWS(name, ask, store, element)					\
	{ "sc_" #name, get_sc_##name }, { "sc0_" #name, get_sc0_##name },	\
	{ "sc1_" #name, get_sc1_##name }, { "sc2_" #name, get_sc2_##name },	\
	{ "src_" #name, get_src_##name },
#define NUMBERED_ROWS(name)						\
	{ "sc_" #name, get_sc_n_##name }, { "src_" #name, get_src_n_##name },

const struct lb_scene_row lb_fetch_table_rows[] = {
	ALL(ROWS)
	NUMBERED_ROWS(clr_gpc)
	NUMBERED_ROWS(get_gpc)
	NUMBERED_ROWS(get_gpt)
	NUMBERED_ROWS(gpc_rate)
	NUMBERED_ROWS(inc_gpc)
	{ "sc_key", get_sc_key },
	{ "table_cnt", get_table_cnt }, { "table_avl", get_table_avl },
	{ NULL, NULL }
};

/* ---- converters -------------------------------------------------------- */

#define TABLES(X)							\
	X(bytes_in_rate, tell_number, BYTES_IN_RATE, 0)			\
	X(bytes_out_rate, tell_number, BYTES_OUT_RATE, 0)		\
	X(clr_gpc0, clear, GPC, 0)					\
	X(clr_gpc1, clear, GPC, 1)					\
	X(conn_cnt, tell_number, CONN_CNT, 0)				\
	X(conn_cur, tell_number, CONN_CUR, 0)				\
	X(conn_rate, tell_number, CONN_RATE, 0)				\
	X(glitch_cnt, tell_number, GLITCH_CNT, 0)			\
	X(glitch_rate, tell_number, GLITCH_RATE, 0)			\
	X(gpc0, tell_general, GPC, 0)					\
	X(gpc0_rate, tell_general, GPC_RATE, 0)				\
	X(gpc1, tell_general, GPC, 1)					\
	X(gpc1_rate, tell_general, GPC_RATE, 1)				\
	X(gpt0, tell_general, GPT, 0)					\
	X(http_err_cnt, tell_number, HTTP_ERR_CNT, 0)			\
	X(http_err_rate, tell_number, HTTP_ERR_RATE, 0)			\
	X(http_fail_cnt, tell_number, HTTP_FAIL_CNT, 0)			\
	X(http_fail_rate, tell_number, HTTP_FAIL_RATE, 0)		\
	X(http_req_cnt, tell_number, HTTP_REQ_CNT, 0)			\
	X(http_req_rate, tell_number, HTTP_REQ_RATE, 0)			\
	X(inc_gpc0, count_one, GPC, 0)					\
	X(inc_gpc1, count_one, GPC, 1)					\
	X(kbytes_in, tell_kilobytes, BYTES_IN_CNT, 0)			\
	X(kbytes_out, tell_kilobytes, BYTES_OUT_CNT, 0)			\
	X(server_id, tell_number, SERVER_ID, 0)				\
	X(sess_cnt, tell_number, SESS_CNT, 0)				\
	X(sess_rate, tell_number, SESS_RATE, 0)				\
	X(trackers, tell_trackers, CONN_CNT, 0)

#define CONVERT(name, ask, store, element)				\
static bool								\
do_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	struct lb_value key = *v;					\
									\
	return ask_key(c, &a[0], &key, ask, LB_STORE_##store, element, v); \
}
TABLES(CONVERT)

#define CONVERT_NUMBERED(name, ask, store)				\
static bool								\
do_n_##name(struct lb_scene *c, const struct lb_arg *a,			\
    struct lb_value *v)							\
{									\
	struct lb_value key = *v;					\
									\
	return ask_key(c, &a[1], &key, ask, LB_STORE_##store,		\
	    (unsigned)a[0].number, v);					\
}
CONVERT_NUMBERED(clr_gpc, clear, GPC)
CONVERT_NUMBERED(gpc, tell_general, GPC)
CONVERT_NUMBERED(gpc_rate, tell_general, GPC_RATE)
CONVERT_NUMBERED(gpt, tell_general, GPT)
CONVERT_NUMBERED(inc_gpc, count_one, GPC)

static bool
do_in_table(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct lb_value key = *v;

	return ask_key(c, &a[0], &key, tell_tracked, LB_STORE_CONN_CNT, 0, v);
}

/* Milliseconds to live; of what is not there, the default if there is one. */
static bool
tell_life(struct lb_scene *c, const struct lb_arg *a, bool idle,
    struct lb_value *v)
{
	struct lb_table *t = lb_tables_find(a[0].table);
	struct lb_entry *e;
	struct text key;
	int64_t left;

	if (t == NULL || !lb_tracking_key(c, t, v, &key))
		return false;
	e = lb_table_hold(t, key, LB_TABLE_LOOK, now_here());
	if (e == NULL) {
		v->type = LB_TYPE_STR;
		v->text = text_of(a[1].text);
		return a[1].kind != LB_ARG_NONE;
	}
	left = lb_table_left(t, e, now_here());
	lb_table_drop(t, e, false, now_here());
	return lb_scene_number(v, (idle ? lb_table_conf(t)->expire - left :
	    left) / CLOCK_MS);
}

static bool
do_expire(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return tell_life(c, a, false, v);
}

static bool
do_idle(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return tell_life(c, a, true, v);
}

#define TABLE_ROW(name, ask, store, element)				\
	{ "table_" #name, do_##name },

const struct lb_scene_row lb_fetch_table_converters[] = {
	TABLES(TABLE_ROW)
	{ "table_clr_gpc", do_n_clr_gpc }, { "table_gpc", do_n_gpc },
	{ "table_gpc_rate", do_n_gpc_rate }, { "table_gpt", do_n_gpt },
	{ "table_inc_gpc", do_n_inc_gpc }, { "in_table", do_in_table },
	{ "table_expire", do_expire }, { "table_idle", do_idle },
	{ NULL, NULL }
};
