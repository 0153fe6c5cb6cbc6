/* SPDX-License-Identifier: ISC */
/*
 * dns.c - a c-ares channel on a loop: its sockets are events, its time-outs
 * one timer. Destroyed only at the end of a turn, never inside a call of the
 * library. Versions before 1.23 have no locks: the thread of one loop.
 */
#include <sys/stat.h>

#include <netdb.h>
#include <pthread.h>

#include <ares.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "net/dns.h"
#include "net/timer.h"

enum { DNS_CLASS_IN = 1, DNS_TYPE_SOA = 6 };

struct watch {			/* a socket of the library's */
	struct watch *next;
	struct channel *channel;
	int fd;
	struct event ev;
};

struct channel {
	struct channel *next;
	struct dns *dns;
	ares_channel ares;
	unsigned queries;
	bool closed;
	struct timer timer;
	struct watch *watches;
};

struct file_mark {		/* tells one state of a file from another */
	struct timespec changed;
	ino_t inode;
	off_t size;
};

struct dns {
	struct loop *loop;
	char *resolv_conf;		/* NULL: the system's */
	uint16_t port;			/* 0: 53 */
	struct file_mark mark;
	struct channel *channels;	/* the first is the one in use */
};

struct query {
	struct channel *channel;
	void (*told)(void *, int, const struct address *, unsigned);
	void (*told_serial)(void *, int, uint32_t);
	void *arg;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void
begin_library(void)
{
	(void)ares_library_init(ARES_LIB_INIT_ALL);
}

/* ---- the channel on the loop */

/* After every call into the library. */
static void
set_timer(struct channel *ch)
{
	struct timeval tv;

	if (ch->closed)
		return;
	if (ares_timeout(ch->ares, NULL, &tv) == NULL)
		timer_stop(&ch->timer);
	else
		timer_after(&ch->timer,
		    tv.tv_sec * CLOCK_SECOND + tv.tv_usec);
}

static void
on_timeout(void *arg)
{
	struct channel *ch = arg;

	ares_process_fd(ch->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(ch);
}

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct channel *ch = ((struct watch *)arg)->channel;

	ares_process_fd(ch->ares, what & EV_READ ? fd : ARES_SOCKET_BAD,
	    what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	set_timer(ch);
}

static struct watch *
need_watch(struct channel *ch, int fd)
{
	struct watch *w = ch->watches;

	while (w != NULL && w->fd != fd)
		w = w->next;
	if (w != NULL)
		return w;
	w = mem_zero(sizeof *w);
	if (w == NULL)
		return NULL;	/* its time-out will end the question */
	w->channel = ch;
	w->fd = fd;
	w->next = ch->watches;
	ch->watches = w;
	return w;
}

/* Not freed at once: its own event may be what led here. */
static void
drop_watch(struct channel *ch, int fd)
{
	for (struct watch **at = &ch->watches; *at != NULL;
	    at = &(*at)->next) {
		struct watch *w = *at;

		if (w->fd != fd)
			continue;
		*at = w->next;
		event_del(&w->ev);
		loop_retire(ch->dns->loop, w, mem_drop);
		return;
	}
}

static void
on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *ch = arg;
	struct watch *w;

	if (!readable && !writable) {
		drop_watch(ch, fd);
		return;
	}
	w = need_watch(ch, fd);
	if (w == NULL)
		return;
	if (event_initialized(&w->ev))
		event_del(&w->ev);
	event_assign(&w->ev, loop_base(ch->dns->loop), fd,
	    (short)(EV_PERSIST | (readable ? EV_READ : 0) |
	    (writable ? EV_WRITE : 0)), on_socket, w);
	event_add(&w->ev, NULL);
}

static struct channel *
open_channel(struct dns *d, struct why *why)
{
	struct channel *ch = mem_zero(sizeof *ch);
	struct ares_options o = { 0 };
	int mask = ARES_OPT_SOCK_STATE_CB, code;

	if (ch == NULL) {
		why_set(why, "no memory for DNS");
		return NULL;
	}
	ch->dns = d;
	o.sock_state_cb = on_socket_state;
	o.sock_state_cb_data = ch;
	if (d->resolv_conf != NULL) {
		o.resolvconf_path = d->resolv_conf;
		mask |= ARES_OPT_RESOLVCONF;
	}
	if (d->port != 0) {
		o.udp_port = o.tcp_port = d->port;
		mask |= ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
	}
	code = ares_init_options(&ch->ares, &o, mask);
	if (code != ARES_SUCCESS) {
		why_set(why, "cannot start DNS: %s", ares_strerror(code));
		mem_drop(ch);
		return NULL;
	}
	timer_init(&ch->timer, d->loop, on_timeout, ch);
	return ch;
}

static void
bury_channel(void *arg)
{
	struct channel *ch = arg;

	timer_stop(&ch->timer);
	ares_destroy(ch->ares);
	mem_drop(ch);
}

static void
close_channel(struct channel *ch)
{
	ch->closed = true;
	loop_retire(ch->dns->loop, ch, bury_channel);
}

/* ---- questions */

/* A channel that was replaced goes with its last question. */
static void
end_query(struct query *q)
{
	struct channel *ch = q->channel;
	struct dns *d = ch->dns;

	mem_drop(q);
	if (--ch->queries > 0 || ch->closed || ch == d->channels)
		return;
	for (struct channel **at = &d->channels; *at != NULL;
	    at = &(*at)->next)
		if (*at == ch) {
			*at = ch->next;
			break;
		}
	close_channel(ch);
}

static unsigned
count_nodes(const struct ares_addrinfo *info)
{
	unsigned n = 0;

	if (info != NULL)
		for (const struct ares_addrinfo_node *at = info->nodes;
		    at != NULL; at = at->ai_next)
			n++;
	return n;
}

static unsigned
copy_nodes(const struct ares_addrinfo *info, struct address *to)
{
	unsigned n = 0;

	for (const struct ares_addrinfo_node *at = info->nodes; at != NULL;
	    at = at->ai_next) {
		if ((at->ai_family != AF_INET && at->ai_family != AF_INET6) ||
		    (size_t)at->ai_addrlen > sizeof to->un)
			continue;
		memset(&to[n], 0, sizeof to[n]);
		memcpy(&to[n].sa, at->ai_addr, (size_t)at->ai_addrlen);
		to[n].len = (socklen_t)at->ai_addrlen;
		address_set_port(&to[n], 0);
		n++;
	}
	return n;
}

static void
on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct query *q = arg;
	struct address *a = NULL;
	unsigned n = count_nodes(info);

