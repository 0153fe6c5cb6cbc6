/* SPDX-License-Identifier: ISC */
/* info.c - the process in numbers. Loop 0. */
#include <sys/resource.h>

#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "balancer/check.h"
#include "balancer/condition.h"
#include "balancer/console.h"
#include "balancer/door.h"
#include "balancer/info.h"
#include "base/clock.h"
#include "net/splice.h"

#define ROW(name, tags, kind, field, help)				\
	{ name, tags, LB_INFO_##kind, offsetof(struct lb_info, field), help }
#define GONE(name, tags, help)						\
	{ name, tags, LB_INFO_NONE, 0, help }

const struct lb_info_row lb_info_rows[] = {
	ROW("Name", "POSV", STR, name, "what it is called"),
	ROW("Version", "POSV", STR, version, "which version it behaves as"),
	ROW("Release_date", "POSV", STR, released,
	    "when that version came out"),
	ROW("Nbthread", "CGSV", U32, threads, "threads that run"),
	ROW("Nbproc", "CGSV", U32, one, "workers, always 1"),
	ROW("Process_num", "KGPV", U32, one, "number of the worker, always 1"),
	ROW("Pid", "SGPV", U32, pid, "its process id"),
	ROW("Uptime", "MDPV", STR, uptime,
	    "age of the worker, in days, hours, minutes, seconds"),
	ROW("Uptime_sec", "MDPV", U32, uptime_sec,
	    "age of the worker in seconds"),
	ROW("Memmax_MB", "CLPV", U32, most_mb, "memory it may take in MB; 0: any"),
	ROW("PoolAlloc_MB", "MGPV", U32, memory_mb,
	    "MB of buffers and sessions"),
	ROW("PoolUsed_MB", "MGPV", U32, memory_mb, "MB of those in use"),
	ROW("PoolFailed", "MCPV", U32, zero, "times that memory was refused"),
	ROW("Ulimit-n", "CLPV", U32, files, "descriptors it may have open"),
	ROW("Maxsock", "CLPV", U32, sockets, "sockets it may have open"),
	ROW("Maxconn", "CLPV", U32, maxconn, "connections it takes at a time"),
	ROW("Hard_maxconn", "CLPV", U32, hard_maxconn,
	    "most that Maxconn may be raised to"),
	ROW("CurrConns", "MGPV", U32, connections, "connections now"),
	ROW("CumConns", "MCPV", U64, connections_ever,
	    "connections since the start"),
	ROW("CumReq", "MCPV", U64, connections_ever,
	    "requests since the start"),
	ROW("MaxSslConns", "CLPV", U32, tls_limit,
	    "TLS connections it takes at a time; 0: any"),
	ROW("CurrSslConns", "MGPV", U32, tls,
	    "TLS connections now, of clients and servers"),
	ROW("CumSslConns", "MCPV", U64, tls_ever,
	    "TLS connections since the start, of clients and servers"),
	ROW("Maxpipes", "CLPV", U32, zero, "kernel pipes allowed; 0: any"),
	ROW("PipesUsed", "MGPV", U32, pipes_used,
	    "kernel pipes that carry bytes now"),
	ROW("PipesFree", "MGPV", U32, pipes_free,
	    "kernel pipes kept for later"),
	ROW("ConnRate", "MRPV", U32, connection_rate,
	    "connections of clients in the last second"),
	ROW("ConnRateLimit", "CLPV", U32, connection_limit,
	    "what maxconnrate allows; 0: any"),
	ROW("MaxConnRate", "MMPV", U32, connection_most,
	    "the most that ConnRate has been"),
	ROW("SessRate", "MRPV", U32, session_rate,
	    "sessions begun in the last second"),
	ROW("SessRateLimit", "CLPV", U32, session_limit,
	    "what maxsessrate allows; 0: any"),
	ROW("MaxSessRate", "MMPV", U32, session_most,
	    "the most that SessRate has been"),
	ROW("SslRate", "MRPV", U32, tls_rate,
	    "TLS handshakes in the last second"),
	ROW("SslRateLimit", "CLPV", U32, tls_rate_limit,
	    "what maxsslrate allows; 0: any"),
	ROW("MaxSslRate", "MMPV", U32, tls_rate_most,
	    "the most that SslRate has been"),
	ROW("SslFrontendKeyRate", "MRPV", U32, tls_rate,
	    "keys agreed on with clients in the last second"),
	ROW("SslFrontendMaxKeyRate", "MMPV", U32, tls_rate_most,
	    "the most that SslFrontendKeyRate has been"),
	ROW("SslFrontendSessionReuse_pct", "MGPV", U32, tls_reuse,
	    "handshakes with clients that resumed a session, in percent"),
	ROW("SslBackendKeyRate", "MRPV", U32, zero,
	    "keys agreed on with servers in the last second"),
	ROW("SslBackendMaxKeyRate", "MMPV", U32, zero,
	    "the most that SslBackendKeyRate has been"),
	ROW("SslCacheLookups", "MCPV", U32, zero,
	    "TLS sessions looked for, always 0"),
	ROW("SslCacheMisses", "MCPV", U32, zero,
	    "TLS sessions looked for in vain, always 0"),
	ROW("CompressBpsIn", "MRPV", U32, zero,
	    "bytes a second into compression, always 0"),
	ROW("CompressBpsOut", "MRPV", U32, zero,
	    "bytes a second out of compression, always 0"),
	ROW("CompressBpsRateLim", "CLPV", U32, zero,
	    "where compression would stop, always 0"),
	GONE("ZlibMemUsage", "MGPV", "memory of compression: there is none"),
	GONE("MaxZlibMemUsage", "CLPV", "its limit: there is none"),
	ROW("Tasks", "MGPV", U32, tasks,
	    "things that are looked after: sessions, listeners, checks"),
	ROW("Run_queue", "MGPV", U32, zero,
	    "of these, those that wait for their turn"),
	ROW("Idle_pct", "MaPV", U32, idle,
	    "of a hundred parts of its time, those spent asleep"),
	ROW("node", "COSV", STR, node, "name of this node"),
	ROW("description", "COSV", STR, description,
	    "what the configuration says of this node"),
	ROW("Stopping", "MGPV", U32, stopping,
	    "1: it takes nothing new and ends with its last session"),
	ROW("Jobs", "MGPV", U32, jobs,
	    "sessions, listeners and callers of the command line now"),
	ROW("Unstoppable Jobs", "MGPV", U32, zero,
	    "of these, those that do not hinder its end"),
	ROW("Listeners", "MGPV", U32, listeners, "listeners that are open"),
	ROW("ActivePeers", "MGPV", U32, zero,
	    "peers that were recognized, always 0"),
	ROW("ConnectedPeers", "MGPV", U32, zero,
	    "peers that were reached, always 0"),
	ROW("DroppedLogs", "MCPV", U32, dropped_logs,
	    "log lines that found no way out"),
	ROW("BusyPolling", "MGPV", U32, zero, "1: it never sleeps; always 0"),
	ROW("FailedResolutions", "MCPV", U32, zero,
	    "names that were asked for in vain"),
	ROW("TotalBytesOut", "MCPV", U64, bytes_out, "bytes sent to clients"),
	ROW("TotalSplicedBytesOut", "MCPV", U64, bytes_spliced,
	    "bytes that passed through a kernel pipe"),
	ROW("BytesOutRate", "MRPV", U64, out_rate,
	    "bytes a second sent to clients"),
	ROW("DebugCommandsIssued", "MCPV", U32, zero,
	    "debug commands given, always 0"),
	ROW("CumRecvLogs", "MCPV", U32, zero,
	    "log lines taken in to be passed on"),
	ROW("Build info", "POSV", STR, version, "how it was built"),
	ROW("Memmax_bytes", "CLPV", U32, most_memory,
	    "memory it may take in bytes; 0: any"),
	ROW("PoolAlloc_bytes", "MGPV", U64, memory,
	    "bytes of buffers and sessions"),
	ROW("PoolUsed_bytes", "MGPV", U64, memory, "bytes of those in use"),
	ROW("Start_time_sec", "MDPV", U32, started,
	    "when it started, in seconds since 1970"),
	ROW("Tainted", "SGPV", STR, tainted,
	    "0: nothing experimental is in use"),
	ROW("TotalWarnings", "MCPV", U32, zero, "warnings given"),
	ROW("MaxconnReached", "MCPV", U32, maxconn_reached,
	    "how often Maxconn was met"),
	ROW("BootTime_ms", "MDPV", U32, zero,
	    "milliseconds that its start took"),
	ROW("Niced_tasks", "MGPV", U32, zero,
	    "of Run_queue, those with another priority"),
	ROW("CurrStreams", "MGPV", U32, connections, "sessions now"),
	ROW("CumStreams", "MCPV", U64, connections_ever,
	    "sessions since the start"),
	ROW("BlockedTrafficWarnings", "MCPV", U32, zero,
	    "warnings that one task held up the others"),
	ROW("PatternsAdded", "MCPV", U64, zero,
	    "entries put into maps and lists"),
	ROW("PatternsFreed", "MCPV", U64, zero,
	    "entries taken out of maps and lists"),
	ROW("NbThreadGroups", "CGSV", U32, one, "groups of threads, always 1"),
	ROW("Product", "POSV", STR, product, "what this program is"),
	{ NULL, NULL, LB_INFO_NONE, 0, NULL }
};

/* ---- what is an average since it was asked last ------------------------ */

static struct since {
	int64_t at, cpu;
	uint64_t bytes;
	unsigned idle;
	uint64_t rate;
} since = { .idle = 100 };

static int64_t
read_cpu(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) < 0)
		return 0;
	return t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

