/* SPDX-License-Identifier: ISC */
/*
 * server.c - servers: their memory, their states, their end. A state is the
 * list it stands in; only pl_server_enter moves one.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/slab.h"
#include "pooler/client.h"
#include "pooler/database.h"
#include "pooler/residents.h"
#include "pooler/server.h"
#include "pooler/shard.h"
#include "pooler/shelf.h"
#include "pooler/user.h"
#include "pooler/variables.h"

const char *const pl_server_state_names[PL_SERVER_STATES] = {
	[PL_SERVER_LOGIN] = "new",
	[PL_SERVER_IDLE] = "idle",
	[PL_SERVER_USED] = "used",
	[PL_SERVER_TESTED] = "tested",
	[PL_SERVER_ACTIVE] = "active",
	[PL_SERVER_ACTIVE_CANCEL] = "active_cancel",
	[PL_SERVER_BEING_CANCELED] = "being_canceled",
	[PL_SERVER_GONE] = "gone",
};

/* Row: from; bits: to. */
#define TO(state)	(1u << PL_SERVER_##state)
static const uint8_t may_move[PL_SERVER_STATES] = {
	[PL_SERVER_LOGIN] = TO(TESTED) | TO(IDLE) | TO(ACTIVE) |
	    TO(ACTIVE_CANCEL) | TO(GONE),
	[PL_SERVER_IDLE] = TO(ACTIVE) | TO(USED) | TO(TESTED) | TO(GONE),
	[PL_SERVER_USED] = TO(TESTED) | TO(IDLE) | TO(ACTIVE) | TO(GONE),
	[PL_SERVER_TESTED] = TO(IDLE) | TO(ACTIVE) | TO(USED) | TO(GONE),
	[PL_SERVER_ACTIVE] = TO(IDLE) | TO(USED) | TO(TESTED) |
	    TO(BEING_CANCELED) | TO(GONE),
	[PL_SERVER_ACTIVE_CANCEL] = TO(GONE),
	[PL_SERVER_BEING_CANCELED] = TO(IDLE) | TO(USED) | TO(TESTED) |
	    TO(ACTIVE) | TO(GONE),
};
#undef TO

static const struct close_reason reason_closed = { "closed", "closed by us" };

void (*pl_server_left)(struct pl_pool *, struct pl_server *);
void (*pl_server_gone)(struct pl_server *);
void (*pl_server_dial_free)(struct pl_server *);
static struct slab *servers;
static _Thread_local struct pl_residents here;	/* of this loop */
static uint64_t last_id;

unsigned
pl_server_count(void)
{
	return servers == NULL ? 0 : slab_used(servers);
}

unsigned
pl_server_room(void)
{
	return servers == NULL ? 0 : slab_room(servers);
}

uint32_t
pl_server_slots(void)
{
	return here.end;
}

struct pl_server *
pl_server_at(uint32_t place)
{
	struct pl_server *s = pl_residents_at(&here, place);

	return s == NULL || s->state == PL_SERVER_GONE ? NULL : s;
}

static void
join_list(struct pl_server *s)
{
	TAILQ_INSERT_HEAD(&s->shard->servers[s->state], s, link);
	s->shard->server_count[s->state]++;
}

struct pl_server *
pl_server_new(struct pl_pool *pool)
{
	struct pl_server *s;
	uint32_t slot;

	if (servers == NULL)
		servers = slab_new(sizeof *s);
	s = slab_take(servers, &slot);
	if (s == NULL)
		return NULL;
	if (pl_residents_put(&here, s, &s->place) < 0) {
		slab_give(servers, slot);
		return NULL;
	}
	s->slot = slot;
	s->id = ++last_id;
	s->pool = pool;
	s->shard = pl_shard_here(pool);
	s->born = atomic_load(&pool->era);
	pool->servers++;
	s->connect_time = s->request_time = s->answer_time =
	    loop_now(loop_here());
	s->state = PL_SERVER_LOGIN;
	s->values = pl_variables_none();
	join_list(s);
	return s;
}

void
pl_server_enter(struct pl_server *s, enum pl_server_state state)
{
	struct pl_shard *shard = s->shard;

	if (s->state == state)		/* from one client to the next */
		return;
	NEED(may_move[s->state] & 1u << state);
	TAILQ_REMOVE(&shard->servers[s->state], s, link);
	shard->server_count[s->state]--;
	s->state = (uint8_t)state;
	/* The one used last stands first where SHOW and the janitor look. */
	TAILQ_INSERT_HEAD(&shard->servers[state], s, link);
	shard->server_count[state]++;
}

