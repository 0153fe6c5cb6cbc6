/* SPDX-License-Identifier: ISC */
/*
 * proof.h - a client's answers to PostgreSQL's password questions, for the
 * load generator. Pure but for the random nonce and a cache of salted
 * passwords, so that a thousand logins do not pay for them in the generator.
 */
#ifndef WEIR_TEST_BENCH_PROOF_H
#define WEIR_TEST_BENCH_PROOF_H

#include <stddef.h>

struct proof {
	char first[64];			/* client-first-message-bare */
};

/* "md5" and 32 digits, ended by NUL. */
void	proof_md5(const char *user, const char *password, const char salt[4],
	    char answer[36]);
/* The client's first message; NULL when there is no randomness. */
const char *proof_first(struct proof *);
/* The client's final message to what the server said; -1: not understood. */
int	proof_final(const struct proof *, const char *password,
	    const char *server, char *answer, size_t room);

#endif
