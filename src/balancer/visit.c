/* SPDX-License-Identifier: ISC */
/*
 * visit.c - reads requests, sends answers, keeps the time-outs of both. An
 * answer's slice is at most half a millisecond of making or 64 KB, so that
 * no session waits long for one that asks much. Loop 0.
 */
#include <stdio.h>

#include "balancer/door.h"
#include "balancer/pipe.h"
#include "balancer/session.h"
#include "balancer/visit.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "net/timer.h"

enum {
	SLICE_TIME = 500,		/* us */
	SLICE_BYTES = 64 * 1024,
	SIZE_ROOM = 8			/* "00ffff" CRLF: of a chunk */
};

struct lb_visit {
	struct lb_session *session;
	struct sheet got;		/* of requests, not answered yet */
	struct sheet out;		/* one slice */
	struct request request;		/* slices of 'got' */
	struct lb_reply reply;
	struct timer limit, step;
	bool answering;			/* 'more' is under way */
	bool held;			/* its answer waits: tarpit */
	bool chunked, head_only;
	bool continued;			/* it was told to go on */
	unsigned answers;
};

static void (*decide)(struct lb_session *, const struct request *,
    struct text, struct lb_reply *);

void
lb_visit_init(void (*call)(struct lb_session *, const struct request *,
    struct text, struct lb_reply *))
{
	decide = call;
}

/* ---- time-outs --------------------------------------------------------- */

static int64_t
usual_limit(const struct lb_session *s)
{
	return s->front->conf->timeout.client;
}

/* Until the first byte of the next request; until its last one. */
static int64_t
reading_limit(const struct lb_visit *v)
{
	const struct lb_proxy_conf *p = v->session->front->conf;

	if (v->answers > 0 && v->got.len == 0 &&
	    p->timeout.http_keep_alive > 0)
		return p->timeout.http_keep_alive;
	return p->timeout.http_request > 0 ? p->timeout.http_request :
	    usual_limit(v->session);
}

static void
set_limit(struct lb_visit *v, int64_t limit)
{
	if (limit > 0)
		timer_after(&v->limit, limit);
	else
		timer_stop(&v->limit);
}

/* ---- the answer -------------------------------------------------------- */

static const struct {
	int status;
	const char *reason, *text;
} words[] = {
	{ 100, "Continue", "" },
	{ 200, "OK", "" },
	{ 201, "Created", "" },
	{ 202, "Accepted", "" },
	{ 204, "No Content", "" },
	{ 301, "Moved Permanently", "" },
	{ 302, "Found", "" },
	{ 303, "See Other", "" },
	{ 307, "Temporary Redirect", "" },
	{ 308, "Permanent Redirect", "" },
	{ 400, "Bad request", "Your browser sent an invalid request." },
	{ 401, "Unauthorized",
	    "You need a valid user and password to access this content." },
	{ 403, "Forbidden", "Request forbidden by administrative rules." },
	{ 404, "Not Found", "The resource could not be found." },
	{ 405, "Method Not Allowed",
	    "A request was made of a resource using a request method not "
	    "supported by that resource" },
	{ 408, "Request Time-out",
	    "Your browser didn't send a complete request in time." },
	{ 410, "Gone", "The resource is no longer available." },
	{ 411, "Length Required", "The request does not say how long it is." },
	{ 413, "Payload Too Large", "The request entity exceeds the maximum "
	    "allowed." },
	{ 425, "Too Early", "Your browser sent early data." },
	{ 429, "Too Many Requests", "You have sent too many requests in a "
	    "given amount of time." },
	{ 500, "Internal Server Error", "An internal server error occurred." },
	{ 501, "Not Implemented", "The server does not support the "
	    "functionality required to fulfill the request." },
	{ 502, "Bad Gateway", "The server returned an invalid or incomplete "
	    "response." },
	{ 503, "Service Unavailable",
	    "No server is available to handle this request." },
	{ 504, "Gateway Time-out", "The server didn't respond in time." },
	{ 505, "HTTP Version Not Supported", "Only HTTP/1 is spoken here." },
};

