/* SPDX-License-Identifier: ISC */
/* mover.c - orders, servers and clients that go from loop to loop. */
#include "base/die.h"
#include "base/mem.h"
#include "pooler/mover.h"
#include "pooler/shard.h"

/* ---- names ------------------------------------------------------------- */

struct pl_name
pl_mover_name_client(const struct pl_client *c)
{
	return (struct pl_name){ c->id, c->place, c->shard->loop };
}

struct pl_name
pl_mover_name_server(const struct pl_server *s)
{
	return (struct pl_name){ s->id, s->place, s->shard->loop };
}

struct pl_client *
pl_mover_client(const struct pl_name *name)
{
	struct pl_client *c = pl_client_at(name->place);

	return c != NULL && c->id == name->id ? c : NULL;
}

struct pl_server *
pl_mover_server(const struct pl_name *name)
{
	struct pl_server *s = pl_server_at(name->place);

	return s != NULL && s->id == name->id ? s : NULL;
}

/* ---- orders ------------------------------------------------------------ */

struct parcel {
	struct pl_move move;
	void (*carry_out)(const struct pl_move *);
	unsigned to;
	struct pl_server *server;
	void (*server_arrived)(struct pl_server *, const struct pl_move *);
	struct pl_client *client;
	void (*client_arrived)(struct pl_client *);
	size_t len;			/* of the client's bytes */
	char bytes[];
};

/* There is no way on without: an order cannot be lost. */
static struct parcel *
make(size_t bytes)
{
	struct parcel *p = mem_zero(sizeof *p + bytes);

	if (p == NULL)
		die("out of memory for a message");
	p->len = bytes;
	return p;
}

static void
on_order(void *arg)
{
	struct parcel *p = arg;

	p->carry_out(&p->move);
	mem_drop(p);
}

void
pl_mover_order(const struct pl_move *move, unsigned loop,
    void (*carry_out)(const struct pl_move *))
{
	struct parcel *p;

	if (loop == loop_number(loop_here())) {
		carry_out(move);
		return;
	}
	p = make(0);
	p->move = *move;
	p->carry_out = carry_out;
	loop_post(loop_at(loop), on_order, p);
}

/* ---- servers ----------------------------------------------------------- */

static void
on_server(void *arg)
{
	struct parcel *p = arg;
	struct pl_server *s = p->server;

	pl_server_join(s);
	conn_join(s->conn, loop_here());
	p->server_arrived(s, &p->move);
	mem_drop(p);
}

static void
on_server_left(struct conn *conn, void *arg)
{
	struct parcel *p = arg;

	loop_post(loop_at(p->to), on_server, p);
}

void
pl_mover_send_server(struct pl_server *s, const struct pl_move *move,
    void (*arrived)(struct pl_server *, const struct pl_move *))
{
	struct parcel *p = make(0);

	NEED(s->client == NULL && s->state == PL_SERVER_IDLE);
	p->move = *move;
	p->server = s;
	p->server_arrived = arrived;
	p->to = move->client.loop;
	pl_server_leave(s);
	conn_leave(s->conn, on_server_left, p);
}

/* ---- clients ----------------------------------------------------------- */

static void
on_client(void *arg)
{
	struct parcel *p = arg;
	struct pl_client *c = p->client;
	bool whole = p->len == 0 || buffer_add(&c->pending,
	    loop_stock(loop_here()), (struct text){ p->bytes, p->len }) == 0;

	pl_client_join(c);
	conn_join(c->conn, loop_here());
	if (!whole)
		pl_client_close(c, true, "out of memory");
	else if (c->doomed)
		pl_client_close(c, false, "closed while it moved");
	else
		p->client_arrived(c);
	mem_drop(p);
}

static void
on_client_left(struct conn *conn, void *arg)
{
	struct parcel *p = arg;

	loop_post(loop_at(p->to), on_client, p);
}

/* Chunks are of a loop's stock: between two, one plain block. */
void
pl_mover_send_client(struct pl_client *c, unsigned loop,
    void (*arrived)(struct pl_client *))
{
	struct parcel *p = make(c->pending.len);

	NEED(c->server == NULL && c->state == PL_CLIENT_ACTIVE);
	buffer_copy(&c->pending, p->bytes);
	buffer_fini(&c->pending, loop_stock(loop_here()));
	p->client = c;
	p->client_arrived = arrived;
	p->to = loop;
	pl_client_leave(c);
	conn_leave(c->conn, on_client_left, p);
}
