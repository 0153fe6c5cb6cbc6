/* SPDX-License-Identifier: ISC */
/* farewell.c - all loops are emptied before they end. Loop 0. */
#include "base/clock.h"
#include "base/log.h"
#include "net/timer.h"
#include "net/tour.h"
#include "pooler/farewell.h"
#include "pooler/pool.h"
#include "pooler/setup.h"

enum {
	PERIOD = 2000,			/* us from one look to the next */
	LIMIT = 5 * CLOCK_SECOND
};

static struct {
	int code;
	void (*over)(int code);
	int64_t began;			/* 0: not yet */
	struct timer next;
} farewell;

static void look(void *);

static void
visit(struct loop *loop, void *arg)
{
	pl_setup_end();
}

static void
on_round(void *arg)
{
	timer_after(&farewell.next, PERIOD);
}

/* Again and again: who was on its way has arrived by the next round. */
static void
look(void *arg)
{
	bool late = clock_now() - farewell.began > LIMIT;

	if (late)
		log_error("not all connections could be closed in order");
	if (late || (pl_client_count() == 0 && pl_server_count() == 0))
		farewell.over(farewell.code);
	else
		tour_run(loop_here(), visit, on_round, NULL);
}

/* Nothing is opened any more. */
static void
set_leaving(void *arg)
{
	pl_leaving = PL_WAIT_SERVERS;
}

void
pl_farewell_begin(int code, void (*over)(int code))
{
	if (farewell.began != 0)
		return;
	if (pl_pools_loops == 1 || loop_here() == NULL) {
		over(code);
		return;
	}
	farewell.code = code;
	farewell.over = over;
	farewell.began = clock_now();
	if (tour_still(loop_here(), set_leaving, NULL) < 0)
		log_error("a loop does not turn, and the process ends");
	timer_init(&farewell.next, loop_here(), look, NULL);
	look(NULL);
}

void
pl_farewell_stop(void)
{
	if (farewell.began != 0)
		timer_stop(&farewell.next);
}