static size_t
words_of(int status)
{
	size_t n = sizeof words / sizeof *words;

	for (size_t i = 0; i < n; i++)
		if (words[i].status == status)
			return i;
	return n;
}

static const char *
reason_of(int status)
{
	size_t i = words_of(status);

	return i < sizeof words / sizeof *words ? words[i].reason : "Other";
}

void
lb_visit_refuse(struct lb_reply *r, int status)
{
	size_t i = words_of(status);

	r->status = status;
	r->type = "text/html";
	sheet_print(&r->body, "<html><body><h1>%d %s</h1>\n%s\n"
	    "</body></html>\n", status, reason_of(status),
	    i < sizeof words / sizeof *words ? words[i].text : "");
}

static void
drop_reply(struct lb_reply *r)
{
	sheet_fini(&r->head);
	sheet_fini(&r->body);
	mem_drop(r->part);
	memset(r, 0, sizeof *r);
}

static void
count_answer(struct lb_visit *v)
{
	struct lb_session *s = v->session;
	struct lb_counts *of[2] = { s->front->front,
	    s->backend != NULL ? s->backend->back : NULL };
	int class = v->reply.status / 100;
	enum lb_counter n = class >= 1 && class <= 5 ?
	    (enum lb_counter)(LB_COUNT_HRSP_1XX + class - 1) :
	    LB_COUNT_HRSP_OTHER;

	lb_counts_add(of[0], n, 1);
	if (of[1] != NULL && !v->reply.counted)
		lb_counts_add(of[1], n, 1);
	if (v->reply.status == 400 || v->reply.status == 408) {
		lb_counts_add(of[0], LB_COUNT_EREQ, 1);
		lb_counts_add(s->door->counts, LB_COUNT_EREQ, 1);
	} else if (v->reply.status == 403)
		lb_counts_add(of[0], LB_COUNT_DREQ, 1);
}

static void
send_bytes(struct lb_visit *v, struct text t)
{
	struct lb_session *s = v->session;

	if (t.len == 0)
		return;
	s->bytes_out += t.len;
	s->untold_out += (uint32_t)t.len;
	conn_send(s->client, t);
}

static void
end_visit(struct lb_visit *v, const struct lb_end *end)
{
	lb_session_end(v->session, end);
}

/* The answer is out: what it took is given back, the next may come. */
static void
finish_answer(struct lb_visit *v)
{
	bool closes = v->reply.closes || !v->request.stays;
	size_t used = v->request.head_len + v->request.body_len;

	count_answer(v);
	drop_reply(&v->reply);
	v->answering = false;
	v->answers++;
	lb_pipe_tell(v->session);
	if (closes || (v->session->flags & LB_FLOW_CLIENT_EOF)) {
		end_visit(v, &lb_end_local);
		return;
	}
	v->got.len -= used;
	memmove(v->got.at, v->got.at + used, v->got.len);
	v->continued = false;
	if (v->got.len == 0)
		sheet_fini(&v->got);
	set_limit(v, reading_limit(v));
	conn_resume(v->session->client);
	if (v->got.len > 0)
		timer_after(&v->step, 0);
}

/* One slice as a chunk, or as it is; false: that was the last. */
static bool
send_slice(struct lb_visit *v)
{
	int64_t until = clock_now() + SLICE_TIME;
	size_t start = v->chunked ? SIZE_ROOM : 0;
	char size[SIZE_ROOM + 4];
	bool more;

	sheet_clear(&v->out);
	if (sheet_room(&v->out, SIZE_ROOM) != NULL)
		v->out.len = start;
	do
		more = v->reply.more(v->reply.part, &v->out);
	while (more && !v->out.spoiled && v->out.len < SLICE_BYTES &&
	    clock_now() < until);
	if (v->out.spoiled) {
		/* Cut off, without the end of the chunks: it shows. */
		end_visit(v, &lb_end_resource);
		return false;
	}
	if (v->chunked && v->out.len > start) {
		snprintf(size, sizeof size, "%06x\r\n",
		    (unsigned)(v->out.len - start) & 0xffffff);
		memcpy(v->out.at, size, SIZE_ROOM);
		sheet_text(&v->out, "\r\n");
		start = 0;
	}
	if (v->chunked && !more)
		sheet_text(&v->out, "0\r\n\r\n");
	send_bytes(v, text_from(sheet_all(&v->out), start));
	return more;
}

