/* SPDX-License-Identifier: ISC */
/*
 * config.h - a configuration: the file, the environment and the command line
 * made one, checked and whole. Secrets are read from their files here.
 * Nothing is resolved and nobody is contacted. Loop 0.
 */
#ifndef WEIR_WATCH_CONFIG_H
#define WEIR_WATCH_CONFIG_H

#include "base/text.h"
#include "base/why.h"
#include "watch/keys.h"
#include "watch/settings.h"

enum { WT_PLACES = 16, WT_SOURCES_MOST = 1000, WT_RECEIVERS_MOST = 64 };

/* What comes from elsewhere than the file; NULL: not given. */
struct wt_given {
	const char *file;		/* -c */
	const char *urls[WT_PLACES];	/* --url */
	unsigned url_count;
	const char *env_urls, *env_user, *env_password, *env_slack;
	const char *slack_url_file, *interval, *state_file, *pid_file;
	const char *log_level;
};

struct wt_config {
	struct wt_settings set;
	struct wt_source_row *sources;
	struct wt_receiver_row *receivers;
	struct wt_silence_row *silences;
	unsigned source_count, receiver_count, silence_count;
	bool old_place;		/* started without a file: the loop's place */
	char **warnings;
	unsigned warning_count;
};

/* NULL: why->line has the reason, why->place FILE:LINE. */
struct wt_config *wt_config_read(const struct wt_given *, struct why *);
/* The same from a text; for tests. secrets: whether files of them are read. */
struct wt_config *wt_config_parse(const char *name, struct text,
	    const struct wt_given *, struct why *);
void	wt_config_free(struct wt_config **);

/* "10.0.0.11:8404" of an URL. */
struct text wt_config_host(struct text url);
/* The URL as it is asked; the caller's, mem_drop() it. */
char	*wt_config_page_url(const char *url);
/* Does PROXY/SERVER (or SERVER alone) fit one of them? */
bool	wt_config_fits(const struct wt_patterns *, const char *key,
	    const char *server);
int	wt_config_patterns(struct wt_patterns *, const char *list);
void	wt_config_patterns_free(struct wt_patterns *);

#endif
