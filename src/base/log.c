/* SPDX-License-Identifier: ISC */
/*
 * log.c - the ring of log lines and the thread that empties it. A line is
 * formed by its caller, copied into the ring under a short lock and written
 * by the writer, who alone touches the outlet while he runs. Any thread.
 */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outlet.h"

enum {
	RING = 256 * 1024,
	LINE_MOST = 4096,		/* what is longer is cut */
	REST_WAIT = 1,			/* s a writer lives on without lines */
	STOP_WAIT = 2			/* s for the last lines */
};

struct record {			/* in the ring, its bytes behind it */
	uint16_t len, head;
	uint16_t level;
};

struct line {
	struct record r;
	char at[LINE_MOST];
};

static const struct { const char *name; int priority; } levels[] = {
	[LOG_LEVEL_FATAL] = { "FATAL", LOG_CRIT },
	[LOG_LEVEL_ERROR] = { "ERROR", LOG_ERR },
	[LOG_LEVEL_WARNING] = { "WARNING", LOG_WARNING },
	[LOG_LEVEL_LOG] = { "LOG", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "DEBUG", LOG_DEBUG },
	[LOG_LEVEL_NOISE] = { "NOISE", LOG_DEBUG },
};

atomic_int log_verbose;

/* All below is under the lock, but for what the writer has taken out. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static pthread_cond_t over = PTHREAD_COND_INITIALIZER;
static enum { DIRECT, RUNNING, STOPPING, STOPPED, STUCK } state;
static bool writing;		/* there is a writer */
static struct outlet *outlet;	/* in force; the writer's while there is one */
static struct outlet *next;	/* what replaces it; he takes it */
static char *ring;
static size_t ring_at, ring_used;
static unsigned long dropped;	/* since it was last told */
static unsigned long dropped_all;

/* ---- a line */

/* "2026-11-21 20:06:47.742 UTC"; the part before the dot is kept a second. */
static size_t
put_stamp(char *at, size_t size)
{
	static _Thread_local time_t known;
	static _Thread_local char stamp[32], zone[16];
	int64_t wall = clock_wall();
	time_t second = (time_t)(wall / CLOCK_SECOND);
	struct tm tm;

	if (second != known) {
		localtime_r(&second, &tm);
		strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm);
		strftime(zone, sizeof zone, "%Z", &tm);
		known = second;
	}
	return (size_t)snprintf(at, size, "%s.%03d %s", stamp,
	    (int)(wall / CLOCK_MS % 1000), zone);
}

/* Lines behind the first are set off by a tab. */
static size_t
put_message(char *at, size_t size, const char *text)
{
	size_t len = 0;

	for (; *text != '\0' && len + 2 < size; text++) {
		at[len++] = *text;
		if (*text == '\n')
			at[len++] = '\t';
	}
	return len;
}

static void __attribute__((format(printf, 4, 0)))
form_line(struct line *l, enum log_level level, const char *prefix,
    const char *fmt, va_list ap)
{
	char text[LINE_MOST - 256];
	size_t len, head;

	head = put_stamp(l->at, sizeof l->at);
	head += (size_t)snprintf(l->at + head, sizeof l->at - head,
	    " [%d] %s ", (int)getpid(), levels[level].name);
	vsnprintf(text, sizeof text, fmt, ap);
	len = head;
	len += put_message(l->at + len, sizeof l->at - len - 1, prefix);
	len += put_message(l->at + len, sizeof l->at - len - 1, text);
	l->at[len++] = '\n';
	l->r = (struct record){ (uint16_t)len, (uint16_t)head,
	    (uint16_t)level };
}

static void
write_line(struct outlet *o, const struct line *l)
{
	outlet_put(o, &(struct outlet_line){ l->at, l->r.len, l->r.head,
	    levels[l->r.level].priority });
}

static void __attribute__((format(printf, 2, 3)))
write_own(struct outlet *o, const char *fmt, ...)
{
	struct line l;
	va_list ap;

	va_start(ap, fmt);
	form_line(&l, LOG_LEVEL_WARNING, "", fmt, ap);
	va_end(ap);
	write_line(o, &l);
}

/* ---- the ring */

static void
ring_copy_in(size_t at, const void *from, size_t len)
{
	size_t first;

	at %= RING;
	first = len < RING - at ? len : RING - at;
	memcpy(ring + at, from, first);
	memcpy(ring, (const char *)from + first, len - first);
}

static void
ring_copy_out(void *to, size_t len)
{
	size_t first = len < RING - ring_at ? len : RING - ring_at;

	memcpy(to, ring + ring_at, first);
	memcpy((char *)to + first, ring, len - first);
	ring_at = (ring_at + len) % RING;
	ring_used -= len;
}

static void
drop_oldest(void)
{
	struct record r;

	ring_copy_out(&r, sizeof r);
	ring_at = (ring_at + r.len) % RING;
	ring_used -= r.len;
	dropped++;
	dropped_all++;
}