void
pl_server_leave(struct pl_server *s)
{
	TAILQ_REMOVE(&s->shard->servers[s->state], s, link);
	s->shard->server_count[s->state]--;
	pl_residents_drop(&here, s->place);
	s->shard = NULL;
}

void
pl_server_join(struct pl_server *s)
{
	if (pl_residents_put(&here, s, &s->place) < 0)
		die("out of memory to move a server");
	s->shard = pl_shard_here(s->pool);
	join_list(s);
}

const char *
pl_server_prefix(const struct pl_server *s, char buf[320])
{
	char peer[ADDRESS_TEXT];

	snprintf(buf, 320, "S-%p: %s/%s@%s ", (const void *)s,
	    s->pool->database->name, s->pool->credential->user->name,
	    endpoint_print(&s->peer, peer));
	return buf;
}

/* On loop 0: the last that is seen of it. */
static void
come_home(void *dead)
{
	struct pl_server *s = dead;

	if (s->booked)
		pl_server_left(s->pool, s);
	s->pool->servers--;
	slab_give(servers, s->slot);
}

static void
bury(void *dead)
{
	struct pl_server *s = dead;

	pl_server_leave(s);
	pl_shelf_clear(&s->shelf);
	pl_expect_clear(&s->expect);
	pl_variables_drop(&s->values);
	if (loop_number(loop_here()) == 0)
		come_home(s);
	else
		loop_post(loop_at(0), come_home, s);
}

/*
 * A server that rests is left in order; one in the middle is just cut. Behind
 * half a message the goodbye would be taken for its other half.
 */
static void
say_goodbye(struct pl_server *s, enum pl_server_state was)
{
	static const char terminate[] = { 'X', 0, 0, 0, 4 };

	if (was != PL_SERVER_LOGIN && was != PL_SERVER_ACTIVE_CANCEL &&
	    (s->client == NULL || !pl_client_midway(s->client)))
		conn_send(s->conn, (struct text){ terminate,
		    sizeof terminate });
}

static void
finish(struct pl_server *s, bool tell, const char *reason)
{
	enum pl_server_state was = s->state;
	struct pl_client *client = s->client;
	struct loop *loop = loop_here();
	struct pl_pool *pool = s->pool;

	if (s->conn != NULL) {
		if (tell)
			say_goodbye(s, was);
		buffer_fini(&s->collect, loop_stock(loop));
		conn_close(s->conn, &reason_closed);
		s->conn = NULL;
	}
	if (s->dial != NULL)
		pl_server_dial_free(s);
	pl_server_enter(s, PL_SERVER_GONE);
	s->client = NULL;
	if (client != NULL) {
		client->server = NULL;
		if (was == PL_SERVER_ACTIVE_CANCEL)
			pl_client_close(client, false, "%s", reason);
		else
			pl_client_close(client, !pl_server_midway(s), "%s",
			    reason);
	}
	pl_server_gone(s);
	pl_server_left(pool, s);
	loop_retire(loop, s, bury);
}

void
pl_server_close(struct pl_server *s, bool tell, const char *fmt, ...)
{
	char reason[128];
	va_list ap;

	if (s->state == PL_SERVER_GONE)
		return;
	if (pl_server_travels(s)) {
		s->close_needed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	if (pl_settings()->log_disconnections)
		pl_server_log(s, LOG_LEVEL_LOG, "closing because: %s (age=%"
		    PRId64 "s)", reason, (clock_now() - s->connect_time) /
		    CLOCK_SECOND);
	finish(s, tell, reason);
}

void
pl_server_drop(struct pl_server *s)
{
	if (s->state != PL_SERVER_GONE)
		finish(s, false, "process ends");
}

void
pl_server_fini(void)
{
	slab_free(&servers);
}

int
pl_server_gather(struct pl_server *s, struct text slice,
    void (*eat)(struct pl_server *, struct text))
{
	size_t len = s->collect.len + slice.len;
	char *mem;

	if (buffer_empty(&s->collect)) {
		eat(s, slice);
		return 0;
	}
	mem = mem_get(len);
	if (mem == NULL)
		return -1;
	buffer_copy(&s->collect, mem);
	memcpy(mem + s->collect.len, slice.at, slice.len);
	buffer_fini(&s->collect, loop_stock(loop_here()));
	eat(s, (struct text){ mem, len });
	mem_drop(mem);
	return 0;
}
