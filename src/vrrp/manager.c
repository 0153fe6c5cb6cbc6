/* SPDX-License-Identifier: ISC */
/* manager.c - datagrams to the service manager. The parent's. */
#include <sys/socket.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "vrrp/manager.h"

static struct address manager;
static int sock = -1;

void
vr_manager_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path != NULL && address_unix(text_of(path), &manager, NULL) == 0)
		sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC |
		    SOCK_NONBLOCK, 0);
	unsetenv("NOTIFY_SOCKET");
}

static void __attribute__((format(printf, 1, 2)))
tell(const char *fmt, ...)
{
	char text[128];
	va_list ap;
	int len;

	if (sock < 0)
		return;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	(void)!sendto(sock, text, (size_t)len, MSG_NOSIGNAL, &manager.sa,
	    manager.len);
}

void
vr_manager_up(void)
{
	tell("READY=1\nMAINPID=%d", (int)getpid());
}

void
vr_manager_reloading(void)
{
	tell("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_now());
}

void
vr_manager_stopping(void)
{
	tell("STOPPING=1");
}

void
vr_manager_failed(int error)
{
	tell("ERRNO=%d", error);
}