static void
measure(uint64_t bytes)
{
	int64_t now = clock_now(), cpu = read_cpu();
	int64_t passed = now - (since.at != 0 ? since.at :
	    lb_world()->started);
	int64_t busy;

	if (passed < CLOCK_SECOND && since.at != 0)
		return;
	if (passed < 1)
		passed = 1;
	busy = (cpu - since.cpu) * 100 / (passed * (int64_t)loop_count());
	since.idle = busy >= 100 || since.at == 0 ? since.idle :
	    (unsigned)(100 - busy);
	since.rate = (bytes - since.bytes) * (uint64_t)CLOCK_SECOND /
	    (uint64_t)passed;
	since.at = now;
	since.cpu = cpu;
	since.bytes = bytes;
}

/* ---- taking ------------------------------------------------------------ */

static unsigned
count_listeners(void)
{
	const struct lb_bind_conf *conf;
	unsigned n = 0;

	for (unsigned i = 0; i < lb_world()->count; i++) {
		const struct lb_door *d = lb_world()->proxies[i]->doors;

		for (; d != NULL; d = d->next)
			n += d->listener != NULL;
	}
	for (unsigned i = 0; lb_console_fd(i, &conf) >= 0; i++)
		n++;
	return n;
}

static uint64_t
sum_fronts(enum lb_counter n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < lb_world()->count; i++)
		sum += lb_counts_sum(lb_world()->proxies[i]->front, n);
	return sum;
}

