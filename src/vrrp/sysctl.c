/* SPDX-License-Identifier: ISC */
/* sysctl.c - small numbers under /proc/sys, and what they were. */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "compat.h"
#include "vrrp/settings.h"
#include "vrrp/sysctl.h"

enum { MOST = 2048, PATH = 120 };

struct vr_sysctls {
	unsigned count;
	struct found {
		char path[PATH];
		int value;
	} found[MOST];
};

struct vr_sysctls *
vr_sysctls_new(void)
{
	struct vr_sysctls *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return s == MAP_FAILED ? NULL : s;
}

static int
open_setting(const char *path, int how)
{
	char full[PATH + 16];

	snprintf(full, sizeof full, "/proc/sys/%s", path);
	return open(full, how | O_CLOEXEC);
}

int
vr_sysctl_read(const char *path, int *value)
{
	int fd = open_setting(path, O_RDONLY);
	char text[32];
	int64_t number;
	ssize_t n;

	if (fd == -1)
		return -1;
	n = read(fd, text, sizeof text);
	close(fd);
	if (n <= 0 || number_int(text_trim((struct text){ text, (size_t)n }),
	    10, INT32_MIN, INT32_MAX, &number, NULL) == -1)
		return -1;
	*value = (int)number;
	return 0;
}

int
vr_sysctl_write(const char *path, int value)
{
	int fd = open_setting(path, O_WRONLY);
	char text[32];
	int len = snprintf(text, sizeof text, "%d\n", value);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = write(fd, text, (size_t)len);
	close(fd);
	return n == len ? 0 : -1;
}

static bool
is_known(const struct vr_sysctls *s, const char *path)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->found[i].path, path) == 0)
			return true;
	return false;
}

int
vr_sysctls_set(struct vr_sysctls *s, const char *path, int value)
{
	int found;

	if (vr_sysctl_read(path, &found) == -1)
		return -1;
	if (found == value)
		return 0;
	if (!is_known(s, path)) {
		if (s->count == MOST || strlen(path) >= PATH) {
			errno = ENOSPC;
			return -1;
		}
		strlcpy(s->found[s->count].path, path, PATH);
		s->found[s->count++].value = found;
	}
	return vr_sysctl_write(path, value);
}

int
vr_sysctls_link(struct vr_sysctls *s, const char *family, const char *link,
    const char *name, int value)
{
	char path[PATH];

	snprintf(path, sizeof path, "net/%s/conf/%s/%s", family, link, name);
	return vr_sysctls_set(s, path, value);
}

void
vr_sysctls_apply(struct vr_sysctls *s, const struct vr_config *config)
{
	for (unsigned i = 0; i < config->instances.count; i++) {
		const struct vr_instance_conf *c = config->instances.at[i];

		if (c->promote_secondaries && c->interface != NULL)
			(void)vr_sysctls_link(s, "ipv4", c->interface,
			    "promote_secondaries", 1);
	}
	if (config->global.disable_local_igmp)
		(void)vr_sysctls_set(s,
		    "net/ipv4/igmp_link_local_mcast_reports", 0);
}

void
vr_sysctls_restore(struct vr_sysctls *s)
{
	while (s->count > 0) {
		s->count--;
		(void)vr_sysctl_write(s->found[s->count].path,
		    s->found[s->count].value);
	}
}

void
vr_sysctls_free(struct vr_sysctls **sp)
{
	if (*sp != NULL)
		munmap(*sp, sizeof **sp);
	*sp = NULL;
}
