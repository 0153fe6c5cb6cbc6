/* SPDX-License-Identifier: ISC */
/*
 * cancel.c - a cancel request goes to the server of the client whose key it
 * names, on a connection of its own, ahead of queries. Until that is done
 * the target server is given to nobody. Requests live on loop 0, targets are
 * looked for and marked on their own loops.
 */
#include <openssl/rand.h>

#include "base/log.h"
#include "base/mem.h"
#include "pooler/cancel.h"
#include "pooler/courier.h"
#include "pooler/dial.h"
#include "pooler/mover.h"
#include "pooler/peers.h"
#include "pooler/round.h"
#include "pooler/setup.h"
#include "pooler/shard.h"

void (*pl_cancel_console)(struct pl_client *);

/* Drawn eight at a time, they would be a quarter of a login's work. */
static int
draw_random(uint8_t key[8])
{
	static _Thread_local uint8_t drawn[512];
	static _Thread_local size_t left;

	if (left == 0) {
		if (RAND_bytes(drawn, sizeof drawn) != 1)
			return -1;
		left = sizeof drawn;
	}
	left -= 8;
	memcpy(key, drawn + left, 8);
	memset(drawn + left, 0, 8);
	return 0;
}

int
pl_cancel_make_key(uint8_t key[8])
{
	if (draw_random(key) < 0)
		return -1;
	pl_peers_shape(key, pl_settings()->peer_id);
	return 0;
}

static struct pl_client_extra *
extra_of(struct pl_client *c)
{
	if (c->extra == NULL)
		c->extra = mem_zero(sizeof *c->extra);
	return c->extra;
}

/* ---- the target -------------------------------------------------------- */

/* A server is named, not pointed at: it lives on its own loop. */
struct pl_cancel {
	struct pl_name server;
	struct pl_pool *pool;
	struct endpoint peer;
	uint8_t key[8];
};

/* On the target's loop: it lost a cancel. Without any it may work again. */
static void
unmark(const struct pl_move *move)
{
	struct pl_server *s = pl_mover_server(&move->server);

	if (s == NULL || --s->cancels > 0 ||
	    s->state != PL_SERVER_BEING_CANCELED)
		return;
	pl_pool_release(s->pool, s);
}

static void
free_target(const struct pl_cancel *cancel)
{
	struct pl_move move = { .pool = cancel->pool,
	    .server = cancel->server };

	pl_mover_order(&move, cancel->server.loop, unmark);
}

/* The target of a request, given up by it; NULL: it has none (any more). */
static struct pl_cancel *
take_target(struct pl_client *c)
{
	struct pl_cancel *cancel = c->extra == NULL ? NULL :
	    c->extra->cancel;

	if (cancel != NULL)
		c->extra->cancel = NULL;
	return cancel;
}

/* ---- on the way -------------------------------------------------------- */

static bool
has_room(const struct pl_pool *pool)
{
	int size = pool->ledger.limits.size;

	return size == 0 || pl_pool_servers(pool) < 2 * (unsigned)size;
}

/* Opens the connection that carries it. */
static void
launch(struct pl_client *c)
{
	const struct pl_cancel *cancel = c->extra->cancel;
	struct pl_pool *pool = cancel->pool;
	struct pl_server *s;

	s = pl_server_new(pool);
	if (s == NULL) {
		pl_client_close(c, false, "out of memory");
		return;
	}
	s->client = c;
	c->server = s;
	pl_client_enter(c, PL_CLIENT_ACTIVE_CANCEL);
	if (!pl_dial_cancel(pool, s, cancel->key, &cancel->peer))
		pl_server_close(s, false, "connect failed");
	else
		pl_server_enter(s, PL_SERVER_ACTIVE_CANCEL);
}

/* The target is marked; c, still in its login, becomes its request. */
static void
forward(struct pl_client *c, const struct pl_cancel *found)
{
	struct pl_cancel *cancel = mem_get(sizeof *cancel);

	if (cancel == NULL || extra_of(c) == NULL) {
		mem_drop(cancel);
		free_target(found);
		pl_client_close(c, false, "out of memory");
		return;
	}
	*cancel = *found;
	pl_client_login_free(c);
	conn_hold(c->conn);
	c->extra->cancel = cancel;
	c->database = cancel->pool->database;
	pl_client_set_pool(c, cancel->pool);
	pl_client_enter(c, PL_CLIENT_WAITING_CANCEL);
	c->request_time = loop_now(loop_here());
	if (has_room(cancel->pool))
		launch(c);
}

/* ---- whose it is ------------------------------------------------------- */

enum found {
	NOBODY, OF_CONSOLE, OF_IDLE, OF_SETTING, OF_RESTING, OF_WORKING
};

/* Of all but those to be forwarded. */
static const char *const refusals[] = {
	[NOBODY] = "failed cancel request",
	[OF_CONSOLE] = "cancel request for console client",
	[OF_IDLE] = "cancel request for idle client",
	[OF_SETTING] = "ignoring cancel request for server that is setting "
	    "vars",
	[OF_RESTING] = "not sending cancel request for client that is now "
	    "idle",
};

static enum found
judge(struct pl_client *to)
{
	const struct pl_server *s = to->server;

	if (to->pool != NULL && to->pool->database->admin)
		return OF_CONSOLE;
	if (s == NULL)
		return OF_IDLE;
	if (s->setting_values)
		return OF_SETTING;
	if (s->status != 0 && s->status == 'I' && pl_expect_empty(&s->expect))
		return OF_RESTING;
	return OF_WORKING;
}

