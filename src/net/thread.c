/* SPDX-License-Identifier: ISC */
/*
 * thread.c - the threads of loops 1..n-1, and side threads that live while
 * there is blocking work. thread_start, thread_stop: loop 0's thread.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "net/thread.h"

enum { MOST_SIDE = 8, MOST_WAITING = 1024 };

struct start {			/* one new thread tells how it went */
	pthread_mutex_t lock;
	pthread_cond_t told;
	void (*setup)(struct loop *);
	struct loop *loop;
	bool done;
	struct why why;
};

static pthread_t *threads;
static struct loop **thread_loops;
static unsigned running;

static void *
live(void *arg)
{
	struct start *s = arg;
	struct loop *l = loop_new(&s->why);
	char name[16];

	if (l != NULL) {
		snprintf(name, sizeof name, "loop-%u", loop_number(l));
		pthread_setname_np(pthread_self(), name);
		if (s->setup != NULL)
			s->setup(l);
	}
	pthread_mutex_lock(&s->lock);
	s->loop = l;
	s->done = true;
	pthread_cond_signal(&s->told);
	pthread_mutex_unlock(&s->lock);
	/* s is gone from here on */
	if (l != NULL) {
		loop_run(l);
		loop_free(&l);
	}
	return NULL;
}

/* Signals are for loop 0; a new thread inherits the mask. */
static int
create_quiet(pthread_t *t, void *(*run)(void *), void *arg)
{
	sigset_t all, old;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	code = pthread_create(t, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return code;
}

static int
start_one(void (*setup)(struct loop *), struct why *why)
{
	struct start s = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
	    setup, NULL, false, { "", "" } };
	int code = create_quiet(&threads[running], live, &s);

	if (code != 0)
		return why_set(why, "cannot start a thread: %s",
		    strerror(code));
	pthread_mutex_lock(&s.lock);
	while (!s.done)
		pthread_cond_wait(&s.told, &s.lock);
	pthread_mutex_unlock(&s.lock);
	if (s.loop == NULL) {
		pthread_join(threads[running], NULL);
		return why_set(why, "%s", s.why.line);
	}
	thread_loops[running++] = s.loop;
	return 0;
}

int
thread_start(unsigned n, void (*setup)(struct loop *), struct why *why)
{
	struct loop *first = loop_new(why);

	if (first == NULL)
		return -1;
	if (setup != NULL)
		setup(first);
	threads = mem_zero(n * sizeof *threads);
	thread_loops = mem_zero(n * sizeof *thread_loops);
	if (threads == NULL || thread_loops == NULL) {
		why_set(why, "no memory for threads");
		goto fail;
	}
	for (unsigned i = 1; i < n; i++)
		if (start_one(setup, why) < 0)
			goto fail;
	return 0;
fail:
	thread_stop();
	loop_free(&first);
	return -1;
}

static void
stop_here(void *arg)
{
	loop_stop(loop_here());
}

void
thread_stop(void)
{
	for (unsigned i = 0; i < running; i++)
		loop_post(thread_loops[i], stop_here, NULL);
	for (unsigned i = 0; i < running; i++)
		pthread_join(threads[i], NULL);
	running = 0;
	mem_drop(threads);
	mem_drop(thread_loops);
	threads = NULL;
	thread_loops = NULL;
}

struct errand {
	struct errand *next;
	struct loop *home;
	void (*work)(void *), (*done)(void *);
	void *arg;
};

static struct {
	pthread_mutex_t lock;
	struct errand *first, *last;
	unsigned threads, waiting;
} side = { PTHREAD_MUTEX_INITIALIZER, NULL, NULL, 0, 0 };

static struct errand *
take_errand(void)
{
	struct errand *e;

	pthread_mutex_lock(&side.lock);
	e = side.first;
	if (e != NULL) {
		side.first = e->next;
		side.waiting--;
	} else
		side.threads--;
	pthread_mutex_unlock(&side.lock);
	return e;
}

static void *
work_aside(void *arg)
{
	struct errand *e;

	while ((e = take_errand()) != NULL) {
		e->work(e->arg);
		/* The loop may have ended meanwhile: then nobody waits. */
		loop_offer(e->home, e->done, e->arg);
		mem_drop(e);
	}
	return NULL;
}

static bool
need_thread(void)
{
	pthread_t t;

	if (side.threads == MOST_SIDE)
		return true;
	if (create_quiet(&t, work_aside, NULL) != 0)
		return side.threads > 0;
	pthread_detach(t);
	side.threads++;
	return true;
}

int
thread_side(struct loop *home, void (*work)(void *), void (*done)(void *),
    void *arg)
{
	struct errand *e = mem_get(sizeof *e);
	int outcome = -1;

	if (e == NULL)
		return -1;
	*e = (struct errand){ NULL, home, work, done, arg };
	pthread_mutex_lock(&side.lock);
	/* A new thread finds the errand: it asks for the lock first. */
	if (side.waiting < MOST_WAITING && need_thread()) {
		if (side.first == NULL)
			side.first = e;
		else
			side.last->next = e;
		side.last = e;
		side.waiting++;
		outcome = 0;
	}
	pthread_mutex_unlock(&side.lock);
	if (outcome < 0)
		mem_drop(e);
	return outcome;
}
