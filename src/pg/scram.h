/* SPDX-License-Identifier: ISC */
/*
 * scram.h - both sides of SCRAM-SHA-256 (RFC 5802, 7677) without channel
 * binding. Messages in, messages out; the caller sends them. Secrets live in
 * base/secret memory and are wiped. An object belongs to one connection and
 * is used by one thread at a time; the functions are for any thread.
 *
 * Passwords are prepared by pg/password. An empty one is never derived from
 * and so matches nothing.
 */
#ifndef WEIR_PG_SCRAM_H
#define WEIR_PG_SCRAM_H

#include <stdint.h>

#include "base/text.h"
#include "base/why.h"

enum {
	SCRAM_KEY = 32,
	SCRAM_NONCE_TEXT = 24,		/* of our own nonces, base64, no NUL */
	SCRAM_SALT = 16,		/* bytes of a salt we make */
	SCRAM_SALT_TEXT = 24,		/* the same in base64, no NUL */
	SCRAM_ITERATIONS = 4096,	/* PostgreSQL's and our default */
	SCRAM_ITERATIONS_MOST = 1000000	/* taken from a server */
};

#define SCRAM_MECHANISM "SCRAM-SHA-256"

/* ---- keys and stored secrets ------------------------------------------- */

struct scram_keys {			/* wipe with secret_wipe */
	uint8_t client[SCRAM_KEY];
	uint8_t stored[SCRAM_KEY];	/* = H(client) */
	uint8_t server[SCRAM_KEY];
};

/* What a server keeps of a password. */
struct scram_secret {
	uint32_t iterations;
	struct text salt;		/* base64, borrowed */
	uint8_t stored[SCRAM_KEY];
	uint8_t server[SCRAM_KEY];
	bool never;			/* no proof fits: the user is unknown */
};

/* "SCRAM-SHA-256$ITER:SALT$STORED:SERVER"; -1: it is none. */
int	scram_secret_parse(struct text, struct scram_secret *);
bool	scram_is_secret(struct text);

/* The stored form of keys derived with that salt; salt stays borrowed. */
struct scram_secret scram_secret_of(const struct scram_keys *,
	    struct text salt_base64, uint32_t iterations);
/* Prints it, NUL behind; -1: room is too small. */
int	scram_secret_print(const struct scram_secret *, char *to, size_t room);

/*
 * A secret for a user that does not exist: the same salt for the same name
 * as long as the process lives (key: 32 random bytes made at its start), and
 * nothing matches it. The salt is written to room.
 */
int	scram_secret_mock(struct text user, const uint8_t key[SCRAM_KEY],
	    uint32_t iterations, char room[SCRAM_SALT_TEXT],
	    struct scram_secret *);

/* Fresh randomness, base64; -1: the system has none (ends that login). */
int	scram_nonce(char to[SCRAM_NONCE_TEXT]);
int	scram_salt(char to[SCRAM_SALT_TEXT]);

/* ---- from password to keys: the long part ------------------------------ */

/*
 * PBKDF2 in slices: make it, step until it says true, take the keys. The
 * caller gives each step as many rounds as its turn of the loop allows;
 * SCRAM_STEP rounds stay well under 50 ms on slow machines. Or it runs whole
 * on a side thread (scram_derive). A large count on a loop: one step per
 * turn (timer of 0).
 */
enum { SCRAM_STEP = 10000 };

struct scram_derive;

/* salt: raw bytes. NULL: no memory, an empty password, or iterations is 0. */
struct scram_derive *scram_derive_new(struct text password, struct text salt,
	    uint32_t iterations);
/* At most that many rounds; true: done (also after an error of the library,
 * which scram_derive_keys tells). */
bool	scram_derive_step(struct scram_derive *, uint32_t rounds);
/* Only after a step said true; -1: the library failed. */
int	scram_derive_keys(const struct scram_derive *, struct scram_keys *);
void	scram_derive_free(struct scram_derive **);

/* All of it at once; salt in base64. -1: as above, or bad base64. */
int	scram_derive(struct text password, struct text salt_base64,
	    uint32_t iterations, struct scram_keys *);
/* Begins a slice-wise one from a base64 salt. */
struct scram_derive *scram_derive_begin(struct text password,
	    struct text salt_base64, uint32_t iterations);

/* A cleartext password against a stored secret; runs all its rounds. An
 * empty password never matches. */
bool	scram_check_password(struct text stored, struct text password);

/* ---- the server's side -------------------------------------------------- */

/* The body of SASLInitialResponse: mechanism and first message (a length of
 * -1 gives data.at == NULL). -1: malformed. */
int	scram_initial_parse(struct text body, struct text *mechanism,
	    struct text *data);

/*
 * One exchange with a client. The secret and its salt are copied: what
 * happens to the user meanwhile does not change the exchange.
 * nonce: SCRAM_NONCE_TEXT bytes of scram_nonce (tests: any printable text).
 */
struct scram_server *scram_server_new(const struct scram_secret *,
	    struct text nonce);
/*
 * client-first-message in, server-first-message out (borrowed from the
 * exchange). -1: malformed or not supported, why is for the log. Refused: a
 * channel binding (p=), an authzid, m=, a nonce that is empty or not
 * printable, a second call.
 */
int	scram_server_first(struct scram_server *, struct text message,
	    struct text *answer, struct why *);
/*
 * client-final-message in, server-final-message out. -1: malformed, the
 * nonce is another, or the proof is wrong (why tells which; the client is to
 * hear the same text for all: "SASL authentication failed").
 */
int	scram_server_final(struct scram_server *, struct text message,
	    struct text *answer, struct why *);
/* After success: keys.client is what the client proved to know, for a login
 * to a server that has the same secret. -1 before. */
int	scram_server_keys(const struct scram_server *, struct scram_keys *);
void	scram_server_free(struct scram_server **);

/* ---- the client's side -------------------------------------------------- */

/* Does the list in AuthenticationSASL (body behind the code) name
 * SCRAM-SHA-256? Malformed: no. */
bool	scram_offered(struct text mechanisms);

/*
 *	c = scram_client_new(nonce); message = scram_client_first(c)
 *	scram_client_challenge(c, server_first, why)
 *	keys = scram_derive_new(password, scram_client_salt(c),
 *	    scram_client_iterations(c)) in steps, or those of a client (pass-through)
 *	scram_client_final(c, &keys, &message)
 *	scram_client_verify(c, server_final, why)
 * Each once and in this order; out of order is -1, as for malformed ones.
 */
struct scram_client *scram_client_new(struct text nonce);
struct text scram_client_first(const struct scram_client *);
/* Refuses what RFC 5802 lets it: m=, a nonce that is not ours continued,
 * a salt that is not base64, iterations outside 1 ... SCRAM_ITERATIONS_MOST. */
int	scram_client_challenge(struct scram_client *, struct text message,
	    struct why *);
struct text scram_client_salt(const struct scram_client *);	/* raw bytes */
uint32_t scram_client_iterations(const struct scram_client *);
int	scram_client_final(struct scram_client *, const struct scram_keys *,
	    struct text *message);
/* "invalid server signature", or the server's e= value, in why. */
int	scram_client_verify(struct scram_client *, struct text message,
	    struct why *);
void	scram_client_free(struct scram_client **);

#endif
