/* SPDX-License-Identifier: ISC */
/* check.c - reset and check queries. On the server's loop. */
#include "base/log.h"
#include "base/mem.h"
#include "pg/message.h"
#include "pg/notice.h"
#include "pooler/check.h"
#include "pooler/downstream.h"
#include "pooler/pool.h"
#include "pooler/shelf.h"

enum { MOST_ANSWER = 1 << 20 };

static void
finish(struct pl_server *s, char status)
{
	bool failed = s->failed;

	s->status = status;
	s->failed = s->asked = false;
	if (failed && s->reset)
		pl_server_close(s, true, "reset query failed");
	else if (failed)
		pl_server_close(s, true, "check query failed");
	else if (status != 'I')
		pl_server_close(s, true, "%s query left a transaction open",
		    s->reset ? "reset" : "check");
	else {
		conn_hand_to(s->conn, &pl_downstream_handler, s);
		s->reset = false;
		pl_pool_ready(s->pool, s);
	}
}

static void
on_message(struct pl_server *s, char type, struct text body)
{
	struct notice n;

	switch (type) {
	case 'Z':
		finish(s, body.len == 1 ? body.at[0] : 'E');
		break;
	case 'E':
		notice_parse(body, &n);
		pl_server_log(s, LOG_LEVEL_WARNING, "%s query failed: %.*s",
		    s->reset ? "reset" : "check", TEXT_ARG(n.message));
		s->failed = true;
		break;
	case 'S':
		if (pl_downstream_parameter(s, body) < 0)
			pl_server_close(s, true,
			    "broken ParameterStatus packet");
		break;
	case 'C':
		if (text_begins(body, "DISCARD ALL") ||
		    text_begins(body, "DEALLOCATE ALL"))
			pl_shelf_clear(&s->shelf);
		break;
	default:
		break;
	}
}

/* Whole messages are looked at, the rest waits for more. */
static void
eat(struct pl_server *s, struct text t)
{
	size_t pos = 0;
	uint32_t size;
	char type;

	while (s->state == PL_SERVER_TESTED) {
		struct text rest = text_from(t, pos);
		enum message_state state = message_peek(rest, &type, &size);

		if (state == MESSAGE_BAD || (state == MESSAGE_OK &&
		    size > MOST_ANSWER)) {
			pl_server_close(s, true, "bad packet header");
			return;
		}
		if (state == MESSAGE_MORE || size > rest.len)
			break;
		pos += size;
		on_message(s, type, message_body(rest, size));
	}
	if (s->state == PL_SERVER_TESTED && pos < t.len &&
	    buffer_add(&s->collect, loop_stock(loop_here()),
	    text_from(t, pos)) < 0)
		pl_server_close(s, true, "out of memory");
}

static void
on_data(struct conn *conn, struct text slice)
{
	struct pl_server *s = conn_owner(conn);

	s->answer_time = loop_now(loop_here());
	if (pl_server_gather(s, slice, eat) < 0)
		pl_server_close(s, true, "out of memory");
}

static void
on_closed(struct conn *conn, const struct close_reason *reason)
{
	struct pl_server *s = conn_owner(conn);

	buffer_fini(&s->collect, loop_stock(loop_here()));
	s->conn = NULL;
	pl_server_close(s, false, "server conn crashed?");
}

static const struct conn_handler check_handler = {
	.data = on_data,
	.closed = on_closed,
};

void
pl_check_start(struct pl_server *s)
{
	const struct pl_settings *set = pl_settings();
	const char *sql = s->reset ? set->server_reset_query :
	    set->server_check_query;
	struct message_writer w = message_writer(NULL, 0, 1 << 20);

	if (s->asked || strcmp(sql, "<empty>") == 0)
		sql = "";
	else if (sql[0] == '\0') {	/* no check: straight to idle */
		pl_pool_ready(s->pool, s);
		return;
	}
	message_add_query(&w, text_of(sql));
	s->failed = false;
	s->status = 0;
	s->answer_time = loop_now(loop_here());
	conn_hand_to(s->conn, &check_handler, s);
	conn_resume(s->conn);
	conn_send(s->conn, message_written(&w));
	message_writer_fini(&w);
}