static void start_writer(void);

static void
push(const struct line *l)
{
	while (RING - ring_used < sizeof l->r + l->r.len)
		drop_oldest();
	ring_copy_in(ring_at + ring_used, &l->r, sizeof l->r);
	ring_copy_in(ring_at + ring_used + sizeof l->r, l->at, l->r.len);
	ring_used += sizeof l->r + l->r.len;
	if (writing)
		pthread_cond_signal(&work);
	else
		start_writer();
}

static void
pop(struct line *l)
{
	ring_copy_out(&l->r, sizeof l->r);
	ring_copy_out(l->at, l->r.len);
}

/* ---- the writer */

static void
take_next(void)
{
	if (next == NULL)
		return;
	outlet_free(&outlet);
	outlet = next;
	next = NULL;
}

/* False: nothing came for a while. */
static bool
wait_for_work(void)
{
	struct timespec until;
	int code = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += REST_WAIT;
	while (ring_used == 0 && next == NULL && state == RUNNING && code == 0)
		code = pthread_cond_timedwait(&work, &lock, &until);
	return code == 0;
}

/*
 * A writer lives while there are lines, and a moment longer: a process of
 * one thread pays less for each call that names a descriptor.
 */
static void *
write_lines(void *arg)
{
	unsigned long missing;
	struct line l;

	pthread_mutex_lock(&lock);
	for (;;) {
		bool rested = !wait_for_work();

		take_next();
		if (ring_used == 0) {
			if (rested || state != RUNNING)
				break;
			continue;
		}
		pop(&l);
		missing = dropped;
		dropped = 0;
		pthread_mutex_unlock(&lock);
		if (missing > 0)
			write_own(outlet, "the output was too slow, "
			    "%lu log lines are missing here", missing);
		write_line(outlet, &l);
		pthread_mutex_lock(&lock);
	}
	writing = false;
	pthread_cond_signal(&over);
	pthread_mutex_unlock(&lock);
	return arg;
}

/* He takes no signal: those are for the first loop. Without one, lines wait. */
static void
start_writer(void)
{
	sigset_t all, old;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&thread, NULL, write_lines, NULL) == 0) {
		pthread_detach(thread);
		writing = true;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* ---- what everybody calls */

static void
tell_death(const char *text)
{
	log_fatal("%s", text);
	log_stop();
}

int
log_open(const struct log_target *t, struct why *why)
{
	struct outlet *o = outlet_new(&(struct outlet_plan){
	    .to_stderr = t->to_stderr, .file = t->file,
	    .to_syslog = t->to_syslog, .syslog_ident = t->syslog_ident,
	    .syslog_facility = t->syslog_facility }, why);

	if (o == NULL)
		return -1;
	die_set_teller(tell_death);
	pthread_mutex_lock(&lock);
	log_verbose = t->verbose;
	outlet_free(&next);
	next = o;
	if (writing && state != STUCK)
		pthread_cond_signal(&work);
	else if (state != STUCK)
		take_next();
	pthread_mutex_unlock(&lock);
	return 0;
}

void
log_refused(const struct why *why)
{
	char stamp[64];

	put_stamp(stamp, sizeof stamp);
	fprintf(stderr, "%s %d FATAL %s\n", stamp, (int)getpid(), why->line);
}

/* Without a log_open() before, lines go to standard error. */
static void
need_outlet(void)
{
	if (outlet == NULL)
		outlet = outlet_new(&(struct outlet_plan){
		    .to_stderr = true }, NULL);
	NEED(outlet != NULL);
}

void
log_start(void)
{
	pthread_mutex_lock(&lock);
	if (state == DIRECT || state == STOPPED) {
		need_outlet();
		if (ring == NULL)
			ring = mem_need(RING);
		state = RUNNING;
	}
	pthread_mutex_unlock(&lock);
}

/* A writer who hangs in a blocked output is left behind. */
void
log_stop(void)
{
	struct timespec until;

	pthread_mutex_lock(&lock);
	if (state != RUNNING) {
		pthread_mutex_unlock(&lock);
		return;
	}
	state = STOPPING;
	pthread_cond_signal(&work);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_WAIT;
	if (!writing && ring_used > 0)
		start_writer();
	while (writing && pthread_cond_timedwait(&over, &lock, &until) == 0)
		;
	state = writing ? STUCK : STOPPED;
	pthread_mutex_unlock(&lock);
}

void
log_line(enum log_level level, const char *prefix, const char *fmt, ...)
{
	struct line l;
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	form_line(&l, level, prefix, fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&lock);
	if (state == RUNNING || state == STOPPING)
		push(&l);
	else if (state != STUCK) {
		need_outlet();
		write_line(outlet, &l);
	}
	pthread_mutex_unlock(&lock);
}

unsigned long
log_lost(void)
{
	unsigned long lost;

	pthread_mutex_lock(&lock);
	lost = dropped_all + outlet_lost();
	pthread_mutex_unlock(&lock);
	return lost;
}
