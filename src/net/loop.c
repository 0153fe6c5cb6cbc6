/* SPDX-License-Identifier: ISC */
/*
 * loop.c - turns: events, then jobs, then housekeeping, then burials. The
 * register of loops and each mailbox are the only things other threads touch.
 */
#include <sys/eventfd.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/engine.h"
#include "net/loop.h"

enum { MOST_LOOPS = 256 };

struct letter {
	struct letter *next;
	void (*call)(void *);
	void *arg;
};

struct dead {
	void *dead;
	void (*bury)(void *);
};

struct loop {
	struct event_base *base;
	unsigned number;
	bool stopped;
	const struct engine *engine;
	void *engine_part;
	struct stock *stock;
	struct loop_job *jobs, *last_job;	/* of this turn */
	struct loop_job *batch;			/* those being run */
	struct dead *dead;
	unsigned dead_count, dead_room;
	void (*after)(void *);
	void *after_arg;
	void *part;
	void (*end_part)(void *);
	struct event mail;
	int mail_fd;
	pthread_mutex_t lock;			/* of the mailbox */
	struct letter *letters, *last_letter;
};

static pthread_mutex_t register_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct loop *) loops[MOST_LOOPS];
static atomic_uint loops_made;

_Thread_local struct loop *loop_mine;
_Thread_local int64_t loop_turn;

/* Best first. */
static const struct engine *const engines[] = {
#ifdef HAVE_URING
	&engine_uring,
#endif
	&engine_event
};
enum { ENGINES = sizeof engines / sizeof engines[0] };

static const char *engine_name = "auto";
static atomic_flag fallback_told = ATOMIC_FLAG_INIT;

void
loop_set_engine(const char *name)
{
	engine_name = name;
}

static bool
open_engine(struct loop *l, unsigned i, struct why *why)
{
	l->engine_part = engines[i]->open(l, why);
	if (l->engine_part != NULL)
		l->engine = engines[i];
	return l->engine_part != NULL;
}

static int
open_named(struct loop *l, struct text name, struct why *why)
{
	struct why reason = { "not built in", "" };

	for (unsigned i = 0; i < ENGINES; i++)
		if (text_is(name, engines[i]->name) &&
		    open_engine(l, i, &reason))
			return 0;
	return why_set(why, "engine \"%.*s\" is not available: %s",
	    (int)name.len, name.at, reason.line);
}

static int
open_best(struct loop *l, struct why *why)
{
	struct why reason;

	for (unsigned i = 0; i < ENGINES; i++) {
		if (open_engine(l, i, &reason))
			return 0;
		if (!atomic_flag_test_and_set(&fallback_told))
			log_info("engine \"%s\" is not used: %s",
			    engines[i]->name, reason.line);
	}
	return why_set(why, "no engine works: %s", reason.line);
}

static int
choose_engine(struct loop *l, struct why *why)
{
	const char *forced = getenv("WEIR_ENGINE");
	struct text name = text_of(forced != NULL && *forced != '\0' ?
	    forced : engine_name);

	return text_is(name, "auto") ? open_best(l, why) :
	    open_named(l, name, why);
}

static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
	    EVENT_BASE_FLAG_IGNORE_ENV) == 0 &&
	    event_config_require_features(config,
	    EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

/* Swaps the whole list out: one lock per wake-up, none per message. */
static void
on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	struct letter *letter, *next;

	pthread_mutex_lock(&l->lock);
	letter = l->letters;
	l->letters = l->last_letter = NULL;
	pthread_mutex_unlock(&l->lock);
	for (; letter != NULL; letter = next) {
		next = letter->next;
		letter->call(letter->arg);
		mem_drop(letter);
	}
}

static int
enter_register(struct loop *l)
{
	int outcome = -1;

	pthread_mutex_lock(&register_lock);
	for (unsigned i = 0; i < MOST_LOOPS; i++)
		if (atomic_load(&loops[i]) == NULL) {
			l->number = i;
			atomic_store(&loops[i], l);
			atomic_fetch_add(&loops_made, 1);
			outcome = 0;
			break;
		}
	pthread_mutex_unlock(&register_lock);
	return outcome;
}

struct loop *
loop_new(struct why *why)
{
	struct loop *l = mem_zero(sizeof *l);

	NEED(loop_mine == NULL);
	if (l == NULL) {
		why_set(why, "no memory for a loop");
		return NULL;
	}
	l->mail_fd = -1;
	pthread_mutex_init(&l->lock, NULL);
	loop_mine = l;
	l->stock = stock_new();
	l->base = make_base();
	l->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->base == NULL || l->mail_fd < 0) {
		why_errno(why, "cannot make an event loop");
		goto fail;
	}
	if (choose_engine(l, why) < 0)
		goto fail;
	/* Edge-triggered: each write is an edge, so nobody needs to read. */
	event_assign(&l->mail, l->base, l->mail_fd,
	    EV_READ | EV_PERSIST | EV_ET, on_mail, l);
	if (event_add(&l->mail, NULL) < 0 || enter_register(l) < 0) {
		why_set(why, "cannot make an event loop");
		goto fail;
	}
	return l;
fail:
	loop_free(&l);
	return NULL;
}

static void
leave_register(struct loop *l)
{
	pthread_mutex_lock(&register_lock);
	if (atomic_load(&loops[l->number]) == l) {
		atomic_store(&loops[l->number], NULL);
		atomic_fetch_sub(&loops_made, 1);
	}
	pthread_mutex_unlock(&register_lock);
}

static void
bury_dead(struct loop *l)
{
	/* A burial may retire more, and the array may move by that. */
	for (unsigned i = 0; i < l->dead_count; i++) {
		struct dead d = l->dead[i];

		d.bury(d.dead);
	}
	l->dead_count = 0;
}

