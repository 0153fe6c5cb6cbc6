/* SPDX-License-Identifier: ISC */
/* proof.c - md5 and SCRAM-SHA-256, the client's side. One thread. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"
#include "proof.h"

#define DIGEST	32

static void
put_md5(const char *at, size_t len, char hex[33])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	EVP_Digest(at, len, sum, &n, EVP_md5(), NULL);
	for (unsigned int i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

void
proof_md5(const char *user, const char *password, const char salt[4],
    char answer[36])
{
	char text[512], hex[33];
	int len;

	len = snprintf(text, sizeof text, "%s%s", password, user);
	put_md5(text, (size_t)len, hex);
	memcpy(text, hex, 32);
	memcpy(text + 32, salt, 4);
	put_md5(text, 36, hex);
	snprintf(answer, 36, "md5%s", hex);
}

const char *
proof_first(struct proof *proof)
{
	unsigned char raw[18];
	char nonce[25];

	if (RAND_bytes(raw, sizeof raw) != 1)
		return NULL;
	EVP_EncodeBlock((unsigned char *)nonce, raw, sizeof raw);
	snprintf(proof->first, sizeof proof->first, "n=,r=%s", nonce);
	return proof->first;
}

static void
sign(const unsigned char *key, struct text what, unsigned char sum[DIGEST])
{
	HMAC(EVP_sha256(), key, DIGEST, (const unsigned char *)what.at,
	    what.len, sum, NULL);
}

/* The salted password, from the cache when salt and rounds are the last. */
static const unsigned char *
find_salted(const char *password, const char *salt64, int rounds)
{
	static unsigned char salted[DIGEST];
	static char known[128];
	unsigned char salt[96];
	char key[128];
	size_t len = strlen(salt64);
	int n;

	snprintf(key, sizeof key, "%d %s", rounds, salt64);
	if (strcmp(key, known) == 0)
		return salted;
	if (len < 4 || len > sizeof salt)
		return NULL;
	n = EVP_DecodeBlock(salt, (const unsigned char *)salt64, (int)len);
	n -= (salt64[len - 1] == '=') + (salt64[len - 2] == '=');
	if (n <= 0)
		return NULL;
	PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, n, rounds,
	    EVP_sha256(), DIGEST, salted);
	memcpy(known, key, sizeof known);
	return salted;
}

static void
make_proof(const unsigned char *salted, struct text said, char proof64[48])
{
	unsigned char key[DIGEST], stored[DIGEST], sum[DIGEST];

	sign(salted, TEXT("Client Key"), key);
	EVP_Digest(key, sizeof key, stored, NULL, EVP_sha256(), NULL);
	sign(stored, said, sum);
	for (size_t i = 0; i < DIGEST; i++)
		key[i] ^= sum[i];
	EVP_EncodeBlock((unsigned char *)proof64, key, DIGEST);
}

int
proof_final(const struct proof *proof, const char *password,
    const char *server, char *answer, size_t room)
{
	char nonce[128], salt64[100], bare[160], said[1024], proof64[48];
	const unsigned char *salted;
	int rounds, len;

	if (sscanf(server, "r=%127[^,],s=%99[^,],i=%d", nonce, salt64,
	    &rounds) != 3)
		return -1;
	salted = find_salted(password, salt64, rounds);
	snprintf(bare, sizeof bare, "c=biws,r=%s", nonce);
	len = snprintf(said, sizeof said, "%s,%s,%s", proof->first, server,
	    bare);
	if (salted == NULL || len >= (int)sizeof said)
		return -1;
	make_proof(salted, (struct text){ said, (size_t)len }, proof64);
	len = snprintf(answer, room, "%s,p=%s", bare, proof64);
	return len < (int)room ? 0 : -1;
}
