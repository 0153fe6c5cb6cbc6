/* SPDX-License-Identifier: ISC */
/*
 * client.c - clients: their memory, their states, their end. A state is the
 * list it stands in; only pl_client_enter moves one.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/slab.h"
#include "pg/message.h"
#include "pooler/client.h"
#include "pooler/database.h"
#include "pooler/names.h"
#include "pooler/residents.h"
#include "pooler/shard.h"
#include "pooler/user.h"
#include "pooler/variables.h"

const char *const pl_client_state_names[PL_CLIENT_STATES] = {
	[PL_CLIENT_LOGIN] = "login",
	[PL_CLIENT_ACTIVE] = "active",
	[PL_CLIENT_WAITING] = "waiting",
	[PL_CLIENT_WAITING_CANCEL] = "waiting_cancel_req",
	[PL_CLIENT_ACTIVE_CANCEL] = "active_cancel_req",
	[PL_CLIENT_GONE] = "gone",
};

/* Row: from; bits: to. */
#define TO(state)	(1u << PL_CLIENT_##state)
static const uint8_t may_move[PL_CLIENT_STATES] = {
	[PL_CLIENT_LOGIN] = TO(ACTIVE) | TO(WAITING) | TO(WAITING_CANCEL) |
	    TO(GONE),
	[PL_CLIENT_ACTIVE] = TO(WAITING) | TO(LOGIN) | TO(GONE),
	[PL_CLIENT_WAITING] = TO(ACTIVE) | TO(LOGIN) | TO(GONE),
	[PL_CLIENT_WAITING_CANCEL] = TO(ACTIVE_CANCEL) | TO(GONE),
	[PL_CLIENT_ACTIVE_CANCEL] = TO(GONE),
};
#undef TO

static const struct close_reason reason_closed = { "closed", "closed by us" };

struct pl_client_list pl_client_logins = TAILQ_HEAD_INITIALIZER(pl_client_logins);
void (*pl_client_leaves_server)(struct pl_client *, struct pl_server *);
void (*pl_client_login_free)(struct pl_client *);
void (*pl_client_console_free)(struct pl_client *);
void (*pl_client_gone)(struct pl_client *);
void (*pl_client_home)(struct pl_client *);
bool (*pl_client_midway_server)(const struct pl_server *);
static struct slab *clients;
static _Thread_local struct pl_residents here;	/* of this loop */
static uint64_t last_id;

unsigned
pl_client_count(void)
{
	return clients == NULL ? 0 : slab_used(clients);
}

unsigned
pl_client_room(void)
{
	return clients == NULL ? 0 : slab_room(clients);
}

uint32_t
pl_client_slots(void)
{
	return here.end;
}

struct pl_client *
pl_client_at(uint32_t place)
{
	struct pl_client *c = pl_residents_at(&here, place);

	return c == NULL || c->state == PL_CLIENT_GONE ? NULL : c;
}

static struct pl_client_list *
list_of(struct pl_client *c)
{
	return c->shard == NULL ? &pl_client_logins :
	    &c->shard->clients[c->state];
}

static void
join_list(struct pl_client *c)
{
	if (c->shard != NULL)
		c->shard->client_count[c->state]++;
	TAILQ_INSERT_TAIL(list_of(c), c, link);
}

static void
leave_list(struct pl_client *c)
{
	TAILQ_REMOVE(list_of(c), c, link);
	if (c->shard != NULL)
		c->shard->client_count[c->state]--;
}

struct pl_client *
pl_client_new(struct loop *loop, const struct endpoint *peer)
{
	struct pl_client *c;
	uint32_t slot;

	if (clients == NULL)
		clients = slab_new(sizeof *c);
	c = slab_take(clients, &slot);
	if (c == NULL)
		return NULL;
	if (pl_residents_put(&here, c, &c->place) < 0) {
		slab_give(clients, slot);
		return NULL;
	}
	c->slot = slot;
	c->id = ++last_id;
	c->peer = *peer;
	c->connect_time = c->request_time = loop_now(loop);
	c->state = PL_CLIENT_LOGIN;
	c->values = pl_variables_none();
	TAILQ_INSERT_TAIL(&pl_client_logins, c, link);
	return c;
}

void
pl_client_enter(struct pl_client *c, enum pl_client_state state)
{
	NEED(c->state == state || may_move[c->state] & 1u << state);
	TAILQ_REMOVE(list_of(c), c, link);
	if (c->shard != NULL) {
		c->shard->client_count[c->state]--;
		c->shard->client_count[state]++;
	}
	c->state = (uint8_t)state;
	TAILQ_INSERT_TAIL(list_of(c), c, link);
}

void
pl_client_set_pool(struct pl_client *c, struct pl_pool *pool)
{
	leave_list(c);
	if (c->pool != NULL)
		c->pool->clients--;
	c->pool = pool;
	c->shard = NULL;
	if (pool != NULL) {
		pool->clients++;
		c->shard = pl_shard_here(pool);
		c->born = atomic_load(&pool->era);
	}
	join_list(c);
}

void
pl_client_leave(struct pl_client *c)
{
	leave_list(c);
	pl_residents_drop(&here, c->place);
	c->shard = NULL;
}

void
pl_client_join(struct pl_client *c)
{
	if (pl_residents_put(&here, c, &c->place) < 0)
		die("out of memory to move a client");
	c->shard = pl_shard_here(c->pool);
	join_list(c);
}