void
loop_free(struct loop **lp)
{
	struct loop *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	NEED(loop_mine == l);
	leave_register(l);
	bury_dead(l);
	if (l->end_part != NULL)
		l->end_part(l->part);
	bury_dead(l);
	if (l->engine != NULL)
		l->engine->close(l->engine_part);
	if (l->mail_fd >= 0) {
		if (event_initialized(&l->mail))
			event_del(&l->mail);
		close(l->mail_fd);
	}
	for (struct letter *next; l->letters != NULL; l->letters = next) {
		next = l->letters->next;
		mem_drop(l->letters);
	}
	if (l->base != NULL)
		event_base_free(l->base);
	stock_free(&l->stock);
	pthread_mutex_destroy(&l->lock);
	mem_drop(l->dead);
	mem_drop(l);
	loop_mine = NULL;
}

static void
run_jobs(struct loop *l)
{
	/* What is added meanwhile runs after the next look at the events. */
	l->batch = l->jobs;
	l->jobs = l->last_job = NULL;
	while (l->batch != NULL) {
		struct loop_job *job = l->batch;

		l->batch = job->next;
		job->queued = 0;
		job->run(job);
	}
}

static void
end_turn(struct loop *l)
{
	run_jobs(l);
	if (l->after != NULL)
		l->after(l->after_arg);
	l->engine->flush(l->engine_part);
	bury_dead(l);
	loop_turn = 0;
}

void
loop_run(struct loop *l)
{
	NEED(loop_mine == l);
	loop_turn = 0;
	l->engine->flush(l->engine_part);	/* of what came before */
	while (!l->stopped) {
		event_base_loop(l->base, EVLOOP_ONCE |
		    EVLOOP_NO_EXIT_ON_EMPTY |
		    (l->jobs != NULL ? EVLOOP_NONBLOCK : 0));
		end_turn(l);
	}
	l->stopped = false;
}

void
loop_stop(struct loop *l)
{
	NEED(loop_mine == l);
	l->stopped = true;
}

unsigned
loop_number(const struct loop *l)
{
	return l->number;
}

unsigned
loop_count(void)
{
	return atomic_load(&loops_made);
}

struct loop *
loop_at(unsigned number)
{
	return number < MOST_LOOPS ? atomic_load(&loops[number]) : NULL;
}

int64_t
loop_read_clock(void)
{
	return loop_turn = clock_now();
}

struct stock *
loop_stock(struct loop *l)
{
	return l->stock;
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

const char *
loop_engine(const struct loop *l)
{
	return l->engine->name;
}

const struct engine *
loop_driver(const struct loop *l)
{
	return l->engine;
}

void *
loop_driver_part(const struct loop *l)
{
	return l->engine_part;
}

void
loop_post(struct loop *to, void (*call)(void *), void *arg)
{
	struct letter *letter = mem_get(sizeof *letter);
	const uint64_t one = 1;
	bool was_empty;

	if (letter == NULL)
		die("out of memory for a message");
	*letter = (struct letter){ NULL, call, arg };
	pthread_mutex_lock(&to->lock);
	was_empty = to->letters == NULL;
	if (was_empty)
		to->letters = letter;
	else
		to->last_letter->next = letter;
	to->last_letter = letter;
	/* Written under the lock: else the loop could end in between. */
	if (was_empty)
		while (write(to->mail_fd, &one, sizeof one) < 0 &&
		    errno == EINTR)
			continue;
	pthread_mutex_unlock(&to->lock);
}

bool
loop_offer(struct loop *to, void (*call)(void *), void *arg)
{
	bool alive = false;

	pthread_mutex_lock(&register_lock);
	for (unsigned i = 0; i < MOST_LOOPS && !alive; i++)
		alive = atomic_load(&loops[i]) == to;
	if (alive)
		loop_post(to, call, arg);
	pthread_mutex_unlock(&register_lock);
	return alive;
}

void
loop_soon(struct loop *l, struct loop_job *job)
{
	if (job->queued)
		return;
	job->queued = 1;
	job->next = NULL;
	if (l->jobs == NULL)
		l->jobs = job;
	else
		l->last_job->next = job;
	l->last_job = job;
}

static bool
drop_job(struct loop_job **list, struct loop_job **last, struct loop_job *job)
{
	struct loop_job *before = NULL;

	for (struct loop_job **at = list; *at != NULL; at = &(*at)->next) {
		if (*at == job) {
			*at = job->next;
			if (last != NULL && *last == job)
				*last = before;
			job->queued = 0;
			return true;
		}
		before = *at;
	}
	return false;
}

void
loop_soon_cancel(struct loop *l, struct loop_job *job)
{
	if (job->queued && !drop_job(&l->jobs, &l->last_job, job))
		drop_job(&l->batch, NULL, job);
}

void
loop_retire(struct loop *l, void *dead, void (*bury)(void *))
{
	if (l->dead_count == l->dead_room) {
		unsigned room = l->dead_room == 0 ? 64 : l->dead_room * 2;
		struct dead *grown = mem_grow(l->dead, room * sizeof *grown);

		/* No memory: it stays unburied, which harms nobody. */
		if (grown == NULL)
			return;
		l->dead = grown;
		l->dead_room = room;
	}
	l->dead[l->dead_count++] = (struct dead){ dead, bury };
}

void
loop_set_after(struct loop *l, void (*after)(void *), void *arg)
{
	l->after = after;
	l->after_arg = arg;
}

void *
loop_part(const struct loop *l)
{
	return l->part;
}

void
loop_set_part(struct loop *l, void *part, void (*end)(void *))
{
	l->part = part;
	l->end_part = end;
}