/* More of a long answer, now or when the client has taken the last of it. */
static void
go_on(struct lb_visit *v)
{
	struct lb_session *s = v->session;
	bool more = send_slice(v);

	if (s->stage == LB_STAGE_DEAD)
		return;
	if (!more) {
		finish_answer(v);
		return;
	}
	set_limit(v, usual_limit(s));
	if (!conn_full(s->client))
		timer_after(&v->step, 0);
}

static void
send_head(struct lb_visit *v)
{
	struct lb_reply *r = &v->reply;
	struct sheet *out = &v->out;
	bool closes = r->closes || !v->request.stays;

	sheet_clear(out);
	sheet_print(out, "HTTP/1.1 %d %s\r\n", r->status,
	    reason_of(r->status));
	if (r->more == NULL)
		sheet_print(out, "content-length: %zu\r\n", r->body.len);
	sheet_text(out, "cache-control: no-cache\r\n");
	if (r->type != NULL)
		sheet_print(out, "content-type: %s\r\n", r->type);
	sheet_slice(out, sheet_all(&r->head));
	if (closes)
		sheet_text(out, "connection: close\r\n");
	else if (v->request.minor == 0)
		sheet_text(out, "connection: keep-alive\r\n");
	if (v->chunked)
		sheet_text(out, "transfer-encoding: chunked\r\n");
	sheet_text(out, "\r\n");
	if (r->more == NULL && !v->head_only)
		sheet_slice(out, sheet_all(&r->body));
	send_bytes(v, sheet_all(out));
}

static void
send_reply(struct lb_visit *v)
{
	struct lb_reply *r = &v->reply;

	v->held = r->delay > 0;
	if (v->held) {
		timer_after(&v->step, r->delay);
		r->delay = 0;
		return;
	}
	if (r->silent || r->head.spoiled || r->body.spoiled) {
		end_visit(v, r->silent ? &lb_end_rule_reset :
		    &lb_end_resource);
		return;
	}
	v->chunked = r->more != NULL && v->request.minor == 1;
	if (r->more != NULL && v->request.minor == 0)
		r->closes = true;
	if (v->head_only)
		v->chunked = false;
	send_head(v);
	if (r->more == NULL || v->head_only) {
		finish_answer(v);
		return;
	}
	v->answering = true;
	conn_hold(v->session->client);
	go_on(v);
}

/* What is wrong with the request itself ends the connection. */
static void
refuse(struct lb_visit *v, int status)
{
	v->request = (struct request){ .minor = 1, .head_len = v->got.len };
	v->reply = (struct lb_reply){ .closes = true };
	v->head_only = false;
	lb_visit_refuse(&v->reply, status);
	send_reply(v);
}

/* ---- requests ---------------------------------------------------------- */

static size_t
most_of_body(void)
{
	return lb_world()->setup->global.bufsize;
}

/* Bodies that will not be looked at whole are refused by the decider. */
static bool
awaits_body(struct lb_visit *v)
{
	struct request *r = &v->request;

	if (r->body_len > most_of_body() ||
	    v->got.len >= r->head_len + r->body_len)
		return false;
	if (r->waits && r->minor == 1 && !v->continued)
		send_bytes(v, TEXT("HTTP/1.1 100 Continue\r\n\r\n"));
	v->continued = true;
	return true;
}

static void
count_request(struct lb_visit *v)
{
	struct lb_session *s = v->session;

	lb_counts_add(s->front->front, LB_COUNT_REQ, 1);
	rate_add(&s->front->request_rate, loop_now(conn_loop(s->client)));
	if (s->backend != NULL)
		s->backend->last_session = loop_now(conn_loop(s->client));
}