/* Of the handshakes of all frontends. */
static unsigned
find_reuse(void)
{
	uint64_t all = sum_fronts(LB_COUNT_SSL_SESS);

	return all > 0 ? (unsigned)(sum_fronts(LB_COUNT_SSL_REUSED) * 100 /
	    all) : 0;
}

static void
take_rates(struct lb_info *i, int64_t now)
{
	const struct lb_world *w = lb_world();

	i->connection_rate = rate_read(&w->connection_rate, now);
	i->connection_limit = w->connection_limit;
	i->connection_most = w->connection_rate.most;
	i->session_rate = rate_read(&w->session_rate, now);
	i->session_limit = w->session_limit;
	i->session_most = w->session_rate.most;
	i->tls_rate = rate_read(&w->tls_rate, now);
	i->tls_rate_limit = w->tls_limit;
	i->tls_rate_most = w->tls_rate.most;
	i->tls_reuse = find_reuse();
}

static void
take_pipes(struct lb_info *i)
{
	struct splice_counts c = splice_count();

	i->pipes_used = c.used;
	i->pipes_free = c.spare;
	i->bytes_spliced = c.bytes;
}

static void
take_texts(struct lb_info *i, const struct lb_global_conf *g)
{
	i->name = "HAProxy";
	i->version = LB_CONDITION_VERSION;
	i->released = LB_CONDITION_RELEASED;
	i->product = "Weir " PACKAGE_VERSION;
	i->node = g->node != NULL ? g->node : lb_world()->hostname;
	i->description = g->description;
	i->tainted = "0";
	snprintf(i->uptime, sizeof i->uptime, "%llud %lluh%02llum%02llus",
	    (unsigned long long)i->uptime_sec / 86400,
	    (unsigned long long)i->uptime_sec / 3600 % 24,
	    (unsigned long long)i->uptime_sec / 60 % 60,
	    (unsigned long long)i->uptime_sec % 60);
}

