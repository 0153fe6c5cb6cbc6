/* SPDX-License-Identifier: ISC */
/* http.c - status pages over HTTP/1; see http.h. One loop's thread. */
#include <sys/queue.h>
#include <sys/stat.h>

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/head.h"
#include "net/http.h"
#include "net/listener.h"
#include "net/socket.h"
#include "net/timer.h"

enum { LIMIT = 10, MOST = 64 };

struct visitor {
	TAILQ_ENTRY(visitor) link;
	struct http *http;
	struct conn *conn;
	struct timer limit, step;
	char *head;
	size_t len;
	bool waits, head_only, chunked;
	struct http_page page;		/* .more: its slices are under way */
};

struct http {
	struct loop *loop;
	struct listener *listener;
	void (*serve)(void *, struct text, struct http_page *);
	void *arg;
	TAILQ_HEAD(, visitor) visitors;
	unsigned count;
	char *path;			/* of a unix socket */
};

/* ---- the answer */

static const char *
reason_of(int status)
{
	return status == 200 ? "OK" : status == 404 ? "Not Found" :
	    status == 405 ? "Method Not Allowed" : status == 503 ?
	    "Service Unavailable" : "Bad Request";
}

static void
bury(void *arg)
{
	struct visitor *v = arg;

	mem_drop(v->head);
	mem_drop(v);
}

static void
leave(struct visitor *v)
{
	timer_stop(&v->limit);
	timer_stop(&v->step);
	if (v->page.more != NULL)
		v->page.forget(v->page.part);
	v->page.more = NULL;
	TAILQ_REMOVE(&v->http->visitors, v, link);
	v->http->count--;
	loop_retire(v->http->loop, v, bury);
}

static void
finish(struct visitor *v)
{
	struct conn *c = v->conn;

	leave(v);
	conn_close_flushed(c, &close_eof, LIMIT * CLOCK_SECOND);
}

static void
send_slice(struct visitor *v, struct text slice, bool last)
{
	struct conn *c = v->conn;
	char size[20];

	conn_cork(c);
	if (v->chunked && slice.len > 0) {
		snprintf(size, sizeof size, "%zx\r\n", slice.len);
		conn_send_copy(c, text_of(size));
	}
	if (slice.len > 0)
		conn_send(c, slice);
	if (v->chunked && slice.len > 0)
		conn_send(c, TEXT("\r\n"));
	if (v->chunked && last)
		conn_send(c, TEXT("0\r\n\r\n"));
	conn_uncork(c);
}

static void
go_on(struct visitor *v)
{
	struct text slice = TEXT_NONE;
	int more = v->page.more(v->page.part, &slice);
	struct conn *c = v->conn;

	if (more < 0) {
		leave(v);
		conn_close(c, &close_memory);
		return;
	}
	send_slice(v, slice, more == 0);
	timer_after(&v->limit, LIMIT * CLOCK_SECOND);
	if (more == 0)
		finish(v);
	else if (!conn_full(c))
		timer_after(&v->step, 0);
}

static void
on_step(void *arg)
{
	go_on(arg);
}

static void
on_drained(struct conn *c)
{
	struct visitor *v = conn_owner(c);

	if (v->page.more != NULL)
		timer_after(&v->step, 0);
}

/* Chunks, where the client knows them; else the end is the end. */
static void
answer_in_slices(struct visitor *v, const struct http_page *p)
{
	const char *line = memchr(v->head, '\n', v->len);
	struct conn *c = v->conn;
	char head[256];

	v->page = *p;
	v->chunked = line != NULL && text_ends((struct text){ v->head,
	    (size_t)(line - v->head) }, "/1.1\r");
	snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n"
	    "%sCache-Control: no-cache\r\nConnection: close\r\n\r\n",
	    p->status, reason_of(p->status), p->type, v->chunked ?
	    "Transfer-Encoding: chunked\r\n" : "");
	conn_send(c, text_of(head));
	if (v->head_only)
		finish(v);
	else
		go_on(v);
}

static void
answer(struct visitor *v, const struct http_page *p)
{
	size_t len = p->body == NULL ? 0 : strlen(p->body);
	struct conn *c = v->conn;
	char head[256];

	snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n"
	    "Content-Length: %zu\r\nCache-Control: no-cache\r\n"
	    "Connection: close\r\n\r\n", p->status, reason_of(p->status),
	    p->type, len);
	conn_cork(c);
	conn_send(c, text_of(head));
	if (!v->head_only && len > 0)
		conn_send(c, (struct text){ p->body, len });
	conn_uncork(c);
	finish(v);
}

