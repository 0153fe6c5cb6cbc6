/* SPDX-License-Identifier: ISC */
/*
 * status.c - two doors, one kind of guest: a line asked over the socket
 * ("status VI_1", "json"), or a GET of HTTP. At most 64 guests at a time,
 * 10 s each.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/head.h"
#include "net/socket.h"
#include "vrrp/chat.h"
#include "vrrp/metrics.h"
#include "vrrp/say.h"
#include "vrrp/status.h"
#include "vrrp/turn.h"

#define PATIENCE (10 * CLOCK_SECOND)

enum { MOST_GUESTS = 64 };

struct door {
	struct vr_status *status;
	int fd;				/* -1: closed */
	bool http;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

struct guest {
	struct guest *next;
	struct vr_status *status;
	struct vr_chat *chat;
	bool http, answered;
};

struct vr_status {
	struct door doors[2];
	void (*look)(struct vr_view *);
	struct guest *guests;
	unsigned count;
};

/* ---- guests */

static void
drop_guest(struct guest *g)
{
	struct guest **at;

	for (at = &g->status->guests; *at != g; at = &(*at)->next)
		;
	*at = g->next;
	g->status->count--;
	vr_chat_close(&g->chat);
	mem_drop(g);
}

static void
answer(struct guest *g, int code, const char *type, char *body, bool head)
{
	char lines[256];
	int n = snprintf(lines, sizeof lines, "HTTP/1.1 %d %s\r\n"
	    "Content-Type: %s\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\nConnection: close\r\n\r\n", code,
	    code == 200 ? "OK" : code == 503 ? "Service Unavailable" :
	    code == 404 ? "Not Found" : "Bad Request", type,
	    body == NULL ? 0 : strlen(body));

	g->answered = true;
	(void)vr_chat_send(g->chat, (struct text){ lines, (size_t)n });
	if (!head && body != NULL)
		(void)vr_chat_send(g->chat, text_of(body));
	mem_drop(body);
}

static void
answer_page(struct guest *g, struct text path, bool head)
{
	struct vr_view view;
	int code = 200;
	char *body;

	g->status->look(&view);
	if (text_is(path, "/metrics"))
		answer(g, 200, "text/plain; version=0.0.4; charset=utf-8",
		    vr_metrics_page(&view), head);
	else if (text_is(path, "/healthz")) {
		body = vr_metrics_health(&view, &code);
		answer(g, code, "text/plain; charset=utf-8", body, head);
	} else if (text_is(path, "/status"))
		answer(g, 200, "text/plain; charset=utf-8",
		    vr_metrics_status(&view, NULL, false), head);
	else if (text_is(path, "/status.json"))
		answer(g, 200, "application/json", vr_metrics_status(&view,
		    NULL, true), head);
	else
		answer(g, 404, "text/plain; charset=utf-8",
		    mem_print("not found\n"), head);
}

static void
hear_http(struct guest *g, struct text all)
{
	struct text path;
	bool head = false;
	int code = head_read(all, &path, &head);

	if (code == 200)
		answer_page(g, path, head);
	else if (code != 0)
		answer(g, code, "text/plain; charset=utf-8",
		    mem_print("bad request\n"), false);
}

/* "CODE\n", then the text: so that who asks need not read it. */
static void
hear_line(struct guest *g, struct text all)
{
	struct text line, word, name;
	char *instance = NULL, *body, code[16];
	struct vr_view view;
	bool json;

	if (memchr(all.at, '\n', all.len) == NULL)
		return;
	(void)text_split(&all, '\n', &line);
	json = text_word(&line, " \r", &word) && text_is(word, "json");
	name = text_trim(line);
	if (name.len > 0)
		instance = mem_copy(name);
	g->status->look(&view);
	snprintf(code, sizeof code, "%d\n", vr_metrics_code(&view,
	    instance));
	body = vr_metrics_status(&view, instance, json);
	g->answered = true;
	(void)vr_chat_send(g->chat, text_of(code));
	(void)vr_chat_send(g->chat, text_of(body == NULL ? "" : body));
	mem_drop(body);
	mem_drop(instance);
}

static void
on_heard(void *arg, struct text all)
{
	struct guest *g = arg;

	if (g->answered)
		vr_chat_eat(g->chat, all.len);
	else if (g->http)
		hear_http(g, all);
	else
		hear_line(g, all);
}

static void
on_ended(void *arg, const char *reason)
{
	drop_guest(arg);
}

static void
on_drained(void *arg)
{
	struct guest *g = arg;

	if (g->answered)
		drop_guest(g);
}