static void
answer_request(struct lb_visit *v)
{
	struct request *r = &v->request;
	struct text body = { v->got.at + r->head_len, r->body_len };

	v->head_only = text_is(r->method, "HEAD");
	if (r->body_len > most_of_body()) {
		/* The rest of it is not read: nothing can follow. */
		body = TEXT_NONE;
		r->stays = false;
		r->body_len = v->got.len - r->head_len;
	}
	timer_stop(&v->limit);
	count_request(v);
	v->reply = (struct lb_reply){ .status = 200 };
	decide(v->session, r, body, &v->reply);
	if (v->reply.counted)
		lb_counts_add(v->session->front->front,
		    LB_COUNT_INTERCEPTED, 1);
	send_reply(v);
}

static void
look(struct lb_visit *v)
{
	int status;

	if (v->got.spoiled) {
		end_visit(v, &lb_end_resource);
		return;
	}
	status = v->got.len == 0 ? 0 :
	    request_read(sheet_all(&v->got), &v->request);
	if (status == 0 || (status == 200 && awaits_body(v))) {
		if (v->session->flags & LB_FLOW_CLIENT_EOF)
			end_visit(v, v->got.len == 0 ? &lb_end_local :
			    &lb_end_client);
		return;
	}
	if (status != 200) {
		count_request(v);
		refuse(v, status);
	} else
		answer_request(v);
}

static void
on_data(struct conn *c, struct text t)
{
	struct lb_visit *v = conn_owner(c);
	struct lb_session *s = v->session;

	s->bytes_in += t.len;
	s->untold_in += (uint32_t)t.len;
	if (v->got.len == 0 && t.len > 0)
		set_limit(v, reading_limit(v));
	sheet_slice(&v->got, t);
	if (!v->answering && !v->held)
		look(v);
}

static void
on_eof(struct conn *c)
{
	struct lb_visit *v = conn_owner(c);

	v->session->flags |= LB_FLOW_CLIENT_EOF;
	if (!v->answering && !v->held)
		look(v);
}

static void
on_drained(struct conn *c)
{
	struct lb_visit *v = conn_owner(c);

	if (v->answering)
		timer_after(&v->step, 0);
}

static void
on_closed(struct conn *c, const struct close_reason *why)
{
	struct lb_visit *v = conn_owner(c);

	v->session->client = NULL;
	end_visit(v, v->answering ? &lb_end_client : &lb_end_local);
}

static void
on_ready(struct conn *c)
{
}

static const struct conn_handler handler = {
	.ready = on_ready, .data = on_data, .eof = on_eof,
	.drained = on_drained, .closed = on_closed,
};

static void
on_limit(void *arg)
{
	struct lb_visit *v = arg;

	if (v->answering || v->held)
		end_visit(v, &lb_end_client_timeout);
	else if (v->got.len > 0)
		refuse(v, 408);
	else
		end_visit(v, &lb_end_local);
}

static void
on_step(void *arg)
{
	struct lb_visit *v = arg;

	if (v->answering)
		go_on(v);
	else if (v->held)
		send_reply(v);
	else
		look(v);
}

/* ---- life -------------------------------------------------------------- */

void
lb_visit_begin(struct lb_session *s)
{
	struct lb_visit *v = mem_zero(sizeof *v);

	if (v == NULL) {
		lb_session_end(s, &lb_end_resource);
		return;
	}
	s->visit = v;
	if (s->front->conf->is & LB_IS_BACKEND)
		s->backend = s->front;
	v->session = s;
	timer_init(&v->limit, conn_loop(s->client), on_limit, v);
	timer_init(&v->step, conn_loop(s->client), on_step, v);
	set_limit(v, reading_limit(v));
	if (s->hold != NULL)
		sheet_slice(&v->got, (struct text){ s->hold->at,
		    s->hold->len });
	conn_hand_to(s->client, &handler, v);
	if (v->got.len > 0 || (s->flags & LB_FLOW_CLIENT_EOF))
		timer_after(&v->step, 0);
	conn_wake(s->client);
}

static void
bury(void *arg)
{
	struct lb_visit *v = arg;

	drop_reply(&v->reply);
	sheet_fini(&v->got);
	sheet_fini(&v->out);
	mem_drop(v);
}

void
lb_visit_forget(struct lb_session *s)
{
	struct lb_visit *v = s->visit;

	if (v == NULL)
		return;
	s->visit = NULL;
	timer_stop(&v->limit);
	timer_stop(&v->step);
	loop_retire(loop_here(), v, bury);
}
