/* SPDX-License-Identifier: ISC */
/* ready.c - datagrams to the service manager. Loop 0. */
#include <sys/socket.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/number.h"
#include "net/timer.h"
#include "proc/ready.h"

static struct address manager;
static int sock = -1;
static int64_t beat;		/* us between two signs of life; 0: none */
static struct timer heart;
static bool beating;

/* $WATCHDOG_USEC counts when it is meant for us, or for nobody by number. */
static int64_t
read_beat(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *who = getenv("WATCHDOG_PID");
	int64_t n = 0, pid;

	if (usec == NULL ||
	    number_int(text_of(usec), 10, 2, INT64_MAX, &n, NULL) < 0)
		return 0;
	if (who != NULL &&
	    (number_int(text_of(who), 10, 1, INT32_MAX, &pid, NULL) < 0 ||
	    pid != getpid()))
		return 0;
	return n / 2;
}

void
ready_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	beat = read_beat();
	if (sock < 0 && path != NULL &&
	    address_unix(text_of(path), &manager, NULL) == 0)
		sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

bool
ready_heard(void)
{
	return sock >= 0;
}

static void
tell(const char *text)
{
	if (sock >= 0)
		sendto(sock, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		    &manager.sa, manager.len);
}

void
ready_up(void)
{
	tell("READY=1");
}

void
ready_reloading(void)
{
	char text[64];

	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)clock_now());
	tell(text);
}

void
ready_stopping(void)
{
	tell("STOPPING=1");
}

void
ready_status(const char *status)
{
	char text[512];

	if (sock < 0)
		return;
	snprintf(text, sizeof text, "STATUS=%s", status);
	tell(text);
}

void
ready_say(const char *text)
{
	tell(text);
}

static void
on_beat(void *arg)
{
	tell("WATCHDOG=1");
}

void
ready_beat(struct loop *loop)
{
	if (sock < 0 || beat == 0)
		return;
	timer_init(&heart, loop, on_beat, NULL);
	timer_every(&heart, beat);
	beating = true;
}

void
ready_fini(void)
{
	if (beating)
		timer_stop(&heart);
	beating = false;
	if (sock >= 0)
		close(sock);
	sock = -1;
}
