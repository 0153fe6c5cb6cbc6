/* SPDX-License-Identifier: ISC */
/* tracking.c - table entries that count sessions. On the session's loop. */
#include <arpa/inet.h>

#include "balancer/casting.h"
#include "balancer/tracking.h"

static int64_t
now_here(void)
{
	return loop_now(loop_here());
}

/* ---- keys -------------------------------------------------------------- */

static bool
address_key(struct lb_scene *c, bool six, struct lb_value *v,
    struct text *key)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char *to = lb_scene_room(c, 16);

	if (to == NULL || !lb_casting_address(v))
		return false;
	if (v->type == LB_TYPE_IPV4 && six) {
		memcpy(to, mapped, sizeof mapped);
		memcpy(to + sizeof mapped, v->ip, 4);
	} else if (v->type == LB_TYPE_IPV6 && !six) {
		if (memcmp(v->ip, mapped, sizeof mapped) != 0)
			return false;
		memcpy(to, v->ip + sizeof mapped, 4);
	} else
		memcpy(to, v->ip, six ? 16 : 4);
	*key = (struct text){ to, six ? 16 : 4 };
	return true;
}

static bool
number_key(struct lb_scene *c, struct lb_value *v, struct text *key)
{
	char *to = lb_scene_room(c, 4);
	uint32_t word;

	if (to == NULL || !lb_casting_number(v))
		return false;
	word = htonl((uint32_t)v->number);
	memcpy(to, &word, sizeof word);
	*key = (struct text){ to, sizeof word };
	return true;
}

/* Cut to the table's length; bytes are filled up to it. */
static bool
text_key(struct lb_scene *c, const struct lb_table_conf *t,
    struct lb_value *v, struct text *key)
{
	size_t len;
	char *to;

	if (!lb_casting_text(c, v))
		return false;
	len = v->text.len < t->key_length ? v->text.len : t->key_length;
	if (t->type == LB_TYPE_STR) {
		*key = (struct text){ v->text.at, len };
		return len > 0;
	}
	to = lb_scene_room(c, t->key_length);
	if (to == NULL)
		return false;
	memset(to, 0, t->key_length);
	if (len > 0)
		memcpy(to, v->text.at, len);
	*key = (struct text){ to, t->key_length };
	return true;
}

bool
lb_tracking_key(struct lb_scene *c, const struct lb_table *table,
    struct lb_value *v, struct text *key)
{
	const struct lb_table_conf *t = lb_table_conf(table);

	switch (t->type) {
	case LB_TYPE_IPV4:
		return address_key(c, false, v, key);
	case LB_TYPE_IPV6:
		return address_key(c, true, v, key);
	case LB_TYPE_INT:
		return number_key(c, v, key);
	default:
		return text_key(c, t, v, key);
	}
}

/* ---- a session and its entries ----------------------------------------- */

void
lb_tracking_start(struct lb_session *s, unsigned slot, struct lb_table *t,
    struct text key)
{
	struct lb_fates *f = lb_fates_get(s);
	int64_t now = now_here();
	struct lb_entry *e;

	if (f == NULL || slot >= LB_FATES_TRACKS ||
	    f->tracks[slot].entry != NULL)
		return;
	e = lb_table_hold(t, key, LB_TABLE_MAKE, now);
	if (e == NULL)
		return;
	f->tracks[slot] = (struct lb_track){ t, e };
	lb_table_add(t, e, LB_STORE_CONN_CUR, 0, 1, now, NULL);
	lb_table_add(t, e, LB_STORE_CONN_CNT, 0, 1, now, NULL);
	lb_table_add(t, e, LB_STORE_CONN_RATE, 0, 1, now, NULL);
}

void
lb_tracking_pass(struct lb_session *s)
{
	int64_t now = now_here();

	for (unsigned i = 0; s->fates != NULL && i < LB_FATES_TRACKS; i++) {
		const struct lb_track *t = &s->fates->tracks[i];

		if (t->entry == NULL)
			continue;
		lb_table_add(t->table, t->entry, LB_STORE_SESS_CNT, 0, 1, now,
		    NULL);
		lb_table_add(t->table, t->entry, LB_STORE_SESS_RATE, 0, 1,
		    now, NULL);
	}
}

static void
add_bytes(const struct lb_track *t, enum lb_store count, enum lb_store rate,
    uint64_t n, int64_t now)
{
	if (n == 0)
		return;
	lb_table_add(t->table, t->entry, count, 0, (int64_t)n, now, NULL);
	lb_table_add(t->table, t->entry, rate, 0, (int64_t)n, now, NULL);
}

void
lb_tracking_bytes(struct lb_session *s, uint64_t in, uint64_t out)
{
	int64_t now = now_here();

	for (unsigned i = 0; s->fates != NULL && i < LB_FATES_TRACKS; i++) {
		const struct lb_track *t = &s->fates->tracks[i];

		if (t->entry == NULL)
			continue;
		add_bytes(t, LB_STORE_BYTES_IN_CNT, LB_STORE_BYTES_IN_RATE,
		    in, now);
		add_bytes(t, LB_STORE_BYTES_OUT_CNT, LB_STORE_BYTES_OUT_RATE,
		    out, now);
	}
}

void
lb_tracking_end(struct lb_session *s)
{
	int64_t now = now_here();

	for (unsigned i = 0; s->fates != NULL && i < LB_FATES_TRACKS; i++) {
		struct lb_track *t = &s->fates->tracks[i];

		if (t->entry == NULL)
			continue;
		lb_table_add(t->table, t->entry, LB_STORE_CONN_CUR, 0, -1,
		    now, NULL);
		lb_table_drop(t->table, t->entry, true, now);
		*t = (struct lb_track){ NULL, NULL };
	}
}

const struct lb_track *
lb_tracking_find(const struct lb_session *s, unsigned slot)
{
	if (s == NULL || s->fates == NULL || slot >= LB_FATES_TRACKS ||
	    s->fates->tracks[slot].entry == NULL)
		return NULL;
	return &s->fates->tracks[slot];
}

bool
lb_tracking_count(const struct lb_track *t, unsigned element, int64_t n,
    int64_t now, uint64_t *value)
{
	static const enum lb_store old[2][2] = {
		{ LB_STORE_GPC0, LB_STORE_GPC0_RATE },
		{ LB_STORE_GPC1, LB_STORE_GPC1_RATE } };
	bool kept, rated;
	uint64_t ignored;

	if (value == NULL)
		value = &ignored;
	kept = lb_table_add(t->table, t->entry, LB_STORE_GPC, element, n, now,
	    value);
	rated = lb_table_add(t->table, t->entry, LB_STORE_GPC_RATE, element,
	    n, now, kept ? NULL : value);
	if (kept || rated || element > 1)
		return kept || rated;
	kept = lb_table_add(t->table, t->entry, old[element][0], 0, n, now,
	    value);
	rated = lb_table_add(t->table, t->entry, old[element][1], 0, n, now,
	    kept ? NULL : value);
	return kept || rated;
}

bool
lb_tracking_tag(const struct lb_track *t, unsigned element, uint64_t value,
    int64_t now)
{
	return lb_table_set(t->table, t->entry, LB_STORE_GPT, element, value,
	    now) || (element == 0 && lb_table_set(t->table, t->entry,
	    LB_STORE_GPT0, 0, value, now));
}