	if (!q->channel->closed) {
		if (n > 0)
			a = mem_get(n * sizeof *a);
		if (n > 0 && a == NULL)
			status = ARES_ENOMEM;
		n = a == NULL ? 0 : copy_nodes(info, a);
		if (status == ARES_SUCCESS && n == 0)
			status = ARES_ENODATA;
		q->told(q->arg, status, a, n);
		mem_drop(a);
	}
	if (info != NULL)
		ares_freeaddrinfo(info);
	end_query(q);
}

static void
on_soa(void *arg, int status, int timeouts, unsigned char *answer, int len)
{
	struct query *q = arg;
	struct ares_soa_reply *soa = NULL;
	uint32_t serial = 0;

	if (status == ARES_SUCCESS)
		status = ares_parse_soa_reply(answer, len, &soa);
	if (status == ARES_SUCCESS)
		serial = soa->serial;
	if (soa != NULL)
		ares_free_data(soa);
	if (!q->channel->closed)
		q->told_serial(q->arg, status, serial);
	end_query(q);
}

static struct file_mark
mark_file(const char *path)
{
	struct file_mark m;
	struct stat s;

	memset(&m, 0, sizeof m);
	if (stat(path, &s) == 0) {
		m.changed = s.st_mtim;
		m.inode = s.st_ino;
		m.size = s.st_size;
	}
	return m;
}