struct pl_client *
pl_client_by_id(uint64_t id)
{
	for (uint32_t i = 0; i < pl_client_slots(); i++) {
		struct pl_client *c = pl_client_at(i);

		if (c != NULL && c->id == id)
			return c;
	}
	return NULL;
}

struct pl_client *
pl_client_by_key(const uint8_t key[8])
{
	static const uint8_t none[8];

	if (memcmp(key, none, 8) == 0)
		return NULL;
	for (uint32_t i = 0; i < pl_client_slots(); i++) {
		struct pl_client *c = pl_client_at(i);

		if (c != NULL && memcmp(c->key, key, 8) == 0)
			return c;
	}
	return NULL;
}

static void
print_peer(const struct endpoint *e, char buf[ADDRESS_TEXT])
{
	int32_t pid;

	if (e->family != AF_UNIX) {
		endpoint_print(e, buf);
		return;
	}
	memcpy(&pid, e->ip, sizeof pid);
	if (pid > 0)
		snprintf(buf, ADDRESS_TEXT, "unix(%d):%u", (int)pid, e->port);
	else
		snprintf(buf, ADDRESS_TEXT, "unix:%u", e->port);
}

const char *
pl_client_prefix(const struct pl_client *c, char buf[PL_PREFIX])
{
	char peer[ADDRESS_TEXT];

	print_peer(&c->peer, peer);
	/* Who is nobody here has no database either. */
	snprintf(buf, PL_PREFIX, "C-%p: %s/%s@%s ", (const void *)c,
	    c->database != NULL && (c->user != NULL || c->login == NULL) ?
	    c->database->name : "(nodb)",
	    c->user != NULL ? c->user->name :
	    c->claimed != NULL ? c->claimed : "(nouser)", peer);
	return buf;
}

/* The counters of logged-in clients, which limits look at: loop 0's. */
static void
leave_counts(struct pl_client *c)
{
	if (!c->counted)
		return;
	c->counted = false;
	c->database->clients--;
	c->user->clients--;
}

/* On loop 0: the last that is seen of it. */
static void
come_home(void *dead)
{
	struct pl_client *c = dead;

	leave_counts(c);
	if (c->pool != NULL)
		c->pool->clients--;
	if (pl_client_home != NULL)
		pl_client_home(c);
	slab_give(clients, c->slot);
}

static bool
is_home(const struct loop *loop)
{
	return loop_number(loop) == 0;
}

static void
bury(void *dead)
{
	struct pl_client *c = dead;
	struct loop *loop = loop_here();

	leave_list(c);
	pl_residents_drop(&here, c->place);
	pl_names_clear(&c->names);
	pl_variables_drop(&c->values);
	if (c->extra != NULL)
		mem_drop(c->extra->replication_options);
	mem_drop(c->extra);
	if (is_home(loop))
		come_home(c);
	else
		loop_post(loop_at(0), come_home, c);
}

static void
tell_error(struct pl_client *c, struct text code, struct text reason)
{
	char mem[512];
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);

	message_add_error(&w, TEXT("FATAL"), code, reason, TEXT_NONE);
	if (!w.failed && c->conn != NULL)
		conn_send_copy(c->conn, message_written(&w));
	message_writer_fini(&w);
}

static void
withdraw(struct pl_client *c)
{
	pl_roster_lock(c->pool);
	pl_ledger_withdraw(&c->pool->ledger, &c->turn);
	pl_roster_unlock(c->pool);
}

static void
finish(struct pl_client *c, const char *code, bool tell, bool quiet,
    const char *reason)
{
	struct pl_server *server = c->server;
	struct conn *conn = c->conn;
	struct loop *loop = loop_here();

	if (c->state == PL_CLIENT_GONE)
		return;
	if (pl_client_travels(c)) {
		c->doomed = true;
		return;
	}
	/* What is put in behind half a row would be taken for its data. */
	if (server != NULL && pl_client_midway_server(server))
		tell = false;
	if (!quiet && pl_settings()->log_disconnections)
		pl_client_log(c, LOG_LEVEL_LOG, "closing because: %s (age=%"
		    PRId64 "s)", reason, (clock_now() - c->connect_time) /
		    CLOCK_SECOND);
	if (c->pool != NULL)
		withdraw(c);
	if (is_home(loop))
		leave_counts(c);
	pl_client_enter(c, PL_CLIENT_GONE);
	if (server != NULL)
		pl_client_leaves_server(c, server);
	pl_client_gone(c);
	if (tell) {
		if (pl_settings()->log_pooler_errors)
			pl_client_log(c, LOG_LEVEL_WARNING,
			    "pooler error: %s", reason);
		tell_error(c, text_of(code), text_of(reason));
	}
	if (c->login != NULL)
		pl_client_login_free(c);
	if (c->extra != NULL && c->extra->console != NULL)
		pl_client_console_free(c);
	if (conn != NULL) {
		buffer_fini(&c->pending, loop_stock(loop));
		c->conn = NULL;
		conn_close_flushed(conn, &reason_closed, 5 * CLOCK_SECOND);
	}
	loop_retire(loop, c, bury);
}

void
pl_client_close(struct pl_client *c, bool tell, const char *fmt, ...)
{
	char reason[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	finish(c, "08P01", tell, false, reason);
}

void
pl_client_close_code(struct pl_client *c, const char *code, const char *text)
{
	finish(c, code, true, false, text);
}

void
pl_client_close_silent(struct pl_client *c)
{
	finish(c, "08P01", false, true, "");
}

void
pl_client_fini(void)
{
	slab_free(&clients);
}
