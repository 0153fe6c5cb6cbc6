/* SPDX-License-Identifier: ISC */
/*
 * cancel.c - a cancel request goes to the server of the client whose key it
 * names, on a connection of its own, ahead of queries. Until that is done
 * the target server is given to nobody. Loop 0.
 */
#include <openssl/rand.h>

#include "base/log.h"
#include "base/mem.h"
#include "pooler/cancel.h"
#include "pooler/courier.h"
#include "pooler/dial.h"
#include "pooler/peers.h"
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

/* The target lost its last cancel: it may work again. */
static void
free_target(struct pl_server *target)
{
	if (--target->cancels > 0 || target->state !=
	    PL_SERVER_BEING_CANCELED)
		return;
	pl_pool_release(target->pool, target);
}

/* The target of a request, given up by it. */
static struct pl_server *
take_target(struct pl_client *c)
{
	struct pl_server *target = c->extra == NULL ? NULL :
	    c->extra->cancels;

	if (target != NULL)
		c->extra->cancels = NULL;
	return target;
}

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
	struct pl_server *target = c->extra->cancels, *s;
	struct pl_pool *pool = target->pool;

	s = pl_server_new(pool);
	if (s == NULL) {
		pl_client_close(c, false, "out of memory");
		return;
	}
	s->client = c;
	c->server = s;
	pl_client_enter(c, PL_CLIENT_ACTIVE_CANCEL);
	if (!pl_dial_cancel(pool, s, target->key, &target->peer))
		pl_server_close(s, false, "connect failed");
	else
		pl_server_enter(s, PL_SERVER_ACTIVE_CANCEL);
}

static void
forward(struct pl_client *c, struct pl_client *to)
{
	struct pl_server *target = to->server;

	if (extra_of(c) == NULL) {
		pl_client_close(c, false, "out of memory");
		return;
	}
	pl_client_login_free(c);
	conn_hold(c->conn);
	c->extra->cancels = target;
	c->database = to->database;
	target->cancels++;
	pl_client_set_pool(c, target->pool);
	pl_client_enter(c, PL_CLIENT_WAITING_CANCEL);
	c->request_time = loop_now(loop_here());
	if (has_room(target->pool))
		launch(c);
}

/* ---- whose it is ------------------------------------------------------- */

static void
ask_own(struct pl_client *c, const uint8_t key[8])
{
	struct pl_client *to = pl_client_by_key(key);

	if (to == NULL)
		pl_client_close(c, false, "failed cancel request");
	else if (to->pool != NULL && to->pool->database->admin) {
		pl_cancel_console(to);
		pl_client_close(c, false, "cancel request for console client");
	} else if (to->server == NULL)
		pl_client_close(c, false, "cancel request for idle client");
	else if (to->server->setting_values)
		pl_client_close(c, false, "ignoring cancel request for "
		    "server that is setting vars");
	else if (to->server->status != 0 && to->server->status == 'I' &&
	    pl_expect_empty(&to->server->expect))
		pl_client_close(c, false, "not sending cancel request for "
		    "client that is now idle");
	else
		forward(c, to);
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

/* Requests whose target died have nothing to do any more. */
static void
drop_requests(struct pl_server *target)
{
	static const enum pl_client_state states[] = {
		PL_CLIENT_WAITING_CANCEL, PL_CLIENT_ACTIVE_CANCEL };
	struct pl_client *c, *next;

	for (int i = 0; i < 2; i++)
		TAILQ_FOREACH_SAFE(c, &target->shard->clients[states[i]],
		    link, next)
			if (c->extra != NULL && c->extra->cancels == target) {
				c->extra->cancels = NULL;
				pl_client_close(c, false, "not sending cancel "
				    "request for client that is now idle");
			}
}

void
pl_cancel_left(struct pl_server *s)
{
	if (s->cancels > 0)
		drop_requests(s);
}

void
pl_cancel_client_left(struct pl_client *c)
{
	struct pl_server *target = take_target(c);

	pl_courier_client_left(c);
	if (target != NULL)
		free_target(target);
}

void
pl_cancel_tick(void)
{
	struct pl_client *c, *next;
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &pl_pools, link)
		TAILQ_FOREACH_SAFE(c, &pl_shard_here(pool)->
		    clients[PL_CLIENT_WAITING_CANCEL], link, next)
			if (c->extra->cancels != NULL && has_room(pool))
				launch(c);
}
