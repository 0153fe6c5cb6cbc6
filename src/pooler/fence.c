/* SPDX-License-Identifier: ISC */
/* fence.c - the list of files that the sandbox leaves open. */
#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "pooler/fence.h"

enum { FILE_MOST = 256 << 20 };

static struct sandbox_path *paths;	/* ended by a NULL path */
static unsigned count;

static void
keep(const char *path, bool write)
{
	if (path == NULL || path[0] == '\0')
		return;
	for (unsigned i = 0; i < count; i++)
		if (paths[i].write == write &&
		    strcmp(paths[i].path, path) == 0)
			return;
	paths = mem_grow(paths, (count + 2) * sizeof *paths);
	NEED(paths != NULL);
	paths[count].path = mem_print("%s", path);
	NEED(paths[count].path != NULL);
	paths[count++].write = write;
	paths[count] = (struct sandbox_path){ NULL, false };
}

int
pl_fence_read(const char *path, struct text *to, struct why *why)
{
	keep(path, false);
	return file_read(path, FILE_MOST, to, why);
}

const struct sandbox_path *
pl_fence_paths(const struct pl_settings *set)
{
	const char *const read[] = {
		set->conffile, set->auth_file, set->auth_hba_file,
		set->auth_ident_file, set->resolv_conf,
		set->client_tls_ca_file, set->client_tls_cert_file,
		set->client_tls_key_file, set->server_tls_ca_file,
		set->server_tls_cert_file, set->server_tls_key_file
	};
	const char *const write[] = {
		set->logfile, set->pidfile, set->unix_socket_dir
	};

	for (size_t i = 0; i < sizeof read / sizeof read[0]; i++)
		keep(read[i], false);
	for (size_t i = 0; i < sizeof write / sizeof write[0]; i++)
		keep(write[i], true);
	return paths;
}