static const struct vr_chat_handler handler = {
	.heard = on_heard, .ended = on_ended, .drained = on_drained
};

static void
on_guest(void *arg)
{
	struct door *d = arg;
	struct vr_status *s = d->status;
	int fd = accept4(d->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct guest *g;

	if (fd == -1)
		return;
	g = s->count >= MOST_GUESTS ? NULL : mem_zero(sizeof *g);
	if (g == NULL) {
		close(fd);
		return;
	}
	*g = (struct guest){ .status = s, .http = d->http };
	g->chat = vr_chat_accept(fd, PATIENCE, &handler, g);
	if (g->chat == NULL) {
		mem_drop(g);
		return;
	}
	g->next = s->guests;
	s->guests = g;
	s->count++;
}

/* ---- doors */

/* One that nobody answers behind is a leftover. */
static void
remove_leftover(const struct address *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return;
	if (connect(fd, &a->sa, a->len) == -1 && errno == ECONNREFUSED)
		(void)unlink(a->un.sun_path);
	close(fd);
}

static void
open_door(struct door *d, const struct address *a, const char *what)
{
	bool local = a->sa.sa_family == AF_UNIX;
	mode_t mask = umask(d->http ? 0117 : 0177);
	struct why why;

	if (local && a->un.sun_path[0] != '\0')
		remove_leftover(a);
	d->fd = socket_listen(a, 64, false, false, &why);
	umask(mask);
	if (d->fd == -1) {
		vr_say_error("%s: %s", what, why.line);
		return;
	}
	if (local)
		snprintf(d->path, sizeof d->path, "%s", a->un.sun_path);
	vr_turn_watch(d->fd, on_guest, d);
}

static void
close_door(struct door *d)
{
	if (d->fd == -1)
		return;
	vr_turn_watch(d->fd, NULL, NULL);
	close(d->fd);
	if (d->path[0] != '\0')
		(void)unlink(d->path);
}

struct vr_status *
vr_status_open(const struct vr_global_conf *g,
    void (*look)(struct vr_view *))
{
	struct vr_status *s;
	struct address a;
	struct why why = { .line = "" };

	if (g->status_socket == NULL && g->metrics_listen == NULL)
		return NULL;
	s = mem_need(sizeof *s);
	s->look = look;
	s->doors[0] = (struct door){ .status = s, .fd = -1 };
	s->doors[1] = (struct door){ .status = s, .fd = -1, .http = true };
	if (g->status_socket != NULL) {
		if (address_unix(text_of(g->status_socket), &a, &why) == 0)
			open_door(&s->doors[0], &a, "status_socket");
		else
			vr_say_error("status_socket: %s", why.line);
	}
	if (g->metrics_listen != NULL) {
		if (address_listen(text_of(g->metrics_listen), &a, &why) == 0)
			open_door(&s->doors[1], &a, "metrics_listen");
		else
			vr_say_error("metrics_listen: %s", why.line);
	}
	return s;
}

void
vr_status_close(struct vr_status **sp)
{
	struct vr_status *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	while (s->guests != NULL)
		drop_guest(s->guests);
	close_door(&s->doors[0]);
	close_door(&s->doors[1]);
	mem_drop(s);
}

/* ---- the other side */

static int
read_answer(int fd)
{
	char in[4096];
	int code = -1;
	ssize_t n;

	while ((n = read(fd, in, sizeof in)) > 0) {
		size_t skip = 0;

		if (code == -1) {
			if (n < 2 || in[0] < '0' || in[0] > '2' ||
			    in[1] != '\n')
				return 3;
			code = in[0] - '0';
			skip = 2;
		}
		fwrite(in + skip, 1, (size_t)n - skip, stdout);
	}
	fflush(stdout);
	return n < 0 || code == -1 ? 3 : code;
}

int
vr_status_ask(const char *path, const char *instance, bool json)
{
	struct timeval limit = { .tv_sec = 3 };
	char line[512];
	struct address a;
	struct why why;
	int fd, n, code = 3;

	n = snprintf(line, sizeof line, "%s %s\n", json ? "json" : "status",
	    instance == NULL ? "" : instance);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return 3;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (path == NULL || address_unix(text_of(path), &a, &why) == -1 ||
	    connect(fd, &a.sa, a.len) == -1)
		fprintf(stderr, "no answer: %s\n", path == NULL ?
		    "no status_socket is configured" : strerror(errno));
	else if (send(fd, line, (size_t)n, MSG_NOSIGNAL) == n)
		code = read_answer(fd);
	close(fd);
	return code;
}
