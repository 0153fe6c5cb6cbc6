/* SPDX-License-Identifier: ISC */
/* control.c - status pages, and asking for them; see control.h. Loop 0. */
#include <sys/socket.h>
#include <sys/time.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/http.h"
#include "watch/control.h"
#include "watch/metrics.h"
#include "watch/watch.h"

enum { ANSWER_MOST = 64 * 1024 * 1024 };

static struct http *control, *metrics;

static void
serve(void *arg, struct text path, struct http_page *page)
{
	char trouble[128];
	const char *why = wt_watch_trouble(trouble);

	if (text_is(path, "/healthz")) {
		page->status = why == NULL ? 200 : 503;
		page->body = mem_print("%s\n", why == NULL ? "ok" : why);
	} else if (text_is(path, "/metrics")) {
		page->type = "text/plain; version=0.0.4; charset=utf-8";
		page->body = wt_metrics_prometheus();
	} else if (text_is(path, "/status")) {
		page->type = "application/json";
		page->body = wt_metrics_status();
	} else {
		page->status = 404;
		page->body = mem_copy(TEXT("/metrics, /healthz, /status\n"));
	}
}

char *
wt_control_path(const struct wt_config *c)
{
	static const char *const dirs[] = { "RUNTIME_DIRECTORY",
	    "XDG_RUNTIME_DIR" };

	if (c->set.control_socket != NULL && c->set.control_socket[0] != '\0')
		return mem_copy(text_of(c->set.control_socket));
	for (int i = 0; i < 2; i++) {
		const char *dir = getenv(dirs[i]);

		if (dir != NULL && dir[0] == '/' && access(dir, W_OK) == 0)
			return mem_print("%s/%s", dir, i == 0 ? "watch.sock" :
			    "weir-watch.sock");
	}
	return mem_print("%s.sock", c->set.state_file);
}

static struct http *
open_at(struct loop *loop, const char *where)
{
	struct address at;
	struct http *h = NULL;
	struct why why;

	if (address_listen(text_of(where), &at, &why) == 0)
		h = http_open(loop, &at, serve, NULL, &why);
	if (h == NULL)
		log_warning("status is not served at %s: %s", where,
		    why.line);
	return h;
}

void
wt_control_open(struct loop *loop, const struct wt_config *c)
{
	char *path = wt_control_path(c);

	if (path != NULL)
		control = open_at(loop, path);
	if (c->set.metrics_listen != NULL &&
	    c->set.metrics_listen[0] != '\0')
		metrics = open_at(loop, c->set.metrics_listen);
	mem_drop(path);
}

void
wt_control_close(void)
{
	http_close(&control);
	http_close(&metrics);
}

/* ---- the other side */

static int
read_all(int fd, char **all, size_t *len)
{
	size_t room = 0;
	ssize_t n;

	for (*all = NULL, *len = 0;; *len += (size_t)n) {
		if (*len + 1 >= room) {
			char *more = mem_grow(*all, 2 * room + 4096);

			if (more == NULL)
				return -1;
			*all = more;
			room = 2 * room + 4096;
		}
		n = read(fd, *all + *len, room - *len - 1);
		if (n <= 0 || *len > ANSWER_MOST)
			break;
	}
	(*all)[*len] = '\0';
	return n == 0 ? 0 : -1;
}

int
wt_control_ask(const char *path, const char *page, char **body,
    struct why *why)
{
	struct timeval limit = { 5, 0 };
	char request[128], *all, *begin;
	struct address at;
	size_t len;
	int fd, code;

	if (address_unix(text_of(path), &at, why) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", page);
	if (fd < 0 || connect(fd, &at.sa, at.len) < 0) {
		why_errno(why, "no weir-watch answers at %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	code = send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 ? -1 :
	    read_all(fd, &all, &len);
	close(fd);
	if (code < 0)
		return why_set(why, "no whole answer at %s", path);
	begin = strstr(all, "\r\n\r\n");
	*body = mem_copy(text_of(begin == NULL ? all : begin + 4));
	mem_drop(all);
	return *body == NULL ? why_set(why, "out of memory") : 0;
}