/* Among those of this loop; a target is marked at once. */
static enum found
look_here(const uint8_t key[8], struct pl_cancel *cancel)
{
	struct pl_client *to = pl_client_by_key(key);
	enum found found = to == NULL ? NOBODY : judge(to);

	if (found == OF_CONSOLE)
		pl_cancel_console(to);
	if (found != OF_WORKING)
		return found;
	*cancel = (struct pl_cancel){ .pool = to->server->pool,
	    .server = pl_mover_name_server(to->server),
	    .peer = to->server->peer };
	memcpy(cancel->key, to->server->key, sizeof cancel->key);
	to->server->cancels++;
	return OF_WORKING;
}

static void
conclude(struct pl_client *c, enum found found, const struct pl_cancel *cancel)
{
	if (found == OF_WORKING)
		forward(c, cancel);
	else
		pl_client_close(c, false, "%s", refusals[found]);
}

/* ---- searching other loops --------------------------------------------- */

struct search {
	struct pl_round round;
	struct pl_name client;		/* who asks; id 0: was answered */
	uint8_t key[8];
	struct {			/* each by its loop */
		enum found found;
		struct pl_cancel cancel;
	} answers[PL_ROUND_LOOPS];
};

static void
search_loop(struct pl_round *round)
{
	struct search *s = (struct search *)(void *)round;
	unsigned loop = pl_round_here();

	s->answers[loop].found = look_here(s->key, &s->answers[loop].cancel);
}

static void
answer(struct search *s, enum found found, const struct pl_cancel *cancel)
{
	struct pl_client *c = s->client.id == 0 ? NULL :
	    pl_mover_client(&s->client);

	s->client.id = 0;
	if (c != NULL)
		conclude(c, found, cancel);
	else if (found == OF_WORKING)
		free_target(cancel);
}

/* The end of that client, or its server, comes home behind this answer. */
static void
on_answer(struct pl_round *round, unsigned loop)
{
	struct search *s = (struct search *)(void *)round;

	if (s->answers[loop].found != NOBODY)
		answer(s, s->answers[loop].found, &s->answers[loop].cancel);
}

static void
on_searched(struct pl_round *round)
{
	answer((struct search *)(void *)round, NOBODY, NULL);
	pl_round_forget(round);
}

static void
drop_search(struct pl_round *round)
{
	mem_drop(round);
}

static void
search(struct pl_client *c, const uint8_t key[8])
{
	struct search *s = mem_zero(sizeof *s);

	if (s == NULL) {
		pl_client_close(c, false, "out of memory");
		return;
	}
	s->client = (struct pl_name){ c->id, c->place, 0 };
	memcpy(s->key, key, sizeof s->key);
	s->round.visit = search_loop;
	s->round.heard = on_answer;
	s->round.done = on_searched;
	s->round.drop = drop_search;
	conn_hold(c->conn);
	pl_round_begin(&s->round, pl_round_others());
}

static void
ask_own(struct pl_client *c, const uint8_t key[8])
{
	struct pl_cancel cancel;
	enum found found = look_here(key, &cancel);

	if (found == NOBODY && pl_round_others() != 0)
		search(c, key);
	else
		conclude(c, found, &cancel);
}

void
pl_cancel_request(struct pl_client *c, const uint8_t key[8])
{
	const struct pl_setup *setup = pl_setup_now();
	struct pl_peers_answer answer = pl_peers_ask(key,
	    pl_settings()->peer_id, setup->peers, setup->peer_count);

	switch (answer.verdict) {
	case PL_PEERS_OURS:
		ask_own(c, answer.key);
		break;
	case PL_PEERS_FORWARD:
		pl_courier_send(c, answer.peer, answer.key);
		break;
	case PL_PEERS_EXHAUSTED:
	case PL_PEERS_UNKNOWN:
		pl_client_close(c, false, "%s", answer.reason);
		break;
	}
}

/* ---- when something ends ----------------------------------------------- */

static bool
is_for(const struct pl_client *c, const struct pl_name *server)
{
	return c->extra != NULL && c->extra->cancel != NULL &&
	    c->extra->cancel->server.id == server->id;
}

/* At home: requests whose target died have nothing to do any more. */
static void
drop_requests(const struct pl_move *move)
{
	static const enum pl_client_state states[] = {
		PL_CLIENT_WAITING_CANCEL, PL_CLIENT_ACTIVE_CANCEL };
	struct pl_shard *shard = pl_shard_here(move->pool);
	struct pl_client *c, *next;

	for (int i = 0; i < 2; i++)
		TAILQ_FOREACH_SAFE(c, &shard->clients[states[i]], link, next)
			if (is_for(c, &move->server)) {
				mem_drop(take_target(c));
				pl_client_close(c, false, "%s",
				    refusals[OF_RESTING]);
			}
}

/* Its record comes home behind this order. */
void
pl_cancel_left(struct pl_server *s)
{
	struct pl_move move = { .pool = s->pool };

	if (s->cancels == 0)
		return;
	move.server = pl_mover_name_server(s);
	pl_mover_order(&move, 0, drop_requests);
}

void
pl_cancel_client_left(struct pl_client *c)
{
	struct pl_cancel *cancel = take_target(c);

	if (pl_round_here() == 0)
		pl_courier_client_left(c);
	if (cancel != NULL)
		free_target(cancel);
	mem_drop(cancel);
}

void
pl_cancel_tick(void)
{
	struct pl_client *c, *next;
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &pl_pools, link)
		TAILQ_FOREACH_SAFE(c, &pl_shard_here(pool)->
		    clients[PL_CLIENT_WAITING_CANCEL], link, next)
			if (c->extra != NULL && c->extra->cancel != NULL &&
			    has_room(pool))
				launch(c);
}
