/* SPDX-License-Identifier: ISC */
/* lookup.c - one question to one server on behalf of a login. */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "pg/message.h"
#include "pg/notice.h"
#include "pooler/downstream.h"
#include "pooler/lookup.h"
#include "pooler/pool.h"

enum { MOST_ANSWER = 1 << 20 };

struct pl_lookup {
	char *user;		/* asked for */
	char *query;		/* as it was when the client came */
	void (*done)(struct pl_client *, const struct pl_lookup_answer *);
	bool found, null_name, no_memory;
	unsigned columns;
	char *name, *secret;	/* of the row; secret NULL: SQL's NULL, else base/secret's */
	size_t name_len, secret_len;
};

static const struct conn_handler lookup_handler;

const char *
pl_lookup_user(const struct pl_database *db)
{
	if (db != NULL && db->row->auth_user != NULL)
		return db->row->auth_user;
	return pl_settings()->auth_user;
}

static void
free_lookup(struct pl_lookup *l)
{
	if (l == NULL)
		return;
	mem_drop(l->user);
	mem_drop(l->query);
	mem_drop(l->name);
	secret_drop(l->secret);
	mem_drop(l);
}

void
pl_lookup_free(struct pl_client *c)
{
	struct pl_lookup *l = c->lookup;

	c->lookup = NULL;
	free_lookup(l);
}

static void
refuse(struct pl_client *c,
    void (*done)(struct pl_client *, const struct pl_lookup_answer *))
{
	struct pl_lookup_answer answer = { .failed = "bouncer config error" };

	done(c, &answer);
}

/* The database in which the question is asked; NULL: told why not. */
static struct pl_database *
find_database(struct pl_client *c, struct pl_database *own)
{
	const char *name = own != NULL && own->row->auth_dbname != NULL ?
	    own->row->auth_dbname : pl_settings()->auth_dbname;
	struct pl_database *db = name == NULL ? own :
	    pl_database_get(text_of(name));

	if (db == NULL && name != NULL)
		pl_client_log(c, LOG_LEVEL_ERROR, "authentication database "
		    "\"%s\" is not configured.", name);
	else if (db != NULL && db->disabled) {
		pl_client_log(c, LOG_LEVEL_ERROR, "authentication database "
		    "\"%s\" is disabled", db->name);
		return NULL;
	}
	return db;
}

void
pl_lookup_start(struct pl_client *c, struct pl_database *own,
    const char *user, void (*done)(struct pl_client *,
    const struct pl_lookup_answer *))
{
	struct pl_database *db = find_database(c, own);
	struct pl_lookup *l = mem_zero(sizeof *l);
	struct pl_user *asker;
	struct pl_pool *pool;

	c->lookup = l;
	asker = db == NULL ? NULL : pl_user_get(text_of(
	    pl_lookup_user(own)));
	pool = asker == NULL ? NULL : pl_pools_get(db, &asker->own);
	if (l != NULL) {
		l->user = mem_copy(text_of(user));
		l->query = mem_copy(text_of(own != NULL &&
		    own->row->auth_query != NULL ? own->row->auth_query :
		    pl_settings()->auth_query));
	}
	if (pool == NULL || l == NULL || l->user == NULL ||
	    l->query == NULL) {
		pl_lookup_free(c);
		refuse(c, done);
		return;
	}
	l->done = done;
	c->looks_up = true;
	pl_client_set_pool(c, pool);
	if (pl_pool_want(pool, c))
		pl_lookup_granted(c);
}

void
pl_lookup_granted(struct pl_client *c)
{
	struct message_writer w = message_writer(NULL, 0, 1 << 20);
	struct pl_server *s = c->server;
	struct text user = text_of(c->lookup->user);

	message_add_parse(&w, TEXT(""), text_of(c->lookup->query));
	message_add_bind(&w, TEXT(""), TEXT(""), &user, 1);
	message_add_describe(&w, 'P', TEXT(""));
	message_add_execute(&w, TEXT(""), 0);
	message_add_sync(&w);
	c->fresh = false;
	s->status = 0;
	conn_hand_to(s->conn, &lookup_handler, s);
	if (w.failed)
		pl_server_close(s, true, "out of memory");
	else
		conn_send(s->conn, message_written(&w));
	message_writer_fini(&w);
}

/* ---- the answer -------------------------------------------------------- */