static void
on_data(struct conn *c, struct text t)
{
	struct visitor *v = conn_owner(c);
	struct http_page page = { .type = "text/plain; charset=utf-8" };
	struct text path = TEXT_NONE;
	char *more;
	int status;

	if (v->waits || v->page.more != NULL)
		return;			/* one request a connection */
	if (t.len > HEAD_MOST - v->len)
		t.len = HEAD_MOST - v->len + 1;
	more = mem_grow(v->head, v->len + t.len + 1);
	if (more == NULL) {
		leave(v);
		conn_close(c, &close_memory);
		return;
	}
	v->head = more;
	memcpy(more + v->len, t.at, t.len);
	v->len += t.len;
	status = head_read((struct text){ v->head, v->len }, &path,
	    &v->head_only);
	if (status == 0)
		return;
	page.status = status;
	if (status == 200)
		v->http->serve(v->http->arg, path, &page);
	v->waits = page.later;
	if (page.more != NULL)
		answer_in_slices(v, &page);
	else if (!v->waits)
		answer(v, &page);
	mem_drop(page.body);
}

void
http_answer(struct http *h, const struct http_page *page)
{
	struct visitor *v, *next;

	for (v = TAILQ_FIRST(&h->visitors); v != NULL; v = next) {
		next = TAILQ_NEXT(v, link);
		if (v->waits)
			answer(v, page);
	}
}

static void
on_ready(struct conn *c)
{
}

static void
on_closed(struct conn *c, const struct close_reason *why)
{
	leave(conn_owner(c));
}

static const struct conn_handler handler = {
	.ready = on_ready, .data = on_data, .drained = on_drained,
	.closed = on_closed,
};

static void
on_limit(void *arg)
{
	struct visitor *v = arg;
	struct conn *c = v->conn;

	leave(v);
	conn_close(c, &close_connect_timeout);
}

static void
on_accepted(struct listener *l, int fd, const struct address *peer)
{
	struct http *h = listener_owner(l);
	struct visitor *v = h->count >= MOST ? NULL : mem_zero(sizeof *v);

	if (v == NULL) {
		close(fd);
		return;
	}
	v->http = h;
	v->conn = conn_accept(h->loop, fd, &handler, v);
	if (v->conn == NULL) {
		mem_drop(v);
		return;
	}
	TAILQ_INSERT_TAIL(&h->visitors, v, link);
	h->count++;
	timer_init(&v->limit, h->loop, on_limit, v);
	timer_init(&v->step, h->loop, on_step, v);
	timer_after(&v->limit, LIMIT * CLOCK_SECOND);
}

static void
on_resting(struct listener *l, int code, int64_t until)
{
}

static const struct listener_handler listening = {
	.accepted = on_accepted, .resting = on_resting,
};

/* ---- from outside */

/* A socket file that nobody answers on is in the way. */
static void
remove_stale(const struct address *at)
{
	struct stat st;
	int fd;

	if (at->sa.sa_family != AF_UNIX || at->un.sun_path[0] != '/' ||
	    lstat(at->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    st.st_uid != geteuid())
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, &at->sa, at->len) < 0)
		unlink(at->un.sun_path);
	if (fd >= 0)
		close(fd);
}

struct http *
http_open(struct loop *loop, const struct address *at,
    void (*serve)(void *, struct text, struct http_page *), void *arg,
    struct why *why)
{
	struct http *h = mem_zero(sizeof *h);
	mode_t mask;
	int fd;

	if (h == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	h->loop = loop;
	h->serve = serve;
	h->arg = arg;
	TAILQ_INIT(&h->visitors);
	remove_stale(at);
	mask = umask(0177);
	fd = socket_listen(at, 64, false, false, why);
	umask(mask);
	if (fd >= 0 && at->sa.sa_family == AF_UNIX &&
	    at->un.sun_path[0] == '/')
		h->path = mem_copy(text_of(at->un.sun_path));
	h->listener = fd < 0 ? NULL : listener_new(loop, fd, &listening, h);
	if (h->listener == NULL) {
		if (fd >= 0)
			why_set(why, "out of memory");
		http_close(&h);
	}
	return h;
}

void
http_close(struct http **http)
{
	struct http *h = *http;
	struct visitor *v;

	if (h == NULL)
		return;
	while ((v = TAILQ_FIRST(&h->visitors)) != NULL) {
		struct conn *c = v->conn;

		leave(v);
		conn_close(c, &close_eof);
	}
	if (h->listener != NULL)
		listener_free(&h->listener);
	if (h->path != NULL)
		unlink(h->path);
	mem_drop(h->path);
	mem_drop(h);
	*http = NULL;
}

unsigned
http_count(const struct http *h)
{
	return h->count;
}
