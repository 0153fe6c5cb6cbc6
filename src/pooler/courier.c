/* SPDX-License-Identifier: ISC */
/* courier.c - cancel requests for other poolers of the group. Loop 0. */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/resolver.h"
#include "net/timer.h"
#include "pg/message.h"
#include "pooler/courier.h"

struct courier {
	TAILQ_ENTRY(courier) link;
	struct pl_client *client;	/* NULL: it went away */
	struct conn *conn;		/* NULL: its name is looked up */
	int peer, port;
	uint8_t key[8];
	bool sent;
	struct timer limit;		/* cancel_wait_timeout */
};

static TAILQ_HEAD(, courier) couriers = TAILQ_HEAD_INITIALIZER(couriers);
static struct resolver *resolver;
static const struct close_reason reason_over = { "over", "cancel sent" };

void
pl_courier_init(struct resolver *r)
{
	resolver = r;
}

unsigned
pl_courier_count(int peer_id)
{
	struct courier *c;
	unsigned n = 0;

	TAILQ_FOREACH(c, &couriers, link)
		n += c->peer == peer_id;
	return n;
}

static void
end(struct courier *c, const char *reason)
{
	struct pl_client *client = c->client;

	TAILQ_REMOVE(&couriers, c, link);
	timer_stop(&c->limit);
	resolver_cancel(resolver, c);
	if (c->conn != NULL)
		conn_close(c->conn, &reason_over);
	c->client = NULL;
	mem_drop(c);
	if (client != NULL)
		pl_client_close(client, false, "%s", reason);
}

static void
on_limit(void *arg)
{
	end(arg, "cancel_wait_timeout");
}

static void
on_ready(struct conn *conn)
{
	struct courier *c = conn_owner(conn);
	char mem[32];
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);

	message_add_cancel(&w, (const char *)c->key);
	c->sent = true;
	conn_send(conn, message_written(&w));
	message_writer_fini(&w);
}

static void
on_data(struct conn *conn, struct text slice)
{
	/* A pooler answers a cancel request by closing, never by a word. */
	end(conn_owner(conn), "unexpected answer to a cancel request");
}

static void
on_closed(struct conn *conn, const struct close_reason *reason)
{
	struct courier *c = conn_owner(conn);

	c->conn = NULL;
	end(c, c->sent ? "successfully sent cancel request" :
	    "connect failed");
}

static const struct conn_handler handler = {
	.ready = on_ready,
	.data = on_data,
	.closed = on_closed,
};

static void
dial(struct courier *c, const struct address *to)
{
	c->conn = conn_dial(loop_here(), to, NULL, NULL,
	    pl_settings()->server_connect_timeout, &handler, c);
	if (c->conn == NULL)
		end(c, "connect failed");
}

static void
on_resolved(void *arg, const struct resolver_answer *answer)
{
	struct courier *c = arg;
	struct address to;

	if (answer->code != 0 || answer->count == 0) {
		end(c, "server DNS lookup failed");
		return;
	}
	to = answer->addresses[0];
	address_set_port(&to, (uint16_t)c->port);
	dial(c, &to);
}

static int
unix_peer(const struct pl_peer_row *peer, struct address *to)
{
	char path[256];

	if (peer->host[0] != '/' && peer->host[0] != '@')
		return -1;
	snprintf(path, sizeof path, "%s/.s.PGSQL.%d", peer->host, peer->port);
	return address_unix(text_of(path), to, NULL);
}

void
pl_courier_send(struct pl_client *client, const struct pl_peer_row *peer,
    const uint8_t key[8])
{
	int most = peer->pool_size > 0 ? peer->pool_size :
	    pl_settings()->default_pool_size;
	struct courier *c = NULL;
	struct address to;

	if (most == 0 || pl_courier_count(peer->id) < (unsigned)most)
		c = mem_zero(sizeof *c);
	if (c == NULL) {
		pl_client_close(client, false, "cancel_wait_timeout");
		return;
	}
	c->client = client;
	c->peer = peer->id;
	c->port = peer->port;
	memcpy(c->key, key, sizeof c->key);
	timer_init(&c->limit, loop_here(), on_limit, c);
	if (pl_settings()->cancel_wait_timeout > 0)
		timer_after(&c->limit, pl_settings()->cancel_wait_timeout);
	TAILQ_INSERT_TAIL(&couriers, c, link);
	pl_client_login_free(client);
	conn_hold(client->conn);
	if (address_ip(text_of(peer->host), (uint16_t)peer->port, &to) == 0 ||
	    unix_peer(peer, &to) == 0)
		dial(c, &to);
	else
		resolver_ask(resolver, peer->host, on_resolved, c);
}

void
pl_courier_client_left(struct pl_client *client)
{
	struct courier *c;

	TAILQ_FOREACH(c, &couriers, link)
		if (c->client == client)
			c->client = NULL;
}
