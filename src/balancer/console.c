/* SPDX-License-Identifier: ISC */
/* console.c - runtime sockets, and who may come in by them. Loop 0. */
#include <sys/un.h>

#include <stdio.h>
#include <unistd.h>

#include "balancer/console.h"
#include "balancer/door.h"
#include "balancer/doorway.h"
#include "balancer/logs.h"
#include "balancer/talk.h"
#include "base/mem.h"
#include "net/listener.h"

enum { BACKLOG = 1024 };

struct door {
	struct door *next;
	const struct lb_bind_conf *conf;
	int fd;
	struct listener *listener;	/* NULL: not yet */
	bool inherited;
};

static struct door *doors;
static struct loop *home;
static int64_t limit;
static unsigned talks, most;
static uint64_t total;

/* ---- coming in --------------------------------------------------------- */

static void
on_ended(void)
{
	talks--;
	for (struct door *d = doors; d != NULL; d = d->next)
		if (d->listener != NULL && talks + 1 == most)
			listener_resume(d->listener);
}

static struct lb_talk_host host = { .ended = on_ended };

static void
on_accepted(struct listener *l, int fd, const struct address *from)
{
	struct door *d = listener_owner(l);

	if (lb_talk_begin(home, fd, d->conf, limit, &host) == NULL)
		return;
	total++;
	talks++;
	if (talks < most)
		return;
	for (d = doors; d != NULL; d = d->next)
		if (d->listener != NULL)
			listener_hold(d->listener);
}

static void
on_resting(struct listener *l, int code, int64_t until)
{
	char line[200];

	snprintf(line, sizeof line, "Proxy GLOBAL reached system FD limit "
	    "(%s); accepting again in a second.", strerror(code));
	lb_logs_say(LB_LOG_WARNING, line);
}

static const struct listener_handler handler = {
	.accepted = on_accepted, .resting = on_resting,
};

void
lb_console_take(int fd, enum lb_level level)
{
	static const struct lb_bind_conf doors_of[] = {
		{ .level = LB_LEVEL_USER }, { .level = LB_LEVEL_OPERATOR },
		{ .level = LB_LEVEL_ADMIN, .expose_fd = true },
	};
	static struct lb_talk_host masters;

	masters.run = host.run;
	lb_talk_begin(home, fd, &doors_of[level], 0, &masters);
}

/* ---- opening ----------------------------------------------------------- */

static bool
open_door(const struct lb_bind_conf *conf, uint16_t port, bool reuse)
{
	struct door *d = mem_need(sizeof *d), **at = &doors;
	struct why why = { "", "" };
	char line[800], name[ADDRESS_TEXT];
	struct address bound;

	while (*at != NULL)
		at = &(*at)->next;
	*at = d;
	d->conf = conf;
	d->inherited = conf->addr.kind == LB_ADDRESS_FD ||
	    conf->addr.kind == LB_ADDRESS_SOCKPAIR;
	d->fd = lb_door_spare(conf, port, &bound);
	if (d->fd < 0)
		d->fd = lb_doorway_bind(conf, port, reuse, &bound, &why);
	if (d->fd >= 0)
		return true;
	snprintf(line, sizeof line, "Binding [%s:%u] for proxy GLOBAL: %s for "
	    "[%s]", conf->place.file != NULL ? conf->place.file : "",
	    conf->place.line, why.line, lb_doorway_print(conf, port, name));
	lb_logs_say(LB_LOG_ALERT, line);
	return false;
}

unsigned
lb_console_open(const struct lb_global_conf *g)
{
	unsigned failed = 0;

	limit = g->stats_timeout;
	most = g->stats_maxconn > 0 ? (unsigned)g->stats_maxconn : 1;
	for (unsigned i = 0; i < g->sockets.count; i++) {
		const struct lb_bind_conf *b = g->sockets.at[i];

		for (unsigned port = b->addr.port_low;
		    port <= b->addr.port_high; port++)
			if (!open_door(b, (uint16_t)port, !g->noreuseport))
				failed++;
	}
	return failed;
}

int
lb_console_start(struct loop *loop,
    void (*run)(struct talk *, const struct command_line *), struct why *why)
{
	home = loop;
	host.run = run;
	for (struct door *d = doors; d != NULL; d = d->next) {
		if (lb_doorway_listen(d->fd, d->conf, d->conf->backlog > 0 ?
		    d->conf->backlog : BACKLOG, why) < 0)
			return -1;
		d->listener = listener_new(loop, d->fd, &handler, d);
		if (d->listener == NULL)
			return why_set(why, "out of memory");
	}
	return 0;
}

void
lb_console_stop(void)
{
	for (struct door *d = doors; d != NULL; d = d->next) {
		if (d->listener == NULL)
			continue;
		listener_free(&d->listener);
		d->fd = -1;
	}
}

void
lb_console_fini(void)
{
	struct door *d;

	lb_talk_end_all();
	while ((d = doors) != NULL) {
		doors = d->next;
		if (d->listener != NULL)
			listener_free(&d->listener);
		else if (d->fd >= 0)
			close(d->fd);
		mem_drop(d);
	}
}

/* ---- what is known of them --------------------------------------------- */

int
lb_console_fd(unsigned i, const struct lb_bind_conf **conf)
{
	struct door *d = doors;

	while (d != NULL && (d->fd < 0 || i-- > 0))
		d = d->next;
	if (d == NULL)
		return -1;
	*conf = d->conf;
	return d->fd;
}

unsigned
lb_console_talks(void)
{
	return talks;
}

uint64_t
lb_console_total(void)
{
	return total;
}
