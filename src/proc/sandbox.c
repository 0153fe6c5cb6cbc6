/* SPDX-License-Identifier: ISC */
/*
 * sandbox.c - seccomp and Landlock (Linux). At start, by the only thread.
 * Under a sanitizer nothing is given up: it traces and reads what it likes.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif
#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#endif

#include "base/log.h"
#include "proc/sandbox.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

/* ---- system calls: a short list of what no daemon here has a use for */

#ifdef HAVE_SECCOMP
static const int never[] = {
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(bpf), SCMP_SYS(userfaultfd),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
	SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
	SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(delete_module), SCMP_SYS(keyctl), SCMP_SYS(add_key),
	SCMP_SYS(request_key), SCMP_SYS(personality),
};
static const int programs[] = { SCMP_SYS(execve), SCMP_SYS(execveat) };

static int
forbid(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int code = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS,
		    calls[i], 0);

		if (code < 0 && code != -EDOM)	/* not on this machine */
			return code;
	}
	return 0;
}

static int
fill_filter(scmp_filter_ctx ctx, bool runs_programs)
{
	int code = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);

	if (code == 0)
		code = forbid(ctx, never, sizeof never / sizeof never[0]);
	if (code == 0 && !runs_programs)
		code = forbid(ctx, programs,
		    sizeof programs / sizeof programs[0]);
	return code == 0 ? seccomp_load(ctx) : code;
}

static void
filter_calls(bool runs_programs)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int code = ctx == NULL ? -ENOMEM : fill_filter(ctx, runs_programs);

	if (code < 0)
		log_info("sandbox: no system call filter: %s",
		    strerror(-code));
	if (ctx != NULL)
		seccomp_release(ctx);
}
#else
static void
filter_calls(bool runs_programs)
{
	log_info("sandbox: no system call filter: built without libseccomp");
}
#endif

/* ---- files */

#ifdef HAVE_LINUX_LANDLOCK_H
#define READS	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ADDS	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)
#define WRITES	(LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define TRUNCATE ((uint64_t)1 << 14)	/* since version 3 */
#define OTHERS	(LANDLOCK_ACCESS_FS_REMOVE_DIR |			\
		 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
		 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
		 LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Names, devices, libraries that libc loads late, time zones, certificates. */
static const struct sandbox_path system_paths[] = {
	{ "/etc/", SANDBOX_READ }, { "/usr/", SANDBOX_READ },
	{ "/lib/", SANDBOX_READ }, { "/lib64/", SANDBOX_READ },
	{ "/proc/", SANDBOX_READ }, { "/sys/", SANDBOX_READ },
	{ "/run/", SANDBOX_READ }, { "/dev/", SANDBOX_ADD }, { .path = NULL }
};

/* The directory itself, or the one that holds the file. */
static int
open_directory(const char *path)
{
	char dir[4096];
	struct stat st;
	char *slash;

	if ((size_t)snprintf(dir, sizeof dir, "%s", path) >= sizeof dir)
		return -1;
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
		slash = strrchr(dir, '/');
		if (slash == NULL)
			memcpy(dir, ".", 2);
		else
			slash[slash == dir] = '\0';
	}
	return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void
allow(int rules, const struct sandbox_path *p, uint64_t handled)
{
	static const uint64_t uses[] = { READS, READS | ADDS,
	    READS | ADDS | WRITES | TRUNCATE };
	struct landlock_path_beneath_attr at = {
	    .allowed_access = uses[p->use] & handled, .parent_fd = -1 };

	if (p->path[0] == '\0' || p->path[0] == '@')
		return;
	at.parent_fd = open_directory(p->path);
	if (at.parent_fd < 0)
		return;
	syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &at,
	    0);
	close(at.parent_fd);
}

static int
lock_files(const struct sandbox_path *paths, bool runs_programs)
{
	struct landlock_ruleset_attr attr = {
	    .handled_access_fs = READS | ADDS | WRITES | OTHERS |
	    (runs_programs ? 0 : LANDLOCK_ACCESS_FS_EXECUTE) };
	const struct sandbox_path *p;
	int rules, code;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION) >= 3)
		attr.handled_access_fs |= TRUNCATE;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr,
	    0);
	if (rules < 0)
		return -1;
	for (p = system_paths; p->path != NULL; p++)
		allow(rules, p, attr.handled_access_fs);
	for (p = paths; p != NULL && p->path != NULL; p++)
		allow(rules, p, attr.handled_access_fs);
	code = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
	return code;
}
#else
static int
lock_files(const struct sandbox_path *paths, bool runs_programs)
{
	errno = ENOSYS;
	return -1;
}
#endif

void
sandbox_enter(const struct sandbox_path *paths, bool runs_programs)
{
	if (SANITIZED)
		return;
	if (lock_files(paths, runs_programs) < 0)
		log_info("sandbox: files are not locked: %s",
		    strerror(errno));
	filter_calls(runs_programs);
}
