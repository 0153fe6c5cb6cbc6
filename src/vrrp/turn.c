/* SPDX-License-Identifier: ISC */
/*
 * turn.c - descriptors and timers on one ppoll. There are few of either (a
 * socket per interface, some hundred timers), so plain arrays and lists do.
 * One per process; no threads.
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "vrrp/turn.h"

struct watch {
	void (*ready)(void *arg);
	void *arg;
};

static struct {
	struct pollfd *fds;
	struct watch *watches;
	unsigned count, room;
	struct vr_turn_timer *timers;
	int64_t now;
	void (*before)(void), (*after)(void);
	int64_t spell, breathed;	/* when that was last asked for */
	long sleeps;			/* that it had made then */
	bool over;
	int code;
} turn;

void
vr_turn_init(void)
{
	turn.count = 0;
	turn.timers = NULL;
	turn.before = turn.after = NULL;
	turn.over = false;
	turn.spell = 0;
	turn.now = clock_now();
	prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
}

int64_t
vr_turn_now(void)
{
	return turn.now;
}

static void
make_room(void)
{
	unsigned room = turn.room == 0 ? 16 : turn.room * 2;
	struct pollfd *fds = mem_grow(turn.fds, room * sizeof *fds);
	struct watch *watches;

	NEED(fds != NULL);
	turn.fds = fds;
	watches = mem_grow(turn.watches, room * sizeof *watches);
	NEED(watches != NULL);
	turn.watches = watches;
	turn.room = room;
}

/* A place that was freed is -1, which poll passes over. */
static unsigned
find_place(int fd)
{
	unsigned i;

	for (i = 0; i < turn.count && turn.fds[i].fd != fd; i++)
		;
	return i;
}

void
vr_turn_watch(int fd, void (*ready)(void *arg), void *arg)
{
	unsigned i = find_place(fd);

	if (ready == NULL) {
		if (i < turn.count)
			turn.fds[i].fd = -1;
		return;
	}
	if (i == turn.count)
		i = find_place(-1);
	if (i == turn.room)
		make_room();
	if (i == turn.count)
		turn.count++;
	turn.fds[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	turn.watches[i] = (struct watch){ ready, arg };
}

void
vr_turn_at(struct vr_turn_timer *t, int64_t when)
{
	if (!t->known) {
		t->known = true;
		t->next = turn.timers;
		turn.timers = t;
	}
	t->at = when;
}

void
vr_turn_stop(struct vr_turn_timer *t)
{
	t->at = 0;
}

void
vr_turn_forget(struct vr_turn_timer *t)
{
	struct vr_turn_timer **at;

	for (at = &turn.timers; *at != NULL; at = &(*at)->next)
		if (*at == t) {
			*at = t->next;
			break;
		}
	*t = (struct vr_turn_timer){ .fire = t->fire, .arg = t->arg };
}

void
vr_turn_before(void (*before)(void))
{
	turn.before = before;
}

void
vr_turn_after(void (*after)(void))
{
	turn.after = after;
}

/* A timer may end any other, so the list is walked from its head again. */
static void
fire_timers(void)
{
	struct vr_turn_timer *t;

	do {
		for (t = turn.timers; t != NULL && (t->at == 0 ||
		    t->at > turn.now); t = t->next)
			;
		if (t != NULL) {
			t->at = 0;
			t->fire(t->arg);
		}
	} while (t != NULL && !turn.over);
}

static int64_t
earliest(void)
{
	int64_t at = 0;

	for (const struct vr_turn_timer *t = turn.timers; t != NULL;
	    t = t->next)
		if (t->at != 0 && (at == 0 || t->at < at))
			at = t->at;
	return at;
}

static int
sleep_until(int64_t at)
{
	int64_t left = at == 0 ? 0 : at - clock_now();
	struct timespec limit;

	if (at == 0)
		return ppoll(turn.fds, turn.count, NULL, NULL);
	if (left < 0)
		left = 0;
	limit.tv_sec = (time_t)(left / CLOCK_SECOND);
	limit.tv_nsec = (long)(left % CLOCK_SECOND * 1000);
	return ppoll(turn.fds, turn.count, &limit, NULL);
}

void
vr_turn_spell(int64_t spell)
{
	turn.spell = spell;
}

/* A switch that it made itself was a sleep; a ppoll that had something ready
 * is none. */
void
vr_turn_breathe(void)
{
	static const struct timespec nap = { .tv_nsec = 50 * 1000 };
	int64_t now = turn.spell == 0 ? 0 : clock_now();
	struct rusage used;

	if (turn.spell == 0 || now - turn.breathed < turn.spell)
		return;
	getrusage(RUSAGE_SELF, &used);
	if (used.ru_nvcsw == turn.sleeps) {
		nanosleep(&nap, NULL);
		used.ru_nvcsw++;
	}
	turn.sleeps = used.ru_nvcsw;
	turn.breathed = now;
}

int
vr_turn_run(void)
{
	while (!turn.over) {
		int n;

		if (turn.after != NULL)
			turn.after();
		if (turn.over)
			break;
		vr_turn_breathe();
		n = sleep_until(earliest());
		if (n < 0 && errno != EINTR)
			die("ppoll: errno %d", errno);
		turn.now = clock_now();
		if (turn.before != NULL)
			turn.before();
		fire_timers();
		for (unsigned i = 0; n > 0 && i < turn.count && !turn.over; i++)
			if (turn.fds[i].fd >= 0 && turn.fds[i].revents != 0) {
				turn.fds[i].revents = 0;
				turn.watches[i].ready(turn.watches[i].arg);
			}
	}
	return turn.code;
}

void
vr_turn_end(int code)
{
	turn.over = true;
	turn.code = code;
}
