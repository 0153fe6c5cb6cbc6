/* SPDX-License-Identifier: ISC */
/*
 * figures.c - latencies by size, processor time of another process, the line
 * at the end. One thread.
 */
#include <dirent.h>
#include <stdio.h>
#include <time.h>

#include "figures.h"

int64_t
figures_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * FIGURES_SECOND + t.tv_nsec;
}

/* 64 slots to each power of two: latencies are right to 1.6 percent. */
static size_t
slot_of(int64_t ns)
{
	int power;

	if (ns < 64)
		return (size_t)ns;
	power = 63 - __builtin_clzll((unsigned long long)ns);
	return (size_t)(power - 5) * 64 + (size_t)(ns >> (power - 6) & 63);
}

static double
slot_us(size_t slot)
{
	size_t power = slot / 64 + 5;

	if (slot < 64)
		return (double)slot / 1e3;
	return (double)((64 + slot % 64) << (power - 6)) / 1e3;
}

void
figures_note(struct figures *sum, int64_t latency)
{
	sum->slots[slot_of(latency)]++;
	if (latency > sum->longest)
		sum->longest = latency;
}

static double
percentile(const struct figures *sum, double part)
{
	double seen = 0, all = 0;
	size_t i;

	for (i = 0; i < 64 * 64; i++)
		all += (double)sum->slots[i];
	for (i = 0; i < 64 * 64 - 1; i++) {
		seen += (double)sum->slots[i];
		if (seen >= part * all)
			break;
	}
	return all > 0 ? slot_us(i) : 0;
}

int64_t
figures_cpu(pid_t pid)
{
	char path[320];
	struct dirent *task;
	int64_t all = 0;
	long long ran;
	FILE *f;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	dir = pid > 0 ? opendir(path) : NULL;
	while (dir != NULL && (task = readdir(dir)) != NULL) {
		if (task->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat",
		    (int)pid, task->d_name);
		f = fopen(path, "r");
		if (f != NULL && fscanf(f, "%lld", &ran) == 1)
			all += ran;
		if (f != NULL)
			fclose(f);
	}
	if (dir != NULL)
		closedir(dir);
	return all;
}

void
figures_fault(struct figures *sum, const char *what, const char *more)
{
	sum->errors++;
	if (sum->note[0] == '\0')
		snprintf(sum->note, sizeof sum->note, "%s%s", what, more);
}

void
figures_print(struct figures *sum)
{
	double secs = (double)(sum->to - sum->from) / 1e9;

	for (char *c = sum->note; *c != '\0'; c++)
		if (*c == '"' || *c == '\\' || *c < ' ')
			*c = '\'';
	printf("{\"tx\": %lld, \"secs\": %.6f, \"tps\": %.1f, \"p50\": %.2f, "
	    "\"p99\": %.2f, \"max\": %.2f, \"bytes\": %lld, \"cpu\": %.9f, "
	    "\"wrong\": %lld, \"errors\": %lld, \"note\": \"%s\"}\n",
	    (long long)sum->tx, secs, secs > 0 ? (double)sum->tx / secs : 0,
	    percentile(sum, 0.5), percentile(sum, 0.99),
	    (double)sum->longest / 1e3, (long long)sum->bytes,
	    (double)(sum->cpu_to - sum->cpu_from) / 1e9,
	    (long long)sum->wrong, (long long)sum->errors, sum->note);
}
