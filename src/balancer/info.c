/* SPDX-License-Identifier: ISC */
/* info.c - the process in numbers. Loop 0. */
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

#define ROW(name, tags, kind, field, help)				\
	{ name, tags, LB_INFO_##kind, offsetof(struct lb_info, field), help }
#define GONE(name, tags, help)						\
	{ name, tags, LB_INFO_NONE, 0, help }

const struct lb_info_row lb_info_rows[] = {
	ROW("Name", "POSV", STR, name, "Product name"),
	ROW("Version", "POSV", STR, version, "Product version"),
	ROW("Release_date", "POSV", STR, released,
	    "Date of latest source code update"),
	ROW("Nbthread", "CGSV", U32, threads,
	    "Number of started threads (global.nbthread)"),
	ROW("Nbproc", "CGSV", U32, one,
	    "Number of started worker processes (historical, always 1)"),
	ROW("Process_num", "KGPV", U32, one,
	    "Relative worker process number (1)"),
	ROW("Pid", "SGPV", U32, pid,
	    "This worker process identifier for the system"),
	ROW("Uptime", "MDPV", STR, uptime, "How long ago this worker process "
	    "was started (days+hours+minutes+seconds)"),
	ROW("Uptime_sec", "MDPV", U32, uptime_sec,
	    "How long ago this worker process was started (seconds)"),
	ROW("Memmax_MB", "CLPV", U32, zero, "Worker process's hard limit on "
	    "memory usage in MB (-m on command line)"),
	ROW("PoolAlloc_MB", "MGPV", U32, memory_mb,
	    "Amount of memory allocated in pools (in MB)"),
	ROW("PoolUsed_MB", "MGPV", U32, memory_mb,
	    "Amount of pool memory currently used (in MB)"),
	ROW("PoolFailed", "MCPV", U32, zero, "Number of failed pool "
	    "allocations since this worker was started"),
	ROW("Ulimit-n", "CLPV", U32, files,
	    "Hard limit on the number of per-process file descriptors"),
	ROW("Maxsock", "CLPV", U32, sockets,
	    "Hard limit on the number of per-process sockets"),
	ROW("Maxconn", "CLPV", U32, maxconn, "Hard limit on the number of "
	    "per-process connections (configured or imposed by Ulimit-n)"),
	ROW("Hard_maxconn", "CLPV", U32, hard_maxconn, "Hard limit on the "
	    "number of per-process connections (imposed by Memmax_MB or "
	    "Ulimit-n)"),
	ROW("CurrConns", "MGPV", U32, connections,
	    "Current number of connections on this worker process"),
	ROW("CumConns", "MCPV", U64, connections_ever, "Total number of "
	    "connections on this worker process since started"),
	ROW("CumReq", "MCPV", U64, connections_ever, "Total number of "
	    "requests on this worker process since started"),
	ROW("MaxSslConns", "CLPV", U32, tls_limit, "Hard limit on the number "
	    "of per-process SSL endpoints (front+back), 0=unlimited"),
	ROW("CurrSslConns", "MGPV", U32, tls, "Current number of SSL "
	    "endpoints on this worker process (front+back)"),
	ROW("CumSslConns", "MCPV", U64, tls_ever, "Total number of SSL "
	    "endpoints on this worker process since started (front+back)"),
	ROW("Maxpipes", "CLPV", U32, zero,
	    "Hard limit on the number of pipes for splicing, 0=unlimited"),
	ROW("PipesUsed", "MGPV", U32, zero,
	    "Current number of pipes in use in this worker process"),
	ROW("PipesFree", "MGPV", U32, zero, "Current number of allocated and "
	    "available pipes in this worker process"),
	ROW("ConnRate", "MRPV", U32, connection_rate, "Number of front "
	    "connections created on this worker process over the last "
	    "second"),
	ROW("ConnRateLimit", "CLPV", U32, connection_limit,
	    "Hard limit for ConnRate (global.maxconnrate)"),
	ROW("MaxConnRate", "MMPV", U32, connection_most, "Highest ConnRate "
	    "reached on this worker process since started (in connections "
	    "per second)"),
	ROW("SessRate", "MRPV", U32, session_rate, "Number of sessions "
	    "created on this worker process over the last second"),
	ROW("SessRateLimit", "CLPV", U32, session_limit,
	    "Hard limit for SessRate (global.maxsessrate)"),
	ROW("MaxSessRate", "MMPV", U32, session_most, "Highest SessRate "
	    "reached on this worker process since started (in sessions per "
	    "second)"),
	ROW("SslRate", "MRPV", U32, tls_rate, "Number of SSL connections "
	    "created on this worker process over the last second"),
	ROW("SslRateLimit", "CLPV", U32, tls_rate_limit,
	    "Hard limit for SslRate (global.maxsslrate)"),
	ROW("MaxSslRate", "MMPV", U32, tls_rate_most, "Highest SslRate "
	    "reached on this worker process since started (in connections "
	    "per second)"),
	ROW("SslFrontendKeyRate", "MRPV", U32, tls_rate, "Number of SSL keys "
	    "created on frontends in this worker process over the last "
	    "second"),
	ROW("SslFrontendMaxKeyRate", "MMPV", U32, tls_rate_most, "Highest "
	    "SslFrontendKeyRate reached on this worker process since started "
	    "(in SSL keys per second)"),
	ROW("SslFrontendSessionReuse_pct", "MGPV", U32, tls_reuse, "Percent "
	    "of frontend SSL connections which did not require a new key"),
	ROW("SslBackendKeyRate", "MRPV", U32, zero, "Number of SSL keys "
	    "created on backends in this worker process over the last "
	    "second"),
	ROW("SslBackendMaxKeyRate", "MMPV", U32, zero, "Highest "
	    "SslBackendKeyRate reached on this worker process since started "
	    "(in SSL keys per second)"),
	ROW("SslCacheLookups", "MCPV", U32, zero, "Total number of SSL "
	    "session ID lookups in the SSL session cache on this worker "
	    "since started"),
	ROW("SslCacheMisses", "MCPV", U32, zero, "Total number of SSL "
	    "session ID lookups that didn't find a session in the SSL "
	    "session cache on this worker since started"),
	ROW("CompressBpsIn", "MRPV", U32, zero, "Number of bytes submitted to "
	    "the HTTP compressor in this worker process over the last "
	    "second"),
	ROW("CompressBpsOut", "MRPV", U32, zero, "Number of bytes emitted by "
	    "the HTTP compressor in this worker process over the last "
	    "second"),
	ROW("CompressBpsRateLim", "CLPV", U32, zero, "Limit of "
	    "CompressBpsOut beyond which HTTP compression is automatically "
	    "disabled"),
	GONE("ZlibMemUsage", "MGPV", "Amount of memory used by HTTP "
	    "compression (in bytes)"),
	GONE("MaxZlibMemUsage", "CLPV", "Limit on the amount of memory used "
	    "by HTTP compression (in bytes)"),
	ROW("Tasks", "MGPV", U32, tasks, "Total number of tasks in the "
	    "current worker process (active + sleeping)"),
	ROW("Run_queue", "MGPV", U32, zero, "Total number of active "
	    "tasks+tasklets in the current worker process"),
	ROW("Idle_pct", "MaPV", U32, idle, "Percentage of last second spent "
	    "waiting in the current worker thread"),
	ROW("node", "COSV", STR, node, "Node name (global.node)"),
	ROW("description", "COSV", STR, description,
	    "Node description (global.description)"),
	ROW("Stopping", "MGPV", U32, stopping, "1 if the worker process is "
	    "currently stopping, otherwise zero"),
	ROW("Jobs", "MGPV", U32, jobs, "Current number of active jobs on the "
	    "current worker process (frontend connections, master "
	    "connections, listeners)"),
	ROW("Unstoppable Jobs", "MGPV", U32, zero, "Current number of "
	    "unstoppable jobs on the current worker process (master "
	    "connections)"),
	ROW("Listeners", "MGPV", U32, listeners, "Current number of active "
	    "listeners on the current worker process"),
	ROW("ActivePeers", "MGPV", U32, zero, "Current number of verified "
	    "active peers connections on the current worker process"),
	ROW("ConnectedPeers", "MGPV", U32, zero, "Current number of peers "
	    "having passed the connection step on the current worker "
	    "process"),
	ROW("DroppedLogs", "MCPV", U32, dropped_logs, "Total number of "
	    "dropped logs for current worker process since started"),
	ROW("BusyPolling", "MGPV", U32, zero, "1 if busy-polling is currently "
	    "in use on the worker process, otherwise zero "
	    "(config.busy-polling)"),
	ROW("FailedResolutions", "MCPV", U32, zero, "Total number of failed "
	    "DNS resolutions in current worker process since started"),
	ROW("TotalBytesOut", "MCPV", U64, bytes_out, "Total number of bytes "
	    "emitted by current worker process since started"),
	ROW("TotalSplicedBytesOut", "MCPV", U64, zero, "Total number of bytes "
	    "emitted by current worker process through a kernel pipe since "
	    "started"),
	ROW("BytesOutRate", "MRPV", U64, out_rate, "Number of bytes emitted "
	    "by current worker process over the last second"),
	ROW("DebugCommandsIssued", "MCPV", U32, zero, "Number of debug "
	    "commands issued on this process (anything > 0 is unsafe)"),
	ROW("CumRecvLogs", "MCPV", U32, zero, "Total number of log messages "
	    "received by log-forwarding listeners on this worker process "
	    "since started"),
	ROW("Build info", "POSV", STR, version, "Build info"),
	ROW("Memmax_bytes", "CLPV", U32, zero, "Worker process's hard limit "
	    "on memory usage in byes (-m on command line)"),
	ROW("PoolAlloc_bytes", "MGPV", U64, memory,
	    "Amount of memory allocated in pools (in bytes)"),
	ROW("PoolUsed_bytes", "MGPV", U64, memory,
	    "Amount of pool memory currently used (in bytes)"),
	ROW("Start_time_sec", "MDPV", U32, started, "Start time in seconds"),
	ROW("Tainted", "SGPV", STR, tainted, "Experimental features used"),
	ROW("TotalWarnings", "MCPV", U32, zero, "Total warnings issued"),
	ROW("MaxconnReached", "MCPV", U32, maxconn_reached, "Number of times "
	    "an accepted connection resulted in Maxconn being reached"),
	ROW("BootTime_ms", "MDPV", U32, zero, "How long ago it took to parse "
	    "and process the config before being ready (milliseconds)"),
	ROW("Niced_tasks", "MGPV", U32, zero, "Total number of active "
	    "tasks+tasklets in the current worker process (Run_queue) that "
	    "are niced"),
	ROW("CurrStreams", "MGPV", U32, connections,
	    "Current number of streams on this worker process"),
	ROW("CumStreams", "MCPV", U64, connections_ever, "Total number of "
	    "streams created on this worker process since started"),
	ROW("BlockedTrafficWarnings", "MCPV", U32, zero, "Total number of "
	    "warnings issued about traffic being blocked by too slow a "
	    "task"),
	ROW("PatternsAdded", "MCPV", U64, zero,
	    "Total number of patterns added (acl/map entries)"),
	ROW("PatternsFreed", "MCPV", U64, zero,
	    "Total number of patterns freed (acl/map entries)"),
	ROW("NbThreadGroups", "CGSV", U32, one,
	    "Number of started thread groups (global.thread-groups)"),
	ROW("Product", "POSV", STR, product, "What this program is"),
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

	*i = (struct lb_info){ .one = 1, .memory = memory };
	i->memory_mb = memory >> 20;
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