static void
give_up(struct pl_server *s, const char *reason)
{
	struct pl_client *c = s->client;
	void (*done)(struct pl_client *, const struct pl_lookup_answer *) =
	    c->lookup->done;

	/* Apart first: the client is told another text than the log. */
	c->server = NULL;
	s->client = NULL;
	c->looks_up = false;
	pl_server_close(s, true, "%s", reason);
	pl_client_enter(c, PL_CLIENT_LOGIN);
	pl_client_set_pool(c, NULL);
	pl_lookup_free(c);
	refuse(c, done);
}

static void
on_row(struct pl_server *s, struct text body)
{
	struct pl_lookup *l = s->client->lookup;
	struct message_reader r = message_reader(body);
	struct text name, secret;
	uint16_t columns;

	if (!message_read_u16(&r, &columns) || columns != 2 ||
	    !message_read_value(&r, &name) ||
	    !message_read_value(&r, &secret) || l->found)
		return;
	l->found = true;
	l->null_name = name.at == NULL;
	l->name = name.at == NULL ? NULL : mem_copy(name);
	l->secret = secret.at == NULL ? NULL : secret_copy(secret);
	l->name_len = name.len;
	l->secret_len = secret.len;
	l->no_memory = (name.at != NULL && l->name == NULL) ||
	    (secret.at != NULL && l->secret == NULL);
}

static void
finish(struct pl_server *s)
{
	struct pl_client *c = s->client;
	struct pl_lookup *l = c->lookup;
	struct pl_lookup_answer answer = {
		.found = l->found,
		.name = { l->name, l->name_len },
		.secret = { l->secret, l->secret_len },
	};

	conn_hand_to(s->conn, &pl_downstream_handler, s);
	s->status = 'I';
	c->looks_up = false;
	c->lookup = NULL;
	pl_pool_release(s->pool, s);
	pl_client_enter(c, PL_CLIENT_LOGIN);
	pl_client_set_pool(c, NULL);
	l->done(c, &answer);
	free_lookup(l);
}

static void
on_message(struct pl_server *s, char type, struct text body)
{
	struct pl_lookup *l = s->client->lookup;
	struct notice n;
	char line[80];

	switch (type) {
	case 'T':
		if (body.len >= 2)
			l->columns = (unsigned)((unsigned char)body.at[0] << 8 |
			    (unsigned char)body.at[1]);
		if (l->columns != 2) {
			snprintf(line, sizeof line, "expected 2 columns from "
			    "auth_query, not %u", l->columns);
			give_up(s, line);
		}
		break;
	case 'D':
		on_row(s, body);
		break;
	case 'E':
		notice_parse(body, &n);
		pl_server_log(s, LOG_LEVEL_ERROR,
		    "S: error in auth_query: %.*s: %.*s",
		    TEXT_ARG(n.severity), TEXT_ARG(n.message));
		give_up(s, "error response from auth_query");
		break;
	case 'S':
		if (pl_downstream_parameter(s, body) < 0)
			give_up(s, "broken ParameterStatus packet");
		break;
	case 'Z':
		if (l->no_memory)
			give_up(s, "out of memory");
		else if (l->null_name)
			give_up(s, "auth_query response contained null user "
			    "name");
		else if (body.len != 1 || body.at[0] != 'I')
			give_up(s, "bad auth_query response");
		else
			finish(s);
		break;
	default:
		break;
	}
}

static void
eat(struct pl_server *s, struct text t)
{
	size_t pos = 0;
	uint32_t size;
	char type;

	while (s->client != NULL && s->client->looks_up) {
		struct text rest = text_from(t, pos);
		enum message_state state = message_peek(rest, &type, &size);

		if (state == MESSAGE_BAD || (state == MESSAGE_OK &&
		    size > MOST_ANSWER)) {
			give_up(s, "bad packet header");
			return;
		}
		if (state == MESSAGE_MORE || size > rest.len) {
			if (buffer_add(&s->collect, loop_stock(loop_here()),
			    rest) < 0)
				give_up(s, "out of memory");
			return;
		}
		pos += size;
		/* Nobody reads on behind the answer: not to be used again. */
		if (type == 'Z' && pos < t.len)
			s->close_needed = true;
		on_message(s, type, message_body(rest, size));
	}
}

static void
on_data(struct conn *conn, struct text slice)
{
	struct pl_server *s = conn_owner(conn);

	s->answer_time = loop_now(loop_here());
	if (pl_server_gather(s, slice, eat) < 0)
		give_up(s, "out of memory");
}

static void
on_closed(struct conn *conn, const struct close_reason *reason)
{
	struct pl_server *s = conn_owner(conn);

	buffer_fini(&s->collect, loop_stock(loop_here()));
	s->conn = NULL;
	give_up(s, "server conn crashed?");
}

static const struct conn_handler lookup_handler = {
	.data = on_data,
	.closed = on_closed,
};