static bool
is_same_mark(const struct file_mark *a, const struct file_mark *b)
{
	return a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec &&
	    a->inode == b->inode && a->size == b->size;
}

/* The channel for a new question: a fresh one when the file has changed. */
static struct channel *
current_channel(struct dns *d)
{
	struct file_mark mark = mark_file(d->resolv_conf == NULL ?
	    "/etc/resolv.conf" : d->resolv_conf);
	struct channel *old = d->channels, *ch;

	if (is_same_mark(&mark, &d->mark))
		return old;
	ch = open_channel(d, NULL);
	if (ch == NULL)
		return old;
	d->mark = mark;
	if (old->queries == 0) {
		ch->next = old->next;
		close_channel(old);
	} else
		ch->next = old;
	d->channels = ch;
	return ch;
}

static struct query *
begin_query(struct dns *d, void *arg)
{
	struct query *q = mem_zero(sizeof *q);

	if (q == NULL)
		return NULL;
	q->channel = current_channel(d);
	q->channel->queries++;
	q->arg = arg;
	return q;
}

void
dns_ask(struct dns *d, const char *name,
    void (*told)(void *, int, const struct address *, unsigned), void *arg)
{
	const struct ares_addrinfo_hints hints = { 0, AF_UNSPEC, SOCK_STREAM,
	    0 };
	struct query *q = begin_query(d, arg);
	struct channel *ch;

	if (q == NULL) {
		told(arg, ARES_ENOMEM, NULL, 0);
		return;
	}
	ch = q->channel;
	q->told = told;
	ares_getaddrinfo(ch->ares, name, NULL, &hints, on_addresses, q);
	set_timer(ch);
}

void
dns_ask_serial(struct dns *d, const char *zone,
    void (*told)(void *, int, uint32_t), void *arg)
{
	struct query *q = begin_query(d, arg);
	struct channel *ch;

	if (q == NULL) {
		told(arg, ARES_ENOMEM, 0);
		return;
	}
	ch = q->channel;
	q->told_serial = told;
	ares_query(ch->ares, zone, DNS_CLASS_IN, DNS_TYPE_SOA, on_soa, q);
	set_timer(ch);
}

unsigned
dns_asking(const struct dns *d)
{
	unsigned n = 0;

	for (const struct channel *ch = d->channels; ch != NULL; ch = ch->next)
		n += ch->queries;
	return n;
}

/* ---- open and close */

struct dns *
dns_open(struct loop *l, const char *resolv_conf, uint16_t port,
    struct why *why)
{
	struct dns *d = mem_zero(sizeof *d);

	pthread_once(&library_once, begin_library);
	if (d == NULL) {
		why_set(why, "no memory for DNS");
		return NULL;
	}
	d->loop = l;
	d->port = port;
	if (resolv_conf != NULL && *resolv_conf != '\0')
		d->resolv_conf = mem_copy(text_of(resolv_conf));
	d->mark = mark_file(d->resolv_conf == NULL ? "/etc/resolv.conf" :
	    d->resolv_conf);
	d->channels = open_channel(d, why);
	if (d->channels == NULL) {
		mem_drop(d->resolv_conf);
		mem_drop(d);
		return NULL;
	}
	return d;
}

void
dns_use(struct dns *d, const char *resolv_conf)
{
	struct text path = text_of(resolv_conf);

	mem_drop(d->resolv_conf);
	d->resolv_conf = path.len == 0 ? NULL : mem_copy(path);
	d->mark.size = -1;		/* like no file: noticed */
}

static void
bury_dns(void *arg)
{
	struct dns *d = arg;

	mem_drop(d->resolv_conf);
	mem_drop(d);
}

void
dns_close(struct dns **dp)
{
	struct dns *d = *dp;

	*dp = NULL;
	if (d == NULL)
		return;
	while (d->channels != NULL) {
		struct channel *ch = d->channels;

		d->channels = ch->next;
		close_channel(ch);
	}
	loop_retire(d->loop, d, bury_dns);
}