void
lb_info_take(struct lb_info *i, uint64_t memory)
{
	const struct lb_world *w = lb_world();
	int64_t now = clock_now();
	struct rlimit most;

	*i = (struct lb_info){ .one = 1, .memory = memory };
	i->memory_mb = memory >> 20;
	if (getrlimit(RLIMIT_AS, &most) == 0 &&
	    most.rlim_cur != RLIM_INFINITY)
		i->most_memory = most.rlim_cur;
	i->most_mb = i->most_memory >> 20;
	i->threads = loop_count();
	i->pid = (uint64_t)getpid();
	i->uptime_sec = (uint64_t)((now - w->started) / CLOCK_SECOND);
	i->started = (uint64_t)(w->started_wall / CLOCK_SECOND);
	i->files = i->sockets = w->descriptors;
	i->maxconn = w->maxconn;
	i->hard_maxconn = w->hard_maxconn;
	i->connections = atomic_load(&w->sessions);
	i->connections_ever = w->connections + lb_console_total();
	i->tls_limit = (uint64_t)w->setup->global.maxsslconn;
	i->tls = atomic_load(&w->tls_sessions);
	i->tls_ever = w->tls_connections;
	i->stopping = w->stopping;
	i->listeners = count_listeners();
	i->jobs = i->connections + i->listeners + lb_console_talks();
	i->tasks = i->jobs + lb_check_count();
	i->dropped_logs = lb_logs_dropped();
	i->bytes_out = sum_fronts(LB_COUNT_BOUT);
	i->maxconn_reached = w->maxconn_reached;
	measure(i->bytes_out);
	i->idle = since.idle;
	i->out_rate = since.rate;
	take_rates(i, now);
	take_pipes(i);
	take_texts(i, &w->setup->global);
}

const char *
lb_info_value(const struct lb_info *i, const struct lb_info_row *r,
    char buf[24])
{
	const char *at = (const char *)i + r->at;

	switch (r->kind) {
	case LB_INFO_STR:
		return r->at == offsetof(struct lb_info, uptime) ? at :
		    *(const char *const *)(const void *)at;
	case LB_INFO_U32:
	case LB_INFO_U64:
		snprintf(buf, 24, "%llu", (unsigned long long)
		    *(const uint64_t *)(const void *)at);
		return buf;
	case LB_INFO_NONE:
		break;
	}
	return NULL;
}
