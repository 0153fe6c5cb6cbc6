/* SPDX-License-Identifier: ISC */
/*
 * guard.c - waits for the parent's death. What it must know of the time after
 * its fork it reads on the board: who is master, which addresses are held,
 * which child lives. Its own process, one thread.
 */
#include <sys/syscall.h>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "vrrp/guard.h"
#include "vrrp/host.h"
#include "vrrp/say.h"

enum { CHILD_WAIT = 500 };		/* ms until a killed one is gone */

static int
open_process(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* No advert of it may follow our good-bye. */
static void
end_child(pid_t pid)
{
	struct pollfd p = { .fd = pid > 0 ? open_process(pid) : -1,
	    .events = POLLIN };

	if (p.fd < 0)
		return;
	kill(pid, SIGKILL);
	poll(&p, 1, CHILD_WAIT);
	close(p.fd);
}

_Noreturn void
vr_guard_run(struct vr_cast *cast, pid_t parent, bool keep)
{
	struct pollfd p = { .fd = open_process(parent), .events = POLLIN };

	/* Another parent: ours died before we could look at it. */
	while (p.fd >= 0 && getppid() == parent && poll(&p, 1, -1) != 1)
		;
	vr_say_warn("the parent process died: leaving all that it held");
	end_child(atomic_load(&cast->board->child));
	vr_host_bury(cast, keep);
	_exit(0);
}
