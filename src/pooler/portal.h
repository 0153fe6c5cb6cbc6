/* SPDX-License-Identifier: ISC */
/*
 * portal.h - the extended protocol's half of a console: named statements,
 * and portals, which are statements with values bound to them. Both hold an
 * order ready to run. Bodies of messages come in, structures come out; no
 * message is sent here. Owned by the console of one client, on loop 0.
 */
#ifndef WEIR_POOLER_PORTAL_H
#define WEIR_POOLER_PORTAL_H

#include <sys/queue.h>

#include "base/why.h"
#include "pg/message.h"
#include "pooler/order.h"
#include "pooler/view.h"

enum { PL_PORTAL_PARAMS = 16, PL_PORTAL_MOST = 100 };

struct pl_prepared {
	TAILQ_ENTRY(pl_prepared) link;
	char *name, *text;
	struct pl_order order;
	bool empty;			/* says nothing: no order, and no error */
	unsigned params;
	uint32_t types[PL_PORTAL_PARAMS];	/* of its $n; 0: not said */
};

struct pl_portal {
	TAILQ_ENTRY(pl_portal) link;
	char *name, *text;
	struct pl_order order;
	bool empty;
	uint32_t binary;		/* columns asked for in binary */
	struct pl_walk *walk;		/* it was stopped in the middle */
	bool done;			/* it was run to its end */
};

struct pl_portals {
	TAILQ_HEAD(, pl_prepared) statements;
	TAILQ_HEAD(, pl_portal) portals;
	unsigned statement_count, portal_count;
};

void	pl_portal_init(struct pl_portals *);
void	pl_portal_fini(struct pl_portals *);
/* NULL: there is none of that name. */
struct pl_prepared *pl_portal_statement(struct pl_portals *, struct text name);
struct pl_portal *pl_portal_find(struct pl_portals *, struct text name);

/*
 * The bodies of Parse and Bind: 0, or -1 with why for the client (and its
 * SQLSTATE in code). *fault is for what the statement itself does wrong:
 * then why is empty and *text what was said.
 */
struct pl_portal_fault {
	const char *code;
	enum pl_order_fault order;
	struct text text;
	struct why why;
};
int	pl_portal_parse(struct pl_portals *, struct text body,
	    struct pl_portal_fault *);
int	pl_portal_bind(struct pl_portals *, struct text body,
	    struct pl_portal_fault *);
/* Close; what is not there needs none. */
void	pl_portal_close(struct pl_portals *, char kind, struct text name);
void	pl_portal_end_all(struct pl_portals *);		/* portals, at Sync */

#endif
